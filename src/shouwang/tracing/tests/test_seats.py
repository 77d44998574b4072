"""Seat plans: sheets read row by row, distance by known seats alone, rules that ask for it, walls and purge."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from shouwang.cases.models import Case
from shouwang.core import purging
from shouwang.core.errors import BadInput, Forbidden, NotFound
from shouwang.core.files.problems import RowProblem
from shouwang.core.models import AuditEntry
from shouwang.core.packs import Text
from shouwang.core.scope import Actor
from shouwang.org.tests.cast import NOON, Cast
from shouwang.tracing import actions
from shouwang.tracing.actions.seats import PlanOf
from shouwang.tracing.models_seats import Seat, SeatPlan
from shouwang.tracing.queries import catalogue, judging, rulebook
from shouwang.tracing.queries import seating as queries
from shouwang.tracing.queries.trace import trace_person
from shouwang.tracing.rules import seating as rules
from shouwang.tracing.rules.closeness import SeatGroup
from shouwang.tracing.rules.grading import Condition, ContactRule, Grade, examine, grade
from shouwang.tracing.rules.seating import Hours, Sits
from shouwang.tracing.tests.conftest import Write, unix

SignIn = Callable[[str], Client]
SUNDAY = date(2026, 3, 1)
GROUP = SeatGroup(1, 1, "assumed")
HEADER = "学号,排,座位\n"
WHO = {"lin": "2023010101", "wang": "2023010102", "meng": "2023010103", "zhao": "2023010201", "ou": "2023020101"}


def bring(cast: Cast, path: Path, who: str = "su", **changed: Any) -> actions.TimetableResult:
    values = {"title": "期末考试", "where": "T1-201", "first_day": SUNDAY, "last_day": SUNDAY, **changed}
    return actions.seats.import_plan(path, PlanOf(**values), by=cast.by(who), at=NOON)


def test_a_sheet_is_read_row_by_row(cast: Cast, write: Write) -> None:
    body = "2023010101,1,1\n2023010102,,1排2座\n999,2,1\n2023010103,1,B\n2023010101,3,3\n2023010201,三,4\n,1,9\n"
    result = bring(cast, write("seats.csv", HEADER + body))
    assert (result.read, result.accepted) == (7, 2)
    assert dict(result.refused) == {
        "person_unknown": 1, "seat_taken": 1, "person_twice": 1, "seat_invalid": 1, "number_missing": 1,
    }  # fmt: skip
    assert [problem.row for problem in result.problems] == [4, 5, 6, 7, 8]
    plan = SeatPlan.objects.get()
    again = bring(cast, write("seats.csv", HEADER + "2023010101,1,1\n2023010103,1,3\n"))
    assert (again.accepted, again.updated) == (1, 1)
    assert SeatPlan.objects.get().pk == plan.pk
    assert set(Seat.objects.values_list("person__number", "row", "column")) == {
        ("2023010101", 1, 1), ("2023010103", 1, 3),
    }  # fmt: skip
    verbs = list(AuditEntry.objects.filter(kind="seat_plan").values_list("verb", flat=True))
    assert verbs == ["seats.imported"] * 2


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"title": " "}, "title"),
        ({"where": "月球"}, "where"),
        ({"where": ""}, "where"),
        ({"last_day": SUNDAY - timedelta(days=1)}, "last_day"),
        ({"last_day": SUNDAY + timedelta(days=371)}, "last_day"),
        ({"weekday": 8}, "weekday"),
        ({"starts": time(8)}, "ends"),
        ({"starts": time(8), "ends": time(8)}, "ends"),
    ],
)
def test_what_is_refused(cast: Cast, write: Write, changed: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as refused:
        bring(cast, write("seats.csv", HEADER + "2023010101,1,1\n"), **changed)
    assert refused.value.field == field
    with pytest.raises(BadInput):
        bring(cast, write("none.csv", HEADER + "999,1,1\n"))
    assert not SeatPlan.objects.exists()


def together(write: Write, operator: Actor, hours: str = "08:00,{d} 10:00") -> None:
    """All five in T1-201 on Sunday morning, by records of somebody."""
    rows = [f"{number},T1-201,2026-03-01 {hours.format(d='2026-03-01')}" for number in WHO.values()]
    path = write("visits.csv", "学号,地点,进入时间,离开时间\n" + "\n".join(rows) + "\n")
    actions.import_presence(path, source_format="visits", by=operator, at=NOON)


def codes(cast: Cast, who: str) -> dict[str, str]:
    """Name -> class of distance to `who` on Sunday morning."""
    answer = trace_person(
        cast.person[who].pk, window_start=unix("2026-03-01 07:00"), window_end=unix("2026-03-01 12:00")
    )
    places = judging.place_facts(np.unique(answer.encounters.place).tolist())
    distances = rulebook.distances()
    ranks = judging.distance_ranks(answer, places, distances, judging.seats_of([answer], places))
    names = {person.pk: name for name, person in cast.person.items()}
    nearest, _times = judging.closeness(answer, ranks, distances)
    return dict(zip([names[pk] for pk in answer.contacts.person.tolist()], nearest, strict=True))


def test_distance_comes_from_known_seats_and_unknown_is_never_far(cast: Cast, write: Write, operator: Actor) -> None:
    together(write, operator)
    assert set(codes(cast, "lin").values()) == {"room"}
    seats = "2023010101,1,1\n2023010102,2,2\n2023010103,1,9\n2023010201,5,5\n"
    bring(cast, write("seats.csv", HEADER + seats), starts=time(8), ends=time(10))
    assert codes(cast, "lin") == {"wang": "seat", "meng": "row", "zhao": "apart", "ou": "room"}
    assert set(codes(cast, "ou").values()) == {"room"}
    # The plan speaks of its own hours alone.
    bring(cast, write("seats.csv", HEADER + seats), starts=time(8), ends=time(9))
    assert set(codes(cast, "lin").values()) == {"room"}
    (plan,) = queries.plans(cast.by("su"))
    actions.seats.remove(plan.pk, by=cast.by("su"), at=NOON)
    assert set(codes(cast, "lin").values()) == {"room"}


def test_a_rule_may_ask_for_the_distance(cast: Cast, write: Write, operator: Actor) -> None:
    together(write, operator)
    bring(cast, write("seats.csv", HEADER + "2023010101,1,1\n2023010102,2,2\n2023010103,1,9\n2023010201,5,5\n"))
    words = Text(zh="邻座", en="neighbouring seats")
    near = Condition(min_minutes=60, because=words, distances=("seat", "row"))
    rule = ContactRule("test", "x", (Grade("close", words, (near,)),))
    answer = trace_person(
        cast.person["lin"].pk, window_start=unix("2026-03-01 07:00"), window_end=unix("2026-03-01 12:00")
    )
    places = judging.place_facts(np.unique(answer.encounters.place).tolist())
    distances = rulebook.distances()
    named = distances.named(judging.distance_ranks(answer, places, distances, judging.seats_of([answer], places)))
    grades = judging.judge(answer, rule, places, named).grades
    people = answer.contacts.person.tolist()
    assert {pk for pk, found in zip(people, grades, strict=True) if found} == {
        cast.person["wang"].pk, cast.person["meng"].pk,
    }  # fmt: skip
    assert judging.judge(answer, rule, places).grades == [None] * len(people)
    seen = judging.overlaps(answer, named)
    assert grade(seen, rule, places, catalogue.SOURCE_CODES) == grades
    assert [check.word for check in examine(seen, rule, places, catalogue.SOURCE_CODES)] == ["holds"]


def test_an_edition_that_names_an_unknown_distance_is_refused(tmp_path: Path) -> None:
    text = (catalogue.SHIPPED / "covid19-cn-9.toml").read_text("utf-8")
    path = tmp_path / "covid19-cn-9.toml"
    path.write_text(text.replace("min_minutes", 'distances = ["far"], min_minutes', 1), "utf-8")
    with pytest.raises(BadInput, match="far"):
        catalogue.read_edition(path)


seats = st.dictionaries(st.integers(1, 6), st.tuples(st.integers(1, 4), st.integers(1, 4)), min_size=2)


@given(seats, st.integers(0, 30), st.integers(1, 10), st.integers(0, 20), st.integers(1, 10))
def test_between_two_seats_against_a_plain_look(
    taken: dict[int, tuple[int, int]], start: int, length: int, opens: int, lasts: int
) -> None:
    """A room with one plan from `opens` for `lasts` hours (0 for all day), looked at hour by hour."""
    hours = Hours(SUNDAY, SUNDAY, None, *((time(opens), time(opens + min(lasts, 3))) if opens else (None, None)))
    found = queries.Seating({7: [queries.PlanSeats(hours, {who: Sits(*seat) for who, seat in taken.items()})]})
    midnight = unix("2026-03-01 00:00")
    spoken = set(range(opens, opens + min(lasts, 3))) if opens else set(range(24))
    covered = set(range(start, start + length)) <= spoken
    for one, other in combinations(range(1, 8), 2):
        said = found.between(one, other, 7, midnight + start * 3600, midnight + (start + length) * 3600, GROUP)
        if not covered or one not in taken or other not in taken:
            assert said == ""
        else:
            rows, columns = (abs(taken[one][k] - taken[other][k]) for k in (0, 1))
            near = max(rows, columns) <= 1
            assert said == ("seat" if near else "row" if rows == 0 else "apart")
        assert said == found.between(other, one, 7, midnight + start * 3600, midnight + (start + length) * 3600, GROUP)
        assert found.between(one, other, 8, midnight, midnight + 60, GROUP) == ""


@given(st.dictionaries(st.sampled_from(["number", "row", "seat"]), st.text(max_size=12)))
def test_any_row_is_a_seat_or_a_problem_in_words(values: dict[str, str]) -> None:
    found = rules.check_row(2, values, {})
    if isinstance(found, RowProblem):
        assert found.message and found.remedy
    else:
        assert 1 <= found.sits.row <= rules.MOST_ROWS
        assert 1 <= found.sits.column <= rules.MOST_SEATS


def test_walls_pages_and_purge(cast: Cast, sign_in: SignIn) -> None:
    su, address = sign_in("su"), "/tracing/presence/seats/"
    given = {"title": "期末考试", "where": "T1-201", "first_day": "2026-03-01", "last_day": "2026-03-01"}

    def sheet(text: str) -> SimpleUploadedFile:
        return SimpleUploadedFile("seats.csv", (HEADER + text).encode())

    assert su.post(address, {**given, "file": sheet("999,1,1\n")}).status_code == 422
    assert su.post(address, {**given, "file": sheet("2023010101,2,3\n"), "weekday": "7"}).status_code == 302
    plan = SeatPlan.objects.get()
    assert "期末考试" in su.get(address).content.decode()
    assert "林晓" in su.get(f"{address}{plan.pk}/").content.decode()
    assert AuditEntry.objects.filter(verb="seats.read").count() == 1
    for who in ("qiu", "fang", "lin"):
        assert sign_in(who).get(address).status_code == 403
        with pytest.raises(Forbidden):
            queries.plan_for(cast.by(who), plan.pk)
    with pytest.raises(NotFound):
        queries.plan_for(cast.by("su"), plan.pk + 1)
    assert purging.purge(on=plan.purge_on - timedelta(days=1), at=NOON)["seat_plan"] == 0
    assert su.post(f"{address}{plan.pk}/remove/").status_code == 302
    assert not Seat.objects.exists()
    assert su.post(address, {**given, "file": sheet("2023010101,2,3\n")}).status_code == 302
    assert purging.purge(on=plan.purge_on, at=NOON)["seat_plan"] == 1


def test_the_page_of_a_case_says_the_distance(traced: Case, cast: Cast, write: Write, operator: Actor) -> None:
    from shouwang.tracing.models import Contact

    before = {row.person_id: row.distance for row in Contact.objects.filter(case=traced)}
    assert "seat" not in before.values()
    sheet = write("seats.csv", HEADER + "".join(f"{number},1,{n}\n" for n, number in enumerate(WHO.values(), 1)))
    for place in sorted({cast.place[code].code for code in ("T1-201", "C1", "LIB", "D1-101")}):
        bring(cast, sheet, where=place, first_day=date(2026, 2, 1), last_day=date(2026, 3, 2))
    actions.trace_case(traced, by=operator, at=NOON)
    after = {row.person_id: row.distance for row in Contact.objects.filter(case=traced)}
    assert after[cast.person["wang"].pk] == "seat"
