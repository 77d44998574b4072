"""`shouwang rule` and `explain`: editions of contact rules, what a change would do, and why somebody is a contact."""

from __future__ import annotations

from pathlib import Path

import click

from shouwang.cli.common import Row, actor, as_option, json_option, moment, parse_day, print_json, reason_option, show
from shouwang.core import audit, clock
from shouwang.tracing import actions
from shouwang.tracing.queries import catalogue, contact_for, preview, rulebook, saying, why
from shouwang.tracing.rules.grading import Examined, written_minutes


@click.group()
def rule() -> None:
    """Contact rules: dated editions as data."""


@rule.command("list")
@click.option("--disease", help="Only of this disease, e.g. covid19.")
@click.option("--on", "day", help="Only those in force on this day.")
@json_option
def list_rules(disease: str | None, day: str | None, as_json: bool) -> None:
    """Editions at hand, oldest first."""
    found = [saying.edition_json(item) for item in rulebook.editions_of(disease) if _in_force(item.code, day)]
    if as_json:
        print_json({"rules": found})
        return
    rows: list[Row] = [
        {
            "rule": item["code"],
            "from": item["in_force_from"],
            "until": item["in_force_to"],
            "days before": item["days_before_onset"],
            "second ring": "yes" if item["second_ring"] else "no",
            "observation": "; ".join(
                f"{grade} {'+'.join(str(days) for _place, days, _tests in phases)} d"
                for grade, phases in item["observation"].items()
            ),
            "title": item["title"],
        }
        for item in found
    ]
    show(rows, as_json=False)


def _in_force(code: str, day: str | None) -> bool:
    return day is None or catalogue.get_edition(code).in_force(parse_day(day))


@rule.command("check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check(file: Path) -> None:
    """Read a rule file strictly; an error names file, line and key, and what to do."""
    found = catalogue.read_edition(file)
    rulebook.weights_of(found)
    assumed = sum(source.kind == "assumption" for source in found.sources.values())
    click.echo(
        f"{found.code}: sound, {len(found.sources)} sources, {assumed} of them an assumption, "
        f"sha256 {found.sha256[:12]}"
    )


last_negative_option = click.option(
    "--last-negative", metavar="ISO8601", help="Last negative test of the case, where the rule's window begins there."
)


@rule.command("preview")
@click.argument("number")
@click.argument("edition")
@last_negative_option
@as_option
@json_option
def preview_rule(number: str, edition: str, last_negative: str | None, user: str | None, as_json: bool) -> None:
    """What the rule EDITION would change for the case NUMBER. Writes nothing."""
    by, now = actor(user), clock.now()
    case = why.case_named(by, number)
    found = preview.preview(by, case, edition, at=now, last_negative=moment(last_negative, "--last-negative"))
    people = [case.person_id, *(change.person.pk for change in found.changes)]
    audit.saw("contact.rule_previewed", "contact", people, by=by, at=now, object_id=case.pk)
    body = saying.preview_json(found)
    if as_json:
        print_json(body)
        return
    counts = body["counts"]
    click.echo(
        f"{body['now']['rule']} -> {body['proposed']['rule']}: {counts['added']} added, {counts['dropped']} dropped, "
        f"{counts['changed']} changed, {counts['same']} the same"
    )
    names = ("person", "name", "change", "before", "after", "reason", "decided")
    show([{name: change[name] for name in names} for change in body["changes"]], as_json=False)


@rule.command("apply")
@click.argument("number")
@click.argument("edition")
@last_negative_option
@reason_option
@as_option
def apply(number: str, edition: str, last_negative: str | None, reason: str, user: str | None) -> None:
    """Judge the case NUMBER by the rule EDITION from now on, and trace it again by it."""
    by, now = actor(user), clock.now()
    case = why.case_named(by, number)
    run = actions.apply_rule(
        case, edition, reason=reason, last_negative=moment(last_negative, "--last-negative"), by=by, at=now
    )
    click.echo(f"{case.number}: traced by {run.rule}, {run.found} contacts found.")


@rule.command("grade")
@click.argument("contact_id", type=click.IntRange(1, 2**63 - 1))
@click.argument("grade", default="")
@reason_option
@as_option
def grade(contact_id: int, grade: str, reason: str, user: str | None) -> None:
    """Give a contact another grade than the rule's; without GRADE the rule's again at the next trace."""
    by = actor(user)
    row = actions.regrade(contact_for(by, contact_id), grade, reason=reason, by=by, at=clock.now())
    click.echo(f"{row.person.number}: {row.grade}" + ("" if row.override else ", by rule from the next trace on"))


@click.command()
@click.option("--case", "case_number", required=True, metavar="NO", help="Number of an open case.")
@click.option("--person", "number", required=True, metavar="NO", help="Student or staff number.")
@as_option
@json_option
def explain(case_number: str, number: str, user: str | None, as_json: bool) -> None:
    """Why a person is, or is not, a contact of a case: rule, encounters, arithmetic."""
    by, now = actor(user), clock.now()
    case = why.case_named(by, case_number)
    person = why.person_to_explain(by, case, number)
    found = why.explain_person(by, case, person, at=now)
    audit.saw("contact.explained", "contact", [case.person_id, person.pk], by=by, at=now, object_id=case.pk)
    if as_json:
        print_json(saying.why_json(found))
        return
    window = found.ruling.window
    click.echo(f"{person.name} {person.number}: {found.says}")
    click.echo(f"rule {found.ruling.name}, {found.ruling.why}; window {window.start:%F %H:%M} - {window.end:%F %H:%M}")
    for check_ in found.checks:
        click.echo("  " + _line(check_))
    for link in found.links:
        click.echo(f"  {link.person.name} {link.person.number}, {written_minutes(link.seconds)} min")
        for check_ in link.checks:
            click.echo("    " + _line(check_))
    if found.outside:
        click.echo(f"outside the window: {found.outside.encounters} overlaps, nearest on {found.outside.nearest}")
    if found.days_missing:
        click.echo("no presence data: " + ", ".join(day.isoformat() for day in found.days_missing))


def _line(check_: Examined) -> str:
    minutes, needed = written_minutes(check_.seconds), check_.needed // 60
    return f"{check_.grade}: {check_.condition.because}: {minutes} of {needed} min, {why.WORDS[check_.word]}"
