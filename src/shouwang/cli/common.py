"""What every command shares: who acts, progress in the terminal, the one JSON line at the end."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

import click

from shouwang.core import clock
from shouwang.core.errors import NotFound
from shouwang.core.scope import CLI, Actor, system_actor
from shouwang.org.models import Account, Place
from shouwang.org.queries import actor_for, places

Progress = Callable[[int, int | None], None]
Row = dict[str, Any]

as_option = click.option(
    "--as", "user", metavar="USER", help="Act as this account, under its scope. Default: the operator of this machine."
)
json_option = click.option("--json", "as_json", is_flag=True, help="End with one JSON object on the last line.")

limit_option = click.option(
    "--limit", default=50, show_default=True, type=click.IntRange(1, 100_000), help="Rows shown."
)
engine_option = click.option(
    "--engine",
    default="embedded",
    show_default=True,
    type=click.Choice(["embedded", "spark"]),
    help="Where it is computed; the answer is the same. Spark: docs/beyond-one-machine.md.",
)
reason_option = click.option("--reason", required=True, help="Kept with the decision.")


def actor(user: str | None) -> Actor:
    """The actor of a command: the named account, or whoever owns the database and may therefore do everything."""
    if user is None:
        return system_actor("operator", mouth=CLI)
    account = Account.objects.filter(username=user, is_active=True).first()
    if account is None:
        raise click.BadParameter(f"no active account {user!r}", param_hint="--as")
    return actor_for(account, at=clock.now(), mouth=CLI)


def place_named(by: Actor, code: str) -> Place:
    """The place of a code within reach. NotFound otherwise."""
    found = places(by).filter(code=code).first()
    if found is None:
        raise NotFound
    return found


def plain(value: Any) -> Any:
    """JSON for what json does not know: moments and days in ISO 8601."""
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return str(value)


def print_json(body: dict[str, Any]) -> None:
    click.echo(json.dumps(body, ensure_ascii=False, default=plain))


def parse_day(text: str | None) -> date:
    """A day given as ISO text; today when nothing was given."""
    if text is None or text == "today":
        return clock.today()
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is not a day; write 2026-03-02", param_hint="--date") from error


@contextmanager
def progress_bar(label: str) -> Iterator[Progress]:
    """A bar on standard error while something long runs; nothing at all when that is not a terminal."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    with click.progressbar(length=1, label=label, file=sys.stderr, show_pos=True) as bar:

        def step(done: int, total: int | None) -> None:
            if total and bar.length != total:
                bar.length = total
            bar.update(done - bar.pos)

        yield step


def table(header: list[str], rows: Sequence[Sequence[object]]) -> None:
    """Columns on the terminal, aligned by display width (a Chinese character is two columns wide)."""
    lines: list[Sequence[object]] = [header, *rows]
    text = [[("–" if cell is None else str(cell)) for cell in row] for row in lines]
    widths = [max(_width(row[k]) for row in text) for k in range(len(header))]
    for row in text:
        click.echo("  ".join(cell + " " * (widths[k] - _width(cell)) for k, cell in enumerate(row)).rstrip())


def _width(text: str) -> int:
    return sum(2 if ord(char) > 0x2E7F else 1 for char in text)


def show(rows: list[Row], as_json: bool, **more: Any) -> None:
    """Rows as a table, or as one JSON object `{"rows": [...], ...}`."""
    if as_json:
        print_json({"rows": rows, **more})
    elif rows:
        table(list(rows[0]), [[short(cell) for cell in row.values()] for row in rows])
    else:
        click.echo("none")


def short(cell: object) -> object:
    """A cell of a table: moments as local time without seconds."""
    return f"{cell.astimezone(clock.zone()):%Y-%m-%d %H:%M}" if isinstance(cell, datetime) else cell


def moment(text: str | None, option: str) -> datetime | None:
    """ISO text, local time where it names no zone; `option` is named when it is none."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is no time; write 2026-03-02T08:30", param_hint=option) from error
    return clock.aware(found)
