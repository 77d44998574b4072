"""Readers: stretches without a record, and clocks that ran wrong. What a person accepts is built into the days."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shouwang.core import audit, clock
from shouwang.core.errors import BadInput, Conflict, NotFound
from shouwang.core.scope import Actor
from shouwang.org.models import Place
from shouwang.tracing.models import PresenceBatch, PresenceDay
from shouwang.tracing.models_readers import DayProfile, ReaderClock
from shouwang.tracing.presence.batches import read_batch
from shouwang.tracing.presence.defaults import assumptions
from shouwang.tracing.presence.readers import Corrections, tables
from shouwang.tracing.queries import presence as presence_queries
from shouwang.tracing.queries import readers as queries
from shouwang.tracing.rules import holes, reader_clocks

IMPORT = "presence.import"
FURTHEST = 12 * 3600  # seconds: further off, the days themselves are wrong, and the file is better written anew
LONGEST_REASON = 300
Column = Any


# --- stretches without a record ------------------------------------------------------------------------------------


def refresh_holes(days: Collection[date]) -> int:
    """Judge anew the built days that can be compared with one of `days`; returns how many changed. Safe at any time."""
    if not days:
        return 0
    rules = assumptions().holes
    near = timedelta(days=rules.within_days)
    rows = DayProfile.objects.filter(day__gte=min(days) - 2 * near, day__lte=max(days) + 2 * near)
    profiles = dict(rows.values_list("day", "records"))
    built = PresenceDay.objects.filter(day__gte=min(days) - near, day__lte=max(days) + near)
    built = built.only("day", "holes", "built_at")
    changed = []
    for row in built:
        others = [
            records
            for day, records in profiles.items()
            if day != row.day and abs(day - row.day) <= near and _weekend(day) == _weekend(row.day)
        ]
        over = int((row.built_at - clock.day_start(row.day)).total_seconds()) // holes.SLOT_S
        found = _holes_of(profiles.get(row.day, {}), others, over, rules.least_days, rules.least_records)
        if found != row.holes:
            row.holes = found
            changed.append(row)
    PresenceDay.objects.bulk_update(changed, ["holes"], batch_size=100)
    return len(changed)


def _weekend(day: date) -> bool:
    return day.isoweekday() > 5


def _holes_of(
    today: dict[str, Any], others: Sequence[dict[str, Any]], over: int, least_days: int, least_records: float
) -> list[dict[str, Any]] | None:
    """Holes as they are kept. Only half hours that were over when the day was built are looked at."""
    if len(others) < least_days:
        return None
    result: list[dict[str, Any]] = []
    for source in sorted({source for day in (today, *others) for source in day}):
        readers = sorted({reader for day in (today, *others) for reader in day.get(source, {})}, key=int)
        found, usual = tables([today], source, readers)[0, :, :over], tables(others, source, readers)[:, :, :over]
        result += [
            {"source": source, "reader": int(readers[hole.reader]), "first": hole.first, "last": hole.last,
             "expected": round(hole.expected)}
            for hole in holes.find(found, usual, least_days=least_days, least_records=least_records) or ()
        ]  # fmt: skip
    return result


# --- clocks --------------------------------------------------------------------------------------------------------


def look_for_clocks(*, last: date, by: Actor, at: datetime) -> list[ReaderClock]:
    """Compare the readers' times over the days up to `last` and keep what seems wrong as proposals; needs
    presence.import, and reads the files within its reach. What stands already of a reader and its days, in whatever
    state, is not proposed again."""
    by.require(IMPORT)
    rules = assumptions().clocks
    first = last - timedelta(days=rules.within_days - 1)
    person, reader, t = _records(presence_queries.presence_batches(by), first, last)
    edges = np.array(clock.midnights(first, last), np.int64)
    day: Column = np.searchsorted(edges, t, side="right") - 1
    found = reader_clocks.shifts(reader_clocks.differences(person, reader, t, day, rules.limits.window), rules.limits)
    clear = reader_clocks.without_echoes(found, rules.alike_seconds)
    return _propose(reader_clocks.proposals(clear, first, rules.alike_seconds), by=by, at=at)


def _records(batches: Iterable[PresenceBatch], first: date, last: date) -> tuple[Column, Column, Column]:
    """(person, place, true moment) of every accepted record of a door or till on these days."""
    low, high = clock.day_start(first).timestamp(), clock.day_start(last + timedelta(days=1)).timestamp()
    clocks = Corrections.between(first, last)
    nothing = np.empty(0, np.int64)
    parts = [(nothing, nothing, nothing)]
    for row in batches:
        if row.first_at is None or row.last_at is None:
            continue
        if row.last_at.timestamp() < low or row.first_at.timestamp() >= high:
            continue
        batch = read_batch(row.stored_as)
        if batch.source_format == "proximity":
            continue
        rows = batch.accepted & (batch.moment >= low) & (batch.moment < high)
        person, place, t = batch.columns["person"][rows], batch.columns["place"][rows], batch.moment[rows]
        parts.append((person, place, clocks.right(place, t)[0]))
    person, place, t = (np.concatenate(column) for column in zip(*parts, strict=True))
    return person, place, t


@transaction.atomic
def _propose(found: Sequence[reader_clocks.Proposal], *, by: Actor, at: datetime) -> list[ReaderClock]:
    places = Place.objects.in_bulk(
        {one.reader for one in found} | {d.partner for one in found for d in one.days} - {None}
    )
    made = []
    for one in found:
        standing = ReaderClock.objects.filter(place_id=one.reader).filter(_meets(one.first, one.last))
        if one.reader not in places or standing.exists():
            continue
        either = {d.partner for d in one.days}
        only = places.get(next(iter(either)) or 0) if len(either) == 1 else None
        first = one.first
        evidence = {
            "days": [
                {"day": str(first + timedelta(days=k)), "seconds": d.seconds, "pairs": d.pairs, "stated": d.stated,
                 "corrected": d.corrected}
                for k, d in enumerate(one.days)
            ],
            "either": only.code if only else "",
        }  # fmt: skip
        row = ReaderClock.objects.create(
            place_id=one.reader, state=ReaderClock.State.PROPOSED, basis=ReaderClock.Basis.PATTERN,
            seconds=one.seconds, first_day=one.first, last_day=one.last, evidence=evidence, proposed_at=at,
        )  # fmt: skip
        audit.record("reader_clock.proposed", "reader_clock", row.pk, by=by, at=at, new={"seconds": one.seconds})
        made.append(row)
    return made


def _meets(first: date, last: date | None) -> Q:
    """Rows whose days and these have one in common."""
    open_end = Q(last_day__isnull=True) | Q(last_day__gte=first)
    return open_end & Q(first_day__lte=last) if last else open_end


@transaction.atomic
def accept(clock_id: int, *, reason: str, seconds: int | None = None, by: Actor, at: datetime) -> ReaderClock:
    """The clock was wrong, by what was proposed or by `seconds`; built days are made anew with the right times.

    Needs presence.import. BadInput without a reason; Conflict when it was decided already, or another correction of the
    reader stands on one of the days.
    """
    row = _open(clock_id, by)
    if seconds is not None:
        row.seconds = seconds
    _check(row.seconds, row.first_day, row.last_day, at)
    _alone(row)
    return _decide(row, ReaderClock.State.ACCEPTED, reason, by=by, at=at)


@transaction.atomic
def reject(clock_id: int, *, reason: str, by: Actor, at: datetime) -> ReaderClock:
    """The clock was right. The same days are not proposed again."""
    return _decide(_open(clock_id, by), ReaderClock.State.REJECTED, reason, by=by, at=at)


@transaction.atomic
def set_by_hand(
    code: str, *, seconds: int, first: date, last: date | None, reason: str, by: Actor, at: datetime
) -> ReaderClock:
    """Somebody has looked at the reader: its clock ran `seconds` ahead (negative: behind) on these days, by its own
    dates (`last` None: until further notice). As `accept`; NotFound for a place out of reach."""
    place = queries.reader_for(by, code)
    _check(seconds, first, last, at)
    row = ReaderClock(
        place=place, basis=ReaderClock.Basis.BY_HAND, seconds=seconds, first_day=first, last_day=last, proposed_at=at
    )
    _alone(row)
    return _decide(row, ReaderClock.State.ACCEPTED, reason, by=by, at=at)


@transaction.atomic
def withdraw(clock_id: int, *, reason: str, by: Actor, at: datetime) -> ReaderClock:
    """The correction was wrong: days are built from the times as they were written again."""
    row = _locked(clock_id, by)
    if row.state != ReaderClock.State.ACCEPTED:
        raise Conflict(_("This clock is not corrected at present."), code="clock_decided")
    return _decide(row, ReaderClock.State.WITHDRAWN, reason, by=by, at=at)


def _locked(clock_id: int, by: Actor) -> ReaderClock:
    row = queries.clocks(by).select_for_update(of=("self",)).filter(pk=clock_id).first()
    if row is None:
        raise NotFound
    return row


def _open(clock_id: int, by: Actor) -> ReaderClock:
    row = _locked(clock_id, by)
    if row.state != ReaderClock.State.PROPOSED:
        raise Conflict(_("Somebody has decided this already. Open the page again."), code="clock_decided")
    return row


def _check(seconds: int, first: date, last: date | None, at: datetime) -> None:
    if seconds == 0 or abs(seconds) > FURTHEST:
        raise BadInput(_("A clock is off by 1 to %(most)s seconds, ahead or behind."), field="seconds", most=FURTHEST)
    if first > clock.local_day(at):
        raise BadInput(_("%(day)s has not begun. Choose today or an earlier day."), field="first", day=str(first))
    if last is not None and last < first:
        raise BadInput(_("The last day lies before the first."), field="last")


def _alone(row: ReaderClock) -> None:
    """Conflict when a correction of this reader stands on one of the days: two would be taken off."""
    Place.objects.select_for_update().get(pk=row.place_id)  # two people who enter one at once wait here for each other
    same = ReaderClock.objects.filter(place_id=row.place_id, state=ReaderClock.State.ACCEPTED)
    other = same.filter(_meets(row.first_day, row.last_day)).exclude(pk=row.pk).first()
    if other is not None:
        raise Conflict(
            _("This reader is corrected from %(first)s already. Withdraw that first."),
            code="clock_overlaps", field="first", first=str(other.first_day),
        )  # fmt: skip


def _decide(row: ReaderClock, state: ReaderClock.State, reason: str, *, by: Actor, at: datetime) -> ReaderClock:
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON:
        raise BadInput(
            _("Give a reason of at most %(limit)s characters."), code="reason_required", field="reason",
            limit=LONGEST_REASON,
        )  # fmt: skip
    before = row.state
    row.state, row.reason, row.decided_at, row.decided_by_id = state, reason, at, by.account_id
    row.save()
    new = {"state": str(state), "seconds": row.seconds, "first": str(row.first_day), "last": str(row.last_day or "")}
    audit.record("reader_clock.decided", "reader_clock", row.pk, by=by, at=at, old={"state": before}, new=new)
    if ReaderClock.State.ACCEPTED in (before, state):
        # A record may move over midnight, and a stay reach into the next day.
        touched = PresenceDay.objects.filter(day__gte=row.first_day - timedelta(days=2), stale_since__isnull=True)
        if row.last_day is not None:
            touched = touched.filter(day__lte=row.last_day + timedelta(days=2))
        touched.update(stale_since=at)
    return row
