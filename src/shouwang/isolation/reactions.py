"""What isolation does when something happens below. Subscribed in `web/wiring.py`; same transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from shouwang.cases.models import Case, Classification
from shouwang.core.scope import Actor
from shouwang.isolation import actions
from shouwang.tracing.models import Contact


def on_contacts_confirmed(*, contacts: Sequence[Contact], by: Actor, at: datetime, **_more: Any) -> None:
    """Confirmed contacts are asked to stay apart where the pack says so."""
    actions.order_many(contacts, by=by, at=at)


def on_contacts_dismissed(*, contacts: Sequence[Contact], by: Actor, at: datetime, **_more: Any) -> None:
    """A dismissed contact is free, unless another contact still stands."""
    actions.withdraw_many(contacts, by=by, at=at)


def on_case_classified(*, case: Case, old: str, new: str, by: Actor, at: datetime, **_more: Any) -> None:
    """A case is isolated; a discarded one frees everybody; one taken up again binds its confirmed contacts again."""
    actions.order_for_case(case, by=by, at=at)
    if old == Classification.DISCARDED and new != Classification.DISCARDED:
        actions.orders_for_contacts(case, by=by, at=at)


COUNTED_FROM = frozenset({"onset_at", "detected_at", "isolated_at"})


def on_case_dated(*, case: Case, changed: Mapping[str, Any], by: Actor, at: datetime, **_more: Any) -> None:
    """A corrected onset, detection or isolation moves the end that was counted from it; other dates move nothing, and
    who may set them (a tracer: contacts traced) need not be able to isolate."""
    if case.closed_at is None and changed.keys() & COUNTED_FROM:
        actions.order_for_case(case, by=by, at=at)


def on_case_traced(*, case: Case, by: Actor, at: datetime, **_more: Any) -> None:
    """A new run may have found a later exposure of a contact that is confirmed already: the end moves with it."""
    actions.orders_for_contacts(case, by=by, at=at)
