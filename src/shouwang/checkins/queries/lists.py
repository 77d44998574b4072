"""The lists of the day at the scale of a city: each is a handful of index scans, limited before they are merged.

A *strip* is one scan of an index on (day or note, home_path, number). A list is the strips of its days and notes over
the ranges that somebody reaches, joined by UNION ALL, each cut at one page; guests (people reached by a further
membership) are looked up by key, judged by `rules.state_of` itself, and merged in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from shouwang.checkins import rules
from shouwang.checkins.models import LatestCheckIn
from shouwang.checkins.queries.asking import asking_calendar
from shouwang.checkins.rules import State
from shouwang.checkins.rules.standing import LOOK_BACK
from shouwang.core.errors import BadInput, NotFound
from shouwang.core.paging import PAGE_SIZE, Page, decode, encode
from shouwang.core.scope import Actor
from shouwang.core.tree import EVERYTHING, Range, covers, overlap, without
from shouwang.org.models import Organisation, Person
from shouwang.org.queries import reach_of

STATUS, VIEW = "checkin.status", "checkin.view"
IDS_A_QUERY = 5000
MOST_NOTE = rules.note_of(symptomatic=True, rank=max(rules.RANK.values()), conflicting=False) or 0
TABLE = LatestCheckIn._meta.db_table
Key = tuple[int | str, str, str]
"""Of a row in its list: what it is ordered by first (a day, a note, or 0 for all), then home_path and number."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose states somebody may see: everybody at home in `everywhere`, in the `seen` part of it with their answers, in
    the `unseen` part without; `singles` one by one (id -> whether with answers), people of `unseen` among them."""

    everywhere: tuple[Range, ...]
    seen: tuple[Range, ...]
    unseen: tuple[Range, ...]
    singles: Mapping[int, bool]


def scope_of(by: Actor, unit: Organisation | None) -> Scope:
    """The scope of `by` inside `unit` (None: everywhere). NotFound for whoever may see nobody's state."""
    if not by.holds(STATUS):
        raise NotFound
    status = reach_of(by, STATUS, unit.path if unit else None)
    if by.ranges(VIEW) == by.ranges(STATUS):
        return Scope(status.ranges, status.ranges, (), dict.fromkeys(status.guests, True))
    if not by.holds(VIEW):
        return Scope(status.ranges, (), status.ranges, dict.fromkeys(status.guests, False))
    view = reach_of(by, VIEW)
    seen, unseen = overlap(status.ranges, view.ranges), without(status.ranges, view.ranges)
    singles = dict.fromkeys(status.guests, False) | dict.fromkeys(view.guests & status.guests, True)
    for part in _parts(status.guests | view.guests):
        for pk, path in Person.objects.filter(pk__in=part).values_list("pk", "home_path"):
            if (pk in view.guests and covers(unseen, path)) or (pk in singles and covers(view.ranges, path)):
                singles[pk] = True
    return Scope(status.ranges, seen, unseen, singles)


def today_of(day: date) -> rules.Today:
    """`day` as the lists see it, by the cadence in force."""
    asking = asking_calendar(day - timedelta(days=LOOK_BACK), day)
    return rules.today(day, lambda asked: asking(asked).asks_on(asked))


@dataclass(frozen=True, slots=True)
class Strip:
    """One scan: conditions besides the range of homes, and the first part of its rows' keys."""

    lead: int | str
    where: str
    params: tuple[Any, ...]


def strips(state: State, on: rules.Today, days: Iterable[date], *, sees: bool) -> Iterator[Strip]:
    """`rules.state_of` turned round: the scans that together find exactly the people of a list. `days`: all days that
    occur as a newest word. Compared with the rule in tests, person by person."""
    day = connection.ops.adapt_datefield_value(on.day)
    plain, plain_params = " AND (excused_until IS NULL OR excused_until < %s)", (day,)
    for one in days:
        this, heard = connection.ops.adapt_datefield_value(one), one >= on.day
        match state:
            case State.SYMPTOMATIC if heard and sees:
                for note in range(MOST_NOTE, rules.ILL - 1, -1):
                    yield Strip(-note, "day = %s AND note = %s", (this, note))
            case State.CONFLICTING if heard and sees:
                yield Strip(0, "day = %s AND note = %s", (this, rules.CONFLICT))
            case State.IN if heard:
                yield Strip(0, "day = %s AND note IS NULL" if sees else "day = %s", (this,))
            case State.EXCUSED if not heard and not on.asked:
                yield Strip(0, "day = %s", (this,))
            case State.SILENT if not heard and on.asked and one <= on.silent_until:
                yield Strip(one.isoformat(), "day = %s" + plain, (this, *plain_params))
            case State.NOT_YET if not heard and on.asked and one > on.silent_until:
                yield Strip(0, "day = %s" + plain, (this, *plain_params))
    if state is State.EXCUSED and on.asked:
        yield Strip(0, "excused_until >= %s AND day < %s", (day, day))


def days_on_record() -> list[date]:
    """Days that occur as somebody's newest word, oldest first: one index seek each (a loose scan)."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE d(day) AS (SELECT MIN(day) FROM {TABLE} UNION ALL "  # noqa: S608 (own names)
            f"SELECT (SELECT MIN(day) FROM {TABLE} WHERE day > d.day) FROM d WHERE d.day IS NOT NULL) "
            "SELECT day FROM d WHERE day IS NOT NULL"
        )
        return [row[0] if isinstance(row[0], date) else date.fromisoformat(row[0]) for row in cursor.fetchall()]


def list_page(
    scope: Scope, state: State, on: rules.Today, *, cursor: str = "", size: int = PAGE_SIZE, answers: bool = False
) -> Page[Person]:
    """One page of a list, each person with `home` and `latest_checkin` (`answers`: and its check-in). Three or four
    queries. BadInput for a cursor that is not ours."""
    backwards, after = _after(cursor, state)
    found = list(list_keys(scope, state, on, after=after, backwards=backwards, size=size + 1))
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    ids = [pk for _key, pk in found]
    return Page(
        people_in_order(ids, answers=answers),
        encode(found[-1][0], backwards=False) if found and (more or backwards) else None,
        encode(found[0][0], backwards=True) if found and (more if backwards else after is not None) else None,
    )


def _after(cursor: str, state: State) -> tuple[bool, Key | None]:
    if not cursor:
        return False, None
    backwards, (lead, path, number) = decode(cursor, 3)
    fits = isinstance(lead, str if state is State.SILENT else int) and isinstance(path, str) and isinstance(number, str)
    if not fits:
        sentence = _("This page address belongs to another list. Begin again from the first page.")
        raise BadInput(sentence, field="page")
    return backwards, (lead, path, number)


def people_in_order(ids: list[int], *, answers: bool = False) -> list[Person]:
    """These people in this order, with `home` and `latest_checkin`."""
    related = ("home", "latest_checkin__checkin") if answers else ("home", "latest_checkin")
    people = Person.objects.select_related(*related).in_bulk(ids)
    return [people[pk] for pk in ids if pk in people]


def list_keys(
    scope: Scope, state: State, on: rules.Today, *, after: Key | None = None, backwards: bool = False, size: int
) -> list[tuple[Key, int]]:
    """(key, person id) of the next `size` people of a list, nearest to `after` first."""
    days = days_on_record()
    found: list[tuple[Key, int]] = []
    branches: list[tuple[Strip, Range]] = []
    for ranges, sees in ((scope.seen, True), (scope.unseen, False)):
        branches += [(strip, one) for strip in strips(state, on, days, sees=sees) for one in ranges]
    found += [row for row in _scan(branches, after, backwards, size) if row[1] not in scope.singles]
    found += _singles(scope, state, on, after, backwards)
    found.sort(reverse=backwards)
    return found[:size]


def everybody(scope: Scope, state: State, on: rules.Today, *, most: int) -> list[int]:
    """Ids of the people of a list in its order, at most `most`."""
    ids: list[int] = []
    after: Key | None = None
    while len(ids) < most:
        found = list_keys(scope, state, on, after=after, size=min(IDS_A_QUERY, most - len(ids)))
        if not found:
            break
        ids += [pk for _key, pk in found]
        after = found[-1][0]
    return ids


def inside(scope: Scope, ids: Iterable[int]) -> list[int]:
    """Those of `ids` who stand in some list of the scope."""
    found: list[int] = []
    for part in _parts(set(ids)):
        for pk, path in LatestCheckIn.objects.filter(pk__in=part).values_list("pk", "home_path"):
            if pk in scope.singles or covers(scope.everywhere, path):
                found.append(pk)
    return found


BRANCHES_A_STATEMENT = 200  # SQLite takes 500


def _scan(
    branches: list[tuple[Strip, Range]], after: Key | None, backwards: bool, size: int
) -> Iterator[tuple[Key, int]]:
    leads: dict[int, int | str] = {}
    parts: list[str] = []
    params: list[Any] = []
    for strip, reach in branches:
        if after is not None and (strip.lead > after[0] if backwards else strip.lead < after[0]):  # type: ignore[operator]  # one kind in all strips
            continue
        edge = after if after is not None and strip.lead == after[0] else None
        where, given = _bounds(reach, edge, backwards)
        order = "home_path DESC, number DESC" if backwards else "home_path, number"
        k = len(leads)
        leads[k] = strip.lead
        parts.append(
            f"SELECT * FROM (SELECT {k} AS k, home_path, number, person_id FROM {TABLE} "  # noqa: S608 (own names)
            f"WHERE {strip.where}{where} ORDER BY {order} LIMIT {size}) AS s{k}"
        )
        params += [*strip.params, *given]
        if len(parts) == BRANCHES_A_STATEMENT:
            yield from _run(parts, params, leads)
            parts, params = [], []
    if parts:
        yield from _run(parts, params, leads)


def _bounds(reach: Range, edge: Key | None, backwards: bool) -> tuple[str, list[Any]]:
    """The range of homes, entered where the last page ended. The home alone bounds the scan, so that the index is
    entered at the right place."""
    low, high = reach
    where, params = "", []
    if reach != EVERYTHING:
        where, params = " AND home_path >= %s AND home_path < %s", [low, high]
    if edge is not None:
        sign = "<" if backwards else ">"
        where += f" AND home_path {sign}= %s AND (home_path {sign} %s OR number {sign} %s)"
        params += [edge[1], edge[1], edge[2]]
    return where, params


def _run(parts: list[str], params: list[Any], leads: Mapping[int, int | str]) -> list[tuple[Key, int]]:
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), params)
        return [((leads[k], path, number), pk) for k, path, number, pk in cursor.fetchall()]


def _singles(scope: Scope, state: State, on: rules.Today, after: Key | None, backwards: bool) -> list[tuple[Key, int]]:
    found = []
    columns = ("pk", "home_path", "number", "day", "note", "excused_until")
    for part in _parts(scope.singles):
        for pk, path, number, *known in LatestCheckIn.objects.filter(pk__in=part).values_list(*columns):
            known_of = rules.Known(*known)
            if rules.state_of(known_of, on=on, sees_answers=scope.singles[pk]) is state:
                key: Key = (_lead(state, known_of), path, number)
                if after is None or (key < after if backwards else key > after):
                    found.append((key, pk))
    return found


def _lead(state: State, known: rules.Known) -> int | str:
    if state is State.SILENT:
        return known.day.isoformat()
    return -(known.note or 0) if state is State.SYMPTOMATIC else 0


def _parts(ids: Iterable[int]) -> Iterator[list[int]]:
    ordered = sorted(ids)
    for start in range(0, len(ordered), IDS_A_QUERY):
        yield ordered[start : start + IDS_A_QUERY]
