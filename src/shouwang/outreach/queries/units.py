"""Units of a round: how many owe something, and who is told about it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Count, Q

from shouwang.checkins.queries.figures import on_roster
from shouwang.core import clock
from shouwang.core.tree import STEP, in_ranges, subtree
from shouwang.org.models import Grant, Organisation, Person, Responsibility
from shouwang.org.queries import current
from shouwang.outreach.models import Channel, Message, Round
from shouwang.outreach.queries.people import among, owing_any
from shouwang.outreach.words import Counts


def unit_counts(round_: Round, inside: Q | None = None) -> dict[int, Counts]:
    """Organisation -> counts of the people whose home it is, for every unit that is a home and that the round is about;
    one query."""
    people = Person.objects.filter(on_roster(clock.local_day(round_.due_at)), among(round_), home__isnull=False)
    if inside is not None:
        people = people.filter(inside)
    rows = people.order_by().values("home").annotate(n=Count("pk"), open=Count("pk", filter=owing_any(round_)))
    return {home: Counts(n, missing) for home, n, missing in rows.values_list("home", "n", "open") if home}


def counts_for(message: Message) -> Counts:
    """What a note speaks of: the people whose home the unit is; for notes to those above, everybody below as well.

    `units`: homes among them that are not complete.
    """
    unit = message.organisation
    if unit is None:
        return Counts(0, 0)
    if message.purpose not in (Message.Purpose.ABOVE, Message.Purpose.TOP):
        return unit_counts(message.round, Q(home=unit)).get(unit.pk, Counts(0, 0))
    below = unit_counts(message.round, in_ranges("home_path", (subtree(unit.path),)))
    return Counts(
        sum(one.roster for one in below.values()),
        sum(one.missing for one in below.values()),
        sum(1 for one in below.values() if one.missing),
    )


@dataclass(frozen=True, slots=True)
class Listeners:
    """Who is told about units: person keys by organisation, and the channels of their groups."""

    monitors: dict[int, list[int]] = field(default_factory=dict)
    first: dict[int, int] = field(default_factory=dict)
    deputy: dict[int, int] = field(default_factory=dict)
    channels: dict[int, list[Channel]] = field(default_factory=dict)
    parents: dict[int, list[int]] = field(default_factory=dict)

    def of_unit(self, unit: int) -> list[int]:
        """The monitors; where there are none, who answers for the unit."""
        return self.monitors.get(unit) or ([self.first[unit]] if unit in self.first else [])

    def above(self, unit: int) -> tuple[int, int] | None:
        """(unit, person): who answers for the nearest unit above that somebody answers for."""
        return next(((one, self.first[one]) for one in self.parents.get(unit, ()) if one in self.first), None)

    def top(self, unit: int) -> tuple[int, int] | None:
        """(unit, person): the deputy of that unit above, or who answers for the next one up."""
        found = self.above(unit)
        if found is None:
            return None
        nearest = found[0]
        if nearest in self.deputy:
            return nearest, self.deputy[nearest]
        return self.above(nearest)


def listeners(units: Collection[int], *, on: date) -> Listeners:
    """For these units and all above them: four queries, however many units there are."""
    paths = dict(Organisation.objects.values_list("pk", "path"))
    keys = {path: pk for pk, path in paths.items()}
    found, wanted = Listeners(), set(units)
    grants = Grant.objects.filter(current(on), role=Grant.Role.MONITOR, account__is_active=True)
    for unit, person in grants.order_by("pk").values_list("organisation", "account__person"):
        if person is not None and unit in wanted:
            found.monitors.setdefault(unit, []).append(person)
    answers = Responsibility.objects.filter(current(on), organisation__isnull=False)
    for unit, person, rank in answers.values_list("organisation", "person", "rank"):
        if unit is not None:
            (found.first if rank == Responsibility.Rank.FIRST else found.deputy)[unit] = person
    for channel in Channel.objects.filter(closed_at__isnull=True).exclude(kind=Channel.Kind.MAIL):
        if channel.organisation_id in wanted:
            found.channels.setdefault(channel.organisation_id, []).append(channel)
    for unit, path in paths.items():
        found.parents[unit] = [keys[path[:end]] for end in range(len(path) - STEP, 0, -STEP) if path[:end] in keys]
    return found
