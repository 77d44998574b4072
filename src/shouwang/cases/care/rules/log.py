"""The log of a referral: which moments of the ambulance and which words of the hospital fit together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from shouwang.cases.rules.dates import minute, written
from shouwang.core.errors import BadInput

CALLED, ARRIVED, LEFT, HANDED = "called", "arrived", "left", "handed_over"
RECEIVED, ADMITTED, TREATED, CRITICAL = "received", "admitted", "in_treatment", "critical"
RECOVERED, DIED, TRANSFERRED = "recovered", "died", "transferred"

AMBULANCE: Mapping[str, Promise] = {
    CALLED: pgettext_lazy("ambulance", "called"),
    ARRIVED: pgettext_lazy("ambulance", "arrived"),
    LEFT: pgettext_lazy("ambulance", "left the campus"),
    HANDED: pgettext_lazy("ambulance", "handed over at the hospital"),
}
STATUSES: Mapping[str, Promise] = {
    RECEIVED: pgettext_lazy("hospital", "received"),
    ADMITTED: pgettext_lazy("hospital", "admitted"),
    TREATED: pgettext_lazy("hospital", "in treatment"),
    CRITICAL: pgettext_lazy("hospital", "critical"),
    RECOVERED: pgettext_lazy("hospital", "recovered"),
    DIED: pgettext_lazy("hospital", "died"),
    TRANSFERRED: pgettext_lazy("hospital", "transferred on"),
}
WORDS: Mapping[str, Promise] = {**AMBULANCE, **STATUSES}
ORDER = tuple(AMBULANCE)
ENDS = frozenset({RECOVERED, DIED, TRANSFERRED})
TONES: Mapping[str, str] = {CRITICAL: "danger", DIED: "neutral", RECOVERED: "good", TRANSFERRED: "notice"}
OLDEST = timedelta(days=3660)  # assumption: as for the dates of a case, a slip of the keyboard


@dataclass(frozen=True, slots=True)
class Step:
    """One entry that counts: what happened, and when."""

    what: str
    at: datetime


def check_moment(value: datetime, *, now: datetime, field: str = "happened_at") -> None:
    """BadInput for what lies in the future, or more than ten years back. To the minute."""
    if minute(value) > now:
        raise BadInput(
            _("%(value)s lies in the future; now it is %(now)s. Enter what has happened."),
            code="date_future", field=field, value=written(value), now=written(now),
        )  # fmt: skip
    if value < now - OLDEST:
        raise BadInput(
            _("%(value)s lies more than ten years back. Check the year."),
            code="date_too_old", field=field, value=written(value),
        )  # fmt: skip


def check_step(others: Sequence[Step], new: Step, *, now: datetime) -> None:
    """Whether `new` fits beside the `others` that count. BadInput naming both moments when it does not.

    The ambulance is called, arrives, leaves, hands over, each once; what nobody wrote down is missing. The hospital
    cannot speak of somebody who has not left, nor after its last word (recovered, died, transferred on).
    """
    if new.what not in WORDS:
        raise BadInput(
            _("“%(value)s” is none of: %(words)s."),
            code="step_unknown", field="what", value=new.what, words=", ".join(WORDS),
        )  # fmt: skip
    check_moment(new.at, now=now)
    if new.what in AMBULANCE and any(step.what == new.what for step in others):
        raise BadInput(
            _("“%(what)s” is in the log already. Correct that entry."),
            code="step_twice", field="what", what=WORDS[new.what],
        )  # fmt: skip
    for step in others:
        first, second = _in_order(step, new)
        if first is not None and second is not None and minute(first.at) > minute(second.at):
            raise BadInput(
                _("“%(first)s” (%(first_at)s) lies after “%(second)s” (%(second_at)s). Correct one of the two."),
                code="steps_out_of_order", field="happened_at", first=WORDS[first.what], first_at=written(first.at),
                second=WORDS[second.what], second_at=written(second.at),
            )  # fmt: skip
    if new.what in ENDS and (ended := [step for step in others if step.what in ENDS]):
        raise BadInput(
            _("The hospital's last word is “%(what)s” (%(at)s). Correct that entry, or make a new referral."),
            code="referral_ended", field="what", what=WORDS[ended[0].what], at=written(ended[0].at),
        )  # fmt: skip


def _in_order(one: Step, other: Step) -> tuple[Step | None, Step | None]:
    """The two in the order in which they must have happened; None, None where either may come first."""
    for first, second in ((one, other), (other, one)):
        if first.what in AMBULANCE and second.what in AMBULANCE and ORDER.index(first.what) < ORDER.index(second.what):
            return first, second
        if first.what in (CALLED, ARRIVED, LEFT) and second.what in STATUSES:
            return first, second
        if second.what in ENDS and first.what in STATUSES and first.what not in ENDS:
            return first, second
    return None, None


def last_status(steps: Sequence[Step]) -> Step | None:
    """What the hospital said last: the end where there is one, else the latest moment."""
    said = [step for step in steps if step.what in STATUSES]
    return max(said, key=lambda step: (step.what in ENDS, step.at), default=None)


def is_open(steps: Sequence[Step]) -> bool:
    """Whether the hospital still has the person, as far as anybody has said."""
    return not any(step.what in ENDS for step in steps)
