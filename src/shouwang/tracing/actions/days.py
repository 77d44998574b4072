"""Building, switching and deleting the segments of local days."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from shouwang.core import audit, clock
from shouwang.core.errors import BadInput, Conflict
from shouwang.core.retention import keep_days
from shouwang.core.scope import Actor
from shouwang.epi.segments import write_segment
from shouwang.tracing.actions.readers import refresh_holes
from shouwang.tracing.models import PresenceBatch, PresenceDay
from shouwang.tracing.models_readers import DayProfile
from shouwang.tracing.presence import lake, store
from shouwang.tracing.presence.building import BuiltDay, Run
from shouwang.tracing.presence.files import TEMPORARY, batches_root, days_root, fresh_name
from shouwang.tracing.presence.reading import no_progress
from shouwang.tracing.queries import visitors
from shouwang.tracing.queries.scans import unbuilt_days

log = logging.getLogger(__name__)
Progress = Callable[[int, int | None], None]

IMPORT = "presence.import"
OWED = "owed"  # key in a batch's counts: ISO days its records are not yet built into
DAYS_AT_ONCE = 14  # days whose sources are held in memory together
MOST_DAYS = 400
TRIES = 3  # how often a day is built again because somebody else switched it meanwhile
LEFTOVER_AFTER = timedelta(hours=1)  # a file no row speaks of may still be on its way into one for so long


def build_days(
    first: date, last: date, *, by: Actor, at: datetime, progress: Progress = no_progress, most: int = MOST_DAYS
) -> list[PresenceDay]:
    """Build the segment of every local day from `first` to `last` from batches, beds and timetables; needs
    presence.import. Each day is switched to its new version on its own: a crash leaves every day whole, old or new.

    BadInput for a range that ends before it starts, is longer than `most` days, or reaches into the future.
    """
    by.require(IMPORT)
    if last < first:
        raise BadInput(_("The last day lies before the first."), field="last")
    if (last - first).days >= most:
        raise BadInput(_("At most %(days)s days are built at once."), field="last", days=most)
    if last > clock.local_day(at):
        raise BadInput(_("%(day)s has not begun. Choose today or an earlier day."), field="last", day=str(last))
    days = [first + timedelta(days=k) for k in range((last - first).days + 1)]
    return build_each(days, by=by, at=at, progress=progress)


def build_stale(
    *, by: Actor, at: datetime, for_at_least: timedelta = timedelta(0), progress: Progress = no_progress
) -> list[PresenceDay]:
    """Build every day whose records came in after it was built, or before it ever was; needs presence.import.

    `for_at_least` leaves out days whose records came a moment ago: the import that brought them is about to build them.
    """
    by.require(IMPORT)
    since = at - for_at_least
    stale = set(PresenceDay.objects.filter(stale_since__lte=since).values_list("day", flat=True))
    for counts in PresenceBatch.objects.filter(created_at__lte=since, counts__has_key=OWED).values_list(
        "counts", flat=True
    ):
        stale |= owed_days(counts)
    stale |= unbuilt_days(since) | visitors.unbuilt_days(since)
    return build_each(stale, by=by, at=at, progress=progress)


def owed_days(counts: Mapping[str, Any]) -> set[date]:
    """The days a batch still has to be built into."""
    return {date.fromisoformat(day) for day in counts.get(OWED, ())}


def build_each(days: Iterable[date], *, by: Actor, at: datetime, progress: Progress = no_progress) -> list[PresenceDay]:
    """Build these days, in runs of consecutive ones."""
    wanted = sorted(set(days))
    built: list[PresenceDay] = []
    for first, last in _runs(wanted):
        stale = _stale(first, last)
        run = Run(first, last)
        for index in range(len(run.days)):
            segment = run.build(index)
            row = _switch(segment, stale.get(segment.day), by=by, at=at)
            built.append(row if row is not None else _again(segment.day, by=by, at=at))
            progress(len(built), len(wanted))
        _settle(run)
    refresh_holes([row.day for row in built])
    return built


def _settle(run: Run) -> None:
    """Strike the days of a finished run off what its batches still owe.

    A batch replaced since it was read keeps what it owes; a crash before this only means that days are built twice.
    """
    done = {columns.day for columns in run.days}
    with transaction.atomic():
        for batch in PresenceBatch.objects.select_for_update().filter(pk__in=run.batches, counts__has_key=OWED):
            if batch.stored_as != run.batches[batch.pk]:
                continue
            rest = sorted(owed_days(batch.counts) - done)
            batch.counts.pop(OWED)
            if rest:
                batch.counts[OWED] = [day.isoformat() for day in rest]
            batch.save(update_fields=["counts"])


def _runs(days: list[date]) -> Iterator[tuple[date, date]]:
    """(first, last) of stretches of consecutive days, none longer than `DAYS_AT_ONCE`."""
    start = 0
    for index in range(1, len(days) + 1):
        ends = index == len(days) or (days[index] - days[index - 1]).days > 1 or index - start >= DAYS_AT_ONCE
        if ends:
            yield days[start], days[index - 1]
            start = index


def _stale(first: date, last: date) -> dict[date, tuple[int, datetime | None]]:
    """What stood before the build: day -> (version, stale since). Read before the sources are."""
    rows = PresenceDay.objects.filter(day__gte=first, day__lte=last)
    return {day: (version, since) for day, version, since in rows.values_list("day", "version", "stale_since")}


def _again(day: date, *, by: Actor, at: datetime) -> PresenceDay:
    """Somebody else switched this day while it was being built: build it from what there is now."""
    for _attempt in range(TRIES):
        before = _stale(day, day).get(day)
        run = Run(day, day)
        row = _switch(run.build(0), before, by=by, at=at)
        if row is not None:
            _settle(run)
            return row
    raise Conflict(_("%(day)s is being built by somebody else. Try again in a minute."), day=str(day))


def _switch(
    built: BuiltDay, before: tuple[int, datetime | None] | None, *, by: Actor, at: datetime
) -> PresenceDay | None:
    """Make the file durable, then point the row at it; None (and no file) when the row moved on meanwhile.

    `before` is the version the build started from. The old file goes only when the switch is committed.
    """
    version = before[0] + 1 if before else 1
    name = fresh_name(f"{built.day.isoformat()}.v{version}")
    path = days_root() / name
    write_segment(path, built.visits, built.pairs)
    try:
        with transaction.atomic():
            row = _point(built, name, version, before, at)
            if row is not None:
                kept = {"records": built.busy, "purge_on": row.purge_on}
                DayProfile.objects.update_or_create(day=built.day, defaults=kept)
                new = {
                    "day": str(built.day),
                    "version": version,
                    "visits": len(built.visits),
                    "pairs": len(built.pairs),
                }
                audit.record("presence.built", "presence_day", row.pk, by=by, at=at, new=new)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    if row is None:
        path.unlink(missing_ok=True)
    return row


def _point(
    built: BuiltDay, name: str, version: int, before: tuple[int, datetime | None] | None, at: datetime
) -> PresenceDay | None:
    values = {
        "version": version,
        "stored_as": name,
        "visits": len(built.visits),
        "pairs": len(built.pairs),
        "by_source": built.by_source,
        "remarks": built.remarks,
        "built_at": at,
    }
    if before is None:
        purge_on = max(built.day, clock.local_day(at)) + timedelta(days=keep_days("presence"))
        try:
            with transaction.atomic():
                return PresenceDay.objects.create(day=built.day, purge_on=purge_on, **values)
        except IntegrityError:
            return None
    row = PresenceDay.objects.select_for_update().filter(day=built.day, version=before[0]).first()
    if row is None:
        return None
    old = row.stored_as
    for field, value in values.items():
        setattr(row, field, value)
    if row.stale_since == before[1]:  # otherwise records came in while this was being built
        row.stale_since = None
    row.save()
    transaction.on_commit(lambda: remove_segments([old]))
    return row


def remove_segments(names: Iterable[str]) -> None:
    """Delete segment files; readers that have one mapped keep it until they let go."""
    gone = list(names)
    store.forget(gone)
    for name in gone:
        (days_root() / name).unlink(missing_ok=True)
    lake.forget(gone)


def mark_stale(days: Iterable[date], *, at: datetime) -> int:
    """Note on every built day among these that records came in. Call in the transaction that stores the records."""
    return PresenceDay.objects.filter(day__in=list(days), stale_since__isnull=True).update(stale_since=at)


def sweep_leftovers(*, at: datetime) -> int:
    """Delete files that a crash left behind: written, but no row speaks of them. Returns how many.

    A file younger than `LEFTOVER_AFTER` is left alone, for its row may be about to be written.
    """
    known = set(PresenceBatch.objects.values_list("stored_as", flat=True))
    known |= set(PresenceDay.objects.values_list("stored_as", flat=True))
    limit = (at - LEFTOVER_AFTER).timestamp()
    removed = 0
    ours = [path for folder in (batches_root(), days_root()) for path in folder.iterdir()]
    found = [path for path in ours if path.name not in known and path.name.endswith((".arrow", TEMPORARY))]
    for path in [*found, *lake.leftovers(known)]:
        try:
            if path.stat().st_mtime < limit:
                path.unlink()
                removed += 1
        except FileNotFoundError:
            continue  # its owner has just taken it away
    if removed:
        log.warning("removed %d presence files that no row speaks of", removed)
    return removed
