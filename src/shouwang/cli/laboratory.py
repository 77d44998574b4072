"""`shouwang lab`: tests, samples, results, laboratories' files, testing days."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from shouwang.cli.common import (
    Row,
    actor,
    as_option,
    json_option,
    limit_option,
    moment,
    parse_day,
    print_json,
    reason_option,
    show,
)
from shouwang.core import audit, clock

OUTCOMES = ["negative", "positive", "inconclusive", "invalid"]


@click.group()
def lab() -> None:
    """Tests, samples and results."""


@lab.command("list")
@click.option("--show", "wanted", default="open", show_default=True, help="open, overdue, positive, retest, all")
@limit_option
@as_option
@json_option
def listing(wanted: str, limit: int, user: str | None, as_json: bool) -> None:
    """Tests within reach."""
    from shouwang.cases.laboratory import queries

    by, at = actor(user), clock.now()
    by.require(queries.VIEW)
    page = queries.desk(by, queries.TestFilter(wanted), at=at, size=limit)
    audit.saw("test.listed", "test", (test.person_id for test in page.rows), by=by, at=at)
    rows: list[Row] = [
        {
            "id": test.pk, "person": test.person.number, "name": test.person.name, "method": test.method,
            "barcode": test.sample.barcode if test.sample else None, "state": test.state, "outcome": test.outcome,
            "due": test.due_at,
        }
        for test in page.rows
    ]  # fmt: skip
    show(rows, as_json)


@lab.command("order")
@click.argument("number")
@click.option("--method", required=True, help="pcr, antigen, antibody, culture, xray, ppd …")
@click.option("--disease", required=True)
@click.option("--purpose", default="other", show_default=True, help="contact, quarantine, other")
@as_option
@json_option
def order(number: str, method: str, disease: str, purpose: str, user: str | None, as_json: bool) -> None:
    """Order a test for the person NUMBER."""
    from shouwang.cases.laboratory import actions
    from shouwang.org.queries import person_by_number

    by = actor(user)
    person = person_by_number(by, number, right=actions.ORDER)
    test = actions.order_test(person, method=method, disease=disease, purpose=purpose, by=by, at=clock.now())
    show([{"id": test.pk, "state": test.state, "due": test.due_at}], as_json)


@lab.command("take")
@click.argument("barcode")
@click.argument("tests", type=int, nargs=-1, required=True)
@click.option("--capacity", default=1, show_default=True, help="People the tube is for: 1, 5, 10.")
@click.option("--at", "taken", metavar="TIME", help="When; default: now.")
@click.option("--where", default="")
@as_option
@json_option
def take(
    barcode: str, tests: tuple[int, ...], capacity: int, taken: str | None, where: str, user: str | None, as_json: bool
) -> None:
    """The swabs of these TESTS (ids) go into the tube BARCODE."""
    from shouwang.cases.laboratory import actions, queries

    by = actor(user)
    rows = [queries.test_for(by, pk) for pk in tests]
    sample = actions.take_sample(
        rows, barcode=barcode, capacity=capacity, taken_at=moment(taken, "--at"), where=where, by=by, at=clock.now()
    )
    show([{"sample": sample.pk, "barcode": sample.barcode, "taken": sample.taken_at}], as_json)


@lab.command("hand-over")
@click.argument("barcode")
@click.option("--from", "giver", required=True)
@click.option("--to", "taker", required=True)
@click.option("--laboratory", default="", help="Only when the laboratory has it now: it ends the chain.")
@click.option("--at", "handed", metavar="TIME", help="When; default: now.")
@as_option
def hand_over(barcode: str, giver: str, taker: str, laboratory: str, handed: str | None, user: str | None) -> None:
    """Write down that the tube BARCODE changes hands."""
    from shouwang.cases.laboratory import actions, queries

    by, when = actor(user), moment(handed, "--at")
    sample = queries.sample_by_barcode(by, barcode)
    who = {"giver": giver, "taker": taker}
    if laboratory:
        actions.receive_sample(sample, laboratory=laboratory, received_at=when, by=by, at=clock.now(), **who)
    else:
        actions.hand_over(sample, handed_at=when, by=by, at=clock.now(), **who)
    click.echo(f"{sample.barcode}: {giver} -> {taker}.")


@lab.command("result")
@click.argument("barcode")
@click.argument("outcome", type=click.Choice(OUTCOMES))
@click.option("--value", default="")
@click.option("--laboratory", default="")
@click.option("--at", "found", metavar="TIME", help="When the laboratory found it; left out: it does not say.")
@click.option("--reason", default="", help="Of a correction.")
@as_option
def result(
    barcode: str, outcome: str, value: str, laboratory: str, found: str | None, reason: str, user: str | None
) -> None:
    """Enter the result of the tube BARCODE; a second one is a correction and needs a reason."""
    from shouwang.cases.laboratory import actions, queries

    by = actor(user)
    sample = actions.record_result(
        queries.sample_by_barcode(by, barcode), outcome=outcome, value=value, laboratory=laboratory,
        resulted_at=moment(found, "--at"), reason=reason, by=by, at=clock.now(),
    )  # fmt: skip
    click.echo(f"{sample.barcode}: {sample.outcome} (version {sample.result_version}).")


@lab.command("cancel")
@click.argument("test_id", type=int)
@reason_option
@as_option
def cancel(test_id: int, reason: str, user: str | None) -> None:
    """Cancel a test that has not been taken."""
    from shouwang.cases.laboratory import actions, queries

    by = actor(user)
    test = actions.cancel_test(queries.test_for(by, test_id), reason=reason, by=by, at=clock.now())
    click.echo(f"test {test.pk}: {test.state}.")


@lab.command("settle")
@click.argument("test_id", type=int)
@reason_option
@as_option
def settle(test_id: int, reason: str, user: str | None) -> None:
    """Say why a positive result needs no case."""
    from shouwang.cases.laboratory import actions, queries

    by = actor(user)
    actions.settle_positive(queries.test_for(by, test_id), reason=reason, by=by, at=clock.now())
    click.echo(f"test {test_id}: settled.")


@lab.command("unmatched")
@limit_option
@as_option
@json_option
def unmatched(limit: int, user: str | None, as_json: bool) -> None:
    """Positive results of people without a case."""
    from shouwang.cases.laboratory import queries

    by, at = actor(user), clock.now()
    by.require(queries.VIEW)
    tests = list(queries.unmatched(by)[:limit])
    audit.saw("test.listed", "test", (test.person_id for test in tests), by=by, at=at)
    show([{"id": t.pk, "person": t.person.number, "name": t.person.name, "since": t.told_at} for t in tests], as_json)


@lab.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--root", metavar="CODE", help="Institution the file belongs to. Default: the account's own.")
@click.option("--dry-run", is_flag=True, help="Check only; write nothing.")
@as_option
@json_option
def bring(file: Path, root: str | None, dry_run: bool, user: str | None, as_json: bool) -> None:
    """Import results of a laboratory (.xlsx, .xls, .ods, .csv). The same file again changes nothing."""
    from shouwang.cases.laboratory import actions
    from shouwang.org.queries import organisation_named

    by = actor(user)
    unit = organisation_named(by, root, actions.RESULT) if root else None
    run = actions.import_results(file, root=unit, dry_run=dry_run, by=by, at=clock.now())
    body: dict[str, Any] = {"run": run.pk, "state": run.state, "counts": run.counts, "review": run.report["review"]}
    if as_json:
        print_json(body)
        return
    click.echo(", ".join(f"{name} {number}" for name, number in run.counts.items() if not isinstance(number, dict)))
    for problem in run.problems[:20]:
        click.echo(f"  row {problem['row']}, {problem['column']}: {problem['message']} {problem['remedy']}")


@lab.command("review")
@as_option
@json_option
def review(user: str | None, as_json: bool) -> None:
    """Rows that name nobody for certain."""
    from shouwang.cases.laboratory import queries

    by, at = actor(user), clock.now()
    items = list(queries.review_page(by).rows)
    audit.saw("test_review.listed", "test_review", queries.people_named(items), by=by, at=at)
    show(
        [{"id": i.pk, "barcode": i.barcode, "number": i.number, "outcome": i.outcome, "why": i.why} for i in items],
        as_json,
    )


@lab.command("resolve")
@click.argument("item_id", type=int)
@click.option("--barcode", default="", help="Of the sample it belongs to; left out: set aside.")
@reason_option
@as_option
def resolve(item_id: int, barcode: str, reason: str, user: str | None) -> None:
    """Decide on a row of the review queue."""
    from shouwang.cases.laboratory import actions, queries

    by, at = actor(user), clock.now()
    item = queries.item_for(by, item_id)
    if barcode:
        item = actions.take_over(item, queries.sample_by_barcode(by, barcode), reason=reason, by=by, at=at)
    else:
        item = actions.set_aside(item, reason=reason, by=by, at=at)
    click.echo(f"row {item.pk}: {item.settled}.")


@lab.command("turnaround")
@click.option("--from", "first", metavar="DAY", required=True)
@click.option("--to", "last", metavar="DAY", default="today", show_default=True)
@as_option
@json_option
def turnaround(first: str, last: str, user: str | None, as_json: bool) -> None:
    """Medians and 90th percentiles of every step, with how many of how many are known."""
    from shouwang.cases.laboratory import queries

    found = queries.turnaround(actor(user), parse_day(first), parse_day(last), at=clock.now())
    rows: list[Row] = [
        {"step": leg.name, "median h": leg.median_hours, "p90 h": leg.p90_hours, "known": leg.known, "of": leg.total}
        for leg in found.legs
    ]
    show(rows, as_json, overdue=found.overdue)


@lab.command("day")
@click.argument("unit")
@click.option("--date", "day", metavar="DAY", default="today", show_default=True)
@click.option("--method", default="pcr", show_default=True)
@click.option("--disease", required=True)
@click.option("--capacity", default=1, show_default=True)
@as_option
@json_option
def make_day(unit: str, day: str, method: str, disease: str, capacity: int, user: str | None, as_json: bool) -> None:
    """Make a testing day for everybody of UNIT (code or name)."""
    from shouwang.cases.laboratory import actions, queries
    from shouwang.org.queries import organisation_named

    by = actor(user)
    made = actions.make_day(
        organisation_named(by, unit, actions.ORDER), day=parse_day(day), method=method, disease=disease,
        capacity=capacity, by=by, at=clock.now(),
    )  # fmt: skip
    total = queries.total(queries.lines(by, made))
    show([{"day": made.pk, "expected": total.expected, "excused": total.excused}], as_json)


@lab.command("station")
@click.argument("day_id", type=int)
@click.argument("barcode")
@click.argument("numbers", nargs=-1, required=True)
@as_option
def station(day_id: int, barcode: str, numbers: tuple[str, ...], user: str | None) -> None:
    """On testing day DAY_ID the swabs of NUMBERS go into the tube BARCODE."""
    from shouwang.cases.laboratory import actions, queries

    by = actor(user)
    sample = actions.take_on_day(queries.day_for(by, day_id), barcode=barcode, numbers=numbers, by=by, at=clock.now())
    click.echo(f"{sample.barcode}: {len(numbers)} taken.")


@lab.command("missing")
@click.argument("day_id", type=int)
@click.option("--close", "closing", is_flag=True, help="Close the day first: who is missing is absent.")
@as_option
@json_option
def missing(day_id: int, closing: bool, user: str | None, as_json: bool) -> None:
    """Testing day DAY_ID by class, those with most people missing first."""
    from shouwang.cases.laboratory import actions, queries

    by = actor(user)
    day = queries.day_for(by, day_id)
    if closing:
        actions.close_day(day, by=by, at=clock.now())
    rows: list[Row] = [
        {
            "unit": line.unit.title if line.unit else "–", "taken": line.taken, "missing": line.waiting,
            "excused": line.excused, "list": line.expected,
        }
        for line in queries.lines(by, day)
    ]  # fmt: skip
    show(rows, as_json)
