"""Reading an order, and ending it by review."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shouwang.core.errors import BadInput, Forbidden
from shouwang.core.scope import Actor
from shouwang.isolation import queries, rules
from shouwang.isolation.actions.common import (
    check_in_force,
    check_version,
    finish,
    lock,
    note,
    require,
    save,
    words,
)
from shouwang.isolation.models import Order

REASON_LENGTH = Order._meta.get_field("end_reason").max_length


@transaction.atomic
def acknowledge(order: Order, *, by: Actor, at: datetime) -> Order:
    """The person has read the order. Only they can say so (Forbidden for anybody else). Twice changes nothing."""
    lock(order)
    if by.person_id is None or by.person_id != order.person_id:
        raise Forbidden(_("Only the person themselves can say that they have read it."))
    if order.state == Order.State.ACKNOWLEDGED:
        return order
    check_in_force(order)
    order.state, order.acknowledged_at = Order.State.ACKNOWLEDGED, at
    save(order, "state", "acknowledged_at")
    note("order.acknowledged", order, by=by, at=at, new={"ends_on": order.ends_on.isoformat()})
    return order


@transaction.atomic
def end_order(
    order: Order,
    *,
    reason: str,
    confirmed: Collection[str] = (),
    by: Actor,
    at: datetime,
    version: int | None = None,
) -> rules.Decision:
    """Release by review: with every criterion met no reason is needed, else a person decides and says why.

    `confirmed` names what the pack wants seen by a person, as `confirm:<code>` or the bare code; it is kept with the
    order. BadInput (`criterion_unknown`) for anything else, and (`release_reason`) when a criterion is not met and
    `reason` is empty; the open ones are in `data`. Ends the stay and the monitoring. Needs isolation.manage. Publishes
    order.ended. Returns what the rule said.
    """
    lock(order)
    require(by, order.person)
    check_in_force(order)
    check_version(order, version)
    seen = {code.removeprefix(rules.CONFIRM) for code in confirmed}
    decision = queries.review(order, at, seen)
    told = [item for item in decision.reasons if item.code.startswith(rules.CONFIRM)]
    asked = {item.code.removeprefix(rules.CONFIRM): item.text for item in told}
    if unknown := sorted(seen - asked.keys()):
        raise BadInput(
            _("Nothing of the name “%(value)s” is to be confirmed for this order."),
            code="criterion_unknown", field="confirmed", value=unknown[0],
        )  # fmt: skip
    text = words(reason, "reason")
    if not decision.allowed and not text:
        raise BadInput(
            _("Not every criterion is met. To end the order all the same, say why."),
            code="release_reason", field="reason", unmet=[item.code for item in decision.unmet],
        )  # fmt: skip
    if seen:
        sentences = " ".join(asked[name] for name in sorted(seen))
        intro = str(_("Seen and confirmed:"))
        text = f"{text} {intro} {sentences}".strip()[:REASON_LENGTH]
    code = Order.EndCode.BY_RULE if decision.allowed else Order.EndCode.BY_DECISION
    finish(order, Order.State.ENDED, code, reason=text, by=by, at=at)
    return decision
