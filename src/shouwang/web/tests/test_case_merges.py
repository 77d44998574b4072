"""A merge of cases over all rooms: contacts and orders go along, and every table it moves has a word."""

from __future__ import annotations

from shouwang.cases import actions
from shouwang.cases.actions.duplicates import links
from shouwang.cases.tests.builders import DAY, HOUR, opened
from shouwang.isolation.models import Order
from shouwang.org.tests.cast import NOON, Cast
from shouwang.tracing.actions import unknowns
from shouwang.tracing.tests.test_unknowns import TAXI
from shouwang.web.audit_words import VERBS


def test_every_table_that_moves_has_a_word() -> None:
    assert not {f"table.{model._meta.label_lower}" for model, _column in links()} - VERBS.keys()


def test_orders_and_unknown_contacts_go_along_and_come_back(cast: Cast) -> None:
    he, qiu = cast.by("he"), cast.by("qiu")
    first = opened(cast, "lin", classification="confirmed", onset_at=NOON - DAY)
    orders = list(Order.objects.filter(person=cast.person["lin"]).values_list("pk", flat=True))
    assert orders, "a confirmed case is isolated"
    unknowns.note(first, TAXI, by=qiu, at=NOON + HOUR)
    actions.close_case(first, reason="录错", by=he, at=NOON + HOUR)
    second = opened(cast, "lin", classification="confirmed", at=NOON + 2 * HOUR)
    row = actions.merge_cases(second, first, reason="同一次发病", by=he, at=NOON + 3 * HOUR)
    assert second.unknown_contacts.count() == 1 and not first.unknown_contacts.exists()
    assert not Order.objects.filter(case=first).exists() and Order.objects.filter(pk__in=orders, case=second).exists()
    actions.unmerge_cases(row, reason="两次", by=he, at=NOON + 4 * HOUR)
    assert first.unknown_contacts.count() == 1 and Order.objects.filter(pk__in=orders, case=first).exists()
