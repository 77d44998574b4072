"""The end date and its explanation, as pure values."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.core.packs import PackError, Text, get_pack
from shouwang.isolation import rules
from shouwang.isolation.rules.terms import Quarantine
from shouwang.tracing.rules.following import last_exposure

SHANGHAI = ZoneInfo("Asia/Shanghai")
CLOSE, WHY = Text(zh="密切接触者", en="Close contact"), Text(zh="同住一间宿舍", en="shared a dormitory room")


@pytest.mark.parametrize(
    ("counted_from", "days", "ends_on"),
    [
        (date(2026, 3, 1), 14, date(2026, 3, 15)),
        (date(2026, 1, 31), 1, date(2026, 2, 1)),
        (date(2026, 2, 20), 14, date(2026, 3, 6)),  # February of 28 days
        (date(2024, 2, 20), 14, date(2024, 3, 5)),  # February of 29 days
        (date(2024, 2, 28), 1, date(2024, 2, 29)),
        (date(2023, 2, 28), 1, date(2023, 3, 1)),
        (date(2100, 2, 28), 1, date(2100, 3, 1)),  # 2100 is no leap year
        (date(2000, 2, 28), 1, date(2000, 2, 29)),  # 2000 is one
        (date(2025, 12, 25), 14, date(2026, 1, 8)),
        (date(2026, 4, 30), 7, date(2026, 5, 7)),
        (date(2026, 8, 31), 21, date(2026, 9, 21)),
    ],
)
def test_end_date(counted_from: date, days: int, ends_on: date) -> None:
    found, line = rules.end_date(counted_from, days)
    assert found == ends_on
    assert f"{ends_on.year}年{ends_on.month}月{ends_on.day}日" in line.zh
    assert f"{ends_on.day} " in line.en and str(ends_on.year) in line.en


@given(st.dates(date(2000, 1, 1), date(2090, 1, 1)), st.integers(1, 366), st.integers(0, 60))
def test_a_later_exposure_never_ends_earlier(counted_from: date, days: int, later: int) -> None:
    first, _line = rules.end_date(counted_from, days)
    second, _line = rules.end_date(counted_from + timedelta(days=later), days)
    assert (second - first).days == later and (first - counted_from).days == days


@pytest.mark.parametrize(
    ("last_at", "day"),
    [
        (datetime(2026, 3, 1, 15, 59, tzinfo=UTC), date(2026, 3, 1)),  # 23:59 in Shanghai
        (datetime(2026, 3, 1, 16, 0, tzinfo=UTC), date(2026, 3, 1)),  # until midnight: still the first
        (datetime(2026, 3, 1, 16, 1, tzinfo=UTC), date(2026, 3, 2)),
    ],
)
def test_last_exposure_is_a_local_day_and_spells_are_half_open(last_at: datetime, day: date) -> None:
    assert last_exposure(last_at - timedelta(hours=2), last_at, SHANGHAI) == day
    instant = datetime(2026, 3, 1, 16, 0, tzinfo=UTC)
    assert last_exposure(instant, instant, SHANGHAI) == date(2026, 3, 2)


def test_quarantine_explains_itself_line_by_line_in_both_languages() -> None:
    protocol = rules.protocol(get_pack("covid19-2020-6"))
    term = rules.quarantine_term(protocol, grade="close", grade_name=CLOSE, why=WHY, exposed_on=date(2026, 2, 20))
    assert term is not None
    assert (term.counted_from, term.days, term.ends_on) == (date(2026, 2, 20), 14, date(2026, 3, 6))
    assert term.rule == "quarantine/last_exposure+14d"
    zh, en = term.because_zh.splitlines(), term.because_en.splitlines()
    assert len(zh) == len(en) == 7
    assert "密切接触者：同住一间宿舍" in zh[0] and "close contact: shared a dormitory room" in en[0]
    assert "2026年2月20日" in zh[1] and "20 February 2026" in en[1]
    assert "第六版" in zh[2] and "14 天" in zh[2]
    assert "2026年3月6日" in zh[3] and "6 March 2026" in en[3]
    assert "防控方案（第六版）" in zh[4] and "第四十条" in zh[5] and "复核" in zh[6]


def test_grades_that_the_pack_does_not_name_are_not_asked() -> None:
    covid, flu = (rules.protocol(get_pack(code)) for code in ("covid19-2020-6", "influenza-seasonal"))
    day = date(2026, 2, 20)
    assert rules.quarantine_term(covid, grade="general", grade_name=CLOSE, why=WHY, exposed_on=day) is None
    assert rules.quarantine_term(flu, grade="close", grade_name=CLOSE, why=WHY, exposed_on=day) is None


@pytest.mark.parametrize(
    ("pack", "dates", "ends_on", "rule"),
    [
        ("covid19-2020-6", {"isolated": date(2026, 3, 3)}, date(2026, 3, 17), "isolation/isolated+14d"),
        ("covid19-2020-6", {}, date(2026, 3, 18), "isolation/served+14d"),
        # in quarantine since before: the isolation of the case begins when it was found
        ("covid19-2020-6", {"isolated": date(2026, 2, 20)}, date(2026, 3, 16), "isolation/detected+14d"),
        ("influenza-seasonal", {"onset": date(2026, 2, 27)}, date(2026, 3, 6), "isolation/onset+7d"),
        ("influenza-seasonal", {}, date(2026, 3, 9), "isolation/detected+7d"),
    ],
)
def test_isolation_counts_from_what_is_known_and_says_so(
    pack: str, dates: dict[str, date], ends_on: date, rule: str
) -> None:
    protocol = rules.protocol(get_pack(pack))
    known = rules.CaseDates(detected=date(2026, 3, 2), **dates)
    term = rules.isolation_term(protocol, classification="confirmed", dates=known, today=date(2026, 3, 4))
    assert term is not None and (term.ends_on, term.rule) == (ends_on, rule)
    if "served" in rule or (pack.startswith("influenza") and not dates):
        assert "尚无记录" in term.because_zh and "not known yet" in term.because_en


def test_a_classification_the_pack_does_not_name_is_not_isolated() -> None:
    flu = rules.protocol(get_pack("influenza-seasonal"))
    dates = rules.CaseDates(detected=date(2026, 3, 2))
    for classification in ("suspected", "asymptomatic", "discarded"):
        assert rules.isolation_term(flu, classification=classification, dates=dates, today=dates.detected) is None


@pytest.mark.parametrize("wrong", [{"days": 0}, {"days": 400}, {"checks_per_day": 0}, {"typo": 1}, {"days": "14"}])
def test_a_pack_with_an_impossible_number_is_refused(wrong: dict[str, object]) -> None:
    good: dict[str, object] = {
        "days": 14, "counted_from": "last_exposure", "for_grades": ["close"], "checks_per_day": 2,
        "temperature_required": True, "source": "x", "release": {"clear_checks": 2, "source": "x"},
    }  # fmt: skip
    msgspec.convert(good, Quarantine, strict=True)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(good | wrong, Quarantine, strict=True)


def test_a_pack_without_the_sections_asks_nothing() -> None:
    from dataclasses import replace

    pack = get_pack("covid19-2020-6")
    bare = replace(pack, sections={})
    assert rules.protocol(bare).quarantine is None and rules.protocol(bare).isolation is None
    broken = replace(pack, sections={"quarantine": {"days": 14}})
    with pytest.raises(PackError):
        rules.protocol(broken)


@given(st.lists(st.tuples(st.dates(), st.integers(1, 10**6)), min_size=1, unique_by=lambda pair: pair[1]))
def test_the_longest_ground_governs(grounds: list[tuple[date, int]]) -> None:
    chosen = rules.governing(grounds)
    ends = {pk: end for end, pk in grounds}
    assert ends[chosen] == max(ends.values())
    assert chosen == min(pk for pk, end in ends.items() if end == ends[chosen])
