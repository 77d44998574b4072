"""One month of real door swipes, from the file to the contacts, against arithmetic done row by row in plain Python."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from shouwang.core import clock
from shouwang.core.scope import Actor
from shouwang.org import actions as org
from shouwang.org.models import Person, Place
from shouwang.tracing import actions, queries
from shouwang.tracing.models import PresenceBatch, PresenceDay
from shouwang.tracing.tests.conftest import union_length

pytestmark = [pytest.mark.django_db, pytest.mark.realdata, pytest.mark.slow]

AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
SINCE = date(2018, 9, 1)
DOORS = ("飞凤轩", "第六教学楼", "青鸾苑", "第七教学楼", "第五教学楼")
LONGEST, DUPLICATE = 16 * 3600, 5
Visit = tuple[str, int, int]  # place, start, end


@pytest.fixture
def doors(real_data: Callable[[str], Path], operator: Actor) -> Path:
    """The college of the register and its five doors; the path of the swipes."""
    path = real_data("campus-gates/doors_gbk.csv")
    root = org.add_organisation(parent=None, kind="college", code="REAL", name="学院", starts=SINCE, by=operator, at=AT)
    campus = org.add_place(parent=None, kind="campus", code="C", name="校区", starts=SINCE, by=operator, at=AT)
    for name in DOORS:
        org.add_place(parent=campus, kind="building", code=name, name=name, starts=SINCE, by=operator, at=AT)
    register = real_data("campus-gates/register_gbk.csv")
    with register.open(encoding="gbk", newline="") as stream:
        Person.objects.bulk_create(
            Person(number=row["CardNo"], name=row["CardNo"], card=row["AccessCardNo"], home=root, home_path=root.path)
            for row in csv.DictReader(stream)
        )
    return path


def _swipes(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="gbk", newline="") as stream:
        return list(csv.DictReader(stream))


def _visits(path: Path) -> tuple[dict[str, list[Visit]], Counter[str]]:
    """Number -> visits, paired swipe by swipe, and how many rows were refused for which reason."""
    holders: dict[str, list[str]] = defaultdict(list)
    for number, card in Person.objects.values_list("number", "card"):
        holders[card].append(number)
    refused: Counter[str] = Counter()
    by_door: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for row in _swipes(path):
        held = holders.get(row["AccessCardNo"], [])
        if row["Access"] != "1":
            refused["denied"] += 1
        elif len(held) > 1:
            refused["card_shared"] += 1
        elif not held:
            refused["card_unknown"] += 1
        else:
            moment = datetime.strptime(row["Date"], "%Y/%m/%d %H:%M").replace(tzinfo=clock.zone())
            place, direction = row["Address"][:-4], 1 if row["Address"].endswith("[进门]") else -1
            by_door[held[0], place].append((int(moment.timestamp()), direction))
    visits: dict[str, list[Visit]] = defaultdict(list)
    for (number, place), swipes in by_door.items():
        visits[number] += [(place, start, end) for start, end in _pair(sorted(swipes))]
    return visits, refused


def _pair(swipes: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """In time order, of one second exits first (−1 sorts before 1). An exit that closes nothing, in a second that has
    an entry too, makes no visit together with that entry."""
    found: list[tuple[int, int]] = []
    opened: int | None = None
    last: tuple[int, int] | None = None  # time and direction of the swipe before
    void: int | None = None
    for t, direction in swipes:
        duplicate = last is not None and direction == last[1] and t - last[0] <= DUPLICATE
        last = (t, direction)
        if duplicate:
            continue
        if direction == 1:
            opened = None if void == t else t
        elif opened is not None:
            if t - opened <= LONGEST:
                found.append((opened, t))
            opened = None
        elif (t, 1) in swipes:
            void = t
    return found


def test_every_row_is_accounted_for(doors: Path, operator: Actor) -> None:
    result = actions.import_presence(doors, source_format="gate", by=operator, at=AT)
    visits, refused = _visits(doors)
    assert result.read == 43_156
    assert result.refused == dict(refused)
    assert result.refused["denied"] == 1_407
    assert result.read == result.accepted + sum(result.refused.values())
    assert result.remarks["stays"] == sum(len(found) for found in visits.values())
    swipes = ("paired_in", "paired_out", "duplicate", "unpaired_in", "unpaired_out", "too_long", "zero_length")
    assert sum(result.remarks.get(code, 0) for code in swipes) == result.accepted
    assert len(result.days) == PresenceDay.objects.count() == 30
    batch = PresenceBatch.objects.get()
    assert batch.counts["accepted"] == result.accepted
    assert sum(day.remarks["refused"].get("denied", 0) for day in PresenceDay.objects.all()) == 1_407


def test_contacts_of_the_busiest_equal_brute_force(doors: Path, operator: Actor) -> None:
    actions.import_presence(doors, source_format="gate", by=operator, at=AT)
    visits, _refused = _visits(doors)
    busiest = sorted(visits, key=lambda number: (-len(visits[number]), number))
    onset = datetime(2019, 4, 15, 12, 0, tzinfo=clock.zone())
    start, end = int((onset - timedelta(days=14)).timestamp()), int(onset.timestamp())
    checked = 0
    for case in [*busiest[:4], *busiest[40:200:40], busiest[-1]]:
        answer = queries.answer_json(operator, number=case, onset=onset, lookback_days=14, at=AT)
        expected = _expected(visits, case, start, end)
        assert {c["person"]: c["seconds"] for c in answer["contacts"]} == {
            n: sum(d.values()) for n, d in expected.items()
        }
        assert {c["person"]: c["days"] for c in answer["contacts"]} == expected
        checked += len(expected)
    assert checked > 500


def _expected(visits: dict[str, list[Visit]], case: str, start: int, end: int) -> dict[str, dict[str, int]]:
    """Number -> ISO day -> seconds of the union of overlaps with the case."""
    found: dict[str, dict[str, int]] = {}
    for other, theirs in visits.items():
        if other == case:
            continue
        shared = [
            (max(a, c, start), min(b, d, end))
            for place, a, b in visits[case]
            for where, c, d in theirs
            if place == where and max(a, c, start) < min(b, d, end)
        ]
        days: dict[str, int] = {}
        for offset in range(16):
            day = date(2019, 3, 31) + timedelta(days=offset)
            low, high = (int(moment.timestamp()) for moment in clock.day_bounds(day))
            seconds = union_length((max(a, low), min(b, high)) for a, b in shared)
            if seconds:
                days[day.isoformat()] = seconds
        if days:
            found[other] = days
    return found


def test_same_file_twice_changes_nothing(doors: Path, operator: Actor) -> None:
    first = actions.import_presence(doors, source_format="gate", by=operator, at=AT)
    before = {day.day: (day.version, day.stored_as) for day in PresenceDay.objects.all()}
    again = actions.import_presence(doors, source_format="gate", by=operator, at=AT)
    assert again.already_imported
    assert (again.accepted, again.updated, again.refused) == (0, first.accepted, first.refused)
    assert {day.day: (day.version, day.stored_as) for day in PresenceDay.objects.all()} == before
    assert PresenceBatch.objects.count() == 1


def test_unknown_doors_are_refused_by_reason(doors: Path, operator: Actor) -> None:
    Place.objects.filter(code="飞凤轩").delete()
    result = actions.import_presence(doors, source_format="gate", by=operator, at=AT)
    assert result.refused["place_unknown"] > 0
    problem = next(p for p in result.problems if p.code == "place_unknown")
    assert problem.value.startswith("飞凤轩")
    assert problem.column == "Address"


def test_no_clock_is_called_wrong_where_few_people_pass_two_doors(doors: Path, operator: Actor) -> None:
    """The month holds at most some hundred pairs of doors a day, written to the minute: too little to say anything."""
    actions.import_presence(doors, source_format="gate", options=actions.ImportOptions(), by=operator, at=AT)
    days = PresenceDay.objects.order_by("day").values_list("day", flat=True)
    for last in (days[13], days[27]):
        assert actions.readers.look_for_clocks(last=last, by=operator, at=AT) == []
    judged = PresenceDay.objects.exclude(holes=None)
    assert judged.count() >= 20
    for row in judged:
        for hole in row.holes or ():
            assert hole["expected"] >= 20
