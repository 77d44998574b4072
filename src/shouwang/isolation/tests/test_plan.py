"""The plan of rooms on real orders: page, interface and terminal; needs, cleaned rooms, the days ahead."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.test import Client
from django.urls import reverse

from shouwang.cli.beds import beds
from shouwang.core.errors import BadInput, Conflict, Forbidden, NotFound
from shouwang.core.models import AuditEntry
from shouwang.core.scope import system_actor
from shouwang.isolation import actions, queries
from shouwang.isolation.models import Need, Order, RoomSheet, Stay
from shouwang.isolation.rules.bed_settings import bed_settings
from shouwang.isolation.tests.scenes import make_case, make_contact
from shouwang.org.actions import add_place
from shouwang.org.models import Person, Place
from shouwang.org.tests.cast import NOON, SINCE, Cast

NAMES = ("wang", "zhao", "ou", "meng")
Enter = Callable[[str], Client]


@pytest.fixture
def orders(cast: Cast) -> dict[str, Order]:
    """Four contacts of Lin's case who wait for a place: three women, one man."""
    for name in NAMES:
        Person.objects.filter(pk=cast.person[name].pk).update(sex="m" if name == "zhao" else "f")
    case = make_case(cast, "lin")
    found = {}
    for name in NAMES:
        order = actions.order_for_contact(make_contact(cast, case, name), by=cast.by("qiu"), at=NOON)
        assert order is not None
        found[name] = order
    return found


@pytest.fixture
def double(cast: Cast) -> Place:
    return add_place(
        parent=cast.place["ISO"], kind="isolation_room", code="ISO-3", name="东苑3号房", capacity=2, starts=SINCE,
        by=system_actor(), at=NOON,
    )  # fmt: skip


def rooms_of(plan: queries.BedPlan) -> dict[int, str | None]:
    return {line.order.pk: line.room.code if line.room else None for line in plan.lines}


def test_all_who_wait_are_planned_at_once(cast: Cast, orders: dict[str, Order], double: Place) -> None:
    plan = queries.bed_plan(cast.by("he"), at=NOON)
    given = rooms_of(plan)
    assert set(given) == {order.pk for order in orders.values()}
    assert plan.waiting == 0 and plan.placed == 4
    women = [given[orders[name].pk] for name in ("wang", "ou", "meng")]
    assert women.count("ISO-3") == 2 and given[orders["zhao"].pk] in {"ISO-1", "ISO-2"}
    assert {line.with_others for line in plan.lines if line.room == double} == {1}


def test_whom_no_room_fits_waits_and_is_shown_first(cast: Cast, orders: dict[str, Order]) -> None:
    plan = queries.bed_plan(cast.by("he"), at=NOON)
    assert [line.room is None for line in plan.lines] == [True, True, False, False]
    assert plan.aims[0].value == plan.aims[0].bound == 2


def test_a_room_to_clean_a_staff_room_and_one_out_of_order_are_left_out(
    cast: Cast, orders: dict[str, Order], double: Place
) -> None:
    clinic = cast.by("he")
    actions.set_room(double, zone="staff", state="ready", step_free=None, by=clinic, at=NOON)
    actions.set_room(cast.place["ISO-1"], zone="guests", state="out", step_free=None, by=clinic, at=NOON)
    assert set(rooms_of(queries.bed_plan(clinic, at=NOON)).values()) == {None, "ISO-2"}
    with pytest.raises(BadInput) as zone:
        actions.assign_room(orders["ou"], double, by=clinic, at=NOON)
    assert zone.value.error_code == "room_of_zone"
    with pytest.raises(Conflict) as out:
        actions.assign_room(orders["ou"], cast.place["ISO-1"], by=clinic, at=NOON)
    assert out.value.error_code == "room_not_ready"


def test_the_last_to_leave_leaves_a_room_to_clean(cast: Cast, orders: dict[str, Order], double: Place) -> None:
    clinic, later = cast.by("he"), NOON + timedelta(hours=2)
    for name in ("wang", "ou"):
        actions.assign_room(orders[name], double, by=clinic, at=NOON)
    actions.stay_home(orders["wang"], "家属楼 3-201", by=clinic, at=later)
    assert not RoomSheet.objects.filter(room=double, state="dirty").exists()
    actions.assign_room(orders["meng"], double, by=clinic, at=later)  # she joins who is still there
    for name in ("ou", "meng"):
        actions.end_order(orders[name], reason="检测阴性", by=clinic, at=later)
    assert RoomSheet.objects.get(room=double).state == "dirty"
    assert actions.clean_rooms([double, cast.place["ISO-1"]], by=clinic, at=later) == 1
    assert actions.clean_rooms([double], by=clinic, at=later) == 0
    assert AuditEntry.objects.get(verb="room.changed").new == {"state": "ready"}


def test_what_they_need_moves_the_plan(cast: Cast, orders: dict[str, Order], double: Place) -> None:
    clinic = cast.by("he")
    actions.set_room(double, zone="guests", state="ready", step_free=True, by=clinic, at=NOON)
    actions.set_need(orders["zhao"], step_free=True, by=clinic, at=NOON)
    actions.set_need(orders["wang"], step_free=False, together_with=orders["ou"].number, by=clinic, at=NOON)
    given = rooms_of(queries.bed_plan(clinic, at=NOON))
    assert given[orders["wang"].pk] == given[orders["ou"].pk]
    assert given[orders["zhao"].pk] in {"ISO-3", None}  # one double: the family or he, whichever leaves fewer waiting
    assert list(given.values()).count(None) == 1
    actions.set_need(orders["wang"], step_free=False, by=clinic, at=NOON)
    assert rooms_of(queries.bed_plan(clinic, at=NOON))[orders["zhao"].pk] == "ISO-3"
    assert Need.objects.count() == 1


@pytest.mark.parametrize("number", ["Q-1999-0001", "own", "hidden"])
def test_together_with_names_an_order_one_may_see(cast: Cast, orders: dict[str, Order], number: str) -> None:
    text = orders["wang"].number if number == "own" else number
    with pytest.raises(BadInput) as refusal:
        actions.set_need(orders["wang"], step_free=False, together_with=text, by=cast.by("he"), at=NOON)
    assert refusal.value.field == "together_with" and not Need.objects.exists()


@pytest.mark.parametrize("name", ["fang", "qiu", "su", "gu", "wang"])
def test_only_who_manages_isolation(cast: Cast, orders: dict[str, Order], name: str) -> None:
    by = cast.by(name)
    for read in (queries.bed_plan, queries.bed_forecast):
        with pytest.raises(NotFound):
            read(by, at=NOON)
    with pytest.raises(Forbidden):
        actions.clean_rooms([cast.place["ISO-1"]], by=by, at=NOON)
    with pytest.raises(Forbidden):
        actions.set_room(cast.place["ISO-1"], zone="guests", state="ready", step_free=True, by=by, at=NOON)
    with pytest.raises(Forbidden):
        actions.set_need(orders["wang"], step_free=True, by=by, at=NOON)


def test_a_line_that_was_overtaken_leaves_the_others(cast: Cast, orders: dict[str, Order]) -> None:
    clinic = cast.by("he")
    actions.assign_room(orders["meng"], cast.place["ISO-1"], by=clinic, at=NOON)
    pairs = [
        (orders["wang"].pk, cast.place["ISO-1"].pk, None), (orders["ou"].pk, cast.place["ISO-2"].pk, None),
        (10**9, cast.place["ISO-2"].pk, None),
    ]  # fmt: skip
    for _twice in range(2):
        done = actions.apply_plan(pairs, by=clinic, at=NOON)
        assert [one.given for one in done] == [False, True, False]
        assert all(one.why for one in done if not one.given)
    assert Stay.objects.filter(ends_at=None).count() == 2


def test_the_days_ahead(cast: Cast, orders: dict[str, Order], double: Place) -> None:
    clinic = cast.by("he")
    actions.assign_room(orders["wang"], double, by=clinic, at=NOON)
    actions.set_room(cast.place["ISO-1"], zone="guests", state="dirty", step_free=None, by=clinic, at=NOON)
    found = queries.bed_forecast(clinic, at=NOON)
    days = {day.day: (day.free, day.waiting, day.short) for day in found.days}
    last = (orders["wang"].ends_on - NOON.date()).days
    assert days[0] == (1, 3, 2)  # ISO-2; the other bed of the double is hers alone
    assert days[1] == (2, 3, 1)  # ISO-1 is clean again
    assert found.to_clean == 1 and found.warn is not None and found.warn.day == 0
    back = last + 1 + found.settings.cleaning.days
    assert days.get(back, (4, 3, 0)) == (4, 3, 0) and found.days[min(back, 14) - 1].free == 2


def test_the_page_gives_what_is_ticked(cast: Cast, orders: dict[str, Order], double: Place, sign_in: Enter) -> None:
    browser, address = sign_in("he"), reverse("isolation:plan")
    page = browser.get(address)
    assert page.status_code == 200 and "东苑3号房" in page.content.decode()
    assert AuditEntry.objects.filter(verb="rooms.planned", subject=cast.person["wang"].pk, is_read=True).exists()
    wang, zhao = orders["wang"], orders["zhao"]
    sent = {
        "order": [f"{wang.pk}:{wang.version}", f"{zhao.pk}:99"],
        f"room-{wang.pk}": "ISO-1",
        f"room-{zhao.pk}": "ISO-2",
    }
    answer = browser.post(address, sent)
    assert answer.status_code == 409 and zhao.number not in answer.content.decode().split("datalist")[1]
    assert Stay.objects.get(ends_at=None).room.code == "ISO-1"
    assert browser.post(address, sent | {"order": [f"{zhao.pk}:{zhao.version}"]}).status_code == 302
    unknown = browser.post(address, {"order": [f"{zhao.pk}:1"], f"room-{zhao.pk}": "nowhere"})
    assert unknown.status_code == 400
    assert browser.post(address, {"order": ["x:y"]}).status_code == 400


def test_the_sheet_and_cleaned(cast: Cast, orders: dict[str, Order], sign_in: Enter) -> None:
    browser, room = sign_in("he"), cast.place["ISO-1"]
    address = reverse("isolation:sheet", args=[room.pk])
    sent = {"zone": "guests", "state": "dirty", "step_free": "yes", "version": "1"}
    assert browser.post(address, sent).status_code == 302
    sheet = RoomSheet.objects.get(room=room)
    assert (sheet.state, sheet.step_free) == ("dirty", True)
    assert browser.post(address, sent | {"state": "ready"}).status_code == 422  # the version has moved on
    assert browser.post(reverse("isolation:cleaned"), {"room": [room.pk]}).status_code == 302
    assert RoomSheet.objects.get(room=room).state == "ready"
    assert browser.get(address).status_code == 200


def test_the_terminal(cast: Cast, orders: dict[str, Order], noon: object) -> None:
    said = CliRunner().invoke(beds, ["plan", "--apply", "--json"], catch_exceptions=False)
    found = json.loads(said.output.splitlines()[-1])
    assert [line["given"] for line in found["lines"]] == [False, False, True, True]
    assert found["aims"][0] == {"name": "unplaced", "value": 2, "bound": 2}
    ahead = json.loads(CliRunner().invoke(beds, ["ahead", "--json"]).output.splitlines()[-1])
    assert ahead["days"][0]["waiting"] == 2 and ahead["rooms_to_clean"] == 0
    shown = CliRunner().invoke(beds, ["room", "ISO-1", "--state", "dirty", "--step-free"])
    assert "dirty" in shown.output and RoomSheet.objects.get().step_free is True
    assert "1 ready" in CliRunner().invoke(beds, ["cleaned", "ISO-1"]).output


def test_an_own_file_of_settings_is_checked(tmp_path: Path) -> None:
    assert bed_settings(tmp_path).cleaning.days == 1
    for text in ("[sharing]\n", "x = [", "nonsense = 1"):
        (tmp_path / "beds.toml").write_text(text, encoding="utf-8")
        with pytest.raises(BadInput) as refusal:
            bed_settings(tmp_path)
        assert refusal.value.error_code == "beds_file"
        (tmp_path / "beds.toml").unlink()
