"""`shouwang beds`: rooms for all who wait, the days ahead, cleaned rooms."""

from __future__ import annotations

import click

from shouwang.cli.common import actor, as_option, json_option, place_named, print_json, show
from shouwang.core import audit, clock
from shouwang.isolation import actions, queries
from shouwang.isolation.models import RoomSheet
from shouwang.isolation.words import AIM_WORDS


@click.group()
def beds() -> None:
    """Isolation rooms."""


@beds.command("plan")
@click.option("--apply", "give", is_flag=True, help="Give the proposed rooms; each by itself.")
@as_option
@json_option
def plan(give: bool, user: str | None, as_json: bool) -> None:
    """The best room for everybody who waits, and how good the plan is."""
    by, at = actor(user), clock.now()
    found = queries.bed_plan(by, at=at)
    audit.saw("rooms.planned", "order", [line.order.person_id for line in found.lines], by=by, at=at)
    pairs = [(line.order.pk, line.room.pk, line.order.version) for line in found.lines if line.room] if give else []
    done = {one.order_id: one for one in actions.apply_plan(pairs, by=by, at=at)}
    rows = [
        {
            "order": line.order.number, "person": line.order.person.number, "name": line.order.person.name,
            "room": line.room.title if line.room else "", "with_others": line.with_others,
            "given": done[line.order.pk].given if line.order.pk in done else False,
            "why": str(done[line.order.pk].why) if line.order.pk in done else "",
        }
        for line in found.lines
    ]  # fmt: skip
    if as_json:
        aims = [{"name": aim.name, "value": aim.value, "bound": aim.bound} for aim in found.aims]
        print_json({"lines": rows, "aims": aims, "left_over": found.left_over, "at": at})
        return
    show(rows, as_json=False)
    for aim in found.aims:
        click.echo(f"{AIM_WORDS[aim.name]}: {aim.value} (no plan below {aim.bound})")


@beds.command("ahead")
@as_option
@json_option
def ahead(user: str | None, as_json: bool) -> None:
    """Free beds of the days ahead, if nobody new comes."""
    found = queries.bed_forecast(actor(user), at=clock.now())
    days = [
        {"on": day.on, "free": day.ahead.free, "waiting": day.ahead.waiting, "short": day.ahead.short}
        for day in found.dated
    ]
    if as_json:
        print_json({"days": days, "rooms_to_clean": found.to_clean, "at": found.at})
        return
    show(days, as_json=False)
    click.echo(f"rooms to clean: {found.to_clean}")


@beds.command("cleaned")
@click.argument("codes", nargs=-1, required=True)
@as_option
def cleaned(codes: tuple[str, ...], user: str | None) -> None:
    """The rooms CODE … were cleaned and take guests again."""
    by = actor(user)
    rooms = [place_named(by, code) for code in codes]
    click.echo(f"{actions.clean_rooms(rooms, by=by, at=clock.now())} ready")


@beds.command("room")
@click.argument("code")
@click.option("--zone", type=click.Choice(RoomSheet.Zone.values), default="guests", show_default=True)
@click.option("--state", type=click.Choice(RoomSheet.State.values), default="ready", show_default=True)
@click.option("--step-free/--steps", "step_free", default=None, help="Left out: nobody has said.")
@as_option
def room(code: str, zone: str, state: str, step_free: bool | None, user: str | None) -> None:
    """Write the sheet of the room CODE."""
    by = actor(user)
    sheet = actions.set_room(place_named(by, code), zone=zone, state=state, step_free=step_free, by=by, at=clock.now())
    click.echo(f"{code}: {sheet.zone}, {sheet.state}")
