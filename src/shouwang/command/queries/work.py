"""One person's queue: whatever waits for them in any room, the most urgent first. It names no patient."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from shouwang.cases.queries import owned_clocks
from shouwang.command.account import queries as account
from shouwang.command.account import rules as account_rules
from shouwang.command.mending import rules as mending
from shouwang.command.mending.queries import to_mend, to_verify
from shouwang.command.models import Directive, Receipt
from shouwang.command.queries.answering import MANAGE, SIGN, Answered, answered_by
from shouwang.command.queries.daily_work import HAND_IN, TAKE_IN, Owed, daily_work
from shouwang.command.queries.tasks import waiting_for_issuer, waiting_for_unit
from shouwang.command.rules import tasks as rules
from shouwang.command.teams import queries as teams
from shouwang.command.teams import rules as team_rules
from shouwang.core import clock
from shouwang.core.scope import Actor
from shouwang.core.tree import in_ranges
from shouwang.tracing.queries.following import due_numbers

MOST = 100  # of each kind on one page; how many there are is always told
KINDS = (
    "acknowledge", "task", "verify", "sign", "issue", "clock", "follow_up", "report", "review", "mend", "check",
    "decide", "matter", "second", "team", "objection",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that waits: what, from whom, until when, where to go. `kind` is one of `KINDS`."""

    kind: str
    id: int
    title: str
    what: str
    unit: str
    due_at: datetime | None
    href: str
    late: bool


@dataclass(frozen=True, slots=True)
class Work:
    """The queue as of `at`: items in order of their deadline, and how many there are of each kind."""

    at: datetime
    items: list[Item]
    counts: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def late(self) -> int:
        return sum(item.late for item in self.items)

    @property
    def left_out(self) -> int:
        """Tasks and the like beyond the first hundred of their kind."""
        return self.total - len(self.items)


def work_of(by: Actor, *, at: datetime, whole: bool = True) -> Work:
    """A dozen queries at most, seven more where daily reports are asked for; two to four for somebody who answers for
    nothing. Not `whole`: without clocks and follow-ups, which have their own cards on the home page."""
    answered = answered_by(by, on=clock.local_day(at))
    items: list[Item] = []
    counts: dict[str, int] = {}
    for kind, found, total in _kinds(by, answered, at, whole):
        items += found
        counts[kind] = total
    items.sort(key=lambda item: (item.due_at is None, item.due_at or at, item.kind, item.id))
    return Work(at, items, counts)


def _kinds(by: Actor, answered: Answered, at: datetime, whole: bool) -> Iterator[tuple[str, list[Item], int]]:
    if answered:
        yield _listed("acknowledge", _receipts(answered), _receipt_item, at)
    # Whoever a late task was taken to answers for something; who has ceased to still finds it in the whole queue.
    if answered or (whole and by.person_id is not None):
        yield _listed("task", waiting_for_unit(by, answered), _task_item, at)
    if answered or by.holds(MANAGE):
        yield _listed("verify", waiting_for_issuer(by, answered), _verify_item, at)
    yield from _in_review(by, at)
    yield from _corrections(by, answered, at)
    yield from _matters(by, at, whole)
    yield from _of_teams(by, answered, at, whole)
    owed = daily_work(by, answered, at)
    for kind in (HAND_IN, TAKE_IN):
        rows = [row for row in owed if row.kind == kind]
        yield kind, [_report_item(row, at) for row in rows[:MOST]], len(rows)
    if whole and by.holds("case.view"):
        yield _listed("clock", owned_clocks(by), _clock_item, at)
    if whole and by.holds("followup.work") and by.person_id is not None:
        due = due_numbers(by, at=at)["mine_due"]
        if due:
            yield "follow_up", [_follow_up_item(due, at)], 1


def _of_teams(by: Actor, answered: Answered, at: datetime, whole: bool) -> Iterator[tuple[str, list[Item], int]]:
    if not answered and not by.holds(MANAGE):
        return
    yield _listed("second", teams.to_decide(by, answered), _second_item, at)
    if not whole:
        return  # on the first page the office reads of units without a team among the gaps
    if by.holds(MANAGE):
        yield _listed("team", teams.to_lead_on(by, on=clock.local_day(at)), _team_item, at)
    yield _listed("objection", teams.to_answer(by, answered), _objection_item, at)


def _listed(kind: str, rows: QuerySet[Any], item: Any, at: datetime) -> tuple[str, list[Item], int]:
    """The first `MOST`, and how many there are: counted only where they are more than shown."""
    found = list(rows[: MOST + 1])
    total = rows.order_by().count() if len(found) > MOST else len(found)
    return kind, [item(row, at) for row in found[:MOST]], total


def _receipts(answered: Answered) -> QuerySet[Receipt]:
    rows = Receipt.objects.filter(
        unit__in=list(answered.first), acknowledged_at__isnull=True, directive__state=Directive.State.ISSUED
    )
    return rows.select_related("unit", "directive", "directive__organisation").order_by("directive__acknowledge_by")


def _receipt_item(row: Receipt, at: datetime) -> Item:
    due = row.directive.acknowledge_by
    return Item(
        "acknowledge", row.pk, row.directive.title, _("Read and acknowledge"), row.unit.title, due,
        reverse("command:directive", args=[row.directive_id]), due is not None and due < at,
    )  # fmt: skip


def _task_item(row: Any, at: datetime) -> Item:
    return Item(
        "task", row.pk, row.text, str(rules.STANDING[row.state].next_step), row.unit.title, row.due_at,
        reverse("command:task", args=[row.pk]), row.due_at < at,
    )  # fmt: skip


def _verify_item(row: Any, at: datetime) -> Item:
    return Item(
        "verify", row.pk, row.text, str(rules.STANDING[row.state].next_step), row.unit.title, row.due_at,
        reverse("command:task", args=[row.pk]), row.due_at < at,
    )  # fmt: skip


def _in_review(by: Actor, at: datetime) -> Iterator[tuple[str, list[Item], int]]:
    """What one may sign, never what one wrote or submitted oneself, and what was signed and one may issue. One query:
    few directives are in review at a time."""
    if not (by.holds(SIGN) or by.holds(MANAGE)):
        return
    to_sign = in_ranges("organisation__path", by.ranges(SIGN)) & Q(signed_at__isnull=True)
    if by.account_id is not None:
        to_sign &= ~Q(created_by=by.account_id) & ~Q(submitted_by=by.account_id)
    to_issue = in_ranges("organisation__path", by.ranges(MANAGE)) & Q(signed_at__isnull=False)
    rows = Directive.objects.filter(to_sign | to_issue, state=Directive.State.REVIEW).select_related("organisation")
    found = list(rows.order_by("submitted_at", "pk"))
    unsigned = [row for row in found if row.signed_at is None]
    signed = sorted((row for row in found if row.signed_at is not None), key=lambda row: (row.signed_at or at, row.pk))
    yield "sign", [_sign_item(row, at) for row in unsigned[:MOST]], len(unsigned)
    yield "issue", [_issue_item(row, at) for row in signed[:MOST]], len(signed)


def _sign_item(row: Directive, at: datetime) -> Item:
    return Item(
        "sign", row.pk, row.title, _("Read it and sign it off, or send it back"), row.organisation.title,
        row.acknowledge_by, reverse("command:directive", args=[row.pk]), False,
    )  # fmt: skip


def _issue_item(row: Directive, at: datetime) -> Item:
    return Item(
        "issue", row.pk, row.title, _("Signed off: issue it"), row.organisation.title, row.acknowledge_by,
        reverse("command:directive", args=[row.pk]), False,
    )  # fmt: skip


def _report_item(row: Owed, at: datetime) -> Item:
    numbers = {"received": row.received, "expected": row.expected}
    if row.kind == TAKE_IN:
        title, href = _("Reports of the units below"), reverse("command:daily") + f"?unit={row.pk}"
        what = _("%(received)s of %(expected)s have come: take them in") % numbers
    else:
        title, href = _("Daily report"), reverse("command:daily_report", args=[row.pk])
        what = _("Check the numbers, say what is to be said, hand it in")
        if row.expected:
            what = _("%(received)s of %(expected)s reports from below have come; they are taken in first") % numbers
    return Item(row.kind, row.pk, title, what, row.unit.title, row.due_at, href, row.due_at < at)


def _mend_item(row: Any, at: datetime) -> Item:
    return Item(
        "mend", row.pk, row.title, _("Mend it, and say what was done"), row.organisation.title, row.due_at,
        reverse("command:correction", args=[row.pk]), row.due_at < at,
    )  # fmt: skip


def _check_item(row: Any, at: datetime) -> Item:
    return Item(
        "check", row.pk, row.title, _("Said to be mended: look and verify"), row.organisation.title, row.due_at,
        reverse("command:correction", args=[row.pk]), False,
    )  # fmt: skip


def _matters(by: Actor, at: datetime, whole: bool) -> Iterator[tuple[str, list[Item], int]]:
    """Matters to decide; in the whole queue those about oneself or one's unit, which have their own card at home."""
    on = clock.local_day(at)
    if by.holds(SIGN):
        waiting = account.to_decide(by, on=on)
        yield "decide", [_matter_item("decide", row, at) for row in waiting], len(waiting)
    if whole and by.person_id is not None:
        own = [row for row in account.own_matters(by, on=on) if _is_own_turn(row)]
        yield "matter", [_matter_item("matter", row, at) for row in own[:MOST]], len(own)


def _corrections(by: Actor, answered: Answered, at: datetime) -> Iterator[tuple[str, list[Item], int]]:
    """To mend and to verify: by one question, unless there are more than two pages can show."""
    if not by.holds(MANAGE):
        if answered:
            yield _listed("mend", to_mend(by, answered, at=at), _mend_item, at)
        return
    mend, check = to_mend(by, answered, at=at), to_verify(by, answered)
    found = list((mend | check)[: MOST + 1])
    if len(found) > MOST:
        yield _listed("mend", mend, _mend_item, at)
        yield _listed("check", check, _check_item, at)
        return
    for kind, state, item in (("mend", mending.OPEN, _mend_item), ("check", mending.DONE, _check_item)):
        rows = [row for row in found if row.state == state]
        yield kind, [item(row, at) for row in rows], len(rows)


def _is_own_turn(row: Any) -> bool:
    return account_rules.STANDING[row.state].side == account_rules.SUBJECT


def _matter_item(kind: str, row: Any, at: datetime) -> Item:
    return Item(
        kind, row.pk, row.get_step_display(), str(account_rules.STANDING[row.state].next_step), row.organisation.title,
        row.due_at, reverse("command:matter", args=[row.pk]), row.due_at is not None and row.due_at < at,
    )  # fmt: skip


def _second_item(row: Any, at: datetime) -> Item:
    _start, due = clock.day_bounds(row.starts)
    return Item(
        "second", row.pk, f"{row.person.name} · {row.team.title}", _("Asked for by a team: approve or refuse"),
        row.home.title, due, reverse("command:team", args=[row.team_id]), due < at,
    )  # fmt: skip


def _objection_item(row: Any, at: datetime) -> Item:
    href = reverse("command:team", args=[row.member.team_id]) if row.member else reverse("command:teams")
    return Item(
        "objection", row.pk, f"{row.person.name} · {row.title}", _("Answer the objection to the service record"),
        row.organisation.title, None, href, False,
    )  # fmt: skip


def _team_item(row: Any, at: datetime) -> Item:
    on = clock.local_day(at)
    turn = team_rules.turn_of_team(row.state, has_leader=row.led, review_over=row.review_on < on)
    return Item(
        "team", row.pk, row.title, str(turn.next_step) if turn else "", row.organisation.title,
        clock.day_start(row.review_on), reverse("command:team", args=[row.pk]), row.review_on < on,
    )  # fmt: skip


def _clock_item(row: Any, at: datetime) -> Item:
    return Item(
        "clock", row.pk, f"{row.case.number} · {row.title}", _("A clock of a case is running"),
        "", row.due_at, reverse("cases:case", args=[row.case_id]), row.due_at < at,
    )  # fmt: skip


def _follow_up_item(due: int, at: datetime) -> Item:
    _start, end = clock.day_bounds(clock.local_day(at))
    return Item(
        "follow_up", 0, _("%(n)s people still to hear today") % {"n": due}, _("Follow-up of contacts"), "", end,
        reverse("tracing:follow_ups") + "?show=due&whose=mine", False,
    )  # fmt: skip
