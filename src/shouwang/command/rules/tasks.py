"""The state machine of a task: who must act next, what they may do, what it leads to, and when others are asked.

A task stands between two sides. The *unit* owes it; the *issuer* ordered it: the office of the directive, or for a part
the unit that split it. Every state that is not final belongs to exactly one of them and names the next step.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from shouwang.core.errors import BadInput, Conflict

Side = Literal["unit", "issuer"]
UNIT: Side = "unit"
ISSUER: Side = "issuer"
OPEN, WORKING, SPLIT, BLOCKED, RETURNED, DONE, VERIFIED, CLOSED = (
    "open", "working", "split", "blocked", "returned", "done", "verified", "closed",
)  # fmt: skip
STATES = (OPEN, WORKING, SPLIT, BLOCKED, RETURNED, DONE, VERIFIED, CLOSED)
FINAL = frozenset({VERIFIED, CLOSED})
# Assumption: one day for the deputy before the unit above is asked.
DEPUTY_HAS = timedelta(days=1)
LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Standing:
    """Whose turn it is in a state, and what they do next."""

    side: Side
    next_step: Promise


STANDING: Mapping[str, Standing] = {
    OPEN: Standing(UNIT, _("Acknowledge it, or hand it back with a reason.")),
    WORKING: Standing(UNIT, _("Do it and say so, split it, or ask for help.")),
    SPLIT: Standing(UNIT, _("Verify what the units below have done, then say that the whole is done.")),
    BLOCKED: Standing(ISSUER, _("Answer the call for help.")),
    RETURNED: Standing(ISSUER, _("Give it again with an answer, or close it.")),
    DONE: Standing(ISSUER, _("Verify it, or send it back with a reason.")),
}


@dataclass(frozen=True, slots=True)
class Act:
    """What one side may do in some states. `after` None leaves the state. `says` asks for words."""

    name: str
    side: Side
    label: Promise
    frm: frozenset[str]
    after: str | None
    says: bool = False
    button: bool = True


def _act(name: str, side: Side, label: Promise, frm: str, after: str | None, **more: bool) -> Act:
    return Act(name, side, label, frozenset(frm.split()), after, **more)


ACTS: Mapping[str, Act] = {
    act.name: act
    for act in (
        _act("acknowledge", UNIT, _("Acknowledge"), "open", WORKING),
        _act("note", UNIT, _("Note progress"), "open working split blocked returned done", None, says=True),
        _act("split", UNIT, _("Split among units below"), "open working split", SPLIT, button=False),
        _act("ask_help", UNIT, _("Ask for help"), "open working split", BLOCKED, says=True),
        _act("hand_back", UNIT, _("Hand back"), "open working", RETURNED, says=True),
        _act("done", UNIT, _("Say that it is done"), "open working split", DONE),
        _act("help", ISSUER, pgettext_lazy("task", "Answer"), "blocked", WORKING, says=True),
        _act("give_again", ISSUER, _("Give it again"), "returned", OPEN, says=True),
        _act("postpone", ISSUER, _("Change the deadline"), "open working split blocked returned", None, says=True,
             button=False),
        _act("verify", ISSUER, _("Verify"), "done", VERIFIED),
        _act("send_back", ISSUER, _("Send back"), "done", WORKING, says=True),
        _act("close", ISSUER, _("Close without it being done"), "open working split blocked returned done", CLOSED,
             says=True),
    )
}  # fmt: skip


def side_of(state: str) -> Side | None:
    """Whose turn it is; None when it is over."""
    return None if state in FINAL else STANDING[state].side


def acts_for(state: str, sides: Collection[Side]) -> list[Act]:
    """What whoever stands on these sides may do in this state, in the order of `ACTS`."""
    return [act for act in ACTS.values() if state in act.frm and act.side in sides]


def after(state: str, name: str, *, has_parts: bool = False) -> str:
    """The state after an act. BadInput for an unknown one, Conflict where the state does not allow it.

    Help answered, or work sent back, leads a task that was split to its parts again.
    """
    act = ACTS.get(name)
    if act is None:
        raise BadInput(_("There is no such act: %(act)s."), field="act", act=name)
    if state not in act.frm:
        raise Conflict(_("The task has moved on meanwhile. Look at it again."), code="task_moved_on")
    if act.after == WORKING and has_parts:
        return SPLIT
    return state if act.after is None else act.after


def check_words(name: str, text: str) -> str:
    """The words of an act, without blanks around. BadInput where it needs some and there are none, or too many."""
    text = text.strip()
    if ACTS[name].says and len(text) < 2:
        raise BadInput(_("Say what there is to say: the other side reads it."), field="text", code="words_missing")
    if len(text) > LONGEST:
        raise BadInput(_("%(limit)s characters at most."), field="text", limit=LONGEST)
    return text


def check_done(*, evidence_required: bool, evidence: str, parts_open: int, reason: str) -> None:
    """BadInput when evidence was asked for and none is given, or parts are still open and no reason is."""
    if evidence_required and len(evidence.strip()) < 2:
        raise BadInput(
            _("This task asks for evidence: say what was done, when, and where it can be seen."),
            field="text", code="evidence_missing",
        )  # fmt: skip
    if parts_open and len(reason.strip()) < 2:
        raise BadInput(
            _("%(n)s parts are not verified yet. Wait for them, or give a reason for closing without them."),
            field="reason", code="parts_open", n=parts_open,
        )  # fmt: skip


def check_deadline(new: datetime, *, old: datetime, whole: datetime | None, now: datetime) -> None:
    """BadInput for a moment that has passed, for the deadline as it is, and for one after that of the `whole` of which
    the task is a part."""
    if new <= now:
        raise BadInput(_("Choose a time that lies ahead."), field="due_at", code="due_passed")
    if new == old:
        raise BadInput(_("This is the deadline already."), field="due_at", code="due_same")
    if whole is not None and new > whole:
        raise BadInput(_("A part cannot be due after the whole."), field="due_at", code="due_too_late")


def same_hand(*, done_by: int | None, done_by_person: int | None, account: int | None, person: int | None) -> bool:
    """Whether whoever verifies is who said it was done: the same account, or the same person under another one."""
    return done_by == account or (person is not None and done_by_person == person)


DEPUTY, ABOVE = 1, 2


def escalation(step: int, *, due_at: datetime, now: datetime, has_deputy: bool) -> int:
    """The step an overdue task has reached: 1 the deputy of the unit is asked, 2 the unit above it. Never backwards,
    and each step once. Where nobody is deputy the unit above is asked at once."""
    if now < due_at:
        return step
    reached = ABOVE if now >= due_at + DEPUTY_HAS or not has_deputy else DEPUTY
    return max(step, reached)
