"""Whom a person may call, from the responsibility grid."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shouwang.core.tree import ancestors
from shouwang.org.models import Person, Place, Responsibility
from shouwang.org.queries.scope import current, responsible_for


@dataclass(frozen=True, slots=True)
class Helper:
    """Somebody to call: in which capacity, who, and where they answer for."""

    role: str | Promise
    person: Person
    where: str = ""


def unit_helper(person: Person, *, on: date) -> list[Helper]:
    """Who answers for the person's unit; at most one."""
    unit = responsible_for(person, on=on)
    return [Helper(_("answers for your unit"), unit)] if unit is not None else []


def clinic_helpers(person: Person, *, on: date) -> list[Helper]:
    """Who answers for a clinic that serves the person's institution; at most two."""
    rows = Responsibility.objects.filter(current(on), rank=Responsibility.Rank.FIRST).select_related("person", "place")
    near = Q(place__owner__isnull=True) | Q(place__owner__path__in=ancestors(person.home_path))
    found = rows.filter(near, place__kind=Place.Kind.CLINIC).order_by("place__path")[:2]
    return [Helper(_("campus clinic"), row.person, row.place.title) for row in found if row.place is not None]


def each_once(helpers: Iterable[Helper]) -> list[Helper]:
    """None twice: the first capacity of each stands."""
    return list({helper.person.pk: helper for helper in reversed(list(helpers))}.values())[::-1]
