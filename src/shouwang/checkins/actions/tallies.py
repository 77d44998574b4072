"""Counts of a city, kept and not counted: how many people below an organisation have which newest word.

A tally is caught up from the ids of check-ins behind the watermark and from `Stirred`; nothing is done at intake. What
a row says of a day does not change when the day ends: which list a tally belongs to is asked of `rules.state_of`
when it is read. The sweeper catches up every few seconds; a reader adds what is still outstanding (`queries.counts`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.db.models import Count, F, Max, Q, Value
from django.db.models.functions import Length, Substr

from shouwang.checkins.actions.standings import IDS_A_STATEMENT, parts, renew_excuses, sync_standings
from shouwang.checkins.models import CheckIn, Counted, LatestCheckIn, Stirred, Tallied, Tally, TallyState
from shouwang.core import clock
from shouwang.core.bulk import insert_many
from shouwang.core.tree import STEP

TALLY_FROM = 2000  # people: fewer are counted one by one in a few milliseconds
IDS_A_ROUND = 20_000  # check-ins: a transaction of well under a second
# PostgreSQL gives out ids before their transactions commit, so a lower id may appear after a higher one. These many
# behind the watermark are looked at again; the comparison of everybody finds whatever was later still.
OVERLAP = 5_000
COMPARE_EVERY = timedelta(minutes=30)
COLUMNS = ("home_path", "day", "note", "source", "excused_until")
Key = tuple[str, date, int | None, str, date | None]


def catch_up(*, at: datetime) -> int:
    """Bring the tallies up to date; returns how many people were counted anew. Two at once do no harm: they wait for
    each other. On a new day it also turns excuses and departures to that day, and compares everybody."""
    changed = 0
    while True:
        done, more = _round(at)
        changed += done
        if not more:
            return changed


@transaction.atomic
def _round(at: datetime) -> tuple[int, bool]:
    TallyState.objects.get_or_create(pk=1)
    state = TallyState.objects.select_for_update().get(pk=1)
    day = clock.local_day(at)
    if state.day is None or state.day < day or state.compared_at is None or at - state.compared_at >= COMPARE_EVERY:
        sync_standings(at=at)
        renew_excuses(on=day)
        changed = _compare(state)
        state.day, state.compared_at, more = day, at, False
    else:
        changed, more = _advance(state)
    state.as_of = at
    state.save()
    return changed, more


def _advance(state: TallyState) -> tuple[int, bool]:
    """Count anew who was heard behind the watermark, and who was stirred."""
    newest = CheckIn.objects.aggregate(newest=Max("pk"))["newest"] or 0
    overlap = OVERLAP if connection.vendor == "postgresql" else 0
    until = min(newest, state.watermark + IDS_A_ROUND)
    heard = CheckIn.objects.filter(pk__gt=state.watermark - overlap, pk__lte=until)
    ids = set(heard.order_by().values_list("person_id", flat=True).distinct())
    stirred = list(Stirred.objects.order_by("pk").values_list("pk", "person")[:IDS_A_ROUND])
    ids.update(person for _pk, person in stirred)
    changed = recount(ids)
    for part in parts([pk for pk, _person in stirred]):
        Stirred.objects.filter(pk__in=part).delete()
    state.watermark = max(state.watermark, until)
    return changed, until < newest or len(stirred) == IDS_A_ROUND


def recount(ids: Collection[int]) -> int:
    """Move these people from what the tallies hold of them to what is so now; returns how many had changed."""
    if not ids:
        return 0
    nodes = frozenset(Tallied.objects.values_list("path", flat=True))
    delta: Counter[Key] = Counter()
    changed = 0
    for part in parts(ids):
        before, now = counted(part), standing(part)
        moved = [pk for pk in part if before.get(pk) != now.get(pk)]
        for pk in moved:
            _add(delta, nodes, before.get(pk), -1)
            _add(delta, nodes, now.get(pk), 1)
        Counted.objects.filter(pk__in=moved).delete()
        insert_many(Counted, ("person", *COLUMNS), ((pk, *now[pk]) for pk in moved if pk in now))
        changed += len(moved)
    _apply(delta)
    return changed


def counted(ids: Collection[int]) -> dict[int, Key]:
    """What the tallies hold of these people."""
    return {row[0]: row[1:] for row in Counted.objects.filter(pk__in=ids).values_list("pk", *COLUMNS)}


def standing(ids: Collection[int]) -> dict[int, Key]:
    """What is so now of these people."""
    return {row[0]: row[1:] for row in LatestCheckIn.objects.filter(pk__in=ids).values_list("pk", *COLUMNS)}


def _add(delta: Counter[Key], nodes: Collection[str], key: Key | None, sign: int) -> None:
    if key is None:
        return
    path, day, grade, colour, since = key
    for end in range(0, len(path) + 1, STEP):
        if path[:end] in nodes:
            delta[path[:end], day, grade, colour, since] += sign


def _apply(delta: Mapping[Key, int]) -> None:
    """Add to the tallies. They hold one row for each key: read, changed, written back under the lock of the state."""
    wanted = {key: n for key, n in delta.items() if n}
    standing_rows: dict[Key, tuple[int, int]] = {}
    for part in _paths(wanted):
        rows = Tally.objects.filter(path__in=part).values_list("pk", "people", "path", *COLUMNS[1:])
        standing_rows |= {tuple(row[2:]): (row[0], row[1]) for row in rows}
    changed, new, empty = [], [], []
    for key, n in wanted.items():
        pk, people = standing_rows.get(key, (0, 0))
        if not pk:
            new.append((*key, n))
        elif people + n:
            changed.append(Tally(pk=pk, people=people + n))
        else:
            empty.append(pk)
    insert_many(Tally, ("path", *COLUMNS[1:], "people"), new)
    Tally.objects.bulk_update(changed, ["people"], batch_size=500)
    for part_of_ids in parts(empty):
        Tally.objects.filter(pk__in=part_of_ids).delete()


def _paths(keys: Iterable[Key]) -> list[list[str]]:
    paths = sorted({key[0] for key in keys})
    return [paths[start : start + IDS_A_STATEMENT] for start in range(0, len(paths), IDS_A_STATEMENT)]


def _compare(state: TallyState) -> int:
    """Count everybody who is not as counted; begin anew where the nodes that are tallied have changed."""
    state.watermark = CheckIn.objects.aggregate(newest=Max("pk"))["newest"] or 0
    Stirred.objects.all().delete()
    wanted, nodes = large_nodes(), set(Tallied.objects.values_list("path", flat=True))
    if wanted != nodes:
        return _begin_anew(wanted)
    return recount(different())


def different() -> set[int]:
    """People whom the tallies hold otherwise than they stand: none, right after a catch-up. Two passes over all."""
    quote = connection.ops.quote_name
    mine, theirs = quote(LatestCheckIn._meta.db_table), quote(Counted._meta.db_table)
    same = " AND ".join(f"c.{name} IS NOT DISTINCT FROM l.{name}" for name in COLUMNS)
    if connection.vendor == "sqlite":
        same = same.replace("IS NOT DISTINCT FROM", "IS")
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT l.person_id FROM {mine} l LEFT JOIN {theirs} c ON c.person = l.person_id "  # noqa: S608 (own names)
            f"WHERE c.person IS NULL OR NOT ({same}) UNION "
            f"SELECT c.person FROM {theirs} c LEFT JOIN {mine} l ON l.person_id = c.person WHERE l.person_id IS NULL"
        )
        return {row[0] for row in cursor.fetchall()}


def large_nodes() -> set[str]:
    """Paths of organisations with at least `TALLY_FROM` people below, and "" for everybody."""
    homes = dict(LatestCheckIn.objects.order_by().values_list("home_path").annotate(Count("pk")))
    below: Counter[str] = Counter()
    for path, people in homes.items():
        for end in range(0, len(path) + 1, STEP):
            below[path[:end]] += people
    return {path for path, people in below.items() if people >= TALLY_FROM} | {""}


def _begin_anew(nodes: set[str]) -> int:
    """All tallies from the rows of the lists: one statement a level of the tree."""
    everybody = LatestCheckIn.objects.count()
    for model in (Tally, Tallied, Counted):
        model._default_manager.all().delete()
    insert_many(Tallied, ("path",), ((path,) for path in nodes))
    quote = connection.ops.quote_name
    columns = ", ".join(quote(name) for name in COLUMNS)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {quote(Counted._meta.db_table)} (person, {columns}) "  # noqa: S608 (own names)
            f"SELECT person_id, {columns} FROM {quote(LatestCheckIn._meta.db_table)}"
        )
    for width in sorted({len(path) for path in nodes}):
        node = Substr(F("home_path"), Value(1), Value(width)) if width else Value("")
        rows = (
            LatestCheckIn.objects.filter(Q() if not width else Q(home_path__gt=""))
            .annotate(node=node, width=Length("home_path"))
            .filter(width__gte=width)
            .order_by()
            .values_list("node", *COLUMNS[1:])
            .annotate(n=Count("pk"))
        )
        insert_many(Tally, ("path", *COLUMNS[1:], "people"), (row for row in rows.iterator() if row[0] in nodes))
    return everybody
