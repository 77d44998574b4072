"""What this room takes from a pack: its sections [case], [[clocks]], [infectious], the case definitions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shouwang.cases.rules.definitions import Criterion, Definition, definitions_of
from shouwang.core.packs import Pack, Text

# The dates of a case, in the order in which they usually come. Packs name the ends of their clocks by these words.
MOMENTS: Mapping[str, Promise] = {
    "onset": _("onset of symptoms"),
    "detected": _("detection"),
    "reported": _("report to the health authority"),
    "isolated": _("isolation"),
    "treated": _("first treatment"),
    "traced": _("tracing of contacts"),
    "recovered": _("recovery"),
}


class CaseSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[case]: the prefix of case numbers and what the law says of the disease.

    `legal_class` is the statutory class (A 甲类, B 乙类, C 丙类, "none" 非法定); `managed_as` another class by whose
    measures it is managed; `report_hours` the limit within which it must be reported. None: not stated.
    """

    number_prefix: str
    statutory: Text
    source: str
    legal_class: Literal["A", "B", "C", "none"] | None = None
    managed_as: Literal["A", "B", "C"] | None = None
    report_hours: float | None = None

    def __post_init__(self) -> None:
        if not (self.number_prefix.isascii() and self.number_prefix.isalnum() and len(self.number_prefix) <= 6):
            raise ValueError(gettext("number_prefix is up to six letters and digits"))
        if self.report_hours is not None and not 0 < self.report_hours <= 24 * 366:
            raise ValueError(gettext("report_hours is more than 0 and at most 8784"))


class ClockSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of [[clocks]]: `ends` is due `hours` after `begins`; `owner` is the role that answers for it."""

    code: str
    name: Text
    begins: str
    ends: str
    hours: float
    owner: str
    source: str

    def __post_init__(self) -> None:
        for moment in (self.begins, self.ends):
            if moment not in MOMENTS:
                words = {"code": self.code, "moment": moment, "words": ", ".join(MOMENTS)}
                raise ValueError(gettext("clock %(code)s: “%(moment)s” is none of %(words)s") % words)
        if self.code == "test":
            raise ValueError(gettext("clock “test” is kept from the tests themselves: choose another code"))
        if self.begins == self.ends or not 0 < self.hours <= 24 * 366 or not 0 < len(self.code) <= 20:
            sentence = gettext(
                "clock %(code)s: needs a code of up to 20 signs, two different dates and 0 < hours <= 8784"
            )
            raise ValueError(sentence % {"code": self.code})


class Infectious(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[infectious]: days before onset, and after it where the case was never isolated."""

    days_before_onset: float
    days_after_onset: float
    source: str

    def __post_init__(self) -> None:
        if not (0 <= self.days_before_onset <= 366 and 0 <= self.days_after_onset <= 366):
            raise ValueError(gettext("days_before_onset and days_after_onset are 0 to 366 days"))


class Protocol(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What this room takes from a pack. Stored once a pack version, so that a case keeps the version that judged it."""

    disease: str
    name: Text
    edition: str
    case: CaseSpec
    clocks: tuple[ClockSpec, ...]
    infectious: Infectious
    criteria: tuple[Criterion, ...] = ()
    definitions: tuple[Definition, ...] = ()


def protocol(pack: Pack) -> Protocol:
    """The sections of this room. PackError with the place in the file when one is missing or wrong."""
    specs = pack.section("clocks", tuple[ClockSpec, ...])
    codes = [spec.code for spec in specs]
    for number, code in enumerate(codes):
        if code in codes[:number]:
            what = format_lazy(_("two clocks have the code “{code}”"), code=code)
            raise pack.refuse(("clocks", number, "code"), what, _("Give each its own."))
    case = pack.section("case", CaseSpec)
    if case.report_hours is not None:
        for number, spec in enumerate(specs):
            if spec.begins == "detected" and spec.ends == "reported" and spec.hours > case.report_hours:
                what = _("the clock for reporting is longer than report_hours of [case]")
                raise pack.refuse(("clocks", number, "hours"), what, _("Make it as short, or shorter."))
    criteria, definitions = definitions_of(pack)
    return Protocol(
        disease=pack.head.disease,
        name=pack.head.name,
        edition=pack.head.edition,
        case=case,
        clocks=specs,
        infectious=pack.section("infectious", Infectious),
        criteria=criteria,
        definitions=definitions,
    )
