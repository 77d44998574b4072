"""Scans of place codes: built into days, traced, struck out; posters that were replaced; walls, purge, pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from shouwang.core import clock, purging
from shouwang.core.errors import BadInput, Forbidden, NotFound
from shouwang.core.models import AuditEntry
from shouwang.core.scope import Actor
from shouwang.org.tests.cast import NOON, Cast
from shouwang.tracing import actions, queries
from shouwang.tracing.models import PresenceDay, PresenceSource
from shouwang.tracing.models_scans import PlaceCode, PlaceScan
from shouwang.tracing.queries import scans as scan_queries

SignIn = Callable[[str], Client]
TODAY = clock.local_day(NOON)
HOUR = timedelta(hours=1)


def poster(cast: Cast, place: str, days: int | None = None, at: datetime = NOON - 20 * HOUR) -> str:
    actions.scans.issue_code(cast.place[place], days=days, by=cast.by("su"), at=at)
    return scan_queries.poster_for(cast.by("su"), place).code


def scan(cast: Cast, who: str, code: str, at: datetime, way: str = "in", **more: Any) -> PlaceScan:
    key = more.pop("key", f"{who}-{at.isoformat()}-{way}-{code[:5]}")
    return actions.scans.scan(code, way=way, key=key, by=cast.by(who), at=at, **more)


def met(cast: Cast, who: str) -> dict[int, tuple[int, int, int]]:
    """Person -> (seconds, source of the case's record, of the contact's) for one encounter each."""
    low, high = int((NOON - 6 * HOUR).timestamp()), int(NOON.timestamp())
    answer = queries.trace_person(cast.person[who].pk, window_start=low, window_end=high)
    found = answer.encounters
    columns = (answer.contacts.person, answer.contacts.seconds, found.source_case, found.source_contact)
    return {who: tuple(rest) for who, *rest in zip(*(c.tolist() for c in columns), strict=True)}


def test_a_scan_is_presence_and_its_guessed_end_says_so(cast: Cast, operator: Actor) -> None:
    code = poster(cast, "LIB")
    for who in ("fang", "xu"):
        scan(cast, who, code, NOON - 4 * HOUR)
    scan(cast, "fang", code, NOON - 3 * HOUR, "out")
    (day,) = actions.build_stale(by=operator, at=NOON)
    assert day.day == TODAY
    assert (day.by_source["scan"], day.by_source["scan_estimated"]) == (1, 1)
    assert day.remarks["scans"] == {"entry": 2, "estimated": 1, "exit": 1}
    sources = (PresenceSource.SCAN, PresenceSource.SCAN_ESTIMATED)
    assert met(cast, "fang") == {cast.person["xu"].pk: (3600, *sources)}
    # Xu scans elsewhere: that ends what was a guess of two hours.
    scan(cast, "xu", poster(cast, "C1"), NOON - 3.5 * HOUR)
    assert PresenceDay.objects.get(day=TODAY).stale_since is not None
    actions.build_stale(by=operator, at=NOON)
    assert met(cast, "fang")[cast.person["xu"].pk][0] == 1800


def test_striking_out(cast: Cast, operator: Actor) -> None:
    code = poster(cast, "LIB")
    rows = [scan(cast, who, code, NOON - 2 * HOUR) for who in ("fang", "xu")]
    actions.build_stale(by=operator, at=NOON)
    with pytest.raises(NotFound):
        actions.scans.strike_out(rows[1].pk, by=cast.by("fang"), at=NOON)
    actions.scans.strike_out(rows[1].pk, by=cast.by("xu"), at=NOON)
    actions.scans.strike_out(rows[1].pk, by=cast.by("xu"), at=NOON + HOUR)
    assert PlaceScan.objects.get(pk=rows[1].pk).removed_at == NOON
    (day,) = actions.build_stale(by=operator, at=NOON)
    assert met(cast, "fang") == {}
    assert day.remarks["scans"]["removed"] == 1
    verbs = list(AuditEntry.objects.filter(kind="scan").order_by("id").values_list("verb", flat=True))
    assert verbs == ["place.scanned", "place.scanned", "scan.struck_out"]


def test_two_far_places_in_one_minute_are_a_remark(cast: Cast, operator: Actor) -> None:
    scan(cast, "fang", poster(cast, "LIB"), NOON - 2 * HOUR)
    scan(cast, "fang", poster(cast, "C1"), NOON - 2 * HOUR + timedelta(seconds=30))
    (day,) = actions.build_stale(by=operator, at=NOON)
    assert day.remarks["scans"]["far_apart"] == 1


def test_codes_that_are_refused(cast: Cast) -> None:
    old = poster(cast, "LIB")
    new = poster(cast, "LIB", days=1, at=NOON - 2 * HOUR)
    for code, at, error in (
        (old, NOON, "place_code_expired"),
        (new, NOON + 23 * HOUR, "place_code_expired"),
        (new[:-1] + ("A" if new[-1] != "A" else "B"), NOON, "place_code_forged"),
        ("", NOON, "place_code_forged"),
    ):
        with pytest.raises(BadInput) as refused:
            scan(cast, "fang", code, at)
        assert (refused.value.error_code, refused.value.field) == (error, "code")
    assert not PlaceScan.objects.exists()
    # It waited for a network while its poster ran out: it is judged as of when it was scanned.
    assert scan(cast, "fang", new, NOON + 23 * HOUR, happened_at=NOON).at == NOON


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"happened_at": NOON - 25 * HOUR}, "at"),
        ({"happened_at": NOON + HOUR}, "at"),
        ({"way": "around"}, "way"),
        ({"key": ""}, "key"),
        ({"key": "k" * 65}, "key"),
    ],
)
def test_what_is_refused(cast: Cast, more: dict[str, Any], field: str) -> None:
    code = poster(cast, "LIB", at=NOON - 30 * HOUR)
    with pytest.raises(BadInput) as refused:
        scan(cast, "fang", code, NOON, **more)
    assert refused.value.field == field
    assert not PlaceScan.objects.exists()


def test_sent_twice_is_one_scan_and_readers_speak_for_others(cast: Cast) -> None:
    code = poster(cast, "LIB")
    first, again = (scan(cast, "fang", code, NOON - k * HOUR, key="same") for k in (1, 0))
    assert (first.pk, first.at) == (again.pk, again.at)
    assert scan(cast, "su", code, NOON, number="2023010101").person_id == cast.person["lin"].pk
    with pytest.raises(Forbidden):
        scan(cast, "qiu", code, NOON, number="2023010101")
    with pytest.raises(NotFound):
        scan(cast, "su", code, NOON, number="999")


def test_walls_and_purge(cast: Cast, operator: Actor) -> None:
    row = scan(cast, "fang", poster(cast, "LIB"), NOON)
    for who in ("qiu", "he", "lin", "deng"):
        with pytest.raises(Forbidden):
            scan_queries.places(cast.by(who))
        with pytest.raises(Forbidden):
            actions.scans.issue_code(cast.place["LIB"], days=None, by=cast.by(who), at=NOON)
    for days in (0, 367):
        with pytest.raises(BadInput):
            actions.scans.issue_code(cast.place["LIB"], days=days, by=cast.by("su"), at=NOON)
    assert [found.pk for found in scan_queries.own(cast.by("fang"))] == [row.pk]
    assert not scan_queries.own(cast.by("qiu")).exists()
    with pytest.raises(NotFound):
        scan_queries.own(operator)
    assert purging.purge(on=row.purge_on, at=NOON)["place_scan"] == 1


def test_pages(cast: Cast, sign_in: SignIn) -> None:
    su, fang = sign_in("su"), sign_in("fang")
    assert "LIB" in su.get("/tracing/presence/codes/?q=lib").content.decode()
    assert su.get("/tracing/presence/codes/?q=nowhere").status_code == 200
    address = "/tracing/presence/codes/LIB/"
    assert "<svg" not in su.get(address).content.decode().split("<main", 1)[1].split("poster-qr", 1)[-1][:40]
    assert su.post(address, {"days": "0"}).status_code == 422
    assert su.post(address, {"days": "7"}).status_code == 302
    assert 'class="qr"' in su.get(address).content.decode()
    code = scan_queries.poster_for(cast.by("su"), "LIB").code
    here = f"/tracing/here/{code}/"
    page = fang.get(here).content.decode()
    assert "图书馆" in page
    assert fang.post(here, {"way": "in", "key": "k1"}).status_code == 302
    assert fang.post(here, {"way": "in", "key": "k1"}).status_code == 302
    (row,) = PlaceScan.objects.all()
    assert fang.post(here, {"way": "up", "key": "k2"}).status_code == 400
    assert fang.get("/tracing/here/9.9.9~x/").status_code == 400
    assert "图书馆" in fang.get("/tracing/here/").content.decode()
    assert "图书馆" not in sign_in("lin").get("/tracing/here/").content.decode().split("<main", 1)[1]
    assert sign_in("lin").post(f"/tracing/here/{row.pk}/strike-out/").status_code == 404
    assert fang.post(f"/tracing/here/{row.pk}/strike-out/").status_code == 302
    assert sign_in("qiu").get(address).status_code == 403
    assert Client().get(here).status_code == 302
    assert PlaceCode.objects.count() == 1
