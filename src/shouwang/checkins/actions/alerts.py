"""What the clinic does with a symptom alert."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shouwang.checkins import rules
from shouwang.checkins.models import SymptomAlert
from shouwang.core import audit
from shouwang.core.errors import BadInput, Conflict, Forbidden
from shouwang.core.scope import Actor
from shouwang.org.models import Person
from shouwang.org.queries import reachable

REASON_LIMIT = 300


@transaction.atomic
def close_alert(alert: SymptomAlert, *, reason: str, by: Actor, at: datetime) -> SymptomAlert:
    """Close without a case. BadInput without a reason, Conflict when somebody was faster. Needs alert.handle."""
    require(by, ("alert.handle",), alert.person)
    reason = rules.text(reason, "reason", REASON_LIMIT)
    if not reason:
        raise BadInput(_("Say why no case is opened; the person can read it."), code="reason_required", field="reason")
    return _handle(alert, SymptomAlert.State.CLOSED, "alert.closed", reason=reason, by=by, at=at)


@transaction.atomic
def close_alerts(alerts: Sequence[SymptomAlert], *, reason: str, by: Actor, at: datetime) -> list[SymptomAlert]:
    """Close several findings about one person with one reason, all or none; as `close_alert`."""
    return [close_alert(alert, reason=reason, by=by, at=at) for alert in alerts]


@transaction.atomic
def mark_case_opened(alert: SymptomAlert, *, by: Actor, at: datetime) -> SymptomAlert:
    """A case was opened from this alert (called by the act that opens it). Needs alert.handle or case.manage."""
    require(by, ("alert.handle", "case.manage"), alert.person)
    return _handle(alert, SymptomAlert.State.CASE, "alert.case_opened", reason="", by=by, at=at)


def _handle(
    alert: SymptomAlert, state: SymptomAlert.State, verb: str, *, reason: str, by: Actor, at: datetime
) -> SymptomAlert:
    changed = SymptomAlert.objects.filter(pk=alert.pk, state=SymptomAlert.State.OPEN).update(
        state=state, close_reason=reason, handled_at=at, handled_by_id=by.account_id
    )
    if not changed:
        raise Conflict(
            _("This alert has already been handled. Open it again to see by whom and how."), code="alert_handled"
        )
    # The reason stays on the alert: the audit log is read by people without health rights.
    audit.record(verb, "alert", alert.pk, by=by, at=at, subject=alert.person_id, new={"state": str(state)})
    alert.refresh_from_db()
    return alert


def require(by: Actor, rights: tuple[str, ...], person: Person) -> None:
    """Forbidden unless `by` holds one of `rights` over the person, by home organisation or any membership."""
    if any(by.holds(right, person.home_path) for right in rights):
        return
    for right in rights:
        if by.holds(right) and Person.objects.filter(reachable(by, right), pk=person.pk).exists():
            return
    raise Forbidden
