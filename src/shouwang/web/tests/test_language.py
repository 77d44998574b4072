"""Chinese and English: the switch, its memory, the `lang` attribute."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from tools.translations import compile_rooms, rooms

from shouwang.org.tests.cast import PASSWORD, Cast


@pytest.fixture(autouse=True, scope="session")
def catalogues() -> None:
    """The .mo files are not in the repository."""
    compile_rooms(rooms(["web"]))


def test_switch_sets_a_cookie_for_strangers(db: None, client: Client) -> None:
    page = client.get("/login/", headers={"accept-language": "zh-CN"}).content.decode()
    assert '<html lang="zh-Hans"' in page
    assert "登录" in page
    response = client.post("/language/", {"language": "en", "next": "/login/"})
    assert (response.status_code, response.headers["Location"]) == (302, "/login/")
    page = client.get("/login/", headers={"accept-language": "zh-CN"}).content.decode()
    assert '<html lang="en"' in page
    assert "Sign in" in page


def test_account_remembers_it_on_every_device(cast: Cast, sign_in: Callable[[str], Client]) -> None:
    sign_in("lin").post("/language/", {"language": "en"})
    cast.account["lin"].refresh_from_db()
    assert cast.account["lin"].language == "en"
    phone = Client(headers={"accept-language": "zh-CN"})
    phone.post("/login/", {"username": "lin", "password": PASSWORD})
    assert '<html lang="en"' in phone.get("/").content.decode()


def test_unknown_language_is_refused_in_words(db: None, client: Client) -> None:
    response = client.post("/language/", {"language": "tlh"}, headers={"accept-language": "en"})
    assert response.status_code == 400
    assert "Unknown language tlh." in response.content.decode()


def test_language_is_not_changed_by_a_link(db: None, client: Client) -> None:
    assert client.get("/language/").status_code == 405
