"""The clock of a case that runs from a test's order to its result: kept by the sweep from the case's own tests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Max, Min
from django.db.models.functions import Coalesce

from shouwang.cases.actions.clocks import store_clock
from shouwang.cases.laboratory.models import Test
from shouwang.cases.models import Case, Clock
from shouwang.cases.rules import TEST, TEST_NAME, Deadline

OPEN = (Test.State.ORDERED, Test.State.TAKEN, Test.State.RECEIVED)
OWNER = "clinic"  # assumption: whoever ordered the test asks the laboratory for its result


@transaction.atomic
def sync_test_clocks(*, at: datetime) -> int:
    """Bring the clock `TEST` of every open case in step with the tests that were ordered for it. It begins when the
    oldest without a result was ordered, is due when the next step of one should have been done, and ends with the last
    result. Doing it twice changes nothing; returns how many clocks changed. Three queries where nothing changes."""
    rows = Test.objects.filter(case__closed_at__isnull=True, state__in=OPEN, due_at__isnull=False, case__isnull=False)
    waiting = {
        case: (begun, max(due, begun))
        for case, begun, due in rows.order_by().values_list("case").annotate(b=Min("ordered_at"), d=Min("due_at"))
    }
    held = {row.case_id: row for row in Clock.objects.select_for_update().filter(code=TEST, case__in=list(waiting))}
    stale = [
        case
        for case, (begun, due) in waiting.items()
        if case not in held or not held[case].awaited or (held[case].starts_at, held[case].due_at) != (begun, due)
    ]
    cases = Case.objects.in_bulk(stale)
    for key in stale:
        begun, due = waiting[key]
        case = cases[key]
        store_clock(case, held.get(key), Deadline(TEST, TEST_NAME, begun, due, None, OWNER), at=at)
    ended = _ended(set(waiting))
    for row, moment in ended.items():
        store_clock(row.case, row, Deadline(TEST, TEST_NAME, row.starts_at, row.due_at, moment, OWNER), at=at)
    return len(stale) + len(ended)


def _ended(waiting: set[int]) -> Mapping[Clock, datetime]:
    """Clocks that run on although no test waits, with the moment of the last result; those whose tests were all
    cancelled are deleted: there is nothing to wait for."""
    rows = Clock.objects.select_related("case").filter(code=TEST, awaited=True).exclude(case__in=waiting)
    clocks = {row.case_id: row for row in rows}
    # Where the laboratory did not say when, the result is known since it was entered here.
    known = Coalesce("resulted_at", "told_at")
    results = Test.objects.filter(case__in=list(clocks)).annotate(known=known).filter(known__isnull=False).order_by()
    last = dict(results.values_list("case").annotate(m=Max("known")))
    gone = [row.pk for case, row in clocks.items() if case not in last]
    if gone:
        Clock.objects.filter(pk__in=gone).delete()
    return {row: last[case] for case, row in clocks.items() if case in last}
