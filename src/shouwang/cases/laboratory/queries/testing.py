"""Tests and samples within reach; one's own; what waits too long; positives without a case; turnaround."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from shouwang.cases.laboratory import rules
from shouwang.cases.laboratory.data import laboratory, method_of
from shouwang.cases.laboratory.models import Handover, Outcome, Sample, SampleResult, Test
from shouwang.cases.laboratory.queries.review import visible_items
from shouwang.cases.models import Case
from shouwang.core import clock
from shouwang.core.counting import counts_of
from shouwang.core.errors import BadInput, Forbidden, NotFound
from shouwang.core.packs import active_packs
from shouwang.core.paging import Page, keyset_page
from shouwang.core.scope import Actor
from shouwang.org.queries import reachable

VIEW = "test.order"
NEWEST = ("-ordered_at", "-id")
SHOWS = ("open", "overdue", "positive", "retest", "all")
OPEN = (Test.State.ORDERED, Test.State.TAKEN, Test.State.RECEIVED)
LONGEST_DAYS = 366


def visible_tests(by: Actor) -> QuerySet[Test]:
    return Test.objects.filter(reachable(by, VIEW, "person__")).select_related("person", "person__home", "sample")


def test_for(by: Actor, test_id: int) -> Test:
    rows = visible_tests(by).select_related("case", "retest_of", "again", "day", "ordered_by__person")
    test = rows.filter(pk=test_id).first()
    if test is None:
        raise NotFound
    return test


def sample_for(by: Actor, sample_id: int) -> Sample:
    """A tube in which somebody within reach has a swab, with its chain and all versions of its result."""
    mine = Test.objects.filter(reachable(by, VIEW, "person__"), sample=OuterRef("pk"))
    rows = Sample.objects.select_related("taken_by__person").prefetch_related(
        Prefetch("handovers", Handover.objects.select_related("noted_by__person")),
        Prefetch("results", SampleResult.objects.select_related("entered_by__person")),
    )
    sample = rows.filter(Exists(mine), pk=sample_id).first()
    if sample is None:
        raise NotFound
    return sample


def sample_by_barcode(by: Actor, barcode: str) -> Sample:
    found = Sample.objects.filter(barcode=rules.tidy_barcode(barcode)).values_list("pk", flat=True).first()
    if found is None:
        raise NotFound
    return sample_for(by, found)


def inside(by: Actor, sample: Sample) -> tuple[list[Test], int]:
    """The tests in a tube within reach, and how many of other units there are."""
    mine = list(visible_tests(by).filter(sample=sample).order_by("pk"))
    return mine, Test.objects.filter(sample=sample).count() - len(mine)


@dataclass(frozen=True, slots=True)
class TestFilter:
    """`show`: open (nothing known yet), overdue, positive, retest (single tests after a pool), all."""

    __test__ = False
    show: str = "open"
    method: str = ""
    text: str = ""

    def condition(self, at: datetime) -> Q:
        if self.show not in SHOWS:
            raise BadInput(
                _("The list cannot be filtered by %(value)s. Choose one of the offered filters."),
                code="filter_invalid", field="show", value=self.show[:20],
            )  # fmt: skip
        found = {
            "open": Q(state__in=OPEN),
            "overdue": Q(due_at__lt=at),
            "positive": Q(outcome=Outcome.POSITIVE),
            "retest": Q(retest_of__isnull=False, state__in=OPEN),
            "all": Q(),
        }[self.show]
        if self.method:
            found &= Q(method=method_of(self.method).code)
        if (text := self.text.strip()) and text.isprintable():
            by_person = Q(person__number__startswith=text) | Q(person__name__startswith=text)
            found &= by_person | Q(sample__barcode__startswith=text.upper())
        return found


def desk(by: Actor, wanted: TestFilter, *, at: datetime, cursor: str = "", size: int = 50) -> Page[Test]:
    """Newest first; what is overdue, the longest overdue first."""
    order = ("due_at", "id") if wanted.show == "overdue" else NEWEST
    return keyset_page(visible_tests(by).filter(wanted.condition(at)), order, cursor or None, size=size)


def desk_numbers(by: Actor, at: datetime) -> dict[str, int]:
    """Counts of rows that exist: 0 is a true zero."""
    rows = Test.objects.filter(reachable(by, VIEW, "person__"))
    return counts_of(
        open=rows.filter(state__in=OPEN),
        overdue=rows.filter(due_at__lt=at),
        retest=rows.filter(retest_of__isnull=False, state__in=OPEN),
        unmatched=unmatched(by),
        unclear=visible_items(by).filter(settled=""),
    )


def unmatched(by: Actor) -> QuerySet[Test]:
    """Positive results of people without a case of that disease at or after the result, which nobody has settled.

    Oldest first: they have waited longest.
    """
    known = Case.objects.filter(
        Q(closed_at__isnull=True) | Q(closed_at__gte=OuterRef("told_at")),
        person=OuterRef("person"),
        disease=OuterRef("disease"),
    )
    rows = visible_tests(by).filter(outcome=Outcome.POSITIVE, settled_at__isnull=True)
    return rows.filter(~Exists(known)).order_by("told_at", "id")


def of_case(case: Case) -> list[Test]:
    """Every test of the case's person for its disease, newest first. The caller has fetched the case within reach."""
    rows = Test.objects.filter(person_id=case.person_id, disease=case.disease)
    return list(rows.select_related("sample", "retest_of").order_by(*NEWEST))


MOST_SAMPLES = 1000  # assumption: bounds one read; three a day for a year


def findings(person_id: int, diseases: Collection[str], *, since: datetime, until: datetime) -> list[rules.Finding]:
    """A person's samples for these diseases taken between two moments, newest first; one query.

    A pool that cleared nobody counts as awaited until its single re-test has a result, which then stands for it.
    """
    rows = Test.objects.filter(
        person_id=person_id, disease__in=diseases, taken_at__gte=since, taken_at__lte=until
    ).exclude(state=Test.State.CANCELLED)
    rows = rows.exclude(state=Test.State.RETEST, again__state=Test.State.RESULTED)
    columns = rows.order_by("-taken_at", "-id").values_list("method", "taken_at", "state", "outcome", "pool_of")
    return [
        rules.Finding(method, taken, outcome if state == Test.State.RESULTED else "", pooled=pool > 1)
        for method, taken, state, outcome, pool in columns[:MOST_SAMPLES]
        if taken is not None
    ]


def suggestion_for(case: Case, tests: Sequence[Test]) -> str:
    """The class to think of, by the positives since the case was detected (or while it was open); "" for none."""
    methods = laboratory().by_code
    positives = [
        test.method in methods and methods[test.method].confirms
        for test in tests
        if test.outcome == Outcome.POSITIVE and (test.taken_at is None or test.taken_at >= _since(case))
    ]
    return rules.suggestion(case.classification, positives, onset_known=case.onset_at is not None)


def _since(case: Case) -> datetime:
    return min(case.onset_at or case.detected_at, case.detected_at, case.opened_at)


def own_tests(by: Actor) -> list[Test]:
    """Everything on record of oneself, newest first."""
    if by.person_id is None:
        raise Forbidden
    rows = Test.objects.filter(person_id=by.person_id).exclude(state=Test.State.CANCELLED)
    return list(rows.select_related("sample").order_by(*NEWEST)[:200])


@dataclass(frozen=True, slots=True)
class Turnaround:
    first: date
    last: date
    legs: tuple[rules.Leg, ...]
    overdue: int


def turnaround(by: Actor, first: date, last: date, *, at: datetime, method: str = "") -> Turnaround:
    """How long tests ordered in these days took; cancelled ones are not counted. BadInput for a strange span."""
    by.require(VIEW)
    if not 0 <= (last - first).days < LONGEST_DAYS or not 1900 <= first.year <= 2200:
        raise BadInput(_("Choose a first day before the last, at most a year apart."), field="last")
    start, end = clock.day_start(first), clock.day_bounds(last)[1]
    rows = Test.objects.filter(reachable(by, VIEW, "person__"), ordered_at__gte=start, ordered_at__lt=end)
    if method:
        rows = rows.filter(method=method_of(method).code)
    moments = rows.exclude(state=Test.State.CANCELLED).values_list(
        "ordered_at", "taken_at", "received_at", "resulted_at"
    )
    found = tuple(rules.legs(rules.Moments(*row) for row in moments.iterator(chunk_size=5000)))
    return Turnaround(first, last, found, rows.filter(due_at__lt=at).count())


def diseases(at: datetime) -> dict[str, str]:
    """Disease -> its name, of the packs in force."""
    return {pack.head.disease: str(pack.head.name) for pack in active_packs(clock.local_day(at))}
