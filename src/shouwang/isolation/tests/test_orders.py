"""From a confirmed contact to an order, and all that may happen to it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from shouwang.cases.actions import classify
from shouwang.checkins.models import Monitoring
from shouwang.core.errors import Conflict, Forbidden
from shouwang.core.models import AuditEntry
from shouwang.core.scope import system_actor
from shouwang.isolation import actions, queries
from shouwang.isolation.models import Order
from shouwang.isolation.tests.scenes import FLU, make_case, make_contact
from shouwang.org.tests.cast import NOON, Cast

TODAY = date(2026, 3, 2)


def verbs(order: Order) -> list[str]:
    rows = AuditEntry.objects.filter(kind="order", object=str(order.pk)).order_by("id")
    return [row.verb for row in rows]


def test_a_confirmed_close_contact_is_ordered_and_watched(cast: Cast) -> None:
    contact = make_contact(cast, make_case(cast, "lin"), "wang")
    order = actions.order_for_contact(contact, by=cast.by("qiu"), at=NOON)
    assert order is not None
    assert (order.number, order.kind, order.state, order.where) == ("Q-2026-0001", "quarantine", "served", "unassigned")
    assert (order.starts_on, order.ends_on) == (TODAY, date(2026, 3, 15))
    assert order.purge_on == date(2027, 3, 15)
    assert "林晓" not in order.because_zh and "T-0" not in order.because_zh
    watch = Monitoring.objects.get(reference="Q-2026-0001")
    assert (watch.person_id, watch.ends, watch.checks_per_day, watch.temperature_required) == (
        cast.person["wang"].pk, date(2026, 3, 15), 2, True,
    )  # fmt: skip
    entry = AuditEntry.objects.get(verb="order.served")
    assert (entry.subject, entry.label) == (cast.person["wang"].pk, "qiu")


def test_confirming_twice_changes_nothing(cast: Cast) -> None:
    contact = make_contact(cast, make_case(cast, "lin"), "wang")
    first = actions.order_for_contact(contact, by=cast.by("qiu"), at=NOON)
    again = actions.order_for_contact(contact, by=cast.by("qiu"), at=NOON + timedelta(hours=1))
    assert first == again and first is not None
    assert Order.objects.count() == 1 and first.grounds.count() == 1
    assert verbs(first) == ["order.served"]


def test_a_second_case_extends_the_order_and_must_be_read_anew(cast: Cast) -> None:
    first = actions.order_for_contact(make_contact(cast, make_case(cast, "lin"), "wang"), by=cast.by("qiu"), at=NOON)
    assert first is not None
    actions.acknowledge(first, by=cast.by("wang"), at=NOON)
    later = NOON + timedelta(days=3)
    contact = make_contact(cast, make_case(cast, "zhao"), "wang", last_at=later)
    again = actions.order_for_contact(contact, by=cast.by("qiu"), at=later)
    assert again == first and again is not None
    assert (again.ends_on, again.state, again.acknowledged_at) == (date(2026, 3, 19), "served", None)
    assert Monitoring.objects.get(reference=again.number).ends == date(2026, 3, 19)
    change = AuditEntry.objects.get(verb="order.changed")
    assert change.old is not None and change.new is not None
    assert (change.old["ends_on"], change.new["ends_on"]) == ("2026-03-15", "2026-03-19")


def test_an_earlier_second_exposure_does_not_shorten(cast: Cast) -> None:
    by = cast.by("qiu")
    order = actions.order_for_contact(make_contact(cast, make_case(cast, "lin"), "wang"), by=by, at=NOON)
    contact = make_contact(cast, make_case(cast, "zhao"), "wang", last_at=NOON - timedelta(days=5))
    again = actions.order_for_contact(contact, by=by, at=NOON)
    assert order == again and again is not None
    assert again.ends_on == date(2026, 3, 15) and again.grounds.count() == 2


def test_a_later_exposure_found_by_a_new_trace_extends(cast: Cast) -> None:
    case = make_case(cast, "lin")
    contact = make_contact(cast, case, "wang")
    actions.order_for_contact(contact, by=cast.by("qiu"), at=NOON)
    contact.last_at += timedelta(days=1)
    contact.save()
    [order] = actions.orders_for_contacts(case, by=cast.by("qiu"), at=NOON)
    assert order.ends_on == date(2026, 3, 16)


@pytest.mark.parametrize(
    ("pack", "grade", "days_ago", "why"),
    [
        ("covid19-2020-6", "general", 1, "grade"),
        (FLU, "close", 1, "grade"),
        ("covid19-2020-6", "close", 20, "term_over"),
    ],
)
def test_who_is_not_asked_and_why(cast: Cast, pack: str, grade: str, days_ago: int, why: str) -> None:
    case = make_case(cast, "lin", pack=pack)
    contact = make_contact(cast, case, "wang", grade=grade, last_at=NOON - timedelta(days=days_ago))
    assert actions.order_for_contact(contact, by=cast.by("qiu"), at=NOON) is None
    assert not Order.objects.exists()
    entry = AuditEntry.objects.get(verb="order.not_needed")
    assert entry.new is not None and entry.new["why"] == why


def test_only_confirmed_contacts(cast: Cast) -> None:
    contact = make_contact(cast, make_case(cast, "lin"), "wang", state="candidate")
    with pytest.raises(Conflict):
        actions.order_for_contact(contact, by=cast.by("qiu"), at=NOON)


def test_counsellor_cannot_order(cast: Cast) -> None:
    contact = make_contact(cast, make_case(cast, "lin"), "wang")
    with pytest.raises(Forbidden):
        actions.order_for_contact(contact, by=cast.by("fang"), at=NOON)
    assert not Order.objects.exists()


def test_dismissed_is_withdrawn_unless_another_ground_stands(cast: Cast) -> None:
    by = cast.by("qiu")
    first = make_contact(cast, make_case(cast, "lin"), "wang", last_at=NOON)
    second = make_contact(cast, make_case(cast, "zhao"), "wang", last_at=NOON - timedelta(days=4))
    order = actions.order_for_contact(first, by=by, at=NOON)
    actions.order_for_contact(second, by=by, at=NOON)
    actions.withdraw_for_contact(first, by=by, at=NOON)
    assert order is not None
    order.refresh_from_db()
    assert (order.state, order.ends_on) == ("served", date(2026, 3, 12))
    actions.withdraw_for_contact(second, by=by, at=NOON)
    order.refresh_from_db()
    assert (order.state, order.end_code) == ("withdrawn", "dismissed")
    assert verbs(order) == ["order.served", "order.changed", "order.changed", "order.withdrawn"]
    watch = Monitoring.objects.filter(reference=order.number).first()
    assert watch is None or watch.ends <= TODAY


def test_confirmed_again_after_dismissal_is_a_new_order(cast: Cast) -> None:
    by = cast.by("qiu")
    contact = make_contact(cast, make_case(cast, "lin"), "wang")
    actions.order_for_contact(contact, by=by, at=NOON)
    actions.withdraw_for_contact(contact, by=by, at=NOON)
    again = actions.order_for_contact(contact, by=by, at=NOON)
    assert again is not None and again.number == "Q-2026-0002"


def test_released_early_is_not_caught_again_by_the_same_contact(cast: Cast) -> None:
    contact = make_contact(cast, make_case(cast, "lin"), "wang")
    order = actions.order_for_contact(contact, by=cast.by("qiu"), at=NOON)
    assert order is not None
    actions.end_order(order, reason="检测阴性，专家组评估", by=cast.by("he"), at=NOON)
    assert actions.order_for_contact(contact, by=cast.by("qiu"), at=NOON) is None
    assert Order.objects.count() == 1


def test_a_case_is_isolated_and_leaves_quarantine_where_they_are(cast: Cast) -> None:
    clinic = cast.by("he")
    contact = make_contact(cast, make_case(cast, "lin"), "wang")
    quarantine = actions.order_for_contact(contact, by=cast.by("qiu"), at=NOON)
    assert quarantine is not None
    actions.assign_room(quarantine, cast.place["ISO-1"], by=clinic, at=NOON)
    later = NOON + timedelta(days=2)
    case = make_case(cast, "wang", detected_at=later)
    isolation = actions.order_for_case(case, by=clinic, at=later)
    assert isolation is not None
    quarantine.refresh_from_db()
    case.refresh_from_db()
    assert (quarantine.state, quarantine.end_code) == ("ended", "replaced")
    assert (isolation.number, isolation.kind, isolation.where) == ("I-2026-0001", "isolation", "facility")
    assert isolation.stays.get(ends_at=None).room == cast.place["ISO-1"]
    assert case.isolated_at == NOON
    # apart since the 2nd, found on the 4th: fourteen days from the 4th
    isolation.refresh_from_db()
    assert (isolation.ends_on, isolation.rule) == (date(2026, 3, 18), "isolation/detected+14d")
    assert queries.free_beds(later).taken == 1


def test_a_case_of_the_same_disease_is_no_longer_asked_as_a_contact(cast: Cast) -> None:
    actions.order_for_case(make_case(cast, "wang"), by=cast.by("he"), at=NOON)
    contact = make_contact(cast, make_case(cast, "lin"), "wang")
    assert actions.order_for_contact(contact, by=cast.by("qiu"), at=NOON) is None
    assert Order.objects.get().kind == "isolation"


def test_discarding_frees_the_person_and_all_contacts_and_restores_what_others_say(cast: Cast) -> None:
    clinic = cast.by("he")
    actions.order_for_contact(make_contact(cast, make_case(cast, "lin"), "wang"), by=cast.by("qiu"), at=NOON)
    mistaken = make_case(cast, "wang")
    actions.order_for_case(mistaken, by=clinic, at=NOON)
    zhao = make_contact(cast, mistaken, "zhao")
    actions.order_for_contact(zhao, by=cast.by("qiu"), at=NOON)
    mistaken.classification = "discarded"
    mistaken.save()
    actions.order_for_case(mistaken, by=clinic, at=NOON)
    states = {(o.person.name, o.kind, o.state, o.end_code) for o in Order.objects.select_related("person")}
    assert states == {
        ("王蕾", "quarantine", "ended", "replaced"),
        ("王蕾", "isolation", "withdrawn", "discarded"),
        ("王蕾", "quarantine", "served", ""),  # Lin's case still says so
        ("赵宁", "quarantine", "withdrawn", "discarded"),
    }


def test_an_isolation_counted_from_service_keeps_its_day(cast: Cast) -> None:
    case = make_case(cast, "lin")
    clinic = cast.by("he")
    first = actions.order_for_case(case, by=clinic, at=NOON)
    again = actions.order_for_case(case, by=clinic, at=NOON + timedelta(days=5))
    assert first == again and again is not None and again.ends_on == date(2026, 3, 16)


def test_placing_a_case_stops_its_isolation_clock(cast: Cast) -> None:
    case = make_case(cast, "lin")
    clinic = cast.by("he")
    order = actions.order_for_case(case, by=clinic, at=NOON)
    assert order is not None
    actions.stay_home(order, "东苑家属楼 3-201", by=clinic, at=NOON + timedelta(hours=2))
    case.refresh_from_db()
    assert case.isolated_at == NOON + timedelta(hours=2)


def test_numbers_have_no_gaps_and_begin_again_each_year(cast: Cast) -> None:
    by = system_actor()
    case = make_case(cast, "lin")
    for name in ("wang", "zhao", "ou"):
        actions.order_for_contact(make_contact(cast, case, name), by=by, at=NOON)
    late = NOON.replace(year=2027)
    actions.order_for_contact(make_contact(cast, case, "meng", last_at=late), by=by, at=late)
    assert sorted(Order.objects.values_list("number", flat=True)) == [
        "Q-2026-0001", "Q-2026-0002", "Q-2026-0003", "Q-2027-0001",
    ]  # fmt: skip


def test_a_real_classification_flows_through_the_wiring(cast: Cast) -> None:
    case = make_case(cast, "lin", classification="suspected")
    assert not Order.objects.exists()
    classify(case, new="confirmed", reason="核酸阳性", by=cast.by("he"), at=NOON)
    order = Order.objects.get()
    assert (order.kind, order.person, order.case) == ("isolation", cast.person["lin"], case)
    classify(case, new="discarded", reason="复检阴性", by=cast.by("he"), at=NOON + timedelta(hours=3))
    order.refresh_from_db()
    assert (order.state, order.end_code) == ("withdrawn", "discarded")
