"""`shouwang team`: teams, who is seconded to them, duty, proposals, service records."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from shouwang.cases.queries.naming import place_written, unit_written
from shouwang.cli.common import Row, actor, as_option, json_option, moment, parse_day, print_json, show
from shouwang.command.models import Team, TeamMember
from shouwang.command.queries import MANAGE, task_for
from shouwang.command.teams import actions, queries, rules, seconding, told
from shouwang.core import clock
from shouwang.core.errors import NotFound
from shouwang.core.scope import Actor
from shouwang.org.models import Place
from shouwang.org.queries import person_by_number

text_option = click.option("--text", default="", help="What there is to say.")


@click.group()
def team() -> None:
    """Teams: task teams and temporary Party organisations."""


def _team(by: Actor, team_id: int, at: datetime) -> Team:
    return queries.team_for(by, team_id, at=at)


def _place(by: Actor, text: str) -> Place:
    place = place_written(by, text)
    if place is None:
        raise NotFound
    return place


@team.command("list")
@click.option("--show", "wanted", type=click.Choice(queries.SHOWS), default="live", show_default=True)
@as_option
@json_option
def listing(wanted: str, user: str | None, as_json: bool) -> None:
    """Teams within reach, the newest first; the first 50."""
    at = clock.now()
    page = queries.teams_page(actor(user), wanted, None, at=at)
    rows: list[Row] = [
        {name: row[name] for name in ("id", "unit", "kind", "name", "state", "leader", "review_on", "side")}
        for row in told.teams_json(page.rows, at=at)
    ]
    show(rows, as_json)


@team.command("show")
@click.argument("team_id", type=int)
@as_option
def show_(team_id: int, user: str | None) -> None:
    """One team whole, as JSON."""
    by, at = actor(user), clock.now()
    print_json(told.sheet_json(by, _team(by, team_id, at), at=at))


@team.command("create")
@click.argument("name")
@click.option("--unit", "code", required=True, help="Code or name of the unit it stands under.")
@click.option("--purpose", required=True)
@click.option("--review", required=True, help="Day of review.")
@click.option("--kind", type=click.Choice(Team.Kind.values), default="task", show_default=True)
@click.option("--name-en", default="")
@click.option("--proposal", type=int, help="The proposal it is made of.")
@as_option
def create(
    name: str, code: str, purpose: str, review: str, kind: str, name_en: str, proposal: int | None, user: str | None
) -> None:
    """Create a team that is being formed."""
    by, at = actor(user), clock.now()
    unit = unit_written(by, code, MANAGE)
    if unit is None:
        raise NotFound
    made = actions.create_team(
        unit, kind=kind, name=name, name_en=name_en, purpose=purpose, review_on=parse_day(review),
        proposal=queries.proposal_for(by, proposal) if proposal is not None else None, by=by, at=at,
    )  # fmt: skip
    print_json(told.team_json(made, at=at))


@team.command("do")
@click.argument("team_id", type=int)
@click.argument("act", type=click.Choice(["stand", "note", "review"]))
@text_option
@click.option("--review", help='The next day, for "review".')
@as_option
def do(team_id: int, act: str, text: str, review: str | None, user: str | None) -> None:
    """Let it stand, note progress, or review it."""
    by, at = actor(user), clock.now()
    day = parse_day(review) if review else None
    done = actions.act_on_team(_team(by, team_id, at), act, text=text, review_on=day, by=by, at=at)
    print_json(told.team_json(done, at=at))


@team.command("dissolve")
@click.argument("team_id", type=int)
@click.argument("summary")
@click.option("--obstacle", "obstacles", type=int, multiple=True, help="Id of a task left open; as often as needed.")
@as_option
def dissolve(team_id: int, summary: str, obstacles: tuple[int, ...], user: str | None) -> None:
    """Dissolve it with a summary; writes the service records."""
    by, at = actor(user), clock.now()
    done = actions.act_on_team(
        _team(by, team_id, at), "dissolve", text=summary, obstacles=obstacles, by=by, at=at
    )  # fmt: skip
    print_json(told.team_json(done, at=at))


@team.command("second")
@click.argument("team_id", type=int)
@click.argument("number")
@click.option("--role", type=click.Choice(TeamMember.Role.values), default="member", show_default=True)
@click.option("--from", "starts", default="today", show_default=True)
@click.option("--to", "ends", required=True, help="The last day.")
@text_option
@as_option
def second(team_id: int, number: str, role: str, starts: str, ends: str, text: str, user: str | None) -> None:
    """Ask for the person of NUMBER; their home unit decides."""
    by, at = actor(user), clock.now()
    made = seconding.ask(
        _team(by, team_id, at), person_by_number(by, number), role=role, starts=parse_day(starts),
        ends=parse_day(ends), text=text, by=by, at=at,
    )  # fmt: skip
    print_json(told.member_json(by, made, at=at))


@team.command("decide")
@click.argument("team_id", type=int)
@click.argument("member_id", type=int)
@click.argument("act", type=click.Choice(list(rules.MEMBER_ACTS)))
@text_option
@as_option
def decide(team_id: int, member_id: int, act: str, text: str, user: str | None) -> None:
    """One step of a secondment: approve, refuse, cannot, withdraw, end."""
    by, at = actor(user), clock.now()
    row = queries.member_for(_team(by, team_id, at), member_id)
    print_json(told.member_json(by, seconding.act_on_member(row, act, text=text, by=by, at=at), at=at))


@team.command("place")
@click.argument("team_id", type=int)
@click.argument("place")
@click.option("--remove", is_flag=True)
@as_option
def place(team_id: int, place: str, remove: bool, user: str | None) -> None:
    """Add a place where it works, or remove it."""
    by, at = actor(user), clock.now()
    change = actions.remove_place if remove else actions.add_place
    change(_team(by, team_id, at), _place(by, place), by=by, at=at)
    click.echo("Removed." if remove else "Added.")


@team.command("give")
@click.argument("team_id", type=int)
@click.argument("task_id", type=int)
@as_option
def give(team_id: int, task_id: int, user: str | None) -> None:
    """Give it a task; who leads it may then act for the task's unit."""
    by, at = actor(user), clock.now()
    task = task_for(by, task_id, on=clock.local_day(at))
    print_json(told.given_json(actions.give_task(_team(by, team_id, at), task, by=by, at=at)))


@team.command("back")
@click.argument("team_id", type=int)
@click.argument("given_id", type=int)
@click.argument("reason")
@as_option
def back(team_id: int, given_id: int, reason: str, user: str | None) -> None:
    """Hand a task back to its unit."""
    by, at = actor(user), clock.now()
    row = queries.given_for(_team(by, team_id, at), given_id)
    print_json(told.given_json(actions.hand_back(row, reason=reason, by=by, at=at)))


@team.command("duty")
@click.argument("team_id", type=int)
@click.argument("member_id", type=int)
@click.option("--place", required=True, help="Code or name of a place of the team.")
@click.option("--from", "starts", required=True)
@click.option("--to", "ends", required=True)
@as_option
def duty(team_id: int, member_id: int, place: str, starts: str, ends: str, user: str | None) -> None:
    """Plan duty of a member."""
    by, at = actor(user), clock.now()
    row = queries.member_for(_team(by, team_id, at), member_id)
    first, last = moment(starts, "--from"), moment(ends, "--to")
    assert first is not None and last is not None
    made = seconding.plan_shift(row, _place(by, place), starts=first, ends=last, by=by, at=at)
    print_json(told.shift_json(made))


@team.command("said")
@click.argument("team_id", type=int)
@click.argument("shift_id", type=int)
@click.argument("act", type=click.Choice(list(rules.SHIFT_ACTS)))
@text_option
@as_option
def said(team_id: int, shift_id: int, act: str, text: str, user: str | None) -> None:
    """Say whether duty was done, or cancel it."""
    by, at = actor(user), clock.now()
    row = queries.shift_for(_team(by, team_id, at), shift_id)
    print_json(told.shift_json(seconding.act_on_shift(row, act, text=text, by=by, at=at)))


@team.command("propose")
@click.option("--judge", is_flag=True, help="Judge all units now instead of with the next round.")
@as_option
@json_option
def propose(judge: bool, user: str | None, as_json: bool) -> None:
    """Units under load or risk in which no team stands, with what was counted."""
    by = actor(user)
    if not by.holds(MANAGE):
        raise NotFound
    if judge:
        actions.sweep_teams(at=clock.now())
    rows: list[Row] = [
        {"id": row.pk, "unit": row.organisation.code, "points": row.points, "because": "; ".join(queries.said(row)),
         "as_of": row.seen_at}
        for row in queries.proposals(by)[:200]
    ]  # fmt: skip
    show(rows, as_json)


@team.command("dismiss")
@click.argument("proposal_id", type=int)
@click.argument("reason")
@as_option
def dismiss(proposal_id: int, reason: str, user: str | None) -> None:
    """No team for now."""
    by = actor(user)
    done = actions.dismiss(queries.proposal_for(by, proposal_id), reason=reason, by=by, at=clock.now())
    print_json(told.proposal_json(done))


@team.command("check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check(file: Path) -> None:
    """Is FILE a file of signals and limits (teams.toml)?"""
    found = rules.read_rules(file.read_bytes())
    click.echo(f"{len(found.signals)} signals, version {found.version}.")


@team.command("service")
@as_option
@json_option
def service(user: str | None, as_json: bool) -> None:
    """One's own service records."""
    show([told.record_json(row) for row in queries.own_records(actor(user))], as_json)


@team.command("object")
@click.argument("record_id", type=int)
@click.argument("text")
@as_option
def object_(record_id: int, text: str, user: str | None) -> None:
    """Say what is wrong with one's own record."""
    by = actor(user)
    row = seconding.object_to(queries.own_record_for(by, record_id), text=text, by=by, at=clock.now())
    print_json(told.record_json(row))


@team.command("answer")
@click.argument("record_id", type=int)
@click.argument("text")
@as_option
def answer(record_id: int, text: str, user: str | None) -> None:
    """Answer an objection to a record, by another hand."""
    by, at = actor(user), clock.now()
    row = queries.record_for(by, record_id, at=at)
    print_json(told.record_json(seconding.answer_objection(row, text=text, by=by, at=at)))
