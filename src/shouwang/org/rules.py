"""Pure decisions of org: what a role may do, which spells overlap, who is uncovered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from shouwang.core.tree import Range, merge, subtree

# Right -> what it opens. Health data (checkin.view, case.view and what acts on them) is apart from managing people:
# no role that manages people or the tree carries it.
RIGHTS: Mapping[str, str] = {
    "people.view": "names, numbers and units of people",
    "people.manage": "roster: add, import, move people",
    "org.manage": "organisations, places, responsibility",
    "account.manage": "accounts, roles, tokens",
    "audit.view": "the audit log",
    "visitor.register": "register visitors at the gate, and see those of one's institution",
    "presence.import": "door, visit and sensor files, timetables",
    "checkin.status": "who has checked in today and who has not, without any answer",
    "checkin.proxy": "check in for another person, with a reason",
    "checkin.excuse": "excuse people from the daily check-in until a day, with a reason",
    "checkin.view": "answers of a check-in: symptoms, temperature, exposure (health data)",
    "alert.handle": "symptom alerts: open a case or close with a reason (health data)",
    "case.view": "cases, contacts, quarantine orders with their health content (health data)",
    "case.manage": "open, classify and date cases (health data)",
    "test.order": "order tests, take samples, mass-testing days; see tests and results (health data)",
    "test.result": "enter and import results of laboratories, decide on unclear rows (health data)",
    "trace.work": "trace contacts of an open case, confirm and dismiss them (health data)",
    "followup.work": "follow contacts day by day: call them, enter what they say, hand over (health data)",
    "isolation.view": "who is absent until when, without the reason",
    "isolation.manage": "orders, rooms, release (health data)",
    "survey.manage": "make, open and close screening surveys; their numbers",
    "survey.status": "who has answered a survey and who has not, without any answer",
    "survey.proxy": "answer a survey for another person, with a reason",
    "survey.view": "answers to surveys (health data)",
    "report.view": "the situation report: numbers, never names",
    "report.issue": "issue the situation report",
    "level.declare": "declare a response level",
    "directive.manage": "write, import, issue and end directives; follow, verify and close the tasks they made",
    "directive.sign": "read directives and sign off what somebody else has written",
    "task.work": "acknowledge directives and work on tasks for the units in reach, as whoever answers for one may",
    "outreach.manage": "channels to people and units (mail, group bots), and whether messages arrived",
}
HEALTH_RIGHTS = frozenset(
    {
        "checkin.view",
        "alert.handle",
        "case.view",
        "case.manage",
        "test.order",
        "test.result",
        "trace.work",
        "followup.work",
        "isolation.manage",
        "survey.view",
    }
)

ROLE_RIGHTS: Mapping[str, frozenset[str]] = {
    "monitor": frozenset({"people.view", "checkin.status", "checkin.proxy", "survey.status", "survey.proxy"}),
    "counsellor": frozenset(
        {
            "people.view",
            "checkin.status",
            "checkin.proxy",
            "checkin.excuse",
            "checkin.view",
            "followup.work",
            "isolation.view",
            "survey.manage",
            "survey.status",
            "survey.proxy",
            "survey.view",
            "report.view",
            "task.work",
        }
    ),
    "clinic": frozenset(
        {
            "people.view",
            "checkin.status",
            "checkin.proxy",
            "checkin.excuse",
            "checkin.view",
            "alert.handle",
            "case.view",
            "case.manage",
            "test.order",
            "test.result",
            "followup.work",
            "isolation.view",
            "isolation.manage",
            "survey.manage",
            "survey.status",
            "survey.proxy",
            "survey.view",
            "report.view",
        }
    ),
    # A tracer sees what an open case shows of its contacts, never everybody's answers.
    "tracer": frozenset({"people.view", "case.view", "trace.work", "followup.work", "isolation.view", "report.view"}),
    # A list of who is absent until when is a list of who is in quarantine: gates and stores do not need it.
    "guard": frozenset({"visitor.register"}),
    "keeper": frozenset(),
    "office": frozenset(
        {
            "people.view",
            "checkin.status",
            "checkin.excuse",
            "isolation.view",
            "survey.manage",
            "survey.status",
            "report.view",
            "report.issue",
            "level.declare",
            "directive.manage",
            "directive.sign",
            "audit.view",
            "presence.import",
            "visitor.register",
            "outreach.manage",
        }
    ),
    "leader": frozenset({"report.view", "directive.sign"}),
    "administrator": frozenset(
        {
            "people.view",
            "people.manage",
            "org.manage",
            "account.manage",
            "audit.view",
            "presence.import",
            "visitor.register",
            "outreach.manage",
        }
    ),
}


def reach(grants: Iterable[tuple[str, str]]) -> dict[str, tuple[Range, ...]]:
    """From (role, organisation path) pairs to right -> merged path ranges."""
    found: dict[str, list[Range]] = {}
    for role, path in grants:
        for right in ROLE_RIGHTS[role]:
            found.setdefault(right, []).append(subtree(path))
    return {right: merge(ranges) for right, ranges in found.items()}


@dataclass(frozen=True, slots=True)
class LockDecision:
    failed_logins: int
    locked_until: datetime | None


FAILURES_BEFORE_LOCK = 10  # assumption: OWASP ASVS 2.2.1 allows at most 100 an hour for one account; this is far below
LOCK_MINUTES = 15  # assumption


def after_failed_login(failed_logins: int, *, now: datetime) -> LockDecision:
    """One more wrong password: from the tenth on, the account rests for a quarter of an hour."""
    failed = failed_logins + 1
    if failed < FAILURES_BEFORE_LOCK:
        return LockDecision(failed, None)
    return LockDecision(0, now + timedelta(minutes=LOCK_MINUTES))


@dataclass(frozen=True, slots=True)
class AddressDecision:
    failed: int
    since: datetime
    rests_until: datetime | None


# A whole campus may stand behind one address: a lecture hall of mistyped passwords must fit in, guessing must not pay.
ADDRESS_FAILURES = (
    100  # assumption: with ten a quarter of an hour for each name, ten names are guessed at, not thousands
)
ADDRESS_MINUTES = 15  # assumption: window and rest, as for an account


def after_failed_address(failed: int, since: datetime, *, now: datetime) -> AddressDecision:
    """One more wrong password from an address: too many within the window, and the address rests as long again."""
    window = timedelta(minutes=ADDRESS_MINUTES)
    if now - since >= window:
        failed, since = 0, now
    failed += 1
    return AddressDecision(failed, since, now + window if failed >= ADDRESS_FAILURES else None)


@dataclass(frozen=True, slots=True)
class SpellChange:
    """What a dated change does to the open spell: leave it, overwrite it in place, or end it and open a new one."""

    keep: bool = False
    overwrite: bool = False
    end_open_on: date | None = None


def change_spell(*, open_value: object, open_starts: date | None, new_value: object, on: date) -> SpellChange:
    """How to record that from day `on` the value is `new_value`.

    The open spell ends the day before; a change on its very first day is a correction and overwrites it. ValueError
    when `on` lies before the open spell: history is corrected by hand, never by an import.
    """
    if open_starts is None:
        return SpellChange()
    if open_value == new_value:
        return SpellChange(keep=True)
    if on < open_starts:
        raise ValueError("a change cannot begin before the spell it changes")
    if on == open_starts:
        return SpellChange(overwrite=True)
    return SpellChange(end_open_on=on - timedelta(days=1))
