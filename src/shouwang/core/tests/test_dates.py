"""Dates and moments: every style people use, and nothing guessed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from shouwang.core.dates import DateError, parse_date, parse_datetime


@pytest.fixture(autouse=True, scope="module")
def _english() -> Iterator[None]:
    with translation.override("en"):
        yield


TODAY = date(2020, 2, 5)
SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
FIRST = date(2020, 2, 1)


@pytest.mark.parametrize(
    "text",
    [
        *("2020-02-01", "2020-2-1", "2020/2/1", "2020/02/01", "2020.2.1", "20200201", " 2020-02-01 ", "2020 2 1"),
        *(
            "2020年2月1日",
            "2020年02月01日",
            "2020 年 2 月 1 日",
            "2020年2月1号",
            "二〇二〇年二月一日",
            "二零二零年二月一日",
        ),
        *(
            "1 Feb 2020",
            "1 February 2020",
            "1st Feb. 2020",
            "1-Feb-2020",
            "Feb 1, 2020",
            "FEBRUARY 1st, 2020",
            "1Feb2020",
        ),
        *("２０２０／２／１", "２０２０年２月１日", "2020－02－01", "2020。2。1"),
        *(
            "2020-02-01 00:00:00",
            "2020/2/1 8:30",
            "2020-02-01T08:30:00",
            "2020年2月1日 8时30分",
            "2020年2月1日下午3:05",
        ),
    ],
)
def test_the_first_of_february(text: str) -> None:
    assert parse_date(text, today=TODAY) == FIRST


@pytest.mark.parametrize(
    ("text", "day"),
    [
        *(("13/02/2020", date(2020, 2, 13)), ("02/13/2020", date(2020, 2, 13)), ("5/5/2020", date(2020, 5, 5))),
        *(("31.12.2019", date(2019, 12, 31)), ("29 Feb 2020", date(2020, 2, 29)), ("1 Sept 2019", date(2019, 9, 1))),
        *(("二〇一九年十一月二十一日", date(2019, 11, 21)), ("二〇一九年十月三十日", date(2019, 10, 30))),
        *(("今天", TODAY), ("昨天", date(2020, 2, 4)), ("前天", date(2020, 2, 3)), ("Yesterday", date(2020, 2, 4))),
    ],
)
def test_other_days(text: str, day: date) -> None:
    assert parse_date(text, today=TODAY) == day


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *(("", "date_empty"), (" \u3000", "date_empty")),
        *(("01/02/2020", "date_ambiguous"), ("1.2.2020", "date_ambiguous"), ("20/2/1", "date_ambiguous")),
        *(("20年2月1日", "date_ambiguous"), ("01/02/2020 08:30", "date_ambiguous")),
        *(
            ("2020-02", "date_incomplete"),
            ("2月1日", "date_incomplete"),
            ("2020年", "date_incomplete"),
            ("2/1", "date_incomplete"),
        ),
        *(("2020-02-30", "date_impossible"), ("20201301", "date_impossible"), ("2019年2月29日", "date_impossible")),
        *(("二〇二〇年十十月一日", "date_impossible"), ("0000-01-01", "date_impossible")),
        *(("1899-12-31", "date_implausible"), ("2220-02-01", "date_implausible")),
        *(
            ("43862", "date_unreadable"),
            ("abc", "date_unreadable"),
            ("1 Foo 2020", "date_unreadable"),
            ("x" * 500, "date_unreadable"),
        ),
        *(
            ("2020-02-01T16:00:00Z", "date_unreadable"),
            ("2020-02-01 25:00", "time_unreadable"),
            ("2020-02/01", "date_unreadable"),
        ),
    ],
)
def test_refused_days(text: str, code: str) -> None:
    with pytest.raises(DateError) as caught:
        parse_date(text, today=TODAY)
    assert caught.value.error_code == code
    assert text.strip("\u3000 ")[:20] in caught.value.sentence


def test_excel_serials_only_where_allowed_and_plausible() -> None:
    assert parse_date("43862", today=TODAY, excel_serial=True) == FIRST
    assert parse_date("43862.354", today=TODAY, excel_serial=True) == FIRST
    for text in ("00001", "99999"):
        with pytest.raises(DateError) as caught:
            parse_date(text, today=TODAY, excel_serial=True)
        assert caught.value.error_code == "date_implausible"


def test_nothing_after_the_latest_possible_day() -> None:
    assert parse_date("2020-02-05", today=TODAY, not_after=TODAY) == TODAY
    with pytest.raises(DateError) as caught:
        parse_date("2020-02-06", today=TODAY, not_after=TODAY)
    assert caught.value.error_code == "date_future"
    assert "2020-02-05" in caught.value.sentence


STYLES = [
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y%m%d",
    "%Y年%m月%d日",
    "%d %B %Y",
    "%b %d, %Y",
    "%d-%b-%Y",
    "%Y-%m-%d 00:00:00",
]


@pytest.mark.parametrize("style", STYLES)
@given(day=st.dates(date(1900, 1, 1), date(2040, 12, 31)))
def test_round_trip_of_every_style(style: str, day: date) -> None:
    assert parse_date(day.strftime(style), today=TODAY) == day


@given(day=st.dates(date(1930, 1, 1), date(2039, 12, 31)))
def test_round_trip_of_serials(day: date) -> None:
    assert parse_date(str((day - date(1899, 12, 30)).days), today=TODAY, excel_serial=True) == day


@given(day=st.dates(date(1900, 1, 1), date(2040, 12, 31)))
def test_year_last_is_read_only_when_one_reading_exists(day: date) -> None:
    for text in (day.strftime("%d/%m/%Y"), day.strftime("%m/%d/%Y")):
        if day.day > 12 or day.day == day.month:
            assert parse_date(text, today=TODAY) == day
        else:
            with pytest.raises(DateError) as caught:
                parse_date(text, today=TODAY)
            assert caught.value.error_code == "date_ambiguous"


NEARLY = st.text("0123456789０-/.:年月日时分秒号 tTzZ+,一二十〇下午上apmfebjan", max_size=30)


@given(st.one_of(st.text(max_size=60), NEARLY), st.booleans())
def test_any_text_gives_a_day_or_a_date_error(text: str, serial: bool) -> None:
    try:
        day = parse_date(text, today=TODAY, excel_serial=serial)
    except DateError as error:
        assert error.sentence
    else:
        assert date(1900, 1, 1) <= day <= date(2040, 12, 31)


@pytest.mark.parametrize("zone", [SHANGHAI, BERLIN, UTC])
@given(text=st.one_of(st.text(max_size=60), NEARLY, st.from_regex(r"\A\d{4}-\d\d-\d\d[ T]\d\d:\d\d([+-]\d\d:\d\d)?\Z")))
def test_any_text_gives_a_moment_or_a_date_error(zone: ZoneInfo, text: str) -> None:
    try:
        moment = parse_datetime(text, zone)
    except DateError as error:
        assert error.sentence
    else:
        assert moment.tzinfo is zone


@pytest.mark.parametrize(
    ("text", "local"),
    [
        *(("2019/4/1 0:02", "2019-04-01T00:02:00"), ("2019-04-01 00:02:03", "2019-04-01T00:02:03")),
        *(("2019-04-01T00:02:03.25", "2019-04-01T00:02:03.250000"), ("20190401000203", "2019-04-01T00:02:03")),
        *(("20190401T000203", "2019-04-01T00:02:03"), ("20190401 0002", "2019-04-01T00:02:00")),
        *(("2019-03-31T16:02:03Z", "2019-04-01T00:02:03"), ("2019-04-01T00:02:03+08:00", "2019-04-01T00:02:03")),
        *(("2019-03-31T11:02:03-0500", "2019-04-01T00:02:03"), ("2019-03-31 18:02:03+02", "2019-04-01T00:02:03")),
        *(("2019年4月1日 0时2分3秒", "2019-04-01T00:02:03"), ("2019年4月1日8时", "2019-04-01T08:00:00")),
        *(("2019/4/1 下午 3:05", "2019-04-01T15:05:00"), ("2019/4/1 上午 12:05", "2019-04-01T00:05:00")),
        *(("2019-04-01 3:05 PM", "2019-04-01T15:05:00"), ("2019/4/1 中午12:05:00", "2019-04-01T12:05:00")),
        *(("1 Apr 2019 8:30", "2019-04-01T08:30:00"), ("Apr 1, 2019, 8:30 am", "2019-04-01T08:30:00")),
        *(("2019-03-31 24:00", "2019-04-01T00:00:00"), ("２０１９／４／１　８：３０", "2019-04-01T08:30:00")),
        *(("1385982020", "2013-12-02T19:00:20"), ("1385982020250", "2013-12-02T19:00:20.250000")),
    ],
)
def test_moments(text: str, local: str) -> None:
    moment = parse_datetime(text, SHANGHAI)
    assert moment.replace(tzinfo=None).isoformat() == local
    assert moment.utcoffset() == timedelta(hours=8)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *(("", "date_empty"), ("2019-04-01", "time_missing"), ("2019-04-31", "date_impossible")),
        *(
            ("2019-04-01 8:61", "time_unreadable"),
            ("2019-04-01 25:00", "time_unreadable"),
            ("2019-04-01 24:01", "time_unreadable"),
        ),
        *(("2019-04-01 上午 15:00", "time_unreadable"), ("2019-04-01 08:00+15:00", "time_unreadable")),
        *(
            ("01/02/2019 8:30", "date_ambiguous"),
            ("hello 8:30", "date_unreadable"),
            ("1492-10-12 8:00", "date_implausible"),
        ),
        *(("4.4E+17", "date_unreadable"), ("12345", "date_unreadable"), ("9999-12-31 24:00", "date_implausible")),
    ],
)
def test_refused_moments(text: str, code: str) -> None:
    with pytest.raises(DateError) as caught:
        parse_datetime(text, SHANGHAI)
    assert caught.value.error_code == code


def test_skipped_hour_is_refused_and_repeated_hour_is_the_first() -> None:
    with pytest.raises(DateError) as caught:
        parse_datetime("2021-03-28 02:30", BERLIN)
    assert caught.value.error_code == "time_nonexistent"
    assert parse_datetime("2021-10-31 02:30", BERLIN).astimezone(UTC) == datetime(2021, 10, 31, 0, 30, tzinfo=UTC)
    assert parse_datetime("2021-10-31T02:30:00+01:00", BERLIN).astimezone(UTC).hour == 1
    assert parse_datetime("2021-03-28 03:00", BERLIN).utcoffset() == timedelta(hours=2)


def test_moment_after_the_latest() -> None:
    limit = datetime(2020, 2, 1, tzinfo=UTC)
    assert parse_datetime("2020-02-01 08:00", SHANGHAI, not_after=limit) == limit
    with pytest.raises(DateError) as caught:
        parse_datetime("2020-02-01 08:01", SHANGHAI, not_after=limit)
    assert caught.value.error_code == "date_future"


# Unix seconds of 1992 (when China had given up summer time) to 2100.
MOMENTS = st.integers(694_224_000, 4_102_444_800).map(lambda at: datetime.fromtimestamp(at, SHANGHAI))


@given(MOMENTS)
def test_round_trip_of_moments(moment: datetime) -> None:
    seconds = str(int(moment.timestamp()))
    texts = [
        moment.strftime("%Y/%m/%d %H:%M:%S"),
        moment.strftime("%Y%m%d%H%M%S"),
        moment.strftime("%Y年%m月%d日 %H时%M分%S秒"),
        moment.strftime("%d %b %Y %I:%M:%S %p"),
        moment.isoformat(),
        moment.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        *([seconds] if len(seconds) == 10 else []),
    ]
    assert [parse_datetime(text, SHANGHAI) for text in texts] == [moment] * len(texts)
