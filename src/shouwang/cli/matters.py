"""`shouwang matter`: accountability with due process."""

from __future__ import annotations

from typing import IO

import click

from shouwang.cases.queries.naming import unit_written
from shouwang.cli.common import Row, actor, as_option, json_option, print_json, show
from shouwang.command.account import actions, facts, queries, rules, statistics
from shouwang.command.account.models import Matter
from shouwang.command.account.numbers import STEPS, read_numbers
from shouwang.command.account.rules import VERDICTS
from shouwang.command.queries import MANAGE
from shouwang.core import audit, clock
from shouwang.core.errors import NotFound


@click.group()
def matter() -> None:
    """Reminder, talk, formal notice: each with facts, a reply, a decision, an appeal and an end."""


@matter.command("list")
@click.option("--show", "wanted", type=click.Choice(queries.SHOWS), default="open", show_default=True)
@as_option
@json_option
def listing(wanted: str, user: str | None, as_json: bool) -> None:
    """Matters one is a party to, the latest first; the first 50."""
    page = queries.matters_page(actor(user), wanted, None, at=clock.now())
    rows: list[Row] = [
        {"id": row.pk, "step": row.step, "unit": row.organisation.code, "about": row.about, "state": row.state,
         "due": row.due_at}
        for row in page.rows
    ]  # fmt: skip
    show(rows, as_json)


@matter.command("show")
@click.argument("matter_id", type=int)
@as_option
def show_(matter_id: int, user: str | None) -> None:
    """One matter with its facts and what happened, as JSON."""
    by, at = actor(user), clock.now()
    row = queries.matter_for(by, matter_id, on=clock.local_day(at))
    found = queries.sheet(by, row, at=at)
    if row.person_id is not None and row.served_at and rules.SUBJECT not in found.sides:
        audit.saw("matter.seen", "matter", [row.person_id], by=by, at=at, object_id=row.pk)
    print_json(queries.sheet_json(found))


@matter.command("offers")
@as_option
def offers(user: str | None) -> None:
    """Units that facts point to, with the facts and the rule, as JSON. Nothing follows by itself."""
    by = actor(user)
    if not by.holds(MANAGE):
        raise NotFound
    found = facts.offers(by, queries.numbers(), at=clock.now())
    print_json({"items": [facts.offer_json(offer) for offer in found]})


@matter.command("check")
@click.argument("file", type=click.File("rb"))
def check(file: IO[bytes]) -> None:
    """Is FILE a file of times and offers (accountability.toml)?"""
    found = read_numbers(file.read())
    click.echo(f"{len(found.steps)} steps, {len(found.offers)} offers, version {found.version}.")


@matter.command("propose")
@click.argument("unit")
@click.option("--step", type=click.Choice(STEPS), default="reminder", show_default=True)
@click.option("--asked", required=True, help="What is asked.")
@click.option(
    "--fact", "keys", multiple=True, help="task:ID, report:ID, missing:ID, gap:ID, correction:ID, receipt:ID."
)
@click.option("--told", default="", help="A fact in own words.")
@click.option("--source", default="", help="Where it comes from.")
@click.option("--person", default="", help="Number of who answers for the unit; default: the unit.")
@click.option("--previous", type=int, help="The step before, whose facts are carried over.")
@click.option("--urgent", default="", help="Why it cannot wait for the step below.")
@as_option
def propose(
    unit: str, step: str, asked: str, keys: tuple[str, ...], told: str, source: str, person: str, previous: int | None,
    urgent: str, user: str | None,
) -> None:  # fmt: skip
    """Propose a matter about UNIT (code); nobody is told before it is served."""
    by, at = actor(user), clock.now()
    on = clock.local_day(at)
    found = unit_written(by, unit, MANAGE)
    if found is None:
        raise NotFound
    made = actions.propose(
        found, step=step, asked=asked, facts=keys, told=[facts.told(told, source)] if told else [],
        person=queries.person_named(found, person, on=on) if person else None,
        previous=queries.matter_for(by, previous, on=on) if previous else None, urgent=urgent, by=by, at=at,
    )  # fmt: skip
    print_json(queries.matter_json(made))


def _act(
    user: str | None, matter_id: int, name: str, *, text: str = "", fact: int | None = None, verdict: str = "",
    answers: dict[int, str] | None = None, struck: tuple[int, ...] = (),
) -> None:  # fmt: skip
    by, at = actor(user), clock.now()
    row = queries.matter_for(by, matter_id, on=clock.local_day(at))
    actions.act(row, name, text=text, fact=fact, verdict=verdict, answers=answers, struck=struck, by=by, at=at)
    print_json(queries.matter_json(Matter.objects.select_related(*queries.RELATED).get(pk=matter_id)))


@matter.command("serve")
@click.argument("matter_id", type=int)
@as_option
def serve(matter_id: int, user: str | None) -> None:
    """Put it before whom it concerns."""
    _act(user, matter_id, "serve")


@matter.command("talk")
@click.argument("matter_id", type=int)
@click.argument("text")
@as_option
def talk(matter_id: int, text: str, user: str | None) -> None:
    """Note what was said in the talk."""
    _act(user, matter_id, "talk", text=text)


@matter.command("take-back")
@click.argument("matter_id", type=int)
@click.argument("reason")
@as_option
def take_back(matter_id: int, reason: str, user: str | None) -> None:
    """Take it back: its words are deleted."""
    _act(user, matter_id, "take_back", text=reason)


@matter.command("reply")
@click.argument("matter_id", type=int)
@click.argument("text")
@as_option
def reply(matter_id: int, text: str, user: str | None) -> None:
    """Reply as whom it concerns."""
    _act(user, matter_id, "reply", text=text)


@matter.command("contest")
@click.argument("matter_id", type=int)
@click.argument("fact_id", type=int)
@click.argument("text")
@as_option
def contest(matter_id: int, fact_id: int, text: str, user: str | None) -> None:
    """Say that a fact is wrong, and what is right."""
    _act(user, matter_id, "contest", fact=fact_id, text=text)


@matter.command("decide")
@click.argument("matter_id", type=int)
@click.argument("verdict", type=click.Choice(VERDICTS))
@click.argument("reasons")
@click.option("--answer", "answers", multiple=True, type=(int, str), help="FACT TEXT: what to say to a contested fact.")
@click.option("--struck", multiple=True, type=int, help="A fact that does not count.")
@as_option
def decide(
    matter_id: int, verdict: str, reasons: str, answers: tuple[tuple[int, str], ...], struck: tuple[int, ...],
    user: str | None,
) -> None:  # fmt: skip
    """Decide as one who neither proposed it nor is concerned."""
    _act(user, matter_id, "decide", verdict=verdict, text=reasons, answers=dict(answers), struck=struck)


@matter.command("appeal")
@click.argument("matter_id", type=int)
@click.argument("text")
@as_option
def appeal(matter_id: int, text: str, user: str | None) -> None:
    """Appeal as whom it concerns."""
    _act(user, matter_id, "appeal", text=text)


@matter.command("decide-appeal")
@click.argument("matter_id", type=int)
@click.argument("verdict", type=click.Choice(VERDICTS))
@click.argument("reasons")
@as_option
def decide_appeal(matter_id: int, verdict: str, reasons: str, user: str | None) -> None:
    """Decide the appeal as a third hand, from above where somebody is there."""
    _act(user, matter_id, "decide_appeal", verdict=verdict, text=reasons)


@matter.command("statistics")
@as_option
def counted(user: str | None) -> None:
    """How many matters there were, by unit alone, as JSON."""
    print_json(statistics.counts_json(statistics.counts(actor(user), at=clock.now())))
