"""Contacts that another system knows: noted with their case as people nobody knows yet, until somebody says who it is.

Nobody becomes a contact by a file: each is identified by a person, and the rule judges the encounter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shouwang.cases.inward.models import SYSTEMS, OutsideCase
from shouwang.cases.inward.reading import ORDERS, Reading
from shouwang.cases.models import Case
from shouwang.core import audit, clock
from shouwang.core.errors import BadInput
from shouwang.core.files.problems import RowProblem
from shouwang.core.scope import Actor
from shouwang.org.models import Person
from shouwang.tracing.actions import unknowns
from shouwang.tracing.models_told import UnknownContact
from shouwang.tracing.outside import OutsideContact, read_contacts
from shouwang.tracing.queries.contacts import case_to_trace
from shouwang.tracing.rules.unknowns import LONGEST_TEXT, Sketch, check

KEY = 80


@dataclass(frozen=True, slots=True)
class Brought:
    """What a file came to: `new` noted, `known` there already, `others` of another case, `problems` refused."""

    system: str
    read: int
    new: int
    known: int
    others: int
    problems: list[RowProblem]
    written: bool
    refused: Counter[str] = field(default_factory=Counter)

    def as_dict(self) -> dict[str, object]:
        names = ("system", "read", "new", "known", "others", "written")
        return {**{name: getattr(self, name) for name in names}, "problems": [one.as_dict() for one in self.problems]}


@transaction.atomic
def bring_contacts(
    case: Case, path: Path, *, name: str, order: str = "", dry_run: bool = False, by: Actor, at: datetime
) -> Brought:
    """Note the contacts of a file with an open case in reach of trace.work. The same file again notes nobody twice.

    A row that names another case is left out, one without a day of contact is refused. `dry_run` writes nothing.
    BadInput, FileError where the file as a whole holds no contacts.
    """
    case = case_to_trace(by, case.pk)
    if order not in ORDERS:
        raise BadInput(gettext_lazy("Days are written day first or month first."), field="order", code="order_unknown")
    reading = read_contacts(path, name=name, order=order, today=clock.local_day(at))
    Person.objects.select_for_update().get(pk=case.person_id)  # of two at once the second sees the first
    mine = {case.number, *OutsideCase.objects.filter(case=case).values_list("outside_id", flat=True)}
    found = [row for row in reading.rows if not row.case or row.case in mine]
    others = len(reading.rows) - len(found)
    known = set(UnknownContact.objects.filter(case=case).exclude(outside_key="").values_list("outside_key", flat=True))
    fresh = _fresh(found, known, reading, at)
    if not dry_run:
        for row in fresh:
            unknowns.note(case, _sketch(row, reading.system, at), outside_key=_key(row), by=by, at=at)
        new = {"system": reading.system, "rows": reading.read, "new": len(fresh)}
        audit.record("contact.brought", "case", case.pk, by=by, at=at, subject=case.person_id, new=new)
    repeated = len(found) - len(fresh) - sum(1 for problem in reading.problems if problem.code == "met_missing")
    problems = sorted(reading.problems, key=lambda problem: problem.row)
    return Brought(reading.system, reading.read, len(fresh), repeated, others, problems, not dry_run, reading.refused)


def _fresh(
    rows: Sequence[OutsideContact], known: set[str], reading: Reading[OutsideContact], at: datetime
) -> list[OutsideContact]:
    fresh = []
    for row in rows:
        if (row.met or row.met_from) is None:
            sentence, remedy = _("The row says no day of contact."), _("Fill in the day of the last contact.")
            reading.refuse(RowProblem(row.row, reading.label("met"), "met_missing", sentence, "", remedy))
        elif _key(row) not in known:
            known.add(_key(row))
            check(_sketch(row, reading.system, at), at=at)
            fresh.append(row)
    return fresh


def _key(row: OutsideContact) -> str:
    """What makes a contact one: its key or number there, else what is said of it."""
    said = (row.name, str(row.met), str(row.born or row.age or ""))
    return (row.key or row.id or "|".join(said))[:KEY]


def _sketch(row: OutsideContact, system: str, at: datetime) -> Sketch:
    first, last = row.met_from or row.met, row.met or row.met_from
    assert first is not None and last is not None
    sex = {"m": _("male"), "f": _("female")}.get(row.sex, "")
    age = _("%(years)s years") % {"years": row.age} if row.age is not None else ""
    born = row.born.isoformat() if row.born else ""
    source = f"{SYSTEMS.get(system, _('file'))} {row.id}".strip()
    what = "，".join(filter(None, (row.name, sex, born or age, source, row.words)))
    # A day is all that is known: from its first minute, without an end where it is not over or is more than one day.
    starts = clock.day_start(last)
    ends = starts + timedelta(days=1)
    return Sketch(
        description=what[:LONGEST_TEXT], starts_at=starts, ends_at=ends if ends <= at else None,
        find_by=row.phone[:LONGEST_TEXT],
    )  # fmt: skip
