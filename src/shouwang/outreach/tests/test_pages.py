"""The pages: one's own messages, remind now, rounds, why, channels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from shouwang.org.tests.cast import Cast
from shouwang.outreach import actions
from shouwang.outreach.models import Channel, Message, Preference
from shouwang.outreach.tests.scenes import channel, check_in, hour, planned

SignIn = Callable[[str], Client]


def text(client: Client, url: str) -> str:
    answer = client.get(url, headers={"accept-language": "en"})
    assert answer.status_code == 200, url
    return answer.content.decode()


def test_the_home_page_shows_what_is_open_until_it_is_done(
    cast: Cast, sign_in: SignIn, noon: time_machine.Traveller
) -> None:
    noon.move_to(hour(9))
    planned()
    lin = sign_in("lin")
    assert "Please by 10:00" in text(lin, "/")
    assert "Please by 10:00" in text(lin, reverse("outreach:inbox"))
    check_in(cast, "lin", at=hour(9))
    assert "Please by 10:00" not in text(lin, "/")
    assert "completed, closed" in text(lin, reverse("outreach:inbox"))


def test_an_empty_inbox_says_when_one_is_written_to(sign_in: SignIn) -> None:
    assert "No messages" in text(sign_in("lin"), reverse("outreach:inbox"))


def test_preferences_are_kept_and_errors_stand_at_their_field(cast: Cast, sign_in: SignIn) -> None:
    lin, url = sign_in("lin"), reverse("outreach:preferences")
    wrong = lin.post(url, {"by_mail": "on", "mail": "", "wakes": "08:00", "sleeps": "23:00"})
    assert wrong.status_code == 422
    assert not Preference.objects.exists()
    good = {"by_mail": "on", "mail": "lin@example.edu.cn", "wakes": "08:00", "sleeps": "23:00", "zone": "Europe/Berlin"}
    assert lin.post(url, good).status_code == 302
    row = Preference.objects.get()
    assert (row.person_id, row.mail, str(row.wakes)) == (cast.person["lin"].pk, "lin@example.edu.cn", "08:00:00")
    assert 'value="lin@example.edu.cn"' in text(lin, url)
    assert lin.post(url, {}).status_code == 302
    assert Preference.objects.get().mail == ""


def test_remind_now_tells_what_it_did(cast: Cast, sign_in: SignIn, noon: time_machine.Traveller) -> None:
    noon.move_to(hour(9))
    check_in(cast, "wang", at=hour(8))
    meng, unit = sign_in("meng"), cast.org["CS2301"].pk
    answer = meng.post(reverse("outreach:remind"), {"unit": unit}, follow=True, headers={"accept-language": "en"})
    assert answer.redirect_chain == [(f"/checkins/unit/?unit={unit}", 302)]
    assert "2 people are reminded." in answer.content.decode()
    again = meng.post(reverse("outreach:remind"), {"unit": unit}, follow=True, headers={"accept-language": "en"})
    assert "2 have a message already." in again.content.decode()
    assert Message.objects.count() == 2
    assert meng.post(reverse("outreach:remind"), {"unit": cast.org["CS2302"].pk}).status_code == 404
    assert meng.post(reverse("outreach:remind"), {"unit": "x"}).status_code == 404


def test_a_round_shows_numbers_within_reach_and_no_name(
    cast: Cast, sign_in: SignIn, noon: time_machine.Traveller
) -> None:
    noon.move_to(hour(9))
    row = planned()
    actions.note_round(row.pk, at=hour(10))
    page = text(sign_in("meng"), reverse("outreach:round", args=[row.pk]))
    assert "CS 2301" in page and "CS 2302" not in page and "English 2301" not in page
    assert "林晓" not in page
    everything = text(sign_in("su"), reverse("outreach:round", args=[row.pk]))
    assert "CS 2302" in everything and "English 2301" in everything
    assert "Nobody was reminded" not in everything
    assert "planned" in text(sign_in("su"), reverse("outreach:rounds"))


def test_why_is_answered_for_oneself_and_whom_one_looks_after(
    cast: Cast, sign_in: SignIn, noon: time_machine.Traveller
) -> None:
    noon.move_to(hour(9))
    check_in(cast, "wang", at=hour(8))
    planned()
    url = reverse("outreach:why", args=[cast.person["wang"].pk])
    assert "everything that was asked has been received" in text(sign_in("wang"), url)
    assert "everything that was asked has been received" in text(sign_in("meng"), url)
    assert sign_in("lin").get(url).status_code == 404
    assert sign_in("tang").get(url).status_code == 404


def test_a_channel_is_added_tried_and_closed_and_never_gives_its_address_back(
    cast: Cast, sign_in: SignIn, own_home: Path
) -> None:
    admin, url = sign_in("admin"), reverse("outreach:channels")
    given = {"name": "班群", "kind": "wecom", "organisation": "CS2301", "url": "https://example.org/"}
    wrong = admin.post(url, given, headers={"accept-language": "en"})
    assert wrong.status_code == 422
    assert "Expected: https://qyapi.weixin.qq.com" in wrong.content.decode()
    assert admin.post(url, {**given, "organisation": "NOWHERE"}).status_code == 422
    secret = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7abc-4bc4-97a0"
    assert admin.post(url, {**given, "url": secret}).status_code == 302
    row = Channel.objects.get()
    for page in (url, reverse("outreach:channel", args=[row.pk])):
        shown = text(admin, page)
        assert "qyapi.weixin.qq.com …97a0" in shown
        assert "693a91f6" not in shown
    dry = channel(cast, "file", "dry", "CS2301")
    tried = admin.post(reverse("outreach:test_channel", args=[dry.pk]), follow=True, headers={"accept-language": "en"})
    assert "The service took it" in tried.content.decode()
    assert (own_home / "outbox" / "dry.jsonl").is_file()
    assert admin.post(reverse("outreach:close_channel", args=[row.pk])).status_code == 302
    assert "channel closed" in text(admin, url)


def test_a_mail_channel_asks_for_an_address_before_a_test(cast: Cast, sign_in: SignIn) -> None:
    row = channel(cast, "mail", "mailto://127.0.0.1:9?from=a@example.edu.cn", "WCU")
    answer = sign_in("su").post(reverse("outreach:test_channel", args=[row.pk]), {"address": ""})
    assert answer.status_code == 422


@pytest.mark.parametrize("name", ["lin", "meng", "fang", "tang"])
def test_channels_are_not_there_for_others(cast: Cast, sign_in: SignIn, name: str) -> None:
    row = channel(cast, "file", "dry", "CS2301")
    client = sign_in(name)
    assert client.get(reverse("outreach:channels")).status_code == 404
    assert client.get(reverse("outreach:channel", args=[row.pk])).status_code == 404
    assert client.post(reverse("outreach:close_channel", args=[row.pk])).status_code == 404
