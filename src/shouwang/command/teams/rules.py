"""Teams: signals as data, the state machines of a team, a secondment and a duty. Values in, decision out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import msgspec
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from shouwang.command.mending.rules import Evidence, Sentence, Source
from shouwang.core.errors import BadInput, Conflict, Forbidden
from shouwang.core.owned_files import check_coded, decoded, in_force, version_of

SHIPPED = Path(__file__).resolve().parent.parent / "teams.toml"
CODES = ("cases_open", "contacts_close", "contacts_waiting", "alerts_waiting", "tasks_overdue", "gaps_grave")
LONGEST, SUMMARY_LONGEST = 1000, 4000
Days = Annotated[int, msgspec.Meta(ge=1, le=366)]


class Signal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: str
    at_least: Annotated[int, msgspec.Meta(ge=1)]
    points: Annotated[int, msgspec.Meta(ge=1, le=100)]
    sentence: Sentence
    source: str


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Days but for `shift_hours` and `summary_min` (characters). See teams.toml."""

    back_days: Annotated[int, msgspec.Meta(ge=0, le=366)]
    ahead_days: Days
    longest_days: Days
    review_days: Days
    shift_hours: Annotated[int, msgspec.Meta(ge=1, le=24)]
    summary_min: Annotated[int, msgspec.Meta(ge=4, le=1000)]
    dismiss_days: Days
    own_people: bool


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    needed: Annotated[int, msgspec.Meta(ge=1)]
    sources: tuple[Source, ...]
    limits: Limits
    signals: tuple[Signal, ...]
    version: str = ""

    @property
    def by_code(self) -> Mapping[str, Signal]:
        return {signal.code: signal for signal in self.signals}

    def source_of(self, signal: Signal) -> Source:
        return next(source for source in self.sources if source.id == signal.source)


def team_rules(home: Path) -> Rules:
    """The rules in force: `home`/teams.toml, else the shipped file. BadInput names what is wrong with it."""
    return in_force(home, SHIPPED, read_rules)


def read_rules(content: bytes) -> Rules:
    """BadInput (`teams_file`) for a file that is not one: unknown keys or codes, a code twice, a source that is not
    there. `version` is the SHA-256 of the text, shortened to 12 digits."""
    found = decoded(content, Rules, _refused)
    sources = {source.id for source in found.sources}
    check_coded(found.signals, codes=CODES, sources=sources, refusal=_refused)
    return msgspec.structs.replace(found, version=version_of(content))


def _refused(reason: str) -> BadInput:
    return BadInput(_("teams.toml cannot be used: %(reason)s. Mend the file."), code="teams_file", reason=reason)


@dataclass(frozen=True, slots=True)
class Load:
    """What speaks for a team in a unit: points, and each signal that gave some with its numbers."""

    points: int
    spoke: tuple[tuple[str, Evidence], ...]


def load_of(known: Rules, counted: Mapping[str, Evidence]) -> Load:
    """The sum of the signals that reach their number. What was not counted gives no point, and is not zero."""
    spoke = [
        (signal, counted[signal.code])
        for signal in known.signals
        if signal.code in counted and counted[signal.code].count >= signal.at_least
    ]
    return Load(sum(signal.points for signal, _n in spoke), tuple((signal.code, n) for signal, n in spoke))


def proposes(known: Rules, load: Load, *, teams: int) -> bool:
    """Whether a team is proposed: enough points, and none being formed or standing in the unit."""
    return teams == 0 and load.points >= known.needed


# --- a team ----------------------------------------------------------------------------------------------------------

FORMING, STANDING, DISSOLVED = "forming", "standing", "dissolved"
STATES = (FORMING, STANDING, DISSOLVED)
OFFICE, LEAD, HOME, SELF = "office", "lead", "home", "self"


@dataclass(frozen=True, slots=True)
class Turn:
    """Whose turn it is, and what they do next."""

    side: str
    next_step: Promise


def turn_of_team(state: str, *, has_leader: bool, review_over: bool = False) -> Turn | None:
    """None when it is dissolved. A team whose leader left waits for the office, as one that is being formed does."""
    if state == DISSOLVED:
        return None
    if not has_leader:
        return Turn(OFFICE, _("Name a leader whose home unit agrees, or dissolve the team."))
    if state == FORMING:
        return Turn(OFFICE, _("The leader is there: let the team stand."))
    if review_over:
        return Turn(OFFICE, _("Its day of review is over: keep it until another day, or dissolve it."))
    return Turn(LEAD, _("Share duty and tasks, and say each day what was done."))


@dataclass(frozen=True, slots=True)
class Act:
    """`says`: words are needed. `after` None leaves the state. `button`: it has a form of its own elsewhere if not."""

    name: str
    sides: frozenset[str]
    label: Promise
    frm: frozenset[str]
    after: str | None
    says: bool = False


def _act(name: str, sides: str, label: Promise, frm: str, after: str | None, *, says: bool = False) -> Act:
    return Act(name, frozenset(sides.split()), label, frozenset(frm.split()), after, says)


def _named(*acts: Act) -> Mapping[str, Act]:
    return {act.name: act for act in acts}


TEAM_ACTS = _named(
    _act("stand", OFFICE, pgettext_lazy("team", "Let it stand"), "forming", STANDING),
    _act("note", "office lead", pgettext_lazy("team", "Note progress"), "forming standing", None, says=True),
    _act("review", OFFICE, pgettext_lazy("team", "Reviewed: keep it until"), "forming standing", None, says=True),
    _act("dissolve", OFFICE, pgettext_lazy("team", "Dissolve"), "forming standing", DISSOLVED, says=True),
)

# --- a secondment ----------------------------------------------------------------------------------------------------

ASKED, APPROVED, REFUSED, WITHDRAWN, ENDED = "asked", "approved", "refused", "withdrawn", "ended"
MEMBER_STATES = (ASKED, APPROVED, REFUSED, WITHDRAWN, ENDED)
FINAL = frozenset({REFUSED, WITHDRAWN, ENDED})
LEADER, DEPUTY, MEMBER = "leader", "deputy", "member"
LEADING = (LEADER, DEPUTY)

MEMBER_TURNS: Mapping[str, Turn] = {
    ASKED: Turn(HOME, _("Approve or refuse it, with a reason. Not whoever asked.")),
    APPROVED: Turn(LEAD, _("In the team until its last day; it ends earlier with a reason.")),
}
MEMBER_ACTS = _named(
    _act("approve", HOME, pgettext_lazy("secondment", "Approve"), "asked", APPROVED),
    _act("refuse", HOME, pgettext_lazy("secondment", "Refuse"), "asked", REFUSED, says=True),
    _act("cannot", SELF, pgettext_lazy("secondment", "I cannot"), "asked approved", ASKED, says=True),
    _act("withdraw", "office lead", pgettext_lazy("secondment", "Withdraw"), "asked", WITHDRAWN, says=True),
    _act("end", "office lead home", pgettext_lazy("secondment", "End it"), "approved", ENDED, says=True),
)


def check_act(
    acts: Mapping[str, Act], name: str, state: str, *, sides: Collection[str], text: str, least: int = 4,
    longest: int = LONGEST,
) -> Act:  # fmt: skip
    """The act, if one who stands on `sides` may do it in `state`. Forbidden, Conflict (`team_state`) or BadInput
    (`text_missing`, `text_long`) otherwise."""
    act = acts.get(name)
    if act is None:
        raise BadInput(_("There is no such act: %(act)s."), code="act_unknown", field="act", act=name)
    if not act.sides & set(sides):
        raise Forbidden(_("This step is somebody else's."), code="other_side")
    if state not in act.frm:
        raise Conflict(_("It is not in a state for this. Load the page again."), code="team_state")
    check_words(text, least=least if act.says else 0, longest=longest)
    return act


def check_words(text: str, field: str = "text", *, least: int = 4, longest: int = LONGEST) -> str:
    """The text without blanks around. BadInput (`text_missing`, `text_long`) outside its length in characters."""
    text = text.strip()
    if len(text) < least:
        raise BadInput(_("Say it in %(least)s characters at least."), code="text_missing", field=field, least=least)
    if len(text) > longest:
        raise BadInput(_("%(limit)s characters at most."), code="text_long", field=field, limit=longest)
    return text


def check_decider(*, asked_it: bool, own_unit: bool, own_people: bool, own_seat: bool) -> None:
    """Forbidden (`own_asking`) where whoever asked decides too. Allowed only for a unit they answer for themselves
    (`own_unit`), where the rules of the institution say so (`own_people`). Forbidden (`own_seat`) where somebody
    decides about themselves though another answers for their home unit or above it."""
    if own_seat:
        raise Forbidden(_("It is about yourself: whoever else answers for your unit decides."), code="own_seat")
    if asked_it and not (own_unit and own_people):
        raise Forbidden(_("You asked for it: somebody else of the home unit decides."), code="own_asking")


def check_leader(has_leader: bool) -> None:
    """Conflict (`no_leader`): a team stands only with a leader whose home unit agreed."""
    if not has_leader:
        raise Conflict(_("A team stands only with a leader whose home unit has agreed."), code="no_leader")


def check_dates(starts: date, ends: date, *, today: date, limits: Limits) -> None:
    """BadInput at `starts` or `ends`: the end before the start, the end over already, a start too long ago or too far
    ahead, longer than a secondment lasts."""
    if ends < starts:
        raise BadInput(_("It ends before it starts."), code="end_before_start", field="ends")
    if ends < today:
        raise BadInput(_("It would be over already."), code="already_over", field="ends")
    if starts < today - timedelta(days=limits.back_days):
        raise BadInput(
            _("It began more than %(n)s days ago."), code="too_long_ago", field="starts", n=limits.back_days
        )  # fmt: skip
    if starts > today + timedelta(days=limits.ahead_days):
        raise BadInput(
            _("It would begin more than %(n)s days from now."), code="too_far_ahead", field="starts",
            n=limits.ahead_days,
        )  # fmt: skip
    if (ends - starts).days >= limits.longest_days:
        raise BadInput(
            _("A secondment lasts %(n)s days at most."), code="too_long", field="ends", n=limits.longest_days
        )  # fmt: skip


def check_review(day: date, *, today: date, limits: Limits) -> None:
    """BadInput at `review_on` unless it lies ahead and within `review_days`."""
    if not today < day <= today + timedelta(days=limits.review_days):
        raise BadInput(
            _("Choose a day of review after today and within %(n)s days."), code="review_invalid",
            field="review_on", n=limits.review_days,
        )  # fmt: skip


def check_person(*, left_on: date | None, has_home: bool, today: date) -> None:
    """BadInput at `person`: somebody who left, or of whom no unit could decide."""
    if left_on is not None and left_on <= today:
        raise BadInput(_("This person has left."), code="person_left", field="person")
    if not has_home:
        raise BadInput(_("No unit is home to this person, so none can agree."), code="no_home", field="person")


def check_present(starts: date, *, absent_until: date | None, today: date) -> None:
    """Conflict (`person_absent`) where the person is absent on the first day, as far as the asker may know. An absence
    whose last day has passed lasts until the return is confirmed."""
    if absent_until is not None and max(starts, today) <= max(absent_until, today):
        raise Conflict(
            _("This person is absent until %(day)s."), code="person_absent", field="starts", day=str(absent_until)
        )  # fmt: skip


Spell = tuple[date, date]


def overlap(one: Spell, other: Spell) -> bool:
    """Whether two spells share a day; both ends are in them."""
    return one[0] <= other[1] and other[0] <= one[1]


def check_leads_one(asked: Spell, leads: Collection[Spell]) -> None:
    """Conflict (`leads_another`) where the person leads another team on one of these days."""
    if any(overlap(asked, spell) for spell in leads):
        raise Conflict(_("This person leads another team in these days."), code="leads_another", field="person")


# --- duty ------------------------------------------------------------------------------------------------------------

PLANNED, DONE, ABSENT, CANCELLED, UNSAID = "planned", "done", "absent", "cancelled", "unsaid"
SHIFT_ACTS = _named(
    _act("done", "office lead", pgettext_lazy("duty", "Done"), "planned", DONE),
    _act("absent", "office lead", pgettext_lazy("duty", "Absent"), "planned", ABSENT, says=True),
    _act("cancel", "office lead", pgettext_lazy("duty", "Cancel"), "planned", CANCELLED, says=True),
)


def check_shift(starts: datetime, ends: datetime, *, days: Spell, within: Spell, limits: Limits) -> None:
    """BadInput: the end before the start, longer than a stretch of duty, or on days outside the secondment.

    `days` are the local days of both ends."""
    if ends <= starts:
        raise BadInput(_("It ends before it starts."), code="end_before_start", field="ends")
    if ends - starts > timedelta(hours=limits.shift_hours):
        raise BadInput(
            _("Duty lasts %(n)s hours at most."), code="shift_too_long", field="ends", n=limits.shift_hours
        )  # fmt: skip
    if days[0] < within[0] or days[1] > within[1]:
        raise BadInput(
            _("These are not days on which the person is in the team."), code="shift_outside", field="starts"
        )  # fmt: skip


def check_said(name: str, *, starts: datetime, now: datetime, own: bool) -> None:
    """Whether it was done or missed is said after it began, and not by the person themselves."""
    if name in (DONE, ABSENT):
        if now < starts:
            raise Conflict(_("This duty has not begun yet."), code="not_begun")
        if own:
            raise Forbidden(_("Somebody else says whether your duty was done."), code="own_duty")


def closing_state(starts: datetime, *, now: datetime) -> str:
    """What a planned duty becomes when its secondment ends: nobody has said, or it will not be."""
    return UNSAID if starts <= now else CANCELLED
