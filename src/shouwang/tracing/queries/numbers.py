"""The day's numbers about contacts, for people who may see numbers but no names."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import CharField, Count, IntegerField, Q, QuerySet, Value

from shouwang.core import clock
from shouwang.core.retention import keep_days
from shouwang.core.tree import Range, in_ranges
from shouwang.tracing.models import Contact, Trace

FIGURES = ("contacts_found", "contacts_close", "contacts_general", "contacts_waiting", "contacts_new", "cases_traced")
CLOSE = "close"
ZERO = Value(0, output_field=IntegerField())


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
    traced = Trace.objects.filter(in_ranges("case__person__home_path", ranges), at__gte=start, at__lte=moment)
    found = _labelled(rows, "people").annotate(
        n=Count("person", distinct=True),
        close=Count("person", filter=Q(grade=CLOSE), distinct=True),
        waiting=Count("person", filter=undecided & Q(grade=CLOSE), distinct=True),
        new=Count("person", filter=Q(found_at__gte=start), distinct=True),
    )
    runs = _labelled(traced, "cases").annotate(n=Count("case", distinct=True), close=ZERO, waiting=ZERO, new=ZERO)
    columns = ("what", "n", "close", "waiting", "new")
    counts = {row[0]: row[1:] for row in found.values_list(*columns).union(runs.values_list(*columns), all=True)}
    people, close, waiting, new = counts.get("people", (0, 0, 0, 0))
    return {
        "contacts_found": people,
        "contacts_close": close,
        "contacts_general": people - close,
        "contacts_waiting": waiting,
        "contacts_new": new,
        "cases_traced": counts.get("cases", (0,))[0],
    }


def _labelled(rows: QuerySet[Any], what: str) -> QuerySet[Any]:
    """All rows as one group called `what`."""
    labelled: QuerySet[Any] = rows.order_by().annotate(what=Value(what, output_field=CharField())).values("what")
    return labelled
