"""`shouwang checkin`, `alert` and `case`: the clinic's desk."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from uuid import uuid4

import click

from shouwang.cases import actions as case_actions
from shouwang.cases import queries as case_queries
from shouwang.cases.models import Case
from shouwang.cases.outward import card, sent
from shouwang.checkins import actions as checkin_actions
from shouwang.checkins import queries as checkin_queries
from shouwang.checkins.rules import Answers, credentials
from shouwang.cli import lists
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
    short,
    show,
)
from shouwang.core import audit, clock
from shouwang.core.packs import active_packs, get_pack
from shouwang.core.scope import Actor
from shouwang.org.models import Person
from shouwang.org.queries import person_by_number


@click.group()
def checkin() -> None:
    """Daily checks."""


for command in (lists.list_people, lists.why, lists.bulk, lists.export):
    checkin.add_command(command)


@checkin.command("add")
@click.argument("number")
@click.option("--temperature", metavar="°C", help="Leave it out when it was not taken.")
@click.option("--symptom", "symptoms", multiple=True, metavar="CODE", help="Once for each, e.g. cough.")
@click.option("--exposed/--not-exposed", "exposure", default=None, help="Near a case; leave it out when unknown.")
@click.option("--why-proxy", "proxy_reason", default="", help="Why somebody else checks in for this person.")
@as_option
@json_option
def add_checkin(
    number: str,
    temperature: str | None,
    symptoms: tuple[str, ...],
    exposure: bool | None,
    proxy_reason: str,
    user: str | None,
    as_json: bool,
) -> None:
    """Check in for the person NUMBER, by proxy unless it is one's own account."""
    by, now = actor(user), clock.now()
    person = _self_or_proxied(by, number)
    own = by.person_id == person.pk
    try:
        celsius = None if temperature is None else Decimal(temperature)
    except InvalidOperation as error:
        raise click.BadParameter(f"{temperature!r} is no temperature", param_hint="--temperature") from error
    row = checkin_actions.submit(
        person=person,
        answers=Answers(temperature_c=celsius, symptoms=symptoms, exposure=exposure),
        client_key=f"cli-{uuid4()}",
        source="self" if own else "proxy",
        proxy_reason="" if own else proxy_reason,
        by=by,
        at=now,
    )
    body = {"person": person.number, "day": row.day, "severity": row.severity, "receipt": row.receipt}
    show([body], as_json)


def _self_or_proxied(by: Actor, number: str) -> Person:
    if by.person_id is not None:
        own = Person.objects.filter(pk=by.person_id, number=number).select_related("home").first()
        if own is not None:
            return own
    return person_by_number(by, number, "checkin.proxy")


@checkin.command("notyet")
@click.option("--date", "day", help="Day, e.g. 2026-03-02; default today.")
@limit_option
@as_option
@json_option
def not_yet(day: str | None, limit: int, user: str | None, as_json: bool) -> None:
    """Who is on the roster and has not been heard of."""
    by, chosen = actor(user), parse_day(day)
    by.require("checkin.status")
    people = checkin_queries.not_yet(by, chosen)
    rows = [{"number": p.number, "name": p.name, "unit": p.home.title if p.home else None} for p in people[:limit]]
    show(rows, as_json, day=chosen, total=people.count())


def _own_or_managed(by: Actor, number: str) -> Person:
    if by.person_id is not None:
        own = Person.objects.filter(pk=by.person_id, number=number).select_related("home").first()
        if own is not None:
            return own
    return person_by_number(by, number, "account.manage")


@checkin.command("ticket")
@click.argument("number")
@as_option
@json_option
def ticket(number: str, user: str | None, as_json: bool) -> None:
    """A check-in pass for the person NUMBER: one's own, or of somebody whose account one manages."""
    by, now = actor(user), clock.now()
    person = _own_or_managed(by, number)
    found = checkin_actions.hand_out_ticket(person, mouth=credentials.LINK, by=by, at=now)
    body = {"person": person.number, "ticket": found, "link": f"/c/{found}/", "expires": now + credentials.LIFETIME}
    show([body], as_json)


@checkin.command("revoke")
@click.argument("number")
@as_option
def revoke(number: str, user: str | None) -> None:
    """Withdraw every check-in pass of the person NUMBER."""
    by = actor(user)
    person = _own_or_managed(by, number)
    checkin_actions.revoke_tickets(person, by=by, at=clock.now())
    click.echo(f"{person.number}: every pass given out before is withdrawn")


@click.group()
def alert() -> None:
    """Symptom alerts."""


@alert.command("list")
@limit_option
@as_option
@json_option
def list_alerts(limit: int, user: str | None, as_json: bool) -> None:
    """Open alerts, the most severe first."""
    by = actor(user)
    by.require("alert.handle")
    queue = checkin_queries.alert_queue(by)
    found = list(queue.select_related("person")[:limit])
    audit.saw("alert.listed", "alert", (row.person_id for row in found), by=by, at=clock.now())
    rows: list[Row] = [
        {
            "id": row.pk,
            "person": row.person.number,
            "name": row.person.name,
            "severity": row.severity,
            "raised": row.raised_at,
            "rule": row.rule,
        }
        for row in found
    ]
    show(rows, as_json, total=queue.count())


@alert.command("close")
@click.argument("alert_id", type=click.IntRange(1, 2**63 - 1))
@reason_option
@as_option
def close_alert(alert_id: int, reason: str, user: str | None) -> None:
    """Close an alert that is no case."""
    by = actor(user)
    row = checkin_actions.close_alert(checkin_queries.alert_for(by, alert_id), reason=reason, by=by, at=clock.now())
    click.echo(f"alert {row.pk}: {row.state}")


@click.group()
def case() -> None:
    """Cases."""


def _case(by: Actor, number: str) -> Case:
    """A case by its number; recorded as read."""
    found = case_queries.case_by_number(by, number)
    audit.saw("case.viewed", "case", [found.person_id], by=by, at=clock.now(), object_id=found.pk)
    return found


@case.command("list")
@click.option("--all", "closed_too", is_flag=True, help="Closed ones as well.")
@limit_option
@as_option
@json_option
def list_cases(closed_too: bool, limit: int, user: str | None, as_json: bool) -> None:
    """Cases in reach, newest first."""
    by = actor(user)
    by.require(case_queries.VIEW)
    rows = case_queries.visible_cases(by).order_by("-opened_at", "-pk")
    rows = rows if closed_too else rows.filter(closed_at__isnull=True)
    found = list(rows[:limit])
    audit.saw("case.listed", "case", (row.person_id for row in found), by=by, at=clock.now())
    show([_case_row(row) for row in found], as_json, total=rows.count())


def _case_row(row: Case) -> Row:
    return {
        "number": row.number,
        "person": row.person.number,
        "name": row.person.name,
        "class": row.classification,
        "onset": row.onset_at,
        "detected": row.detected_at,
        "closed": row.closed_at,
    }


@case.command("open")
@click.argument("number")
@click.option("--class", "classification", required=True, help="suspected, probable, confirmed or asymptomatic.")
@click.option("--pack", "code", help="Disease pack; default the first one in force.")
@click.option("--onset", metavar="ISO8601", help="When symptoms began.")
@click.option("--alert", "alert_id", type=click.IntRange(1, 2**63 - 1), help="The alert this answers.")
@reason_option
@as_option
@json_option
def open_case(
    number: str,
    classification: str,
    code: str | None,
    onset: str | None,
    alert_id: int | None,
    reason: str,
    user: str | None,
    as_json: bool,
) -> None:
    """Open a case for the person NUMBER."""
    by, now = actor(user), clock.now()
    found = active_packs(clock.local_day(now))
    if code is None and not found:
        raise click.UsageError("no disease pack is in force; see `shouwang pack list`")
    row = case_actions.open_case(
        person=person_by_number(by, number, "case.manage"),
        pack=get_pack(code) if code else found[0],
        classification=classification,
        onset_at=moment(onset, "--onset"),
        reason=reason,
        alert=checkin_queries.alert_for(by, alert_id) if alert_id else None,
        by=by,
        at=now,
    )
    show([_case_row(row)], as_json)


@case.command("classify")
@click.argument("number")
@click.argument("classification")
@reason_option
@as_option
def classify(number: str, classification: str, reason: str, user: str | None) -> None:
    """Give the case NUMBER another class."""
    by = actor(user)
    row = case_actions.classify(_case(by, number), new=classification, reason=reason, by=by, at=clock.now())
    click.echo(f"{row.number}: {row.classification}")


@case.command("date")
@click.argument("number")
@click.argument("what", type=click.Choice(list(case_actions.DATE_FIELDS)))
@click.argument("when")
@click.option("--reason", default="", help="Needed where a date is corrected.")
@as_option
def set_date(number: str, what: str, when: str, reason: str, user: str | None) -> None:
    """Set a date of the case NUMBER, e.g. `isolated_at 2026-03-02T14:20`."""
    by = actor(user)
    dates: dict[str, Any] = {what: moment(when, "WHEN")}
    row = case_actions.set_dates(_case(by, number), by=by, at=clock.now(), reason=reason, **dates)
    click.echo(f"{row.number}: {what} {short(getattr(row, what))}")


@case.command("close")
@click.argument("number")
@reason_option
@as_option
def close_case(number: str, reason: str, user: str | None) -> None:
    """Close the case NUMBER."""
    by = actor(user)
    row = case_actions.close_case(_case(by, number), reason=reason, by=by, at=clock.now())
    click.echo(f"{row.number}: closed")


@case.command("merge")
@click.argument("kept")
@click.argument("duplicate")
@click.option("--dry-run", is_flag=True, help="Only say what would move.")
@reason_option
@as_option
def merge_cases(kept: str, duplicate: str, dry_run: bool, reason: str, user: str | None) -> None:
    """The case DUPLICATE is the same episode as KEPT: what hangs on it goes there, and it counts no more."""
    by = actor(user)
    found, other = _case(by, kept), _case(by, duplicate)
    if dry_run:
        for side, rows in case_actions.plan_of(found, other, by=by).items():
            click.echo(f"{side}: " + (", ".join(f"{table} {number}" for table, number in rows.items()) or "nothing"))
        return
    row = case_actions.merge_cases(found, other, reason=reason, by=by, at=clock.now())
    click.echo(f"{other.number}: merged into {found.number}; merge {row.pk}")


@case.command("unmerge")
@click.argument("merge", type=int)
@reason_option
@as_option
def unmerge_cases(merge: int, reason: str, user: str | None) -> None:
    """Undo the merge of two cases."""
    by = actor(user)
    row = case_actions.unmerge_cases(case_queries.merge_for(by, merge), reason=reason, by=by, at=clock.now())
    click.echo(f"{row.merged.number}: a case of its own again")


@case.command("clocks")
@limit_option
@as_option
@json_option
def clocks(limit: int, user: str | None, as_json: bool) -> None:
    """Clocks that are late, and those due soon, each with who answers and whom it was last taken to."""
    by, now = actor(user), clock.now()
    by.require(case_queries.VIEW)
    near = case_queries.awaited_in_reach(by)
    late = case_queries.clock_page(case_queries.late_clocks(by, now, near=near), "", limit).rows
    soon = case_queries.clock_page(case_queries.due_soon(by, now, near=near), "", limit).rows
    audit.saw("clock.listed", "case", (row.case.person_id for row in (*late, *soon)), by=by, at=now)
    rows: list[Row] = []
    for place, row in enumerate(case_queries.clock_rows([*late, *soon])):
        told = row.last.person if row.last else None
        rows.append(
            {
                "case": row.clock.case.number, "clock": row.clock.code, "due": row.clock.due_at,
                "state": "late" if place < len(late) else "soon", "role": row.clock.owner_role,
                "owner": row.clock.owner.name if row.clock.owner else None,
                "taken_to": told.name if told else None,
            }
        )  # fmt: skip
    show(rows, as_json, at=now, **case_queries.clock_counts(now, near))


@case.command("card")
@click.argument("number")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the draft as .docx here.")
@click.option("--sent", "sent_at", type=click.DateTime(["%Y-%m-%dT%H:%M"]), help="It was reported then: keep it so.")
@click.option("--reference", default="", help="Number in the national system.")
@as_option
@json_option
def report_card(
    number: str, out: Path | None, sent_at: datetime | None, reference: str, user: str | None, as_json: bool
) -> None:
    """Draft of the statutory report card of the case NUMBER: what is known, what is missing, by when it is due."""
    by, at = actor(user), clock.now()
    row = _case(by, number)
    if sent_at is not None:
        sent.record_sent(row, sent_at=sent_at.replace(tzinfo=clock.zone()), reference=reference, by=by, at=at)
        row.refresh_from_db()
    found = card.card_of(by, row, at=at)
    audit.saw("case.carded", "case", [row.person_id], by=by, at=at, object_id=row.pk)
    if out is not None:
        out.write_bytes(card.card_docx(found, by=by))
    if as_json:
        print_json(dict(card.card_json(found)))
        return
    for entry in found.entries:
        click.echo(f"{entry.label}{'*' if entry.required else ''}: {entry.value or ('?' if entry.required else '')}")
    rows = sent.sent_cards(row)
    for change in sent.changes_since(by, found, rows[0] if rows else None):
        click.echo(f"! {change.label}: {change.before or '?'} -> {change.now or '?'}")


@case.command("delays")
@click.option("--first", help="Day of detection, e.g. 2026-03-02; default twelve weeks up to the last.")
@click.option("--last", help="Default today.")
@click.option("--disease", default="", help="Default: all.")
@click.option("--unit", default="", help="Code or name; default everything in reach.")
@click.option("--out", type=click.Path(dir_okay=False, writable=True), help="Write an Excel file instead.")
@as_option
@json_option
def delays(
    first: str | None, last: str | None, disease: str, unit: str, out: str | None, user: str | None, as_json: bool
) -> None:
    """How long the steps of cases took, by week of detection, and 7-1-7."""
    by, now = actor(user), clock.now()
    by.require("report.view")
    end = parse_day(last)
    begin = parse_day(first) if first else end - timedelta(days=end.weekday(), weeks=case_queries.WEEKS - 1)
    found = case_queries.delays_of(by, first=begin, last=end, disease=disease, unit=unit, at=now)
    if out:
        with Path(out).open("wb") as target:
            count = case_actions.export_delays(target, found, by=by, at=now)
        click.echo(f"{out}: {count} rows")
        return
    body = case_queries.delays_json(found)
    if as_json:
        print_json(body)
        return
    rows: list[Row] = [
        {
            "week": str(week.get("week") or "all weeks"), "step": leg, "known": f"{item['known']}/{item['total']}",
            "median_h": "<5" if item["left_out"] else item["median_hours"],
            "p90_h": "<5" if item["left_out"] else item["p90_hours"],
            "complete": "no" if week["incomplete"] else "yes",
        }
        for week in (body["together"], *body["weeks"])
        for leg, item in week["delays"].items()
    ]  # fmt: skip
    show(rows, as_json, at=now)
    for row in body["seven_one_seven"]:
        states = ", ".join(f"{name}: {item['state']}" for name, item in row["intervals"].items()) or "<5"
        click.echo(f"7-1-7  {row['disease']}  {row['first']} – {row['last']}  {states}")
