"""`shouwang exchange`: cases that other systems know, brought in and decided on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from shouwang.cli.common import actor, as_option, json_option, print_json, reason_option, show
from shouwang.core import audit, clock


@click.group()
def exchange() -> None:
    """Cases from and for SORMAS, Go.Data and other systems."""


@exchange.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--pack", required=True, help="Code of the disease pack that judges new cases.")
@click.option("--days", "order", type=click.Choice(["day", "month"]), help="03/04/2020: day or month first.")
@click.option("--root", metavar="CODE", help="Institution the file belongs to. Default: the account's own.")
@click.option("--dry-run", is_flag=True, help="Check only; write nothing.")
@as_option
@json_option
def bring(
    file: Path, pack: str, order: str | None, root: str | None, dry_run: bool, user: str | None, as_json: bool
) -> None:
    """Import a case file of SORMAS or Go.Data (.csv, .xlsx). The same file again changes nothing."""
    from shouwang.cases.inward import actions
    from shouwang.org.queries import organisation_named

    by = actor(user)
    unit = organisation_named(by, root, actions.MANAGE) if root else None
    run = actions.import_cases(file, pack=pack, order=order or "", root=unit, dry_run=dry_run, by=by, at=clock.now())
    report = run.report
    body: dict[str, Any] = {
        "run": run.pk, "state": run.state, "system": report["system"], "counts": run.counts,
        "review": report["review"], "remarks": [remark["message"] for remark in report["remarks"]],
        "problems": list(run.problems),
    }  # fmt: skip
    if as_json:
        print_json(body)
        return
    click.echo(", ".join(f"{name} {number}" for name, number in run.counts.items() if not isinstance(number, dict)))
    for sentence in body["remarks"]:
        click.echo(f"  {sentence}")
    for problem in run.problems[:20]:
        click.echo(f"  row {problem['row']}, {problem['column']}: {problem['message']} {problem['remedy']}")


@exchange.command("rows")
@click.option("--settled", is_flag=True, help="Those decided on, the newest first.")
@as_option
@json_option
def rows(settled: bool, user: str | None, as_json: bool) -> None:
    """Cases of other systems that wait for somebody."""
    from shouwang.cases.inward import queries

    by, at = actor(user), clock.now()
    found = list(queries.rows_page(by, settled=settled).rows)
    audit.saw("outside_case.listed", "outside_case", queries.people_of(found), by=by, at=at)
    show(
        [
            {
                "id": row.pk, "there": row.outside_id, "system": row.system, "name": row.title, "why": row.why,
                "person": row.person.number if row.person else None, "case": row.case.number if row.case else None,
                "settled": row.settled or None,
            }
            for row in found
        ],
        as_json,
    )  # fmt: skip


@exchange.command("decide")
@click.argument("row_id", type=int)
@click.option("--person", "number", default="", help="Number of whose case it is.")
@click.option("--classification", default="", help="Where the file does not say.")
@click.option("--keep", is_flag=True, help="The case here stays as it is.")
@reason_option
@as_option
def decide(row_id: int, number: str, classification: str, keep: bool, reason: str, user: str | None) -> None:
    """Say whose case a row is, keep ours, or (with neither) set the row aside."""
    from shouwang.cases.inward import actions, queries
    from shouwang.org.queries import person_by_number

    by, at = actor(user), clock.now()
    row = queries.row_for(by, row_id)
    if keep:
        actions.keep_ours(row, reason=reason, by=by, at=at)
    elif number:
        person = person_by_number(by, number, right=actions.MANAGE)
        case = actions.take_over(row, person, classification=classification, reason=reason, by=by, at=at)
        click.echo(f"row {row.pk}: case {case.number}.")
        return
    else:
        actions.set_aside(row, reason=reason, by=by, at=at)
    click.echo(f"row {row.pk}: {row.settled}.")


@exchange.command("contacts")
@click.argument("case_number")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--days", "order", type=click.Choice(["day", "month"]), help="03/04/2020: day or month first.")
@click.option("--dry-run", is_flag=True, help="Check only; write nothing.")
@as_option
@json_option
def contacts(case_number: str, file: Path, order: str | None, dry_run: bool, user: str | None, as_json: bool) -> None:
    """Note the contacts of a file of SORMAS or Go.Data with a case, as people nobody knows yet."""
    from shouwang.tracing.actions import outside
    from shouwang.tracing.queries.why import case_named

    by = actor(user)
    found = outside.bring_contacts(
        case_named(by, case_number), file, name=file.name, order=order or "", dry_run=dry_run, by=by, at=clock.now()
    )
    if as_json:
        print_json(found.as_dict())
        return
    click.echo(f"read {found.read}, new {found.new}, known {found.known}, of other cases {found.others}")
    for problem in found.problems[:20]:
        click.echo(f"  row {problem.row}, {problem.column}: {problem.message} {problem.remedy}")
