"""Disease packs from the command line."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from shouwang.cli.common import actor, as_option, json_option, parse_day, print_json, table
from shouwang.command import queries
from shouwang.command.packs import check_file, check_pack
from shouwang.core import clock, packs
from shouwang.core.actions import activate_pack, deactivate_pack


@click.group()
def pack() -> None:
    """Disease packs: protocol documents as data."""


@pack.command("list")
@json_option
def list_packs(as_json: bool) -> None:
    """Packs at hand, and which are active today."""
    found = queries.pack_rows(clock.today())
    if as_json:
        print_json({"packs": [queries.row_json(row) for row in found]})
        return
    rows: list[list[object]] = [
        [
            row.code,
            "faulty" if row.fault else "changed" if row.changed else "active" if row.active else "",
            row.disease,
            row.in_force_from or "",
            row.in_force_to or "",
            row.edition,
            str(row.name or row.fault),
        ]
        for row in found
    ]
    table(["pack", "", "disease", "from", "until", "edition", "name"], rows)


@pack.command("check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def check(file: Path, as_json: bool) -> None:
    """Read a pack file with every room's eyes; each fault with its line, its key and what to do."""
    found, faults = check_file(file)
    if as_json:
        body = {"code": found.code, "sha256": found.sha256} if found else {}
        print_json({**body, "sound": not faults, "faults": [fault.as_dict() for fault in faults]})
    elif found and not faults:
        assumed = sum(source.kind == "assumption" for source in found.sources.values())
        click.echo(
            f"{found.code}: sound, {len(found.sources)} sources, {assumed} of them an assumption, "
            f"sha256 {found.sha256[:12]}"
        )
    if faults:
        for fault in faults:
            click.echo(str(fault), err=True)
        sys.exit(1)


@pack.command("show")
@click.argument("code")
@click.option("--version", "sha256", default="", help="Hash of a version that was kept; default the file now.")
@json_option
def show_pack(code: str, sha256: str, as_json: bool) -> None:
    """What a pack says, every figure with its source."""
    sheet = queries.pack_sheet(code, sha256)
    if as_json:
        print_json(queries.sheet_json(sheet))
        return
    head = sheet.pack.head
    click.echo(f"{head.name} ({code})\n{head.edition}, {head.in_force_from} – {head.in_force_to or ''}")
    for part in sheet.parts:
        click.echo(f"\n{part.title}")
        for line in part.lines:
            source = f"  [{line.source.id}{'*' if line.assumed else ''}]" if line.source else ""
            click.echo(f"  {line.label}: {line.text}{source}")
    for item in sheet.definitions:
        click.echo(f"\n{item.name}  [{item.source.id}]")
        for depth, words in queries.flattened(item.tree):
            click.echo(f"  {'  ' * depth}- {words}")
    click.echo("\n" + "\n".join(f"[{s.id}] {s.kind}: {s.text} {s.url}".rstrip() for s in sheet.pack.sources.values()))


@pack.command("judge")
@click.argument("code")
@click.option("--yes", multiple=True, metavar="CRITERION", help="A criterion that is met; may be repeated.")
@click.option("--no", multiple=True, metavar="CRITERION", help="A criterion that is not met; may be repeated.")
@json_option
def judge(code: str, yes: tuple[str, ...], no: tuple[str, ...], as_json: bool) -> None:
    """How the case definitions of a pack judge these answers; what is not named is unknown."""
    found = queries.judge(code, yes=yes, no=no)
    if as_json:
        print_json(queries.judged_json(found))
        return
    click.echo(found.classification or "no definition is met")
    for finding in found.findings:
        if finding.met is None:
            click.echo(f"open: {finding.classification}; hangs on {', '.join(finding.open)}")


@pack.command("activate")
@click.argument("code")
@click.option("--from", "since", help="First day; default today.")
@click.option("--until", help="Last day, included; default until it is ended.")
@as_option
def activate(code: str, since: str | None, until: str | None, user: str | None) -> None:
    """Put a pack in force at this institution, as its file is now; again after its file has changed."""
    check_pack(packs.get_pack(code))
    last = parse_day(until) if until else None
    activate_pack(code, since=parse_day(since), until=last, by=actor(user), at=clock.now())
    click.echo(f"{code} is active.")


@pack.command("deactivate")
@click.argument("code")
@click.option("--on", "day", help="Last day, included; default today.")
@as_option
def deactivate(code: str, day: str | None, user: str | None) -> None:
    """End a pack."""
    deactivate_pack(code, on=parse_day(day), by=actor(user), at=clock.now())
    click.echo(f"{code} ends {day or 'today'}.")
