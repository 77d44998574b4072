"""What care does when something happens in a room below; joined in `web/wiring.py`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from shouwang.cases.care.actions import reopen_by_alert
from shouwang.cases.care.models import Care
from shouwang.cases.care.rules import care_spec
from shouwang.cases.queries import pack_of
from shouwang.checkins.models import SymptomAlert
from shouwang.core.scope import system_actor

PROGRAM = system_actor("care")


def on_alert_raised(*, alert: SymptomAlert, at: datetime, **_more: Any) -> None:
    """A symptom alert soon after a discharge takes the care up again; how soon is a number of the case's pack."""
    rows = Care.objects.filter(
        case__person_id=alert.person_id, state__in=(Care.State.DISCHARGED, Care.State.RETURNED),
        reopened_at__isnull=True,
    )  # fmt: skip
    for care in rows.select_related("case__person"):
        spec = care_spec(pack_of(care.case))
        if spec is None or spec.late is None or care.discharged_at is None:
            continue
        if at - care.discharged_at <= timedelta(days=spec.late.days):
            reopen_by_alert(care, alert, by=PROGRAM, at=at)
