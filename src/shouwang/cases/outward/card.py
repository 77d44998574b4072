"""The draft of the statutory report card of a case: what is known, what is missing, and by when it is due.

The fields are those of 中华人民共和国传染病报告卡 (2019 revision, https://m.777doc.com/doc-4668508.html); a star there
is `required` here. The card itself is filled in in the national system by who may do so. Nothing is made up for it:
identity numbers and the home address are not held here at all, and stand as missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from shouwang.cases import queries as cases
from shouwang.cases import rules
from shouwang.cases.actions import may_manage
from shouwang.cases.models import Case
from shouwang.cases.outward.queries import age_on
from shouwang.core import clock
from shouwang.core.errors import Forbidden
from shouwang.core.files.words import Block, Paragraph, TableBlock, report_docx
from shouwang.core.scope import Actor
from shouwang.core.tree import ancestors
from shouwang.org.models import Organisation, Person, Residence
from shouwang.org.queries import current

CHILD_YEARS = 14  # up to this age the card asks for a parent's name
Word = str | Promise
# What the card calls our classes and kinds. A kind that it divides further stands as missing.
CLASSES: Mapping[str, Word] = {
    "suspected": pgettext_lazy("report card", "suspected case"),
    "probable": pgettext_lazy("report card", "clinically diagnosed case"),
    "confirmed": pgettext_lazy("report card", "confirmed case"),
    "asymptomatic": pgettext_lazy("report card", "carrier of the pathogen"),
}
KINDS: Mapping[str, Word] = {Person.Kind.STUDENT: pgettext_lazy("report card", "student")}


@dataclass(frozen=True, slots=True)
class Entry:
    """One field: `value` "" is missing; `where` says who knows it then."""

    key: str
    label: Word
    value: str
    required: bool = False
    where: Word = ""

    @property
    def lacking(self) -> bool:
        return self.required and not self.value


@dataclass(frozen=True, slots=True)
class Card:
    """`correction`: the case was reported before, and this one puts it right. `due`: by when the first report is owed;
    None where the pack sets no limit. `late`: that moment has passed without a report."""

    case: Case
    entries: tuple[Entry, ...]
    correction: bool
    statutory: str
    due: datetime | None
    reported: datetime | None
    late: bool
    at: datetime

    @property
    def lacking(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.lacking]


def card_of(by: Actor, case: Case, *, at: datetime) -> Card:
    """The draft as things stand. Needs case.manage over the person of the case (Forbidden)."""
    if not may_manage(by, case.person):
        raise Forbidden
    protocol = cases.protocol_of(case)
    faces = [face for face in cases.clock_faces(case, at) if (face.begins, face.moment) == ("detected", "reported")]
    due = faces[0].due if faces else None
    return Card(
        case, tuple(_entries(by, case, protocol, at)), case.reported_at is not None, str(protocol.case.statutory), due,
        case.reported_at, case.reported_at is None and due is not None and due < at, at,
    )  # fmt: skip


def _entries(by: Actor, case: Case, protocol: rules.Protocol, at: datetime) -> list[Entry]:
    person, ask = case.person, gettext_lazy("ask the person; it is not held here")
    born = person.born
    age = age_on(born, clock.local_day(case.onset_at or case.detected_at))
    kind = _("correction") if case.reported_at else _("first report")
    sex = str(person.get_sex_display()) if person.sex else ""
    parent = Entry("parent", gettext_lazy("Name of a parent"), "", age is not None and age <= CHILD_YEARS, ask)
    return [
        Entry("number", gettext_lazy("Number of the card"), case.number),
        Entry("kind", gettext_lazy("Kind of report"), kind, True),
        Entry("name", gettext_lazy("Name"), person.name, True),
        *([parent] if parent.required else []),
        Entry("identity", gettext_lazy("Identity document number"), "", True, ask),
        Entry("sex", gettext_lazy("Sex"), sex, True, gettext_lazy("complete the roster")),
        Entry("born", gettext_lazy("Date of birth"), f"{born}" if born else "", True,
              gettext_lazy("complete the roster")),
        Entry("age", gettext_lazy("Age in years"), "" if age is None else str(age)),
        Entry("school", gettext_lazy("Workplace or school"), _school(person)),
        Entry("phone", gettext_lazy("Telephone"), person.phone),
        Entry("belongs", gettext_lazy("Belongs to (county, city, province)"), "", True, ask),
        Entry("address", gettext_lazy("Present address"), _address(person, clock.local_day(at)), True, ask),
        Entry("group", gettext_lazy("Group of people"), str(KINDS.get(person.kind, "")), True, ask),
        Entry("class", gettext_lazy("Classification of the case"), str(CLASSES.get(case.classification, "")), True,
              gettext_lazy("a discarded case is not reported")),
        Entry("onset", gettext_lazy("Date of onset"), _day(case.onset_at), True,
              gettext_lazy("ask the person and enter it")),
        Entry("diagnosed", gettext_lazy("Date and hour of diagnosis"), _hour(case.classified_at), True),
        Entry("died", gettext_lazy("Date of death"), ""),
        Entry("disease", gettext_lazy("Disease"), str(protocol.name), True),
        Entry("legal", gettext_lazy("Statutory class"), str(protocol.case.statutory), True),
        Entry("unit", gettext_lazy("Reporting institution"), _root(person), True),
        Entry("reporter", gettext_lazy("Reported by"), _name(by), True),
        Entry("filled", gettext_lazy("Filled in on"), str(clock.local_day(at)), True),
    ]  # fmt: skip


def _name(by: Actor) -> str:
    person = Person.objects.filter(pk=by.person_id).first() if by.person_id else None
    return person.name if person else by.label


def _school(person: Person) -> str:
    paths = ancestors(person.home_path)
    titles = {row.path: row.title for row in Organisation.objects.filter(path__in=paths)}
    return " ".join(titles[path] for path in paths if path in titles)


def _root(person: Person) -> str:
    paths = ancestors(person.home_path)[:1]
    row = Organisation.objects.filter(path__in=paths).first()
    return row.title if row else ""


def _address(person: Person, on: date) -> str:
    """The bed of today, for the card wants where somebody is to be found; "" for who lives elsewhere."""
    row = Residence.objects.filter(current(on), person=person).select_related("place__parent__parent").first()
    if row is None:
        return ""
    places = [row.place.parent.parent if row.place.parent else None, row.place.parent, row.place]
    return " ".join(place.title for place in places if place is not None)


def _day(moment: datetime | None) -> str:
    return str(clock.local_day(moment)) if moment else ""


def _hour(moment: datetime | None) -> str:
    return f"{moment.astimezone(clock.zone()):%Y-%m-%d %H}" if moment else ""


def card_json(card: Card) -> Mapping[str, Any]:
    return {
        "case": card.case.number, "correction": card.correction, "statutory": card.statutory, "due": card.due,
        "reported": card.reported, "late": card.late, "lacking": [entry.key for entry in card.lacking],
        "entries": [
            {"key": entry.key, "label": str(entry.label), "value": entry.value or None, "required": entry.required}
            for entry in card.entries
        ],
    }  # fmt: skip


def card_docx(card: Card, *, by: Actor) -> bytes:
    """The draft as a Word file, marked as such."""
    missing = _("missing")
    rows = [
        (f"{entry.label}{'*' if entry.required else ''}", entry.value or (f"（{missing}）" if entry.required else ""))
        for entry in card.entries
    ]
    notes = [_("Draft from the records of the campus; the card itself is filled in in the national system.")]
    if card.due:
        notes.append(_("Due by %(due)s.") % {"due": f"{card.due.astimezone(clock.zone()):%Y-%m-%d %H:%M}"})
    blocks: list[Block] = [TableBlock((_("Field"), _("Value")), rows, (56, 100)), *(Paragraph(note) for note in notes)]
    return report_docx(
        _("Communicable disease report card (draft)"), [card.case.number], blocks, author=by.label, at=card.at
    )
