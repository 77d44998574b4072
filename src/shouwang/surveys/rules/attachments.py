"""Files that come with answers: which are asked for, what they really are, and what they must not tell.

A photograph tells where it was taken. Unless the form itself asks for a place, what cameras and telephones write about
it is taken out before the file is kept: in JPEG every APPn segment but JFIF, colour profile and Adobe's (the
orientation is written anew), in PNG the chunks eXIf, tEXt, zTXt, iTXt and tIME, in WebP EXIF and XMP, in MP4, M4A and
3GP the boxes `udta`, `meta` and `uuid`. Nothing is compressed anew. What people can see or hear in it stays.

Sources: ITU-T T.81 annex B (JPEG), Exif 2.32 §4.5.4 (Exif), W3C PNG third edition §11, RFC 9649 (WebP),
ISO/IEC 14496-12 §8.10.1 and §8.11.1 (boxes).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from shouwang.core.errors import BadInput
from shouwang.surveys.rules.model import Form, Question

MOST_BYTES = 10 << 20  # of one file (assumption: a telephone's photograph has 2 to 6 MB)
MOST_FILES = 50  # of one submission (assumption)
PLACES = frozenset({"geopoint", "geotrace", "geoshape", "location", "gps", "start-geopoint", "background-geopoint"})


class BadAttachment(BadInput):
    """A file that is not kept: `attachment_kind`, `attachment_large`, `attachment_empty`, `attachment_broken`,
    `attachment_many`. `field` is its name."""

    code = "attachment_kind"


@dataclass(frozen=True, slots=True)
class Kept:
    """A file as it is kept. `kind` is its media type, told by its first bytes; `cleaned`: what tells of a place was
    looked for and taken out."""

    name: str
    kind: str
    content: bytes
    cleaned: bool


def asks_place(form: Form) -> bool:
    """Whether the form itself asks where somebody is."""
    return any(question.meta in PLACES for question in form.questions.values())


def named_files(form: Form, answers: Mapping[str, Any]) -> dict[str, Question]:
    """Name of each file that the answers speak of -> the question it answers, repeats included."""
    found: dict[str, Question] = {}

    def down(here: Mapping[str, Any]) -> None:
        for key, value in here.items():
            question = form.questions.get(key)
            if question is not None:
                if question.is_file and value:
                    found[str(value)] = question
            elif isinstance(value, list):
                for turn in value:
                    down(turn)

    down(answers)
    return found


def checked(name: str, content: bytes, question: Question, *, keep_place: bool) -> Kept:
    """The file as it is kept. BadAttachment when it is empty, too large, or not what the question asks for."""
    if not content:
        raise BadAttachment(
            _("The file “%(name)s” is empty. Take it again."), code="attachment_empty", field=name, name=name
        )
    if len(content) > MOST_BYTES:
        sentence = _("The file “%(name)s” is larger than %(most)s MB. Take a smaller one.")
        raise BadAttachment(sentence, code="attachment_large", field=name, name=name, most=MOST_BYTES >> 20)
    kind = kind_of(content)
    if not _fits(kind, question.meta):
        sentence = _("The file “%(name)s” is not what the question asks for: a picture, a sound or a film.")
        raise BadAttachment(sentence, field=name, name=name)
    clean = CLEANERS.get(kind)
    if keep_place or clean is None:
        return Kept(name, kind, content, cleaned=False)
    try:
        return Kept(name, kind, clean(content), cleaned=True)
    except (struct.error, IndexError, ValueError) as error:
        sentence = _("The file “%(name)s” is damaged. Take it again.")
        raise BadAttachment(sentence, code="attachment_broken", field=name, name=name) from error


def too_many() -> BadAttachment:
    return BadAttachment(_("More than %(most)s files in one submission."), code="attachment_many", most=MOST_FILES)


def kind_of(content: bytes) -> str:
    """The media type by the first bytes; "" for what is not taken."""
    for magic, kind in MAGIC:
        if content.startswith(magic):
            return kind
    if content[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(content[8:12], "")
    if content[4:8] == b"ftyp":
        return "audio/mp4" if content[8:11] == b"M4A" else "video/3gpp" if content[8:10] == b"3g" else "video/mp4"
    if len(content) > 1 and content[0] == 0xFF and content[1] & 0xE0 == 0xE0:  # an MPEG audio frame, or ADTS
        return "audio/aac" if content[1] & 0xF6 == 0xF0 else "audio/mpeg"
    return ""


MAGIC = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"#!AMR", "audio/amr"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"\x1a\x45\xdf\xa3", "video/webm"),
    (b"%PDF-", "application/pdf"),
)


def _fits(kind: str, asked: str) -> bool:
    """Telephones keep sound in the same containers as films."""
    wanted = {"image": ("image/",), "photo": ("image/",), "audio": ("audio/", "video/"), "video": ("video/",)}
    return bool(kind) and kind.startswith(wanted.get(asked, ("",)))


def clean_jpeg(content: bytes) -> bytes:
    """Without APPn segments and comments, but for JFIF, colour profile, Adobe's; the orientation is kept."""
    kept, turned, at = [b"\xff\xd8"], 1, 2
    while True:
        if content[at] != 0xFF:
            raise ValueError("no marker")
        marker = content[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        (length,) = struct.unpack_from(">H", content, at + 2)
        segment = content[at : at + 2 + length]
        if length < 2 or len(segment) != 2 + length:
            raise ValueError("cut short")
        if marker == 0xE1 and segment[4:10] == b"Exif\0\0":
            turned = _orientation(segment[10:]) or turned
        if marker == 0xDA:  # the picture itself begins: everything up to its end mark is kept as it is
            end = content.rfind(b"\xff\xd9")
            rest = content[at : end + 2] if end > at else content[at:]
            return b"".join([*kept[:1], _turned(turned), *kept[1:], rest])
        profile = marker == 0xE2 and segment[4:16] == b"ICC_PROFILE\0"
        if not (0xE0 <= marker <= 0xEF or marker == 0xFE) or marker in (0xE0, 0xEE) or profile:
            kept.append(segment)
        at += 2 + length


def _orientation(tiff: bytes) -> int:
    """Tag 0x0112 of the first directory; 0 where there is none."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2], "")
    if not order or len(tiff) < 10:
        return 0
    (first,) = struct.unpack_from(order + "I", tiff, 4)
    if first + 2 > len(tiff):
        return 0
    (entries,) = struct.unpack_from(order + "H", tiff, first)
    for at in range(first + 2, min(first + 2 + entries * 12, len(tiff) - 11), 12):
        tag, _kind, _count, value = struct.unpack_from(order + "HHIH", tiff, at)
        if tag == 0x0112:
            return int(value) if 1 <= value <= 8 else 0
    return 0


def _turned(orientation: int) -> bytes:
    """An Exif segment that says nothing but how the picture is turned; empty where it is upright."""
    if orientation == 1:
        return b""
    tiff = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    return b"\xff\xe1" + struct.pack(">H", 2 + 6 + len(tiff)) + b"Exif\0\0" + tiff


def clean_png(content: bytes) -> bytes:
    """Without texts, Exif and time."""
    kept, at = [content[:8]], 8
    while at < len(content):
        (length,) = struct.unpack_from(">I", content, at)
        name = content[at + 4 : at + 8]
        whole = content[at : at + 12 + length]
        if len(whole) != 12 + length:
            raise ValueError("cut short")
        if name not in (b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME"):
            kept.append(whole)
        if name == b"IEND":
            break
        at += 12 + length
    return b"".join(kept)


def clean_webp(content: bytes) -> bytes:
    """Without EXIF and XMP, and without the flags in VP8X that announce them."""
    kept, at = [], 12
    while at < len(content):
        name = content[at : at + 4]
        (length,) = struct.unpack_from("<I", content, at + 4)
        chunk = content[at : at + 8 + length + length % 2]
        if len(chunk) < 8 + length:
            raise ValueError("cut short")
        if name == b"VP8X":
            chunk = chunk[:8] + bytes([chunk[8] & ~0x0C]) + chunk[9:]
        if name not in (b"EXIF", b"XMP "):
            kept.append(chunk)
        at += len(chunk)
    body = b"WEBP" + b"".join(kept)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def clean_boxes(content: bytes) -> bytes:
    """The same length, since a film's index counts bytes: boxes that may tell of a place become `free`, filled with
    zeros."""
    cleaned = bytearray(content)
    for start, head, end in _telling(content, 0, len(content)):
        cleaned[start + 4 : start + 8] = b"free"
        cleaned[start + head : end] = bytes(end - start - head)
    return bytes(cleaned)


def _telling(content: bytes, at: int, until: int) -> Iterator[tuple[int, int, int]]:
    """(start, length of the head, end) of each such box."""
    while at + 8 <= until:
        (length,) = struct.unpack_from(">I", content, at)
        name, head = content[at + 4 : at + 8], 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", content, at + 8)
            head = 16
        end = until if length == 0 else at + length
        if length and (length < head or end > until):
            raise ValueError("cut short")
        if name in (b"udta", b"meta", b"uuid"):
            yield at, head, end
        elif name in (b"moov", b"trak"):
            yield from _telling(content, at + head, end)
        at = end


CLEANERS: Mapping[str, Callable[[bytes], bytes]] = {
    "image/jpeg": clean_jpeg, "image/png": clean_png, "image/webp": clean_webp, "audio/mp4": clean_boxes,
    "video/mp4": clean_boxes, "video/3gpp": clean_boxes,
}  # fmt: skip
