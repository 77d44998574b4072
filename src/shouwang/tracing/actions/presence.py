"""Importing presence: a file of door swipes, visits or sensor pairs becomes a raw batch and new day segments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

from shouwang.core import audit, clock
from shouwang.core.errors import BadInput
from shouwang.core.files.errors import refuse
from shouwang.core.files.problems import RowProblem
from shouwang.core.retention import keep_days
from shouwang.core.scope import Actor
from shouwang.core.tree import subtree
from shouwang.epi.proximity import join_slots
from shouwang.org.models import Organisation
from shouwang.org.queries import institution_of, owned
from shouwang.tracing.actions import days as day_actions
from shouwang.tracing.actions import strangers as stranger_actions
from shouwang.tracing.models import PresenceBatch, PresenceDay
from shouwang.tracing.presence import quality
from shouwang.tracing.presence.batches import Batch, write_batch
from shouwang.tracing.presence.building import FORMAT_SOURCE, pair_stays
from shouwang.tracing.presence.defaults import assumptions
from shouwang.tracing.presence.files import batches_root, sha256_of
from shouwang.tracing.presence.parsing import Parsed, parse_gate, parse_proximity, parse_visits
from shouwang.tracing.presence.reading import no_progress
from shouwang.tracing.presence.resolution import Resolved, resolve, strangers
from shouwang.tracing.presence.resolving import place_table
from shouwang.tracing.rules.assumptions import Assumptions
from shouwang.tracing.rules.intake import Fate, counts

Progress = Callable[[int, int | None], None]

STEP_RANGE = (1, 86_400)


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How to read a presence file. `step` seconds for proximity (None: the assumption); `name` the file's name as its
    giver knows it; `owner` the institution the file and what is created belong to (None: the importing account's own);
    `columns` a remembered mapping (field -> header); `build` False leaves the days to be built later.
    """

    step: int | None = None
    create_people: bool = False
    create_places: bool = False
    columns: Mapping[str, str] | None = None
    sheet: str | None = None
    name: str | None = None
    owner: Organisation | None = None
    build: bool = True

    @property
    def places(self) -> Q:
        """Where names of places are looked up: on the grounds of the owner, of who stands above it, and shared ones."""
        return owned([subtree(self.owner.path)]) if self.owner is not None else Q()


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What became of a file. read = accepted + updated + every refusal; `updated` rows were there already.

    `remarks` are counted oddities of rows that were used all the same; `problems` the first refused rows of each kind.
    `days` are those whose segments the records change.
    """

    read: int
    accepted: int
    updated: int
    refused: Mapping[str, int]
    remarks: Mapping[str, int] = field(default_factory=dict)
    problems: tuple[RowProblem, ...] = ()
    already_imported: bool = False
    batch: int | None = None
    first: datetime | None = None
    last: datetime | None = None
    days: tuple[date, ...] = ()
    people_created: int = 0
    places_created: int = 0

    def as_dict(self) -> dict[str, Any]:
        """For JSON: problems as dictionaries, days as ISO text."""
        found = {f: getattr(self, f) for f in self.__dataclass_fields__}
        found["problems"] = [problem.as_dict() for problem in self.problems]
        found["days"] = [day.isoformat() for day in self.days]
        found |= {k: found[k].isoformat() if found[k] else None for k in ("first", "last")}
        return {**found, "refused": dict(self.refused), "remarks": dict(self.remarks)}


def import_presence(
    path: Path,
    *,
    source_format: str,
    options: ImportOptions | None = None,
    by: Actor,
    at: datetime,
    progress: Progress = no_progress,
) -> ImportResult:
    """Store the raw records of a file and build the days they speak of; needs presence.import.

    `source_format` is gate, visits, wifi (visits of an access point's place, told apart by their source) or
    proximity. The raw file is durable before its row is written and the row is
    written last: after a crash the import has happened entirely or not at all. The same file again changes nothing
    and says so (`already_imported`); when the roster or the places have been completed since, the rows that were
    refused and can now be placed are added. Raises `FileError`, `ColumnError`, `BadInput`.
    """
    by.require(day_actions.IMPORT)
    options = with_owner(options or ImportOptions(), by)
    rules = assumptions()
    step = _step(source_format, options, rules)
    name = options.name or path.name
    if path.stat().st_size > settings.IMPORT_MAX_BYTES:
        raise refuse("file_too_large", name, what=f"> {settings.IMPORT_MAX_BYTES >> 20} MiB")
    sha256 = sha256_of(path)
    latest = int(at.timestamp()) + rules.intake.clock_skew_seconds
    parsed = _parse(path, source_format, name, options, step, latest, progress)
    parsed.source = FORMAT_SOURCE[source_format]
    day_actions.sweep_leftovers(at=at)
    stored = _store(parsed, options, rules, sha256=sha256, name=name, by=by, at=at)
    if options.build and stored.touched:
        day_actions.build_each(stored.touched, by=by, at=at, progress=progress)
    return stored.result


def with_owner(options: ImportOptions, by: Actor) -> ImportOptions:
    """The institution that brings the file: the one named, which must lie within reach, else the account's own."""
    if options.owner is None:
        return replace(options, owner=institution_of(by, day_actions.IMPORT))
    by.require(day_actions.IMPORT, options.owner.path)
    return options


def _step(source_format: str, options: ImportOptions, rules: Assumptions) -> int:
    if source_format not in FORMAT_SOURCE:
        raise BadInput(
            _("Unknown format %(value)s. Choose gate, visits, wifi or proximity."), field="format", value=source_format
        )
    if source_format != "proximity":
        return 0
    step = rules.sensors.step_seconds if options.step is None else options.step
    if not STEP_RANGE[0] <= step <= STEP_RANGE[1]:
        raise BadInput(_("A step is from 1 second to a day."), field="step")
    return step


def _parse(
    path: Path, source_format: str, name: str, options: ImportOptions, step: int, latest: int, progress: Progress
) -> Parsed:
    if source_format == "proximity":
        return parse_proximity(path, name=name, step=step, latest=latest, progress=progress)
    parse = parse_gate if source_format == "gate" else parse_visits
    return parse(
        path, name=name, saved=options.columns, sheet=options.sheet, zone=clock.zone(), latest=latest,
        progress=progress,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Stored:
    result: ImportResult
    touched: tuple[date, ...] = ()


def _store(
    parsed: Parsed, options: ImportOptions, rules: Assumptions, *, sha256: str, name: str, by: Actor, at: datetime
) -> _Stored:
    """Everything that reaches the database, in one transaction; the raw file is removed again if that fails."""
    written: list[str] = []
    try:
        with transaction.atomic():
            return _store_inside(parsed, options, rules, sha256, name, written, by=by, at=at)
    except IntegrityError:
        # Somebody imported the same file in this very moment: what they stored is what we would have stored.
        _unlink(written)
        with transaction.atomic():
            return _store_inside(parsed, options, rules, sha256, name, [], by=by, at=at)
    except BaseException:
        _unlink(written)
        raise


def _unlink(names: list[str]) -> None:
    for name in names:
        (batches_root() / name).unlink(missing_ok=True)


def _store_inside(
    parsed: Parsed,
    options: ImportOptions,
    rules: Assumptions,
    sha256: str,
    name: str,
    written: list[str],
    *,
    by: Actor,
    at: datetime,
) -> _Stored:
    people, places_made = _welcome(parsed, options, by=by, at=at)
    places = place_table()
    resolved = resolve(parsed, rules, places, options.places)
    accepted = int(np.count_nonzero(resolved.batch.accepted))
    source = parsed.source or FORMAT_SOURCE[parsed.source_format]
    step = f"step={parsed.step}" if parsed.step else ""
    key = {"source": source, "sha256": sha256, "options_key": step, "owner": options.owner}
    row = PresenceBatch.objects.select_for_update().filter(**key).first()
    before = row.counts["accepted"] if row is not None else 0
    summary = _summary(parsed, resolved, accepted, before, people, places_made)
    fingerprint = resolved.batch.fingerprint()
    if len(parsed) == 0 or (row is not None and row.counts["fingerprint"] == fingerprint):
        first, last = (row.first_at, row.last_at) if row is not None else (None, None)
        batch_pk = row.pk if row is not None else None
        # Whatever stopped the build last time, it is made up for.
        owed = tuple(sorted(day_actions.owed_days(row.counts))) if row is not None else ()
        return _Stored(summary.result(batch=batch_pk, first=first, last=last, already=row is not None, days=owed), owed)
    first, last = _span(resolved.batch)
    touched = tuple(_touched(resolved.batch, rules))
    summary.remarks |= _oddities(resolved.batch, rules, places)
    written.append(write_batch(resolved.batch))
    old = row.stored_as if row is not None else None
    row = row or PresenceBatch(**key, created_at=at, account=by.account_id)
    row.file_name, row.stored_as, row.first_at, row.last_at = name[:255], written[0], first, last
    row.counts = {
        "read": len(parsed),
        "accepted": accepted,
        "refused": summary.refused,
        "remarks": summary.remarks,
        "fingerprint": fingerprint,
        **({day_actions.OWED: [day.isoformat() for day in touched]} if touched else {}),
    }
    row.purge_on = row.purge_on or _purge_on(last, at)
    row.save()
    if old is not None:
        gone = old
        transaction.on_commit(lambda: _unlink([gone]))
    day_actions.mark_stale(touched, at=at)
    new = {"file": row.file_name, "read": len(parsed), "accepted": accepted, "refused": summary.refused}
    audit.record("presence.imported", "presence_batch", row.pk, by=by, at=at, new=new)
    return _Stored(summary.result(batch=row.pk, first=first, last=last, days=touched), touched)


@dataclass
class _Summary:
    read: int
    accepted: int
    updated: int
    refused: dict[str, int]
    remarks: dict[str, int]
    problems: tuple[RowProblem, ...]
    people_created: int
    places_created: int

    def result(
        self,
        *,
        batch: int | None,
        first: datetime | None,
        last: datetime | None,
        already: bool = False,
        days: tuple[date, ...] = (),
    ) -> ImportResult:
        values = asdict(self) | {"problems": self.problems}
        return ImportResult(**values, already_imported=already, batch=batch, first=first, last=last, days=days)


def _summary(parsed: Parsed, resolved: Resolved, accepted: int, before: int, people: int, places_made: int) -> _Summary:
    updated = min(before, accepted)
    return _Summary(
        read=len(parsed),
        accepted=accepted - updated,
        updated=updated,
        refused=counts(resolved.fates),
        remarks=dict(parsed.remarks),
        problems=tuple(resolved.problems),
        people_created=people,
        places_created=places_made,
    )


def _welcome(parsed: Parsed, options: ImportOptions, *, by: Actor, at: datetime) -> tuple[int, int]:
    """Create the people and places the roster does not know, where the options allow it. (people, places) created."""
    if not (options.create_people or options.create_places):
        return 0, 0
    unknown = strangers(parsed, options.places)
    people = places = 0
    if options.create_people:
        since = clock.local_day(at)
        timed = parsed.moment[parsed.timed]
        if len(timed):
            since = min(since, _local_day(int(timed.min())))
        people = stranger_actions.welcome_people(
            unknown.numbers, unknown.cards, owner=options.owner, since=since, by=by, at=at
        )
    if options.create_places:
        places = stranger_actions.welcome_places(
            unknown.places, owner=options.owner, source_format=parsed.source_format, by=by, at=at
        )
    return people, places


def _local_day(moment: int) -> date:
    return clock.local_day(datetime.fromtimestamp(moment, tz=clock.zone()))


def _span(batch: Batch) -> tuple[datetime | None, datetime | None]:
    """First and last moment of any readable record, the refused ones included: a day counts these too."""
    readable = ~np.isin(batch.columns["fate"], (Fate.TIME_INVALID, Fate.ROW_MALFORMED, Fate.IN_FUTURE))
    if not np.any(readable):
        return None, None
    begin = int(batch.moment[readable].min()) - batch.step
    last = int(batch.moment[readable].max())
    if batch.source_format == "visits" and np.any(batch.accepted):
        last = max(last, int(batch.columns["end"][batch.accepted].max()))
    return datetime.fromtimestamp(begin, tz=clock.zone()), datetime.fromtimestamp(last, tz=clock.zone())


def _purge_on(last: datetime | None, at: datetime) -> date:
    day = clock.local_day(at)
    return max(day, clock.local_day(last) if last else day) + timedelta(days=keep_days("presence"))


def _touched(batch: Batch, rules: Assumptions) -> list[date]:
    """Local days whose segment changes by these records.

    A swipe may complete a stay that began on a day before, or begin one that ends on a day after, in another file:
    days already built within the longest stay are built again too.
    """
    rows = batch.accepted
    if not np.any(rows):
        return []
    begin, end = batch.moment[rows], batch.moment[rows]
    if batch.source_format == "visits":
        end = batch.columns["end"][rows] - 1
    elif batch.source_format == "proximity":
        begin, end = begin - batch.step, end - 1
    first, last = _local_day(int(begin.min())), _local_day(int(end.max()))
    edges = np.array(clock.midnights(first, last), np.int64)
    numbers = _covered(np.searchsorted(edges, begin, side="right") - 1, np.searchsorted(edges, end, side="right") - 1)
    found = {first + timedelta(days=int(number)) for number in numbers}
    if batch.source_format == "gate":
        margin = timedelta(days=-(-rules.doors.max_stay.longest // 86_400))
        built = PresenceDay.objects.filter(day__gte=first - margin, day__lte=last + margin)
        found |= {
            day for day in built.values_list("day", flat=True)
            if any(day + timedelta(days=k) in found for k in range(-margin.days, margin.days + 1))
        }  # fmt: skip
    return sorted(found)


def _covered(first: NDArray[np.int64], last: NDArray[np.int64]) -> NDArray[np.int64]:
    """Every number in any of the ranges [first, last]."""
    width = int(last.max()) + 2
    change = np.bincount(first, minlength=width) - np.bincount(last + 1, minlength=width)
    return np.flatnonzero(np.cumsum(change) > 0)


def _oddities(batch: Batch, rules: Assumptions, places: Any) -> dict[str, int]:
    """What is remarked about rows that were accepted: pairing of swipes, duplicates, one person in two places."""
    rows = batch.accepted
    found: dict[str, int] = {}
    if batch.source_format == "proximity":
        t, a, b = (batch.columns[name][rows] for name in ("t", "person", "partner"))
        joined = join_slots(t, a, b, batch.step)
        found = {"duplicate": joined.duplicates, "intervals": len(joined)}
    else:
        person, place = batch.columns["person"][rows], places.rooms(batch.columns["place"][rows])
        if batch.source_format == "gate":
            stays = pair_stays(person, place, batch.columns["t"][rows], batch.columns["direction"][rows], places, rules)
            found = {**stays.counts, "stays": len(stays.person)}
            person, place, start, end = stays.person, stays.place, stays.start, stays.end
        else:
            start, end = batch.columns["start"][rows], batch.columns["end"][rows]
        odd = quality.clashes(person, place, start, end, places)
        found |= {
            "two_places_at_once": odd.apart_pairs,
            "two_places_minutes": odd.apart_seconds // 60,
            "doubled": odd.doubled,
        }
    return {key: value for key, value in found.items() if value}
