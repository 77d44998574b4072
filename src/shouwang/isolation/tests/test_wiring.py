"""What the rooms below say, and what follows: through their own actions and `web/wiring.py`."""

from __future__ import annotations

from datetime import date, timedelta

from shouwang.cases.actions import set_dates
from shouwang.checkins.models import Monitoring
from shouwang.isolation.models import Order
from shouwang.isolation.tests.scenes import make_case, make_contact
from shouwang.org.tests.cast import NOON, Cast
from shouwang.tracing.actions.contacts import confirm, dismiss, reconsider


def test_a_tracer_confirms_and_the_contact_is_ordered_then_dismissed_and_free(cast: Cast) -> None:
    case, tracer = make_case(cast, "lin"), cast.by("qiu")
    contact = make_contact(cast, case, "wang", state="candidate")
    confirm(contact, by=tracer, at=NOON)
    order = Order.objects.get()
    assert (order.person, order.state, order.ends_on) == (cast.person["wang"], "served", date(2026, 3, 15))
    assert Monitoring.objects.filter(reference=order.number, person=cast.person["wang"]).exists()
    confirm(contact, by=tracer, at=NOON)
    assert Order.objects.count() == 1
    dismiss(contact, reason="当日请假离校", by=tracer, at=NOON + timedelta(hours=1))
    order.refresh_from_db()
    assert (order.state, order.end_code) == ("withdrawn", "dismissed")


def test_a_decision_taken_back_frees_too(cast: Cast) -> None:
    contact = make_contact(cast, make_case(cast, "lin"), "wang", state="candidate")
    confirmed = confirm(contact, by=cast.by("qiu"), at=NOON)
    reconsider(confirmed, reason="证据有误", by=cast.by("qiu"), at=NOON)
    assert Order.objects.get().state == "withdrawn"


def test_a_corrected_date_moves_the_end_counted_from_it(cast: Cast) -> None:
    case = make_case(cast, "lin", pack="influenza-seasonal", onset_at=NOON - timedelta(days=2))
    clinic = cast.by("he")
    from shouwang.isolation.actions import order_for_case

    order = order_for_case(case, by=clinic, at=NOON)
    assert order is not None and order.ends_on == date(2026, 3, 7)
    set_dates(case, onset_at=NOON - timedelta(days=1), by=clinic, at=NOON)
    order.refresh_from_db()
    assert order.ends_on == date(2026, 3, 8)


def test_the_same_code_isolates_for_every_pack_and_only_the_pack_differs(cast: Cast) -> None:
    from shouwang.isolation.actions import order_for_case

    for pack, days in (("covid19-2020-6", 14), ("influenza-seasonal", 7)):
        case = make_case(cast, "zhao", pack=pack, onset_at=NOON)
        order = order_for_case(case, by=cast.by("he"), at=NOON)
        assert order is not None and (order.ends_on - NOON.date()).days == days
        Order.objects.all().delete()
