"""What the health authority is handed about a case: its contacts, evidence, what was said, whom nobody knows yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from shouwang.cases.models import Case
from shouwang.cases.queries import pack_of
from shouwang.checkins.words import masked
from shouwang.core import clock
from shouwang.core.scope import Actor
from shouwang.org.models import Person
from shouwang.org.queries import sees_contact_details
from shouwang.tracing.models import Contact
from shouwang.tracing.models_told import Statement
from shouwang.tracing.queries import explaining, interviews, judging, story, unknowns
from shouwang.tracing.queries.contacts import case_to_trace, contacts_of

FOLLOW = "followup.work"
Cell = str | int | float | datetime | None


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the sheet; `widths` are its columns in mm on paper (156 in all)."""

    name: str
    header: list[str]
    rows: list[list[Cell]]
    widths: Sequence[float]


def tables(by: Actor, case: Case, *, full: bool, health: bool) -> list[Table]:
    """The tables of an open case in reach. Names, numbers and telephones are masked unless `full`; a telephone is
    written out only for whoever may see it on a page. `health` adds what is health data: classification and onset.

    Dismissed contacts stand there with the reason: the authority may judge otherwise.
    """
    case = case_to_trace(by, case.pk)
    shown: Callable[[str], str] = str if full else masked
    contacts = list(contacts_of(by, case))
    return [
        Table(_("Case"), [_("Item"), _("Content")], list(_case(by, case, shown, health=health, full=full)), (46, 110)),
        Table(
            _("Contacts"),
            [_("Number"), _("Name"), _("Unit"), _("Telephone"), _("Grade"), _("Decision"), _("Minutes together"),
             _("First"), _("Last"), _("Why"), _("Places"), _("Reason of the decision")],
            list(_contacts(by, case, contacts, shown, full=full)),
            (14, 12, 16, 17, 12, 11, 10, 14, 14, 16, 12, 8),
        ),
        Table(
            _("Evidence"),
            [_("Number"), _("Name"), _("Place"), _("Beginning"), _("Ending"), _("Minutes"), _("Records")],
            list(_evidence(contacts, shown)), (20, 18, 34, 24, 24, 12, 24),
        ),
        Table(
            _("Contacts nobody knows yet"),
            [_("Description"), _("Beginning"), _("Ending"), _("At which place"), _("How they could be found"),
             _("State"), _("Reason")],
            [[row.description, row.starts_at, row.ends_at, row.place_text, row.find_by, row.get_state_display(),
              row.reason] for row in unknowns.unknowns_of(by, case)],
            (36, 22, 22, 22, 24, 14, 16),
        ),
        Table(
            _("What was said"),
            [_("Number"), _("Name"), _("At which place"), _("Beginning"), _("Ending"), _("With whom or what"),
             _("How sure")],
            list(_statements(by, case, shown)), (20, 18, 28, 24, 24, 28, 14),
        ),
    ]  # fmt: skip


def _case(by: Actor, case: Case, shown: Callable[[str], str], *, health: bool, full: bool) -> Iterator[list[Cell]]:
    person = case.person
    yield [_("Case number"), case.number]
    yield [_("Disease"), str(pack_of(case).head.name)]
    yield [_("Person"), f"{shown(person.name)} {shown(person.number)}"]
    yield [_("Unit"), person.home.title if person.home else None]
    yield [_("Telephone"), telephone(by, person, full=full)]
    if health:
        yield [_("Classification"), case.get_classification_display()]
        yield [_("Onset"), case.onset_at]
    yield [_("Detected"), case.detected_at]
    trace = case.traces.first()
    yield [_("Last traced"), trace.at if trace else None]
    if trace is not None:
        yield [_("Window"), f"{_local(trace.window_start)} – {_local(trace.window_end)}"]
        yield [_("Days without presence data"), ", ".join(trace.days_missing) or _("none")]


def telephone(by: Actor, person: Person, *, full: bool) -> str:
    """The number as this reader may have it: whoever follows contacts calls them, everybody else sees it masked."""
    if not person.phone:
        return _("not recorded")
    sees = sees_contact_details(by, person) or by.holds(FOLLOW, person.home_path)
    return person.phone if full and sees else masked(person.phone)


def _contacts(
    by: Actor, case: Case, contacts: Sequence[Contact], shown: Callable[[str], str], *, full: bool
) -> Iterator[list[Cell]]:
    names = {grade.code: str(grade.name) for grade in judging.contact_rule(pack_of(case)).grades}
    facts = judging.place_facts({row[0] for contact in contacts for row in contact.evidence})
    for row in contacts:
        places = dict.fromkeys(story.spoken(facts.get(item[0]), item[3]) for item in row.evidence)
        yield [
            shown(row.person.number), shown(row.person.name), row.person.home.title if row.person.home else None,
            telephone(by, row.person, full=full), names.get(row.grade, row.grade), row.get_state_display(),
            row.seconds // 60, row.first_at, row.last_at,
            # The reason of a second ring names the link between: a name as well.
            explaining.why(row) if full or row.link_id is None else names.get(row.grade, row.grade),
            "、".join(places), row.decision_reason,
        ]  # fmt: skip


def _evidence(contacts: Sequence[Contact], shown: Callable[[str], str]) -> Iterator[list[Cell]]:
    facts = judging.place_facts({row[0] for contact in contacts for row in contact.evidence})
    for contact in contacts:
        who: list[Cell] = [shown(contact.person.number), shown(contact.person.name)]
        for place, start, end, of_case, of_contact in contact.evidence:
            sources = dict.fromkeys((story.source_name(of_case), story.source_name(of_contact)))
            moments = [datetime.fromtimestamp(second, tz=clock.zone()) for second in (start, end)]
            where = story.spoken(facts.get(place), of_case)
            yield [*who, where, *moments, (end - start) // 60, " / ".join(sources)]


def _statements(by: Actor, case: Case, shown: Callable[[str], str]) -> Iterator[list[Cell]]:
    for row in interviews.statements_of(by, case, standing=True):
        company = "、".join([row.company, *(shown(person.name) for person in row.companions.all())]).strip("、")
        sure = Statement.Certainty(row.certainty).label
        yield [shown(row.person.number), shown(row.person.name), row.where, row.starts_at, row.ends_at, company,
               str(sure)]  # fmt: skip


def _local(moment: datetime) -> str:
    return f"{moment.astimezone(clock.zone()):%Y-%m-%d %H:%M}"


def written(cell: Cell) -> str:
    """A cell on paper."""
    return _local(cell) if isinstance(cell, datetime) else "" if cell is None else str(cell)
