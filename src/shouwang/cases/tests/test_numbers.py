"""Numbers for who may see numbers: the epi curve and the day's figures."""

from __future__ import annotations

from datetime import date

import pytest

from shouwang.cases import actions, home, queries
from shouwang.cases.tests.builders import DAY, FLU, HOUR, opened
from shouwang.core.errors import BadInput, Forbidden
from shouwang.core.tree import EVERYTHING, subtree
from shouwang.org.models import Grant
from shouwang.org.tests.cast import NOON, Cast

TODAY = date(2026, 3, 2)
ALL = (EVERYTHING,)


def test_cases_stand_at_their_day_of_onset(cast: Cast) -> None:
    opened(cast, "lin", classification="confirmed", onset_at=NOON - DAY)
    opened(cast, "wang", onset_at=NOON - DAY, onset_day_only=True)
    opened(cast, "zhao", classification="confirmed")
    opened(cast, "ou", classification="asymptomatic")
    opened(cast, "meng", pack=FLU, classification="confirmed", onset_at=NOON - DAY)
    gone = opened(cast, "fang", onset_at=NOON - DAY)
    actions.classify(gone, new="discarded", reason="阴性", by=cast.by("he"), at=NOON)
    curve = queries.epi_curve(ALL, date(2026, 2, 28), TODAY, queries.CurveOf(disease="covid19"))
    assert curve.days == (date(2026, 2, 28), date(2026, 3, 1), TODAY)
    assert curve.series["confirmed"] == (0, 1, 0)
    assert curve.series["suspected"] == (0, 1, 0)
    assert (curve.missing, curve.without_symptoms, curve.total) == (1, 1, 4)
    assert queries.epi_curve(ALL, TODAY - DAY, TODAY).series["confirmed"] == (2, 0)


def test_the_curve_keeps_to_its_ranges(cast: Cast) -> None:
    opened(cast, "lin", onset_at=NOON - DAY)
    opened(cast, "ou", onset_at=NOON - DAY)
    curve = queries.epi_curve((subtree(cast.org["FL"].path),), TODAY - DAY, TODAY)
    assert curve.total == 1
    assert queries.epi_curve((), TODAY - DAY, TODAY).total == 0


def test_an_evening_onset_belongs_to_the_local_day(cast: Cast) -> None:
    opened(cast, "lin", onset_at=NOON - 13 * HOUR)  # 1 March 23:00 in Shanghai
    assert queries.epi_curve(ALL, date(2026, 3, 1), TODAY).series["suspected"] == (1, 0)


@pytest.mark.parametrize("first, last", [(TODAY, date(2026, 3, 1)), (date(2020, 1, 1), TODAY)])
def test_senseless_days_are_refused(db: None, first: date, last: date) -> None:
    with pytest.raises(BadInput):
        queries.epi_curve(ALL, first, last)


def test_leader_sees_the_curve_student_does_not(cast: Cast) -> None:
    opened(cast, "lin", onset_at=NOON - DAY)
    assert queries.curve_for(cast.by("tang"), TODAY - DAY, TODAY).total == 1
    assert queries.curve_for(cast.by("fang"), TODAY - DAY, TODAY).total == 1
    with pytest.raises(Forbidden):
        queries.curve_for(cast.by("lin"), TODAY - DAY, TODAY)


def test_a_curve_of_two_people_is_shown_to_who_sees_cases_only(cast: Cast) -> None:
    opened(cast, "ou", onset_at=NOON - DAY)
    with pytest.raises(Forbidden) as refusal:
        queries.curve_for(cast.by("xu"), TODAY - DAY, TODAY)
    assert refusal.value.error_code == "group_small"
    assert home.curve_card(cast.by("xu")) is None
    assert home.curve_card(cast.by("fang")) is not None
    Grant.objects.filter(account=cast.account["he"]).update(organisation=cast.org["FL"])
    assert queries.curve_for(cast.by("he"), TODAY - DAY, TODAY).total == 1


def test_figures_of_a_day_as_it_ended(cast: Cast) -> None:
    clinic = cast.by("he")
    lin = opened(cast, "lin", at=NOON - DAY)
    wang = opened(cast, "wang", at=NOON - DAY)
    opened(cast, "ou", classification="asymptomatic")
    actions.classify(lin, new="confirmed", reason="阳性", by=clinic, at=NOON)
    actions.classify(wang, new="discarded", reason="阴性", by=clinic, at=NOON)
    yesterday = queries.day_figures(ALL, date(2026, 3, 1), NOON)
    assert {key: value for key, value in yesterday.items() if value} == {
        "cases_open": 2, "cases_suspected": 2, "cases_new": 2, "cases_onset_unknown": 2,
        "clocks_running": 2, "clocks_late": 4,
    }  # fmt: skip
    today = queries.day_figures(ALL, TODAY, NOON)
    assert {key: value for key, value in today.items() if value} == {
        "cases_open": 2, "cases_confirmed": 1, "cases_asymptomatic": 1, "cases_new": 1, "cases_confirmed_new": 1,
        "cases_discarded_new": 1, "cases_onset_unknown": 1, "clocks_running": 3, "clocks_late": 3,
    }  # fmt: skip
    assert today["cases_probable"] == 0


def test_a_day_that_has_not_begun_has_no_numbers(cast: Cast) -> None:
    figures = queries.day_figures(ALL, date(2026, 3, 3), NOON)
    assert set(figures.values()) == {None}
    assert figures.keys() == queries.day_figures(ALL, TODAY, NOON).keys()


def test_closing_counts_on_its_day(cast: Cast) -> None:
    case = opened(cast, classification="confirmed", at=NOON - DAY)
    actions.close_case(case, reason="治愈", by=cast.by("he"), at=NOON)
    assert queries.day_figures(ALL, TODAY, NOON)["cases_closed_new"] == 1
    assert queries.day_figures(ALL, TODAY, NOON)["cases_open"] == 0
    assert queries.day_figures(ALL, date(2026, 3, 1), NOON)["cases_open"] == 1


def test_query_counts(cast: Cast, django_assert_max_num_queries: object) -> None:
    opened(cast)
    with django_assert_max_num_queries(5):  # type: ignore[operator]
        queries.day_figures(ALL, TODAY, NOON)
    with django_assert_max_num_queries(2):  # type: ignore[operator]
        queries.epi_curve(ALL, TODAY - DAY, TODAY)


def test_a_curve_by_day_of_report_and_of_confirmation(cast: Cast) -> None:
    case = opened(cast, "lin", classification="confirmed", onset_at=NOON - 3 * DAY)
    opened(cast, "ou", onset_at=NOON - DAY)
    actions.set_dates(case, reported_at=NOON, by=cast.by("he"), at=NOON)
    reported = queries.epi_curve(ALL, TODAY - DAY, TODAY, queries.CurveOf(kind="reported"))
    assert reported.series["confirmed"] == (0, 1)
    assert (reported.missing, reported.without_symptoms, reported.total) == (1, 0, 2)
    confirmed = queries.epi_curve(ALL, TODAY - DAY, TODAY, queries.CurveOf(kind="confirmed"))
    assert confirmed.series["confirmed"] == (0, 1) and confirmed.total == 1


def test_a_curve_of_a_class_a_unit_a_place(cast: Cast) -> None:
    opened(cast, "lin", classification="confirmed", onset_at=NOON - DAY)
    opened(cast, "ou", onset_at=NOON - DAY)
    by = cast.by("he")
    for words, total in (
        ({"classification": "suspected"}, 1), ({"unit": "IE"}, 1), ({"unit": "WCU"}, 2), ({"place": "D1"}, 2),
        ({"place": "D1-101"}, 1),
    ):  # fmt: skip
        assert queries.curve_for(by, TODAY - DAY, TODAY, queries.curve_of(by, **words)).total == total


def test_who_sees_no_cases_gets_no_curve_of_a_handful(cast: Cast) -> None:
    opened(cast, "lin", onset_at=NOON - DAY)
    by = cast.by("tang")
    for words in ({"unit": "CS2301"}, {"place": "D1-101"}):
        with pytest.raises(Forbidden):
            queries.curve_for(by, TODAY - DAY, TODAY, queries.curve_of(by, **words))


@pytest.mark.parametrize(
    "words", [{"kind": "born"}, {"classification": "discarded"}, {"unit": "NOWHERE"}, {"place": "NOWHERE"}]
)
def test_a_curve_by_what_there_is_not_is_refused(cast: Cast, words: dict[str, str]) -> None:
    with pytest.raises(BadInput) as caught:
        queries.curve_of(cast.by("he"), **words)
    assert caught.value.field in words
