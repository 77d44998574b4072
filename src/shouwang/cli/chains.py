"""`shouwang chains`: who infected whom."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import click

from shouwang.cases.queries import disease_names
from shouwang.cli.common import actor, as_option, json_option, limit_option, parse_day, print_json, reason_option, table
from shouwang.core import audit, clock
from shouwang.core.scope import Actor
from shouwang.tracing import actions
from shouwang.tracing.models import TransmissionLink
from shouwang.tracing.queries import chains as queries
from shouwang.tracing.queries import sources


@click.group(invoke_without_command=True)
@click.option("--disease", default="", help="Default: that of the newest case.")
@click.option("--first", help="Detected from this day on; default sixty days back.")
@click.option("--last", help="Default today.")
@click.option("--accepted-only", is_flag=True, help="Leave proposals out.")
@limit_option
@as_option
@json_option
@click.pass_context
def chains(
    ctx: click.Context, disease: str, first: str | None, last: str | None, accepted_only: bool, limit: int,
    user: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Who infected whom, with generations. JSON holds every case."""
    if ctx.invoked_subcommand is not None:
        return
    by, at = actor(user), clock.now()
    queries.may_look(by)
    until = parse_day(last)
    begin = parse_day(first) if first else until - timedelta(days=59)
    wanted = queries.Wanted(
        disease or queries.latest_disease(disease_names()), begin, until, proposals=not accepted_only
    )
    body: dict[str, Any] = {"disease": wanted.disease, "first": wanted.first, "last": wanted.last}
    if by.holds(queries.VIEW):
        drawing = queries.drawing(by, wanted)
        every = list(queries.shown_cases(by, wanted).order_by(*queries.ORDER))
        shown = every if as_json else every[:limit]
        audit.saw("chain.listed", "case", (case.person_id for case in shown), by=by, at=at)
        rows = [queries.as_json(row) for row in queries.rows_of(by, shown, drawing.links)]
        body |= {"numbers": queries.numbers_json(drawing.summary), "outside": drawing.outside, "cases": rows}
    else:
        body |= {"numbers": queries.numbers_json(queries.numbers(by, wanted)), "outside": None, "cases": None}
    if as_json:
        print_json(body)
    else:
        _tell(body)


def _tell(body: dict[str, Any]) -> None:
    numbers = body["numbers"]
    click.echo(f"{body['disease']}: {numbers['total']} cases; sources {numbers['sources']}")
    click.echo("by generation: " + ", ".join(f"{key}: {count}" for key, count in numbers["generations"].items()))
    if body["outside"]:
        click.echo(f"{body['outside']} more cases of these chains are outside the scope")
    table(
        ["case", "generation", "infected by", "certainty", "onset", "proposals"],
        [
            [
                row["number"],
                f"{'' if row['generation_exact'] else '>= '}{row['generation']}",
                row["infector"] or ("outside scope" if row["infector_outside_scope"] else row["source"]),
                row["certainty"],
                row["onset"],
                row["proposals_waiting"],
            ]
            for row in body["cases"] or []
        ],
    )


@chains.command("propose")
@click.option("--disease", default="", help="Default: all.")
@as_option
def propose(disease: str, user: str | None) -> None:
    """Judge all links anew, as the records and packs are now. What a person decided stays."""
    changed = actions.propose_all(disease=disease, by=actor(user), at=clock.now())
    click.echo(f"{changed} links added, renewed or taken away")


@chains.command("source")
@click.argument("number")
@as_option
@json_option
def source(number: str, user: str | None, as_json: bool) -> None:
    """Where case NUMBER was infected: every answer with its checks."""
    _show(actor(user), number, as_json)


def _show(by: Actor, number: str, as_json: bool) -> None:
    case = sources.visible_by_number(by, number)
    found = sources.sources_of(by, case)
    people = [case.person_id, *(answer.infector.person_id for answer in found.answers if answer.infector)]
    audit.saw("chain.viewed", "case", people, by=by, at=clock.now(), object_id=case.pk)
    body = sources.as_json(found)
    if as_json:
        print_json(body)
        return
    for answer in body["answers"]:
        click.echo(f"{answer['state']:9} {answer['infector'] or answer['origin']}  {answer['certainty'] or ''}")
        for check in answer["checks"]:
            click.echo(f"  {check['verdict']:8} {check['text']}")
        for step in answer["steps"]:
            click.echo(f"  {step['new']}: {step['reason']}")
    if body["outside"]:
        click.echo(f"{body['outside']} answers name cases outside the scope")


def _link(by: Actor, number: str, infector: str) -> TransmissionLink:
    """The answer of a case that names `infector` (a case number, "imported" or "unknown")."""
    case = sources.case_to_link(by, sources.visible_by_number(by, number).pk)
    for answer in sources.sources_of(by, case).answers:
        if infector.upper() == (answer.infector.number if answer.infector else answer.link.origin.upper()):
            return sources.link_for(by, answer.link.pk)
    raise click.BadParameter(f"{number} has no answer {infector!r}; `shouwang chains add` records one")


@chains.command("accept")
@click.argument("number")
@click.argument("infector")
@reason_option
@as_option
def accept(number: str, infector: str, reason: str, user: str | None) -> None:
    """Case NUMBER was infected by INFECTOR, which is proposed."""
    by = actor(user)
    actions.accept_link(_link(by, number, infector), reason=reason, by=by, at=clock.now())
    click.echo("accepted")


@chains.command("reject")
@click.argument("number")
@click.argument("infector")
@reason_option
@as_option
def reject(number: str, infector: str, reason: str, user: str | None) -> None:
    """Case NUMBER was not infected by INFECTOR."""
    by = actor(user)
    actions.reject_link(_link(by, number, infector), reason=reason, by=by, at=clock.now())
    click.echo("rejected")


@chains.command("reopen")
@click.argument("number")
@click.argument("infector")
@reason_option
@as_option
def reopen(number: str, infector: str, reason: str, user: str | None) -> None:
    """Take a decision about a link back."""
    by = actor(user)
    actions.reopen_link(_link(by, number, infector), reason=reason, by=by, at=clock.now())
    click.echo("proposed again")


@chains.command("add")
@click.argument("number")
@click.option("--infector", help="Number of the other case.")
@click.option("--origin", type=click.Choice(["imported", "unknown"]), help="Instead of another case.")
@reason_option
@as_option
def add(number: str, infector: str | None, origin: str | None, reason: str, user: str | None) -> None:
    """A source that a tracer knows of, accepted at once."""
    if (infector is None) == (origin is None):
        raise click.UsageError("name --infector or --origin, one of the two")
    by = actor(user)
    case = sources.case_to_link(by, sources.visible_by_number(by, number).pk)
    other = sources.visible_by_number(by, infector) if infector else None
    actions.add_link(case, origin=origin or "case", infector=other, reason=reason, by=by, at=clock.now())
    click.echo("recorded")
