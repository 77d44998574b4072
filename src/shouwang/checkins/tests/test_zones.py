"""Whose day a check-in is of: the clock by which the person lives, kept no finer than the clock itself."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from shouwang.checkins import actions, queries, rules
from shouwang.checkins.models import CheckIn, PersonZone
from shouwang.checkins.rules import zones
from shouwang.checkins.tests.builders import fever, key, say, well
from shouwang.core.errors import BadInput, ShouwangError
from shouwang.org.tests.cast import NOON, Cast

LATE_MONDAY = datetime(2026, 3, 3, 4, 30, tzinfo=UTC)  # 23:30 on Monday 2 March in New York, Tuesday 12:30 in Shanghai
MOVED = rules.Answers(place_changed=True, situation="abroad", zone="America/Toronto", exposure=False)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("America/New_York", "America/New_York"),
        ("America/Kentucky/Monticello", "America/New_York"),
        ("Europe/Berlin", "Europe/Paris"),
        ("Asia/Urumqi", "Asia/Dhaka"),
        ("Asia/Chongqing", "Asia/Shanghai"),
        ("Etc/UTC", "UTC"),
        ("Asia/Singapore", "Asia/Shanghai"),
    ],
)
def test_a_town_is_not_kept(name: str, kept: str) -> None:
    assert zones.coarse(name, at=NOON) == kept


def test_every_zone_there_is_finds_a_clock_that_runs_alike_or_nearly() -> None:
    from zoneinfo import available_timezones

    for name in available_timezones():
        if not zones.NAME.fullmatch(name) or len(name) > zones.LONGEST:
            continue
        kept = ZoneInfo(zones.coarse(name, at=NOON))
        away = abs(
            (NOON.astimezone(kept).utcoffset() or timedelta())
            - (NOON.astimezone(ZoneInfo(name)).utcoffset() or timedelta())
        )
        assert away <= timedelta(hours=2), name


@pytest.mark.parametrize(
    "name", ["Mars/Olympus", "../etc/passwd", "/etc/passwd", "x" * 50, "Europe/", "欧洲", "Asia/../Asia"]
)
def test_a_zone_that_nobody_knows_is_refused(name: str) -> None:
    with pytest.raises(BadInput) as refused:
        zones.coarse(name, at=NOON)
    assert (refused.value.error_code, refused.value.field) == ("zone_unknown", "zone")


def test_what_was_said_before_one_left_is_of_the_day_at_home() -> None:
    shanghai, new_york = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")
    assert zones.day_of(LATE_MONDAY, new_york, None, shanghai) == date(2026, 3, 2)
    assert zones.day_of(LATE_MONDAY, new_york, LATE_MONDAY + timedelta(hours=1), shanghai) == date(2026, 3, 3)


def test_half_past_eleven_in_new_york_is_of_their_monday(cast: Cast) -> None:
    say(cast, "lin", MOVED, at=NOON - timedelta(days=3))
    assert PersonZone.objects.get().zone == "America/New_York"
    row = say(cast, "lin", well(), at=LATE_MONDAY)
    assert row.day == date(2026, 3, 2) == rules.decode_receipt(row.receipt)[0]
    own = queries.own_day(cast.by("lin"), at=LATE_MONDAY)
    assert (own.day, own.today, own.zone.key) == (row.day, row, "America/New_York")
    later = queries.own_day(cast.by("lin"), at=LATE_MONDAY + timedelta(hours=1))
    assert (later.day, later.today) == (date(2026, 3, 3), None)
    assert say(cast, "wang", well(), at=LATE_MONDAY).day == date(2026, 3, 3), "others keep the institution's day"


def test_who_comes_back_lives_by_the_institutions_clock_again(cast: Cast) -> None:
    say(cast, "lin", MOVED)
    say(
        cast,
        "lin",
        rules.Answers(place_changed=True, situation="on_campus", exposure=False),
        at=NOON + timedelta(hours=1),
    )
    assert not PersonZone.objects.exists()
    assert say(cast, "lin", well(), at=LATE_MONDAY).day == date(2026, 3, 3)


def test_a_refused_entry_moves_nobody(cast: Cast) -> None:
    for bad in (
        rules.Answers(place_changed=True, zone="Mars/Olympus"),
        rules.Answers(place_changed=True, situation="the moon", zone="Europe/Paris"),
        rules.Answers(unchanged=True, zone="Europe/Paris"),
    ):
        with pytest.raises(ShouwangError):
            say(cast, "lin", bad)
    with pytest.raises(BadInput) as refused:
        actions.submit(
            person=cast.person["lin"], answers=rules.Answers(exposure=False, zone="Europe/Paris"), client_key=key(),
            source="proxy", proxy_reason="asked", by=cast.by("meng"), at=NOON,
        )  # fmt: skip
    assert refused.value.error_code == "situation_not_by_proxy"
    assert not PersonZone.objects.exists() and not CheckIn.objects.exists()


def test_the_window_of_a_correction_is_counted_in_own_days(cast: Cast) -> None:
    say(cast, "lin", MOVED, at=NOON - timedelta(days=3))
    row = say(cast, "lin", well(), at=LATE_MONDAY)
    by = cast.by("lin")
    # 23:00 on Wednesday in New York: two days later there, three in Shanghai
    at = LATE_MONDAY + timedelta(hours=47, minutes=30)
    assert queries.own_checkin(by, row.receipt, at=at) == row
    found = actions.submit(
        person=cast.person["lin"], answers=fever(), client_key=key(), corrects=row.receipt, said_at=row.at,
        by=by, at=at,
    )  # fmt: skip
    assert (found.corrects_id, found.day, found.at) == (row.pk, row.day, row.at)
    with pytest.raises(ShouwangError, match=r"corrected|更正"):
        queries.own_checkin(by, row.receipt, at=at + timedelta(hours=2))
