"""Terms: the pack's sections [quarantine], [isolation], [advice], and the end date they give, explained line by line.

An explanation is stored with the order in both languages, as it was when the order was served; so its sentences stand
here as pairs and not in the translation catalogue, which may change under a stored record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Literal

import msgspec
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from shouwang.cases.laboratory.data import laboratory
from shouwang.cases.laboratory.rules import Negatives
from shouwang.cases.rules import EFFECTS
from shouwang.core.dates import chinese, english
from shouwang.core.packs import Pack, Source, Text
from shouwang.tracing.rules.following import FollowUpRule

Days = Annotated[int, msgspec.Meta(ge=1, le=366)]
Times = Annotated[int, msgspec.Meta(ge=1, le=24)]
Checks = Annotated[int, msgspec.Meta(ge=1, le=100)]
Hours = Annotated[float, msgspec.Meta(gt=0, le=8784)]
Code = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]


class Basis(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The law or notice an order stands on."""

    zh: str
    en: str
    source: str


class Confirm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What no check-in shows (a rash has crusted, a test is negative): whoever releases says that they have seen it."""

    code: Code
    text: Text
    source: str


class Release(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What clears a person: so many checks in a row, the latest ones, without fever and without symptoms; so many
    hours since the last symptom; negative tests; what a person must confirm."""

    clear_checks: Checks
    source: str
    symptom_free_hours: Hours | None = None
    confirm: tuple[Confirm, ...] = ()
    tests: tuple[Negatives, ...] = ()


class Quarantine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[quarantine]: for confirmed contacts of these grades. An empty `for_grades` asks nobody to stay apart."""

    days: Days
    counted_from: Literal["last_exposure"]
    for_grades: tuple[str, ...]
    checks_per_day: Times
    temperature_required: bool
    release: Release
    source: str
    basis: Basis | None = None


class Isolation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[isolation]: for cases of these classifications, counted from one of their dates."""

    days: Days
    counted_from: Literal["isolated", "onset", "detected"]
    for_classifications: tuple[str, ...]
    checks_per_day: Times
    temperature_required: bool
    release: Release
    source: str
    basis: Basis | None = None
    advice: Text | None = None


class Advice(msgspec.Struct, frozen=True):
    """[advice]: what to tell somebody in quarantine. The section holds other rooms' sentences too."""

    quarantine: Text | None = None


@dataclass(frozen=True, slots=True)
class Protocol:
    """What isolation reads from one pack. A section that a pack leaves out asks nothing of anybody."""

    code: str
    sha256: str
    disease: str
    name: Text
    edition: str
    sources: Mapping[str, Source]
    quarantine: Quarantine | None
    isolation: Isolation | None
    advice: Advice | None
    follow_up: FollowUpRule | None = None


def protocol(pack: Pack) -> Protocol:
    """Read and check the sections. PackError names the place in the file when a number is missing or impossible."""
    isolation = pack.optional("isolation", Isolation)
    for number, word in enumerate(isolation.for_classifications if isolation else ()):
        if word not in EFFECTS:
            what = format_lazy(_("“{word}” is not known here"), word=word)
            remedy = format_lazy(_("Write one of: {words}."), words=", ".join(EFFECTS))
            raise pack.refuse(("isolation", "for_classifications", number), what, remedy)
    quarantine = pack.optional("quarantine", Quarantine)
    _check_methods(pack, "quarantine", quarantine)
    _check_methods(pack, "isolation", isolation)
    return Protocol(
        code=pack.code,
        sha256=pack.sha256,
        disease=pack.head.disease,
        name=pack.head.name,
        edition=pack.head.edition,
        sources=pack.sources,
        quarantine=quarantine,
        isolation=isolation,
        advice=pack.optional("advice", Advice),
        follow_up=pack.optional("follow_up", FollowUpRule),
    )


def _check_methods(pack: Pack, section: str, spec: Quarantine | Isolation | None) -> None:
    """PackError where a test of release is none that the laboratory knows."""
    for number, item in enumerate(spec.release.tests if spec else ()):
        if item.method not in (known := laboratory().by_code):
            what = format_lazy(_("“{word}” is not known here"), word=item.method)
            remedy = format_lazy(_("Write one of: {words}."), words=", ".join(known))
            raise pack.refuse((section, "release", "tests", number, "method"), what, remedy)


@dataclass(frozen=True, slots=True)
class Term:
    """Until when, counted from where, and why: one line a step. `ends_on` is the last day, included."""

    counted_from: date
    days: int
    ends_on: date
    rule: str
    lines: tuple[Text, ...]

    @property
    def because_zh(self) -> str:
        return "\n".join(line.zh for line in self.lines)

    @property
    def because_en(self) -> str:
        return "\n".join(line.en for line in self.lines)


def end_date(counted_from: date, days: int) -> tuple[date, Text]:
    """The last day (included) of a term, and the arithmetic in words. Day 0 is the day it is counted from."""
    ends_on = counted_from + timedelta(days=days)
    line = Text(
        zh=f"{chinese(counted_from)}之后第 {days} 天是 {chinese(ends_on)}，当天包括在内。",
        en=f"Day {days} after {english(counted_from)} is {english(ends_on)}; that day is included.",
    )
    return ends_on, line


def quarantine_term(protocol: Protocol, *, grade: str, grade_name: Text, why: Text, exposed_on: date) -> Term | None:
    """The term for a confirmed contact; None when the pack asks nothing of this grade.

    `exposed_on` is the local day of the last exposure; `why` the tracing rule's words for the grade.
    """
    spec = protocol.quarantine
    if spec is None or grade not in spec.for_grades:
        return None
    ends_on, arithmetic = end_date(exposed_on, spec.days)
    lines = (
        Text(
            zh=f"您被判定为{grade_name.zh}：{why.zh}。",
            en=f"You were found to be a {lower_first(grade_name.en)}: {why.en}.",
        ),
        Text(zh=f"最后一次接触：{chinese(exposed_on)}。", en=f"Last exposure: {english(exposed_on)}."),
        Text(
            zh=f"按《{protocol.name.zh}》，自最后一次接触起隔离医学观察 {spec.days} 天。",
            en=f"By {protocol.name.en}: quarantine for {spec.days} days after the last exposure.",
        ),
        arithmetic,
        *_footing(protocol, spec.source, spec.basis),
    )
    return Term(exposed_on, spec.days, ends_on, f"quarantine/{spec.counted_from}+{spec.days}d", lines)


@dataclass(frozen=True, slots=True)
class CaseDates:
    """Local days of a case; None is unknown."""

    detected: date
    onset: date | None = None
    isolated: date | None = None


COUNTED: Mapping[str, Text] = {
    "isolated": Text(zh="开始隔离", en="the beginning of isolation"),
    "onset": Text(zh="发病", en="the onset of symptoms"),
    "detected": Text(zh="发现", en="detection"),
    "served": Text(zh="本通知书送达", en="the service of this order"),
}


def isolation_term(protocol: Protocol, *, classification: str, dates: CaseDates, today: date) -> Term | None:
    """The term for a case; None when the pack asks nothing of this classification.

    Where the date it should be counted from is unknown, another known one stands in, and the explanation says so:
    isolation not yet begun is counted from `today`, an unknown onset from detection. Somebody who was apart already
    when the disease was found (a contact in quarantine) is counted from detection.
    """
    spec = protocol.isolation
    if spec is None or classification not in spec.for_classifications:
        return None
    used, day, counted = _counted_from(spec.counted_from, dates, today)
    ends_on, arithmetic = end_date(day, spec.days)
    lines = (
        Text(zh="您需要隔离治疗。", en="You are asked to stay in isolation and be treated."),
        counted,
        Text(
            zh=f"按《{protocol.name.zh}》，自{COUNTED[used].zh}起隔离 {spec.days} 天。",
            en=f"By {protocol.name.en}: isolation for {spec.days} days after {COUNTED[used].en}.",
        ),
        arithmetic,
        *_footing(protocol, spec.source, spec.basis),
    )
    return Term(day, spec.days, ends_on, f"isolation/{used}+{spec.days}d", lines)


def _counted_from(wanted: str, dates: CaseDates, today: date) -> tuple[str, date, Text]:
    """Which date is used, which day that is, and the line that says so."""
    ask = COUNTED[wanted]
    day = {"isolated": dates.isolated, "onset": dates.onset, "detected": dates.detected}[wanted]
    if day is None:
        used, day = ("served", today) if wanted == "isolated" else ("detected", dates.detected)
        got = COUNTED[used]
        return (
            used,
            day,
            Text(
                zh=f"{ask.zh}日期尚无记录，改以{got.zh}日期起算：{chinese(day)}。",
                en=f"The date of {ask.en} is not known yet; counted from {got.en} instead: {english(day)}.",
            ),
        )
    if wanted == "isolated" and day < dates.detected:
        return (
            "detected",
            dates.detected,
            Text(
                zh=f"发现时您已在隔离，自发现之日起算：{chinese(dates.detected)}。",
                en=f"You were apart already when it was found; counted from detection: {english(dates.detected)}.",
            ),
        )
    return wanted, day, Text(zh=f"{ask.zh}日期：{chinese(day)}。", en=f"Date of {ask.en}: {english(day)}.")


def _footing(protocol: Protocol, source: str, basis: Basis | None) -> list[Text]:
    """Where the number of days comes from, the legal basis, and how it ends."""
    origin = protocol.sources[source]
    lines = [Text(zh=f"天数出处：{origin.text}。", en=f"Source of the number of days: {origin.text}.")]
    if origin.kind == "assumption":
        lines = [
            Text(
                zh="天数为本方案的设定值，国家文件没有给出，由学校确认。",
                en="The number of days is an assumption of this protocol, confirmed by the institution.",
            )
        ]
    if basis is not None:
        lines.append(Text(zh=f"法律依据：{basis.zh}。", en=f"Legal basis: {basis.en}."))
    lines.append(
        Text(
            zh="期满后由校医院复核解除，您不需要另外申请。",
            en="After the last day the clinic reviews and releases you; you need not apply.",
        )
    )
    return lines


def governing(ends: Iterable[tuple[date, int]]) -> int:
    """Of several grounds, given as (last day, id), the id of the longest; the older of two equal ones."""
    return min(ends, key=lambda ground: (-ground[0].toordinal(), ground[1]))[1]


def lower_first(words: str) -> str:
    return words[:1].lower() + words[1:]
