"""The appeal path: the person objects in their own words, somebody who manages orders answers in theirs."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shouwang.core.errors import BadInput, Conflict, Forbidden
from shouwang.core.scope import Actor
from shouwang.isolation.actions.common import check_in_force, lock, note, require, words
from shouwang.isolation.models import Objection, Order

TEXT_LENGTH = 2000
REASON_LENGTH = 300


@transaction.atomic
def object_to(order: Order, *, text: str, by: Actor, at: datetime) -> Objection:
    """The person's objection; while it is unanswered, sending another replaces its text. Only the person themselves.

    The order stays in force until it is answered and ended. The words themselves are not copied into the audit log.
    """
    lock(order)
    if by.person_id is None or by.person_id != order.person_id:
        raise Forbidden(_("Only the person themselves can object."))
    check_in_force(order)
    said = words(text, "text", limit=TEXT_LENGTH)
    if not said:
        raise BadInput(_("Say what you object to, and what would be right."), field="text")
    objection = order.objections.filter(answered_at__isnull=True).first()
    verb = "order.objection_reworded" if objection else "order.objected"
    objection = objection or Objection(order=order)
    objection.text, objection.at = said, at
    objection.save()
    note(verb, order, by=by, at=at, new={"objection": objection.pk, "characters": len(said)})
    return objection


@transaction.atomic
def answer_objection(order: Order, *, text: str, by: Actor, at: datetime, same_reason: str = "") -> Objection:
    """Answer the open objection. Conflict when there is none. Needs isolation.manage; nobody answers their own.

    Whoever served the order does not judge it: they answer only with the reason why nobody else could (`same_reason`,
    which the person reads), BadInput without one.
    """
    lock(order)
    require(by, order.person)
    if by.person_id is not None and by.person_id == order.person_id:
        raise Forbidden(_("Somebody else must answer your own objection."))
    objection = order.objections.select_for_update().filter(answered_at__isnull=True).first()
    if objection is None:
        raise Conflict(_("There is no objection waiting for an answer."), code="objection_none")
    said = words(text, "answer", limit=TEXT_LENGTH)
    if not said:
        raise BadInput(_("Write an answer the person can understand."), field="answer")
    why = words(same_reason, "same_reason", limit=REASON_LENGTH)
    served_it = by.account_id is not None and order.served_by_id == by.account_id
    if served_it and not why:
        raise BadInput(
            _("You served this order yourself. Let somebody else answer, or say why nobody else can."),
            code="answered_by_server", field="same_reason",
        )  # fmt: skip
    objection.answer, objection.answered_at, objection.answered_by_id = said, at, by.account_id
    objection.same_reason = why if served_it else ""
    objection.save(update_fields=["answer", "answered_at", "answered_by", "same_reason"])
    new = {"objection": objection.pk, "served_it_too": served_it}
    note("order.objection_answered", order, by=by, at=at, new=new)
    return objection
