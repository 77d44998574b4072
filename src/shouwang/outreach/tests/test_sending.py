"""Stage two, through Apprise, to bots that behave as their services do."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shouwang.core.errors import BadInput, Conflict, Forbidden
from shouwang.core.models import AuditEntry
from shouwang.org.tests.cast import Cast
from shouwang.outreach import actions, sealed
from shouwang.outreach.actions import sending
from shouwang.outreach.models import Attempt, Channel, Delivery, Message, Round
from shouwang.outreach.rules import Kind, Limits, Outcome, Target
from shouwang.outreach.sending.http import Answer
from shouwang.outreach.tests.bots_played import SECRET, Bots, playing
from shouwang.outreach.tests.scenes import BY, channel, check_in, clockwork, hour, planned, prefer

KINDS = ["wecom", "dingtalk", "feishu"]


@pytest.fixture
def bots() -> Iterator[Bots]:
    with playing(lambda: hour(0)) as made:
        yield made


def due(cast: Cast, bots: Bots, kind: str, copies: int = 1) -> Round:
    """The class has its bot (in so many rows), and at 10:02 it is to hear how many are not yet in."""
    for _ in range(copies):
        channel(cast, kind, bots.url(kind), "CS2301", "" if kind == "wecom" else SECRET)
    row = planned()
    actions.note_round(row.pk, at=hour(10) + timedelta(minutes=2))
    return row


def send(at: datetime) -> dict[str, int]:
    return actions.send_due(now=clockwork(at)).counts


@pytest.mark.parametrize("kind", KINDS)
def test_a_group_hears_its_note_once(cast: Cast, bots: Bots, kind: str) -> None:
    due(cast, bots, kind)
    at = hour(10) + timedelta(minutes=2)
    assert send(at) == {"sent": 1}
    assert send(at + timedelta(minutes=1)) == {}
    (text,) = bots.texts[kind]
    assert "3" in text and "林晓" not in text
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts, delivery.ended_at) == ("sent", 1, at)
    assert Attempt.objects.get().outcome == "sent"


@pytest.mark.parametrize(("kind", "pause"), [("wecom", 1), ("dingtalk", 10), ("feishu", 1)])
def test_too_fast_rests_the_bot_and_is_repeated(cast: Cast, bots: Bots, kind: str, pause: int) -> None:
    """The services say so with HTTP 200."""
    due(cast, bots, kind)
    at, bots.mode = hour(10) + timedelta(minutes=2), "too_fast"
    assert send(at) == {"too_fast": 1}
    bots.mode = "ok"
    assert send(at + timedelta(minutes=pause, seconds=-1)) == {}
    assert send(at + timedelta(minutes=pause)) == {"sent": 1}
    assert len(bots.texts[kind]) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_refusal_is_final_and_says_why(cast: Cast, bots: Bots, kind: str) -> None:
    due(cast, bots, kind)
    bots.mode = "refuse"
    assert send(hour(10.1)) == {"refused": 1}
    delivery = Delivery.objects.get()
    assert delivery.state == "failed"
    assert delivery.answer.split()[0] in {"93000", "310000", "19024"}
    assert send(hour(10.5) + timedelta(minutes=1)) == {}


@pytest.mark.parametrize("mode", ["drop", "500"])
def test_a_lost_answer_is_unknown_and_never_repeated(cast: Cast, bots: Bots, mode: str) -> None:
    due(cast, bots, "wecom")
    bots.mode = mode
    assert send(hour(10.1)) == {"unknown": 1}
    bots.mode = "ok"
    assert send(hour(10.9)) == {}
    assert Delivery.objects.get().state == "unknown"
    assert len(bots.texts["wecom"]) == 1  # it had been said


def test_http_429_is_too_fast_too(cast: Cast, bots: Bots) -> None:
    due(cast, bots, "wecom")
    bots.mode = "429"
    assert send(hour(10.1)) == {"too_fast": 1}


def test_no_connection_is_tried_again_and_then_given_up(cast: Cast, bots: Bots) -> None:
    due(cast, bots, "wecom")
    nowhere = Target(Kind.WECOM, "http://127.0.0.1:9/cgi-bin/webhook/send?key=0123456789abcdef", "")
    Channel.objects.update(sealed=sealed.closed(nowhere))
    minutes = [6, 7, 9, 13, 21]
    assert [send(hour(10) + timedelta(minutes=k)) for k in minutes] == [{"unreached": 1}] * 5
    assert Delivery.objects.get().state == "failed"
    assert send(hour(11)) == {}


def test_the_rate_holds_over_all_channels_of_one_bot(cast: Cast, bots: Bots) -> None:
    """25 rows that lead to the same bot: 20 a minute, not a message more, and none is lost."""
    due(cast, bots, "wecom", copies=25)
    at = hour(10) + timedelta(minutes=2)
    passes = [send(at + timedelta(seconds=k)).get("sent", 0) for k in (0, 59, 60, 61)]
    assert passes == [20, 0, 5, 0]
    assert len(bots.texts["wecom"]) == 25


def test_feishu_is_not_spoken_to_at_the_full_hour(cast: Cast, bots: Bots) -> None:
    row = planned()
    channel(cast, "feishu", bots.url("feishu"), "CS2301", SECRET)
    actions.note_round(row.pk, at=hour(10))
    assert send(hour(10)) == {}
    assert send(hour(10) + timedelta(seconds=59)) == {}
    assert send(hour(10) + timedelta(seconds=60)) == {"sent": 1}


def test_a_long_text_is_cut_by_bytes_before_it_goes(cast: Cast, bots: Bots) -> None:
    cast.org["CS2301"].name = "长" * 120
    cast.org["CS2301"].save()
    row = due(cast, bots, "wecom")
    Round.objects.filter(pk=row.pk).update(items=[{**row.items[0], "zh": "申" * 900}])
    assert send(hour(10.1)) == {"sent": 1}
    (text,) = bots.texts["wecom"]
    assert 2000 < len(text.encode()) <= 2048


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_longer_needed_is_not_sent(cast: Cast, bots: Bots, kind: str) -> None:
    due(cast, bots, kind)
    check_in(cast, "lin", "wang", "meng", at=hour(10.05))
    counts = send(hour(10.1))
    assert counts["closed"] == 3 + 1  # three reminders, one delivery
    assert "sent" not in counts
    assert bots.texts[kind] == []


def test_two_senders_do_not_take_the_same_delivery(cast: Cast, bots: Bots) -> None:
    due(cast, bots, "wecom")
    delivery = Delivery.objects.select_related("channel").get()
    assert sending._claim(delivery, hour(10.1)) is not None
    assert sending._claim(delivery, hour(10.1)) is None
    assert send(hour(10.1)) == {}


def test_whoever_died_while_sending_leaves_it_unknown(cast: Cast, bots: Bots) -> None:
    due(cast, bots, "wecom")
    sending._claim(Delivery.objects.select_related("channel").get(), hour(10.1))
    assert send(hour(10.1) + sending.LEASE) == {}
    assert send(hour(10.1) + sending.LEASE + timedelta(seconds=1)) == {"unknown": 1}
    assert (Delivery.objects.get().state, Attempt.objects.get().outcome) == ("unknown", "unknown")
    assert bots.texts["wecom"] == []


# --- mail and the outbox -------------------------------------------------------------------------------------------


def test_mail_goes_to_each_reader_alone_in_their_language(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, settings: pytest.FixtureRequest
) -> None:
    settings.PUBLIC_ADDRESS = "https://watch.example.edu.cn"  # type: ignore[attr-defined]
    channel(cast, "mail", "mailto://127.0.0.1:2525?from=office@example.edu.cn", "WCU")
    for name, language in (("lin", "zh-hans"), ("wang", "en")):
        prefer(cast, name, mail=f"{name}@example.edu.cn", by_mail=True)
        cast.account[name].language = language
        cast.account[name].save()
    prefer(cast, "meng", mail="meng@example.edu.cn", by_mail=False)
    planned()
    sent: list[tuple[str, str, str]] = []

    def notify(self: Any, body: str, title: str = "", **more: object) -> bool:
        (mail,) = self  # an Apprise holds its services
        sent.append((",".join(address for _name, address in mail.targets), title, body))
        return True

    monkeypatch.setattr("apprise.Apprise.notify", notify)
    assert send(hour(9)) == {"sent": 2}
    assert {to for to, _title, _body in sent} == {"lin@example.edu.cn", "wang@example.edu.cn"}
    english = next(row for row in sent if row[0].startswith("wang"))
    chinese = next(row for row in sent if row[0].startswith("lin"))
    assert english[1].startswith("Please by 10:00") and "https://watch.example.edu.cn/checkins/" in english[2]
    assert chinese[1].isascii() is False
    assert all("林晓" not in body and "2023010101" not in body for _to, _title, body in sent)


def test_a_failing_mail_server_leaves_unknown(cast: Cast) -> None:
    """Apprise does not say how far a mail came."""
    channel(cast, "mail", "mailto://127.0.0.1:9?from=office@example.edu.cn", "WCU")
    prefer(cast, "lin", mail="lin@example.edu.cn", by_mail=True)
    planned()
    assert send(hour(9)) == {"unknown": 1}
    assert Message.objects.get(person=cast.person["lin"]).state == "open"  # still in the inbox


def test_the_outbox_holds_a_line_a_message(cast: Cast, own_home: Path) -> None:
    channel(cast, "file", "dry-run", "CS2301")
    row = planned()
    check_in(cast, "lin", "wang", "meng", at=hour(9.5))
    actions.note_round(row.pk, at=hour(9.6))
    assert send(hour(9.6))["sent"] == 1
    file = own_home / "outbox" / "dry-run.jsonl"
    (line,) = file.read_text(encoding="utf-8").splitlines()
    assert "计科2301班" in json.loads(line)["title"]
    assert file.stat().st_mode & 0o077 == 0


# --- channels ------------------------------------------------------------------------------------------------------


def test_the_address_is_never_shown_audited_or_logged(cast: Cast, bots: Bots, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    due(cast, bots, "dingtalk")
    send(hour(10.1))
    bots.mode = "refuse"
    with pytest.raises(Forbidden):
        actions.test_channel(Channel.objects.get(), by=cast.by("fang"), at=hour(11))
    attempt = actions.test_channel(Channel.objects.get(), by=cast.by("admin"), at=hour(11))
    assert attempt.outcome == "refused"
    told = [json.dumps([row.old, row.new]) for row in AuditEntry.objects.all()]
    told += [record.getMessage() for record in caplog.records]
    told += [row.answer for row in Attempt.objects.all()]
    assert not [text for text in told if "0123456789abcdef0123" in text or SECRET in text]


def test_a_test_counts_against_the_rate_and_says_what_came_of_it(cast: Cast, bots: Bots) -> None:
    row = channel(cast, "wecom", bots.url("wecom"), "CS2301")
    for _ in range(20):
        assert actions.test_channel(row, by=cast.by("su"), at=hour(10)).outcome == "sent"
    with pytest.raises(Conflict):
        actions.test_channel(row, by=cast.by("su"), at=hour(10) + timedelta(seconds=59))
    assert AuditEntry.objects.filter(verb="channel.tested").count() == 20


def test_closing_forgets_the_address(cast: Cast, bots: Bots) -> None:
    due(cast, bots, "wecom")
    row = actions.close_channel(Channel.objects.get(), by=cast.by("admin"), at=hour(10.05))
    assert row.sealed == ""
    assert send(hour(10.1)) == {}
    assert Delivery.objects.get().state == "closed"
    assert actions.close_channel(row, by=cast.by("admin"), at=hour(11)).closed_at == hour(10.05)
    with pytest.raises(Conflict):
        actions.test_channel(row, by=cast.by("admin"), at=hour(11))


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"kind": "fax"}, "kind"),
        ({"name": " "}, "name"),
        ({"url": "https://example.org"}, "url"),
        ({"secret": "x" * 201}, "secret"),
    ],
)
def test_a_wrong_channel_is_refused_at_its_field(cast: Cast, values: dict[str, str], field: str) -> None:
    right = {"name": "班群", "kind": "wecom", "url": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=abcdef"}
    with pytest.raises(BadInput) as refused:
        actions.add_channel(**{**right, **values}, organisation=cast.org["CS2301"], by=BY, at=hour(8))
    assert refused.value.field == field
    assert not Channel.objects.exists()
    with pytest.raises(Forbidden):
        actions.add_channel(**right, organisation=cast.org["CS2301"], by=cast.by("fang"), at=hour(8))


def test_an_answer_may_be_anything(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from shouwang.outreach.sending import bots

    bot = bots.WeCom("https://127.0.0.1/", "", Limits(max_bytes=2048))
    for body in ({}, {"errcode": "0"}, {"errcode": None}):
        assert bot.judged(Answer(Outcome.SENT, "HTTP 200", body)).outcome is Outcome.SENT
    assert bot.judged(Answer(Outcome.SENT, "HTTP 200", {"errcode": 1})).outcome is Outcome.REFUSED
