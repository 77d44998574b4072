"""Signing in and out: right, wrong, resting and inactive accounts; where it leads on to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from shouwang.core.models import AuditEntry
from shouwang.org import rules
from shouwang.org.tests.cast import NOON, PASSWORD, Cast

LOGIN = "/login/"


def attempt(client: Client, username: str, password: str, **more: str) -> tuple[int, str]:
    response = client.post(
        LOGIN, {"username": username, "password": password, **more}, headers={"accept-language": "en"}
    )
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
