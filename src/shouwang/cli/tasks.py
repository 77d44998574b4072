"""`shouwang task`: what is asked of units, and of oneself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from shouwang.cli.common import Row, actor, as_option, json_option, moment, print_json, show
from shouwang.command import actions, queries
from shouwang.command.queries import tasks as reads
from shouwang.command.rules.tasks import ACTS
from shouwang.core import clock
from shouwang.core.errors import NotFound
from shouwang.org.models import Organisation


@click.group()
def task() -> None:
    """Tasks of issued directives."""


def _brief(item: Mapping[str, Any]) -> Row:
    return {"id": item["id"], "unit": item["unit"], "state": item["state"], "due": item["due_at"],
            "late": "late" if item["late"] else "", "text": item["text"][:60]}  # fmt: skip


@task.command("list")
@click.option("--show", "wanted", type=click.Choice(reads.SHOWS), default="open", show_default=True)
@click.option("--directive", "directive_id", type=int, help="Only those of one directive.")
@as_option
@json_option
def listing(wanted: str, directive_id: int | None, user: str | None, as_json: bool) -> None:
    """Tasks within reach, the most urgent first; the first 50."""
    by, now = actor(user), clock.now()
    chosen = queries.TaskFilter(wanted, directive_id)
    page = queries.tasks_page(by, chosen, None, at=now)
    rows = [_brief(reads.as_json(row, at=now)) for row in page.rows]
    show(rows, as_json, counts=queries.task_numbers(by, chosen, at=now))


@task.command("mine")
@as_option
@json_option
def mine(user: str | None, as_json: bool) -> None:
    """Whatever waits for the account of --as in any room, the most urgent first."""
    found = queries.work_of(actor(user), at=clock.now())
    rows: list[Row] = [
        {"kind": item.kind, "id": item.id, "due": item.due_at, "late": "late" if item.late else "",
         "unit": item.unit, "title": item.title[:60], "next": item.what}
        for item in found.items
    ]  # fmt: skip
    show(rows, as_json, total=found.total, late=found.late)


@task.command("show")
@click.argument("task_id", type=int)
@as_option
def one(task_id: int, user: str | None) -> None:
    """One task as a JSON object: state, whose turn it is, what one may do."""
    by, now = actor(user), clock.now()
    on = clock.local_day(now)
    row = queries.task_for(by, task_id, on=on)
    sheet = reads.sheet(by, row, on=on)
    print_json({**reads.as_json(row, at=now), "acts": [act.name for act in sheet.acts]})


@task.command("do")
@click.argument("task_id", type=int)
@click.argument("act", type=click.Choice([name for name in ACTS if name not in ("split", "postpone")]))
@click.option("--text", default="", help="What there is to say; for done, the evidence.")
@click.option("--reason", default="", help="For done with parts still open.")
@as_option
@json_option
def do(task_id: int, act: str, text: str, reason: str, user: str | None, as_json: bool) -> None:
    """One act on a task: acknowledge, done, verify …"""
    by, now = actor(user), clock.now()
    row = queries.task_for(by, task_id, on=clock.local_day(now))
    done = actions.act_on_task(row, act, text=text, reason=reason, by=by, at=now)
    show([_brief(reads.as_json(done, at=now))], as_json)


@task.command("deadline")
@click.argument("task_id", type=int)
@click.argument("until", metavar="MOMENT")
@click.option("--reason", required=True, help="Read by who owes the task.")
@as_option
@json_option
def deadline(task_id: int, until: str, reason: str, user: str | None, as_json: bool) -> None:
    """Another deadline, by the side that ordered the task: 2026-03-06T12:00."""
    by, now = actor(user), clock.now()
    row = queries.task_for(by, task_id, on=clock.local_day(now))
    due_at = moment(until, "MOMENT")
    assert due_at is not None  # the argument is required
    done = actions.set_deadline(row, due_at, text=reason, by=by, at=now)
    show([_brief(reads.as_json(done, at=now))], as_json)


@task.command("split")
@click.argument("task_id", type=int)
@click.argument("codes", nargs=-1, required=True, metavar="UNIT...")
@as_option
@json_option
def split(task_id: int, codes: tuple[str, ...], user: str | None, as_json: bool) -> None:
    """Give it on to units below, by code."""
    by, now = actor(user), clock.now()
    on = clock.local_day(now)
    row = queries.task_for(by, task_id, on=on)
    ids = list(Organisation.objects.filter(code__in=codes).values_list("pk", flat=True))
    if len(ids) != len(set(codes)):
        raise NotFound
    parts = actions.split_task(row, reads.units_below(row, ids, on=on), by=by, at=now)
    show([{"id": part.pk, "unit": part.unit.code, "state": part.state} for part in parts], as_json)
