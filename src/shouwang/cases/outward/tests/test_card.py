"""The draft of the report card: what is known and what is missing, by when, and for nobody but who may manage."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, timedelta

import docx
import pytest
from django.test import Client

from shouwang.cases import actions
from shouwang.cases.models import Case
from shouwang.cases.outward.card import card_docx, card_of
from shouwang.core.errors import Forbidden
from shouwang.core.models import AuditEntry
from shouwang.core.packs import get_pack
from shouwang.org.models import Person
from shouwang.org.tests.cast import NOON, Cast

SignIn = Callable[[str], Client]


@pytest.fixture
def found(cast: Cast) -> Case:
    return actions.open_case(
        person=cast.person["lin"], pack=get_pack("covid19-2020-6"), classification="confirmed",
        onset_at=NOON - timedelta(hours=6), reason="核酸阳性", by=cast.by("he"), at=NOON,
    )  # fmt: skip


def test_what_is_known_and_what_is_missing(cast: Cast, found: Case) -> None:
    Person.objects.filter(pk=found.person_id).update(born=date(2004, 5, 6), sex="f")
    found.person.refresh_from_db()
    card = card_of(cast.by("he"), found, at=NOON)
    values = {entry.key: entry.value for entry in card.entries}
    assert (values["name"], values["born"], values["age"]) == (cast.person["lin"].name, "2004-05-06", "21")
    assert values["onset"] == "2026-03-02"
    assert values["diagnosed"] == "2026-03-02 12"
    assert {entry.key for entry in card.lacking} == {"identity", "belongs"}
    assert card.due == NOON + timedelta(hours=2)
    assert not card.correction
    assert not card.late
    assert card_of(cast.by("he"), found, at=NOON + timedelta(hours=3)).late
    actions.set_dates(found, reported_at=NOON + timedelta(hours=1), by=cast.by("he"), at=NOON + timedelta(hours=1))
    found.refresh_from_db()
    again = card_of(cast.by("he"), found, at=NOON + timedelta(hours=3))
    assert again.correction
    assert not again.late


def test_a_child_needs_a_parents_name(cast: Cast, found: Case) -> None:
    Person.objects.filter(pk=found.person_id).update(born=date(2015, 5, 6))
    found.person.refresh_from_db()
    assert "parent" in {entry.key for entry in card_of(cast.by("he"), found, at=NOON).lacking}


def test_walls_page_file_and_api(cast: Cast, found: Case, sign_in: SignIn) -> None:
    with pytest.raises(Forbidden):
        card_of(cast.by("qiu"), found, at=NOON)
    he = sign_in("he")
    page = he.get(f"/cases/{found.pk}/card/").content.decode()
    assert "缺" in page
    assert cast.person["lin"].name in page
    content = he.get(f"/cases/{found.pk}/card/file/").content
    table = docx.Document(io.BytesIO(content)).tables[0]
    assert any(cast.person["lin"].name in cell.text for row in table.rows for cell in row.cells)
    assert content[:2] == card_docx(card_of(cast.by("he"), found, at=NOON), by=cast.by("he"))[:2]
    told = he.get(f"/api/v1/cases/{found.pk}/card").json()
    assert "identity" in told["lacking"]
    assert sign_in("qiu").get(f"/cases/{found.pk}/card/").status_code == 403
    assert sign_in("fang").get(f"/cases/{found.pk}/card/").status_code in (403, 404)
    assert AuditEntry.objects.filter(verb="case.carded").count() >= 1
