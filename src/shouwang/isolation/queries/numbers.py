"""Numbers for the situation report. Path ranges, not an actor: a report shows numbers to many, names to few."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from django.db.models import Count, Q

from shouwang.core import clock
from shouwang.core.retention import keep_days
from shouwang.core.tree import Range, in_ranges
from shouwang.isolation.models import Order

FIGURES = (
    "quarantined", "isolated", "at_home", "in_facility", "unplaced", "unread",
    "due_for_review", "orders_served", "orders_ended", "objections_open",
)  # fmt: skip


def day_figures(
    ranges: tuple[Range, ...], day: date, at: datetime, *, standing: bool = True
) -> Mapping[str, int | None]:
    """Orders of people whose home lies in `ranges`, as of the end of `day`, or of `at` when the day is not over.

    quarantined, isolated: people under an order of that kind; at_home, in_facility, unplaced: where the orders in
    force say they are (known for today only: an order keeps its latest place, so other days are None); unread: today
    only; due_for_review: the last day lies before `day`; orders_served, orders_ended: on that day;
    objections_open: unanswered. `standing` False (`at` lies in the past) leaves out what is known only as it stands.
    None for days that lie ahead or whose orders have been purged.
    """
    today = clock.local_day(at)
    if day > today or day < today - timedelta(days=keep_days("order")):
        return dict.fromkeys(FIGURES)
    start, end = clock.day_bounds(day)
    cut = min(at, end)
    there = Q(served_at__lte=cut) & (Q(ended_at__isnull=True) | Q(ended_at__gt=cut))
    rows = Order.objects.filter(in_ranges("person__home_path", ranges), served_at__lt=end)
    unanswered = Q(objections__answered_at__isnull=True) | Q(objections__answered_at__gt=cut)
    waiting = Q(objections__at__lte=cut) & unanswered
    present = standing and day == today
    counts: dict[str, int | None] = rows.aggregate(
        **(_present() if present else {}),
        quarantined=Count("person", filter=there & Q(kind=Order.Kind.QUARANTINE), distinct=True),
        isolated=Count("person", filter=there & Q(kind=Order.Kind.ISOLATION), distinct=True),
        due_for_review=Count("pk", filter=there & Q(ends_on__lt=day), distinct=True),
        orders_served=Count("pk", filter=Q(served_at__gte=start, served_at__lte=at), distinct=True),
        orders_ended=Count("pk", filter=Q(ended_at__gte=start, ended_at__lt=end, ended_at__lte=at), distinct=True),
        objections_open=Count("pk", filter=there & waiting, distinct=True),
    )
    return {**dict.fromkeys(FIGURES), **counts}


def _present() -> dict[str, Count]:
    """Where those are who are under an order, and who has not read theirs, as it stands."""
    now = Q(ended_at__isnull=True)
    return {
        "at_home": Count("pk", filter=now & Q(where=Order.Where.HOME), distinct=True),
        "in_facility": Count("pk", filter=now & Q(where=Order.Where.FACILITY), distinct=True),
        "unplaced": Count("pk", filter=now & Q(where=Order.Where.UNASSIGNED), distinct=True),
        "unread": Count("pk", filter=now & Q(state=Order.State.SERVED), distinct=True),
    }
