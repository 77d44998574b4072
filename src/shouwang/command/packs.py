"""A pack read with every room's eyes: each room checks its own sections, and what one room says must fit the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from shouwang.cases import rules as cases
from shouwang.cases.care.rules import care_spec
from shouwang.checkins.rules import Protocols
from shouwang.core.complaints import Complaint
from shouwang.core.packs import Pack, PackError, parse_pack
from shouwang.isolation import rules as isolation
from shouwang.org.models import Grant
from shouwang.surveys import ready
from shouwang.tracing.queries.following import follow_up_rule
from shouwang.tracing.queries.judging import contact_rule, named_edition
from shouwang.tracing.queries.scripts import script_of
from shouwang.tracing.rules.editions import SECONDARY, EditionError

SECTIONS = frozenset(
    {
        *("checkin", "symptoms", "questions", "triage", "advice"),
        *("case", "clocks", "infectious", "criteria", "definitions"),
        *("transmission", "delays", "clusters", "forms", "prevention"),
        *("contact_rule", "quarantine", "isolation", "follow_up", "interview", "care"),
    }
)
READERS: tuple[Callable[[Pack], object], ...] = (
    lambda pack: Protocols.of([pack]),
    cases.protocol,
    cases.knowledge,
    contact_rule,
    isolation.protocol,
    care_spec,
    follow_up_rule,
    script_of,
)


def check_pack(pack: Pack) -> None:
    """PackError for the first section that a room cannot use."""
    for fault in faults_of(pack):
        raise PackError.of(fault)


def check_file(path: Path) -> tuple[Pack | None, list[Complaint]]:
    """Everything wrong with a file, by line; None where not even its head can be read. Nothing is written."""
    return check_bytes(path.read_bytes(), path.name)


def check_bytes(raw: bytes, file: str) -> tuple[Pack | None, list[Complaint]]:
    """As `check_file`, of a text that is no file yet."""
    try:
        pack, found = parse_pack(raw, Path(file))
    except PackError as error:
        return None, [error.complaint] if error.complaint else []
    found = [*found, *faults_of(pack)]
    return pack, sorted(dict.fromkeys(found), key=lambda fault: (fault.line or 0, fault.path))


def faults_of(pack: Pack) -> Iterator[Complaint]:
    """What no room knows, the first fault each room finds, and what does not fit between rooms."""
    for name in pack.sections:
        if name not in SECTIONS:
            what = format_lazy(_("the key “{key}” is not known here"), key=name)
            yield pack.document.complaint((name,), what, _("Correct its spelling, or remove the section."))
    whole = True
    for read in READERS:
        try:
            read(pack)
        except PackError as error:
            whole = False
            yield _complaint(pack, error)
        except EditionError as error:
            whole = False
            yield pack.document.complaint(("contact_rule",), error.sentence, _("Mend that file first."))
    if whole:
        yield from _between(pack)


def _complaint(pack: Pack, error: PackError) -> Complaint:
    return error.complaint or pack.document.complaint((), error.sentence, _("See docs/packs.md."))


def _between(pack: Pack) -> Iterator[Complaint]:
    """Grades of contacts that no rule gives, and forms that are not at hand."""
    edition = named_edition(pack)
    grades = {grade.code for grade in contact_rule(pack).grades}
    if edition is not None and edition.second_ring is not None and edition.second_ring.on:
        grades.add(SECONDARY)
    protocol = isolation.protocol(pack)
    for name, spec in (("quarantine", protocol.quarantine), ("follow_up", protocol.follow_up)):
        for number, grade in enumerate(spec.for_grades if spec else ()):
            if grade not in grades:
                what = format_lazy(_("the contact rule knows no grade “{code}”"), code=grade)
                remedy = format_lazy(_("Write one of: {words}."), words=", ".join(sorted(grades)))
                yield pack.document.complaint((name, "for_grades", number), what, remedy)
    for number, clock in enumerate(cases.protocol(pack).clocks):
        if clock.owner not in Grant.Role.values:
            what = format_lazy(_("“{word}” is no role; nobody would answer for this clock"), word=clock.owner)
            remedy = format_lazy(_("Write one of: {words}."), words=", ".join(Grant.Role.values))
            yield pack.document.complaint(("clocks", number, "owner"), what, remedy)
    for number, form in enumerate(cases.knowledge(pack).forms):
        if form.survey and form.survey not in ready.codes():
            what = format_lazy(_("there is no ready survey form “{code}”"), code=form.survey)
            remedy = format_lazy(_("Write one of: {words}."), words=", ".join(sorted(ready.codes())))
            yield pack.document.complaint(("forms", number, "survey"), what, remedy)
