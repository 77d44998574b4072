"""Cases and clocks as people with case.view see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec
from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from shouwang.cases import rules
from shouwang.cases.models import Case, CaseProtocol, ClassificationChange, Clock, DateChange
from shouwang.core import clock
from shouwang.core.counting import counts_of
from shouwang.core.errors import BadInput, NotFound
from shouwang.core.packs import Pack, get_pack
from shouwang.core.paging import Page, keyset_page
from shouwang.core.scope import Actor
from shouwang.core.tree import in_ranges
from shouwang.org.queries import reach_of, reachable

VIEW = "case.view"
DESK_ORDER = ("-opened_at", "-id")
CLOCK_ORDER = ("due_at", "id")
DUE_SOON = timedelta(hours=12)  # assumption: within one working day somebody can still act


# --- one case ------------------------------------------------------------------------------------------------------


def visible_cases(by: Actor) -> QuerySet[Case]:
    """Cases of people within reach of case.view, with person and unit."""
    return Case.objects.filter(reachable(by, VIEW, "person__")).select_related("person", "person__home")


def case_for(by: Actor, case_id: int) -> Case:
    """One case with its alert, clocks and trails: four queries. NotFound when `by` may not see it."""
    rows = visible_cases(by).select_related("alert", "alert__checkin", "opened_by__person")
    case = (
        rows.prefetch_related(
            Prefetch("clocks", Clock.objects.select_related("owner")),
            Prefetch("history", ClassificationChange.objects.select_related("by__person")),
            Prefetch("date_changes", DateChange.objects.select_related("by__person")),
        )
        .filter(pk=case_id)
        .first()
    )
    if case is None:
        raise NotFound
    return case


def case_by_number(by: Actor, number: str) -> Case:
    """As `case_for`, by case number."""
    found = Case.objects.filter(number=number.strip().upper()).values_list("pk", flat=True).first()
    if found is None:
        raise NotFound
    return case_for(by, found)


def dates_of(case: Case, **changed: Any) -> rules.Dates:
    """The dates of a case as the rules take them; `changed` (column -> value) stands before what is stored."""
    values = {moment: changed.get(f"{moment}_at", getattr(case, f"{moment}_at")) for moment in rules.MOMENTS}
    return rules.Dates(**values, onset_day_only=changed.get("onset_day_only", case.onset_day_only))


def pack_of(case: Case) -> Pack:
    """The pack in the version that judged this case; as its file is today where nobody kept that version."""
    return get_pack(case.pack, case.pack_sha256)


def protocol_of(case: Case) -> rules.Protocol:
    """What the pack version that judged this case says; for a case from elsewhere the pack as it is today."""
    try:
        return _kept_protocol(case.pack_sha256)
    except CaseProtocol.DoesNotExist:
        return rules.protocol(pack_of(case))


@lru_cache(maxsize=256)
def _kept_protocol(sha256: str) -> rules.Protocol:
    """Named by its hash, it never changes: read from the database once a process."""
    return msgspec.convert(CaseProtocol.objects.get(sha256=sha256).content, rules.Protocol)


def active_pack(packs: Sequence[Pack], code: str) -> Pack:
    """The pack of that code among the active ones. BadInput naming those there are."""
    found = next((pack for pack in packs if pack.code == code), None)
    if found is None:
        codes = ", ".join(pack.code for pack in packs) or "–"
        raise BadInput(
            _("No active pack is named %(value)s. Choose one of: %(codes)s."),
            code="pack_not_active", field="pack", value=code or "–", codes=codes,
        )  # fmt: skip
    return found


def protocol_as_json(protocol: rules.Protocol) -> Any:
    return msgspec.to_builtins(protocol)


def infectious_window(case: Case, at: datetime) -> rules.Window:
    """When this case could infect others, as known at `at`. Reads ``start, end = infectious_window(case, at)``."""
    return rules.infectious_window(dates_of(case), protocol_of(case).infectious, at)


# --- the desk ------------------------------------------------------------------------------------------------------


DESK_STATES = ("open", "closed", "all")


def _unknown(field: str, value: str) -> BadInput:
    sentence = _("The list cannot be filtered by %(value)s. Choose one of the offered filters.")
    return BadInput(sentence, code="filter_invalid", field=field, value=value)


@dataclass(frozen=True, slots=True)
class DeskFilter:
    """What the desk shows. `state`: open, closed or all; `text`: a case number, or a person's number or name."""

    disease: str = ""
    classification: str = ""
    state: str = "open"
    text: str = ""

    def condition(self) -> Q:
        if self.classification and self.classification not in rules.EFFECTS:
            raise _unknown("classification", self.classification)
        if self.state not in DESK_STATES:
            raise _unknown("state", self.state)
        found = Q()
        if self.disease:
            found &= Q(disease=self.disease)
        if self.classification:
            found &= Q(classification=self.classification)
        if self.state != "all":
            found &= Q(closed_at__isnull=self.state == "open")
        if text := self.text.strip():
            found &= Q(number__startswith=text.upper()) | (
                Q(person__number__startswith=text) | Q(person__name__startswith=text)
            )
        return found


def desk(by: Actor, wanted: DeskFilter, *, cursor: str = "", size: int = 50) -> Page[Case]:
    """One page of cases, newest first, each with its clocks: two queries."""
    clocks = Prefetch("clocks", Clock.objects.order_by("due_at"))
    rows = visible_cases(by).filter(wanted.condition()).prefetch_related(clocks)
    return keyset_page(rows, DESK_ORDER, cursor or None, size=size)


def disease_names() -> dict[str, str]:
    """Disease -> name in the reader's language, of every pack that ever judged a case here (the newest name wins)."""
    rows = CaseProtocol.objects.order_by("pk").values_list("content", flat=True)
    found = [msgspec.convert(content, rules.Protocol) for content in rows]
    return {protocol.disease: str(protocol.name) for protocol in found}


# --- clocks --------------------------------------------------------------------------------------------------------


def late_clocks(by: Actor, at: datetime | None = None, *, near: Q | None = None) -> QuerySet[Clock]:
    """Unmet clocks of open cases whose due time has passed, oldest first; right whether or not the sweep has run.
    `near` is `awaited_in_reach` of the same asker, where it has been asked already."""
    return _open_clocks(by, near).filter(due_at__lt=at or clock.now())


def due_soon(by: Actor, at: datetime, within: timedelta = DUE_SOON, *, near: Q | None = None) -> QuerySet[Clock]:
    """Unmet clocks of open cases that are due within the next hours, the most urgent first."""
    return _open_clocks(by, near).filter(due_at__gte=at, due_at__lt=at + within)


def owned_clocks(by: Actor) -> QuerySet[Clock]:
    """Unmet clocks of open cases within reach that name the asker as their owner, the most urgent first."""
    return _open_clocks(by).filter(owner=by.person_id) if by.person_id is not None else Clock.objects.none()


def _open_clocks(by: Actor, near: Q | None = None) -> QuerySet[Clock]:
    return (
        Clock.objects.filter(near or awaited_in_reach(by))
        .select_related("case", "case__person", "case__person__home", "owner")
        .order_by(*CLOCK_ORDER)
    )


def awaited_in_reach(by: Actor) -> Q:
    """The condition "this clock is awaited and its person within reach of case.view", by the index of such clocks. Two
    queries at most."""
    reach = reach_of(by, VIEW)
    near = in_ranges("home_path", reach.ranges)
    if reach.guests:
        near |= Q(case__person_id__in=reach.guests)
    return Q(awaited=True) & near


def clock_counts(at: datetime, near: Q) -> dict[str, int]:
    """How many clocks are late and how many due soon. One query."""
    bare = Clock.objects.filter(near)
    return counts_of(late=bare.filter(due_at__lt=at), soon=bare.filter(due_at__gte=at, due_at__lt=at + DUE_SOON))


def clock_page(rows: QuerySet[Clock], cursor: str, size: int = 50) -> Page[Clock]:
    """One page of `late_clocks` or `due_soon`: ids from the index alone, then the clocks of the page by key."""
    bare = rows.select_related(None).only("pk", "due_at")
    page = keyset_page(bare, CLOCK_ORDER, cursor or None, size=size)
    ids = [row.pk for row in page.rows]
    whole = Clock.objects.select_related("case", "case__person", "case__person__home", "owner", "unit").in_bulk(ids)
    return Page([whole[pk] for pk in ids if pk in whole], page.next, page.previous)


@dataclass(frozen=True, slots=True)
class DeskSummary:
    """Open cases and their clocks within reach, as of `at`. All are counts of rows that exist: 0 is a true zero."""

    at: datetime
    open: int
    undecided: int
    late: int
    soon: int
    latest: tuple[Clock, ...]

    @property
    def hours(self) -> int:
        """How far "soon" reaches."""
        return int(DUE_SOON.total_seconds() // 3600)


def desk_summary(by: Actor, at: datetime, *, show: int = 5) -> DeskSummary:
    """For the clinic's first screen: four counts and the clocks to look at first."""
    cases, near = visible_cases(by).filter(closed_at__isnull=True), awaited_in_reach(by)
    counts = counts_of(
        open=cases,
        undecided=cases.filter(classification=rules.SUSPECTED),
        late=late_clocks(by, at, near=near),
        soon=due_soon(by, at, near=near),
    )
    return DeskSummary(
        at=at,
        **counts,
        latest=tuple(_open_clocks(by, near).filter(due_at__lt=at + DUE_SOON)[:show]),
    )
