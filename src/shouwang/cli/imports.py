"""`shouwang import …`: rosters, presence records, timetables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from shouwang.cli.common import actor, as_option, json_option, moment, parse_day, print_json, progress_bar, table
from shouwang.core import clock

if TYPE_CHECKING:
    from shouwang.core.scope import Actor
    from shouwang.org.models import Organisation

PROBLEMS_SHOWN = 20

file_argument = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


root_option = click.option(
    "--root", metavar="CODE", help="Institution the file belongs to. Default: the account's own, or the only root."
)


@click.group("import")
def imports() -> None:
    """Import a roster, presence records, a timetable."""


@imports.command("roster")
@file_argument
@click.option("--map", "mapping", metavar="NAME", help="Use the column mapping remembered under NAME, or remember it.")
@click.option("--root", metavar="CODE", help="Organisation below which the file's units stand. Default: the only root.")
@click.option("--root-name", metavar="NAME", help="Name of a new root organisation, when there is none yet.")
@click.option(
    "--errors", type=click.Path(dir_okay=False, path_type=Path), help="Write the sheet of errors here (xlsx)."
)
@click.option("--dry-run", is_flag=True, help="Check only; write nothing.")
@as_option
@json_option
def roster(
    file: Path,
    mapping: str | None,
    root: str | None,
    root_name: str | None,
    errors: Path | None,
    dry_run: bool,
    user: str | None,
    as_json: bool,
) -> None:
    """Import a roster (.xlsx, .xls, .ods, .csv). Importing the same file again changes nothing."""
    from shouwang.org import roster as rosters

    with progress_bar(file.name) as progress:
        result = rosters.import_file(
            file,
            mapping=mapping,
            root=root,
            root_name=root_name,
            dry_run=dry_run,
            by=actor(user),
            at=clock.now(),
            progress=progress,
        )
    if errors is not None and result.problems:
        errors.write_bytes(result.error_sheet())
    _tell(result.as_dict(), as_json)
    if not as_json:
        for problem in result.problems[:20]:
            click.echo(f"  row {problem.row}, {problem.column}: {problem.message} {problem.remedy}")
        if len(result.problems) > 20:
            click.echo(f"  … and {len(result.problems) - 20} more; --errors FILE writes them all.")


@imports.command("presence")
@file_argument
@click.option("--format", "source_format", type=click.Choice(["proximity", "gate", "visits", "wifi"]), required=True)
@click.option("--step", default=20, show_default=True, type=click.IntRange(1, 86400),
              help="proximity: a record at t covers (t − step, t], in seconds.")  # fmt: skip
@click.option("--create-people", is_flag=True, help="Create people that the roster does not know.")
@click.option("--create-places", is_flag=True, help="Create places that are not in the place tree.")
@root_option
@as_option
@json_option
def presence(
    file: Path,
    source_format: str,
    step: int,
    create_people: bool,
    create_places: bool,
    root: str | None,
    user: str | None,
    as_json: bool,
) -> None:
    """Import who was where: door swipes, visit tables, sensor pairs. Day segments are rebuilt at once."""
    from shouwang.tracing import actions

    by = actor(user)
    options = actions.ImportOptions(
        step=step, create_people=create_people, create_places=create_places, owner=_owner(by, root)
    )
    with progress_bar(file.name) as progress:
        result = actions.import_presence(
            file, source_format=source_format, options=options, by=by, at=clock.now(), progress=progress
        )
    _tell(result.as_dict(), as_json)


@imports.command("checkins")
@file_argument
@click.option("--reason", required=True, help="Why others enter it, for example “paper list of the morning check”.")
@click.option("--clinic", is_flag=True, help="Measured at the clinic.")
@click.option(
    "--errors", type=click.Path(dir_okay=False, path_type=Path), help="Write the sheet of errors here (xlsx)."
)
@click.option("--dry-run", is_flag=True, help="Check only; write nothing.")
@as_option
@json_option
def checkins(
    file: Path, reason: str, clinic: bool, errors: Path | None, dry_run: bool, user: str | None, as_json: bool
) -> None:
    """Import check-ins that others took down (number, time, temperature, symptoms, exposure, note)."""
    from shouwang.checkins.importing import import_checkins
    from shouwang.core.files.problems import problem_sheet

    with progress_bar(file.name) as progress:
        result = import_checkins(
            file, name=file.name, reason=reason, clinic=clinic, dry_run=dry_run, by=actor(user), at=clock.now(),
            progress=progress,
        )  # fmt: skip
    if errors is not None and result.problems:
        errors.write_bytes(problem_sheet(result.problems, source=file.name))
    _tell(result.as_dict(), as_json)
    if not as_json:
        for problem in result.problems[:PROBLEMS_SHOWN]:
            click.echo(f"  row {problem.row}, {problem.column}: {problem.message}")


@imports.command("timetable")
@file_argument
@root_option
@as_option
@json_option
def timetable(file: Path, root: str | None, user: str | None, as_json: bool) -> None:
    """Import a timetable (course, place, weekday, hours, weeks, class or person)."""
    from shouwang.tracing import actions

    with progress_bar(file.name) as progress:
        by = actor(user)
        options = actions.ImportOptions(owner=_owner(by, root))
        result = actions.import_timetable(file, options=options, by=by, at=clock.now(), progress=progress)
    _tell(result.as_dict(), as_json)


@imports.command("rebuild")
@click.option("--from", "first", required=True, help="First day.")
@click.option("--to", "last", help="Last day; default the first.")
@as_option
@json_option
def rebuild(first: str, last: str | None, user: str | None, as_json: bool) -> None:
    """Build day segments anew from raw batches, residency and timetables."""
    from shouwang.tracing import actions

    begin = parse_day(first)
    with progress_bar("segments") as progress:
        days = actions.build_days(
            begin, parse_day(last) if last else begin, by=actor(user), at=clock.now(), progress=progress
        )
    if as_json:
        print_json({"days": {str(day.day): {"visits": day.visits, "pairs": day.pairs} for day in days}})
        return
    table(["day", "visits", "pairs"], [[day.day, day.visits, day.pairs] for day in days])


def _owner(by: Actor, code: str | None) -> Organisation | None:
    """The organisation named by --root; None leaves it to the account's own institution."""
    from shouwang.org.queries import organisation_named

    return organisation_named(by, code, "presence.import") if code else None


def _tell(result: dict[str, Any], as_json: bool) -> None:
    """Counts as one JSON line, or as a small table with what was refused and why."""
    if as_json:
        print_json(result)
        return
    problems = result.pop("problems", [])
    rows: list[list[object]] = []
    for key, value in result.items():
        if isinstance(value, dict):
            rows += [[f"{key}: {inner}", count] for inner, count in value.items()]
        else:
            rows.append([key, ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else value])
    table(["", ""], rows)
    for problem in problems[:PROBLEMS_SHOWN]:
        click.echo(f"  row {problem['row']}, {problem['column']}: {problem['message']} {problem['remedy']}")


@imports.command("lessons")
@file_argument
@as_option
@json_option
def lessons(file: Path, user: str | None, as_json: bool) -> None:
    """Import changed lessons: cancelled, moved, in another room. Built days they touch become stale."""
    from shouwang.tracing import actions

    result = actions.lessons.import_changes(file, by=actor(user), at=clock.now())
    _tell(result.as_dict(), as_json)
    if not as_json:
        for problem in result.problems[:PROBLEMS_SHOWN]:
            click.echo(f"  row {problem.row}, {problem.column}: {problem.message} {problem.remedy}")


@imports.command("gathering")
@file_argument
@click.option("--title", required=True)
@click.option("--place", "where", required=True, help="Code or name.")
@click.option("--from", "starts", required=True, metavar="ISO8601")
@click.option("--until", "ends", required=True, metavar="ISO8601")
@as_option
def gathering(file: Path, title: str, where: str, starts: str, ends: str, user: str | None) -> None:
    """Enter what was held; FILE holds the numbers of those who took part, one a line."""
    from shouwang.tracing import actions

    starts_at, ends_at = moment(starts, "--from"), moment(ends, "--until")
    assert starts_at is not None and ends_at is not None  # both options are required
    row = actions.gatherings.register(
        title, where=where, starts_at=starts_at, ends_at=ends_at, by=actor(user), at=clock.now(),
        numbers=file.read_text(encoding="utf-8").split(),
    )  # fmt: skip
    click.echo(f"gathering {row.pk}: {row.participants.count()} people.")
