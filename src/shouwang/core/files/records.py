"""Records of a text table, streamed: encoding by line, delimiter by counting, quoted line ends allowed."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shouwang.core.files import kinds, text
from shouwang.core.files.books import Flaw, RawRow
from shouwang.core.files.errors import refuse, unknown_kind
from shouwang.core.files.notes import Notes

SAMPLE_LINES = 60


@dataclass
class TextTable:
    """`size` is the number of bytes to come, 0 when unknown; `state.consumed` how many have been read."""

    delimiter: str
    rows: Iterator[RawRow]
    state: text.LineState
    size: int


def open_text(stream: BinaryIO, kind: str, name: str, delimiters: tuple[str, ...], notes: Notes) -> TextTable:
    """Decide encoding and delimiter from the beginning, then stream. Raises `FileError`."""
    stream.seek(0, 2)
    size = 0 if kind == kinds.GZIP else stream.tell()
    stream.seek(0)
    if kind == kinds.GZIP:
        stream = text.gunzip(stream)
    state = text.LineState(name)
    sample = text.read_chunk(stream, state)[: text.SAMPLE]
    if kind == kinds.GZIP and kinds.kind_of(sample, name) != kinds.TEXT:
        raise unknown_kind(name, _("a compressed archive"))
    codec = text.bom_of(sample)
    state.prefer_gb = codec is None and text.prefers_gb(sample)
    stream.seek(0)
    state.consumed = 0
    lines = text.decoded_lines(stream, state, codec)
    first = list(itertools.islice(lines, SAMPLE_LINES))
    if not first:
        raise refuse("file_empty", name)
    if codec is None and first[0][1] == text.UNDECODABLE:
        raise unknown_kind(name, _("binary data"))
    hint = first[0][0].strip().lower()
    if hint.startswith("sep=") and len(hint) == 5:  # written for Excel, which does not show it as a row
        delimiter, first = hint[4], first[1:]
    else:
        delimiter = text.find_delimiter((line for line, _encoding in first), delimiters)
    rows = _records(itertools.chain(first, lines), delimiter, name, notes)
    return TextTable(delimiter, rows, state, size)


def _records(lines: Iterator[tuple[str, str]], delimiter: str, name: str, notes: Notes) -> Iterator[RawRow]:
    """(number, cells, flaws); numbers count records, as a spreadsheet shows them, blank ones included."""
    encodings: set[str] = set()
    fed = 0
    exhausted = False

    def feed() -> Iterator[str]:
        nonlocal fed, exhausted
        for line, encoding in lines:
            fed += 1
            if encoding:
                encodings.add(encoding)
            yield line
        exhausted = True

    reader = csv.reader(feed(), delimiter=delimiter)
    for number in itertools.count(1):
        fed = 0
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            # The only errors left are fields beyond the module's limit of 128 Ki characters.
            if fed > 1:
                raise refuse("quote_unclosed", name, row=number) from error
            raise refuse(
                "file_too_large",
                name,
                what=gettext("a cell of more than %(size)s KiB") % {"size": csv.field_size_limit() >> 10},
            ) from error
        if exhausted:  # the text ended within a quotation: whatever followed the mark has been swallowed
            raise refuse("quote_unclosed", name, row=number)
        flaws: list[Flaw] = []
        if encodings:
            for encoding in encodings:
                notes.encoded(encoding, number)
            if text.UNDECODABLE in encodings:
                flaws.append((-1, text.UNDECODABLE, ""))
            encodings.clear()
        yield number, cells, flaws
