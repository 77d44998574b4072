"""The note that somebody was shown answers. A list that refreshes itself every few seconds notes each person once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from shouwang.core import audit
from shouwang.core.models import AuditEntry
from shouwang.core.scope import Actor

ONE_LOOK = timedelta(hours=1)  # looks at the same answers by the same account within this time are one look


def note_reading(kind: str, subjects: Iterable[int], *, by: Actor, at: datetime, object_id: object = "") -> None:
    """Record `checkin.read` for each of `subjects` (person ids) not yet recorded for `by` within the last hour.

    At most two queries. Looking at oneself is not recorded (`core.audit.saw`).
    """
    wanted = {subject for subject in subjects if subject != by.person_id}
    if not wanted:
        return
    noted = AuditEntry.objects.filter(
        account=by.account_id, kind=kind, is_read=True, verb="checkin.read", at__gt=at - ONE_LOOK, subject__in=wanted
    ).values_list("subject", flat=True)
    audit.saw("checkin.read", kind, sorted(wanted - set(noted)), by=by, at=at, object_id=object_id)
