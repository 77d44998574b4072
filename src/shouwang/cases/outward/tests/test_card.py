"""The draft of the report card: what is known and what is missing, by when, and for nobody but who may manage."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, datetime, timedelta

import docx
import pytest
from django.test import Client
from django.utils import translation

from shouwang.cases import actions
from shouwang.cases.models import Case
from shouwang.cases.outward.card import card_docx, card_of
from shouwang.cases.outward.models import SentCard
from shouwang.cases.outward.sent import changes_since, record_sent, sent_cards
from shouwang.core.errors import BadInput, Forbidden
from shouwang.core.models import AuditEntry
from shouwang.core.packs import get_pack
from shouwang.org.models import Person
from shouwang.org.tests.cast import NOON, Cast

SignIn = Callable[[str], Client]
HOUR = timedelta(hours=1)


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


# --- what was sent ---------------------------------------------------------------------------------------------------


def test_what_was_sent_is_kept_and_compared(cast: Cast, found: Case) -> None:
    he = cast.by("he")
    row = record_sent(found, sent_at=NOON + HOUR, reference="3301-0001", by=he, at=NOON + HOUR)
    found.refresh_from_db()
    assert found.reported_at == NOON + HOUR, "the first report ends the clock"
    assert row.entries["class"] == "确诊病例" and row.entries["identity"] == ""
    assert changes_since(he, card_of(he, found, at=NOON + 2 * HOUR), row) == [], "the act itself is no change"
    with translation.override("en"):
        assert changes_since(he, card_of(he, found, at=NOON + 2 * HOUR), row) == [], "nor is the reader's language"
    Person.objects.filter(pk=found.person_id).update(phone="13800001111")
    found.person.refresh_from_db()
    [change] = changes_since(he, card_of(he, found, at=NOON + 2 * HOUR), row)
    assert (change.before, change.now) == ("", "13800001111")
    later = record_sent(found, sent_at=NOON + 3 * HOUR, by=he, at=NOON + 3 * HOUR)
    found.refresh_from_db()
    assert found.reported_at == NOON + HOUR, "a correction is no second report"
    assert sent_cards(found) == [later, row]
    assert changes_since(he, card_of(he, found, at=NOON + 3 * HOUR), later) == []


@pytest.mark.parametrize(
    ("sent_at", "reference", "field"),
    [(NOON + 5 * HOUR, "", "sent_at"), (NOON - HOUR, "", "sent_at"), (NOON, "1" * 61, "reference")],
)
def test_what_is_refused_of_a_sent_card(cast: Cast, found: Case, sent_at: datetime, reference: str, field: str) -> None:
    with pytest.raises(BadInput) as refused:
        record_sent(found, sent_at=sent_at, reference=reference, by=cast.by("he"), at=NOON + HOUR)
    assert refused.value.field == field
    assert not SentCard.objects.exists()
    with pytest.raises(Forbidden):
        record_sent(found, sent_at=NOON, by=cast.by("qiu"), at=NOON + HOUR)


def test_sent_by_the_page(cast: Cast, found: Case, sign_in: SignIn) -> None:
    he, page = sign_in("he"), f"/cases/{found.pk}/card/"
    assert he.post(f"{page}sent/", {"sent_at": ""}).status_code == 422
    assert he.post(f"{page}sent/", {"sent_at": "2026-03-02T12:00", "reference": "3301-0001"}).status_code == 302
    Person.objects.filter(pk=found.person_id).update(phone="13800001111")
    text = he.get(page).content.decode()
    assert "3301-0001" in text and "13800001111" in text and "需要订正" in text
    body = he.get(f"/api/v1/cases/{found.pk}/card").json()
    assert [row["now"] for row in body["changed"]] == ["13800001111"]
    assert AuditEntry.objects.filter(verb="case.card_sent", subject=found.person_id).count() == 1
