"""ODK Collect: lists, fetches and sends, with a password or a token, and never twice."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from defusedxml.ElementTree import fromstring
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from shouwang.org import actions as org
from shouwang.org.models import Account
from shouwang.org.tests.cast import NOON, PASSWORD, Cast
from shouwang.surveys import actions
from shouwang.surveys.models import Campaign, Submission
from shouwang.surveys.tests import scenes

pytestmark = pytest.mark.django_db
XML = (
    '<data xmlns:orx="http://openrosa.org/xforms" id="{form}" version="1"><number>{number}</number><went>{went}</went>'
    "<city/><orx:meta><orx:instanceID>{key}</orx:instanceID></orx:meta></data>"
)


def basic(name: str, secret: str = PASSWORD) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


def send(
    name: str, campaign: Campaign, *, key: str = "uuid:1", number: str = "", went: str = "no", **kwargs: str
) -> int:
    xml = XML.format(form=kwargs.get("form") or f"went__s{campaign.pk}", number=number, went=went, key=key)
    part = SimpleUploadedFile("submission.xml", xml.encode(), content_type="text/xml")
    # A strict client: the door asks for no CSRF token, and a session does not open it.
    client = Client(enforce_csrf_checks=True)
    return client.post("/openrosa/submission", {"xml_submission_file": part}, headers=basic(name)).status_code


def test_list_and_form(cast: Cast) -> None:
    row = scenes.opened(cast, unit="IE", by="fang")
    answer = Client().get("/openrosa/formList", headers=basic("lin"))
    assert answer["X-OpenRosa-Version"] == "1.0"
    space = "{http://openrosa.org/xforms/xformsList}"
    item = fromstring(answer.content).find(f"{space}xform")
    told = {child.tag.removeprefix(space): child.text for child in item}
    assert (told["formID"], told["version"], told["name"]) == (f"went__s{row.pk}", "1", "去过吗")
    form = Client().get(told["downloadUrl"], headers=basic("lin"))
    assert f'<data id="went__s{row.pk}" version="1">' in form.content.decode()
    assert fromstring(Client().get("/openrosa/formList", headers=basic("ou")).content).find(f"{space}xform") is None
    assert Client().get(told["downloadUrl"], headers=basic("ou")).status_code == 404


def test_without_credentials(cast: Cast) -> None:
    for headers in ({}, basic("lin", "wrong"), basic("nobody"), {"Authorization": "Basic !!!"}, {"Authorization": "x"}):
        answer = Client().get("/openrosa/formList", headers=headers)
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Basic")
    assert Account.objects.get(username="lin").failed_logins == 1
    signed_in = Client()
    signed_in.force_login(cast.account["lin"])
    assert signed_in.get("/openrosa/formList").status_code == 401


def test_a_token_opens_too(cast: Cast) -> None:
    _row, token = org.issue_token(cast.account["lin"], name="phone", days=30, by=cast.by("lin"), at=NOON)
    assert Client().get("/openrosa/formList", headers=basic("lin", token)).status_code == 200
    assert Client().get("/openrosa/formList", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    assert Client().get("/openrosa/formList", headers=basic("wang", token)).status_code == 401


def test_may_i_send(cast: Cast) -> None:
    answer = Client().head("/openrosa/submission", headers=basic("lin"))
    assert answer.status_code == 204
    assert int(answer["X-OpenRosa-Accept-Content-Length"]) > 1_000_000
    assert answer["Location"].endswith("/openrosa/submission")
    assert Client().head("/openrosa/submission").status_code == 401


def test_sent_twice_and_kept_once(cast: Cast) -> None:
    row = scenes.opened(cast)
    assert [send("lin", row), send("lin", row)] == [201, 201]
    made = Submission.objects.get()
    assert (made.answers, made.source, made.mouth) == ({"went": "no"}, "self", "collect")
    assert send("lin", row, went="yes") in (400, 409)
    assert send("lin", row, key="") == 400
    assert send("lin", row, form="went__s999999", key="uuid:2") == 404
    assert send("lin", row, form="anything", key="uuid:3") == 404
    assert send("deng", row, key="uuid:4") == 404
    actions.close_campaign(row, by=cast.by("su"), at=NOON + timedelta(hours=1))
    assert send("lin", row) == 201
    assert send("wang", row, key="uuid:5") == 409
    assert Submission.objects.count() == 1


def test_from_door_to_door(cast: Cast) -> None:
    row = scenes.opened(cast)
    assert send("meng", row, number="2023010102", key="uuid:1") == 201
    made = Submission.objects.get()
    assert (made.person, made.source, made.account) == (cast.person["wang"], "proxy", cast.account["meng"])
    assert made.proxy_reason
    assert send("meng", row, number="2023020101", key="uuid:2") == 404
    assert send("meng", row, number="2023010103", key="uuid:3") == 201


@pytest.mark.parametrize("content", [b"", b"<data", b'<!DOCTYPE x [<!ENTITY a "b">]><data id="went__s1">&a;</data>'])
def test_hostile_submissions(cast: Cast, content: bytes) -> None:
    part = SimpleUploadedFile("submission.xml", content)
    answer = Client().post("/openrosa/submission", {"xml_submission_file": part}, headers=basic("lin"))
    assert answer.status_code == 400
    assert b"OpenRosaResponse" in answer.content
    assert Client().post("/openrosa/submission", headers=basic("lin")).status_code == 400
