"""Units of a round: how many owe something, and who is told about it."""

from __future__ import annotations

from collections import defaultdict
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
from shouwang.outreach.queries.people import owing_any
from shouwang.outreach.words import Counts


def unit_counts(round_: Round, inside: Q | None = None) -> dict[int, Counts]:
    """Organisation -> counts of the people whose home it is, for every unit that is a home; one query."""
    people = Person.objects.filter(on_roster(clock.local_day(round_.due_at)), home__isnull=False)
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
    """For these units and all above them: five queries."""
    paths = dict(Organisation.objects.filter(pk__in=units).values_list("pk", "path"))
    above = {path[:end] for path in paths.values() for end in range(STEP, len(path) + 1, STEP)}
    keys = dict(Organisation.objects.filter(path__in=above).values_list("path", "pk"))
    found = Listeners()
    monitors: dict[int, list[int]] = defaultdict(list)
    grants = Grant.objects.filter(
        current(on),
        role=Grant.Role.MONITOR,
        organisation__in=units,
        account__is_active=True,
        account__person__isnull=False,
    )
    for unit, person in grants.order_by("pk").values_list("organisation", "account__person"):
        if person is not None:
            monitors[unit].append(person)
    found.monitors.update(monitors)
    answers = Responsibility.objects.filter(current(on), organisation__in=keys.values())
    for unit, person, rank in answers.values_list("organisation", "person", "rank"):
        if unit is not None:
            (found.first if rank == Responsibility.Rank.FIRST else found.deputy)[unit] = person
    groups = Channel.objects.filter(organisation__in=units, closed_at__isnull=True).exclude(kind=Channel.Kind.MAIL)
    for channel in groups:
        found.channels.setdefault(channel.organisation_id, []).append(channel)
    for unit, path in paths.items():
        ups = [path[:end] for end in range(len(path) - STEP, 0, -STEP)]
        found.parents[unit] = [keys[up] for up in ups if up in keys]
    for unit in list(keys.values()):
        if unit not in found.parents:
            path = next(path for path, key in keys.items() if key == unit)
            found.parents[unit] = [keys[path[:end]] for end in range(len(path) - STEP, 0, -STEP) if path[:end] in keys]
    return found
