"""What stands around every page: headers, menu by right, the level, home sections, the manifest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse

from shouwang.core.scope import NOBODY, Actor
from shouwang.org.tests.cast import Cast
from shouwang.web import context, home, navigation
from shouwang.web.context import LevelBadge, shell
from shouwang.web.home import Section
from shouwang.web.navigation import Entry


def test_every_entry_leads_to_a_page_that_exists() -> None:
    for entry in [*navigation.ENTRIES, *navigation.ACCOUNT]:
        assert reverse(entry.url_name)
        assert entry.group in navigation.GROUPS


def test_menu_shows_only_what_a_right_opens(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [Entry("web:home", "Home", "home", tab=True), Entry("web:password", "Cases", "virus", right="case.view")]
    monkeypatch.setattr(navigation, "ENTRIES", entries)
    assert [link.label for group in navigation.menu(cast.by("he"), "/") for link in group.links] == ["Home", "Cases"]
    assert [link.label for group in navigation.menu(cast.by("meng"), "/") for link in group.links] == ["Home"]


def test_the_longest_fitting_address_is_current(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [Entry("web:home", "Home", "home"), Entry("web:password", "Password", "key")]
    monkeypatch.setattr(navigation, "ENTRIES", entries)
    links = navigation.menu(cast.by("lin"), "/password/more/")[0].links
    assert [link.current for link in links] == [False, True]
    assert not any(link.current for link in navigation.menu(cast.by("lin"), "/elsewhere/")[0].links)


def test_entries_of_a_person_are_not_for_accounts_without_one() -> None:
    entry = Entry("web:home", "My data", "id", person=True)
    assert not navigation.may_see(entry, Actor(1, None, "service"))
    assert navigation.may_see(entry, Actor(1, 2, "lin"))


def test_strangers_get_a_shell_without_menu_or_account(rf: RequestFactory) -> None:
    found = shell(rf.get("/login/"))
    assert found["actor"] is NOBODY
    assert found["signed_in"] is False
    assert list(found["navigation"]) == []
    assert list(found["tabs"]) == []


def test_address_of_a_refused_post_is_not_returned_to(rf: RequestFactory) -> None:
    assert shell(rf.post("/cases/7/close/"))["here"] == ""
    assert shell(rf.get("/cases/?page=x"))["here"] == "/cases/?page=x"


def test_level_stands_in_the_head_of_the_page(
    sign_in: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context, "LEVEL", [lambda by: None, lambda by: LevelBadge("Level I", "danger", "since 27")])
    page = sign_in("lin").get("/").content.decode()
    assert '<span class="level tone-danger" title="since 27">' in page


def test_headers_of_every_page(client: Client, db: None) -> None:
    headers = client.get("/login/").headers
    policy = headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "style-src 'self'" in policy
    assert "unsafe" not in policy
    assert headers["Cache-Control"].startswith(("no-store", "max-age=0"))
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"


def test_static_files_carry_the_policy_too(client: Client) -> None:
    response = client.get("/static/web/js/charts.js")
    assert response.status_code == 200
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]
    assert "no-store" not in response.headers.get("Cache-Control", "")


def test_page_carries_the_token_for_htmx_and_no_foreign_address(sign_in: Callable[[str], Client]) -> None:
    page = sign_in("fang").get("/").content.decode()
    assert 'hx-headers=\'{"X-CSRFToken": "' in page
    assert "http://" not in page
    assert "https://" not in page


def test_browser_title_is_the_heading(sign_in: Callable[[str], Client]) -> None:
    page = sign_in("fang").get("/password/", headers={"accept-language": "en"}).content.decode()
    assert "<title>Change password · " in page
    assert page.count("<h1") == 1


def test_home_shows_sections_by_right_and_leaves_out_silent_ones(
    cast: Cast, sign_in: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def loader(name: str, found: Mapping[str, Any] | None) -> home.Loader:
        def load(actor: Actor) -> Mapping[str, Any] | None:
            asked.append(f"{name} for {actor.label}")
            return found

        return load

    empty = "web/_components/empty_state.html"
    sections = [
        Section(empty, loader("own", {"icon": "home", "title": "Own state"}), person=True, width="full"),
        Section(empty, loader("clinic", {"icon": "virus", "title": "Clinic queue"}), right="alert.handle"),
        Section(empty, loader("silent", None)),
    ]
    monkeypatch.setattr(home, "SECTIONS", sections)
    page = sign_in("meng").get("/").content.decode()
    assert asked == ["own for meng", "silent for meng"]
    assert "Own state" in page
    assert "Clinic queue" not in page
    assert "Clinic queue" in sign_in("he").get("/").content.decode()


def test_home_names_the_person_and_the_roles(sign_in: Callable[[str], Client], cast: Cast) -> None:
    page = sign_in("meng").get("/", headers={"accept-language": "en"}).content.decode()
    assert f"Good day, {cast.person['meng'].name}" in page
    assert "class monitor" in page


def test_manifest_lets_a_phone_install_it(client: Client) -> None:
    response = client.get("/manifest.webmanifest")
    assert response.headers["Content-Type"] == "application/manifest+json"
    data = response.json()
    assert data["display"] == "standalone"
    for icon in data["icons"]:
        assert client.get(icon["src"]).status_code == 200


@pytest.mark.parametrize(
    "name", ["lin", "meng", "fang", "xu", "he", "qiu", "su", "tang", "deng", "gu", "admin"]
)  # fmt: skip
def test_every_role_has_a_home(sign_in: Callable[[str], Client], name: str) -> None:
    response = sign_in(name).get("/")
    assert response.status_code == 200
    assert response.content.decode().count("<h1") == 1
