"""Beds: a room never holds more people than it has beds, whoever assigns, however often, at the same instant too."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shouwang.core.errors import BadInput, Conflict, Forbidden, ShouwangError
from shouwang.core.models import AuditEntry
from shouwang.core.scope import system_actor
from shouwang.isolation import actions, queries
from shouwang.isolation.models import Order, RoomSheet, Stay
from shouwang.isolation.tests.scenes import make_case, make_contact
from shouwang.org.actions import add_place
from shouwang.org.models import Person, Place
from shouwang.org.tests.cast import NOON, SINCE, Cast

NAMES = ("wang", "zhao", "ou", "meng", "deng")


@pytest.fixture
def orders(cast: Cast) -> list[Order]:
    """Five contacts of Lin's case, each with an order and no place."""
    case = make_case(cast, "lin")
    found = []
    for name in NAMES:
        order = actions.order_for_contact(make_contact(cast, case, name), by=cast.by("qiu"), at=NOON)
        assert order is not None
        found.append(order)
    return found


def taken(room: Place) -> int:
    return Stay.objects.filter(room=room, ends_at__isnull=True).count()


def test_a_bed_is_given_and_moving_keeps_history(cast: Cast, orders: list[Order]) -> None:
    clinic, order = cast.by("he"), orders[0]
    actions.assign_room(order, cast.place["ISO-1"], by=clinic, at=NOON)
    actions.assign_room(order, cast.place["ISO-2"], by=clinic, at=NOON + timedelta(hours=5))
    rows = [(s.room.code, s.ends_at) for s in order.stays.select_related("room")]
    assert rows == [("ISO-1", NOON + timedelta(hours=5)), ("ISO-2", None)]
    assert (order.where, order.placed_at) == ("facility", NOON)
    assert taken(cast.place["ISO-1"]) == 0
    assert [e.verb for e in AuditEntry.objects.filter(kind="order", object=str(order.pk)).order_by("id")] == [
        "order.served", "order.placed", "order.moved",
    ]  # fmt: skip


def test_the_same_room_again_changes_nothing(cast: Cast, orders: list[Order]) -> None:
    first = actions.assign_room(orders[0], cast.place["ISO-1"], by=cast.by("he"), at=NOON)
    again = actions.assign_room(orders[0], cast.place["ISO-1"], by=cast.by("he"), at=NOON, version=1)
    assert first == again and Stay.objects.count() == 1


def test_a_full_room_is_refused_and_nothing_is_written(cast: Cast, orders: list[Order]) -> None:
    actions.assign_room(orders[0], cast.place["ISO-1"], by=cast.by("he"), at=NOON)
    actions.assign_room(orders[1], cast.place["ISO-2"], by=cast.by("he"), at=NOON)
    with pytest.raises(Conflict) as refusal:
        actions.assign_room(orders[1], cast.place["ISO-1"], by=cast.by("he"), at=NOON)
    assert refusal.value.error_code == "room_full"
    assert orders[1].stays.get(ends_at=None).room == cast.place["ISO-2"]


def test_going_home_gives_the_bed_back(cast: Cast, orders: list[Order]) -> None:
    actions.assign_room(orders[0], cast.place["ISO-1"], by=cast.by("he"), at=NOON)
    actions.stay_home(orders[0], "家属楼 3-201", by=cast.by("he"), at=NOON + timedelta(hours=1))
    with pytest.raises(Conflict) as refusal:
        actions.assign_room(orders[1], cast.place["ISO-1"], by=cast.by("he"), at=NOON + timedelta(hours=1))
    assert refusal.value.error_code == "room_not_ready"
    assert actions.clean_rooms([cast.place["ISO-1"]], by=cast.by("he"), at=NOON + timedelta(hours=1)) == 1
    actions.assign_room(orders[1], cast.place["ISO-1"], by=cast.by("he"), at=NOON + timedelta(hours=1))
    assert (orders[0].where, orders[0].address) == ("home", "家属楼 3-201")
    with pytest.raises(BadInput):
        actions.stay_home(orders[1], "   ", by=cast.by("he"), at=NOON)


@pytest.mark.parametrize("code", ["D1-101", "GATE-N", "ISO"])
def test_only_isolation_rooms(cast: Cast, orders: list[Order], code: str) -> None:
    with pytest.raises(BadInput):
        actions.assign_room(orders[0], cast.place[code], by=cast.by("he"), at=NOON)


def test_a_room_of_unknown_size_and_a_closed_room_take_nobody(cast: Cast, orders: list[Order]) -> None:
    room = cast.place["ISO-1"]
    Place.objects.filter(pk=room.pk).update(capacity=None)
    with pytest.raises(BadInput) as refusal:
        actions.assign_room(orders[0], room, by=cast.by("he"), at=NOON)
    assert refusal.value.error_code == "room_without_capacity"
    Place.objects.filter(pk=room.pk).update(capacity=1, ends=NOON.date() - timedelta(days=1))
    with pytest.raises(BadInput):
        actions.assign_room(orders[0], room, by=cast.by("he"), at=NOON)
    beds = queries.free_beds(NOON)
    assert (beds.rooms, beds.beds, beds.free) == (1, 1, 1)


def test_unknown_beds_are_counted_apart(cast: Cast, orders: list[Order]) -> None:
    Place.objects.filter(pk=cast.place["ISO-1"].pk).update(capacity=None)
    beds = queries.free_beds(NOON)
    assert (beds.rooms, beds.rooms_unknown, beds.beds, beds.free) == (2, 1, 1, 1)


def test_who_looked_before_another_wrote_is_told(cast: Cast, orders: list[Order]) -> None:
    version = orders[0].version
    actions.stay_home(orders[0], "家属楼 3-201", by=cast.by("he"), at=NOON)
    with pytest.raises(Conflict) as refusal:
        actions.assign_room(orders[0], cast.place["ISO-1"], by=cast.by("he"), at=NOON, version=version)
    assert refusal.value.error_code == "version_conflict"


@pytest.mark.parametrize("name", ["fang", "qiu", "su", "gu", "wang"])
def test_only_who_manages_isolation_assigns(cast: Cast, orders: list[Order], name: str) -> None:
    with pytest.raises(Forbidden):
        actions.assign_room(orders[0], cast.place["ISO-1"], by=cast.by(name), at=NOON)
    assert not Stay.objects.exists()


def test_the_proposal_respects_sex_and_kind(cast: Cast, orders: list[Order]) -> None:
    shared = add_place(
        parent=cast.place["ISO"], kind="isolation_room", code="ISO-3", name="东苑3号房", capacity=3, starts=SINCE,
        by=system_actor(), at=NOON,
    )  # fmt: skip
    for name, sex in (("wang", "f"), ("zhao", "m"), ("ou", "f"), ("meng", "f"), ("deng", "")):
        Person.objects.filter(pk=cast.person[name].pk).update(sex=sex)
    fresh = {order.person.name: order for order in queries.visible_orders(cast.by("he"))}
    wang, zhao, ou, meng, deng = (fresh[cast.person[name].name] for name in NAMES)
    assert queries.propose_room(wang, at=NOON) == cast.place["ISO-1"]
    for order, room in ((wang, cast.place["ISO-1"]), (zhao, cast.place["ISO-2"]), (ou, shared)):
        actions.assign_room(order, room, by=cast.by("he"), at=NOON)
    assert queries.propose_room(meng, at=NOON) == shared
    assert queries.propose_room(deng, at=NOON) is None  # sex not stated: nobody is guessed into a shared room
    _proposal, choices = queries.room_choices(deng, at=NOON)
    assert [(choice.room, choice.free, len(choice.warnings)) for choice in choices] == [(shared, 2, 1)]


OPERATIONS = st.lists(
    st.tuples(st.integers(0, 4), st.sampled_from(["ISO-1", "ISO-2", "ISO-3", "home", "end", "clean"])),
    min_size=1,
    max_size=14,
)


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(OPERATIONS, st.integers(1, 3))
def test_no_sequence_of_acts_overfills_a_room(
    cast: Cast, orders: list[Order], operations: list[tuple[int, str]], beds: int
) -> None:
    clinic = cast.by("he")
    with transaction.atomic():
        cast.place["ISO-3"] = add_place(
            parent=cast.place["ISO"], kind="isolation_room", code="ISO-3", name="东苑3号房", capacity=beds,
            starts=SINCE, by=system_actor(), at=NOON,
        )  # fmt: skip
        for number, (who, what) in enumerate(operations):
            order, at = Order.objects.get(pk=orders[who].pk), NOON + timedelta(minutes=number)
            try:
                with transaction.atomic():
                    if what == "home":
                        actions.stay_home(order, "家属楼 3-201", by=clinic, at=at)
                    elif what == "clean":
                        actions.clean_rooms(list(Place.objects.filter(code__startswith="ISO-")), by=clinic, at=at)
                    elif what == "end":
                        actions.end_order(order, reason="提前解除", by=clinic, at=at)
                    else:
                        actions.assign_room(order, cast.place[what], by=clinic, at=at)
            except ShouwangError as refusal:
                assert refusal.error_code in {"room_full", "room_not_ready", "order_not_in_force"}
            for code, size in (("ISO-1", 1), ("ISO-2", 1), ("ISO-3", beds)):
                assert taken(cast.place[code]) <= size
            assert not Stay.objects.filter(ends_at=None).exclude(order__where="facility").exists()
            assert not Stay.objects.filter(ends_at=None, order__state="ended").exists()
            assert (
                not RoomSheet.objects.filter(state="ready", room__stays__ends_at=at)
                .exclude(room__stays__ends_at=None)
                .exists()
                or what == "clean"
            )
        transaction.set_rollback(True)


@contextmanager
def database_on_disk(folder: Path) -> Iterator[None]:
    """New threads work on a real SQLite file holding what this test has made; PostgreSQL is on disk already."""
    if connection.vendor != "sqlite":
        yield
        return
    file = folder / "real.sqlite3"
    connection.cursor().execute("VACUUM INTO %s", [str(file)])
    # Turning to WAL takes the whole file and no busy timeout waits for it: once, before there are threads.
    with closing(sqlite3.connect(file)) as opened:
        assert opened.execute("PRAGMA journal_mode=WAL").fetchone() == ("wal",)
    described = connections.settings["default"]
    name = described["NAME"]
    described["NAME"] = str(file)
    try:
        yield
    finally:
        described["NAME"] = name


@pytest.mark.django_db(transaction=True)
def test_two_clinics_at_the_same_instant_share_no_bed(cast: Cast, orders: list[Order], tmp_path: Path) -> None:
    clinic, room = cast.by("he"), cast.place["ISO-1"]
    start = threading.Barrier(len(orders))
    results: list[str] = []
    final: list[int] = []

    def run(order_id: int) -> None:
        try:
            order = Order.objects.get(pk=order_id)
            start.wait(timeout=20)
            actions.assign_room(order, room, by=clinic, at=NOON)
            results.append("given")
        except Conflict as refusal:
            results.append(refusal.error_code)
        finally:
            connections.close_all()

    def count() -> None:
        final.append(taken(room))
        connections.close_all()

    with database_on_disk(tmp_path):
        threads = [threading.Thread(target=run, args=(order.pk,)) for order in orders]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        counter = threading.Thread(target=count)
        counter.start()
        counter.join(timeout=60)
    assert sorted(results) == ["given"] + ["room_full"] * (len(orders) - 1)
    assert final == [1]


@pytest.mark.django_db(transaction=True)
def test_two_confirmations_at_the_same_instant_make_one_order(cast: Cast, tmp_path: Path) -> None:
    tracer = cast.by("qiu")
    contacts = [make_contact(cast, make_case(cast, name), "wang") for name in ("lin", "zhao", "ou")]
    start = threading.Barrier(len(contacts))
    numbers: list[str] = []
    final: list[tuple[int, int]] = []

    def run(pk: int) -> None:
        from shouwang.tracing.models import Contact

        contact = Contact.objects.select_related("case__person", "person").get(pk=pk)
        start.wait(timeout=20)
        order = actions.order_for_contact(contact, by=tracer, at=NOON)
        numbers.append(order.number if order else "none")
        connections.close_all()

    def count() -> None:
        order = Order.objects.get()
        final.append((Order.objects.count(), order.grounds.count()))
        connections.close_all()

    with database_on_disk(tmp_path):
        threads = [threading.Thread(target=run, args=(contact.pk,)) for contact in contacts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        counter = threading.Thread(target=count)
        counter.start()
        counter.join(timeout=60)
    assert numbers == ["Q-2026-0001"] * 3
    assert final == [(1, 3)]
