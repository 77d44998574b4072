"""What API and terminal say of teams."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shouwang.command.models import ServiceEntry, Team, TeamProposal, TeamShift
from shouwang.command.teams import queries, rules
from shouwang.core import clock
from shouwang.core.scope import Actor


def team_json(row: Team, *, at: datetime) -> dict[str, Any]:
    on = clock.local_day(at)
    leaders = queries.leading([row], on=on).get(row.pk, [])
    turn = queries.turn_of(row, leaders, on=on)
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
    return {
        **team_json(row, at=at), "whole": found.whole, "acts": [act.name for act in found.acts],
        "members": [seat_json(seat) for seat in found.seats],
        "places": [{"code": one.place.code, "name": one.place.title} for one in found.places],
        "tasks": [
            {"id": one.pk, "task": one.task_id, "text": one.task.text, "state": one.task.state,
             "due_at": one.task.due_at, "outcome": one.outcome or None, "reason": one.reason}
            for one in found.given
        ],
        "duty": [shift_json(one) for one in found.shifts],
        "records": [record_json(one) for one in found.records],
        "events": [{"at": one.at, "act": one.act, "text": one.text} for one in found.events],
    }  # fmt: skip


def seat_json(seat: queries.Seat) -> dict[str, Any]:
    row = seat.row
    return {
        "id": row.pk, "name": row.person.name, "number": row.person.number, "role": row.role, "home": row.home.code,
        "starts": row.starts, "ends": row.ends, "state": row.state, "reason": row.reason,
        "side": seat.turn.side if seat.turn else None, "next_step": str(seat.turn.next_step) if seat.turn else None,
        "acts": [act.name for act in seat.acts], "says_cannot": row.cannot_at is not None, "cannot": seat.cannot,
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
