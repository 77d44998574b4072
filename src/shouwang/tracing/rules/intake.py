"""What each raw record is worth: accepted, or refused for exactly one reason. Nothing is guessed and nothing dropped.

Rows are columns here; a *fate* is a small number per row. The order of the reasons is the order of `Fate`: a record
that could be refused for several is counted under the first, so that the counts of a file always add up to its rows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

from shouwang.core.errors import Message

Int64 = NDArray[np.int64]
Int32 = NDArray[np.int32]
Bool = NDArray[np.bool_]
Fates = NDArray[np.uint8]

UNKNOWN, AMBIGUOUS, MISSING = -1, -2, -3
"""What a resolved id is when there is none: not found, found more than once, not given."""


class Fate(IntEnum):
    """Why a raw record is no presence; `ACCEPTED` when it may be one. The name in lower case is the reason's code."""

    ACCEPTED = 0
    ROW_MALFORMED = 1
    TIME_INVALID = 2
    IN_FUTURE = 3
    DENIED = 4
    ACCESS_UNKNOWN = 5
    PERSON_MISSING = 6
    CARD_SHARED = 7
    CARD_UNKNOWN = 8
    PERSON_UNKNOWN = 9
    SAME_PERSON = 10
    PLACE_MISSING = 11
    PLACE_AMBIGUOUS = 12
    PLACE_UNKNOWN = 13
    END_MISSING = 14
    END_BEFORE_START = 15
    TOO_LONG = 16

    @property
    def code(self) -> str:
        return self.name.lower()


SENTENCES: dict[Fate, tuple[Message, Message]] = {
    Fate.ROW_MALFORMED: (
        _("The row does not have the cells it needs."),
        _("Compare it with its neighbours and complete it."),
    ),
    Fate.TIME_INVALID: (_("The time cannot be read."), _("Write it like 2020-02-01 08:30.")),
    Fate.IN_FUTURE: (_("The record lies in the future."), _("Check the clock of the reader that wrote it.")),
    Fate.DENIED: (_("The door refused the card, so nobody passed."), _("Nothing needs mending.")),
    Fate.ACCESS_UNKNOWN: (
        _("It is not clear whether the door let the card pass."),
        _("Write 1 for allowed and 0 for refused."),
    ),
    Fate.PERSON_MISSING: (_("The row names no person and no card."), _("Enter the person number or the card number.")),
    Fate.CARD_SHARED: (
        _("Two people hold this card, so it is not known who passed."),
        _("Correct the card numbers in the roster and import this file again."),
    ),
    Fate.CARD_UNKNOWN: (
        _("Nobody in the roster holds this card."),
        _("Complete the card numbers in the roster and import this file again."),
    ),
    Fate.PERSON_UNKNOWN: (
        _("Nobody in the roster has this number."),
        _("Import the roster first, or allow people to be created."),
    ),
    Fate.SAME_PERSON: (_("The row pairs a person with himself."), _("Check the two numbers.")),
    Fate.PLACE_MISSING: (_("The row names no place."), _("Enter the code or the name of the place.")),
    Fate.PLACE_AMBIGUOUS: (_("Several places have this name."), _("Use the code of the place instead of its name.")),
    Fate.PLACE_UNKNOWN: (
        _("No place has this code or name."),
        _("Add the place first, or allow places to be created."),
    ),
    Fate.END_MISSING: (_("The visit has no end."), _("Enter the end or the duration.")),
    Fate.END_BEFORE_START: (_("The visit ends before it starts."), _("Check both times.")),
    Fate.TOO_LONG: (
        _("The visit is longer than a stay at such a place can be."),
        _("Check both times, or change the limit in presence.toml."),
    ),
}


def first_reason(rows: int, reasons: dict[Fate, Bool]) -> Fates:
    """For each row the first reason that holds, in the order of `Fate`; ACCEPTED where none does."""
    fates = np.zeros(rows, np.uint8)
    for fate in sorted(reasons, reverse=True):
        fates[reasons[fate]] = fate
    return fates


def person_reasons(person: Int32, *, by_card: Bool | bool) -> dict[Fate, Bool]:
    """Reasons that follow from resolving the person column (ids, or UNKNOWN, AMBIGUOUS, MISSING)."""
    unknown = person == UNKNOWN
    return {
        Fate.PERSON_MISSING: person == MISSING,
        Fate.CARD_SHARED: person == AMBIGUOUS,
        Fate.CARD_UNKNOWN: unknown & by_card,
        Fate.PERSON_UNKNOWN: unknown & ~np.asarray(by_card),
    }


def place_reasons(place: Int32) -> dict[Fate, Bool]:
    """As `person_reasons`, for places."""
    return {
        Fate.PLACE_MISSING: place == MISSING,
        Fate.PLACE_AMBIGUOUS: place == AMBIGUOUS,
        Fate.PLACE_UNKNOWN: place == UNKNOWN,
    }


def counts(fates: Fates) -> dict[str, int]:
    """Refused rows by reason, only reasons that occur. With the accepted ones they add up to the rows."""
    found = np.bincount(fates, minlength=max(Fate) + 1)
    return {fate.code: int(found[fate]) for fate in Fate if fate and found[fate]}


def out_of_order(t: Int64) -> int:
    """Records earlier than the record before them in the file. They are used all the same."""
    return int(np.count_nonzero(np.diff(t) < 0)) if len(t) > 1 else 0


IN, OUT, NO_DIRECTION = 1, -1, 0
_DIRECTIONS = {
    **dict.fromkeys(
        ("进门", "进", "进入", "入", "入门", "入口", "进校", "入校", "in", "entry", "enter", "entrance"), IN
    ),
    **dict.fromkeys(("出门", "出", "离开", "出口", "出校", "离校", "out", "exit", "leave"), OUT),
}
_SUFFIX = re.compile(r"^(?P<place>.*?)\s*[\[【(（〔]\s*(?P<word>[^\[\]【】()（）〔〕]+?)\s*[\]】)）〕]$")
_ALLOWED = {"1", "true", "yes", "y", "ok", "allowed", "granted", "是", "允许", "允许通过", "通过", "成功", "正常"}
_DENIED = {"0", "false", "no", "n", "denied", "refused", "否", "拒绝", "禁止", "禁止通过", "失败", "无权限"}


@dataclass(frozen=True, slots=True)
class Door:
    """A door text taken apart: the place it names and the direction in its suffix (NO_DIRECTION when there is none)."""

    place: str
    direction: int


def split_door(text: str) -> Door:
    """第六教学楼[进门] is the place 第六教学楼 and the direction in; a suffix that is no direction stays."""
    match = _SUFFIX.match(text)
    if match is None:
        return Door(text, NO_DIRECTION)
    direction = _DIRECTIONS.get(match["word"].casefold())
    return Door(text, NO_DIRECTION) if direction is None else Door(match["place"], direction)


def direction_of(text: str) -> int:
    """The direction a word means; NO_DIRECTION for any other word (the pairing counts these)."""
    return _DIRECTIONS.get(text.casefold(), NO_DIRECTION)


def access_of(text: str) -> bool | None:
    """Whether the door let the card pass; None when the text does not say."""
    word = text.casefold()
    if word in _ALLOWED:
        return True
    if word in _DENIED or word.startswith(("禁止", "拒绝")):
        return False
    return None


def seconds_of(text: str, *, unit: int) -> int | None:
    """A duration: "1:30" or "1:30:00" is hours first; a number is in `unit` seconds. None when it is neither."""
    parts = text.split(":")
    if len(parts) in {2, 3} and all(part.isdecimal() for part in parts):
        hours, minutes, *rest = (int(part) for part in parts)
        return hours * 3600 + minutes * 60 + sum(rest)
    try:
        value = float(text)
    except ValueError:
        return None
    return round(value * unit) if abs(value) < 1e9 else None


def duration_unit(header: str) -> int | None:
    """Seconds of the unit that a header such as 时长（分钟） names; None when it names none."""
    text = header.casefold()
    for words, unit in ((("分", "min"), 60), (("小时", "hour"), 3600), (("秒", "sec"), 1)):
        if any(word in text for word in words):
            return unit
    return None


def describe(value: Any) -> str:
    """A value as it is quoted in a problem: short, one line."""
    return " ".join(str(value).split())[:80]
