"""The review queue: a person says whose a result is, or sets it aside with a reason. Nothing leaves it by itself."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shouwang.cases.actions.checks import reason_text
from shouwang.cases.laboratory.actions.common import RESULT
from shouwang.cases.laboratory.actions.resulting import record_result
from shouwang.cases.laboratory.models import ReviewItem, Sample
from shouwang.core import audit
from shouwang.core.errors import Conflict, Forbidden
from shouwang.core.scope import Actor


@transaction.atomic
def take_over(item: ReviewItem, sample: Sample, *, reason: str, by: Actor, at: datetime) -> ReviewItem:
    """The result belongs to this sample. The sample's rules hold: a result older than it is refused, and a different
    result already known makes this one a correction with the reason."""
    text = _claim(item, reason, by)
    record_result(
        sample, outcome=item.outcome, value=item.value, laboratory=item.laboratory, resulted_at=item.resulted_at,
        reason=text, by=by, at=at,
    )  # fmt: skip
    return _settle(item, ReviewItem.Settled.TAKEN, text, sample, by=by, at=at)


@transaction.atomic
def set_aside(item: ReviewItem, *, reason: str, by: Actor, at: datetime) -> ReviewItem:
    """Not ours, or wrong: the reason stays with it."""
    text = _claim(item, reason, by)
    return _settle(item, ReviewItem.Settled.DISMISSED, text, None, by=by, at=at)


def _claim(item: ReviewItem, reason: str, by: Actor) -> str:
    item.refresh_from_db(from_queryset=ReviewItem.objects.select_for_update(of=("self",)))
    if not by.holds(RESULT, item.path):
        raise Forbidden(data_right=RESULT)
    if item.settled:
        raise Conflict(_("Somebody has decided on this row meanwhile."), code="review_settled")
    return reason_text(reason)


def _settle(item: ReviewItem, how: str, reason: str, sample: Sample | None, *, by: Actor, at: datetime) -> ReviewItem:
    item.settled, item.settled_at, item.settled_by_id = how, at, by.account_id
    item.settled_reason, item.sample = reason, sample
    item.save(update_fields=["settled", "settled_at", "settled_by", "settled_reason", "sample"])
    audit.record("test_review.settled", "test_review", item.pk, by=by, at=at, new={"how": how})
    return item
