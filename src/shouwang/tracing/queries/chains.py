"""Transmission chains of a disease: the forest as a drawing, the cases behind it page by page, and its numbers.

The forest is grown over every case of the disease, so that a generation is the same for everybody; shown are the cases
within reach of case.view, and how many others the same chains hold. Whoever sees numbers only (report.view) gets
numbers only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from shouwang.cases.models import Case
from shouwang.cases.queries import numbers_reach, visible_cases
from shouwang.core import clock
from shouwang.core.errors import BadInput, NotFound
from shouwang.core.paging import Page, keyset_page
from shouwang.core.scope import Actor
from shouwang.core.tree import in_ranges
from shouwang.tracing.models import TransmissionLink
from shouwang.tracing.queries.pairing import COUNTED
from shouwang.tracing.rules import chains

VIEW, NUMBERS = "case.view", "report.view"
ORDER = ("-detected_at", "-pk")
COLUMNS = (
    "number", "disease", "classification", "onset_at", "detected_at", "person__home__name", "person__home__name_en",
)  # fmt: skip
"""What a drawing needs of a case: with thousands of them the other columns are most of the time."""
DRAWN = 5000  # measured in tests/e2e: drawn, moved and coloured anew without a task over 75 ms
LONGEST = timedelta(days=1100)  # as long as cases are kept
BY_DAY, BY_GENERATION = "day", "generation"
State, Origin = TransmissionLink.State, TransmissionLink.Origin


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which chains: cases of one disease detected from `first` to `last`; links that a tracer accepted, or (where
    nobody has decided) the surest proposal too."""

    disease: str
    first: date
    last: date
    proposals: bool = True

    def __post_init__(self) -> None:
        in_order = timedelta() <= self.last - self.first <= LONGEST
        # beyond these years calendar arithmetic ends
        if not in_order or not 1900 <= self.first.year <= self.last.year <= 2200:
            raise BadInput(
                _("Choose a first day before the last, at most three years apart."), code="days_invalid", field="first"
            )

    @property
    def condition(self) -> Q:
        start, end = clock.day_start(self.first), clock.day_start(self.last + timedelta(days=1))
        return Q(disease=self.disease, detected_at__gte=start, detected_at__lt=end, classification__in=COUNTED)


@dataclass(frozen=True, slots=True)
class Links:
    """What is recorded of who infected whom in a disease, and the forest that grows from it."""

    forest: chains.Forest
    accepted: Mapping[int, int]
    stated: Mapping[int, str]
    waiting: Mapping[int, int]
    certainty: Mapping[tuple[int, int], str]

    def source(self, case: int) -> str:
        """What stands as the source of a case: "case", "imported", "unknown", "proposed" or "not_stated"."""
        if case in self.stated:
            return self.stated[case]
        if case in self.forest.parent:
            return Origin.CASE if case in self.accepted else State.PROPOSED
        return chains.NOT_STATED


def links_of(disease: str, ids: Iterable[int], *, proposals: bool) -> Links:
    """The links among cases held to be cases, and the forest of them and of `ids`. One query."""
    rows = (
        TransmissionLink.objects.filter(case__disease=disease, case__classification__in=COUNTED)
        .filter(Q(infector__isnull=True) | Q(infector__classification__in=COUNTED))
        .exclude(state=State.REJECTED)
        .values_list("case", "infector", "origin", "state", "certainty", "distance_sd")
    )
    accepted: dict[int, int] = {}
    stated: dict[int, str] = {}
    waiting: Counter[int] = Counter()
    proposed: list[chains.Proposal] = []
    certainty: dict[tuple[int, int], str] = {}
    nodes = set(ids)
    for case, infector, origin, state, sure, distance in rows:
        nodes |= {case} if infector is None else {case, infector}
        if state == State.ACCEPTED and infector is None:
            stated[case] = origin
        elif state == State.ACCEPTED:
            accepted[case] = infector
        else:
            waiting[case] += 1
            if infector is not None:
                proposed.append(chains.Proposal(case, infector, sure, distance))
        if infector is not None:
            certainty[case, infector] = sure
    forest = chains.grow(nodes, accepted, stated, proposed if proposals else ())
    return Links(forest, accepted, stated, waiting, certainty)


# --- cases one may see ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Drawing:
    """What one may see of the chains: `rows` newest first, at most DRAWN (`left_out` are older); `outside` are further
    cases of the same chains beyond one's scope."""

    rows: Sequence[Case]
    links: Links
    summary: Numbers
    outside: int

    @property
    def left_out(self) -> int:
        return self.summary.total - len(self.rows)


def shown_cases(by: Actor, wanted: Wanted) -> QuerySet[Case]:
    """The cases of a drawing within reach of case.view."""
    return visible_cases(by).filter(wanted.condition)


def drawing(by: Actor, wanted: Wanted) -> Drawing:
    """The cases to draw and how they hang together. Needs case.view. Three queries."""
    by.require(VIEW)
    visible = set(
        visible_cases(by).filter(disease=wanted.disease, classification__in=COUNTED).values_list("pk", flat=True)
    )
    found = list(shown_cases(by, wanted).only(*COLUMNS).order_by(*ORDER))
    links = links_of(wanted.disease, visible, proposals=wanted.proposals)
    tops = {links.forest.root[case.pk] for case in found}
    outside = sum(top in tops and case not in visible for case, top in links.forest.root.items())
    return Drawing(found[:DRAWN], links, summary([case.pk for case in found], links), outside)


@dataclass(frozen=True, slots=True)
class Row:
    """One case of the table. `infector` is None where there is none or it lies outside scope (`hidden`)."""

    case: Case
    generation: int
    exact: bool
    provisional: bool
    source: str
    infector: Case | None
    hidden: bool
    certainty: str
    waiting: int
    infected: int
    """Further cases that hang on this one, whether they may be seen or not."""


def table(by: Actor, wanted: Wanted, cursor: str | None, *, size: int = 50) -> tuple[Page[Case], list[Row]]:
    """One page of the cases behind a drawing, newest first. Needs case.view. Three queries."""
    by.require(VIEW)
    page = keyset_page(shown_cases(by, wanted), ORDER, cursor, size=size)
    links = links_of(wanted.disease, [case.pk for case in page.rows], proposals=wanted.proposals)
    return page, rows_of(by, page.rows, links)


def rows_of(by: Actor, cases: Iterable[Case], links: Links) -> list[Row]:
    """What is known of the source of each case. One query."""
    cases = list(cases)
    forest = links.forest
    above = {case.pk: forest.parent.get(case.pk) for case in cases}
    infectors = {row.pk: row for row in visible_cases(by).filter(pk__in=[pk for pk in above.values() if pk])}
    infected = Counter(forest.parent.values())
    found = []
    for case in cases:
        parent = above[case.pk]
        found.append(
            Row(
                case=case,
                generation=forest.generation[case.pk],
                exact=case.pk in forest.exact,
                provisional=case.pk in forest.provisional,
                source=links.source(case.pk),
                infector=infectors.get(parent) if parent else None,
                hidden=parent is not None and parent not in infectors,
                certainty=links.certainty.get((case.pk, parent), "") if parent else "",
                waiting=links.waiting.get(case.pk, 0),
                infected=infected[case.pk],
            )
        )
    return found


# --- numbers -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Numbers:
    """Cases by generation and by what is known of their source; `undecided` ones have proposals that wait."""

    total: int
    generations: Mapping[int, int]
    sources: Mapping[str, int]
    undecided: int


def summary(cases: Collection[int], links: Links) -> Numbers:
    """Count these cases."""
    forest = links.forest
    return Numbers(
        total=len(cases),
        generations=dict(sorted(Counter(forest.generation[pk] for pk in cases).items())),
        sources=dict(Counter(links.source(pk) for pk in cases)),
        undecided=sum(pk in links.waiting and pk not in links.accepted and pk not in links.stated for pk in cases),
    )


def numbers(by: Actor, wanted: Wanted) -> Numbers:
    """For whoever may see numbers but no case (report.view); the same guard as the epidemic curve's. Two queries."""
    ranges = numbers_reach(by)
    ids = list(
        Case.objects.filter(wanted.condition, in_ranges("person__home_path", ranges)).values_list("pk", flat=True)
    )
    return summary(ids, links_of(wanted.disease, ids, proposals=wanted.proposals))


def may_look(by: Actor) -> None:
    """NotFound unless `by` sees cases or their numbers somewhere."""
    if not by.holds(VIEW) and not by.holds(NUMBERS):
        raise NotFound


def latest_disease(diseases: Mapping[str, str]) -> str:
    """The disease of the newest case, among those there are; "" when there is none."""
    newest = Case.objects.filter(disease__in=list(diseases), classification__in=COUNTED).order_by("-opened_at").first()
    return newest.disease if newest else ""


def as_json(row: Row) -> dict[str, Any]:
    """One case for the API and the terminal."""
    case = row.case
    return {
        "id": case.pk,
        "number": case.number,
        "classification": case.classification,
        "unit": case.person.home.title if case.person.home else None,
        "onset": clock.local_day(case.onset_at) if case.onset_at else None,
        "detected": clock.local_day(case.detected_at),
        "generation": row.generation,
        "generation_exact": row.exact,
        "provisional": row.provisional,
        "source": str(row.source),
        "infector": row.infector.number if row.infector else None,
        "infector_outside_scope": row.hidden,
        "certainty": row.certainty or None,
        "proposals_waiting": row.waiting,
        "infected": row.infected,
    }


def column_day(case: Case) -> tuple[date, bool]:
    """The day a case stands at, and whether it is its onset (else its detection)."""
    moment: datetime = case.onset_at or case.detected_at
    return clock.local_day(moment), case.onset_at is not None


def numbers_json(found: Numbers) -> dict[str, Any]:
    """Numbers for the API and the terminal."""
    return {
        "total": found.total,
        "generations": dict(found.generations),
        "sources": {str(key): count for key, count in found.sources.items()},
        "undecided": found.undecided,
    }
