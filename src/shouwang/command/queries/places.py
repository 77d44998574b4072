"""Buildings in numbers: who lives there, how many of them are apart or unwell. Never who."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Value
from django.db.models.functions import Substr

from shouwang.checkins.models import LatestCheckIn, Severity
from shouwang.command import rules
from shouwang.core.scope import Actor
from shouwang.core.tree import in_ranges
from shouwang.isolation.models import Order
from shouwang.org.models import Place, Residence
from shouwang.org.queries import places


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """One building, or floor: `residents` of the asker's part of the tree; small groups show "<5", not a number."""

    place: Place
    residents: int
    unwell: int | str
    apart: int | str

    @property
    def tone(self) -> str:
        """The colour of the row's edge. A number that is left out colours nothing."""
        if isinstance(self.unwell, int) and self.unwell:
            return "warn"
        return "notice" if isinstance(self.apart, int) and self.apart else ""


SHOWN = (Place.Kind.BUILDING, Place.Kind.FLOOR)  # a room is a handful of people: what is said of it is said of them


def natural(name: str) -> list[tuple[int, str]]:
    """Building 2 before building 11."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name) if part]


def place_rows(by: Actor, parent: Place | None, day: date) -> list[PlaceRow]:
    """All buildings, or the buildings or floors below `parent`, that have residents; never rooms. Needs report.view.

    Numbers are of residents whose home organisation lies within reach of report.view. Four queries.
    """
    by.require("report.view")
    below = places(by).filter(parent=parent, kind__in=SHOWN) if parent else places(by).filter(kind=Place.Kind.BUILDING)
    rows = sorted(below, key=lambda place: natural(place.name))
    if not rows:
        return []
    width = len(rows[0].path)
    reach = by.ranges("report.view")
    resident = Residence.objects.filter(in_ranges("person__home_path", reach), ends__isnull=True)
    if parent:
        resident = resident.filter(place__path__startswith=parent.path)

    def grouped(found: QuerySet[Residence]) -> Mapping[str, int]:
        where: Any = Substr(F("place__path"), Value(1), Value(width))
        return dict(found.annotate(where=where).order_by().values_list("where").annotate(n=Count("pk")))

    total = grouped(resident)
    sick = LatestCheckIn.objects.filter(day=day).exclude(severity=Severity.NONE).values("person_id")
    unwell = grouped(resident.filter(person_id__in=sick))
    ordered = Order.objects.filter(Q(state__in=[Order.State.SERVED, Order.State.ACKNOWLEDGED])).values("person_id")
    apart = grouped(resident.filter(person_id__in=ordered))
    groups = {place.path: total[place.path] for place in rows if total.get(place.path)}
    ill = rules.hidden({path: unwell.get(path, 0) for path in groups}, groups)
    ordered_apart = rules.hidden({path: apart.get(path, 0) for path in groups}, groups)
    return [
        PlaceRow(place, groups[place.path], ill[place.path], ordered_apart[place.path])
        for place in rows
        if place.path in groups
    ]
