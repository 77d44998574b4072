"""The hand-over note and the certificate of return as Word files."""

from __future__ import annotations

from datetime import date, datetime

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from shouwang.cases.care.models import Clearance
from shouwang.cases.care.queries import HandOver, code_of
from shouwang.cases.rules.dates import written
from shouwang.core import clock
from shouwang.core.files.words import Block, Heading, Paragraph, TableBlock, report_docx
from shouwang.core.scope import Actor

UNKNOWN_WIDTHS = (46, 110)


def note_docx(found: HandOver, *, by: Actor) -> bytes:
    """What stands on the page, no more."""
    referral, case = found.referral, found.case
    unknown = _("unknown")
    facts = [
        (_("Name"), case.person.name), (_("Number"), case.person.number),
        (_("Sex"), str(case.person.get_sex_display()) if case.person.sex else unknown),
        (_("Age in years"), unknown if found.age is None else str(found.age)),
        (_("Telephone"), case.person.phone or unknown),
        (_("Hospital"), f"{referral.hospital_name} · {referral.hospital_phone} · {referral.hospital_address}"),
        (_("Why"), referral.reason), (_("Decided at"), written(referral.decided_at)),
        (_("Accompanied by"), referral.accompanied_by or _("nobody named")),
        (_("Suspicion or diagnosis"), f"{found.disease} · {case.get_classification_display()}"),
        (_("Onset"), found.onset or unknown),
        (_("Allergies"), referral.care.allergies or _("not recorded")),
        (_("Chronic illness and its medicines"), referral.care.chronic or _("not recorded")),
        (_("Contacts"), contacts_words(found)),
    ]  # fmt: skip
    blocks: list[Block] = [TableBlock((_("Field"), _("Value")), facts, UNKNOWN_WIDTHS)]
    blocks += _table(
        _("Symptoms reported"), (_("Symptom"), _("First"), _("Last")),
        [(item.name, written(item.first), written(item.last)) for item in found.symptoms], found,
    )  # fmt: skip
    blocks += _table(
        _("Temperatures"), (_("When"), "℃"),
        [(written(item.at), f"{item.celsius}") for item in found.temperatures], found,
    )  # fmt: skip
    blocks += _table(
        _("Tests"), (_("Test"), _("Taken"), _("Result")),
        [
            (test.method_name, written(test.taken_at) if test.taken_at else _("not yet"), str(test.word))
            for test in found.tests
        ], found,
    )  # fmt: skip
    blocks += _table(
        _("Treatment so far"), (_("When"), _("Kind"), _("What was given or done")),
        [(written(row.happened_at), str(row.get_kind_display()), row.text) for row in found.treatments], found,
    )  # fmt: skip
    blocks += _table(
        _("Ambulance and hospital"), (_("What happened"), _("When")),
        [(str(step.get_what_display()), written(step.happened_at)) for step in found.face.steps], found,
    )  # fmt: skip
    return report_docx(_("Hand-over note"), [case.number], blocks, author=by.label, at=found.at)


def contacts_words(found: HandOver) -> str:
    """Numbers alone; nobody is named."""
    if found.contacts is None:
        return _("not traced yet")
    values = {"confirmed": found.contacts.confirmed, "open": found.contacts.open, "dismissed": found.contacts.dismissed}
    return _("%(confirmed)s confirmed, %(open)s to decide, %(dismissed)s dismissed") % values


def measured_words(found: HandOver) -> str:
    """The denominator of the temperatures."""
    return _("%(measured)s of %(checks)s check-ins since the onset have a temperature.") % {
        "measured": found.measured, "checks": found.checks,
    }  # fmt: skip


def _table(title: str, header: tuple[str, ...], rows: list[tuple[str, ...]], found: HandOver) -> list[Block]:
    note = measured_words(found) if title == _("Temperatures") else ""
    if not rows:
        return [Heading(title, 2), Paragraph(note or _("Nothing on record."))]
    return [Heading(title, 2), TableBlock(header, rows, note=note)]


def certificate_lines(row: Clearance) -> list[str]:
    """The certificate in sentences: who, absent when, back when. No reason, no diagnosis."""
    person = row.care.case.person
    home = f", {person.home.title}" if person.home else ""
    lines = [_("%(name)s (%(number)s%(home)s)") % {"name": person.name, "number": person.number, "home": home}]
    if row.absent_from is not None:
        lines.append(_("was absent from %(first)s on, with leave.") % {"first": _day(row.absent_from)})
    lines.append(_("may be in class and dormitory from %(day)s on.") % {"day": _day(row.back_on)})
    if row.revoked_at is not None:
        lines.append(_("WITHDRAWN on %(day)s: this certificate is not valid.") % {"day": _day(row.revoked_at)})
    return lines


def certificate_docx(row: Clearance, *, address: str, institution: str, at: datetime) -> bytes:
    blocks: list[Block] = [Paragraph(line) for line in certificate_lines(row)]
    blocks += [
        Paragraph(_("Code: %(code)s") % {"code": code_of(row)}, indent=False),
        Paragraph(_("Whoever is shown this can check it at %(address)s") % {"address": address}, indent=False),
        Paragraph(institution, align="right", indent=False),
        Paragraph(_day(row.at), align="right", indent=False),
    ]
    title = pgettext("paper", "Certificate of return")
    return report_docx(title, [row.number], blocks, author=institution, at=at)


def _day(value: date | datetime) -> str:
    return (clock.local_day(value) if isinstance(value, datetime) else value).isoformat()
