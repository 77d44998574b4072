"""Running text out of a file as it arrives: plain text, Word (.docx), PDF with text in it.

Nothing in a file is run, followed or fetched. What could not be read is said in `Prose.gaps`, never left out in
silence; what cannot be read at all is a typed error.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException
from django.utils.translation import gettext_lazy as _

from shouwang.core.errors import BadInput

MOST_BYTES = 20 << 20  # of the file
MOST_XML = 24 << 20  # of one part of a Word file when unpacked; a notice of 100 pages has half a megabyte
MOST_PAGES = 200  # of a PDF; what follows is named as unread
MOST_CHARACTERS = 1_000_000
ENCODINGS = ("utf-8-sig", "gb18030")
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


class UnreadableFile(BadInput):
    """The file holds no text that could be read."""

    code = "file_unreadable"


@dataclass(slots=True)
class Prose:
    """`text` with one line a paragraph (Word) or a line (text, PDF); `gaps`: codes of what could not be read."""

    text: str
    gaps: list[str] = field(default_factory=list)


def pasted(text: str) -> Prose:
    """A text that somebody typed or pasted. UnreadableFile where there is none."""
    return _within_limits(Prose(text.encode("utf-8", "replace").decode()))


def read_prose(raw: bytes) -> Prose:
    """The text of a file, by what it is and not by its name. UnreadableFile says why and what to do instead."""
    if len(raw) > MOST_BYTES:
        sentence = _("The file has more than %(limit)s MB. Paste the text of the notice instead.")
        raise UnreadableFile(sentence, code="file_too_large", field="file", limit=MOST_BYTES >> 20)
    if raw.startswith(b"%PDF-"):
        found = _pdf(raw)
    elif raw.startswith(b"PK\x03\x04"):
        found = _docx(raw)
    elif raw.startswith(b"\xd0\xcf\x11\xe0"):
        sentence = _("This is an old Word file, or one with a password. Save it as .docx without a password.")
        raise UnreadableFile(sentence, code="old_word", field="file")
    else:
        found = Prose(_plain(raw))
    return _within_limits(found)


def _within_limits(found: Prose) -> Prose:
    if len(found.text) > MOST_CHARACTERS:
        found = Prose(found.text[:MOST_CHARACTERS], [*found.gaps, "text_cut"])
    if not found.text.strip():
        sentence = _("There is no text in this file. If it is a picture, have its text recognised first, or paste it.")
        raise UnreadableFile(sentence, code="no_text", field="file")
    return found


def _plain(raw: bytes) -> str:
    """UTF-8, UTF-16 with its mark, or GB 18030."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ENCODINGS
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    sentence = _("This is neither text, nor Word (.docx), nor PDF. Paste the text of the notice instead.")
    raise UnreadableFile(sentence, code="not_text", field="file")


def _docx(raw: bytes) -> Prose:
    sentence = _("This Word file is damaged. Open it in Word and save it again, or paste its text.")
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            names = set(archive.namelist())
            if "word/document.xml" not in names:
                wrong = _("This is no Word file. Notices are read from .docx, .pdf and .txt.")
                raise UnreadableFile(wrong, code="not_word", field="file")
            root = ElementTree.fromstring(_part(archive, "word/document.xml"), forbid_dtd=True)
    # RuntimeError: a password; NotImplementedError: a way of packing that zipfile does not know.
    except (zipfile.BadZipFile, ElementTree.ParseError, DefusedXmlException, NotImplementedError, OSError, EOFError,
            RuntimeError, ValueError) as error:  # fmt: skip
        raise UnreadableFile(sentence, code="word_damaged", field="file") from error
    gaps = []
    if any(name.startswith("word/media/") for name in names):
        gaps.append("pictures")
    if any(name.endswith("vbaProject.bin") for name in names):
        gaps.append("macros")
    body = root.find(f"{W}body")
    return Prose("\n".join(_word_lines(body)) if body is not None else "", gaps)


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    """A part, never more of it than MOST_XML whatever its header says."""
    with archive.open(name) as stream:
        data = stream.read(MOST_XML + 1)
    if len(data) > MOST_XML:
        sentence = _("This Word file unpacks to more than %(limit)s MB. Paste the text of the notice instead.")
        raise UnreadableFile(sentence, code="word_bomb", field="file", limit=MOST_XML >> 20)
    return data


def _word_lines(body: ElementTree.Element) -> Iterator[str]:
    """A line a paragraph; a row of a table is one line, its cells parted by tabs. Deleted text (w:del) has no w:t."""
    for child in body:
        if child.tag == f"{W}p":
            yield _word_text(child)
        elif child.tag == f"{W}tbl":
            for row in child.iter(f"{W}tr"):
                yield "\t".join(" ".join(_word_text(p) for p in cell.iter(f"{W}p")) for cell in row.iter(f"{W}tc"))
        elif child.tag == f"{W}sdt":
            yield from (_word_text(p) for p in child.iter(f"{W}p"))


def _word_text(paragraph: ElementTree.Element) -> str:
    parts = []
    for node in paragraph.iter():
        if node.tag == f"{W}t":
            parts.append(node.text or "")
        elif node.tag == f"{W}tab":
            parts.append("\t")
        elif node.tag in (f"{W}br", f"{W}cr"):
            parts.append("\n")
    return "".join(parts)


def _pdf(raw: bytes) -> Prose:
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, PyPdfError

    damaged = _("This PDF is damaged. Save it again as a PDF, or paste its text.")
    try:
        reader = PdfReader(io.BytesIO(raw), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise _locked()
        pages, gaps, empty = [], [], 0
        for page in reader.pages[:MOST_PAGES]:
            text = page.extract_text()
            empty += not text.strip()
            pages.append(text)
        if len(reader.pages) > MOST_PAGES:
            gaps.append("pages_left_out")
    except DependencyError as error:
        raise _locked() from error  # AES: opening it needs a library that is not worth having for this alone
    # What pypdf raises over broken files besides its own errors; NotImplementedError: a filter it does not know.
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OSError,
            ArithmeticError, NotImplementedError) as error:  # fmt: skip
        raise UnreadableFile(damaged, code="pdf_damaged", field="file") from error
    if empty:
        gaps.append("pages_without_text")
    return Prose("\n\f".join(pages), gaps)


def _locked() -> UnreadableFile:
    sentence = _("This PDF has a password. Save it without one, or paste its text.")
    return UnreadableFile(sentence, code="pdf_encrypted", field="file")
