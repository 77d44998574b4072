"""Who sees what: the counsellor sees an absence, never why; nobody sees other units; the report sees numbers."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from shouwang.core import clock
from shouwang.core.errors import NotFound
from shouwang.isolation import actions, queries
from shouwang.isolation.models import Order
from shouwang.isolation.queries import DeskFilter
from shouwang.isolation.tests.scenes import check_in, healthy_days, make_case, make_contact
from shouwang.org.actions import grant_role
from shouwang.org.tests.cast import NOON, Cast


@pytest.fixture
def orders(cast: Cast) -> dict[str, Order]:
    """Wang and Ou are contacts of Lin, who is isolated."""
    case = make_case(cast, "lin")
    isolation = actions.order_for_case(case, by=cast.by("he"), at=NOON)
    assert isolation is not None
    found = {"lin": isolation}
    for name in ("wang", "ou"):
        order = actions.order_for_contact(make_contact(cast, case, name), by=cast.by("qiu"), at=NOON)
        assert order is not None
        found[name] = order
    return found


def test_health_content_is_for_clinic_and_tracer_alone(cast: Cast, orders: dict[str, Order]) -> None:
    seeing = {name for name in cast.account if queries.visible_orders(cast.by(name)).exists()}
    assert seeing == {"he", "qiu"}
    for name in ("fang", "su", "tang", "deng", "wang", "admin"):
        with pytest.raises(NotFound):
            queries.order_for(cast.by(name), orders["wang"].pk)


def test_one_reads_ones_own_order_and_no_other(cast: Cast, orders: dict[str, Order]) -> None:
    wang = cast.by("wang")
    assert queries.own_order(wang, orders["wang"].pk) == orders["wang"]
    assert queries.my_order(wang) == orders["wang"]
    with pytest.raises(NotFound):
        queries.own_order(wang, orders["lin"].pk)


def test_absences_stay_within_the_unit_and_name_no_reason(cast: Cast, orders: dict[str, Order]) -> None:
    day = clock.local_day(NOON)
    assert [person.name for person in queries.absences(cast.by("fang"), on=day)] == ["林晓", "王蕾"]
    assert [person.name for person in queries.absences(cast.by("xu"), on=day)] == ["欧阳静"]
    assert not queries.absences(cast.by("lin"), on=day).exists()
    assert not queries.absences(cast.by("tang"), on=day).exists()
    row = queries.absences_page(cast.by("xu"), None, at=NOON).rows[0]
    assert (row.since, row.until) == (date(2026, 3, 2), date(2026, 3, 15))


def test_two_orders_of_one_person_are_one_absence_with_the_longer_end(cast: Cast, orders: dict[str, Order]) -> None:
    flu = make_case(cast, "wang", pack="influenza-seasonal")
    actions.order_for_case(flu, by=cast.by("he"), at=NOON)
    rows = [(row.person.name, row.until) for row in queries.absences_page(cast.by("fang"), None, at=NOON).rows]
    assert rows == [("林晓", date(2026, 3, 16)), ("王蕾", date(2026, 3, 15))]


def test_a_clinic_of_one_college_sees_its_own_and_counts_others_in_rooms(cast: Cast, orders: dict[str, Order]) -> None:
    actions.assign_room(orders["ou"], cast.place["ISO-1"], by=cast.by("he"), at=NOON)
    from shouwang.core.scope import system_actor

    grant_role(
        cast.account["fang"], role="clinic", organisation=cast.org["IE"], since=date(2026, 1, 1),
        by=system_actor(), at=NOON,
    )  # fmt: skip
    fang = cast.by("fang")
    assert {order.person.name for order in queries.visible_orders(fang)} == {"林晓", "王蕾"}
    [facility] = queries.rooms(fang, at=NOON)
    view = next(view for view in facility.rooms if view.room == cast.place["ISO-1"])
    assert (view.taken, view.guests, view.hidden, view.free) == (1, (), 1, 0)


def test_the_desk_shows_what_waits(cast: Cast, orders: dict[str, Order]) -> None:
    clinic = cast.by("he")
    actions.assign_room(orders["lin"], cast.place["ISO-1"], by=clinic, at=NOON)
    actions.object_to(orders["ou"], text="我不在", by=cast.by("ou"), at=NOON)
    actions.acknowledge(orders["ou"], by=cast.by("ou"), at=NOON)
    later = NOON + timedelta(days=3)  # 5 March: asked twice on the 4th
    check_in(cast, "wang", later - timedelta(days=1))
    healthy_days(cast, "ou", date(2026, 3, 4), date(2026, 3, 4))
    counts = queries.desk_counts(clinic, at=later)
    assert (counts.in_force, counts.unplaced, counts.due, counts.objections, counts.unread) == (3, 2, 0, 1, 2)
    assert counts.missed == 2  # Wang sent one of two, Lin none, Ou both

    def shown(show: str, at: object = later, **more: str) -> set[str]:
        rows = queries.desk(clinic, DeskFilter(show, **more), at=at)  # type: ignore[arg-type]
        return {order.person.name for order in rows}

    assert shown("missed") == {"林晓", "王蕾"}
    assert shown("unplaced") == {"王蕾", "欧阳静"}
    assert shown("objections") == {"欧阳静"}
    assert shown("in_force", kind="isolation") == {"林晓"}
    assert shown("in_force", q="王") == {"王蕾"}
    assert shown("in_force", q="q-2026-0002") == {"欧阳静"}
    assert shown("nonsense") == {"林晓", "王蕾", "欧阳静"}
    over = NOON + timedelta(days=14)
    assert shown("due", over) == {"王蕾", "欧阳静"}
    assert shown("ends_today", over) == {"林晓"}
    assert [order.person.name for order in queries.due_for_review(clinic, date(2026, 3, 16))] == ["王蕾", "欧阳静"]
    actions.end_order(orders["ou"], reason="解除", by=clinic, at=over)
    assert shown("past", over) == {"欧阳静"}


def test_figures_of_a_day_as_of_its_end(cast: Cast, orders: dict[str, Order]) -> None:
    everything = cast.by("su").ranges("report.view")
    college = cast.by("fang").ranges("report.view")
    today = NOON.date()
    figures = queries.day_figures(everything, today, NOON)
    assert (figures["quarantined"], figures["isolated"], figures["orders_served"]) == (2, 1, 3)
    assert (figures["unplaced"], figures["unread"], figures["due_for_review"]) == (3, 3, 0)
    assert queries.day_figures(college, today, NOON)["quarantined"] == 1
    assert queries.day_figures((), today, NOON)["quarantined"] == 0
    yesterday = queries.day_figures(everything, today - timedelta(days=1), NOON)
    assert (yesterday["quarantined"], yesterday["unplaced"]) == (0, None)
    actions.end_order(orders["ou"], reason="解除", by=cast.by("he"), at=NOON + timedelta(hours=1))
    later = NOON + timedelta(hours=2)
    assert queries.day_figures(everything, today, later)["quarantined"] == 1
    assert queries.day_figures(everything, today, later)["orders_ended"] == 1
    # what stood at noon still stood at noon
    assert queries.day_figures(everything, today, NOON)["quarantined"] == 2


@pytest.mark.parametrize("days", [1, -400])
def test_figures_that_nobody_can_know_are_none(cast: Cast, orders: dict[str, Order], days: int) -> None:
    figures = queries.day_figures(cast.by("su").ranges("report.view"), NOON.date() + timedelta(days=days), NOON)
    assert set(figures.values()) == {None}
