"""A typed error answers in the form it was asked in: page, HTMX notice, JSON. Faults of the program have a page too."""

from __future__ import annotations

import json
from typing import NoReturn

import pytest
from django.http import HttpRequest
from django.test import Client
from django.urls import include, path

from shouwang.core.errors import BadInput, Conflict, Forbidden, NotFound
from shouwang.web import urls

SENTENCE = "Row %(row)s says <b>43</b> degrees. Correct it & send again."


def bad(request: HttpRequest) -> NoReturn:
    raise BadInput(SENTENCE, field="temperature", row=7)


def fault(request: HttpRequest) -> NoReturn:
    raise RuntimeError("a fault of the program")


def refuse(request: HttpRequest, kind: str) -> NoReturn:
    raise {"404": NotFound(), "403": Forbidden(), "409": Conflict("Somebody was faster.")}[kind]


trouble = [path("bad/", bad), path("fault/", fault), path("refuse/<kind>/", refuse)]
urlpatterns = [*urls.urlpatterns, path("trouble/", include(trouble)), path("api/", include(trouble))]

pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db]


@pytest.fixture
def reader() -> Client:
    return Client(headers={"accept-language": "en"}, raise_request_exception=False)


def test_as_a_page(reader: Client) -> None:
    response = reader.get("/trouble/bad/")
    text = response.content.decode()
    assert response.status_code == 400
    assert "Row 7 says &lt;b&gt;43&lt;/b&gt; degrees. Correct it &amp; send again." in text
    assert "<code>bad_input</code>" in text
    assert "Nothing was changed." in text


def test_as_an_htmx_notice_that_leaves_the_page_alone(reader: Client) -> None:
    response = reader.get("/trouble/bad/", headers={"HX-Request": "true"})
    assert response.status_code == 400
    assert response.headers["HX-Retarget"] == "#notices"
    assert response.headers["HX-Reswap"] == "afterbegin"
    assert response.content.decode().lstrip().startswith('<div class="notice notice-error" role="alert">')


def test_as_json(reader: Client) -> None:
    response = reader.get("/api/bad/")
    assert response.status_code == 400
    assert json.loads(response.content) == {
        "code": "bad_input",
        "field": "temperature",
        "message": "Row 7 says <b>43</b> degrees. Correct it & send again.",
        "data": {"row": 7},
    }


@pytest.mark.parametrize(
    ("kind", "remedy"),
    [("404", "your role does not reach it"), ("403", "ask the administrator"), ("409", "Somebody else was faster")],
)
def test_each_kind_says_what_to_do(reader: Client, kind: str, remedy: str) -> None:
    response = reader.get(f"/trouble/refuse/{kind}/")
    assert response.status_code == int(kind)
    assert remedy in response.content.decode()


def test_unknown_address(reader: Client) -> None:
    response = reader.get("/no/such/page/")
    assert response.status_code == 404
    assert "There is no page at this address." in response.content.decode()


def test_fault_of_the_program_has_a_page_that_needs_nothing(reader: Client) -> None:
    response = reader.get("/trouble/fault/")
    assert response.status_code == 500
    assert "Something went wrong on our side" in response.content.decode()
    assert "a fault of the program" not in response.content.decode()
