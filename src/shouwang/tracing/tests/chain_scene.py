"""A chain on the campus of the cast: Lin infects Wang (dormitory room), Wang infects Zhao, Ou is apart.

Contacts are written as a trace would have found them; onsets are days before NOON, so that links fit or do not.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from shouwang.cases import actions as case_actions
from shouwang.cases.models import Case
from shouwang.core.packs import get_pack
from shouwang.core.scope import system_actor
from shouwang.org.models import Person
from shouwang.org.tests.cast import NOON, Cast
from shouwang.tracing.actions import chains
from shouwang.tracing.models import Contact, Trace

DAY = timedelta(days=1)
COVID = "covid19-2020-6"


def sick(
    cast: Cast, who: str, days_ago: float | None, *, at: datetime | None = None, classification: str = "confirmed"
) -> Case:
    """A case whose onset lies so many days back (None: without symptoms), found a day later or at `at`."""
    onset = None if days_ago is None else NOON - days_ago * DAY
    found = at or (NOON if onset is None else onset + DAY)
    return case_actions.open_case(
        person=cast.person[who], pack=get_pack(COVID), classification=classification, onset_at=onset,
        reason="核酸阳性", detected_at=found, by=cast.by("he", found), at=found,
    )  # fmt: skip


def together(
    case: Case, person: Person, days: list[date], *, found: datetime, grade: str = "close", state: str = "candidate",
    reason: str = "",
) -> Contact:  # fmt: skip
    """A contact as the trace of `case` found it."""
    trace = Trace.objects.create(
        case=case, at=found, window_start=found - 9 * DAY, window_end=found, rule="nhc6", pack=COVID,
        visits_searched=1, elapsed_us=1, found=1,
    )  # fmt: skip
    first = datetime.combine(days[0], datetime.min.time(), tzinfo=NOON.tzinfo)
    return Contact.objects.create(
        case=case, trace=trace, person=person, found_at=found, seconds=3600 * len(days), encounters=len(days),
        first_at=first, last_at=first + DAY, days={day.isoformat(): 3600 for day in days}, grade=grade,
        grade_rank=0 if grade == "close" else 1, why_zh="同住", why_en="room", state=state, decision_reason=reason,
        purge_on=date(2030, 1, 1),
    )  # fmt: skip


def day(ago: float) -> date:
    return (NOON - ago * DAY).date()


def chain(cast: Cast) -> dict[str, Case]:
    """Lin (9 days ago) → Wang (5) → Zhao (1), as the rule proposes it; Ou (3 days ago) was with none of them."""
    found = {"lin": sick(cast, "lin", 9)}
    together(found["lin"], cast.person["wang"], [day(9), day(8)], found=NOON - 7.5 * DAY)
    found["wang"] = sick(cast, "wang", 5)
    together(found["wang"], cast.person["zhao"], [day(5), day(4)], found=NOON - 3 * DAY)
    found["zhao"] = sick(cast, "zhao", 1)
    found["ou"] = sick(cast, "ou", 3)
    chains.propose([case.pk for case in found.values()], by=system_actor("tests"), at=NOON)
    return found
