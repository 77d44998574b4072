"""Standing scans of place codes as stays, for a run of days."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, tzinfo

from shouwang.tracing.models_scans import PlaceScan
from shouwang.tracing.presence.resolving import PlaceTable
from shouwang.tracing.rules.assumptions import Assumptions
from shouwang.tracing.rules.scans import IN, OUT, Closing, Scan, Told, stays


def closing(places: PlaceTable, rules: Assumptions) -> Closing:
    """The rule of the end with this institution's numbers and places."""
    assumed = rules.scans.assumed_stay
    return Closing(
        assumed=lambda place: assumed.seconds(places.kind.get(place, "")),
        longest=rules.scans.longest_seconds,
        inside=places.inside,
        building=lambda place: places.building.get(place, place),
        duplicate_seconds=rules.scans.duplicate_seconds,
        far_seconds=rules.scans.far_seconds,
    )


def scanned(low: int, high: int, places: PlaceTable, rules: Assumptions, zone: tzinfo) -> Told:
    """What scans tell of [low, high), unix seconds: stays that may reach beyond it, and remarks of every moment read.

    Whoever entered before `low` may still be there, and an exit after `high` ends what began before it: both ends read
    as far as the longest stay, and a day more for repeated scans. Struck-out ones are counted (`removed`) and tell
    nothing else.
    """
    reach = max(rules.scans.longest_seconds, rules.scans.assumed_stay.longest) + 86_400
    first, last = (datetime.fromtimestamp(t, tz=zone) for t in (low - reach, high + reach))
    rows = PlaceScan.objects.filter(at__gte=first, at__lt=last).order_by()
    read = list(rows.values_list("person_id", "place_id", "at", "way", "removed_at"))
    told = stays(_standing(read, places), closing(places, rules))
    for _person, _place, at, _way, gone in read:
        if gone is not None:
            told.remark("removed", int(at.timestamp()))
    return told


def _standing(read: Iterable[tuple[int, int, datetime, str, datetime | None]], places: PlaceTable) -> Iterable[Scan]:
    for person, place, at, way, gone in read:
        if gone is None:
            here = places.room.get(place, place)
            yield Scan(person, here, int(at.timestamp()), IN if way == PlaceScan.Way.IN else OUT)
