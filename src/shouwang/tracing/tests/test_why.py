"""Explained for any person: why a contact, why not, and the arithmetic."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.cases.models import Case
from shouwang.core.errors import NotFound
from shouwang.org.tests.cast import NOON, Cast
from shouwang.tracing import actions
from shouwang.tracing.queries import catalogue, rulebook, saying, why
from shouwang.tracing.queries.why import Why
from shouwang.tracing.rules.closeness import DAY, Row, stretches, weigh
from shouwang.tracing.tests.conftest import union_length


def _why(case: Case, cast: Cast, name: str) -> Why:
    found = why.explain_person(cast.by("qiu"), case, cast.person[name], at=NOON)
    json.dumps(saying.why_json(found), default=str)
    return found


def test_a_contact_with_every_condition(traced: Case, cast: Cast) -> None:
    zhao = _why(traced, cast, "zhao")
    assert (zhao.verdict, zhao.grade, zhao.seconds, zhao.meetings, zhao.distance) == (
        "contact",
        "close",
        6000,
        1,
        "room",
    )
    said = [(check.grade, check.seconds, check.needed, check.word) for check in zhao.checks]
    assert said == [
        ("close", 0, 60, "kind"), ("close", 6000, 2400, "holds"), ("close", 0, 900, "record"),
        ("general", 6000, 0, "holds"),
    ]  # fmt: skip
    assert len(zhao.encounters) == 1 and zhao.last_exposure == zhao.encounters[0].end


def test_why_only_general(traced: Case, cast: Cast) -> None:
    ou = _why(traced, cast, "ou")
    assert (ou.verdict, ou.grade, ou.seconds) == ("contact", "general", 900)
    assert [check.word for check in ou.checks] == ["kind", "kind", "record", "holds"]


def test_why_not(traced: Case, cast: Cast) -> None:
    verdicts = {name: _why(traced, cast, name).verdict for name in ("lin", "fang")}
    assert verdicts == {"lin": "self", "fang": "no_records"}
    traced.isolated_at = NOON - timedelta(hours=28)  # Sunday at eight, when the lesson began
    traced.save()
    zhao = _why(traced, cast, "zhao")
    assert (zhao.verdict, zhao.grade) == ("outside_window", "")
    assert zhao.outside is not None and (zhao.outside.encounters, zhao.outside.seconds) == (1, 6000)
    ou = saying.why_json(_why(traced, cast, "ou"))
    assert ou["outside"]["nearest"].isoformat() == "2026-03-01"
    assert "encounters" in ou["outside"] and "place" not in ou["outside"]


def test_an_edition_without_contacts(traced: Case, cast: Cast) -> None:
    actions.apply_rule(traced, "covid19-cn-10", reason="乙类乙管", by=cast.by("qiu"), at=NOON)
    zhao = _why(traced, cast, "zhao")
    assert (zhao.verdict, zhao.grade, zhao.checks) == ("not_determined", "", [])


def test_the_second_ring_is_explained_by_its_link(traced: Case, cast: Cast) -> None:
    actions.apply_rule(traced, "covid19-cn-9", reason="第九版", by=cast.by("qiu"), at=NOON)
    ou = _why(traced, cast, "ou")
    assert (ou.verdict, ou.grade) == ("contact", "secondary")
    assert [(link.person.name, link.seconds, link.holds) for link in ou.links] == [("赵宁", 8 * 3600, True)]


def test_a_close_contact_is_asked_nothing_further(traced: Case, cast: Cast) -> None:
    actions.apply_rule(traced, "covid19-cn-9", reason="第九版", by=cast.by("qiu"), at=NOON)
    assert _why(traced, cast, "meng").links == []


def test_missing_days_are_said(traced: Case, cast: Cast) -> None:
    # The window begins on 28 February at six; that day is built, and every later one.
    assert _why(traced, cast, "fang").days_missing == []
    actions.apply_rule(traced, "covid19-cn-8", reason="第八版", by=cast.by("qiu"), at=NOON)
    assert [day.isoformat() for day in _why(traced, cast, "fang").days_missing] == ["2026-02-26", "2026-02-27"]


def test_the_weight_is_hours_times_place_times_infectiousness(traced: Case, cast: Cast) -> None:
    assert _why(traced, cast, "zhao").weighed is None  # the pack's own rule names no weights
    actions.apply_rule(traced, "covid19-cn-9", reason="第九版", by=cast.by("qiu"), at=NOON)
    found = _why(traced, cast, "zhao").weighed
    assert found is not None
    # Sunday 08:00-09:40 in one room, onset Monday 06:00: within the last 24 hours before onset.
    (term,) = found.terms
    weights = rulebook.weights_of(catalogue.get_edition("covid19-cn-9"))
    assert weights is not None and term.infectious == weights.of_day(-1)
    assert term.place is not None and term.infectious is not None and term.day == -1
    assert found.total == pytest.approx(6000 / 3600 * 0.5 * term.infectious.factor)
    assert term.infectious.source == "he-2020"


ROWS = st.lists(
    st.tuples(st.integers(-1, 3), st.integers(-2 * DAY, 2 * DAY), st.integers(1, DAY)).map(
        lambda row: (row[0], row[1], row[1] + row[2])
    ),
    max_size=12,
)
KINDS = {0: "dorm_room", 1: "classroom", 2: "canteen", 3: "unheard_of"}


@given(ROWS)
def test_every_second_is_weighed_once(rows: list[Row]) -> None:
    weights = rulebook.weights_of(catalogue.get_edition("covid19-cn-9"))
    assert weights is not None
    found = weigh(rows, KINDS, weights, 0)
    union = union_length((start, end) for _place, start, end in rows)
    assert sum(term.seconds for term in found.terms) == union
    assert 0 <= found.total <= union / 3600 + 1e-9
    assert found.unknown_seconds == sum(term.seconds for term in found.terms if term.product is None)
    assert sum(end - start for start, end in stretches(rows, 0)) == union


def test_who_may_ask(traced: Case, cast: Cast) -> None:
    with pytest.raises(NotFound):
        why.explain_person(cast.by("fang"), traced, cast.person["wang"], at=NOON)
    with pytest.raises(NotFound):
        why.case_named(cast.by("xu"), traced.number)
    with pytest.raises(NotFound):
        why.person_to_explain(cast.by("xu"), traced, "2023019999")
    assert why.person_to_explain(cast.by("qiu"), traced, "T0001") == cast.person["fang"]
    traced.closed_at = NOON
    traced.save()
    with pytest.raises(NotFound):
        why.explain_person(cast.by("qiu"), traced, cast.person["wang"], at=NOON)
