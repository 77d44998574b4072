"""Numbers of a day: everybody on the roster is the denominator, and who said it is kept apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Case, Count, F, Max, OuterRef, Q, QuerySet, Subquery, When

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


def with_word(people: QuerySet[Person], day: date, at: datetime) -> QuerySet[Person]:
    """Adds `said_source` and `said_symptomatic`: the last word about each person on `day` until `at`, or null.

    For the present day that is a join with the latest state; only for people heard again since is history read.
    """
    of_day = CheckIn.objects.filter(person=OuterRef("pk"), day=day, at__lte=at).order_by("-at", "-pk")
    newest = Q(latest_checkin__day=day, latest_checkin__at__lte=at)
    none = Q(latest_checkin__isnull=True) | Q(latest_checkin__day__lt=day)

    def word(column: str) -> Case:
        return Case(
            When(newest, then=F(f"latest_checkin__{column}")),
            When(none, then=None),
            default=Subquery(of_day.values(column)[:1]),
        )

    return people.annotate(said_source=word("source"), said_symptomatic=word("symptomatic"))


def count_people(people: QuerySet[Person], day: date, at: datetime) -> Counts:
    """One query over `people` (a set without duplicates)."""
    source = CheckIn.Source
    found = with_word(people, day, at).aggregate(
        roster=Count("pk"),
        by_self=Count("pk", filter=Q(said_source=source.SELF)),
        by_proxy=Count("pk", filter=Q(said_source=source.PROXY)),
        by_clinic=Count("pk", filter=Q(said_source=source.CLINIC)),
        symptomatic=Count("pk", filter=Q(said_symptomatic=True)),
    )
    heard = found["by_self"] + found["by_proxy"] + found["by_clinic"]
    return Counts(day=day, as_of=at, unknown=found["roster"] - heard, **found)


def status_counts(ranges: tuple[Range, ...], day: date, at: datetime | None = None) -> Counts:
    """People whose home lies in `ranges`. `at` defaults to now."""
    people = Person.objects.filter(in_ranges("home_path", ranges), on_roster(day))
    return count_people(people, day, at or clock.now())


FIGURES = (
    "roster", "self", "proxy", "clinic", "unknown", "symptomatic", "alerts_open", "monitored", "monitored_missed",
)  # fmt: skip


def day_figures(ranges: tuple[Range, ...], day: date, at: datetime) -> Mapping[str, int | None]:
    """The day's numbers for the situation report, as they stood at `at`; None where nothing can be known.

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
        figures["roster"] = Person.objects.filter(in_ranges("home_path", ranges), on_roster(day)).count()
        return figures
    counts = status_counts(ranges, day, at)
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
    """(people with a spell on `day`, of them those with fewer checks than due). A check counts when it brings the
    temperature it must bring, or reports symptoms."""
    checks = CheckIn.objects.filter(person=OuterRef("person"), day=day, at__lte=at).order_by().values("person")
    full = Q(temperature_c__isnull=False) | Q(symptomatic=True)
    rows = (
        Monitoring.objects.filter(inside, starts__lte=day, ends__gte=day)
        .order_by()
        .values("person")
        .annotate(
            often=Max("checks_per_day"),
            measured=Count("pk", filter=Q(temperature_required=True)),
            every=Subquery(checks.annotate(n=Count("pk")).values("n")),
            whole=Subquery(checks.filter(full).annotate(n=Count("pk")).values("n")),
        )
        .values_list("often", "measured", "every", "whole")
    )
    now = at.astimezone(clock.zone())
    asked = missed = 0
    for often, measured, every, whole in rows:
        asked += 1
        given = (whole if measured else every) or 0
        missed += given < rules.checks_due(often, day=day, now=now)
    return asked, missed
