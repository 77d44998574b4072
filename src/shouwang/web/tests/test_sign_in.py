"""Signing in and out: right, wrong, resting and inactive accounts; where it leads on to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client, RequestFactory
from django.urls import reverse

from shouwang.core import env
from shouwang.core.http import client_address
from shouwang.core.models import AuditEntry
from shouwang.org import rules
from shouwang.org.queries import address_key
from shouwang.org.tests.cast import NOON, PASSWORD, Cast

if TYPE_CHECKING:
    from pytest_django import Settings

LOGIN = "/login/"


def attempt(client: Client, username: str, password: str, address: str = "127.0.0.1", **more: str) -> tuple[int, str]:
    values = {"username": username, "password": password, **more}
    response = client.post(LOGIN, values, headers={"accept-language": "en"}, REMOTE_ADDR=address)
    return response.status_code, response.headers.get("Location", "") or response.content.decode()


def test_right_password_opens_the_home_page(cast: Cast, client: Client) -> None:
    assert attempt(client, " lin ", PASSWORD) == (302, "/")
    assert client.get("/").status_code == 200
    assert AuditEntry.objects.filter(verb="account.signed_in", account=cast.account["lin"].pk).count() == 1


def test_wrong_password_and_unknown_name_get_the_same_answer(cast: Cast, client: Client) -> None:
    known = attempt(client, "lin", "not the password")
    unknown = attempt(client, "nobody-of-that-name", "not the password")
    assert known[0] == unknown[0] == 422
    sentence = "Number or password is not right. Check both and try again."
    assert sentence in known[1]
    assert sentence in unknown[1]
    assert "_auth_user_id" not in client.session
    cast.account["lin"].refresh_from_db()
    assert cast.account["lin"].failed_logins == 1


def test_password_is_never_written_back_into_the_page(cast: Cast, client: Client) -> None:
    assert "not the password" not in attempt(client, "lin", "not the password")[1]


def test_account_rests_after_ten_wrong_passwords_and_wakes(
    cast: Cast, client: Client, noon: time_machine.Traveller
) -> None:
    for _ in range(rules.FAILURES_BEFORE_LOCK - 1):
        assert "is not right" in attempt(client, "lin", "wrong")[1]
    assert "rests until 12:15" in attempt(client, "lin", "wrong")[1]
    assert "rests until 12:15" in attempt(client, "lin", PASSWORD)[1], "the right password must not help now"
    noon.move_to(NOON + timedelta(minutes=rules.LOCK_MINUTES, seconds=1))
    assert attempt(client, "lin", PASSWORD) == (302, "/")
    cast.account["lin"].refresh_from_db()
    assert cast.account["lin"].failed_logins == 0
    assert cast.account["lin"].locked_until is None


def test_a_name_nobody_has_rests_just_the_same(cast: Cast, client: Client, noon: time_machine.Traveller) -> None:
    cache.clear()

    def answers(name: str) -> list[bool]:
        return ["rests until 12:15" in attempt(client, name, "wrong")[1] for _ in range(rules.FAILURES_BEFORE_LOCK + 2)]

    assert answers("nobody-of-that-name") == answers("lin")
    noon.move_to(NOON + timedelta(minutes=rules.LOCK_MINUTES, seconds=1))
    assert "is not right" in attempt(client, "nobody-of-that-name", "wrong")[1]
    assert "is not right" in attempt(client, "lin", "wrong")[1]


def test_resting_says_after_how_many_seconds(cast: Cast, client: Client) -> None:
    wrong = {"username": "lin", "password": "wrong"}
    answers = [client.post(LOGIN, wrong) for _ in range(rules.FAILURES_BEFORE_LOCK)]
    assert [answer.status_code for answer in answers] == [422] * (rules.FAILURES_BEFORE_LOCK - 1) + [429]
    assert answers[-1].headers["Retry-After"] == str(rules.LOCK_MINUTES * 60 + 1)
    assert "Retry-After" not in answers[0].headers


def test_an_address_rests_whatever_the_names_and_others_do_not(
    cast: Cast, client: Client, noon: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "ADDRESS_FAILURES", 4)
    for name in ("lin", "nobody", "wang", "someone"):
        assert "is not right" in attempt(client, name, "wrong", **FROM_9)[1]
    status, text = attempt(client, "meng", PASSWORD, **FROM_9)
    assert status == 429 and "Too many wrong passwords came from this network" in text and "12:15" in text
    assert attempt(Client(), "meng", PASSWORD) == (302, "/")
    noon.move_to(NOON + timedelta(minutes=rules.ADDRESS_MINUTES, seconds=1))
    assert attempt(client, "meng", PASSWORD, **FROM_9) == (302, "/")


FROM_9 = {"address": "192.0.2.9"}


@pytest.mark.parametrize(
    ("proxies", "remote", "forwarded", "address"),
    [
        ("", "192.0.2.1", "203.0.113.7", "192.0.2.1"),  # nobody is trusted: the header is a claim
        ("10.0.0.0/8", "192.0.2.1", "203.0.113.7", "192.0.2.1"),
        ("10.0.0.0/8", "10.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("10.0.0.0/8", "10.0.0.1", "1.1.1.1, 203.0.113.7, 10.0.0.2", "203.0.113.7"),
        ("10.0.0.0/8", "10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.0/8", "10.0.0.1", "203.0.113.7, <script>", "10.0.0.1"),
    ],
)
def test_the_address_is_the_last_that_no_proxy_of_ours_has(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, proxies: str, remote: str, forwarded: str, address: str
) -> None:
    monkeypatch.setenv("SHOUWANG_PROXIES", proxies)
    settings.PROXIES = env.networks("SHOUWANG_PROXIES")
    request = RequestFactory().get("/", REMOTE_ADDR=remote, HTTP_X_FORWARDED_FOR=forwarded)
    assert client_address(request) == address


def test_a_wrong_list_of_proxies_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOUWANG_PROXIES", "10.0.0.300")
    with pytest.raises(env.SettingError, match="SHOUWANG_PROXIES"):
        env.networks("SHOUWANG_PROXIES")


@pytest.mark.parametrize(
    ("address", "key"),
    [("192.0.2.1", "192.0.2.1"), ("2001:db8::1", "2001:db8::/64"), ("2001:db8::2:1", "2001:db8::/64"), ("", "")],
)
def test_tries_are_counted_by_address_or_network(address: str, key: str) -> None:
    assert address_key(address) == key


def test_tries_outside_the_window_are_forgotten() -> None:
    window = timedelta(minutes=rules.ADDRESS_MINUTES)
    one = rules.after_failed_address(98, NOON, now=NOON + window / 2)
    assert (one.failed, one.rests_until) == (99, None)
    assert rules.after_failed_address(99, NOON, now=NOON + window / 2).rests_until == NOON + window * 1.5
    assert rules.after_failed_address(99, NOON, now=NOON + window).failed == 1


def test_inactive_account_cannot_sign_in_and_loses_its_session(cast: Cast, client: Client) -> None:
    attempt(client, "lin", PASSWORD)
    account = cast.account["lin"]
    account.refresh_from_db()
    account.is_active = False
    account.save(update_fields=["is_active"])
    assert client.get("/").status_code == 302
    assert "is not right" in attempt(Client(), "lin", PASSWORD)[1]


@pytest.mark.parametrize(
    ("wanted", "reached"),
    [
        ("/password/", "/password/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
def test_goes_on_only_to_addresses_of_ours(cast: Cast, client: Client, wanted: str, reached: str) -> None:
    assert attempt(client, "lin", PASSWORD, next=wanted) == (302, reached)


def test_pages_send_strangers_to_the_login_page_and_back(client: Client, db: None) -> None:
    response = client.get("/password/?a=1")
    assert response.status_code == 302
    assert response.headers["Location"] == f"{LOGIN}?next=/password/%3Fa%3D1"


def test_htmx_request_of_a_stranger_reloads_the_whole_page(client: Client, db: None) -> None:
    response = client.get("/password/", headers={"HX-Request": "true"})
    assert response.status_code == 204
    assert response.headers["HX-Redirect"].startswith(LOGIN)


def test_sign_out_needs_a_post(sign_in: Callable[[str], Client]) -> None:
    client = sign_in("lin")
    assert client.get(reverse("web:logout")).status_code == 405
    assert client.post(reverse("web:logout")).status_code == 302
    assert client.get("/").status_code == 302


def test_forms_without_a_token_are_refused_with_a_sentence(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post(LOGIN, {"username": "lin", "password": PASSWORD}, headers={"accept-language": "en"})
    assert response.status_code == 403
    assert "This page was open too long" in response.content.decode()
