"""Delays by week and unit with what they are of, incomplete weeks, small groups, 7-1-7: rules, page, file, API."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from shouwang.cases import actions, queries
from shouwang.cases.models import Case
from shouwang.cases.rules import delays as rules
from shouwang.cases.tests.builders import DAY, HOUR, opened
from shouwang.core.errors import BadInput, Forbidden
from shouwang.core.models import AuditEntry
from shouwang.org.tests.cast import NOON, Cast

database = pytest.mark.django_db
MOMENTS = ("onset", "detected", "reported", "isolated", "treated", "traced", "tested", "resulted")
NEVER = rules.Dated(True, None, None)


def dated(**hours: Any) -> rules.Dated:
    """A case whose moments lie these hours after noon; `is_open` as the case is, open unless said otherwise."""
    is_open = hours.pop("is_open", True)
    given = {name: None if value is None else NOON + timedelta(hours=value) for name, value in hours.items()}
    return rules.Dated(is_open, **{"onset": None, "detected": NOON, **given})


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([], 0.5, None),
        ([4.0], 0.9, 4.0),
        ([1.0, 2.0, 3.0, 4.0], 0.5, 2.0),
        ([float(k) for k in range(1, 11)], 0.9, 9.0),
    ],
)
def test_ranks_are_values_that_occurred(values: list[float], share: float, expected: float | None) -> None:
    assert rules.ranked(values, share) == expected


def test_unknown_is_never_zero() -> None:
    five = [dated(reported=k) for k in range(1, 6)]
    rest = [dated(), dated(is_open=False), dated(reported=-2)]
    found = rules.delay([*five, *rest], "report")
    assert (found.known, found.total, found.waiting, found.missing, found.early) == (6, 8, 1, 1, 1)
    assert (found.median_hours, found.p90_hours) == (2.0, 5.0)
    onset = rules.delay([*five, *rest], "detect")
    assert (onset.known, onset.waiting, onset.missing, onset.median_hours) == (0, 0, 8, None)


def test_of_one_to_four_cases_nothing_is_said() -> None:
    found = rules.delay([dated(reported=k) for k in range(4)], "report")
    assert (found.known, found.small, found.median_hours, found.p90_hours) == (4, True, None, None)


def test_a_week_is_incomplete_while_more_than_the_share_waits() -> None:
    done = [dated(is_open=False, reported=1, isolated=2, treated=3, traced=4)] * 19
    assert not rules.group("w", done, over=True, open_share=0.05).incomplete
    assert rules.group("w", done, over=False, open_share=0.05).incomplete
    one = dated(reported=1, isolated=2, traced=4)
    assert not rules.group("w", [*done, one], over=True, open_share=0.05).incomplete  # exactly the share
    assert rules.group("w", [*done, one, one], over=True, open_share=0.05).incomplete
    closed = dated(is_open=False)
    assert not rules.group("w", [*done, closed, closed, closed], over=True, open_share=0.05).incomplete


@st.composite
def cases(draw: st.DrawFn) -> list[rules.Dated]:
    hours = st.none() | st.integers(-200, 2000)
    row = st.fixed_dictionaries(dict.fromkeys(MOMENTS, hours))
    rows = draw(st.lists(st.tuples(st.booleans(), row), max_size=30))
    return [dated(is_open=is_open, **{**values, "detected": values["detected"] or 0}) for is_open, values in rows]


@given(cases())
def test_every_case_is_known_waiting_or_missing(rows: list[rules.Dated]) -> None:
    for leg in rules.LEGS:
        found = rules.delay(rows, leg)
        assert found.known + found.waiting + found.missing == found.total == len(rows)
        assert found.missing >= 0
        assert found.early <= found.known
        assert (found.median_hours is None) == (found.known < 5)
        assert found.median_hours is None or 0 <= found.median_hours <= (found.p90_hours or 0)


@given(cases(), st.integers(1, 30))
def test_outbreaks_part_the_cases(rows: list[rules.Dated], gap: int) -> None:
    found = rules.outbreaks("x", rows, gap_days=gap, least=1, days=(7, 1, 7), now=NOON + 100 * DAY)
    assert sum(row.cases for row in found) == len(rows)
    assert all(later.first - earlier.last > gap * DAY for later, earlier in pairwise(found))
    for row in found:
        for item in row.intervals:
            assert (item.state == rules.MET) == (
                item.start is not None and item.end is not None and item.end - item.start <= item.days * DAY
            )
        assert all(fact.part <= fact.whole <= row.cases for fact in row.bottlenecks)


def outbreak(rows: list[rules.Dated], *, after: timedelta = timedelta(hours=100)) -> rules.Outbreak:
    (found,) = rules.outbreaks("x", rows, gap_days=14, least=2, days=(7, 1, 7), now=NOON + after)
    return found


def states(found: rules.Outbreak) -> list[str]:
    return [item.state for item in found.intervals]


def test_seven_one_seven() -> None:
    full = {"reported": 20, "isolated": 21, "treated": 30, "traced": 40}
    met = outbreak([dated(onset=-24, **full), dated(onset=-2, detected=10, **full)])
    assert states(met) == ["met", "met", "met"]
    late = outbreak([dated(onset=-24 * 8, **{**full, "reported": 30}), dated(detected=2, **{**full, "reported": 31})])
    assert states(late) == ["missed", "missed", "met"]
    assert late.onset_unknown == 1
    # A case found after notification belongs to the outbreak, not to the early response.
    waiting = [dated(onset=-24, **full), dated(onset=-2, detected=15, reported=20, isolated=22), dated(detected=50)]
    assert states(outbreak(waiting)) == ["met", "met", "running"]
    assert states(outbreak(waiting, after=10 * DAY)) == ["met", "met", "missed"]
    facts = {fact.action: (fact.part, fact.whole) for fact in outbreak(waiting).bottlenecks}
    assert facts == {"isolated": (0, 2), "treated": (1, 2), "traced": (1, 2)}
    closed = outbreak([dated(is_open=False), dated(is_open=False, detected=1)])
    assert states(closed) == ["unknown", "unknown", "unknown"]
    assert closed.bottlenecks == ()


def test_two_alone_are_no_outbreak_when_far_apart() -> None:
    rows = [dated(), dated(detected=24 * 15)]
    assert rules.outbreaks("x", rows, gap_days=14, least=2, days=(7, 1, 7), now=NOON + 20 * DAY) == []


# --- with the database ---------------------------------------------------------------------------------------------


@pytest.fixture
def five(cast: Cast) -> Cast:
    """Five cases of one week, four of one college and one of the other, reported after one to five hours."""
    for hours, who in enumerate(("lin", "wang", "meng", "zhao", "ou"), 1):
        case = opened(cast, who, classification="confirmed", onset_at=NOON - 3 * DAY, at=NOON)
        actions.set_dates(case, reported_at=NOON + hours * HOUR, by=cast.by("he"), at=NOON + 9 * HOUR)
    return cast


def asked(cast: Cast, who: str, at: datetime = NOON + 9 * HOUR, **more: Any) -> queries.Delays:
    first = NOON.date() - 14 * DAY
    return queries.delays_of(cast.by(who), **{"first": first, "last": NOON.date(), "at": at, **more})


@database
def test_by_week_and_unit_with_denominators(five: Cast, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(8):
        found = asked(five, "su")
    assert [(str(week.key), week.cases) for week in found.weeks] == [
        ("2026-02-16", 0), ("2026-02-23", 0), ("2026-03-02", 5),
    ]  # fmt: skip
    report = found.weeks[-1].delays["report"]
    assert (report.known, report.total, report.median_hours, report.p90_hours) == (5, 5, 3.0, 5.0)
    assert found.weeks[-1].incomplete
    assert not found.weeks[0].incomplete
    isolate = found.whole.delays["isolate"]
    assert (isolate.known, isolate.waiting, isolate.median_hours) == (0, 5, None)
    # Four people live in one college, one in the other: about each a number would point at somebody.
    assert [(row.unit.code, row.group) for row in found.units] == [("IE", None), ("FL", None)]
    assert [row.group.cases for row in asked(five, "he").units if row.group] == [4, 1]


@database
def test_discarded_cases_are_none(five: Cast) -> None:
    actions.classify(Case.objects.order_by("pk")[0], new="discarded", reason="误报", by=five.by("he"), at=NOON)
    assert asked(five, "su").whole.cases == 4


@database
def test_whoever_reaches_few_people_is_refused_and_units_out_of_reach_are_unknown(five: Cast) -> None:
    with pytest.raises(Forbidden):
        asked(five, "meng")
    with pytest.raises(BadInput):
        asked(five, "fang", unit="FL")
    with pytest.raises(BadInput):
        asked(five, "su", first=NOON.date() + DAY)


@database
def test_small_outbreaks_are_told_to_who_sees_cases_alone(cast: Cast) -> None:
    for who in ("lin", "wang"):
        opened(cast, who, classification="confirmed", onset_at=NOON - DAY)
    told, hidden = (queries.delays_json(asked(cast, who))["seven_one_seven"][0] for who in ("he", "su"))
    assert (told["cases"], told["intervals"]["detect"]["state"]) == (2, "met")
    assert (hidden["cases"], hidden["left_out"], hidden["intervals"]) == (None, True, {})


@database
def test_facts_about_few_cases_are_told_to_who_sees_cases_alone(five: Cast) -> None:
    first = Case.objects.order_by("pk")[0]
    for row in Case.objects.exclude(pk=first.pk):
        actions.set_dates(row, detected_at=NOON + 2 * HOUR, by=five.by("he"), at=NOON + 9 * HOUR)
    told, hidden = (queries.delays_json(asked(five, who))["seven_one_seven"][0] for who in ("he", "su"))
    assert [fact["of"] for fact in told["bottlenecks"]] == [1, 1, 1]
    assert (hidden["cases"], hidden["bottlenecks"]) == (5, [])


@database
def test_the_clock_of_tests_is_a_leg(five: Cast) -> None:
    from shouwang.cases.laboratory.models import Test

    case = Case.objects.order_by("pk")[0]
    Test.objects.create(
        person=case.person, case=case, purpose="case", method="pcr", disease=case.disease, ordered_at=NOON,
        resulted_at=NOON + 6 * HOUR, state="resulted", purge_on=NOON.date(),
    )  # fmt: skip
    test = asked(five, "he").whole.delays["test"]
    assert (test.known, test.total, test.missing) == (1, 5, 4)


@database
def test_page_file_and_api(five: Cast, client: Any, noon: Any) -> None:
    noon.shift(9 * HOUR)
    client.force_login(five.account["su"])
    page = client.get("/cases/delays/")
    text = page.content.decode()
    assert page.status_code == 200
    assert "3.0, 5.0" in text
    assert "林晓" not in text
    assert "Frieden" in text
    assert client.get("/cases/delays/?first=2026-03-02&last=2026-03-01").status_code == 422
    assert client.get("/cases/delays/file/?first=2026-03-02&last=2026-03-01").status_code == 400
    file = client.get("/cases/delays/file/?first=2026-02-16&last=2026-03-02")
    book = load_workbook(io.BytesIO(b"".join(file.streaming_content)))
    assert len(book.sheetnames) == 3
    assert "林晓" not in str([cell for sheet in book for row in sheet.values for cell in row])
    entry = AuditEntry.objects.get(verb="case.delays_exported")
    assert entry.new is not None and entry.new["rows"] > 6
    client.force_login(five.account["gu"])
    assert client.get("/cases/delays/").status_code == 403


@database
def test_an_empty_page_says_so(cast: Cast, client: Any) -> None:
    client.force_login(cast.account["su"])
    assert client.get("/cases/delays/").status_code == 200
