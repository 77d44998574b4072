"""Ordering a test, taking it back, and saying that a positive result needs no case."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shouwang.cases.actions.checks import reason_text
from shouwang.cases.laboratory import rules
from shouwang.cases.laboratory.actions.common import (
    ORDER,
    check_disease,
    due_of,
    moment,
    purge_on,
    require_over,
    short,
)
from shouwang.cases.laboratory.data import method_of
from shouwang.cases.laboratory.models import Outcome, Purpose, Test
from shouwang.cases.models import Case
from shouwang.core import audit
from shouwang.core.errors import BadInput, Conflict
from shouwang.core.scope import Actor
from shouwang.org.models import Person


@transaction.atomic
def order_test(
    person: Person,
    *,
    method: str,
    disease: str = "",
    purpose: str = Purpose.OTHER,
    case: Case | None = None,
    ordered_at: datetime | None = None,
    note: str = "",
    by: Actor,
    at: datetime,
) -> Test:
    """A test of one person, to be taken. Of a case it is for the case's disease. Needs test.order over the person.

    Conflict when the same test of this person waits already.
    """
    require_over(by, [person.pk], ORDER)
    method_of(method)
    if purpose not in Purpose.values or purpose in (Purpose.MASS, Purpose.RETEST):
        raise BadInput(_("Unknown reason %(value)s."), field="purpose", value=purpose[:20])
    if case is not None:
        if case.person_id != person.pk:
            raise BadInput(_("This case is about somebody else."), field="case")
        disease, purpose = case.disease, Purpose.CASE
    else:
        check_disease(disease, at=at)
    ordered = moment(ordered_at, "ordered_at", at)
    rules.check_moments(rules.Moments(ordered), now=at)
    Person.objects.select_for_update().get(pk=person.pk)  # two who order at once: the second sees the first
    waiting = Test.objects.filter(person=person, method=method, disease=disease, state=Test.State.ORDERED).first()
    if waiting is not None:
        sentence = _("The same test of this person is already waiting to be taken.")
        raise Conflict(sentence, code="test_waiting", test=waiting.pk)
    test = Test.objects.create(
        person=person, case=case, purpose=purpose, method=method, disease=disease, ordered_at=ordered,
        ordered_by_id=by.account_id, due_at=due_of(method, rules.Moments(ordered)), note=short(note, "note", 300),
        purge_on=purge_on(at),
    )  # fmt: skip
    audit.record("test.ordered", "test", test.pk, by=by, at=at, subject=person.pk)
    return test


@transaction.atomic
def cancel_test(test: Test, *, reason: str, by: Actor, at: datetime) -> Test:
    """It will not be taken. Conflict once there is a sample: what was taken is not untaken."""
    test.refresh_from_db(from_queryset=Test.objects.select_for_update())
    require_over(by, [test.person_id], ORDER)
    text = reason_text(reason)
    if test.state != Test.State.ORDERED:
        raise Conflict(_("Only a test that has not been taken can be cancelled."), code="test_moved_on")
    test.state, test.note, test.due_at = Test.State.CANCELLED, text, None
    test.save(update_fields=["state", "note", "due_at"])
    audit.record("test.cancelled", "test", test.pk, by=by, at=at, subject=test.person_id)
    return test


@transaction.atomic
def settle_positive(test: Test, *, reason: str, by: Actor, at: datetime) -> Test:
    """A positive result was looked at and needs no case of its own: somebody says why."""
    test.refresh_from_db(from_queryset=Test.objects.select_for_update())
    require_over(by, [test.person_id], ORDER)
    text = reason_text(reason)
    if test.outcome != Outcome.POSITIVE or test.settled_at is not None:
        raise Conflict(_("This result does not wait for anybody any more."), code="test_moved_on")
    test.settled_at, test.settled_reason = at, text
    test.save(update_fields=["settled_at", "settled_reason"])
    audit.record("test.settled", "test", test.pk, by=by, at=at, subject=test.person_id)
    return test
