"""`shouwang followup`: contacts looked after day by day."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from uuid import uuid4

import click

from shouwang.checkins.rules import Answers
from shouwang.cli.common import Row, actor, as_option, json_option, print_json, reason_option, show
from shouwang.core import audit, clock
from shouwang.org.queries import holders
from shouwang.tracing import actions
from shouwang.tracing.models import FollowUpCall
from shouwang.tracing.queries import following as queries


@click.group()
def followup() -> None:
    """Follow-up of contacts."""


@followup.command("list")
@click.option("--show", "wanted", type=click.Choice(queries.SHOWS), default="due", show_default=True)
@click.option("--mine", is_flag=True, help="Only those asked of the account of --as.")
@as_option
@json_option
def listing(wanted: str, mine: bool, user: str | None, as_json: bool) -> None:
    """Follow-ups within reach, those that end first first; the first 50."""
    by, now = actor(user), clock.now()
    today = clock.local_day(now)
    page = queries.follow_up_page(by, queries.FollowUpFilter(wanted, mine), None, today=today)
    audit.saw("followup.listed", "followup", (row.person_id for row in page.rows), by=by, at=now)
    found = [queries.as_json(line) for line in queries.lines(list(page.rows), today=today)]
    if as_json:
        print_json({"follow_ups": found, "more": page.next is not None})
        return
    rows: list[Row] = [
        {
            "id": item["id"], "person": item["person"], "name": item["name"], "until": str(item["ends_on"]),
            "today": f"{item['checks_today']}/{item['checks_per_day']}", "asked": item["assigned"] or "nobody",
            "last days": " ".join(list(item["days"].values())[-3:]),
        }
        for item in found
    ]  # fmt: skip
    show(rows, as_json=False)


@followup.command("call")
@click.argument("follow_up_id", type=int)
@click.option("--how", type=click.Choice(FollowUpCall.How.values), default="phone", show_default=True)
@click.option("--outcome", type=click.Choice(FollowUpCall.Outcome.values), required=True)
@click.option("--temperature", metavar="°C", help="As they told it; leave it out when it was not taken.")
@click.option("--symptom", "symptoms", multiple=True, metavar="CODE", help="Once for each, e.g. cough.")
@click.option("--note", default="", help="A remark on the call.")
@as_option
@json_option
def call(
    follow_up_id: int,
    how: str,
    outcome: str,
    temperature: str | None,
    symptoms: tuple[str, ...],
    note: str,
    user: str | None,
    as_json: bool,
) -> None:
    """Enter a call or a visit; whom one reached is entered as a check-in."""
    by, now = actor(user), clock.now()
    try:
        celsius = None if temperature is None else Decimal(temperature)
    except InvalidOperation as error:
        raise click.BadParameter(f"{temperature!r} is no temperature", param_hint="--temperature") from error
    answers = Answers(temperature_c=celsius, symptoms=symptoms) if outcome == FollowUpCall.Outcome.REACHED else None
    row = queries.follow_up_for(by, follow_up_id)
    done = actions.record_call(
        row, how=how, outcome=outcome, client_key=f"cli-{uuid4().hex}", answers=answers, note=note, by=by, at=now
    )
    show([{"call": done.pk, "outcome": done.outcome, "receipt": done.receipt}], as_json=as_json)


@followup.command("hand-over")
@click.argument("follow_up_id", type=int)
@click.argument("number")
@as_option
def hand_over(follow_up_id: int, number: str, user: str | None) -> None:
    """From now on the person NUMBER looks after them; "-" is nobody."""
    by, now = actor(user), clock.now()
    row = queries.follow_up_for(by, follow_up_id)
    to = None
    if number != "-":
        to = holders(queries.WORK, row.person.home_path, on=clock.local_day(now)).filter(number=number).first()
        if to is None:
            raise click.BadParameter(f"{number} may not follow this person", param_hint="NUMBER")
    done = actions.hand_over(row, to, by=by, at=now)
    click.echo(f"follow-up {done.pk}: {to.name if to else 'nobody'} looks after them now.")


@followup.command("end")
@click.argument("follow_up_id", type=int)
@reason_option
@as_option
def end(follow_up_id: int, reason: str, user: str | None) -> None:
    """End it by decision, with a reason that the person can read."""
    by, now = actor(user), clock.now()
    done = actions.end_follow_up(queries.follow_up_for(by, follow_up_id), reason=reason, by=by, at=now)
    click.echo(f"follow-up {done.pk}: {done.state}.")


@followup.command("sync")
@as_option
def sync(user: str | None) -> None:
    """Bring all follow-ups into step with confirmed contacts: after a pack or a rule was changed. Nobody who looks
    after somebody is exchanged; safe to repeat."""
    by = actor(user)
    by.require(queries.WORK)
    running = actions.sync_all(by=by, at=clock.now())
    click.echo(f"{running} follow-ups run.")
