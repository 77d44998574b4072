"""A directive as an official document: the same parts for the Word file and for the page that is printed."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from shouwang.command.models import Directive
from shouwang.command.rules.directives import passages
from shouwang.core import clock
from shouwang.core.files.official import Enclosure, Official, Passage, official_docx


def official_of(row: Directive) -> Official:
    """A draft has no number and no date; what came with a number keeps it."""
    return Official(
        issuer=row.issuer,
        number=row.number or (_("%(prefix)s: number at issue") % {"prefix": row.prefix} if row.prefix else ""),
        title=row.title,
        addressees=row.addressees,
        passages=_passages(row.body),
        day=clock.local_day(row.issued_at) if row.issued_at else None,
        urgency=row.urgency,
        copies=row.copies,
        printed_by=row.found.get("issuing_office") or row.issuer,
        enclosures=[Enclosure(one["title"], _passages(one["text"])) for one in row.attachments],
    )


def _passages(text: str) -> list[Passage]:
    return [Passage(one.level, one.heading, one.text) for one in passages(text)]


def directive_file_name(row: Directive) -> str:
    name = f"{row.number} {row.title}".strip()[:120]
    return "".join("_" if character in '/\\:*?"<>|\r\n\t' else character for character in name) + ".docx"


def directive_document(row: Directive, *, author: str, at: datetime) -> bytes:
    """The directive as .docx bytes. Equal arguments give equal bytes."""
    return official_docx(official_of(row), author=author, at=at)
