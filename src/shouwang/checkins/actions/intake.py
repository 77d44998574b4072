"""Taking check-ins in: one, or a whole morning's, by the same rules. A receipt exists once the transaction commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from shouwang.checkins import rules
from shouwang.checkins.actions import storing
from shouwang.checkins.actions.planning import Ask, Group, Taken
from shouwang.checkins.models import CheckIn, SymptomAlert
from shouwang.core import events
from shouwang.core.errors import ShouwangError
from shouwang.core.scope import Actor
from shouwang.org.models import Person
from shouwang.org.queries import reached

RIGHT: dict[str, str] = {CheckIn.Source.PROXY: "checkin.proxy", CheckIn.Source.CLINIC: "alert.handle"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One check-in to take in. `said_at` is when it was said (None: now); `client_key` is chosen by the sender.

    `corrects` is the receipt of the entry it puts right, `form` the hash of what the sender was shown ("": not said).
    """

    person: Person
    answers: rules.Answers
    client_key: str
    source: str = CheckIn.Source.SELF
    proxy_reason: str = ""
    said_at: datetime | None = None
    corrects: str = ""
    form: str = ""


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
    corrects: str = "",
    said_at: datetime | None = None,
    form: str = "",
    by: Actor,
    at: datetime,
) -> CheckIn:
    """Take in one check-in and return its row; a retry with the same key and answers returns the row of the first.

    Raises alerts by triage and publishes "alert.raised" for each. BadInput names the field; Forbidden when `by` may
    not speak for the person; Conflict when the key was used for something else. On error nothing is written.
    """
    entry = Entry(person, answers, client_key, source, proxy_reason, said_at, corrects, form)
    (row,) = submit_many([entry], by=by, at=at).rows
    if row.error is not None:
        raise row.error
    assert row.checkin is not None
    return row.checkin


def submit_many(entries: Sequence[Entry], *, by: Actor, at: datetime) -> BulkResult:
    """Take in many at once: what `submit` would do one after the other, in a fixed number of statements a thousand.

    Each entry stands alone: one that is refused does not hold up the others; its error is in the result.
    """
    people = {entry.person.pk: entry.person for entry in entries}
    may = {source: _allowed(by, right, entries, source) for source, right in RIGHT.items()}
    asks = [_ask(entry, by, may) for entry in entries]
    rows: list[RowResult] = []
    raised: dict[int, SymptomAlert] = {}
    models: dict[int, CheckIn] = {}
    for found in take(asks, at=at):
        if isinstance(found, ShouwangError):
            rows.append(RowResult(None, False, found))
            continue
        repeated = found.repeated or found.id in models
        if found.id not in models:
            models[found.id] = found.as_model()
            models[found.id].person = people[found.person.id]
        rows.append(RowResult(models[found.id], repeated, None))
        raised |= {alert.pk: alert for alert in found.alerts}
    for entry, row in zip(entries, rows, strict=True):
        if row.checkin is not None and entry.answers.situation:
            entry.person.situation = entry.answers.situation
    return BulkResult(tuple(rows), tuple(raised.values()))


def take(asks: Sequence[Ask], *, at: datetime) -> list[Taken | ShouwangError]:
    """One group, one transaction: what became of each, in order. On return everything accepted is on disk.

    Raises what the database raises; then nothing of the group was written.
    """
    try:
        return _take(asks, at)
    except IntegrityError:
        # Somebody else took one of the keys between our look and our write. The second look sees it and says so.
        return _take(asks, at)


@transaction.atomic
def _take(asks: Sequence[Ask], at: datetime) -> list[Taken | ShouwangError]:
    group = Group(asks, at=at)
    results: list[Taken | ShouwangError] = []
    for ask in asks:
        try:
            results.append(group.plan(ask))
        except ShouwangError as error:
            results.append(error)
    storing.store(group)
    for taken in group.made:
        for alert in taken.alerts:
            events.publish("alert.raised", alert=alert, by=taken.ask.by, at=at)
    return results


def _ask(entry: Entry, by: Actor, may: dict[str, set[int]]) -> Ask:
    person = entry.person.pk
    own = by.everything or by.person_id == person
    return Ask(
        person, entry.answers, entry.client_key, by, entry.source, entry.proxy_reason, entry.said_at,
        may=person in may[entry.source] if entry.source in may else own, corrects=entry.corrects, form=entry.form,
    )  # fmt: skip


def _allowed(by: Actor, right: str, entries: Sequence[Entry], source: str) -> set[int]:
    """Ids of the people in `entries` of this source over whom `by` holds `right`."""
    return reached(by, right, [entry.person for entry in entries if entry.source == source])
