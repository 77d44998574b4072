"""Rates and sizes, notes to units, what becomes of a delivery, pasted addresses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from shouwang.core.errors import BadInput
from shouwang.outreach.queries.plan import SHIPPED
from shouwang.outreach.rules import (
    Kind,
    Limits,
    Outcome,
    Purpose,
    after,
    hint,
    next_free,
    notes_due,
    parsed,
    read_plan,
    shortened,
)
from shouwang.outreach.rules.webhooks import EXPECTED

TEN = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai
TIMING, LIMITS = read_plan(SHIPPED.read_text(encoding="utf-8"))


def at(minutes: float) -> datetime:
    return TEN + timedelta(minutes=minutes)


@pytest.mark.parametrize("kind", ["wecom", "dingtalk", "feishu"])
def test_no_window_of_a_minute_or_second_holds_more_than_the_service_allows(kind: str) -> None:
    limits, now = LIMITS[kind], TEN
    sent: list[datetime] = []
    while len(sent) < 250:
        now = next_free(sent[-200:], limits, now=now)
        sent.append(now)
    assert limits.per_minute is not None
    for k, first in enumerate(sent):
        within = [one for one in sent[k:] if one < first + timedelta(minutes=1)]
        assert len(within) <= limits.per_minute
        if limits.per_second is not None:
            assert len([one for one in within if one < first + timedelta(seconds=1)]) <= limits.per_second
        assert first.minute not in limits.avoid_minutes
    assert sent[-1] - sent[0] < timedelta(minutes=250 / limits.per_minute + 4)  # and it is not slower than it must be


def test_feishu_is_left_alone_at_the_full_and_the_half_hour() -> None:
    assert next_free([], LIMITS["feishu"], now=TEN) == at(1)
    assert next_free([], LIMITS["feishu"], now=at(30.5)) == at(31)
    assert next_free([], LIMITS["wecom"], now=TEN) == TEN


@given(st.text(), st.integers(0, 200))
def test_a_text_fits_in_bytes_and_stays_readable(text: str, most: int) -> None:
    short = shortened(text, most)
    assert len(short.encode()) <= most or short == text
    assert short == text or short == "" or text.startswith(short.removesuffix("…"))


def test_chinese_counts_three_bytes_a_character() -> None:
    assert shortened("申" * 683, 2048) == "申" * 681 + "…"
    assert shortened("申" * 682, 2048) == "申" * 682


@pytest.mark.parametrize(
    ("roster", "missing", "minutes", "told", "due"),
    [
        (40, 3, -1, set(), ()),
        (40, 3, 0, set(), (Purpose.DIGEST,)),
        (40, 3, 59, {Purpose.DIGEST}, ()),
        (40, 3, 60, {Purpose.DIGEST}, (Purpose.DEPUTY,)),
        (40, 3, 500, {Purpose.DIGEST}, (Purpose.DEPUTY,)),
        (40, 3, 120, {Purpose.DIGEST, Purpose.DEPUTY}, (Purpose.ABOVE,)),
        (40, 3, 180, {Purpose.DIGEST, Purpose.DEPUTY, Purpose.ABOVE}, (Purpose.TOP,)),
        (40, 3, 999, {Purpose.DIGEST, Purpose.DEPUTY, Purpose.ABOVE, Purpose.TOP}, ()),
        (40, 0, -30, set(), (Purpose.ALL_IN,)),
        (40, 0, 90, {Purpose.DIGEST}, (Purpose.ALL_IN,)),
        (40, 0, 90, {Purpose.ALL_IN}, ()),
        (0, 0, 90, set(), ()),
    ],
)
def test_a_unit_is_told_each_thing_once_and_upward_only_while_incomplete(
    roster: int, missing: int, minutes: int, told: set[Purpose], due: tuple[Purpose, ...]
) -> None:
    assert notes_due(roster=roster, missing=missing, due=TEN, at=at(minutes), timing=TIMING, told=told) == due


def test_only_what_certainly_did_not_arrive_is_sent_again() -> None:
    limits = Limits(max_bytes=100, pause_seconds=600)
    states = {one: after(one, attempts=1, limits=limits, at=TEN).state for one in Outcome}
    assert states == {
        Outcome.SENT: "sent",
        Outcome.REFUSED: "failed",
        Outcome.TOO_FAST: "queued",
        Outcome.UNREACHED: "queued",
        Outcome.UNKNOWN: "unknown",
    }
    assert after(Outcome.TOO_FAST, attempts=9, limits=limits, at=TEN).pause_until == at(10)
    waits = [after(Outcome.UNREACHED, attempts=k, limits=limits, at=TEN).at for k in (1, 2, 3, 4)]
    assert waits == [at(1), at(2), at(4), at(8)]
    assert after(Outcome.UNREACHED, attempts=5, limits=limits, at=TEN).state == "failed"


GOOD = [
    ("wecom", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"),
    ("dingtalk", "https://oapi.dingtalk.com/robot/send?access_token=0123456789abcdef"),
    ("feishu", "https://open.feishu.cn/open-apis/bot/v2/hook/1a2b3c4d-0000-1111-2222-333344445555"),
    ("wecom", "http://127.0.0.1:8123/cgi-bin/webhook/send?key=abcdef123456"),
    ("mail", "mailtos://office:secret@smtp.example.edu.cn?from=office@example.edu.cn"),
    ("apprise", "ntfys://ntfy.example.org/topic"),
    ("file", "dry-run"),
]
BAD = [
    ("wecom", "http://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6"),  # without TLS
    ("wecom", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send"),
    ("dingtalk", "https://oapi.dingtalk.com/robot/send?key=1"),
    ("feishu", "https://open.feishu.cn/open-apis/bot/v2/"),
    ("feishu", "https://[broken"),
    ("mail", "https://example.org"),
    ("apprise", "not an address"),
    ("file", "../../etc/passwd"),
    ("wecom", "https://" + "a" * 1100),
]


@pytest.mark.parametrize(("kind", "url"), GOOD)
def test_a_pasted_address_is_taken_and_its_hint_gives_nothing_away(kind: str, url: str) -> None:
    target = parsed(kind, f"  {url}\n", "SECabc")
    assert target.url == url
    shown = hint(target)
    assert "secret" not in shown and "SECabc" not in shown
    if target.kind in (Kind.WECOM, Kind.DINGTALK, Kind.FEISHU):
        assert url.split("//")[1].split("/")[0].split(":")[0] in shown
        assert len(shown) < 40


@pytest.mark.parametrize(("kind", "url"), BAD)
def test_anything_else_is_refused_without_being_repeated(kind: str, url: str) -> None:
    with pytest.raises(BadInput) as refused, translation.override("en"):
        parsed(kind, url)
    assert refused.value.field == "url"
    assert refused.value.data.get("form") in {None, *EXPECTED.values()}  # ours, not theirs


def test_an_institution_changes_values_and_a_slip_is_not_silent() -> None:
    shipped = SHIPPED.read_text(encoding="utf-8")
    timing, limits = read_plan(shipped, "[reminder]\nopens_before_minutes = 30\n[limits.mail]\nper_second = 2\n")
    assert (timing.opens_before_minutes, timing.ends_after_minutes) == (30, 240)
    assert (limits["mail"].per_second, limits["mail"].per_minute) == (2, 60)
    for wrong in ("[reminder]\nopens = 3", "[limits.fax]\nper_minute = 1", "[notes]\ndigest_after_minutes = '5'"):
        with pytest.raises(ValueError, match=r"reminding\.toml"):
            read_plan(shipped, wrong)
