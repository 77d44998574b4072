"""Keeping the board: every few seconds, and only what changed since.

Check-ins are counted again in the homes of whoever was heard behind the watermark; what is open is counted again when
anything was written, a clock ran out, or a minute passed. Everybody is counted anew on a new day, when the roster
changed, and every half hour. What a round found is written in one transaction, so a reader never sees half of it.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, F, Max

from shouwang.cases.models import Case
from shouwang.cases.queries import by_home as cases
from shouwang.checkins.models import SymptomAlert
from shouwang.checkins.queries import by_home as checkins
from shouwang.checkins.queries.figures import Counts
from shouwang.command.models.board import HEARD, NUMBERS, OPEN, BoardCell, BoardPlace, BoardPoint, BoardState
from shouwang.command.queries.kept import INTAKE
from shouwang.command.rules.board import TREND
from shouwang.command.rules.gaps import ALERT_HOURS
from shouwang.core import clock
from shouwang.core.bulk import insert_many
from shouwang.core.models import AuditEntry
from shouwang.core.retention import keep_days
from shouwang.core.tree import STEP
from shouwang.isolation.models import Order
from shouwang.isolation.queries import by_home as isolation
from shouwang.org.models import Organisation, Place, Residence
from shouwang.org.queries import current
from shouwang.tracing.queries import by_home as tracing

COMPARE_EVERY = timedelta(minutes=30)
COUNT_EVERY = timedelta(seconds=60)  # missed checks and waiting alerts grow without anybody writing
REST = 20  # everybody is counted anew for a changed roster when 20 times as long has passed as counting took
OVERLAP = 5_000  # PostgreSQL gives out ids before their transactions commit; see checkins/actions/tallies.py
PATHS_A_STATEMENT = 500
Cells = dict[str, Counter[str]]


@dataclass(frozen=True, slots=True)
class Counted:
    """What a round found out, to be written: rows of cells, paths to take away first, buildings (None: as they were),
    points of the hour."""

    rows: Sequence[tuple[Any, ...]]
    old: Sequence[str]
    changed: int
    places: Sequence[tuple[int, ...]] | None
    points: Sequence[BoardPoint]


def refresh_board(*, at: datetime) -> int:
    """Bring the board up to `at`; returns how many homes changed.

    Everything is counted before the transaction, which only writes: on SQLite nobody else can write during one, and
    check-ins come in. Of two at once the slower one throws its counts away.
    """
    began = time.perf_counter()
    state, _made = BoardState.objects.get_or_create(pk=1)
    if state.as_of is not None and state.as_of > at:
        return 0
    seen = state.as_of
    found = _round(state, at)
    with transaction.atomic():
        if BoardState.objects.select_for_update().get(pk=1).as_of != seen:
            return 0
        if found is not None:
            _write(found)
        state.as_of = at
        state.took_ms = round((time.perf_counter() - began) * 1000)
        state.save()
    return found.changed if found else 0


FRESH = timedelta(seconds=5)
QUICK_MS = 300  # a round that costs more is the sweeper's; a reader then sees the board a few seconds older


def keep_board(*, at: datetime) -> None:
    """For a reader: bring the board up to `at` where it is older than five seconds and that costs little."""
    state = BoardState.objects.filter(pk=1).first()
    if state is None or state.as_of is None or (at - state.as_of >= FRESH and state.took_ms <= QUICK_MS):
        refresh_board(at=at)


def _round(state: BoardState, at: datetime) -> Counted | None:
    """Count what may have changed, from marks read first: what is written meanwhile is counted by the next round. Sets
    the marks of `state` and writes nothing. None: nothing may have changed."""
    day = clock.local_day(at)
    entry = AuditEntry.objects.filter(is_read=False).exclude(verb__in=INTAKE).aggregate(newest=Max("pk"))["newest"] or 0
    homes, newest = checkins.heard_since(
        state.check_in, overlap=OVERLAP if connection.vendor == "postgresql" else 0
    )  # fmt: skip
    everybody = state.day != day or _stale(state, entry, at)
    again = everybody or entry != state.entry or state.counted_at is None or at - state.counted_at >= COUNT_EVERY
    again = again or bool(homes) or (state.next_due is not None and state.next_due < at)
    if not again:
        state.check_in = newest
        return None
    before = {
        path: dict(zip(NUMBERS, row, strict=True)) for path, *row in BoardCell.objects.values_list("path", *NUMBERS)
    }
    after = _heard(before, homes, state, everybody=everybody, at=at)
    state.next_due = _open(after, at)
    state.counted_at, state.check_in, state.entry, state.day = at, newest, entry, day
    rows, old = _diff(before, after)
    places = _places(at, everybody=everybody) if everybody or rows or old else None
    gone = sum(path not in after for path in old)
    return Counted(rows, old, len(rows) + gone, places, _points(after, at))


def _stale(state: BoardState, entry: int, at: datetime) -> bool:
    """Whether everybody is due to be counted: after half an hour, or when somebody came, left or moved."""
    if state.compared_at is None or at - state.compared_at >= COMPARE_EVERY:
        return True
    if not state.stirred and entry != state.entry:
        since = AuditEntry.objects.filter(pk__gt=state.entry, pk__lte=entry, is_read=False)
        state.stirred = since.filter(kind__in=("person", "organisation", "import")).exists()
    return state.stirred and at - state.compared_at >= timedelta(milliseconds=REST * state.compare_ms)


def _heard(
    before: Mapping[str, Mapping[str, int]], homes: Collection[str], state: BoardState, *, everybody: bool, at: datetime
) -> Cells:
    """The check-in columns of all cells as they are at `at`."""
    kept = {path: Counter({name: row[name] for name in HEARD}) for path, row in before.items()}
    if not everybody:
        words = checkins.words_by_home(at, homes)
        return kept | {path: _said(counts) for path, counts in words.items()}
    began = time.perf_counter()
    found = {path: _said(counts) for path, counts in checkins.words_by_home(at).items()}
    state.stirred = False
    state.compared_at, state.compare_ms = at, round((time.perf_counter() - began) * 1000)
    return found


def _said(counts: Counts) -> Counter[str]:
    return Counter(
        roster=counts.roster,
        by_self=counts.by_self,
        by_proxy=counts.by_proxy,
        by_clinic=counts.by_clinic,
        symptomatic=counts.symptomatic,
        silent=int(counts.roster > 0 and counts.heard == 0),
    )


def _open(cells: Cells, at: datetime) -> datetime | None:
    """Add what is open; returns when the next clock becomes late."""
    of_cases, next_due = cases.standing_by_home(at)
    parts = (
        checkins.standing_by_home(at, waiting=timedelta(hours=ALERT_HOURS)),
        of_cases, tracing.standing_by_home(at), isolation.standing_by_home(at),
    )  # fmt: skip
    for part in parts:
        for path, numbers in part.items():
            cells.setdefault(path, Counter()).update({name: n for name, n in numbers.items() if name in OPEN})
    return next_due


def _diff(before: Mapping[str, Mapping[str, int]], after: Cells) -> tuple[list[tuple[Any, ...]], list[str]]:
    """(rows to put in, paths to take away first). A changed row is put in again: ten times as fast as updating 27
    columns."""
    rows: list[tuple[Any, ...]] = []
    old = [path for path in before if path not in after]
    for path, numbers in after.items():
        row = tuple(numbers[name] for name in NUMBERS)
        stood = before.get(path)
        if stood is None or row != tuple(stood[name] for name in NUMBERS):
            rows.append((path, *row))
            if stood is not None:
                old.append(path)
    return rows, old


def _write(found: Counted) -> None:
    for start in range(0, len(found.old), PATHS_A_STATEMENT):
        BoardCell.objects.filter(path__in=found.old[start : start + PATHS_A_STATEMENT]).delete()
    insert_many(BoardCell, ("path", *NUMBERS), found.rows)
    if found.places is not None:
        BoardPlace.objects.all().delete()
        insert_many(BoardPlace, PLACE, found.places)
    BoardPoint.objects.bulk_create(found.points, batch_size=500, ignore_conflicts=True)


# --- places ----------------------------------------------------------------------------------------------------------


PLACE = ("place", "residents", "unwell", "cases", "apart")


def _places(at: datetime, *, everybody: bool) -> list[tuple[int, ...]]:
    """Who lives in which building, and of them the unwell, the cases, those under an order: rows of `PLACE`."""
    buildings = dict(Place.objects.filter(kind=Place.Kind.BUILDING).values_list("path", "pk"))
    if not buildings:
        return []
    lives = Residence.objects.filter(current(clock.local_day(at))).order_by()
    sets = {
        "unwell": SymptomAlert.objects.filter(state=SymptomAlert.State.OPEN).values("person_id"),
        "cases": Case.objects.filter(closed_at__isnull=True).values("person_id"),
        "apart": Order.objects.filter(ended_at__isnull=True).values("person_id"),
    }
    found: dict[int, Counter[str]] = defaultdict(Counter)
    groups = {name: lives.filter(person_id__in=people) for name, people in sets.items()}
    if everybody:
        groups["residents"] = lives
    for name, rows in groups.items():
        counted = rows.values_list(F("place__path")).annotate(n=Count("person", distinct=True))
        for path, number in counted:
            building = _building(path, buildings)
            if building is not None:
                found[building][name] += number
    if not everybody:
        for pk, residents in BoardPlace.objects.values_list("place_id", "residents"):
            found[pk]["residents"] = residents
    return [(pk, *(numbers[name] for name in PLACE[1:])) for pk, numbers in found.items()]


def _building(path: str, buildings: Mapping[str, int]) -> int | None:
    """The nearest building at or above a place."""
    for end in range(len(path), 0, -STEP):
        if path[:end] in buildings:
            return buildings[path[:end]]
    return None


# --- the trend -------------------------------------------------------------------------------------------------------


def _points(cells: Cells, at: datetime) -> list[BoardPoint]:
    """Once an hour: what the main numbers are in every unit that has units below it."""
    hour = at.replace(minute=0, second=0, microsecond=0)
    if BoardPoint.objects.filter(at=hour).exists():
        return []
    parents = set(Organisation.objects.filter(children__isnull=False).values_list("path", flat=True).distinct())
    sums: dict[str, Counter[str]] = {path: Counter() for path in parents}
    for path, numbers in cells.items():
        for end in range(STEP, len(path) + 1, STEP):
            if path[:end] in sums:
                sums[path[:end]].update(numbers)
    purge_on = clock.local_day(at) + timedelta(days=keep_days("board"))
    return [
        BoardPoint(path=path, at=hour, values={name: numbers[name] for name in TREND}, purge_on=purge_on)
        for path, numbers in sums.items()
        if numbers["roster"]
    ]
