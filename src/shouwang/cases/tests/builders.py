"""Short words for the tests of this room."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from shouwang.cases import actions
from shouwang.cases.models import Case
from shouwang.checkins.models import SymptomAlert
from shouwang.checkins.tests.builders import fever, say
from shouwang.core.models import AuditEntry
from shouwang.core.packs import get_pack
from shouwang.org.tests.cast import NOON, Cast

COVID = "covid19-2020-6"
FLU = "influenza-seasonal"
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def opened(
    cast: Cast, who: str = "lin", *, pack: str = COVID, at: datetime = NOON, by: str = "he", **more: Any
) -> Case:
    """A case that the clinic opened; suspected unless `classification` says otherwise."""
    given = {"classification": "suspected", "reason": "发热伴咳嗽", **more}
    return actions.open_case(person=cast.person[who], pack=get_pack(pack), by=cast.by(by), at=at, **given)


def alerted(cast: Cast, who: str = "lin", *, at: datetime = NOON) -> SymptomAlert:
    """The alert that a fever raises."""
    checkin = say(cast, who, fever("38.6", "cough"), at=at)
    return SymptomAlert.objects.get(checkin=checkin, disease="covid19")


def verbs(case: Case) -> list[str]:
    """What the audit log says about a case, oldest first."""
    rows = AuditEntry.objects.filter(kind="case", object=str(case.pk), is_read=False).order_by("id")
    return list(rows.values_list("verb", flat=True))


def states(case: Case) -> dict[str, str]:
    """Stored state of each clock."""
    return dict(case.clocks.order_by("id").values_list("code", "state"))
