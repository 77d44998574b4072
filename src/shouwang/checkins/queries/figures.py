"""Numbers of a day: everybody on the roster is the denominator, and who said it is kept apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Case, CharField, Count, F, Max, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Cast, Concat, Substr

from shouwang.checkins import rules
from shouwang.checkins.models import CheckIn, Monitoring, SymptomAlert
from shouwang.core import clock
from shouwang.core.retention import keep_days
from shouwang.core.tree import Range, in_ranges
from shouwang.org.models import Person


@dataclass(frozen=True, slots=True)
class Counts:
    """People on the roster by who last spoke for them on `day`; the four add up to `roster`. `as_of`: counted then.

    `symptomatic` (a symptom or fever) is part of those who are in, whoever said it.
    """

    day: date
    as_of: datetime
    roster: int
    by_self: int
    by_proxy: int
    by_clinic: int
    unknown: int
    symptomatic: int

    @property
    def heard(self) -> int:
        return self.roster - self.unknown


def on_roster(day: date) -> Q:
    """People who have not left by `day`. When somebody joined is not looked at: the roster is today's."""
    return Q(left_on__isnull=True) | Q(left_on__gt=day)


SYMPTOMS = "+"  # after the source in `said`: that word reported symptoms


def with_word(people: QuerySet[Person], day: date, at: datetime) -> QuerySet[Person]:
    """Adds `said`: the source of the last word about each person on `day` until `at`, with `SYMPTOMS` behind it when
    it reported symptoms; null when nobody spoke.

    For the present day that is a join with the latest state; only for people heard again since is history read, and of
    that only the day itself. One column, so that the history of a person is looked up once and not once a number.
    """
    of_day = CheckIn.objects.filter(person=OuterRef("pk"), day=day, at__gte=clock.day_start(day), at__lte=at)
    newest = Q(latest_checkin__day=day, latest_checkin__at__lte=at)
    none = Q(latest_checkin__isnull=True) | Q(latest_checkin__day__lt=day)
    then = of_day.order_by("-at", "-pk").annotate(said=_word("")).values("said")[:1]
    said = Case(When(newest, then=_word("latest_checkin__")), When(none, then=None), default=Subquery(then))
    return people.annotate(said=said)


def _word(prefix: str) -> Case:
    source = Cast(F(f"{prefix}source"), CharField())
    ill = Concat(source, Value(SYMPTOMS), output_field=CharField())
    return Case(When(**{f"{prefix}symptomatic": True}, then=ill), default=source, output_field=CharField())


def count_people(people: QuerySet[Person], day: date, at: datetime) -> Counts:
    """One query over `people` (a set without duplicates)."""
    return counts_by_unit(people, day, at, width=0).get("", _counts({}, day, at))


def counts_by_unit(people: QuerySet[Person], day: date, at: datetime, *, width: int) -> dict[str, Counts]:
    """`people` in one pass, by the first `width` characters of their home path (`core.tree`): path -> numbers.

    Whoever stands above that level is under their own, shorter path; a unit without people is not there.
    """
    unit: Any = Substr(F("home_path"), Value(1), Value(width)) if width else Value("", output_field=CharField())
    rows = with_word(people, day, at).order_by().annotate(unit=unit).values("unit", "said")
    words: dict[str, dict[str | None, int]] = {}
    for path, said, number in rows.annotate(n=Count("pk")).values_list("unit", "said", "n"):
        words.setdefault(path, {})[said] = number
    return {path: _counts(said, day, at) for path, said in words.items()}


def _counts(words: Mapping[str | None, int], day: date, at: datetime) -> Counts:
    def said_by(source: str) -> int:
        return words.get(source, 0) + words.get(source + SYMPTOMS, 0)

    return Counts(
        day=day,
        as_of=at,
        roster=sum(words.values()),
        by_self=said_by(CheckIn.Source.SELF),
        by_proxy=said_by(CheckIn.Source.PROXY),
        by_clinic=said_by(CheckIn.Source.CLINIC),
        unknown=words.get(None, 0),
        symptomatic=sum(number for said, number in words.items() if said and said.endswith(SYMPTOMS)),
    )


def total(parts: Iterable[Counts], day: date, at: datetime) -> Counts:
    """The sum of units that have nobody in common."""
    numbers = ("roster", "by_self", "by_proxy", "by_clinic", "unknown", "symptomatic")
    every = list(parts)
    return Counts(day=day, as_of=at, **{name: sum(getattr(part, name) for part in every) for name in numbers})


def status_counts(ranges: tuple[Range, ...], day: date, at: datetime | None = None) -> Counts:
    """People whose home lies in `ranges`. `at` defaults to now."""
    return count_people(roster(ranges, day), day, at or clock.now())


def roster(ranges: tuple[Range, ...], day: date) -> QuerySet[Person]:
    """People whose home lies in `ranges` and who have not left by `day`."""
    return Person.objects.filter(in_ranges("home_path", ranges), on_roster(day))


def unit_counts(ranges: tuple[Range, ...], day: date, at: datetime, *, width: int) -> dict[str, Counts] | None:
    """`counts_by_unit` of everybody whose home lies in `ranges`, for as long as check-ins are kept; None afterwards,
    and for days to come."""
    age = (clock.local_day(at) - day).days
    return None if age < 0 or age >= keep_days("checkin") else counts_by_unit(roster(ranges, day), day, at, width=width)


FIGURES = (
    "roster", "self", "proxy", "clinic", "unknown", "symptomatic", "alerts_open", "monitored", "monitored_missed",
)  # fmt: skip


def day_figures(
    ranges: tuple[Range, ...], day: date, at: datetime, *, units: Mapping[str, Counts] | None = None
) -> Mapping[str, int | None]:
    """The day's numbers for the situation report, as they stood at `at`; None where nothing can be known.

    `units`: what `unit_counts` said of the same people, day and moment, so that nobody is counted twice.
    Without a range all are None. Check-ins of a day that has been purged are None, not 0, and so are days to come.
    `symptomatic` is out of self + proxy + clinic, `monitored_missed` (fewer checks than due by `at`) out of
    `monitored`.
    """
    figures: dict[str, int | None] = dict.fromkeys(FIGURES)
    today = clock.local_day(at)
    if not ranges or day > today:
        return figures
    inside = in_ranges("person__home_path", ranges)
    figures["alerts_open"] = _alerts_open(inside, day, at)
    if (today - day).days >= keep_days("checkin"):
        figures["roster"] = roster(ranges, day).count()
        return figures
    counts = status_counts(ranges, day, at) if units is None else total(units.values(), day, at)
    figures |= {
        "roster": counts.roster,
        "self": counts.by_self,
        "proxy": counts.by_proxy,
        "clinic": counts.by_clinic,
        "unknown": counts.unknown,
        "symptomatic": counts.symptomatic,
    }
    figures["monitored"], figures["monitored_missed"] = _monitored(inside, day, at)
    return figures


def _alerts_open(inside: Q, day: date, at: datetime) -> int | None:
    """Alerts open at `at`, or at the end of `day` when that is earlier; None once they have been purged."""
    if (clock.local_day(at) - day).days >= keep_days("alert"):
        return None
    moment = min(at, clock.day_bounds(day)[1])
    open_then = Q(state=SymptomAlert.State.OPEN) | Q(handled_at__gt=moment)
    return SymptomAlert.objects.filter(inside, open_then, raised_at__lte=moment).count()


def _monitored(inside: Q, day: date, at: datetime) -> tuple[int, int]:
    """(people with a spell on `day`, of them those with fewer checks than due)."""
    missed = [late for _home, late in monitored_checks(inside, day, at)]
    return len(missed), sum(missed)


def monitored_checks(inside: Q, day: date, at: datetime) -> Iterator[tuple[str, bool]]:
    """(home path, whether checks are missing) of each person with a spell on `day`. A check counts when it brings the
    temperature it must bring, or reports symptoms."""
    checks = CheckIn.objects.filter(person=OuterRef("person"), day=day, at__lte=at).order_by().values("person")
    full = Q(temperature_c__isnull=False) | Q(symptomatic=True)
    rows = (
        Monitoring.objects.filter(inside, starts__lte=day, ends__gte=day)
        .order_by()
        .values("person", "person__home_path")
        .annotate(
            often=Max("checks_per_day"),
            measured=Count("pk", filter=Q(temperature_required=True)),
            every=Subquery(checks.annotate(n=Count("pk")).values("n")),
            whole=Subquery(checks.filter(full).annotate(n=Count("pk")).values("n")),
        )
        .values_list("person__home_path", "often", "measured", "every", "whole")
    )
    now = at.astimezone(clock.zone())
    for home, often, measured, every, whole in rows:
        given = (whole if measured else every) or 0
        yield home, given < rules.checks_due(often, day=day, now=now)
