"""A pack is read on the page, by the API and on the terminal, and says the same; the office puts it in force."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from django.test import Client
from django.utils import translation

from shouwang.cli.packs import pack as command
from shouwang.core.models import ActivePack
from shouwang.core.packs import SHIPPED, pack_files
from shouwang.org.tests.cast import Cast

if TYPE_CHECKING:
    from pytest_django import Settings

API = "/api/v1/command/packs"
ENGLISH = {"accept-language": "en"}
SignIn = Callable[[str], Client]


def test_the_list_names_every_pack_and_what_is_in_force(cast: Cast, sign_in: SignIn) -> None:
    page = sign_in("su").get("/command/packs/", headers=ENGLISH).content.decode()
    for code in pack_files():
        assert f"/command/packs/{code}/" in page
    assert f"1 of {len(pack_files())} is in force today." in page


def test_a_broken_file_of_the_institution_is_named_and_hides_nothing(
    cast: Cast, sign_in: SignIn, settings: Settings
) -> None:
    folder = Path(settings.PACKS_ROOT)
    folder.mkdir()
    (folder / "own-flu.toml").write_text("[pack]\ncode = \n", encoding="utf-8")
    page = sign_in("su").get("/command/packs/", headers=ENGLISH).content.decode()
    assert "own-flu.toml:2: the value cannot be read" in page
    assert "/command/packs/measles-school/" in page
    rows = sign_in("su").get(API).json()
    assert [row["code"] for row in rows if row["fault"]] == ["own-flu"]


@pytest.mark.parametrize("code", sorted(path.stem for path in SHIPPED.glob("*.toml")))
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_pack_can_be_read_in_both_languages_with_its_sources(
    cast: Cast, sign_in: SignIn, code: str, language: str
) -> None:
    client = sign_in("lin")  # a rule that acts on a person can be read by that person
    page = client.get(f"/command/packs/{code}/", headers={"accept-language": language}).content.decode()
    body = client.get(f"{API}/{code}", headers={"accept-language": language}).json()
    for source in body["sources"]:
        assert f'id="s-{source["id"]}"' in page
    named = {line["source"] for part in body["parts"] for line in part["lines"]} - {None}
    assert named <= {source["id"] for source in body["sources"]}
    with translation.override(language):
        told = CliRunner().invoke(command, ["show", code, "--json"])
    assert json.loads(told.stdout)["parts"] == body["parts"]


def test_the_definitions_judge_answers_and_say_what_is_open(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in("he")
    query = "c-fever38=yes&c-rash=yes&c-cough=yes&c-igm=no"
    page = client.get(f"/command/packs/measles-school/?{query}", headers=ENGLISH).content.decode()
    assert "Meets the definition: suspected." in page
    assert "Still open: probable. It hangs on: epidemiologically linked" in page
    asked = f"{API}/measles-school/judge?yes=fever38&yes=rash&yes=cough&no=igm"
    found = client.get(asked).json()
    assert (found["classification"], found["could_be"]) == ("suspected", ["confirmed", "probable"])
    assert found["findings"][0]["open"] == ["igg4", "virus"]
    assert client.get(f"{API}/measles-school/judge?yes=spots").json()["code"] == "criterion_unknown"
    assert client.get(f"{API}/measles-school/judge?yes=rash&no=rash").json()["code"] == "criterion_both"
    told = CliRunner().invoke(command, ["judge", "measles-school", "--yes", "physician", "--yes", "igm"])
    assert told.stdout.splitlines()[0] == "confirmed"


def test_the_office_puts_a_pack_in_force_and_ends_it(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in("su")
    done = client.post("/command/packs/measles-school/activate/", {"since": "2026-03-01", "until": "2026-04-01"})
    assert done.status_code == 302
    row = ActivePack.objects.get(code="measles-school")
    assert (row.active_from, row.active_to) == (date(2026, 3, 1), date(2026, 4, 1))
    refused = client.post(f"{API}/covid19-2022-9/activate", {}, content_type="application/json")
    assert (refused.status_code, refused.json()["field"]) == (409, "code")
    assert client.post(f"{API}/mumps-school/activate", {}, content_type="application/json").status_code == 200
    ended = client.post(f"{API}/mumps-school/deactivate", {"on": "2026-03-05"}, content_type="application/json").json()
    assert ended["versions"][0]["active_to"] == "2026-03-05"


@pytest.mark.parametrize("who", ["lin", "he", "qiu", "fang"])
def test_nobody_else_does(cast: Cast, sign_in: SignIn, who: str) -> None:
    client = sign_in(who)
    assert client.post("/command/packs/measles-school/activate/", {}).status_code in {403, 404}
    assert client.post("/command/packs/covid19-2020-6/deactivate/", {}).status_code in {403, 404}
    assert ActivePack.objects.get().active_to is None


def test_what_is_not_there(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in("su")
    for path in (
        "/command/packs/plague/",
        "/command/packs/measles-school/?version=abc",
        f"{API}/plague",
        f"{API}/plague/judge",
    ):
        assert client.get(path).status_code == 404, path


def test_a_text_is_checked_by_the_api_and_nothing_is_written(cast: Cast, sign_in: SignIn) -> None:
    text = (SHIPPED / "mumps-school.toml").read_text(encoding="utf-8").replace("\ndays = 25", "\ndays = 0")
    body = {"file": "../mumps-school.toml", "text": text}
    found = sign_in("su").post(f"{API}/check", body, content_type="application/json").json()
    assert found["sound"] is False
    assert [(f["file"], f["path"]) for f in found["faults"]] == [("mumps-school.toml", "follow_up.days")]
    assert sign_in("lin").post(f"{API}/check", body, content_type="application/json").status_code == 403
