"""The numbers of the present moment by home path, for whoever keeps them: one pass a fact, over what is open only.

What is said here of all homes together is what `day_figures` says of a range of them at the same moment.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Count, Max, Q

from shouwang.checkins.models import CheckIn, SymptomAlert
from shouwang.checkins.queries.figures import Counts, counts_by_unit, monitored_checks, on_roster
from shouwang.core import clock
from shouwang.core.tree import MAX_LENGTH
from shouwang.org.models import Person

ByHome = dict[str, Counter[str]]
PATHS_A_STATEMENT = 500


def words_by_home(at: datetime, homes: Collection[str] | None = None) -> dict[str, Counts]:
    """Home path -> who was heard there on the day of `at`; of all homes, or of these. Homes without people are left
    out."""
    day = clock.local_day(at)
    everybody = Person.objects.filter(on_roster(day))
    if homes is None:
        return counts_by_unit(everybody, day, at, width=MAX_LENGTH)
    found: dict[str, Counts] = {}
    paths = sorted(homes)
    for start in range(0, len(paths), PATHS_A_STATEMENT):
        part = everybody.filter(home_path__in=paths[start : start + PATHS_A_STATEMENT])
        found |= counts_by_unit(part, day, at, width=MAX_LENGTH)
    return found


def heard_since(watermark: int, *, overlap: int) -> tuple[set[str], int]:
    """(homes of the people of whom a check-in came behind this id, the newest id)."""
    newest = CheckIn.objects.aggregate(newest=Max("pk"))["newest"] or 0
    rows = CheckIn.objects.filter(pk__gt=watermark - overlap, pk__lte=newest) if newest > watermark else None
    homes = set() if rows is None else set(rows.order_by().values_list("person__home_path", flat=True).distinct())
    return homes, newest


def standing_by_home(at: datetime, *, waiting: timedelta) -> ByHome:
    """`alerts_open`, of them `alerts_waiting` longer than `waiting`; `monitored` today, of them `monitored_missed`."""
    found: ByHome = defaultdict(Counter)
    alerts = SymptomAlert.objects.filter(state=SymptomAlert.State.OPEN, raised_at__lte=at).order_by()
    late = Count("pk", filter=Q(raised_at__lt=at - waiting))
    counted = alerts.values("person__home_path").annotate(n=Count("pk"), late=late)
    for home, number, old in counted.values_list("person__home_path", "n", "late"):
        found[home]["alerts_open"] = number
        found[home]["alerts_waiting"] = old
    for home, missed in monitored_checks(Q(), clock.local_day(at), at):
        found[home]["monitored"] += 1
        found[home]["monitored_missed"] += missed
    return found
