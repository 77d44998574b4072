"""Open cases and unmet clocks of the present moment by home path; see `cases.queries.day_figures` for the words."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime

from django.db.models import Count, Min, Q

from shouwang.cases.models import Case, Clock
from shouwang.cases.queries.numbers import CURVE_CLASSES
from shouwang.core import clock

ByHome = dict[str, Counter[str]]


def standing_by_home(at: datetime) -> tuple[ByHome, datetime | None]:
    """(home path -> `cases_open`, `cases_<class>`, `cases_new` of the day, `clocks_running`, `clocks_late`; when the
    next running clock becomes late, None where none runs)."""
    found: ByHome = defaultdict(Counter)
    still = Case.objects.filter(closed_at__isnull=True, opened_at__lte=at).order_by()
    classes = still.values("person__home_path", "classification").annotate(n=Count("pk"))
    for home, name, number in classes.values_list("person__home_path", "classification", "n"):
        if name in CURVE_CLASSES:
            found[home][f"cases_{name}"] += number
        found[home]["cases_open"] += number
    begun = Case.objects.filter(opened_at__gte=clock.day_start(clock.local_day(at)), opened_at__lte=at).order_by()
    for home, number in begun.values_list("person__home_path").annotate(n=Count("pk")):
        found[home]["cases_new"] = number
    # Of open cases and begun; nothing here is of the past, so the moments of ending need no comparison.
    unmet = Clock.objects.filter(ended_at__isnull=True, case__closed_at__isnull=True, starts_at__lte=at).order_by()
    late = Count("pk", filter=Q(due_at__lt=at))
    counted = unmet.values("case__person__home_path").annotate(n=Count("pk"), late=late)
    for home, number, over in counted.values_list("case__person__home_path", "n", "late"):
        found[home]["clocks_late"] = over
        found[home]["clocks_running"] = number - over
    return found, unmet.filter(due_at__gte=at).aggregate(next=Min("due_at"))["next"]
