"""Reading, objecting, answering, releasing."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from shouwang.checkins.models import Monitoring
from shouwang.core.errors import BadInput, Conflict, Forbidden
from shouwang.core.models import AuditEntry
from shouwang.isolation import actions, queries
from shouwang.isolation.models import Order
from shouwang.isolation.tests.scenes import check_in, healthy_days, make_case, make_contact
from shouwang.org.tests.cast import NOON, Cast

OVER = NOON + timedelta(days=14)  # 16 March, the day after the last day


@pytest.fixture
def order(cast: Cast) -> Order:
    found = actions.order_for_contact(make_contact(cast, make_case(cast, "lin"), "wang"), by=cast.by("qiu"), at=NOON)
    assert found is not None
    return found


def unmet(order: Order, at: datetime) -> set[str]:
    return {reason.code for reason in queries.review(order, at).unmet}


def test_only_the_person_acknowledges_and_twice_is_once(cast: Cast, order: Order) -> None:
    for name in ("he", "qiu", "lin"):
        with pytest.raises(Forbidden):
            actions.acknowledge(order, by=cast.by(name), at=NOON)
    actions.acknowledge(order, by=cast.by("wang"), at=NOON)
    actions.acknowledge(order, by=cast.by("wang"), at=NOON + timedelta(hours=1))
    assert (order.state, order.acknowledged_at) == ("acknowledged", NOON)
    assert AuditEntry.objects.filter(verb="order.acknowledged").count() == 1


def test_released_by_rule_after_the_last_day(cast: Cast, order: Order) -> None:
    healthy_days(cast, "wang", date(2026, 3, 3), date(2026, 3, 15))
    assert unmet(order, OVER) == set()
    actions.assign_room(order, cast.place["ISO-1"], by=cast.by("he"), at=NOON)
    decision = actions.end_order(order, reason="", by=cast.by("he"), at=OVER)
    assert decision.allowed
    assert (order.state, order.end_code, order.ended_at) == ("ended", "by_rule", OVER)
    assert order.stays.get().ends_at == OVER
    assert queries.free_beds(OVER).free == 2
    assert Monitoring.objects.get(reference=order.number).ends <= date(2026, 3, 16)
    entry = AuditEntry.objects.get(verb="order.ended")
    assert (entry.subject, entry.label) == (cast.person["wang"].pk, "he")


def test_early_only_with_a_reason(cast: Cast, order: Order) -> None:
    healthy_days(cast, "wang", date(2026, 3, 3), date(2026, 3, 6))
    early = NOON + timedelta(days=4, hours=10)
    with pytest.raises(BadInput) as refusal:
        actions.end_order(order, reason="  ", by=cast.by("he"), at=early)
    assert refusal.value.error_code == "release_reason"
    assert refusal.value.data["unmet"] == ["term"]
    order.refresh_from_db()
    assert order.in_force
    actions.end_order(order, reason="专家组会诊后提前解除", by=cast.by("he"), at=early)
    assert (order.state, order.end_code, order.end_reason) == ("ended", "by_decision", "专家组会诊后提前解除")


def test_a_fever_in_the_last_checks_holds_back_by_the_pack_threshold(cast: Cast, order: Order) -> None:
    healthy_days(cast, "wang", date(2026, 3, 3), date(2026, 3, 15))
    fever = check_in(cast, "wang", NOON + timedelta(days=13, hours=10), temperature="37.3")
    assert unmet(order, OVER) == {"no_fever"}
    fever.temperature_c = Decimal("37.2")
    fever.save()
    assert unmet(order, OVER) == set()


def test_checks_before_the_order_do_not_count(cast: Cast, order: Order) -> None:
    healthy_days(cast, "wang", date(2026, 2, 20), date(2026, 3, 1))
    assert {"last_day", "enough_checks"} <= unmet(order, OVER)


def test_ending_twice_is_a_conflict(cast: Cast, order: Order) -> None:
    actions.end_order(order, reason="提前解除", by=cast.by("he"), at=NOON)
    with pytest.raises(Conflict):
        actions.end_order(order, reason="提前解除", by=cast.by("he"), at=NOON)


@pytest.mark.parametrize("name", ["fang", "qiu", "su", "wang"])
def test_only_who_manages_isolation_ends(cast: Cast, order: Order, name: str) -> None:
    with pytest.raises(Forbidden):
        actions.end_order(order, reason="我想回去", by=cast.by(name), at=OVER)


def test_an_objection_is_reworded_until_answered_and_then_kept(cast: Cast, order: Order) -> None:
    wang, clinic = cast.by("wang"), cast.by("he")
    actions.object_to(order, text="那天我不在宿舍", by=wang, at=NOON)
    objection = actions.object_to(order, text="那天我不在宿舍，在家", by=wang, at=NOON + timedelta(minutes=5))
    assert order.objections.count() == 1
    with pytest.raises(Forbidden):
        actions.answer_objection(order, text="同意", by=cast.by("qiu"), at=NOON)
    answered = actions.answer_objection(order, text="已核对门禁记录", by=clinic, at=NOON + timedelta(hours=1))
    assert answered == objection
    with pytest.raises(Conflict):
        actions.answer_objection(order, text="再答", by=clinic, at=NOON)
    actions.object_to(order, text="还是不对", by=wang, at=NOON + timedelta(hours=2))
    assert [row.text for row in order.objections.all()] == ["还是不对", "那天我不在宿舍，在家"]
    spoken = [str(entry.new) for entry in AuditEntry.objects.filter(kind="order")]
    assert not any("宿舍" in text for text in spoken)  # the words stay where they were written


@pytest.mark.parametrize("text", ["", "   ", "长" * 2001])
def test_an_objection_needs_words_within_bounds(cast: Cast, order: Order, text: str) -> None:
    with pytest.raises(BadInput):
        actions.object_to(order, text=text, by=cast.by("wang"), at=NOON)
    assert not order.objections.exists()


def test_nobody_objects_for_another(cast: Cast, order: Order) -> None:
    with pytest.raises(Forbidden):
        actions.object_to(order, text="替他说", by=cast.by("he"), at=NOON)


def test_who_served_the_order_answers_only_with_a_reason(cast: Cast, order: Order) -> None:
    Order.objects.filter(pk=order.pk).update(served_by=cast.account["he"])
    order.refresh_from_db()
    actions.object_to(order, text="那天我不在宿舍", by=cast.by("wang"), at=NOON)
    with pytest.raises(BadInput) as refusal:
        actions.answer_objection(order, text="已核对", by=cast.by("he"), at=NOON)
    assert (refusal.value.error_code, refusal.value.field) == ("answered_by_server", "same_reason")
    assert not order.objections.filter(answered_at__isnull=False).exists()
    done = actions.answer_objection(order, text="已核对", same_reason="值班只有一人", by=cast.by("he"), at=NOON)
    assert done.same_reason == "值班只有一人"
    entry = AuditEntry.objects.get(verb="order.objection_answered")
    assert entry.new == {"objection": done.pk, "served_it_too": True}


def test_somebody_else_needs_no_reason(cast: Cast, order: Order) -> None:
    Order.objects.filter(pk=order.pk).update(served_by=cast.account["qiu"])
    order.refresh_from_db()
    actions.object_to(order, text="那天我不在宿舍", by=cast.by("wang"), at=NOON)
    done = actions.answer_objection(order, text="已核对", same_reason="无", by=cast.by("he"), at=NOON)
    assert done.same_reason == ""
