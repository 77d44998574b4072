"""`shouwang interview`: what a case's person or a contact says of where they were."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from shouwang.cli.common import Row, actor, as_option, json_option, moment, print_json, reason_option, show
from shouwang.core import audit, clock
from shouwang.core.scope import Actor
from shouwang.org.queries import person_by_number
from shouwang.tracing.actions import interview as actions
from shouwang.tracing.actions import sheet as sheets
from shouwang.tracing.actions import unknowns as unknown_actions
from shouwang.tracing.models_told import Statement
from shouwang.tracing.queries import interviews as queries
from shouwang.tracing.queries import scripts
from shouwang.tracing.queries import unknowns as unknown_queries
from shouwang.tracing.queries.why import case_named
from shouwang.tracing.rules.interviews import MOST_OFF, Said
from shouwang.tracing.rules.unknowns import Sketch

from_option = click.option("--from", "starts", required=True, metavar="ISO8601", help="When it began.")
until_option = click.option("--until", "ends", required=True, metavar="ISO8601", help="When it ended.")
where_option = click.option("--where", default="", help="Code or name of a place; otherwise kept in words.")
company_option = click.option("--company", default="", help="With whom or what, in words.")
with_option = click.option("--with", "companions", multiple=True, metavar="NUMBER", help="Once for each person.")
certainty_option = click.option(
    "--certainty", type=click.Choice(Statement.Certainty.values), default="sure", show_default=True
)

off_option = click.option(
    "--give-or-take", "off", type=click.IntRange(0, MOST_OFF), metavar="MINUTES", help="How far either time may be off."
)


@click.group()
def interview() -> None:
    """Statements of an interview."""


@interview.command("list")
@click.argument("case_number")
@click.option("--person", default="", help="Number of a contact; default: the case's own person.")
@as_option
@json_option
def listing(case_number: str, person: str, user: str | None, as_json: bool) -> None:
    """What one person said, with contradictions and uncovered hours."""
    by, now = actor(user), clock.now()
    case = case_named(by, case_number)
    who = queries.speaker(case, person)
    audit.saw("statement.read", "case", [who.pk], by=by, at=now, object_id=case.pk)
    body = queries.telling_json(queries.telling(by, case, who, now))
    if as_json:
        print_json(dict(body))
        return
    names = ("id", "version", "starts_at", "ends_at", "where", "certainty", "company")
    rows: list[Row] = [{name: item[name] for name in names} for item in body["statements"]]
    show(rows, as_json=False)
    for clash in body["conflicts"]:
        click.echo(f"statement {clash['statement']} against {clash['source']}: {clash['place']}, from {clash['start']}")
    click.echo(f"{len(body['uncovered'])} stretches of an hour or longer are not covered.")


@interview.command("enter")
@click.argument("case_number")
@click.option("--person", default="", help="Number of a contact; default: the case's own person.")
@from_option
@until_option
@where_option
@company_option
@with_option
@certainty_option
@off_option
@as_option
@json_option
def enter(
    case_number: str, person: str, starts: str, ends: str, where: str, company: str, companions: tuple[str, ...],
    certainty: str, off: int | None, user: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Enter what somebody said."""
    by = actor(user)
    case = case_named(by, case_number)
    said = _said(by, starts, ends, where, company, companions, certainty, off)
    row = actions.state(case, queries.speaker(case, person), said, by=by, at=clock.now())
    show([_line(row)], as_json=as_json)


@interview.command("correct")
@click.argument("statement_id", type=click.IntRange(1, 2**63 - 1))
@from_option
@until_option
@where_option
@company_option
@with_option
@certainty_option
@off_option
@reason_option
@as_option
@json_option
def correct(
    statement_id: int, starts: str, ends: str, where: str, company: str, companions: tuple[str, ...], certainty: str,
    off: int | None, reason: str, user: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Put a corrected version in place of a statement; the old one is kept."""
    by = actor(user)
    said = _said(by, starts, ends, where, company, companions, certainty, off)
    row = actions.correct(queries.statement_for(by, statement_id), said, reason=reason, by=by, at=clock.now())
    show([_line(row)], as_json=as_json)


@interview.command("withdraw")
@click.argument("statement_id", type=click.IntRange(1, 2**63 - 1))
@reason_option
@as_option
def withdraw(statement_id: int, reason: str, user: str | None) -> None:
    """The statement no longer counts; it is kept with the reason."""
    by = actor(user)
    row = actions.withdraw(queries.statement_for(by, statement_id), reason=reason, by=by, at=clock.now())
    click.echo(f"statement {row.pk}: {row.state}.")


def _said(
    by: Actor, starts: str, ends: str, where: str, company: str, companions: tuple[str, ...], certainty: str,
    off: int | None,
) -> Said:  # fmt: skip
    return queries.said(
        by, where=where, starts_at=_needed(starts, "--from"), ends_at=_needed(ends, "--until"), certainty=certainty,
        company=company, companions=",".join(companions), give_or_take=off,
    )  # fmt: skip


def _needed(text: str, option: str) -> datetime:
    found = moment(text, option)
    if found is None:
        raise click.BadParameter("a time is needed", param_hint=option)
    return found


def _line(row: Statement) -> Row:
    return {"statement": row.pk, "version": row.version, "known place": row.place_id is not None, "state": row.state}


@interview.group("unknown")
def unknown() -> None:
    """Contacts whom nobody knows yet."""


@unknown.command("list")
@click.argument("case_number")
@as_option
@json_option
def list_unknown(case_number: str, user: str | None, as_json: bool) -> None:
    """Of the case CASE_NUMBER, the open ones first."""
    by, now = actor(user), clock.now()
    case = case_named(by, case_number)
    audit.saw("unknown.read", "case", [case.person_id], by=by, at=now, object_id=case.pk)
    show([dict(unknown_queries.as_json(row)) for row in unknown_queries.unknowns_of(by, case)], as_json=as_json)


@unknown.command("note")
@click.argument("case_number")
@click.argument("description")
@from_option
@click.option("--until", "ends", metavar="ISO8601", help="Leave it out when nobody knows how long.")
@click.option("--where", default="")
@click.option("--find-by", default="", help="How they could be found.")
@as_option
def note_unknown(
    case_number: str, description: str, starts: str, ends: str | None, where: str, find_by: str, user: str | None
) -> None:
    """Note somebody the case met."""
    by = actor(user)
    sketch = Sketch(description, _needed(starts, "--from"), moment(ends, "--until"), where, find_by)
    row = unknown_actions.note(case_named(by, case_number), sketch, by=by, at=clock.now())
    click.echo(f"unknown contact {row.pk}: noted.")


@unknown.command("identify")
@click.argument("unknown_id", type=click.IntRange(1, 2**63 - 1))
@click.argument("number")
@click.option("--until", "ends", metavar="ISO8601", help="Needed where nobody had known how long.")
@as_option
def identify_unknown(unknown_id: int, number: str, ends: str | None, user: str | None) -> None:
    """It is the person NUMBER; the case is traced again."""
    by = actor(user)
    row = unknown_queries.unknown_for(by, unknown_id)
    person = person_by_number(by, number, "trace.work")
    done = unknown_actions.identify(row, person, ends_at=moment(ends, "--until"), by=by, at=clock.now())
    click.echo(f"unknown contact {done.pk}: {number}, contact {done.contact_id}.")


@unknown.command("give-up")
@click.argument("unknown_id", type=click.IntRange(1, 2**63 - 1))
@reason_option
@as_option
def give_up_unknown(unknown_id: int, reason: str, user: str | None) -> None:
    """Could not be found."""
    by = actor(user)
    row = unknown_actions.give_up(unknown_queries.unknown_for(by, unknown_id), reason=reason, by=by, at=clock.now())
    click.echo(f"unknown contact {row.pk}: {row.state}.")


@interview.command("script")
@click.argument("case_number")
@click.option("--person", default="", help="Number of a contact; default: the case's own person.")
@click.option("--answer", "answers", multiple=True, metavar="QUESTION=TEXT", help="Keep an answer; may be repeated.")
@as_option
@json_option
def script(case_number: str, person: str, answers: tuple[str, ...], user: str | None, as_json: bool) -> None:
    """The questions of the disease with what was answered."""
    by, now = actor(user), clock.now()
    case = case_named(by, case_number)
    who = queries.speaker(case, person)
    given = dict(pair.partition("=")[::2] for pair in answers)
    if given:
        actions.answer(case, who, given, by=by, at=now)
    audit.saw("interview.read", "case", [who.pk], by=by, at=now, object_id=case.pk)
    show([dict(scripts.as_json(item)) for item in scripts.asked(by, case, who)], as_json=as_json)


@interview.command("sheet")
@click.argument("case_number")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--full", is_flag=True, help="Names, numbers and telephones written out.")
@click.option("--for", "system", type=click.Choice(["sormas", "godata"]), help="Contacts as this system imports them.")
@as_option
def sheet(case_number: str, file: Path, full: bool, system: str | None, user: str | None) -> None:
    """Write the hand-over sheet for the health authority; FILE ends in .xlsx or .docx (with --for: .csv)."""
    by, now = actor(user), clock.now()
    case = case_named(by, case_number)
    form = system or file.suffix.lstrip(".").lower()
    file.write_bytes(sheets.hand_over_sheet(case, form=form, full=full, by=by, at=now))
    click.echo(f"{case.number}: {file}")
