"""`shouwang survey`: check and take in forms, make and open campaigns, how far they are, answers as files."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click

from shouwang.cli.common import Row, actor, as_option, json_option, limit_option, moment, show
from shouwang.core import clock
from shouwang.org.queries import organisation_named, place_named
from shouwang.surveys import actions, files, queries, ready, rules
from shouwang.surveys.models import FormVersion

number = click.IntRange(1, 2**63 - 1)
existing = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def survey() -> None:
    """Screening surveys."""


@survey.command("check")
@click.argument("file", type=existing)
@json_option
@click.pass_context
def check(context: click.Context, file: Path, as_json: bool) -> None:
    """Read the XLSForm FILE and say everything that is wrong with it. Keeps nothing."""
    try:
        with file.open("rb") as stream:
            book = rules.read_workbook(stream, file.name)
        form = rules.build(book, title=file.stem)
        rules.to_xform(book, form, version="1")
    except rules.BrokenForm as error:
        show([problem.as_dict() for problem in error.problems], as_json)
        context.exit(1)
    row: Row = {
        "form": form.form_id, "title": form.title, "questions": len(form.questions),
        "repeats": sum(group.repeat for group in form.groups.values()),
        "languages": ", ".join(filter(None, form.languages)),
    }  # fmt: skip
    show([row], as_json)


def _version(row: FormVersion) -> Row:
    return {"id": row.pk, "form": row.form.code, "version": row.number, "title": row.title, "questions": row.questions}


@survey.command("import")
@click.argument("file", type=existing, required=False)
@click.option("--ready", "code", help="A ready-made form instead of FILE; --ready list names them.")
@as_option
@json_option
def bring(file: Path | None, code: str | None, user: str | None, as_json: bool) -> None:
    """Take in the XLSForm FILE; the same form again is the same version."""
    if code == "list":
        show(
            [{"code": item.code, "title": item.title, "questions": item.questions} for item in ready.offered()], as_json
        )
        return
    if (file is None) == (code is None):
        raise click.UsageError("say either FILE or --ready")
    by, at = actor(user), clock.now()
    if file is not None:
        made = actions.import_form(file.read_bytes(), file_name=file.name, by=by, at=at)
    else:
        made = actions.import_ready(code or "", by=by, at=at)
    show([_version(made)], as_json)


@survey.command("make")
@click.argument("version", type=number)
@click.option("--unit", required=True, help="Code or name of the unit whose people are asked.")
@click.option("--kind", "kinds", multiple=True, help="Only these: student, staff, worker, visitor, other.")
@click.option(
    "--situation", "situations", multiple=True, help="Only these: on_campus, day, off_campus, abroad, intern."
)
@click.option("--place", "places", multiple=True, help="Only who lives there.")
@click.option("--deadline", help="ISO time; default in two days.")
@click.option("--title", default="")
@as_option
@json_option
def make(
    version: int,
    unit: str,
    kinds: tuple[str, ...],
    situations: tuple[str, ...],
    places: tuple[str, ...],
    deadline: str | None,
    title: str,
    user: str | None,
    as_json: bool,
) -> None:
    """Make a draft that asks the form VERSION; it asks nobody before it is opened."""
    by, at = actor(user), clock.now()
    where = organisation_named(by, unit, right="survey.manage")
    aim = queries.Aim((), kinds, situations, tuple(place_named(by, code).pk for code in places))
    row = actions.new_campaign(
        version=queries.version_for(by, version), organisation=where, aim=aim, title=title,
        deadline=moment(deadline, "--deadline") or at + timedelta(days=2), by=by, at=at,
    )  # fmt: skip
    show([{"id": row.pk, "title": row.title, "people": queries.aimed_people(row).count()}], as_json)


@survey.command("open")
@click.argument("campaign", type=number)
@as_option
@json_option
def open_it(campaign: int, user: str | None, as_json: bool) -> None:
    """Ask everybody the draft CAMPAIGN aims at."""
    by = actor(user)
    synced = actions.open_campaign(queries.managed_campaign(by, campaign), by=by, at=clock.now())
    show([{"id": campaign, "asked": synced.asked}], as_json)


@survey.command("close")
@click.argument("campaign", type=number)
@as_option
def close(campaign: int, user: str | None) -> None:
    """No further answers to CAMPAIGN."""
    by = actor(user)
    row = actions.close_campaign(queries.managed_campaign(by, campaign), by=by, at=clock.now())
    click.echo(f"{row.pk}: closed")


@survey.command("status")
@click.argument("campaign", type=number, required=False)
@limit_option
@as_option
@json_option
def status(campaign: int | None, limit: int, user: str | None, as_json: bool) -> None:
    """Campaigns in reach with n of N; of one CAMPAIGN the units and who has not answered."""
    by, at = actor(user), clock.now()
    if campaign is None:
        page, counts = queries.campaigns_page(by)
        rows: list[Row] = []
        for row in page.rows[:limit]:
            found = counts.get(row.pk)
            told = {"answered": found.answered, "asked": found.asked} if found else {"answered": None, "asked": None}
            rows.append({"id": row.pk, "title": row.title, "state": row.state, "deadline": row.deadline, **told})
        show(rows, as_json)
        return
    one = queries.campaign_for(by, campaign)
    board = queries.board(by, one, None, at=at)
    lines = [("all", board.counts), *((line.unit.title, line.counts) for line in board.lines)]
    units: list[Row] = [
        {
            "unit": name,
            "asked": c.asked,
            "verified": c.verified,
            "self": c.by_self,
            "proxy": c.by_proxy,
            "unknown": c.unknown,
        }
        for name, c in lines
    ]
    owing = queries.not_yet_page(by, one, None, size=limit)
    missing = [f"{target.person.number} {target.person.name}" for target in owing.rows]
    show(units, as_json, not_yet=missing)
    if not as_json:
        click.echo("\n".join(["", "not yet:", *missing]))


@survey.command("export")
@click.argument("campaign", type=number)
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--full", is_flag=True, help="Telephone, dormitory and birthday in full; otherwise masked.")
@click.option("--template", type=existing, help="Fill in this .xlsx with marks instead.")
@as_option
def export(campaign: int, target: Path, full: bool, template: Path | None, user: str | None) -> None:
    """Write the answers to CAMPAIGN into the .xlsx TARGET; recorded in the audit log."""
    by, at = actor(user), clock.now()
    row = queries.campaign_for(by, campaign)
    if template is not None:
        filled = files.filled_template(
            by, row, None, template.read_bytes(), name=template.name, full=full, language="zh-hans", at=at
        )  # fmt: skip
        target.write_bytes(filled.content)
        click.echo(f"{target}: {filled.marks} marks, {filled.rows} rows")
        return
    book = files.answers_book(by, row, None, full=full, language="zh-hans", at=at)
    target.write_bytes(book.content)
    click.echo(f"{target}: {book.rows} rows")


@survey.command("files")
@click.argument("campaign", type=number)
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@as_option
@json_option
def write_files(campaign: int, folder: Path, user: str | None, as_json: bool) -> None:
    """Write the files that came with answers to CAMPAIGN into FOLDER, by number and name; looks are recorded."""
    by, at = actor(user), clock.now()
    row = queries.campaign_for(by, campaign)
    came = queries.files_of(queries.result_rows(by, row))
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    told: list[Row] = []
    for one in (file for listed in came.values() for file in listed.values()):
        file, content = files.attachment(by, one.pk, at=at)
        target = folder / f"{file.pk}-{file.name}"
        target.write_bytes(content)
        told.append({"file": target.name, "kind": file.kind, "bytes": file.size, "submission": file.submission_id})
    show(told, as_json)
