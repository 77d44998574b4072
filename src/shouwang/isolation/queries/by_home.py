"""Orders in force by home path; see `isolation.queries.day_figures` for the words."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime

from django.db.models import Count, Q

from shouwang.core import clock
from shouwang.isolation.models import Order

ByHome = dict[str, Counter[str]]


def standing_by_home(at: datetime) -> ByHome:
    """Home path -> `quarantined`, `isolated` (people); `unplaced`, `due_for_review`, `objections_open` (orders)."""
    found: ByHome = defaultdict(Counter)
    day = clock.local_day(at)
    counted = (
        Order.objects.filter(ended_at__isnull=True, served_at__lte=at)
        .order_by()
        .values("person__home_path")
        .annotate(
            quarantined=Count("person", filter=Q(kind=Order.Kind.QUARANTINE), distinct=True),
            isolated=Count("person", filter=Q(kind=Order.Kind.ISOLATION), distinct=True),
            apart=Count("person", distinct=True),
            unplaced=Count("pk", filter=Q(where=Order.Where.UNASSIGNED), distinct=True),
            due_for_review=Count("pk", filter=Q(ends_on__lt=day), distinct=True),
            objections_open=Count(
                "pk", filter=Q(objections__at__lte=at, objections__answered_at__isnull=True), distinct=True
            ),
        )
    )
    names = ("quarantined", "isolated", "apart", "unplaced", "due_for_review", "objections_open")
    for home, *numbers in counted.values_list("person__home_path", *names):
        found[home].update(dict(zip(names, numbers, strict=True)))
    return found
