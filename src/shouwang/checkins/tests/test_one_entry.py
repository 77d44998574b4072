"""Two diseases found in one person are one entry of the queue, handled together or one by one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from shouwang.checkins import actions, queries
from shouwang.checkins.models import SymptomAlert
from shouwang.core.errors import BadInput
from shouwang.org.tests.cast import NOON

if TYPE_CHECKING:
    from django.test import Client

    from shouwang.org.tests.cast import Cast

RANKS = {"low": 1, "high": 3}


def found(cast: Cast, name: str, disease: str, severity: str, minutes: int) -> SymptomAlert:
    return SymptomAlert.objects.create(
        person=cast.person[name], disease=disease, pack="p", rule="r", severity=severity, rank=RANKS[severity],
        because_zh=f"{disease}因", because_en=f"{disease} because", raised_at=NOON - timedelta(minutes=minutes),
        purge_on=NOON.date() + timedelta(days=90),
    )  # fmt: skip


@pytest.fixture
def both(cast: Cast) -> tuple[SymptomAlert, SymptomAlert]:
    """Lin: covid high, influenza low but earlier. Wang: influenza low."""
    found(cast, "wang", "influenza", "low", 5)
    return found(cast, "lin", "covid19", "high", 10), found(cast, "lin", "influenza", "low", 60)


def test_the_gravest_stands_for_the_person(cast: Cast, both: tuple[SymptomAlert, SymptomAlert]) -> None:
    entries = list(queries.call_queue(cast.by("he")))
    assert [(row.person.name, row.disease) for row in entries] == [("林晓", "covid19"), ("王蕾", "influenza")]
    others = queries.beside(entries)
    assert [[row.disease for row in others[entry.pk]] for entry in entries] == [["influenza"], []]
    assert queries.alert_queue(cast.by("he")).count() == 3


def test_equals_are_one_entry_too(cast: Cast) -> None:
    first = found(cast, "lin", "covid19", "high", 10)
    found(cast, "lin", "influenza", "high", 10)
    assert list(queries.call_queue(cast.by("he"))) == [first]


def test_the_page_shows_both_findings_in_one_card(
    cast: Cast, sign_in: Callable[[str], Client], both: tuple[SymptomAlert, SymptomAlert]
) -> None:
    page = sign_in("he").get("/checkins/alerts/").content.decode()
    assert page.count("alert-card") == 2
    assert "covid19因" in page and page.count("influenza因") == 2


@pytest.mark.parametrize(("also", "left"), [("on", 0), ("", 1)])
def test_closed_together_or_separately(
    cast: Cast, sign_in: Callable[[str], Client], both: tuple[SymptomAlert, SymptomAlert], also: str, left: int
) -> None:
    answer = sign_in("he").post(f"/checkins/alerts/{both[0].pk}/close/", {"reason": "已电话核实", "also": also})
    assert answer.status_code == 302
    assert SymptomAlert.objects.filter(person=cast.person["lin"], state="open").count() == left
    assert SymptomAlert.objects.filter(person=cast.person["wang"], state="open").count() == 1


def test_all_or_none(cast: Cast, both: tuple[SymptomAlert, SymptomAlert]) -> None:
    with pytest.raises(BadInput):
        actions.close_alerts(list(both), reason=" ", by=cast.by("he"), at=NOON)
    assert SymptomAlert.objects.filter(state="open").count() == 3
