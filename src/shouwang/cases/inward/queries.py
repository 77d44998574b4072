"""Files of other systems and the rows of them that wait. Within reach of case.manage over the unit they are for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from shouwang.cases.inward import rules
from shouwang.cases.inward.files import KIND, MANAGE, fact_of
from shouwang.cases.inward.models import OutsideCase
from shouwang.cases.models import Classification
from shouwang.cases.queries import disease_names
from shouwang.core.errors import NotFound
from shouwang.core.models import ImportRun
from shouwang.core.paging import Page, keyset_page
from shouwang.core.scope import Actor
from shouwang.core.tree import in_ranges
from shouwang.org.models import Person
from shouwang.org.queries import page_of_runs, reachable, run_of

Word = str | Promise


def visible_rows(by: Actor) -> QuerySet[OutsideCase]:
    return OutsideCase.objects.filter(in_ranges("path", by.ranges(MANAGE)))


def rows_page(by: Actor, *, settled: bool = False, cursor: str = "", size: int = 50) -> Page[OutsideCase]:
    by.require(MANAGE)
    rows = visible_rows(by).select_related("case", "person")
    if settled:
        found = rows.exclude(settled="").select_related("case", "person", "settled_by__person")
        return keyset_page(found, ("-id",), cursor or None, size=size)
    return keyset_page(rows.filter(settled=""), ("id",), cursor or None, size=size)


def row_for(by: Actor, row_id: int) -> OutsideCase:
    by.require(MANAGE)
    row = visible_rows(by).select_related("case", "person", "settled_by__person").filter(pk=row_id).first()
    if row is None:
        raise NotFound
    return row


def waiting(by: Actor) -> int:
    return visible_rows(by).filter(settled="").count()


def people_of(rows: Sequence[OutsideCase]) -> list[int]:
    """Whom these rows are about as far as that is known, for the record of reading."""
    return sorted({row.person_id for row in rows if row.person_id is not None})


def people_like(by: Actor, row: OutsideCase) -> list[Person]:
    """People within reach whom the row may mean: the one proposed, and those of its name."""
    name = str(row.content.get("name") or "")
    parts = name.split()
    names = {name, "".join(parts), "".join(reversed(parts)), " ".join(reversed(parts))}
    found = Person.objects.filter(reachable(by, MANAGE), name__in=[one for one in names if one])
    people = {person.pk: person for person in found.select_related("home")[:8]}
    if row.person is not None and row.person_id not in people:
        people[row.person.pk] = row.person
    return list(people.values())


@dataclass(frozen=True, slots=True)
class Difference:
    field: str
    theirs: str
    ours: str


def differences(row: OutsideCase) -> list[Difference]:
    """Where the linked case says something else than the file, in words."""
    if row.case is None:
        return []
    words = {code: str(word) for code, word in Classification.choices}
    found = rules.differences(row.content, fact_of(row.case))
    return [Difference(key, words.get(theirs, theirs), words.get(ours, ours)) for key, (theirs, ours) in found.items()]


@dataclass(frozen=True, slots=True)
class Fact:
    label: Word
    value: str


OUTCOMES: dict[str, Word] = {"recovered": _("recovered"), "died": _("died")}


def facts(row: OutsideCase) -> list[Fact]:
    """What the file says of the case, in words; "" where it says nothing."""
    said = row.content
    classes = {code: str(word) for code, word in Classification.choices}
    sexes = {code: str(word) for code, word in Person.Sex.choices if code}
    age = said.get("age")
    lines: list[tuple[Word, object]] = [
        (_("Row of the file"), row.row),
        (_("Person number"), said.get("number")),
        (_("Sex"), sexes.get(said.get("sex") or "")),
        (_("Date of birth"), said.get("born")),
        (_("Age in years"), "" if age is None else age),
        (_("Disease"), disease_names().get(said.get("disease") or "", said.get("disease"))),
        (_("Classification"), classes.get(said.get("classification") or "")),
        (_("Onset"), said.get("onset")),
        (_("Reported"), said.get("reported")),
        (pgettext_lazy("outside case", "How it ended"), OUTCOMES.get(said.get("outcome") or "")),
    ]
    return [Fact(label, "" if value is None else str(value)) for label, value in lines]


def runs_page(by: Actor, cursor: str = "") -> Page[ImportRun]:
    return page_of_runs(by, KIND, MANAGE, cursor)


def run_for(by: Actor, run_id: int) -> ImportRun:
    return run_of(by, KIND, MANAGE, run_id)
