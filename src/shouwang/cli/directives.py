"""Notices and directives from the command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from shouwang.cli.common import Row, actor, as_option, json_option, print_json, show, table
from shouwang.command import actions, queries
from shouwang.command.models import Directive
from shouwang.command.papers import directive_document
from shouwang.command.queries import directives as reads
from shouwang.command.reading import read_notice
from shouwang.core import clock
from shouwang.core.scope import Actor


@click.group()
def directive() -> None:
    """Directives: read, keep, review, issue, and who has acknowledged them."""


@directive.command("read")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@json_option
def read(file: Path, as_json: bool) -> None:
    """Read a notice (.txt, .docx, .pdf; - for standard input). Nothing is stored."""
    raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    found = read_notice(raw).found
    if as_json:
        print_json(found)
        return
    for label in ("issuer", "number", "urgency", "title", "date", "print_date", "issuing_office"):
        if found[label]:
            click.echo(f"{label.replace('_', ' ')}: {found[label]}")
    click.echo(f"to: {'; '.join(found['addressees']) or 'nobody named'}")
    for section in found["sections"]:
        click.echo(f"  {section['number']}  {section['heading']}")
    table(["section", "capability", "words of the notice", "owner", "deadline"], [_row(m) for m in found["measures"]])
    for one in found["unread"]:
        click.echo(f"not read ({one['reason']}): {one['text'][:100]}")


def _row(measure: dict[str, Any]) -> list[str]:
    place = "/".join(part for part in (measure["section"], measure["subsection"]) if part)
    return [place, measure["capability"], measure["quote"], measure["owner_hint"] or "", measure["deadline"] or ""]


def _one(by: Actor, directive_id: int) -> Directive:
    return queries.directive_for(by, directive_id, on=clock.today())


@directive.command("list")
@click.option("--state", type=click.Choice(Directive.State.values), help="Only these.")
@as_option
@json_option
def listing(state: str | None, user: str | None, as_json: bool) -> None:
    """Directives one writes, signs or has received; the newest 50."""
    page = queries.directives_page(actor(user), state=state or "", cursor=None, on=clock.today())
    counts = reads.receipt_counts(list(page.rows))
    rows: list[Row] = [
        {
            "id": row.pk, "number": row.number, "title": row.title, "state": row.state, "issued": row.issued_at,
            "acknowledged": "/".join(str(n) for n in counts.get(row.pk, ())),
        }
        for row in page.rows
    ]  # fmt: skip
    show(rows, as_json)


@directive.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--organisation", "code", metavar="CODE", help="Default: the topmost organisation in reach.")
@as_option
@json_option
def keep(file: Path, code: str | None, user: str | None, as_json: bool) -> None:
    """Keep a notice as a draft: its text, the hash of its file, and every proposal with its quotation."""
    by = actor(user)
    organisation = reads.issuer_for(by, code)
    row = actions.import_notice(file.read_bytes(), name=file.name, organisation=organisation, by=by, at=clock.now())
    show([{"id": row.pk, "number": row.number, "title": row.title, "proposals": row.measures.count()}], as_json)


@directive.command("show")
@click.argument("directive_id", type=int)
@as_option
@json_option
def one(directive_id: int, user: str | None, as_json: bool) -> None:
    """One directive with what it orders."""
    by = actor(user)
    row = _one(by, directive_id)
    body = reads.as_json(row, list(row.measures.all() if reads.sees_whole(by, row) else
                                   row.measures.filter(state="accepted")))  # fmt: skip
    if as_json:
        print_json(body)
        return
    click.echo(f"{row.number or '(no number yet)'}  {row.title}  [{row.state}]")
    table(["id", "state", "kind", "what", "due"], [
        [m["id"], m["state"], m["capability"], m["text"], m["due_at"] or ""] for m in body["measures"]
    ])  # fmt: skip


@directive.command("accept")
@click.argument("directive_id", type=int)
@as_option
def accept(directive_id: int, user: str | None) -> None:
    """Accept every proposal that nobody has decided."""
    by = actor(user)
    n = actions.accept_undecided(queries.managed_directive(by, directive_id), by=by, at=clock.now())
    click.echo(f"{n} proposals accepted.")


@directive.command("step")
@click.argument("directive_id", type=int)
@click.argument("act", type=click.Choice(["submit", "sign", "send_back", "issue", "withdraw"]))
@click.option("--reason", default="", help="For send_back and withdraw.")
@as_option
@json_option
def step(directive_id: int, act: str, reason: str, user: str | None, as_json: bool) -> None:
    """Submit, sign off, send back, issue, withdraw."""
    by, now = actor(user), clock.now()
    row = _one(by, directive_id)
    if act == "submit":
        row = actions.submit(row, by=by, at=now)
    elif act == "sign":
        row = actions.sign(row, by=by, at=now)
    elif act == "issue":
        row = actions.issue(row, by=by, at=now)
    else:
        row = (actions.send_back if act == "send_back" else actions.withdraw)(row, reason=reason, by=by, at=now)
    show([{"id": row.pk, "number": row.number, "state": row.state, "units": row.receipts.count()}], as_json)


@directive.command("receipts")
@click.argument("directive_id", type=int)
@click.option("--show", "wanted", type=click.Choice(reads.RECEIPTS), default="waiting", show_default=True)
@as_option
@json_option
def receipts(directive_id: int, wanted: str, user: str | None, as_json: bool) -> None:
    """Who has (not) acknowledged it, and whom to ask; the first 50."""
    by, now = actor(user), clock.now()
    row, on = _one(by, directive_id), clock.local_day(now)
    page = reads.receipts_page(by, row, show=wanted, cursor=None, on=on)
    owners = reads.receipt_owners(list(page.rows), on=on)
    numbers = reads.receipt_numbers(row, at=now)
    rows: list[Row] = [
        {
            "unit": receipt.unit.code, "name": receipt.unit.name, "read": receipt.read_at,
            "acknowledged": receipt.acknowledged_at,
            "answers": owners[receipt.unit_id].person.name if receipt.unit_id in owners else "nobody",
        }
        for receipt in page.rows
    ]  # fmt: skip
    show(rows, as_json, acknowledged=numbers.acknowledged, recipients=numbers.recipients, silent=numbers.silent)
    if not as_json:
        click.echo(f"{numbers.acknowledged} of {numbers.recipients} acknowledged; {numbers.silent} silent.")


@directive.command("word")
@click.argument("directive_id", type=int)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@as_option
def word(directive_id: int, file: Path, user: str | None) -> None:
    """Write it as a Word file in the official layout."""
    row = _one(actor(user), directive_id)
    file.write_bytes(directive_document(row, author=row.issuer, at=row.issued_at or row.created_at))
    click.echo(f"wrote {file}")
