"""Whom a day's directives and tasks wait for: what outreach reminds of. It names no directive and no task."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from shouwang.command.models import Directive, Receipt, Task
from shouwang.command.rules import tasks as rules
from shouwang.core import clock
from shouwang.org.models import Organisation, Person, Responsibility
from shouwang.org.queries import current

FIRST, DEPUTY = Responsibility.Rank.FIRST, Responsibility.Rank.DEPUTY
UNIT_STATES = [state for state in rules.STANDING if rules.side_of(state) == rules.UNIT]


def end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=clock.zone())


def anything_due(day: date) -> bool:
    """Whether any unit owes an acknowledgement or a task by the end of `day`."""
    return _receipts(day).exists() or _tasks(day).exists()


def owing_work(day: date) -> QuerySet[Person]:
    """Who is to act by the end of `day` for a unit: whoever answers for it, its deputy once a late task was taken to
    them, and whom a task was taken to by name. Units for which nobody answers are told by the gaps, not here."""
    units = Organisation.objects.filter(
        Exists(_receipts(day, unit=OuterRef("pk"))) | Exists(_tasks(day, unit=OuterRef("pk")))
    )
    escalated = Organisation.objects.filter(Exists(_tasks(day, unit=OuterRef("pk"), escalation__gte=rules.DEPUTY)))
    asked = Responsibility.objects.filter(
        Q(rank=FIRST, organisation__in=units) | Q(rank=DEPUTY, organisation__in=escalated), current(day)
    )
    named = _tasks(day, escalated_to__isnull=False).values("escalated_to")
    return Person.objects.filter(Q(pk__in=asked.values("person")) | Q(pk__in=named))


def _receipts(day: date, **narrow: object) -> QuerySet[Receipt]:
    rows = Receipt.objects.filter(acknowledged_at__isnull=True, directive__state=Directive.State.ISSUED, **narrow)
    return rows.filter(directive__acknowledge_by__lt=end_of(day))


def _tasks(day: date, **narrow: object) -> QuerySet[Task]:
    return Task.objects.filter(state__in=UNIT_STATES, due_at__lt=end_of(day), **narrow)


def issued_on(day: date) -> list[datetime]:
    """When directives were issued on a local day that some unit has not acknowledged yet."""
    start, end = clock.day_bounds(day)
    rows = Receipt.objects.filter(
        acknowledged_at__isnull=True, directive__state=Directive.State.ISSUED, directive__issued_at__gte=start,
        directive__issued_at__lt=end,
    )  # fmt: skip
    found = rows.order_by("directive__issued_at").values_list("directive__issued_at", flat=True).distinct()
    return [moment for moment in found if moment is not None]


def owing_receipt(start: datetime, end: datetime) -> QuerySet[Person]:
    """Who answers first for a unit that has not acknowledged a directive issued between two moments (end not in it)."""
    waiting = Receipt.objects.filter(
        acknowledged_at__isnull=True, directive__state=Directive.State.ISSUED, directive__issued_at__gte=start,
        directive__issued_at__lt=end,
    )  # fmt: skip
    first = Responsibility.objects.filter(
        current(clock.local_day(start)), rank=FIRST, organisation__in=waiting.values("unit")
    )
    return Person.objects.filter(pk__in=first.values("person"))
