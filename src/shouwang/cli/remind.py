"""`shouwang remind`: plan, send, look, explain."""

from __future__ import annotations

import signal
import threading
from datetime import time
from types import FrameType

import click

from shouwang.cli.background import leave_when_alone
from shouwang.cli.common import actor, as_option, json_option, limit_option, print_json, show
from shouwang.core import clock
from shouwang.core.scope import system_actor
from shouwang.org.queries import organisation_named, person_by_number
from shouwang.outreach import actions, queries
from shouwang.outreach.queries.rounds import STATUS


@click.group()
def remind() -> None:
    """Reminders: one merged message a person and deadline."""


def pass_once() -> dict[str, int]:
    """Plan, tell units, send: what `serve` does every half minute. May run twice at once without harm."""
    by = system_actor("reminders")
    counts = {"planned": actions.plan_due(by=by, at=clock.now()), "notes": actions.note_units(at=clock.now())}
    return counts | actions.send_due().counts


@remind.command("run")
@click.option("--every", type=click.IntRange(1, 3600), help="Repeat every so many seconds until stopped.")
@click.option("--until-alone", is_flag=True, hidden=True, help="End when standard input does.")
@json_option
def run(every: int | None, until_alone: bool, as_json: bool) -> None:
    """Plan what is due, tell the units, send: one pass, or again and again."""
    stop = threading.Event()

    def leave(number: int, frame: FrameType | None) -> None:
        stop.set()

    if until_alone:
        leave_when_alone(stop.set)
    if every:
        signal.signal(signal.SIGTERM, leave)
        signal.signal(signal.SIGINT, leave)
    while True:
        counts = pass_once()
        if not every or stop.wait(every):
            break
    _print(counts, as_json)


def _print(counts: dict[str, int], as_json: bool) -> None:
    if as_json:
        print_json(counts)
        return
    click.echo(", ".join(f"{count} {name}" for name, count in counts.items()) or "nothing to do")


@remind.command("plan")
@json_option
def plan(as_json: bool) -> None:
    """Who is reminded of the deadlines whose reminders have begun; taken up again where it was interrupted."""
    now = clock.now()
    _print({"planned": actions.plan_due(by=system_actor("reminders"), at=now)}, as_json)


@remind.command("send")
@json_option
def send(as_json: bool) -> None:
    """Send what is due, as fast as each channel allows, nothing twice."""
    _print(actions.send_due().counts, as_json)


@remind.command("now")
@click.option("--organisation", "code", metavar="CODE", help="Only this unit. Default: everybody in reach.")
@as_option
@json_option
def now_(code: str | None, user: str | None, as_json: bool) -> None:
    """Remind whoever still owes something of today's next deadline, at once; nobody twice."""
    by = actor(user)
    unit = organisation_named(by, code, right=STATUS) if code else None
    done = actions.remind_unit(unit, by=by, at=clock.now())
    _print({"new": done.new, "already": done.already, "unreachable": done.unreachable}, as_json)


@remind.command("status")
@limit_option
@as_option
@json_option
def status(limit: int, user: str | None, as_json: bool) -> None:
    """Deadlines with their messages by state, in reach."""
    by = actor(user)
    rows = []
    for row in queries.rounds(by)[:limit]:
        view = queries.round_view(by, row.pk)
        names = ("open", "queued", "closed", "expired")
        states = {name: view.reminders.get(name, 0) for name in names}
        ways = {f"via_{name}": view.deliveries.get(name, 0) for name in ("queued", "sent", "failed", "unknown")}
        rows.append({"id": row.pk, "due": row.due_at, "planned": row.planned_at, **states, **ways})
    show(rows, as_json)


@remind.command("why")
@click.argument("number")
@as_option
@json_option
def why(number: str, user: str | None, as_json: bool) -> None:
    """Why the person with this NUMBER is (not) reminded, the newest deadline first."""
    by = actor(user)
    person = person_by_number(by, number, right=STATUS)
    _person, explained = queries.why(by, person.pk, at=clock.now())
    rows = [
        {"due": one.round.due_at, "what": name, "code": code.value, "because": sentence}
        for one in explained
        for name, code, sentence in one.lines
    ]
    show(rows, as_json)


@remind.command("prefer")
@click.option("--as", "user", required=True, metavar="USER", help="Whose preferences.")
@click.option("--mail", default="", help="Mail address; empty deletes it.")
@click.option("--by-mail/--no-mail", default=False)
@click.option("--from", "wakes", metavar="HH:MM", help="May be disturbed from.")
@click.option("--until", "sleeps", metavar="HH:MM")
@click.option("--zone", default="", help="e.g. Europe/Berlin")
def prefer(user: str, mail: str, by_mail: bool, wakes: str | None, sleeps: str | None, zone: str) -> None:
    """How an account's person wants to be reached."""
    hours = {"wakes": _hour(wakes), "sleeps": _hour(sleeps)}
    actions.set_preference(mail=mail, by_mail=by_mail, zone=zone, **hours, by=actor(user), at=clock.now())
    click.echo("kept")


def _hour(text: str | None) -> time | None:
    if text is None:
        return None
    try:
        return time.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is no hour; write 07:30") from error
