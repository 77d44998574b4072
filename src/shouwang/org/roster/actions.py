"""The two verbs of a roster: check it (writes nothing), commit it (one transaction, all or nothing)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shouwang.core import clock
from shouwang.core.errors import BadInput, Conflict
from shouwang.core.files.notes import Remark
from shouwang.core.files.problems import RowProblem
from shouwang.core.imports import Progress
from shouwang.core.scope import Actor
from shouwang.org.merging.queries import standing
from shouwang.org.models import Organisation, Person, Place
from shouwang.org.roster import loading, rules, writing
from shouwang.org.roster.planning import Frame, Plan, make_plan
from shouwang.org.roster.reading import ROWS_NAMED, Reading, read_roster
from shouwang.org.roster.rules import Entry
from shouwang.org.roster.units import Node, Places, Unclear, Units, building_of

LISTED = 200  # of what would be created, in the report; the number is always told


STUDENT, ON_CAMPUS = "student", "on_campus"


@dataclass(frozen=True, slots=True)
class Defaults:
    """What the file does not say. `root` None: the only institution there is; `root_name` names it when there is none
    yet. `since`: from when the file's memberships are valid (today)."""

    root: Organisation | None = None
    root_name: str = ""
    kind: str = STUDENT
    situation: str = ON_CAMPUS
    since: date | None = None
    create_organisations: bool = True
    create_places: bool = True
    file_name: str = ""


@dataclass(frozen=True, slots=True)
class RosterCheck:
    """What a roster holds and would do, or (after a commit) did.

    `counts`: read, accepted (= new + updated + unchanged), refused {code: rows}, refused_rows. `organisations` and
    `places`: what is created: {kind, name, below, people, like (a name it may be a slip of the pen for)}.
    """

    counts: dict[str, Any]
    problems: tuple[RowProblem, ...]
    remarks: tuple[Remark, ...]
    organisations: tuple[dict[str, Any], ...]
    places: tuple[dict[str, Any], ...]
    columns: dict[str, str]
    ignored: tuple[str, ...]
    header: tuple[str, ...]

    def report(self) -> dict[str, Any]:
        """All but numbers and problems, as JSON holds it."""
        return {
            "remarks": [{"code": r.code, "message": r.message, "count": r.count, "rows": r.rows} for r in self.remarks],
            "organisations": self.organisations[:LISTED],
            "organisations_count": len(self.organisations),
            "places": self.places[:LISTED],
            "places_count": len(self.places),
            "columns": self.columns,
            "ignored": self.ignored,
        }


def quiet(done: int, total: int | None) -> None:
    """Progress nobody watches."""


def check_roster(
    path: Path,
    *,
    mapping: Mapping[str, str] | None,
    defaults: Defaults,
    by: Actor,
    at: datetime,
    progress: Progress = quiet,
) -> RosterCheck:
    """Read and judge a roster and say what committing it would do. Writes nothing.

    `mapping` is column key -> header where the aliases do not suffice. Needs people.manage over the root. FileError,
    ColumnError for the file as a whole; everything else is a problem of a row.
    """
    root = _prepare(defaults, by=by)
    reading = _read(path, mapping, defaults, at, progress)
    entries = list(reading.entries)
    progress(reading.read, reading.read)
    drawn = _draw(reading, entries, root, defaults, by=by, at=at)
    return _answer(reading, drawn, root)


def commit_roster(
    path: Path,
    *,
    mapping: Mapping[str, str] | None,
    defaults: Defaults,
    by: Actor,
    at: datetime,
    progress: Progress = quiet,
    done: Callable[[RosterCheck], None] | None = None,
) -> RosterCheck:
    """Write a roster: one transaction, set-based. The same file again changes nothing.

    The file is read before the transaction begins. `done` is called inside it, last. Conflict when somebody else
    changed the same people or units meanwhile: nothing was written, try again.
    """
    _prepare(defaults, by=by)
    reading = _read(path, mapping, defaults, at, progress)
    entries = list(reading.entries)
    progress(reading.read, reading.read)
    since = defaults.since or clock.local_day(at)
    try:
        with transaction.atomic():
            root = _prepare(defaults, by=by, lock=True)
            plan, units, places = drawn = _draw(reading, entries, root, defaults, by=by, at=at)
            answer = _answer(reading, drawn, root)
            writing.create_units(units, since=since, by=by, at=at)
            writing.create_places(places, owner=units.root, since=since, by=by, at=at)
            writing.write_people(plan.changes, since=since, by=by, at=at)
            if done is not None:
                done(answer)
    except IntegrityError as error:
        raise Conflict(
            gettext_lazy("Somebody else changed the same people or units meanwhile. Nothing was imported; try again.")
        ) from error
    except Unclear as unclear:
        raise BadInput(
            gettext_lazy("The tree of units would become too deep at “%(value)s”. Nothing was imported."),
            field=unclear.flaw.key,
            value=unclear.flaw.value,
        ) from unclear
    return answer


def _prepare(defaults: Defaults, *, by: Actor, lock: bool = False) -> Organisation | None:
    root = loading.the_root(defaults.root, by=by)
    if defaults.kind not in Person.Kind.values:
        raise BadInput(gettext_lazy("Unknown kind %(value)s."), field="kind", value=defaults.kind)
    if defaults.situation not in Person.Situation.values:
        raise BadInput(gettext_lazy("Unknown situation %(value)s."), field="situation", value=defaults.situation)
    if lock and root is not None:
        # Two rosters of one institution are written one after the other; the second sees what the first made.
        return Organisation.objects.select_for_update().get(pk=root.pk)
    return root


def _read(
    path: Path, mapping: Mapping[str, str] | None, defaults: Defaults, at: datetime, progress: Progress
) -> Reading:
    name = defaults.file_name or path.name
    return read_roster(path, name=name, mapping=mapping, today=clock.local_day(at), progress=progress)


Drawn = tuple[Plan, Units, Places]


def _draw(
    reading: Reading,
    entries: Sequence[Entry],
    root: Organisation | None,
    defaults: Defaults,
    *,
    by: Actor,
    at: datetime,
) -> Drawn:
    """Compare with what stands in the database: the plan, and the units and places it needs."""
    today = clock.local_day(at)
    may_create = by.holds("org.manage", root.path if root else None)
    units = loading.load_units(
        root, on=today, root_name=defaults.root_name, create=defaults.create_organisations and may_create
    )
    places = loading.load_places(units, on=today, create=defaults.create_places and may_create)
    known = loading.load_known([entry.number for entry in entries], reading.map.indices)
    frame = Frame(defaults.kind, defaults.situation, defaults.since or today, by, standing())
    plan = make_plan(reading, entries, known, units, places, frame)
    message = _("People who had left are back; their accounts stay closed until an administrator opens them.")
    reading.remark("returned", message, plan.returned)
    if missing := loading.others_below(root, known.values()):
        message = _("People on the roster who are not in this file. Nothing is changed for them.")
        reading.remarks.append(Remark("not_in_file", message, missing))
    if reading.map.ignored:
        message = _("Columns that are not stored: %(columns)s.") % {"columns": ", ".join(reading.map.ignored)}
        reading.remarks.append(Remark("columns_ignored", message, len(reading.map.ignored)))
    return plan, units, places


def _answer(reading: Reading, drawn: Drawn, root: Organisation | None) -> RosterCheck:
    plan, units, places = drawn
    refused = rules.refused_by_code(reading.refused)
    tally = rules.Tally(reading.read, plan.new, plan.updated, plan.unchanged, refused)
    organisations = _units_made(units)
    if suspects := [item for item in organisations if item["like"]]:
        message = _("Organisations about to be created whose names are nearly those of others: slips of the pen?")
        reading.remarks.append(Remark("name_alike", message, len(suspects)))
    return RosterCheck(
        counts=tally.as_dict(),
        problems=tuple(sorted(reading.problems, key=lambda problem: problem.row)),
        remarks=tuple(_merged(reading.remarks)),
        organisations=tuple(organisations),
        places=tuple(_places_made(places)),
        columns=reading.map.as_dict(),
        ignored=reading.map.ignored,
        header=reading.map.header,
    )


def _merged(remarks: Sequence[Remark]) -> list[Remark]:
    return [Remark(r.code, r.message, r.count, tuple(r.rows[:ROWS_NAMED])) for r in remarks]


def _units_made(units: Units) -> list[dict[str, Any]]:
    planned = units.planned
    people: dict[int, int] = {}
    for node in planned:
        above: Node | None = node
        while above is not None:
            people[id(above)] = people.get(id(above), 0) + node.people
            # A branch is a further membership: its people are already counted where they belong.
            above = None if node.kind == Organisation.Kind.PARTY_BRANCH else above.parent
    new = {node.name: people[id(node)] for node in planned}
    twins = {twin.name: twin.like for twin in rules.near_duplicates(new, loading.standing_names(units))}
    return [
        {
            "kind": node.kind,
            "code": node.code,
            "name": node.name,
            "below": node.parent.name if node.parent else "",
            "people": people[id(node)],
            "like": twins.get(node.name, ""),
        }
        for node in planned
    ]


def _places_made(places: Places) -> list[dict[str, Any]]:
    """One line a building: how many rooms are made in it, whether it is new itself."""
    lines: dict[int, dict[str, Any]] = {}
    for node in places.planned:
        house = node if node.kind == Place.Kind.BUILDING else building_of(node)
        if house is None:
            continue
        line = lines.setdefault(
            id(house),
            {"kind": house.kind, "code": house.code, "name": house.name, "new": house.planned, "rooms": 0, "people": 0},
        )
        if node.kind == Place.Kind.DORM_ROOM:
            line["rooms"] += 1
            line["people"] += node.people
    return list(lines.values())
