"""Notes that answers were shown or taken out. A list that is looked at again notes each person once an hour."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from shouwang.core import audit
from shouwang.core.models import AuditEntry
from shouwang.core.scope import Actor
from shouwang.surveys.models import Campaign

ONE_LOOK = timedelta(hours=1)


def note_reading(campaign: Campaign, people: Iterable[int], *, by: Actor, at: datetime) -> None:
    """Record `survey.read` for each of `people` not yet recorded for `by` and this campaign within the last hour."""
    wanted = {person for person in people if person != by.person_id}
    if not wanted:
        return
    noted = AuditEntry.objects.filter(
        account=by.account_id, kind="survey", object=str(campaign.pk), is_read=True, verb="survey.read",
        at__gt=at - ONE_LOOK, subject__in=wanted,
    ).values_list("subject", flat=True)  # fmt: skip
    audit.saw("survey.read", "survey", sorted(wanted - set(noted)), by=by, at=at, object_id=campaign.pk)


@transaction.atomic
def note_export(
    campaign: Campaign, people: Iterable[int], *, rows: int, what: str, by: Actor, at: datetime
) -> None:  # fmt: skip
    """Record that a file left the system: `what` it was, how many rows, and whose answers were in it."""
    audit.record("survey.exported", "survey", campaign.pk, by=by, at=at, new={"what": what, "rows": rows})
    audit.saw("survey.read", "survey", sorted(set(people)), by=by, at=at, object_id=campaign.pk)
