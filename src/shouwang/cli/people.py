"""`shouwang person`: possible duplicates, merging two records, undoing it."""

from __future__ import annotations

import click

from shouwang.cli.common import Row, actor, as_option, json_option, parse_day, print_json, reason_option, show
from shouwang.core import audit, clock
from shouwang.org.merging import actions, keys, queries
from shouwang.org.merging.rules import Facts


@click.group()
def person() -> None:
    """People: possible duplicates, merging two records, undoing it."""


def _show(found: list[queries.Found], user: str | None, as_json: bool) -> None:
    by = actor(user)
    audit.saw("person.matched", "person", [one.person.pk for one in found], by=by, at=clock.now())
    body = [queries.found_json(one) for one in found]
    rows: list[Row] = [
        dict(row) if as_json else {**row, "kinds": None, "reasons": "; ".join(row["reasons"])} for row in body
    ]
    show(rows, as_json)


@person.command("who")
@click.option("--name", default="")
@click.option("--number", default="")
@click.option("--phone", default="")
@click.option("--born", metavar="YYYY-MM-DD")
@as_option
@json_option
def who(name: str, number: str, phone: str, born: str | None, user: str | None, as_json: bool) -> None:
    """People within reach who may be whom you describe, and why."""
    facts = Facts(name, (number,) if number else (), phone, parse_day(born) if born else None)
    by = actor(user)
    by.require("people.view")
    _show(queries.duplicates(by, facts, right="people.view"), user, as_json)


@person.command("duplicates")
@click.argument("number")
@as_option
@json_option
def duplicates(number: str, user: str | None, as_json: bool) -> None:
    """Records that may be the same human being as NUMBER."""
    by = actor(user)
    _show(queries.duplicates_of(by, queries.managed(by, number)), user, as_json)


@person.command("merge")
@click.argument("kept")
@click.argument("merged")
@click.option("--reason", default="", help="How it is known; needed with --apply.")
@click.option("--leave", is_flag=True, help="Rows of which only one may be stay with the old record.")
@click.option("--apply", "applies", is_flag=True, help="Without it only what would move is shown.")
@as_option
@json_option
def merge(kept: str, merged: str, reason: str, leave: bool, applies: bool, user: str | None, as_json: bool) -> None:
    """Merge the record MERGED into KEPT; it can be undone exactly."""
    by, at = actor(user), clock.now()
    one, other = queries.managed(by, kept), queries.managed(by, merged)
    if applies:
        body = queries.as_json(by, actions.merge(one, other, reason=reason, leave=leave, by=by, at=at))
    else:
        plan = queries.shown(by, one, other, actions.rehearse(one, other, by=by))
        body = {"moved": dict(plan.moved), "left": dict(plan.left)}
    _print(body, as_json)


@person.command("undo-merge")
@click.argument("merge_id", type=click.IntRange(1, 2**63 - 1))
@click.option("--give", multiple=True, metavar="KEY", help="A new row that belongs to the restored record.")
@reason_option
@as_option
@json_option
def undo(merge_id: int, give: tuple[str, ...], reason: str, user: str | None, as_json: bool) -> None:
    """Take a merge back; what changed since is listed by `merge-sheet`."""
    by = actor(user)
    row = queries.merge_for(by, merge_id)
    queries.check_give(by, row, give)
    done, _changes = actions.undo(row, reason=reason, give=give, by=by, at=clock.now())
    _print(queries.as_json(by, done), as_json)


@person.command("merge-sheet")
@click.argument("merge_id", type=click.IntRange(1, 2**63 - 1))
@as_option
@json_option
def sheet(merge_id: int, user: str | None, as_json: bool) -> None:
    """A merge, and what changed since."""
    by = actor(user)
    row = queries.merge_for(by, merge_id)
    changes = queries.shown_changes(by, row, actions.changes_since(row)) if row.state == row.State.DONE else None
    audit.saw("person.seen", "person", [row.kept_id, row.merged_id], by=by, at=clock.now())
    _print({**queries.as_json(by, row), "changes": changes.rows if changes else []}, as_json)


@person.command("keys")
def write_keys() -> None:
    """Write the keys of everybody who has none, by which duplicates are found."""
    ids = list(keys.without_keys().values_list("pk", flat=True))
    keys.refresh(ids)
    click.echo(f"{len(ids)} people")


def _print(body: Row, as_json: bool) -> None:
    if as_json:
        print_json(dict(body))
        return
    for name, value in body.items():
        click.echo(f"{name}: {value}")
