"""Contacts who need not stay apart are followed until the last day; what only a person sees a person confirms."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from django.urls import reverse

from shouwang.checkins.models import Monitoring
from shouwang.core.actions import keep_version
from shouwang.core.errors import BadInput
from shouwang.core.packs import SHIPPED, get_pack
from shouwang.isolation import actions, queries
from shouwang.isolation.models import Order
from shouwang.isolation.tests.scenes import check_in, healthy_days, make_case, make_contact
from shouwang.org.tests.cast import NOON, Cast
from shouwang.tracing import actions as tracing
from shouwang.tracing.models import FollowUp

if TYPE_CHECKING:
    from pytest_django import Settings


def test_a_contact_of_measles_is_followed_for_21_days_and_stays_nowhere(cast: Cast) -> None:
    contact = make_contact(cast, make_case(cast, "lin", pack="measles-school"), "wang", state="candidate")
    tracing.confirm(contact, by=cast.by("qiu"), at=NOON)
    assert not Order.objects.exists()
    followed = FollowUp.objects.get(person=cast.person["wang"])
    assert (followed.starts_on, followed.ends_on) == (date(2026, 3, 2), date(2026, 3, 1) + timedelta(days=21))
    spell = Monitoring.objects.get(reference=followed.reference)
    assert (spell.checks_per_day, spell.temperature_required, spell.ends) == (1, True, followed.ends_on)


def test_nobody_is_followed_by_another_grade_or_past_the_last_day(cast: Cast) -> None:
    case = make_case(cast, "lin", pack="measles-school")
    general = make_contact(cast, case, "wang", grade="general", state="candidate")
    late = make_contact(cast, case, "deng", last_at=NOON - timedelta(days=30), state="candidate")
    for contact in (general, late):
        tracing.confirm(contact, by=cast.by("qiu"), at=NOON)
    assert not Monitoring.objects.exists() and not FollowUp.objects.exists()


def test_chickenpox_is_released_when_somebody_has_seen_the_crusts(cast: Cast) -> None:
    case = make_case(cast, "lin", pack="varicella-school", onset_at=NOON)
    order = actions.order_for_case(case, by=cast.by("he"), at=NOON)
    assert order is not None
    assert order.ends_on == date(2026, 3, 16)
    healthy_days(cast, "lin", date(2026, 3, 14), date(2026, 3, 16))
    over = NOON + timedelta(days=15)
    decision = queries.review(order, over)
    assert decision.waits_for_confirmation
    assert [reason.code for reason in decision.to_confirm] == ["confirm:crusted"]
    with pytest.raises(BadInput) as refusal:
        actions.end_order(order, reason="", by=cast.by("he"), at=over)
    assert refusal.value.error_code == "release_reason"
    with pytest.raises(BadInput) as unknown:
        actions.end_order(order, reason="", confirmed=["confirm:x"], by=cast.by("he"), at=over)
    assert unknown.value.error_code == "criterion_unknown"
    order.refresh_from_db()
    assert order.in_force
    actions.end_order(order, reason="", confirmed=["confirm:crusted"], by=cast.by("he"), at=over)
    assert order.end_code == "by_rule"
    assert "crusted" in order.end_reason or "结痂" in order.end_reason


def test_norovirus_counts_from_the_last_symptom(cast: Cast) -> None:
    case = make_case(cast, "lin", pack="norovirus-school", onset_at=NOON)
    order = actions.order_for_case(case, by=cast.by("he"), at=NOON)
    assert order is not None
    for hours in (6, 30):
        check_in(cast, "lin", NOON + timedelta(hours=hours), symptoms=("vomiting",))
    healthy_days(cast, "lin", date(2026, 3, 4), date(2026, 3, 6))
    assert {r.code for r in queries.review(order, NOON + timedelta(hours=101)).unmet} == {"symptom_free"}
    assert queries.review(order, NOON + timedelta(hours=102)).allowed


def test_an_order_keeps_the_version_that_made_it(cast: Cast, settings: Settings) -> None:
    case = make_case(cast, "lin", pack="varicella-school", onset_at=NOON)
    keep_version(get_pack(case.pack), at=NOON)
    order = actions.order_for_case(case, by=cast.by("he"), at=NOON)
    assert order is not None
    text = (SHIPPED / "varicella-school.toml").read_text(encoding="utf-8")
    file = Path(settings.PACKS_ROOT) / "varicella-school.toml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(
        text.replace("days = 14", "days = 99").replace('code = "crusted"', 'code = "dry"'), encoding="utf-8"
    )
    assert [reason.code for reason in queries.review(order, NOON).to_confirm] == ["confirm:crusted"]
    assert actions.order_for_case(case, by=cast.by("he"), at=NOON) == order
    order.refresh_from_db()
    assert order.ends_on == date(2026, 3, 16)


def test_the_page_asks_what_was_seen_and_takes_the_answer(cast: Cast, sign_in: Callable[[str], Client]) -> None:
    order = actions.order_for_case(
        make_case(cast, "lin", pack="varicella-school", onset_at=NOON - timedelta(days=20)), by=cast.by("he"), at=NOON
    )
    assert order is None  # the term was over already
    order = actions.order_for_case(
        make_case(cast, "wang", pack="varicella-school", onset_at=NOON - timedelta(days=14)), by=cast.by("he"), at=NOON
    )
    assert order is not None
    client = sign_in("he")
    page = client.get(reverse("isolation:order", args=[order.pk]), headers={"accept-language": "en"}).content.decode()
    assert "All lesions are crusted and dry" in page
    assert 'value="confirm:crusted"' in page
    client.post(
        reverse("isolation:end", args=[order.pk]),
        {"version": order.version, "confirmed": ["confirm:crusted"], "reason": "转院"},
    )
    order.refresh_from_db()
    assert (order.end_code, order.in_force) == ("by_decision", False)
    assert order.end_reason.startswith("转院")
    assert "结痂" in order.end_reason or "crusted" in order.end_reason
