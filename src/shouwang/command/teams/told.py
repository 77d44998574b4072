"""What API and terminal say of teams."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from shouwang.command.models import ServiceEntry, Team, TeamMember, TeamProposal, TeamShift, TeamTask
from shouwang.command.teams import queries, rules
from shouwang.core import audit, clock
from shouwang.core.scope import Actor


def team_json(row: Team, *, at: datetime) -> dict[str, Any]:
    return teams_json([row], at=at)[0]


def teams_json(rows: Sequence[Team], *, at: datetime) -> list[dict[str, Any]]:
    """One query for who leads them all."""
    on = clock.local_day(at)
    leaders = queries.leading(rows, on=on)
    return [_team(row, leaders.get(row.pk, []), at) for row in rows]


def _team(row: Team, leaders: Sequence[TeamMember], at: datetime) -> dict[str, Any]:
    turn = queries.turn_of(row, leaders, on=clock.local_day(at))
    return {
        "id": row.pk, "unit": row.organisation.code, "unit_name": row.organisation.title, "kind": row.kind,
        "name": row.name, "name_en": row.name_en, "purpose": row.purpose, "state": row.state, "since": row.since,
        "review_on": row.review_on, "dissolved_at": row.dissolved_at, "summary": row.summary,
        "leader": next((one.person.name for one in leaders if one.role == rules.LEADER), None),
        "side": turn.side if turn else None, "next_step": str(turn.next_step) if turn else None,
        "proposal": row.proposal_id,
    }  # fmt: skip


def sheet_json(by: Actor, row: Team, *, at: datetime) -> dict[str, Any]:
    """A team whole, as far as the asker may see it (`whole`)."""
    found = queries.sheet(by, row, at=at)
    saw_cannot(by, found, at=at)
    return {
        **_team(row, found.leaders, at), "whole": found.whole, "acts": [act.name for act in found.acts],
        "members": [seat_json(seat) for seat in found.seats],
        "places": [{"code": one.place.code, "name": one.place.title} for one in found.places],
        "tasks": [given_json(one) for one in found.given],
        "duty": [shift_json(one) for one in found.shifts],
        "records": [record_json(one) for one in found.records],
        "events": [{"at": one.at, "act": one.act, "text": one.text} for one in found.events],
    }  # fmt: skip


def saw_cannot(by: Actor, found: queries.Sheet, *, at: datetime) -> None:
    """What stands in somebody's way may be their health: who read it is recorded."""
    read = [seat.row.person_id for seat in found.seats if seat.cannot]
    audit.saw("secondment.cannot_read", "team", read, by=by, at=at, object_id=found.team.pk)


def member_json(by: Actor, row: TeamMember, *, at: datetime) -> dict[str, Any]:
    """One secondment after a step on it."""
    return seat_json(queries.seat_of(by, row, at=at))


def seat_json(seat: queries.Seat) -> dict[str, Any]:
    row = seat.row
    return {
        "id": row.pk, "name": row.person.name, "number": row.person.number, "role": row.role, "home": row.home.code,
        "starts": row.starts, "ends": row.ends, "state": row.state, "reason": seat.reason,
        "side": seat.turn.side if seat.turn else None, "next_step": str(seat.turn.next_step) if seat.turn else None,
        "acts": [act.name for act in seat.acts], "decides": seat.decides.name if seat.decides else None,
        "says_cannot": row.cannot_at is not None, "cannot": seat.cannot,
    }  # fmt: skip


def given_json(row: TeamTask) -> dict[str, Any]:
    return {
        "id": row.pk, "task": row.task_id, "text": row.task.text, "state": row.task.state, "due_at": row.task.due_at,
        "given_at": row.given_at, "outcome": row.outcome or None, "released_at": row.released_at, "reason": row.reason,
    }  # fmt: skip


def shift_json(row: TeamShift) -> dict[str, Any]:
    return {
        "id": row.pk, "member": row.member_id, "name": row.member.person.name, "place": row.place.code,
        "place_name": row.place.title, "starts": row.starts, "ends": row.ends, "state": row.state, "reason": row.reason,
    }  # fmt: skip


def record_json(row: ServiceEntry) -> dict[str, Any]:
    return {
        "id": row.pk, "name": row.person.name, "team": row.title, "unit": row.organisation.code, "role": row.role,
        "starts": row.starts, "ends": row.ends, "hours_done": row.hours, "shifts_done": row.shifts_done,
        "shifts_absent": row.shifts_absent, "shifts_unsaid": row.shifts_unsaid, "tasks_verified": row.tasks_verified,
        "objection": row.objection, "answer": row.answer,
    }  # fmt: skip


def proposal_json(row: TeamProposal) -> dict[str, Any]:
    return {
        "id": row.pk, "unit": row.organisation.code, "unit_name": row.organisation.title, "state": row.state,
        "points": row.points, "evidence": [{"code": code, "count": n, "of": of} for code, n, of in row.evidence],
        "sentences": queries.said(row), "rules": row.rules, "found_at": row.found_at, "as_of": row.seen_at,
        "until": row.until, "reason": row.reason,
    }  # fmt: skip
