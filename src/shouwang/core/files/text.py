"""Text tables: which encoding each line is in, which delimiter, and decoded lines in bounded memory.

Chinese school files mix encodings: half a file exported in GBK, half pasted in UTF-8. So every line is decoded by
itself, UTF-8 first (strict UTF-8 almost never accepts GBK text by accident), then GB18030, which contains GBK.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, cast

from django.utils.translation import gettext as _

from shouwang.core.files.errors import refuse

CHUNK = 1 << 20  # bytes read at once
MAX_LINE = 1 << 20  # bytes of one physical line
MAX_TEXT = 2 << 30  # bytes of the whole text, after decompression
SAMPLE = 1 << 18  # bytes looked at to decide kind, encoding and delimiter
DELIMITERS = (",", "\t", ";")
UTF8, GB, UNDECODABLE = "utf-8", "gb18030", "undecodable"
_CJK = re.compile("[\u3400-\u9fff]")
_ABOVE_TWO_BYTES = re.compile("[\u0800-\U0010ffff]")


@dataclass
class LineState:
    """Where reading of a text has come to. `consumed` counts bytes, after decompression."""

    name: str
    prefer_gb: bool = False
    consumed: int = 0


def bom_of(head: bytes) -> str | None:
    """Codec named by a UTF-16/32 byte-order mark. The UTF-8 mark is only stripped, for its lines may still be mixed."""
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return None


def prefers_gb(sample: bytes) -> bool:
    """Whether the sample's undoubted lines are more often GB18030 than UTF-8."""
    balance = 0
    for raw in sample.splitlines()[:-1] or [sample]:
        if raw.isascii():
            continue
        try:
            text = raw.decode(UTF8)
        except UnicodeDecodeError:
            balance -= 1
        else:
            balance += 1 if _ABOVE_TWO_BYTES.search(text) else 0
    return balance < 0


def decode_line(raw: bytes, prefer_gb: bool) -> tuple[str, str]:
    """(text, encoding used). Pure ASCII counts as no encoding: ("…", "").

    A pair of GBK bytes can be a valid two-byte UTF-8 letter (Greek, Arabic …); where the file is GBK and the line
    holds nothing above U+07FF, GBK is meant. In a UTF-8 file a damaged line would decode as nonsense in GB18030: when
    most of its bytes are good UTF-8 it is kept as UTF-8 with U+FFFD marks and reported.
    """
    if raw.isascii():
        return raw.decode("ascii"), ""
    try:
        text = raw.decode(UTF8)
    except UnicodeDecodeError:
        text = ""
    if text and not (prefer_gb and not _ABOVE_TWO_BYTES.search(text)):
        return text, UTF8
    if not text and not prefer_gb:
        damaged = raw.decode(UTF8, "replace")
        good = 3 * len(_CJK.findall(damaged))
        if good >= 6 and 2 * good > sum(byte >= 0x80 for byte in raw):
            return damaged, UNDECODABLE
    try:
        return raw.decode(GB), GB
    except UnicodeDecodeError:
        return (text, UTF8) if text else (raw.decode(GB, "replace"), UNDECODABLE)


def gunzip(stream: BinaryIO) -> BinaryIO:
    return cast(BinaryIO, gzip.GzipFile(fileobj=stream, mode="rb"))


def read_chunk(stream: BinaryIO, state: LineState) -> bytes:
    """Next chunk, counted against `MAX_TEXT`; a broken gzip stream is a damaged file."""
    try:
        chunk = stream.read(CHUNK)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise refuse("file_damaged", state.name) from error
    state.consumed += len(chunk)
    if state.consumed > MAX_TEXT:
        raise refuse("file_too_large", state.name, what=_("more than %(size)s GiB") % {"size": MAX_TEXT >> 30})
    return chunk


def raw_lines(stream: BinaryIO, state: LineState) -> Iterator[list[bytes]]:
    """Lists of complete lines with their ends (\\n, \\r\\n or \\r), never holding more than a chunk and a line."""
    rest = b""
    while chunk := read_chunk(stream, state):
        lines = (rest + chunk).splitlines(keepends=True)
        # A \r at the very end may be the first half of \r\n.
        rest = b"" if lines[-1].endswith(b"\n") else lines.pop()
        if len(rest) > MAX_LINE or max(map(len, lines), default=0) > MAX_LINE:
            raise refuse(
                "file_too_large", state.name, what=_("a line of more than %(size)s MiB") % {"size": MAX_LINE >> 20}
            )
        yield lines
    yield [rest] if rest else []


def decoded_lines(stream: BinaryIO, state: LineState, codec: str | None) -> Iterator[tuple[str, str]]:
    """(line, encoding) as `decode_line` gives them; `codec` is given when a byte-order mark names the encoding."""
    if codec is not None:
        yield from _unicode_lines(stream, state, codec)
    else:
        for block in raw_lines(stream, state):
            for raw in block:
                if b"\0" in raw:
                    raise refuse("file_kind_unknown", state.name, what=_("binary data"))
                text, encoding = decode_line(raw, state.prefer_gb)
                yield text.lstrip("\ufeff"), encoding


def _unicode_lines(stream: BinaryIO, state: LineState, codec: str) -> Iterator[tuple[str, str]]:
    decoder = codecs.getincrementaldecoder(codec)("replace")
    rest = ""
    while True:
        chunk = read_chunk(stream, state)
        lines = list(io.StringIO(rest + decoder.decode(chunk, final=not chunk), newline=""))
        rest = lines.pop() if chunk and lines and not lines[-1].endswith("\n") else ""
        if len(rest) > MAX_LINE or max(map(len, lines), default=0) > MAX_LINE:
            raise refuse(
                "file_too_large", state.name, what=_("a line of more than %(size)s MiB") % {"size": MAX_LINE >> 20}
            )
        for line in lines:
            if "\0" in line:
                raise refuse("file_kind_unknown", state.name, what=_("binary data"))
            yield line.lstrip("\ufeff"), UNDECODABLE if "�" in line else ""
        if not chunk:
            return


def find_delimiter(lines: Iterable[str], delimiters: tuple[str, ...] = DELIMITERS) -> str:
    """The delimiter that splits the most of the sampled lines into the same number of cells, weighted by that number.

    The first of `delimiters` wins ties and files of one column.
    """
    sample = [line for line in lines if line.strip()][:50]
    best, best_score = delimiters[0], 0.0
    for delimiter in delimiters:
        try:
            widths = [len(cells) for cells in csv.reader(sample, delimiter=delimiter)]
        except csv.Error:
            continue
        common = max(set(widths), key=lambda width: (widths.count(width), width), default=1)
        score = (common - 1) * widths.count(common) / max(len(widths), 1)
        if score > best_score:
            best, best_score = delimiter, score
    return best
