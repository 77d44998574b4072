"""Who still owes the check-in of a day: `rules.reminding.standing` as a condition; the two are compared in tests.

Upper rooms say who can be reached and who was reminded already: they own channels and messages.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db.models import Case, CharField, Exists, OuterRef, Q, QuerySet, Value, When
from django.db.models.expressions import Combinable

from shouwang.checkins.models import CheckIn, LatestCheckIn, Monitoring
from shouwang.checkins.queries.asking import asking_on
from shouwang.checkins.queries.figures import on_roster
from shouwang.checkins.rules.reminding import Code, Facts
from shouwang.core import clock
from shouwang.org.models import Person

Condition = Q | Combinable


def due_at(day: date) -> datetime:
    """The moment by which the check-in of `day` is expected (aware)."""
    return datetime.combine(day, asking_on(day).due, tzinfo=clock.zone())


def expected_on(day: date) -> bool:
    """Whether anybody at all owes a check-in on `day`: everybody by the cadence, or who is monitored."""
    if asking_on(day).asks_on(day):
        return True
    return Monitoring.objects.filter(starts__lte=day, ends__gte=day).exists()


def _asked(day: date) -> Q:
    """Everybody when the cadence asks on `day`; else only who is monitored then."""
    if asking_on(day).asks_on(day):
        return Q(pk__isnull=False)
    return Q(Exists(Monitoring.objects.filter(person=OuterRef("pk"), starts__lte=day, ends__gte=day)))


def _heard(day: date) -> Q:
    return Q(latest_checkin__day__gte=day)


def _excused(day: date) -> Q:
    return Q(latest_checkin__excused_until__gte=day)


def owing(day: date) -> QuerySet[Person]:
    """People on the roster who are asked on `day` (the present day), are not excused, and of whom nothing has been
    heard on it."""
    silent = Q(latest_checkin__isnull=True) | Q(latest_checkin__day__lt=day)
    not_excused = Q(latest_checkin__excused_until__isnull=True) | Q(latest_checkin__excused_until__lt=day)
    return Person.objects.filter(on_roster(day) & _asked(day) & silent & not_excused)


def with_code(people: QuerySet[Person], day: date, *, reached: Condition, already: Condition) -> QuerySet[Any]:
    """Adds `remind_code`, a `Code`, for the present day: why each is (not) reminded, the hour apart."""
    code = Case(
        When(~on_roster(day), then=Value(Code.LEFT.value)),
        When(~_asked(day), then=Value(Code.NOT_ASKED.value)),
        When(_excused(day), then=Value(Code.EXCUSED.value)),
        When(_heard(day), then=Value(Code.HEARD.value)),
        When(already, then=Value(Code.ALREADY.value)),
        When(reached, then=Value(Code.REMIND.value)),
        default=Value(Code.NO_CHANNEL.value),
        output_field=CharField(),
    )
    return people.annotate(remind_code=code)


def facts_of(person: Person, day: date, *, until: datetime, reached: bool, already: bool) -> Facts:
    """What `rules.reminding.decide` needs to know of one person, as it stood at `until`."""
    row = LatestCheckIn.objects.filter(person=person, excused_until__gte=day).first()
    return Facts(
        excused=row.excused_code or "excused" if row else "",
        left=person.left_on is not None and person.left_on <= day,
        asked=Person.objects.filter(_asked(day), pk=person.pk).exists(),
        heard=CheckIn.objects.filter(person=person, day=day, at__lte=until).exists(),
        already=already,
        reached=reached,
    )
