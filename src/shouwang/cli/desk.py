"""`shouwang contact` and `order`: the desks of tracer and quarantine station."""

from __future__ import annotations

import click

from shouwang.cases.models import Case
from shouwang.cli.common import (
    Row,
    actor,
    as_option,
    json_option,
    limit_option,
    place_named,
    print_json,
    reason_option,
    show,
)
from shouwang.core import audit, clock
from shouwang.core.errors import NotFound
from shouwang.core.scope import Actor
from shouwang.isolation import actions as order_actions
from shouwang.isolation import queries as order_queries
from shouwang.isolation.models import Order
from shouwang.tracing import actions as trace_actions
from shouwang.tracing import queries as trace_queries
from shouwang.tracing.models import Contact
from shouwang.tracing.queries import conversion, encounters, sharing, transit


@click.group()
def contact() -> None:
    """Contacts of a case."""


def _case_to_trace(by: Actor, number: str) -> Case:
    found = trace_queries.cases_to_trace(by).filter(number=number.upper()).first()
    if found is None:
        raise NotFound
    return found


def _contact_row(row: Contact) -> Row:
    return {
        "id": row.pk,
        "person": row.person.number,
        "name": row.person.name,
        "grade": row.grade,
        "state": row.state,
        "minutes": row.seconds // 60,
        "last": row.last_at,
        "asked": row.tracer.number if row.tracer else None,
    }


@contact.command("trace")
@click.argument("number")
@as_option
@json_option
def trace_case(number: str, user: str | None, as_json: bool) -> None:
    """Find and grade everyone who was with the case NUMBER."""
    by = actor(user)
    run = trace_actions.trace_case(_case_to_trace(by, number), by=by, at=clock.now())
    row: Row = {
        "case": number.upper(),
        "found": run.found,
        "visits_searched": run.visits_searched,
        "ms": run.elapsed_us / 1000,
        "days_missing": ", ".join(run.days_missing) or None,
    }
    show([row], as_json)


@contact.command("list")
@click.argument("number")
@click.option("--state", type=click.Choice(Contact.State.values), default=None)
@click.option("--grade", default="", help="e.g. close")
@limit_option
@as_option
@json_option
def list_contacts(number: str, state: str | None, grade: str, limit: int, user: str | None, as_json: bool) -> None:
    """Contacts of the case NUMBER, close before general, longest first."""
    by = actor(user)
    found = _case_to_trace(by, number)
    wanted = trace_queries.contacts_of(by, found, trace_queries.ContactFilter(state=state or "", grade=grade))
    shown = list(wanted[:limit])
    people = [found.person_id, *(row.person_id for row in shown)]
    audit.saw("contact.listed", "contact", people, by=by, at=clock.now(), object_id=found.pk)
    show([_contact_row(row) for row in shown], as_json, total=wanted.count())


@contact.command("confirm")
@click.argument("contact_ids", nargs=-1, required=True, type=click.IntRange(1, 2**63 - 1))
@click.option("--reason", default="")
@as_option
@json_option
def confirm(contact_ids: tuple[int, ...], reason: str, user: str | None, as_json: bool) -> None:
    """Confirm contacts by id; several must be of one case, and are confirmed all or none."""
    by, now = actor(user), clock.now()
    first = trace_queries.contact_for(by, contact_ids[0])
    if len(contact_ids) == 1:
        done = [trace_actions.confirm(first, reason=reason, by=by, at=now)]
    else:
        done = trace_actions.confirm_many(first.case, contact_ids, reason=reason, by=by, at=now)
    show([_contact_row(row) for row in done], as_json)


@contact.command("dismiss")
@click.argument("contact_id", type=click.IntRange(1, 2**63 - 1))
@reason_option
@as_option
@json_option
def dismiss(contact_id: int, reason: str, user: str | None, as_json: bool) -> None:
    """The person is no contact."""
    by = actor(user)
    done = trace_actions.dismiss(trace_queries.contact_for(by, contact_id), reason=reason, by=by, at=clock.now())
    show([_contact_row(done)], as_json)


@contact.command("history")
@click.argument("contact_id", type=click.IntRange(1, 2**63 - 1))
@as_option
@json_option
def history(contact_id: int, user: str | None, as_json: bool) -> None:
    """What happened to a contact: found, decided, followed, became a case, followed again; newest first."""
    by = actor(user)
    found = trace_queries.contact_for(by, contact_id)
    audit.saw("contact.evidence", "contact", [found.person_id], by=by, at=clock.now(), object_id=found.pk)
    show([dict(conversion.step_json(step)) for step in conversion.history(by, found)], as_json)


@contact.command("share")
@click.argument("number")
@click.option(
    "--among", multiple=True, metavar="NUMBER", help="A tracer's number, once for each; default: all who may."
)
@click.option("--apply", "applies", is_flag=True, help="Without it the proposal is only shown.")
@as_option
@json_option
def share(number: str, among: tuple[str, ...], applies: bool, user: str | None, as_json: bool) -> None:
    """Share the undecided contacts of the case NUMBER among tracers by load; what somebody has stays with them."""
    by, now = actor(user), clock.now()
    found = _case_to_trace(by, number)
    chosen = sharing.tracers_named(found, among, on=clock.local_day(now)) if among else None
    if applies:
        shared = trace_actions.share_contacts(found, chosen, by=by, at=now)
    else:
        shared = sharing.proposal(by, found, chosen, on=clock.local_day(now))
    body = sharing.as_json(shared)
    rows: list[Row] = body.pop("tracers")
    show(rows, as_json, applied=applies, **body)


@contact.command("queue")
@limit_option
@as_option
@json_option
def queue(limit: int, user: str | None, as_json: bool) -> None:
    """What the account of --as is asked to decide, close contacts first."""
    by = actor(user)
    wanted = sharing.queue_of(by, by.person_id or 0)
    shown = list(wanted[:limit])
    audit.saw("contact.listed", "contact", [row.person_id for row in shown], by=by, at=clock.now())
    show([{"case": row.case.number, **_contact_row(row)} for row in shown], as_json, total=wanted.count())


@contact.command("take-back")
@click.argument("number")
@reason_option
@as_option
def take_back(number: str, reason: str, user: str | None) -> None:
    """Take back what the tracer NUMBER has not decided; `share` gives it to others."""
    by = actor(user)
    count = trace_actions.take_back(sharing.carrier(by, number), reason=reason, by=by, at=clock.now())
    click.echo(f"{number}: {count} taken back")


@contact.command("encounters")
@click.argument("number")
@click.argument("key", required=False)
@as_option
@json_option
def list_encounters(number: str, key: str | None, user: str | None, as_json: bool) -> None:
    """Lessons, rooms and meals at which the case NUMBER met its contacts; with KEY everybody at one of them."""
    by = actor(user)
    found = _case_to_trace(by, number)
    if key is None:
        audit.saw("contact.place", "contact", [found.person_id], by=by, at=clock.now(), object_id=found.pk)
        show([encounters.line_json(line) for line in encounters.encounters(by, found)], as_json)
        return
    sheet = encounters.encounter(by, found, key)
    people = [found.person_id, *(row.contact.person_id for row in sheet.rows)]
    audit.saw("contact.place", "contact", people, by=by, at=clock.now(), object_id=found.pk)
    body = encounters.sheet_json(sheet)
    if as_json:
        print_json(body)
        return
    rows: list[Row] = [
        {**person, "absences": "; ".join(item["text"] for item in person["absences"]) or None}
        for person in body["people"]
    ]
    show(rows, as_json=False)


@contact.command("walked")
@click.argument("number")
@as_option
@json_option
def walked(number: str, user: str | None, as_json: bool) -> None:
    """Who left one place and entered another when the case NUMBER did, and may have walked with it."""
    by, now = actor(user), clock.now()
    case = _case_to_trace(by, number)
    found = transit.companions(case, at=now)
    people = [case.person_id, *transit.people_in(found)]
    audit.saw("contact.transit", "contact", people, by=by, at=now, object_id=case.pk)
    if as_json:
        print_json(dict(transit.companions_json(found)))
        return
    rows: list[Row] = [
        {"number": row.person.number, "name": row.person.name, "walks": len(row.walks),
         "contact": row.contact.state if row.contact else ""}
        for row in found.people
    ]  # fmt: skip
    show(rows, as_json=False)


@contact.command("decide-encounter")
@click.argument("number")
@click.argument("key")
@click.argument("what", type=click.Choice(trace_actions.encounters.WHAT))
@click.option("--whom", type=click.Choice(trace_actions.encounters.WHOM), default="present", show_default=True)
@reason_option
@as_option
@json_option
def decide_encounter(number: str, key: str, what: str, whom: str, reason: str, user: str | None, as_json: bool) -> None:
    """Confirm or dismiss the undecided at one encounter; `present` leaves those out who were elsewhere by record."""
    by = actor(user)
    found = _case_to_trace(by, number)
    decided = trace_actions.decide_encounter(found, key, what=what, whom=whom, reason=reason, by=by, at=clock.now())
    show([_contact_row(row) for row in decided.done], as_json, left=[row.pk for row in decided.left])


@click.group()
def order() -> None:
    """Quarantine and isolation orders."""


def _order(by: Actor, number: str) -> Order:
    """An order by its number; recorded as read."""
    found = order_queries.visible_orders(by).filter(number=number.upper()).first()
    if found is None:
        raise NotFound
    audit.saw("order.seen", "order", [found.person_id], by=by, at=clock.now(), object_id=found.pk)
    return found


def _order_row(row: Order) -> Row:
    return {
        "number": row.number,
        "kind": row.kind,
        "person": row.person.number,
        "name": row.person.name,
        "state": row.state,
        "where": row.where,
        "from": row.starts_on,
        "until": row.ends_on,
    }


@order.command("list")
@click.option("--show", "which", type=click.Choice(list(order_queries.SHOW)), default="in_force", show_default=True)
@limit_option
@as_option
@json_option
def list_orders(which: str, limit: int, user: str | None, as_json: bool) -> None:
    """Orders in reach."""
    by, now = actor(user), clock.now()
    rows = order_queries.desk(by, order_queries.DeskFilter(show=which), at=now)
    found = list(rows[:limit])
    audit.saw("orders.listed", "order", (row.person_id for row in found), by=by, at=now)
    show([_order_row(row) for row in found], as_json, total=rows.count())


@order.command("show")
@click.argument("number")
@as_option
@json_option
def show_order(number: str, user: str | None, as_json: bool) -> None:
    """One order, with how its end was computed."""
    row = _order(actor(user), number)
    if as_json:
        print_json({**_order_row(row), "rule": row.rule, "because": row.because_en, "because_zh": row.because_zh})
        return
    show([_order_row(row)], as_json=False)
    click.echo(row.because_en)


@order.command("absent")
@limit_option
@as_option
@json_option
def absent(limit: int, user: str | None, as_json: bool) -> None:
    """Who is absent until when, without the reason."""
    by = actor(user)
    found = order_queries.absences_page(by, None, at=clock.now(), size=limit).rows
    rows: list[Row] = [
        {"person": row.person.number, "name": row.person.name, "since": row.since, "until": row.until} for row in found
    ]
    show(rows, as_json, total=order_queries.absences(by, on=clock.today()).count())


@order.command("place")
@click.argument("number")
@click.option("--room", "code", metavar="CODE", help="Code of an isolation room.")
@click.option("--home", "address", help="Address where the person stays.")
@as_option
def place(number: str, code: str | None, address: str | None, user: str | None) -> None:
    """Give the person of the order NUMBER a room, or let them stay at home."""
    if (code is None) == (address is None):
        raise click.UsageError("say either --room or --home")
    by, now = actor(user), clock.now()
    row = _order(by, number)
    if code is not None:
        order_actions.assign_room(row, place_named(by, code), by=by, at=now)
    else:
        order_actions.stay_home(row, address or "", by=by, at=now)
    click.echo(f"{row.number}: {code or address}")


@order.command("end")
@click.argument("number")
@click.option("--reason", default="", help="Needed where a criterion of release is not met.")
@click.option("--confirm", "confirmed", multiple=True, metavar="CODE", help="What the pack wants seen, and you saw.")
@as_option
def end(number: str, reason: str, confirmed: tuple[str, ...], user: str | None) -> None:
    """End an order by review: by rule when every criterion is met, else by decision with a reason."""
    by = actor(user)
    decision = order_actions.end_order(_order(by, number), reason=reason, confirmed=confirmed, by=by, at=clock.now())
    unmet = ", ".join(item.code for item in decision.unmet)
    click.echo(f"{number.upper()}: ended " + (f"by decision; not met: {unmet}" if unmet else "by rule"))
