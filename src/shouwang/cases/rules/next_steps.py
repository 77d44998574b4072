"""What comes next in a case, and who does it. No state is without one, but an end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shouwang.cases.rules.classes import EFFECTS, PROBABLE, SUSPECTED

CLINIC = "clinic"
DECIDE, RECOVER, CLOSE, OVER = "decide", "recover", "close", "over"

WORDS: Mapping[str, Promise] = {
    "detected": _("Say when the case was detected."),
    "reported": _("Report the case to the health authority and enter when."),
    "isolated": _("Isolate the person and enter when."),
    "treated": _("Begin treatment and enter when."),
    "traced": _("Trace the contacts."),
    "recovered": _("Look after the person until recovery and enter when."),
    "resulted": _("Get the result of the test."),
    DECIDE: _("Decide what the case is: confirm, classify or discard it."),
    RECOVER: _("Look after the person until recovery and enter when."),
    CLOSE: _("Close the case."),
    OVER: _("Nothing: the case is over. It can be reopened."),
}


@dataclass(frozen=True, slots=True)
class Awaited:
    """A clock that runs on the case: what it waits for (a date of the case, or "resulted"), until when, whose it is."""

    code: str
    moment: str
    due: datetime
    role: str


@dataclass(frozen=True, slots=True)
class NextStep:
    """`code` names the step (`WORDS`), `role` who does it, `due` until when (None: no clock says so), `clock` the code
    of the clock that asks for it. `final`: the case is over and asks nobody."""

    code: str
    role: str
    due: datetime | None = None
    clock: str = ""

    @property
    def text(self) -> str:
        return str(WORDS[self.code])

    @property
    def final(self) -> bool:
        return self.code == OVER


def next_step_of(classification: str, *, closed: bool, recovered: bool, awaited: Iterable[Awaited]) -> NextStep:
    """The next step of a case: what its clocks wait for, the most urgent first; then what no clock asks for. A case
    that is over has `final` and the role that could reopen it."""
    if closed or not EFFECTS[classification].open:
        return NextStep(OVER, CLINIC)
    running = sorted(awaited, key=lambda item: (item.due, item.code)) if EFFECTS[classification].clocks_run else []
    if running:
        first = running[0]
        return NextStep(first.moment, first.role, first.due, first.code)
    if classification == SUSPECTED or (classification == PROBABLE and not recovered):
        return NextStep(DECIDE, CLINIC)
    return NextStep(CLOSE if recovered else RECOVER, CLINIC)
