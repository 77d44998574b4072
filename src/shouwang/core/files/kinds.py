"""What a file is, judged by its first bytes and never by its name: half of all ".xls" files are something else."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from shouwang.core.errors import Message
from shouwang.core.files import ole
from shouwang.core.files.errors import refuse, unknown_kind
from shouwang.core.files.text import bom_of

ZIP, OLE, GZIP, TEXT = "zip", "ole", "gzip", "text"

_BINARY: tuple[tuple[bytes, Message], ...] = (
    (b"%PDF", _("a PDF document")),
    (b"\x89PNG", _("a picture")),
    (b"\xff\xd8\xff", _("a picture")),
    (b"GIF8", _("a picture")),
    (b"BM", _("a picture")),
    (b"MZ", _("a program")),
    (b"\x7fELF", _("a program")),
    (b"Rar!", _("a compressed archive")),
    (b"7z\xbc\xaf", _("a compressed archive")),
    (b"BZh", _("a compressed archive")),
    (b"\xfd7zXZ", _("a compressed archive")),
    (b"(\xb5/\xfd", _("a compressed archive")),
    (b"{\\rtf", _("a rich-text document")),
    (b"SQLite format 3", _("a database file")),
    (b"PAR1", _("a Parquet file")),
)
_PAGES: tuple[tuple[bytes, Message], ...] = (
    (b"<!doctype", _("a web page")),
    (b"<html", _("a web page")),
    (b"<table", _("a web page")),
    (b"<meta", _("a web page")),
    (b"<head", _("a web page")),
    (b"<?xml", _("an XML document")),
)
_CONTROL = frozenset(range(32)) - {9, 10, 11, 12, 13, 26, 27}


def kind_of(head: bytes, name: str) -> str:
    """`ZIP`, `OLE`, `GZIP` or `TEXT`, from the first bytes. Raises `FileError` file_empty, file_kind_unknown."""
    if not head.strip(b"\xef\xbb\xbf \t\r\n\x1a"):
        raise refuse("file_empty", name)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return ZIP
    if head.startswith(ole.MAGIC):
        return OLE
    if head.startswith(b"\x1f\x8b"):
        return GZIP
    require_text(head, name)
    return TEXT


def require_text(head: bytes, name: str) -> None:
    """Refuse what is not text: known formats by their signature, anything else by NUL and control bytes."""
    for magic, what in _BINARY:
        # "BM" and "MZ" are also how an ordinary header may begin; a program or a bitmap has NULs early.
        if head.startswith(magic) and (len(magic) > 2 or b"\0" in head[:64]):
            raise unknown_kind(name, what)
    if bom_of(head):
        return
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:16].lower()
    for magic, what in _PAGES:
        if start.startswith(magic):
            raise unknown_kind(name, what)
    controls = sum(byte in _CONTROL for byte in head[:4096])
    if b"\0" in head or controls * 100 > len(head[:4096]):
        raise unknown_kind(name, _("binary data"))


def require_workbook_streams(found: dict[str, bytes], name: str) -> bytes:
    """The workbook stream of an OLE file, or the refusal that fits what the file really is."""
    if "EncryptedPackage" in found or "EncryptionInfo" in found:
        raise refuse("file_encrypted", name)
    workbook = found.get("Workbook", found.get("Book"))
    if workbook is not None:
        return workbook
    if "WordDocument" in found:
        raise unknown_kind(name, _("a Word document"))
    if "PowerPoint Document" in found:
        raise unknown_kind(name, _("a presentation"))
    raise unknown_kind(name, _("an old Office file without a sheet"))
