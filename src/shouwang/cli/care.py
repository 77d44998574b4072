"""`shouwang care`: treatment, referral, discharge, follow-up and return of a case."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import click

from shouwang.cases.care import actions, papers, queries
from shouwang.cases.care.hospitals import hospitals
from shouwang.cases.care.models import Discharge, Treatment, Visit
from shouwang.cases.care.rules import WORDS
from shouwang.cases.models import Case
from shouwang.cases.queries import case_by_number
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
from shouwang.core.scope import Actor

ID = click.IntRange(1, 2**63 - 1)
when_option = click.option("--when", metavar="ISO8601", help="When it happened; default now.")
until_option = click.option("--until", metavar="DAY", help="Last day of absence, e.g. 2026-03-09.")


@click.group()
def care() -> None:
    """Care of a case and the way back."""


def _case(by: Actor, number: str) -> Case:
    return queries.managed_case(by, case_by_number(by, number).pk)


def _day(text: str | None) -> date | None:
    return parse_day(text) if text else None


def _tell(by: Actor, case: Case, as_json: bool) -> None:
    """The care as it stands now."""
    at = clock.now()
    found = queries.care_of(queries.managed_case(by, case.pk))
    audit.saw("care.viewed", "care", [case.person_id], by=by, at=at, object_id=found.pk if found else "")
    case.refresh_from_db()
    body = queries.sheet_json(case, queries.sheet_of(found, at=at) if found else None)
    if as_json:
        print_json(body)
        return
    for key, value in body.items():
        if value is not None and not isinstance(value, (list, dict)):
            click.echo(f"{key}: {value}")
    for key in ("referrals", "treatments", "discharges", "visits", "complications", "certificates"):
        for item in body.get(key, ()):
            click.echo(f"{key}: " + ", ".join(f"{name} {value}" for name, value in item.items() if value is not None))
    if "next" in body:
        click.echo(f"next: {body['next']['text']} ({body['next']['role']})")


@care.command("hospitals")
@json_option
def list_hospitals(as_json: bool) -> None:
    """Hospitals on the institution's list (hospitals.toml)."""
    show([{"code": item.code, "name": item.name, "phone": item.phone, "address": item.address} for item in hospitals()],
         as_json)  # fmt: skip


@care.command("list")
@click.option("--show", "which", default="open", show_default=True, type=click.Choice(queries.SHOWS))
@limit_option
@as_option
@json_option
def list_care(which: str, limit: int, user: str | None, as_json: bool) -> None:
    """Who is in care, and how many visits are due."""
    by, at = actor(user), clock.now()
    found = queries.desk_page(by, which, None, size=limit).rows
    audit.saw("care.listed", "care", (row.case.person_id for row in found), by=by, at=at)
    rows: list[Row] = [
        {
            "case": row.case.number, "person": row.case.person.number, "name": row.case.person.name,
            "state": row.state, "until": row.absent_until, "back": row.back_on, "visit": vars(row)["next_visit"],
        } for row in found
    ]  # fmt: skip
    numbers = queries.desk_numbers(by, at=at)
    show(rows, as_json, total=numbers.total, visits_due=numbers.visits_due)


@care.command("show")
@click.argument("number")
@as_option
@json_option
def show_care(number: str, user: str | None, as_json: bool) -> None:
    """Everything kept of the care of the case NUMBER."""
    by = actor(user)
    _tell(by, _case(by, number), as_json)


@care.command("leave")
@click.argument("number")
@click.argument("first")
@click.argument("until")
@as_option
@json_option
def leave(number: str, first: str, until: str, user: str | None, as_json: bool) -> None:
    """The person of the case NUMBER is absent from FIRST until UNTIL, both included."""
    by = actor(user)
    case = _case(by, number)
    actions.set_leave(case, first=parse_day(first), until=parse_day(until), by=by, at=clock.now())
    _tell(by, case, as_json)


@care.command("medical")
@click.argument("number")
@click.option("--allergies", default="")
@click.option("--chronic", default="")
@as_option
@json_option
def medical(number: str, allergies: str, chronic: str, user: str | None, as_json: bool) -> None:
    """Allergies and chronic illness; left out is unknown."""
    by = actor(user)
    case = _case(by, number)
    actions.set_medical(case, allergies=allergies, chronic=chronic, by=by, at=clock.now())
    _tell(by, case, as_json)


@care.command("treat")
@click.argument("number")
@click.argument("text")
@click.option("--kind", default="symptoms", show_default=True, type=click.Choice(Treatment.Kind.values))
@click.option("--place", default="clinic", show_default=True, type=click.Choice(Treatment.Place.values))
@when_option
@as_option
@json_option
def treat(number: str, text: str, kind: str, place: str, when: str | None, user: str | None, as_json: bool) -> None:
    """Enter a treatment; the earliest is the first treatment of the case."""
    by = actor(user)
    case = _case(by, number)
    happened = moment(when, "--when")
    actions.treat(case, kind=kind, place=place, text=text, happened_at=happened, by=by, at=clock.now())
    _tell(by, case, as_json)


@care.command("refer")
@click.argument("number")
@click.argument("hospital")
@click.option("--with", "accompanied_by", default="", help="Who goes along.")
@until_option
@when_option
@reason_option
@as_option
@json_option
def refer(
    number: str, hospital: str, accompanied_by: str, until: str | None, when: str | None, reason: str,
    user: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Refer the person of the case NUMBER to the HOSPITAL (code)."""
    by = actor(user)
    case = _case(by, number)
    actions.refer(
        case, hospital=hospital, reason=reason, accompanied_by=accompanied_by, decided_at=moment(when, "--when"),
        absent_until=_day(until), by=by, at=clock.now(),
    )  # fmt: skip
    _tell(by, case, as_json)


@care.command("step")
@click.argument("referral", type=ID)
@click.argument("what", type=click.Choice(list(WORDS)))
@click.option("--source", default="message", show_default=True, type=click.Choice(["message", "seen"]))
@click.option("--told-by", default="", help="Who said so.")
@when_option
@as_option
@json_option
def step(
    referral: int, what: str, source: str, told_by: str, when: str | None, user: str | None, as_json: bool
) -> None:
    """Add to the log of a REFERRAL: the ambulance's moments, the hospital's words."""
    by = actor(user)
    row = queries.referral_for(by, referral)
    happened = moment(when, "--when")
    actions.add_step(row, what=what, source=source, told_by=told_by, happened_at=happened, by=by, at=clock.now())
    _tell(by, row.care.case, as_json)


@care.command("link")
@click.argument("referral", type=ID)
@as_option
def link(referral: int, user: str | None) -> None:
    """A one-time link by which the hospital of a REFERRAL answers."""
    by = actor(user)
    text = actions.make_link(queries.referral_for(by, referral), by=by, at=clock.now())
    click.echo(f"/cases/care/hospital/{text}/ ({actions.LINK_HOURS} hours, one answer)")


@care.command("note")
@click.argument("referral", type=ID)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@as_option
def note(referral: int, file: Path, user: str | None) -> None:
    """Write the hand-over note of a REFERRAL as .docx."""
    by, at = actor(user), clock.now()
    row = queries.referral_for(by, referral)
    audit.saw("care.noted", "care", [row.care.case.person_id], by=by, at=at, object_id=row.care_id)
    file.write_bytes(papers.note_docx(queries.hand_over(row, at=at), by=by))
    click.echo(str(file))


@care.command("discharge")
@click.argument("number")
@click.argument("instructions")
@click.option("--outcome", default="recovered", show_default=True, type=click.Choice(Discharge.Outcome.values))
@when_option
@as_option
@json_option
def discharge(number: str, instructions: str, outcome: str, when: str | None, user: str | None, as_json: bool) -> None:
    """The end of treatment, with INSTRUCTIONS to the person; plans the follow-up."""
    by = actor(user)
    case = _case(by, number)
    happened = moment(when, "--when")
    actions.discharge(case, outcome=outcome, instructions=instructions, happened_at=happened, by=by, at=clock.now())
    _tell(by, case, as_json)


@care.command("visit")
@click.argument("visit", type=ID)
@click.argument("finding", type=click.Choice(Visit.Finding.values))
@click.option("--note", "text", default="", help="What they said; needed with symptoms.")
@until_option
@as_option
@json_option
def visit(visit: int, finding: str, text: str, until: str | None, user: str | None, as_json: bool) -> None:
    """What a VISIT of the follow-up found; symptoms take care up again."""
    by = actor(user)
    row = queries.visit_for(by, visit)
    actions.record_visit(row, finding=finding, note_text=text, absent_until=_day(until), by=by, at=clock.now())
    _tell(by, row.care.case, as_json)


@care.command("late")
@click.argument("number")
@click.argument("symptoms")
@until_option
@when_option
@as_option
@json_option
def late(number: str, symptoms: str, until: str | None, when: str | None, user: str | None, as_json: bool) -> None:
    """SYMPTOMS after the discharge; with --until the certificate is withdrawn."""
    by = actor(user)
    case = _case(by, number)
    days = {"happened_at": moment(when, "--when"), "absent_until": _day(until)}
    given: dict[str, Any] = {"symptoms": symptoms, **days}
    actions.report_complication(case, by=by, at=clock.now(), **given)
    _tell(by, case, as_json)


@care.command("correct")
@click.argument("kind", type=click.Choice(["step", "treatment", "discharge"]))
@click.argument("entry", type=ID)
@click.option("--withdraw", is_flag=True, help="The entry was never true.")
@click.option("--text", default="", help="Of a step what happened, of a treatment what was given.")
@when_option
@reason_option
@as_option
@json_option
def correct(
    kind: str, entry: int, withdraw: bool, text: str, when: str | None, reason: str, user: str | None, as_json: bool
) -> None:
    """Correct an entry or take it back; what stood there stays in the history."""
    by, at, happened = actor(user), clock.now(), moment(when, "--when")
    if kind == "step":
        step = queries.step_for(by, entry)
        actions.correct_step(step, what=text, happened_at=happened, withdraw=withdraw, reason=reason, by=by, at=at)
        case = step.referral.care.case
    elif kind == "treatment":
        row = queries.treatment_for(by, entry)
        actions.correct_treatment(row, text=text, happened_at=happened, withdraw=withdraw, reason=reason, by=by, at=at)
        case = row.care.case
    else:
        end = queries.discharge_for(by, entry)
        actions.correct_discharge(
            end, instructions=text, happened_at=happened, withdraw=withdraw, reason=reason, by=by, at=at
        )
        case = end.care.case
    _tell(by, case, as_json)


@care.command("review")
@click.argument("number")
@click.argument("back_on")
@as_option
@json_option
def review(number: str, back_on: str, user: str | None, as_json: bool) -> None:
    """The conditions of a return on the day BACK_ON, line by line."""
    by, at = actor(user), clock.now()
    case = _case(by, number)
    audit.saw("care.viewed", "care", [case.person_id], by=by, at=at)
    found = queries.care_of(case) or queries.none_yet(case, at=at)
    body = queries.review_json(queries.review_of(found, back_on=parse_day(back_on), at=at))
    if as_json:
        print_json(body)
        return
    for line in body["lines"]:
        click.echo(f"{'+' if line['met'] else '-'} {line['text']}")


@care.command("clear")
@click.argument("number")
@click.argument("back_on")
@click.option("--reason", default="", help="Needed where a condition is not met.")
@as_option
@json_option
def clear(number: str, back_on: str, reason: str, user: str | None, as_json: bool) -> None:
    """Clear for class and dormitory from the day BACK_ON on."""
    by = actor(user)
    case = _case(by, number)
    actions.clear(case, back_on=parse_day(back_on), reason=reason, by=by, at=clock.now())
    _tell(by, case, as_json)


@care.command("revoke")
@click.argument("certificate", type=ID)
@until_option
@reason_option
@as_option
@json_option
def revoke(certificate: int, until: str | None, reason: str, user: str | None, as_json: bool) -> None:
    """Withdraw a CERTIFICATE of return."""
    by = actor(user)
    row = queries.managed_clearance(by, certificate)
    actions.revoke(row, reason=reason, absent_until=_day(until), by=by, at=clock.now())
    _tell(by, row.care.case, as_json)


@care.command("check")
@click.argument("code")
@json_option
def check(code: str, as_json: bool) -> None:
    """Is the certificate with this CODE valid? Tells of the name its first sign, and no reason."""
    show([queries.verdict_json(queries.verify(code, at=clock.now()))], as_json)
