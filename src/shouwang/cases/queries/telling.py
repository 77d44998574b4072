"""Who was told that a clock ran out: what the list shows, and what outreach reminds of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet

from shouwang.cases import rules
from shouwang.cases.models import Case, Clock, ClockEvent
from shouwang.cases.queries.desk import disease_names, protocol_of
from shouwang.cases.queries.faces import role_name
from shouwang.core import clock
from shouwang.core.scope import Actor
from shouwang.org.models import Organisation, Person


def settings_now() -> rules.ClockSettings:
    """The settings of clocks in force."""
    return rules.clock_settings(settings.HOME)


@dataclass(frozen=True, slots=True)
class ClockRow:
    """One clock in the list of late or coming ones; `told`: whom it has been taken to, oldest first."""

    clock: Clock
    disease: str
    role: str
    told: tuple[ClockEvent, ...] = ()

    @property
    def last(self) -> ClockEvent | None:
        """The last step by which somebody was told."""
        return next((event for event in reversed(self.told) if event.person_id is not None), None)


def clock_rows(clocks: Sequence[Clock]) -> list[ClockRow]:
    """The rows of a list of clocks: two queries beside the list's own."""
    names = disease_names() if clocks else {}
    told: dict[tuple[int, str, datetime], list[ClockEvent]] = {}
    if clocks:
        rows = ClockEvent.objects.filter(case__in={row.case_id for row in clocks}, step__isnull=False)
        for event in rows.select_related("person"):
            told.setdefault((event.case_id, event.code, event.due_at), []).append(event)
    return [
        ClockRow(
            row,
            names.get(row.case.disease, row.case.disease),
            role_name(row.owner_role),
            tuple(told.get((row.case_id, row.code, row.due_at), ())),
        )
        for row in clocks
    ]


def clock_events(case: Case) -> list[ClockEvent]:
    """What happened to the clocks of a case the caller has fetched within reach, newest first, each with the `title` of
    its clock. One query."""
    names = {spec.code: spec.name for spec in protocol_of(case).clocks} | {rules.TEST: rules.TEST_NAME}
    found = list(case.clock_events.select_related("person", "unit").order_by("-at", "-id"))
    for event in found:
        event.title = str(names.get(event.code, event.code))
    return found


# --- reminders -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Window:
    """What was told after `start` up to `end` is reminded of at `end`, in one message."""

    start: datetime
    end: datetime

    @property
    def name(self) -> str:
        return f"{self.end.astimezone(clock.zone()):%H:%M}"


def windows(day: date) -> list[Window]:
    """The windows that end on a local day, each beginning where the one before ended."""
    times = settings_now().reminding.times
    before = datetime.combine(day - timedelta(days=1), times[-1], tzinfo=clock.zone())
    ends = [datetime.combine(day, at, tzinfo=clock.zone()) for at in times]
    return [Window(start, end) for start, end in zip([before, *ends], ends, strict=False)]


def window_of(end: datetime) -> Window:
    """The window that ends at this moment; an empty one where the times have been changed since."""
    found = next((window for window in windows(clock.local_day(end)) if window.end == end), None)
    return found or Window(end, end)


def told_in(window: Window) -> QuerySet[ClockEvent]:
    """Steps by which somebody was told within the window."""
    return ClockEvent.objects.filter(at__gt=window.start, at__lte=window.end, person__isnull=False).order_by()


def still_awaited(events: QuerySet[ClockEvent]) -> QuerySet[ClockEvent]:
    """Those whose clock is still late: neither met, nor moved, nor its case closed."""
    same = Clock.objects.filter(case=OuterRef("case"), code=OuterRef("code"), due_at=OuterRef("due_at"), awaited=True)
    return events.filter(Exists(same))


def told_people(window: Window) -> QuerySet[Person]:
    """Whoever was told within the window of something that is still late."""
    return Person.objects.filter(pk__in=still_awaited(told_in(window)).values("person"))


@dataclass(frozen=True, slots=True)
class Taken:
    """Late clocks that were taken to somebody by name, of one unit and kind: no person, no disease."""

    unit: Organisation | None
    role: str
    count: int
    oldest: datetime


def taken_to(by: Actor) -> list[Taken]:
    """Late clocks that were taken to the asker, whether or not they may see the cases; oldest first. One query."""
    if by.person_id is None:
        return []
    rows = still_awaited(ClockEvent.objects.filter(person=by.person_id)).select_related("unit")
    roles = Clock.objects.filter(case=OuterRef("case"), code=OuterRef("code")).values("owner_role")[:1]
    found: dict[tuple[int | None, str], list[ClockEvent]] = {}
    seen: set[tuple[int, str]] = set()
    for event in rows.annotate(role=roles).order_by("due_at", "id"):
        if (event.case_id, event.code) not in seen:
            seen.add((event.case_id, event.code))
            found.setdefault((event.unit_id, event.role), []).append(event)
    return [Taken(rows[0].unit, role_name(role), len(rows), rows[0].due_at) for (_u, role), rows in found.items()]
