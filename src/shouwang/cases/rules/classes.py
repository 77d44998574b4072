"""What a case may become, and what a classification brings with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from shouwang.core.errors import BadInput, Conflict

SUSPECTED, PROBABLE, CONFIRMED = "suspected", "probable", "confirmed"
ASYMPTOMATIC, DISCARDED = "asymptomatic", "discarded"

# From each class, where a person may take it. Nobody goes back to "suspected" except by reopening what was discarded.
TRANSITIONS: Mapping[str, frozenset[str]] = {
    "": frozenset({SUSPECTED, PROBABLE, CONFIRMED, ASYMPTOMATIC}),
    SUSPECTED: frozenset({PROBABLE, CONFIRMED, ASYMPTOMATIC, DISCARDED}),
    PROBABLE: frozenset({CONFIRMED, ASYMPTOMATIC, DISCARDED}),
    ASYMPTOMATIC: frozenset({CONFIRMED, DISCARDED}),
    CONFIRMED: frozenset({ASYMPTOMATIC, DISCARDED}),
    DISCARDED: frozenset({SUSPECTED, PROBABLE, CONFIRMED, ASYMPTOMATIC}),
}


@dataclass(frozen=True, slots=True)
class Effects:
    """What a classification brings with it: is it a case, is it open, do its clocks run, is the person isolated?"""

    counts: bool
    open: bool
    clocks_run: bool
    isolate: bool


EFFECTS: Mapping[str, Effects] = {
    SUSPECTED: Effects(counts=True, open=True, clocks_run=True, isolate=False),
    PROBABLE: Effects(counts=True, open=True, clocks_run=True, isolate=True),
    CONFIRMED: Effects(counts=True, open=True, clocks_run=True, isolate=True),
    ASYMPTOMATIC: Effects(counts=True, open=True, clocks_run=True, isolate=True),
    DISCARDED: Effects(counts=False, open=False, clocks_run=False, isolate=False),
}


def check_transition(old: str, new: str, *, closed: bool, onset_known: bool) -> Effects:
    """What the step brings with it. BadInput or Conflict when it is not one."""
    if new not in EFFECTS:
        raise BadInput(
            _("Unknown classification %(value)s. Choose one of the list."), field="classification", value=new
        )
    if old and closed and old != DISCARDED:
        raise Conflict(_("This case is closed. Reopen it first."), code="case_closed", field="classification")
    if new == old:
        raise Conflict(_("The case already has this classification."), code="same_class", field="classification")
    if new not in TRANSITIONS[old]:
        if not old:
            raise BadInput(
                _("A new case is suspected, probable, confirmed or asymptomatic. Close the alert if it is none."),
                code="transition_refused", field="classification", old=old, new=new,
            )  # fmt: skip
        raise BadInput(
            _("A case cannot go back to this classification. Discard it if it was none, and say why."),
            code="transition_refused", field="classification", old=old, new=new,
        )  # fmt: skip
    if new == ASYMPTOMATIC and onset_known:
        raise BadInput(
            _("A case with an onset of symptoms is not asymptomatic. Remove the onset first, or choose confirmed."),
            code="asymptomatic_with_onset",
            field="classification",
        )
    return EFFECTS[new]


def next_classes(old: str, *, closed: bool, onset_known: bool) -> list[str]:
    """The classifications a person may choose now, in the order of the list."""
    if closed and old != DISCARDED:
        return []
    return [new for new in EFFECTS if new in TRANSITIONS[old] and not (new == ASYMPTOMATIC and onset_known)]


def check_close(classification: str, *, closed: bool) -> None:
    """Conflict when it is closed already; BadInput while nobody has decided whether it is a case at all."""
    if closed:
        raise Conflict(_("This case is already closed."), code="case_closed")
    if classification == SUSPECTED:
        raise BadInput(
            _("Decide first: classify the suspected case as confirmed, probable, asymptomatic or discarded."),
            code="case_undecided",
        )
