"""People and places that a presence file names and nobody had listed: made only when the importer asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.utils.translation import gettext as _

from shouwang.core.scope import Actor
from shouwang.org import actions as org
from shouwang.org.models import Organisation, Person, Place

UNLISTED = "UNLISTED"
"""Code of the organisation, and of the place, below which they stand until somebody sorts them."""


def welcome_people(
    numbers: Sequence[str], cards: Sequence[str], *, owner: Organisation | None, since: date, by: Actor, at: datetime
) -> int:
    """Create a person for each unknown number and each unknown card; returns how many. Needs people.manage.

    Somebody known only by a card gets it as number too. A number or card longer than the roster allows creates nobody:
    its rows stay refused.
    """
    longest = Person._meta.get_field("number").max_length or 0
    taken = set(Person.objects.filter(number__in=cards).values_list("number", flat=True)) if cards else set()
    wanted = [(number, "") for number in numbers if number and len(number) <= longest]
    wanted += [(card, card) for card in cards if card and len(card) <= longest and card not in taken]
    if not wanted:
        return 0
    home = _unlisted_organisation(owner, since, by=by, at=at)
    for number, card in wanted:
        org.add_person(
            number=number, name=number, kind=Person.Kind.OTHER, card=card, home=home, since=since, by=by, at=at
        )
    return len(wanted)


def welcome_places(
    names: Sequence[str], *, owner: Organisation | None, source_format: str, by: Actor, at: datetime
) -> int:
    """Create a place for each unknown name; returns how many. Needs org.manage.

    Doors lead into buildings; a visit table names rooms. The name is the code too, where it is short enough and free.
    """
    longest = Place._meta.get_field("code").max_length or 0
    wanted = [name for name in names if name and len(name) <= longest]
    if not wanted:
        return 0
    since = date(1970, 1, 1)  # the place stood before anybody was seen in it
    parent = Place.objects.filter(kind=Place.Kind.CAMPUS, code__startswith=UNLISTED, owner=owner).first()
    if parent is None:
        parent = org.add_place(
            parent=None,
            kind=Place.Kind.CAMPUS,
            code=_free_code(Place, owner),
            name=_("Unlisted places"),
            owner=owner,
            starts=since,
            by=by,
            at=at,
        )
    kind = Place.Kind.BUILDING if source_format == "gate" else Place.Kind.ROOM
    for name in wanted:
        org.add_place(parent=parent, kind=kind, code=name, name=name, starts=since, by=by, at=at)
    return len(wanted)


def _free_code(model: type[Place] | type[Organisation], owner: Organisation | None) -> str:
    """UNLISTED for the first institution of the installation, with the institution's code behind it for others."""
    taken = model._default_manager.filter(code=UNLISTED).exists()
    return f"{UNLISTED}-{owner.code}"[:60] if taken and owner is not None else UNLISTED


def _unlisted_organisation(owner: Organisation | None, since: date, *, by: Actor, at: datetime) -> Organisation:
    """Below the institution, so that whoever answers for it sees them; a root of its own where there is none."""
    found = Organisation.objects.filter(code__startswith=UNLISTED, parent=owner).first()
    if found is not None:
        return found
    parent = owner
    name = _("Unlisted people")
    return org.add_organisation(
        parent=parent,
        kind=Organisation.Kind.OFFICE,
        code=_free_code(Organisation, owner),
        name=name,
        starts=since,
        by=by,
        at=at,
    )
