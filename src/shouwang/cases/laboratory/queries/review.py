"""Rows of laboratories' files that wait for somebody, and the runs that brought them."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from django.db.models import Q, QuerySet

from shouwang.cases.laboratory.models import ReviewItem, Sample, Test
from shouwang.core.errors import NotFound
from shouwang.core.models import ImportRun
from shouwang.core.paging import Page, keyset_page
from shouwang.core.scope import Actor
from shouwang.core.tree import in_ranges
from shouwang.org.models import Person
from shouwang.org.queries import page_of_runs, reachable, run_of

RESULT = "test.result"
KIND = "laboratory"
COMPARED, SHOWN = 2000, 8  # tubes that are compared, and proposed
ALIKE = 0.7  # assumption: of a barcode of eight one or two characters were misread (ratio of difflib)


def visible_items(by: Actor) -> QuerySet[ReviewItem]:
    return ReviewItem.objects.filter(in_ranges("path", by.ranges(RESULT)))


def review_page(by: Actor, *, settled: bool = False, cursor: str = "", size: int = 50) -> Page[ReviewItem]:
    by.require(RESULT)
    rows = visible_items(by)
    if settled:
        found = rows.exclude(settled="").select_related("settled_by__person")
        return keyset_page(found, ("-id",), cursor or None, size=size)
    return keyset_page(rows.filter(settled=""), ("id",), cursor or None, size=size)


def item_for(by: Actor, item_id: int) -> ReviewItem:
    by.require(RESULT)
    item = visible_items(by).select_related("settled_by__person").filter(pk=item_id).first()
    if item is None:
        raise NotFound
    return item


def waiting(by: Actor) -> int:
    return visible_items(by).filter(settled="").count()


def runs_page(by: Actor, cursor: str = "") -> Page[ImportRun]:
    return page_of_runs(by, KIND, RESULT, cursor)


def run_for(by: Actor, run_id: int) -> ImportRun:
    return run_of(by, KIND, RESULT, run_id)


def people_named(items: Sequence[ReviewItem]) -> list[int]:
    """Ids of the people whom these rows name by number, for the record of reading."""
    numbers = {item.number for item in items if item.number}
    return list(Person.objects.filter(number__in=numbers).values_list("pk", flat=True))


def samples_like(by: Actor, item: ReviewItem) -> list[Sample]:
    """Tubes within reach it may be: those of the person it names, those awaiting a result under nearly this barcode."""
    reach = Test.objects.filter(reachable(by, RESULT, "person__"))
    found = Q(pk__in=())
    if item.number:
        found |= Q(pk__in=reach.filter(person__number=item.number).values("sample"))
    if item.barcode:
        waiting = reach.filter(state__in=("taken", "received")).order_by("-sample_id").values_list("sample__barcode")
        barcodes = [barcode for (barcode,) in waiting.distinct()[:COMPARED]]
        found |= Q(barcode__in=[*get_close_matches(item.barcode, barcodes, n=SHOWN, cutoff=ALIKE), item.barcode])
    rows = Sample.objects.filter(found, pk__in=reach.values("sample")).prefetch_related("tests__person")
    return list(rows.order_by("-pk")[:SHOWN])
