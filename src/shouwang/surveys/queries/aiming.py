"""Whom a campaign aims at: people inside its organisation, narrowed by units, kinds, situations and where they live."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from shouwang.core import clock
from shouwang.core.errors import BadInput
from shouwang.core.tree import covers, in_ranges, subtree
from shouwang.org.models import Organisation, Person, Place, Residence
from shouwang.org.queries import current
from shouwang.surveys.models import Campaign

MOST = 500  # units or places one campaign names


@dataclass(frozen=True, slots=True)
class Aim:
    """An empty tuple does not narrow. Units and places stand for their whole subtree."""

    organisations: tuple[int, ...] = ()
    kinds: tuple[str, ...] = ()
    situations: tuple[str, ...] = ()
    places: tuple[int, ...] = ()

    @classmethod
    def of(cls, data: dict[str, Any]) -> Aim:
        return cls(*(tuple(data.get(name, ())) for name in ("organisations", "kinds", "situations", "places")))


def check_aim(aim: Aim, organisation: Organisation) -> None:
    """BadInput for a unit outside the campaign's own, an unknown word or place."""
    if len(aim.organisations) > MOST or len(aim.places) > MOST:
        raise BadInput(_("At most %(most)s units or places."), field="organisations", most=MOST)
    paths = dict(Organisation.objects.filter(pk__in=aim.organisations).values_list("pk", "path"))
    inside = (subtree(organisation.path),)
    if any(pk not in paths or not covers(inside, paths[pk]) for pk in aim.organisations):
        raise BadInput(_("A unit of the aim lies outside the survey's own unit."), field="organisations")
    if Place.objects.filter(pk__in=aim.places).count() != len(set(aim.places)):
        raise BadInput(_("There is no such place."), field="places")
    for field, words, known in (
        ("kinds", aim.kinds, Person.Kind.values),
        ("situations", aim.situations, Person.Situation.values),
    ):
        if strange := [word for word in words if word not in known]:
            raise BadInput(_("Unknown word “%(value)s”."), field=field, value=str(strange[0])[:40])


def people_of(aim: Aim, organisation: Organisation) -> QuerySet[Person]:
    """Everybody the aim reaches today, each once: three queries at most are needed to say so."""
    people = Person.objects.filter(in_ranges("home_path", [subtree(organisation.path)]), left_on__isnull=True)
    if aim.organisations:
        paths = Organisation.objects.filter(pk__in=aim.organisations).values_list("path", flat=True)
        people = people.filter(in_ranges("home_path", [subtree(path) for path in paths]))
    if aim.kinds:
        people = people.filter(kind__in=aim.kinds)
    if aim.situations:
        people = people.filter(situation__in=aim.situations)
    if aim.places:
        spots = Place.objects.filter(pk__in=aim.places).values_list("path", flat=True)
        sleeps = Residence.objects.filter(
            current(clock.today()), in_ranges("place__path", [subtree(path) for path in spots]), person=OuterRef("pk")
        )
        people = people.filter(Exists(sleeps))
    return people


def aimed_people(campaign: Campaign) -> QuerySet[Person]:
    return people_of(Aim.of(campaign.aim), campaign.organisation)
