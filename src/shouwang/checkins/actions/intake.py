"""Taking check-ins in: one, or a whole morning's, by the same rules. A receipt exists once the transaction commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from shouwang.checkins import rules
from shouwang.checkins.actions.batch import Batch, Planned
from shouwang.checkins.models import CheckIn, LatestCheckIn, SymptomAlert
from shouwang.core import audit, events
from shouwang.core.errors import ShouwangError
from shouwang.core.scope import Actor
from shouwang.org.models import Person

ROWS_A_STATEMENT = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """One check-in to take in. `said_at` is when it was said (None: now); `client_key` is chosen by the sender."""

    person: Person
    answers: rules.Answers
    client_key: str
    source: str = CheckIn.Source.SELF
    proxy_reason: str = ""
    said_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of one entry: the stored row (`repeated`: it was there already), or the refusal."""

    checkin: CheckIn | None
    repeated: bool
    error: ShouwangError | None


@dataclass(frozen=True, slots=True)
class BulkResult:
    """Results in the order of the entries; `alerts` raised or worsened by them."""

    rows: tuple[RowResult, ...]
    alerts: tuple[SymptomAlert, ...]

    @property
    def made(self) -> int:
        return sum(1 for row in self.rows if row.checkin is not None and not row.repeated)

    @property
    def repeated(self) -> int:
        return sum(1 for row in self.rows if row.repeated)

    @property
    def refused(self) -> int:
        return sum(1 for row in self.rows if row.error is not None)


def submit(
    *,
    person: Person,
    answers: rules.Answers,
    client_key: str,
    source: str = CheckIn.Source.SELF,
    proxy_reason: str = "",
    by: Actor,
    at: datetime,
) -> CheckIn:
    """Take in one check-in and return its row; a retry with the same key and answers returns the row of the first.

    Raises alerts by triage; publishes "checkin.received" and "alert.raised". BadInput names the field; Forbidden when
    `by` may not speak for the person; Conflict when the key was used for something else. On error nothing is written.
    """
    entry = Entry(person, answers, client_key, source, proxy_reason)
    (row,) = submit_many([entry], by=by, at=at).rows
    if row.error is not None:
        raise row.error
    assert row.checkin is not None
    return row.checkin


def submit_many(entries: Sequence[Entry], *, by: Actor, at: datetime) -> BulkResult:
    """Take in many at once: what `submit` would do one after the other, in a fixed number of statements a thousand.

    Each entry stands alone: one that is refused does not hold up the others; its error is in the result.
    """
    try:
        return _take(entries, by=by, at=at)
    except IntegrityError:
        # Somebody else took one of the keys between our look and our write. The second look sees it and says so.
        return _take(entries, by=by, at=at)


@transaction.atomic
def _take(entries: Sequence[Entry], *, by: Actor, at: datetime) -> BulkResult:
    batch = Batch(entries, by=by, at=at)
    rows: list[RowResult | Planned] = []
    for entry in entries:
        try:
            rows.append(batch.plan(entry))
        except ShouwangError as error:
            rows.append(RowResult(None, False, error))
    _store(batch)
    _record(batch, by=by, at=at)
    results = tuple(row if isinstance(row, RowResult) else RowResult(row.checkin, row.repeated, None) for row in rows)
    raised: dict[int, SymptomAlert] = {}
    for planned in batch.made:
        events.publish("checkin.received", checkin=planned.checkin, by=by, at=at)
        for alert in planned.alerts:
            events.publish("alert.raised", alert=alert, by=by, at=at)
            raised[alert.pk] = alert
    return BulkResult(results, tuple(raised.values()))


LATEST_COLUMNS = ("checkin", "day", "at", "source", "symptomatic", "severity", "rank")


def _store(batch: Batch) -> None:
    CheckIn.objects.bulk_create([planned.checkin for planned in batch.made], batch_size=ROWS_A_STATEMENT)
    SymptomAlert.objects.bulk_create(batch.new_alerts, batch_size=ROWS_A_STATEMENT)
    new = {alert.pk for alert in batch.new_alerts}
    for alert in {alert.pk: alert for alert in batch.worsened if alert.pk not in new}.values():
        alert.save()
    newest = [
        LatestCheckIn(
            person_id=checkin.person_id,
            checkin=checkin,
            day=checkin.day,
            at=checkin.at,
            source=checkin.source,
            symptomatic=checkin.symptomatic,
            severity=checkin.severity,
            rank=rules.RANK[checkin.severity],
        )
        for checkin in batch.newest.values()
    ]
    LatestCheckIn.objects.bulk_create(
        newest,
        batch_size=ROWS_A_STATEMENT,
        update_conflicts=True,
        unique_fields=["person"],
        update_fields=list(LATEST_COLUMNS),
    )


def _record(batch: Batch, *, by: Actor, at: datetime) -> None:
    """Audit without a word of health: the log is read by people without health rights."""
    taken = ((p.checkin.pk, p.checkin.person_id, {"source": p.checkin.source}) for p in batch.made)
    audit.record_many("checkin.submitted", "checkin", taken, by=by, at=at)
    for verb, alerts in (("alert.raised", batch.new_alerts), ("alert.worsened", batch.worsened)):
        if alerts:
            audit.record_many(verb, "alert", ((a.pk, a.person_id, None) for a in alerts), by=by, at=at)
