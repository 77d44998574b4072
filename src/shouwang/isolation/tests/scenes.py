"""Cases, contacts and check-ins for the tests of isolation, made directly: how they come about is tested elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count

from shouwang.cases.models import Case
from shouwang.checkins.models import CheckIn
from shouwang.core.packs import get_pack
from shouwang.org.models import Place
from shouwang.org.tests.cast import NOON, Cast
from shouwang.tracing.models import Contact, Trace

COVID, FLU = "covid19-2020-6", "influenza-seasonal"
_serial = count(1)


def make_case(
    cast: Cast,
    name: str,
    *,
    pack: str = COVID,
    classification: str = "confirmed",
    detected_at: datetime = NOON,
    onset_at: datetime | None = None,
    isolated_at: datetime | None = None,
) -> Case:
    found = get_pack(pack)
    return Case.objects.create(
        number=f"T-{next(_serial):04d}", person=cast.person[name], disease=found.head.disease, pack=found.code,
        pack_sha256=found.sha256, classification=classification, classified_at=detected_at, detected_at=detected_at,
        onset_at=onset_at, isolated_at=isolated_at, opened_at=detected_at, purge_on=date(2030, 1, 1),
    )  # fmt: skip


def make_contact(
    cast: Cast,
    case: Case,
    name: str,
    *,
    last_at: datetime = NOON - timedelta(days=1),
    grade: str = "close",
    state: str = "confirmed",
) -> Contact:
    trace = Trace.objects.filter(case=case).first() or Trace.objects.create(
        case=case, at=NOON, window_start=NOON - timedelta(days=2), window_end=NOON, rule="nhc6", pack=case.pack,
        visits_searched=10, elapsed_us=10, found=1,
    )  # fmt: skip
    return Contact.objects.create(
        case=case, trace=trace, person=cast.person[name], seconds=3600, encounters=1,
        first_at=last_at - timedelta(hours=1), last_at=last_at, grade=grade, grade_rank=0,
        why_zh="同住一间宿舍", why_en="shared a dormitory room", state=state, decision_reason="",
        purge_on=date(2030, 1, 1),
    )  # fmt: skip


def check_in(
    cast: Cast, name: str, at: datetime, *, temperature: str | None = "36.5", symptoms: tuple[str, ...] = ()
) -> CheckIn:
    return CheckIn.objects.create(
        person=cast.person[name], day=(at + timedelta(hours=8)).date(), at=at, source="self",
        client_key=f"scene-{next(_serial)}", temperature_c=Decimal(temperature) if temperature else None,
        symptoms=list(symptoms), purge_on=date(2030, 1, 1),
    )  # fmt: skip


def healthy_days(cast: Cast, name: str, first: date, last: date) -> None:
    """Two healthy checks a day, at 08:00 and 20:00 in Shanghai."""
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        for hour in (0, 12):
            check_in(cast, name, NOON.replace(year=day.year, month=day.month, day=day.day, hour=hour))


@dataclass
class Rooms:
    single: Place
    other_single: Place


def rooms(cast: Cast) -> Rooms:
    return Rooms(cast.place["ISO-1"], cast.place["ISO-2"])
