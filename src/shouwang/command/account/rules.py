"""The state machine of a matter. Values in, decision out: who is next, what they may do, what time alone brings.

Time alone never goes against whom it concerns, but for the reply and the appeal that were not made: what is not served
or decided in time is withdrawn.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from shouwang.command.account.numbers import STEPS, Numbers
from shouwang.core.errors import BadInput, Conflict, Forbidden

Side = Literal["subject", "office", "decider", "appeal"]
SUBJECT: Side = "subject"
OFFICE: Side = "office"
DECIDER: Side = "decider"
APPEAL: Side = "appeal"
REMINDER, TALK, NOTICE = STEPS
PROPOSED, SENT, REPLIED, OVERDUE, DECIDED, APPEALED, STANDS, WITHDRAWN, EXPIRED = (
    "proposed", "sent", "replied", "overdue", "decided", "appealed", "stands", "withdrawn", "expired",
)  # fmt: skip
STATES = (PROPOSED, SENT, REPLIED, OVERDUE, DECIDED, APPEALED, STANDS, WITHDRAWN, EXPIRED)
FINAL = frozenset({WITHDRAWN, EXPIRED})
UPHELD = "upheld"
VERDICTS = (UPHELD, WITHDRAWN)
LONGEST, SHORTEST, MOST_FACTS = 1000, 4, 20


@dataclass(frozen=True, slots=True)
class Standing:
    """Whose turn it is, what they do next, and the state that its time brings by itself."""

    side: Side
    next_step: Promise
    in_time: str


STANDING: Mapping[str, Standing] = {
    PROPOSED: Standing(OFFICE, _("Read it again and serve it, or take it back. Unserved it is withdrawn."), WITHDRAWN),
    SENT: Standing(SUBJECT, _("Reply in your own words; contest a fact that is wrong."), OVERDUE),
    REPLIED: Standing(DECIDER, _("Read the facts and the reply, and decide. Undecided it is withdrawn."), WITHDRAWN),
    OVERDUE: Standing(DECIDER, _("No reply came in time; it may still come. Decide on the facts."), WITHDRAWN),
    DECIDED: Standing(SUBJECT, _("Appeal if you do not agree. Otherwise it stands until it expires."), STANDS),
    APPEALED: Standing(APPEAL, _("Decide the appeal with fresh eyes. Undecided it is withdrawn."), WITHDRAWN),
    STANDS: Standing(OFFICE, _("It expires by itself; lift it earlier where things are mended."), EXPIRED),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Act:
    """`after` None leaves the state (a decision: its verdict says). `says`: words are needed."""

    name: str
    side: Side
    label: Promise
    frm: frozenset[str]
    after: str | None = None
    says: bool = True


def _act(name: str, side: Side, label: Promise, frm: str, after: str | None = None, *, says: bool = True) -> Act:
    return Act(name, side, label, frozenset(frm.split()), after, says)


ACTS: Mapping[str, Act] = {
    act.name: act
    for act in (
        _act("serve", OFFICE, pgettext_lazy("matter", "Serve it"), "proposed", SENT, says=False),
        _act("talk", OFFICE, pgettext_lazy("matter", "Note what was said in the talk"), "sent replied overdue"),
        _act("take_back", OFFICE, pgettext_lazy("matter", "Take it back"),
             "proposed sent replied overdue decided stands", WITHDRAWN),
        _act("reply", SUBJECT, pgettext_lazy("matter", "Reply"), "sent replied overdue", REPLIED),
        _act("contest", SUBJECT, pgettext_lazy("matter", "This fact is wrong"), "sent replied overdue"),
        _act("decide", DECIDER, pgettext_lazy("matter", "Decide"), "replied overdue"),
        _act("appeal", SUBJECT, pgettext_lazy("matter", "Appeal"), "decided", APPEALED),
        _act("decide_appeal", APPEAL, pgettext_lazy("matter", "Decide the appeal"), "appealed"),
    )
}  # fmt: skip


def acts_for(state: str, sides: Collection[str], step: str) -> list[Act]:
    """What whoever stands on these sides may do now, in the order of `ACTS`."""
    return [
        act for act in ACTS.values()
        if state in act.frm and act.side in sides and not (act.name == "talk" and step != TALK)
    ]  # fmt: skip


def check_act(name: str, state: str, *, sides: Collection[str], text: str) -> Act:
    """The act, if one who stands on `sides` may do it in `state`. BadInput (`act_unknown`, `text_missing`), Forbidden
    (`other_side`) or Conflict (`matter_state`) otherwise."""
    act = ACTS.get(name)
    if act is None:
        raise BadInput(_("A matter knows no “%(name)s”."), code="act_unknown", field="act", name=name)
    if act.side not in sides:
        raise Forbidden(_("This step of the matter is not yours."), code="other_side")
    if state not in act.frm:
        raise Conflict(_("The matter has moved on meanwhile. Look at it again."), code="matter_state")
    if act.says:
        check_words(text, "text")
    return act


def check_words(text: str, field: str, *, least: int = SHORTEST) -> str:
    """The words without blanks around. BadInput (`text_missing`) outside `least` to 1000 characters."""
    text = text.strip()
    if not least <= len(text) <= LONGEST:
        raise BadInput(
            _("Say it in %(least)s to %(limit)s characters."), code="text_missing", field=field, least=least,
            limit=LONGEST,
        )  # fmt: skip
    return text


def check_step(step: str, *, previous: str | None, previous_state: str | None, urgent: str) -> None:
    """A talk follows a reminder, a notice a talk, on the same facts, upheld and not expired; or there is a reason why
    it cannot wait. BadInput (`step_unknown`, `step_too_high`) otherwise."""
    if step not in STEPS:
        raise BadInput(_("There is no such step: %(step)s."), code="step_unknown", field="step", step=step)
    if step == REMINDER or len(urgent.strip()) >= SHORTEST:
        return
    if previous is None or STEPS.index(previous) != STEPS.index(step) - 1 or previous_state != STANDS:
        raise BadInput(
            _("This step needs the one below it, upheld and not expired, on the same facts; or say why it is urgent."),
            code="step_too_high", field="urgent",
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class FactStanding:
    """A fact as the decider leaves it: `answer` to its contest, `struck` when it does not count."""

    id: int
    contested: bool
    answer: str = ""
    struck: bool = False


def check_decision(verdict: str, reasons: str, facts: Sequence[FactStanding], *, step: str, talked: bool) -> None:
    """BadInput: an unknown verdict (`verdict_unknown`), no reasons (`text_missing`), a contested fact without an answer
    (`contest_unanswered`), nothing left to uphold (`facts_struck`). Conflict (`talk_missing`): no talk was held."""
    if verdict not in VERDICTS:
        raise BadInput(
            _("There is no such decision: %(value)s."), code="verdict_unknown", field="verdict", value=verdict
        )
    check_words(reasons, "text")
    if verdict == WITHDRAWN:
        return
    if any(fact.contested and len(fact.answer.strip()) < SHORTEST for fact in facts):
        raise BadInput(_("Say something to each fact that was contested."), code="contest_unanswered", field="answers")
    if all(fact.struck for fact in facts):
        raise BadInput(_("No fact is left: withdraw the matter."), code="facts_struck", field="verdict")
    if step == TALK and not talked:
        raise Conflict(_("The talk has not been held yet."), code="talk_missing")


@dataclass(frozen=True, slots=True)
class Hand:
    """An account and its person: an account may be closed and opened anew, its person stays the same."""

    account: int | None
    person: int | None

    def same(self, other: Hand) -> bool:
        return (self.account is not None and self.account == other.account) or (
            self.person is not None and self.person == other.person
        )


def may_judge(hand: Hand, *, is_subject: bool, earlier: Sequence[Hand]) -> bool:
    """A person, not the one it concerns, and none of those who proposed, served or decided it before."""
    return hand.account is not None and not is_subject and not any(hand.same(one) for one in earlier)


def level_suffices(level: str | None, *, decided_at: str, higher: bool) -> bool:
    """Whether an appeal may be decided by one whose right reaches from `level` (a path) down: strictly above that of
    the decider where `higher` says that somebody stands there, else at the same height."""
    if level is None or not decided_at.startswith(level):
        return False
    return level != decided_at if higher else True


def due_after(state: str, numbers: Numbers, step: str, *, at: datetime) -> datetime | None:
    """Until when `state`, begun at `at`, lasts at most. None when it is over for good."""
    process = numbers.process
    days = {
        PROPOSED: process.serve_days, SENT: numbers.of(step).reply_days, REPLIED: process.decide_days,
        OVERDUE: process.decide_days, DECIDED: process.appeal_days, APPEALED: process.appeal_decide_days,
        STANDS: numbers.of(step).expires_days, WITHDRAWN: process.read_days,
    }.get(state)  # fmt: skip
    return None if days is None else at + timedelta(days=days)


def in_time(state: str, *, due_at: datetime | None, now: datetime) -> str | None:
    """The state that time has brought by `now`; None while there is time, and when it is over."""
    standing = STANDING.get(state)
    if standing is None or due_at is None or now < due_at:
        return None
    return standing.in_time
