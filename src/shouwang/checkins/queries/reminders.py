"""Who still owes a check-in of a day: `rules.reminding.standing` as a condition; the two are compared in tests.

A day has one check-in, or one in each of its slots; `part` says which. Institutions ask each in their own way: a
deadline is one moment, and whoever is asked by then owes it. Upper rooms say who can be reached and who was reminded
already: they own channels and messages.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.db.models import Case, CharField, Exists, Max, OuterRef, Q, QuerySet, Value, When
from django.db.models.expressions import Combinable

from shouwang.checkins.models import CheckIn, LatestCheckIn, Monitoring
from shouwang.checkins.queries.asking import asking_regions
from shouwang.checkins.queries.figures import on_roster
from shouwang.checkins.queries.own import zone_of
from shouwang.checkins.rules.asking import Asking, Slot
from shouwang.checkins.rules.reminding import Code, Facts
from shouwang.core import clock
from shouwang.core.tree import EVERYTHING, Range, Regions, in_ranges
from shouwang.org.models import Person

Condition = Q | Combinable


@dataclass(frozen=True, slots=True)
class Deadline:
    """One check-in of a day that is due at `at` (aware). `slot` is its part of the day, None where the whole day is
    one or where institutions that share the moment divide the day differently."""

    part: int
    at: datetime
    slot: Slot | None


def deadlines(day: date) -> list[Deadline]:
    """What is due on `day`, of everybody by the cadence or of who is monitored: each moment of each part once."""
    regions = asking_regions(day)
    often: dict[str, int] = {}
    spells = Monitoring.objects.filter(starts__lte=day, ends__gte=day).order_by()
    for path, checks in spells.values_list("person__home_path").annotate(most=Max("checks_per_day")):
        node = regions.node_of(path)
        often[node] = max(often.get(node, 0), checks)
    found: dict[tuple[int, time], set[Slot | None]] = {}
    for node, asking in regions.nodes.items():
        for part in _parts(asking):
            if asks_part(asking, day, part) or often.get(node, 0) > part:
                slot = asking.slots[part] if asking.by_slot or part else None
                found.setdefault((part, asking.due_of(part)), set()).add(slot)
    return [
        Deadline(part, _moment(day, due), next(iter(slots)) if len(slots) == 1 else None)
        for (part, due), slots in sorted(found.items(), key=lambda one: one[0])
    ]


def asks_part(asking: Asking, day: date, part: int) -> bool:
    """Whether everybody is asked for this check-in of `day`."""
    return asking.asks_on(day) and (part == 0 or asking.by_slot)


def _parts(asking: Asking) -> range:
    return range(max(1, len(asking.slots)))


def _moment(day: date, due: time) -> datetime:
    return datetime.combine(day, due, tzinfo=clock.zone())


def _asked(day: date, part: int, due: datetime | None = None, regions: Regions[Asking] | None = None) -> Q:
    """Who is asked for this check-in of `day` (`due`: where it is due at that moment): everybody where the cadence
    asks for it; else only who is monitored so often."""
    watched = Q(
        Exists(
            Monitoring.objects.filter(person=OuterRef("pk"), starts__lte=day, ends__gte=day, checks_per_day__gt=part)
        )
    )
    condition = Q(pk__in=())
    for ranges, asking in regions or asking_regions(day):
        if part in _parts(asking) and (due is None or _moment(day, asking.due_of(part)) == due):
            here = _inside(ranges)
            condition |= here if asks_part(asking, day, part) else here & watched
    return condition


def where_due(day: date, part: int, *, due: datetime) -> Q:
    """People of institutions where this check-in of `day` is due at that moment, whoever of them is asked: a count of
    those asked alone would tell of who is monitored. An empty condition where it is due everywhere."""
    condition = Q(pk__in=())
    for ranges, asking in asking_regions(day):
        if part in _parts(asking) and _moment(day, asking.due_of(part)) == due:
            if EVERYTHING in ranges:
                return Q()
            condition |= in_ranges("home_path", ranges)
    return condition


def _inside(ranges: tuple[Range, ...]) -> Q:
    return Q(pk__isnull=False) if EVERYTHING in ranges else in_ranges("home_path", ranges)


def _heard(day: date, part: int) -> Q:
    return Q(latest_checkin__day__gt=day) | Q(latest_checkin__day=day, latest_checkin__part__gte=part)


def _excused(day: date) -> Q:
    return Q(latest_checkin__excused_until__gte=day)


def owing(day: date, part: int = 0, *, due: datetime | None = None) -> QuerySet[Person]:
    """People on the roster who are asked for this check-in of `day` (the present day; `due`: by that moment), are not
    excused, and of whom nothing has been heard in that part of the day or since."""
    silent = Q(latest_checkin__isnull=True) | Q(latest_checkin__day__lt=day)
    if part:
        silent |= Q(latest_checkin__day=day, latest_checkin__part__lt=part)
    not_excused = Q(latest_checkin__excused_until__isnull=True) | Q(latest_checkin__excused_until__lt=day)
    return Person.objects.filter(on_roster(day) & _asked(day, part, due) & silent & not_excused)


def with_code(
    people: QuerySet[Person], day: date, part: int = 0, *, reached: Condition, already: Condition
) -> QuerySet[Any]:
    """Adds `remind_code`, a `Code`, for a check-in of the present day: why each is (not) reminded, the hour apart."""
    code = Case(
        When(~on_roster(day), then=Value(Code.LEFT.value)),
        When(~_asked(day, part), then=Value(Code.NOT_ASKED.value)),
        When(_excused(day), then=Value(Code.EXCUSED.value)),
        When(_heard(day, part), then=Value(Code.HEARD.value)),
        When(already, then=Value(Code.ALREADY.value)),
        When(reached, then=Value(Code.REMIND.value)),
        default=Value(Code.NO_CHANNEL.value),
        output_field=CharField(),
    )
    return people.annotate(remind_code=code)


def facts_of(
    person: Person,
    day: date,
    part: int = 0,
    *,
    due: datetime | None = None,
    until: datetime,
    reached: bool,
    already: bool,
) -> Facts:
    """What `rules.reminding.decide` needs to know of one person and check-in of `day`, as it stood at `until`."""
    regions = asking_regions(day)
    row = LatestCheckIn.objects.filter(person=person, excused_until__gte=day).first()
    heard = CheckIn.objects.filter(person=person, day=day, at__lte=until)
    if part:
        starts = regions.of(person.home_path).slots[part].starts
        heard = heard.filter(at__gte=datetime.combine(day, starts, tzinfo=zone_of(person)))
    return Facts(
        excused=row.excused_code or "excused" if row else "",
        left=person.left_on is not None and person.left_on <= day,
        asked=Person.objects.filter(_asked(day, part, due, regions), pk=person.pk).exists(),
        heard=heard.exists(),
        already=already,
        reached=reached,
    )
