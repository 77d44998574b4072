"""The day's numbers about contacts, for people who may see numbers but no names."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from django.db.models import Count, Q

from shouwang.core import clock
from shouwang.core.retention import keep_days
from shouwang.core.tree import Range, in_ranges
from shouwang.tracing.models import Contact, Trace

FIGURES = ("contacts_found", "contacts_close", "contacts_general", "contacts_waiting", "contacts_new", "cases_traced")
CLOSE = "close"


def day_figures(ranges: tuple[Range, ...], day: date, at: datetime) -> Mapping[str, int | None]:
    """Contacts of cases open at `at` (or, for a past day, at its end) whose own home lies in `ranges`.

    People, not pairs: who met two cases counts once. `contacts_found` leaves out the dismissed; `contacts_close` and
    `contacts_general` are by the worst grade; `contacts_waiting` are close ones without a decision
    (nothing is asked of general ones); `contacts_new` were first
    found on `day`; `cases_traced` are runs of that day. None for a day ahead, or one whose contacts were purged.
    """
    start, end = clock.day_bounds(day)
    if start > at or (clock.local_day(at) - day).days >= keep_days("contact"):
        return dict.fromkeys(FIGURES)
    moment = min(at, end - timedelta(microseconds=1))
    undecided = Q(decided_at__isnull=True) | Q(decided_at__gt=moment)
    rows = Contact.objects.filter(
        Q(case__closed_at__isnull=True) | Q(case__closed_at__gt=moment),
        in_ranges("person__home_path", ranges),
        found_at__lte=moment,
    ).filter(~Q(state=Contact.State.DISMISSED) | undecided)
    counts = rows.aggregate(
        contacts_found=Count("person", distinct=True),
        contacts_close=Count("person", filter=Q(grade=CLOSE), distinct=True),
        contacts_waiting=Count("person", filter=undecided & Q(grade=CLOSE), distinct=True),
        contacts_new=Count("person", filter=Q(found_at__gte=start), distinct=True),
    )
    traced = Trace.objects.filter(in_ranges("case__person__home_path", ranges), at__gte=start, at__lte=moment)
    counts["contacts_general"] = counts["contacts_found"] - counts["contacts_close"]
    counts["cases_traced"] = traced.values("case").distinct().count()
    return {key: counts[key] for key in FIGURES}
