"""What cases deletes on its purge date: closed cases with their trails and clocks (open ones stay until they end);
tests, samples, testing days and rows that waited for review."""

from __future__ import annotations

from datetime import date

from django.db.models import PROTECT, Q, QuerySet

from shouwang.cases.care.models import Care
from shouwang.cases.inward.models import OutsideCase
from shouwang.cases.laboratory.models import ReviewItem, Sample, Test, TestDay
from shouwang.cases.models import Case
from shouwang.core.purging import Dataset, register


def due_cases(on: date) -> QuerySet[Case]:
    """Closed cases past their date that no protected row of a room above still stands on; those go when it has gone."""
    rows = Case.objects.filter(purge_on__lte=on, closed_at__isnull=False)
    for relation in Case._meta.related_objects:
        if relation.on_delete is PROTECT:
            rows = rows.filter(**{f"{relation.name}__isnull": True})
    return rows


def due_care(on: date) -> QuerySet[Care]:
    """Care past its date that is over: the person is back or has died, or the case is closed."""
    over = Q(state__in=(Care.State.RETURNED, Care.State.DIED)) | Q(case__closed_at__isnull=False)
    return Care.objects.filter(over, purge_on__lte=on)


def connect() -> None:
    """Called once when the program starts."""
    register(Dataset("case", due_cases))
    register(Dataset("care", due_care))
    # A tube goes with the last test that stands on it.
    register(Dataset("sample", lambda on: Sample.objects.filter(purge_on__lte=on).exclude(tests__purge_on__gt=on)))
    register(Dataset("test_day", lambda on: TestDay.objects.filter(purge_on__lte=on)))
    register(Dataset("test_review", lambda on: ReviewItem.objects.filter(purge_on__lte=on)))
    register(Dataset("test", lambda on: Test.objects.filter(purge_on__lte=on)))
    register(Dataset("outside_case", lambda on: OutsideCase.objects.filter(purge_on__lte=on)))
