"""Changing one's password, and the first password that opens nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from shouwang.org.tests.cast import PASSWORD, Cast

NEW = "a-lantern-on-the-hill"


def test_new_password_works_and_the_session_goes_on(cast: Cast, sign_in: Callable[[str], Client]) -> None:
    client, elsewhere = sign_in("lin"), sign_in("lin")
    response = client.post("/password/", {"old": PASSWORD, "new": NEW, "again": NEW})
    assert (response.status_code, response.headers["Location"]) == (302, "/")
    assert client.get("/").status_code == 200
    assert elsewhere.get("/").status_code == 302, "sessions on other devices end"
    cast.account["lin"].refresh_from_db()
    assert cast.account["lin"].check_password(NEW)


@pytest.mark.parametrize(
    ("old", "new", "again", "sentence"),
    [
        ("wrong", NEW, NEW, "The present password is not right."),
        (PASSWORD, NEW, NEW + "x", "The two new passwords differ."),
        (PASSWORD, "short", "short", "too short"),
        (PASSWORD, "20230101202301", "20230101202301", "entirely numeric"),
        (PASSWORD, "100%(no)s-100%", "100%(no)s-100%", ""),
    ],
)
def test_refusals_stand_at_their_field(
    cast: Cast, sign_in: Callable[[str], Client], old: str, new: str, again: str, sentence: str
) -> None:
    response = sign_in("lin").post(
        "/password/", {"old": old, "new": new, "again": again}, headers={"accept-language": "en"}
    )
    if not sentence:  # percent signs in a password are only characters
        assert response.status_code == 302
        return
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert 'aria-invalid="true"' in response.content.decode()
    cast.account["lin"].refresh_from_db()
    assert cast.account["lin"].check_password(PASSWORD)


def test_first_password_opens_only_the_page_where_it_is_changed(cast: Cast, sign_in: Callable[[str], Client]) -> None:
    account = cast.account["lin"]
    account.must_change_password = True
    account.save(update_fields=["must_change_password"])
    client = sign_in("lin")
    assert client.get("/").headers["Location"] == "/password/"
    htmx = client.get("/", headers={"HX-Request": "true"})
    assert (htmx.status_code, htmx.headers["HX-Redirect"]) == (204, "/password/")
    page = client.get("/password/", headers={"accept-language": "en"})
    assert "Choose your own password" in page.content.decode()
    client.post("/password/", {"old": PASSWORD, "new": NEW, "again": NEW})
    assert client.get("/").status_code == 200


def test_passwords_are_kept_by_argon2_alone() -> None:
    """Other tests use a quick hash; the product must not."""
    from shouwang.web import settings as product

    assert product.PASSWORD_HASHERS == ["django.contrib.auth.hashers.Argon2PasswordHasher"]
