"""A report of three people would name the ill one: small units get no health numbers, by any mouth."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import docx
import pytest

from shouwang.checkins import actions as checkins
from shouwang.checkins.rules import Answers
from shouwang.command import queries, rules
from shouwang.core.scope import system_actor
from shouwang.org.tests.cast import NOON

if TYPE_CHECKING:
    from django.test import Client

    from shouwang.org.tests.cast import Cast

TODAY = NOON.date()
WORDS = "Fewer than five people"


@pytest.fixture
def fever(cast: Cast) -> Cast:
    """Lin has a fever in CS2301, a class of three."""
    answers = Answers(symptoms=("fever",), temperature_c=Decimal("38.6"), exposure=False)
    at = NOON - timedelta(hours=4)
    checkins.submit(person=cast.person["lin"], answers=answers, client_key="k", by=system_actor("t"), at=at)
    return cast


def test_a_class_of_three_shows_who_many_and_no_health(fever: Cast) -> None:
    found = queries.figures(fever.by("tang"), fever.org["CS2301"], TODAY, NOON)
    assert found.small
    known = {key: value for key, value in found.values.items() if value is not None}
    assert known == {"roster": 3, "checked_in": 1, "unknown": 2, "beds": 2, "beds_free": 2}
    assert "symptomatic" not in {key for key, value in found.before.items() if value is not None}
    assert rules.changes(found) == [] or all("ymptom" not in change.sentence for change in rules.changes(found))
    codes = {gap.code for gap in queries.open_gaps(fever.by("tang"), fever.org["CS2301"], found, NOON)}
    assert codes.isdisjoint({"alerts_waiting", "clocks_late", "contacts_waiting", "monitored_missed", "unplaced"})
    above = queries.figures(fever.by("tang"), fever.org["WCU"], TODAY, NOON)
    assert (above.small, above.values["symptomatic"], above.values["alerts_open"]) == (False, 1, 1)


def test_page_word_and_json_say_so(fever: Cast, sign_in: Callable[[str], Client]) -> None:
    leader = sign_in("tang")
    leader.cookies["django_language"] = "en"
    unit = {"unit": fever.org["CS2301"].pk}
    page = leader.get("/command/report/", unit).content.decode()
    assert WORDS in page
    assert "epi-curve-data" not in page
    data = leader.get("/command/report.json", unit).json()["figures"]
    assert (data["roster"]["value"], data["symptomatic"]["value"], data["alerts_open"]["value"]) == (3, None, None)
    body = leader.get("/command/report.docx", unit).content
    assert any(WORDS in paragraph.text for paragraph in docx.Document(io.BytesIO(body)).paragraphs)
    whole = leader.get("/command/report/").content.decode()
    assert WORDS not in whole
    assert "epi-curve-data" in whole


def test_a_building_is_shown_and_its_rooms_are_not(fever: Cast) -> None:
    leader = fever.by("tang")
    rows = queries.place_rows(leader, None, TODAY)
    assert [(row.place.code, row.residents, row.unwell, row.apart, row.tone) for row in rows] == [
        ("D1", 4, "<5", "<5", "")
    ]
    assert queries.place_rows(leader, fever.place["D1"], TODAY) == []


@pytest.mark.parametrize(("roster", "small"), [(None, False), (0, False), (1, True), (4, True), (5, False)])
def test_only_groups_of_one_to_four_are_small(roster: int | None, small: bool) -> None:
    done = rules.completed({"roster": roster, "symptomatic": 1})
    assert done["symptomatic"] == (None if small else 1)
