"""The hand-over sheet: what stands in it, masked or in full, who gets it, and what the log keeps."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO, StringIO
from pathlib import Path

import docx
import openpyxl
import pytest
from django.test import Client

from shouwang.cases import actions as case_actions
from shouwang.cases.models import Case
from shouwang.core.errors import BadInput, NotFound
from shouwang.core.models import AuditEntry
from shouwang.org.models import Person
from shouwang.org.tests.cast import NOON, Cast
from shouwang.tracing import actions
from shouwang.tracing.models import Contact, FollowUp
from shouwang.tracing.queries import exchange, sheet
from shouwang.tracing.tests.desk_scene import contact
from shouwang.tracing.tests.test_interview import enter, moment, said
from shouwang.tracing.tests.test_unknowns import TAXI

SignIn = Callable[[str], Client]
LATER = NOON + timedelta(hours=1)


@pytest.fixture
def told(cast: Cast, traced: Case) -> Case:
    Person.objects.filter(pk=cast.person["zhao"].pk).update(phone="13812345678")
    enter(cast, traced, said(cast, "15:00", "16:00", "LIB", "about"))
    actions.unknowns.note(traced, TAXI, by=cast.by("qiu"), at=LATER)
    actions.dismiss(contact(traced, cast, "meng"), reason="请假", by=cast.by("qiu"), at=LATER)
    return traced


def taken(cast: Cast, case: Case, *, full: bool) -> dict[str, list[tuple[object, ...]]]:
    content = actions.sheet.hand_over_sheet(case, form="xlsx", full=full, by=cast.by("qiu"), at=LATER)
    book = openpyxl.load_workbook(BytesIO(content))
    return {page.title: list(page.iter_rows(values_only=True)) for page in book.worksheets}


def test_in_full_it_names_people_with_evidence_and_telephone(cast: Cast, told: Case) -> None:
    _case, contacts, evidence, unknown, spoken = taken(cast, told, full=True).values()
    zhao = next(row for row in contacts if row[0] == "2023010201")
    assert (zhao[1], zhao[3], zhao[6]) == ("赵宁", "13812345678", 100)
    meng = next(row for row in contacts if row[0] == "2023010103")
    assert meng[11] == "请假"
    rows = [row for row in evidence if row[0] == "2023010201"]
    assert len(rows) == len(contact(told, cast, "zhao").evidence)
    assert (rows[0][2], rows[0][5]) == ("一教201", 100)
    assert unknown[1][0] == TAXI.description
    assert spoken[1][:3] == ("2023010101", "林晓", "LIB")


def test_masked_it_names_nobody(cast: Cast, told: Case) -> None:
    pages = taken(cast, told, full=False)
    text = " ".join(str(cell) for rows in pages.values() for row in rows for cell in row)
    people = Person.objects.filter(contact_of__case=told)
    secrets = [told.person.name, told.person.number, "13812345678"]
    secrets += [value for person in people for value in (person.name, person.number)]
    assert [secret for secret in secrets if secret in text] == []
    assert "138****" in text


def test_a_telephone_is_for_whoever_may_see_it(cast: Cast, told: Case) -> None:
    zhao = Person.objects.get(pk=cast.person["zhao"].pk)
    assert sheet.telephone(cast.by("qiu"), zhao, full=True) == "13812345678"
    assert sheet.telephone(cast.by("su"), zhao, full=True).startswith("138***")
    assert "1" not in sheet.telephone(cast.by("qiu"), cast.person["wang"], full=True)


def test_word_holds_the_same_people(cast: Cast, told: Case) -> None:
    content = actions.sheet.hand_over_sheet(told, form="docx", full=True, by=cast.by("qiu"), at=LATER)
    tables = docx.Document(BytesIO(content)).tables
    assert len(tables) == 5
    names = {row.cells[1].text for row in tables[1].rows[1:]}
    assert names == {"王蕾", "赵宁", "孟欣", "欧阳静"}
    assert moment("14:20")  # the unknown contact's hour is written in local time
    assert any("14:20" in cell.text for cell in tables[3].rows[1].cells)


def test_it_is_recorded_for_the_case_and_for_everybody_in_it(cast: Cast, told: Case) -> None:
    taken(cast, told, full=True)
    entry = AuditEntry.objects.get(verb="case.handed_over")
    assert entry.new is not None
    assert (entry.new["masked"], entry.new["contacts"], entry.new["form"]) == (False, 4, "xlsx")
    seen = AuditEntry.objects.filter(verb="contact.exported").values_list("subject", flat=True)
    assert set(seen) == {cast.person[who].pk for who in ("wang", "zhao", "meng", "ou")}


def test_who_gets_none(cast: Cast, told: Case) -> None:
    for who in ("he", "su", "fang", "lin"):
        with pytest.raises(NotFound):
            actions.sheet.hand_over_sheet(told, form="xlsx", full=False, by=cast.by(who), at=LATER)
    with pytest.raises(BadInput):
        actions.sheet.hand_over_sheet(told, form="pdf", full=False, by=cast.by("qiu"), at=LATER)
    case_actions.close_case(told, reason="痊愈", by=cast.by("he"), at=LATER)
    with pytest.raises(NotFound):
        actions.sheet.hand_over_sheet(told, form="xlsx", full=False, by=cast.by("qiu"), at=LATER)
    assert not AuditEntry.objects.filter(verb="case.handed_over").exists()


def test_from_the_page(cast: Cast, sign_in: SignIn, told: Case) -> None:
    qiu, address = sign_in("qiu"), f"/tracing/cases/{told.pk}/sheet/"
    response = qiu.post(address, {"form": "docx", "full": "1"})
    assert response.status_code == 200
    assert "attachment" in response.headers["Content-Disposition"]
    assert qiu.post(address, {"form": "pdf"}).status_code == 400
    assert qiu.get(address).status_code == 405


def contacts_file(cast: Cast, case: Case, system: str, *, full: bool) -> list[dict[str, str]]:
    content = actions.sheet.hand_over_sheet(case, form=system, full=full, by=cast.by("qiu"), at=LATER)
    return list(csv.DictReader(StringIO(content.decode("utf-8-sig"))))


def test_sormas_gets_every_contact_in_its_words(cast: Cast, told: Case) -> None:
    actions.confirm(contact(told, cast, "zhao"), by=cast.by("qiu"), at=LATER)
    Person.objects.filter(pk=cast.person["zhao"].pk).update(sex="m", born=date(2005, 3, 1))
    rows = {row["person.lastName"]: row for row in contacts_file(cast, told, "sormas", full=True)}
    zhao, meng = rows["赵宁"], rows["孟欣"]
    assert (zhao["contactClassification"], zhao["contactStatus"], zhao["person.sex"]) == ("CONFIRMED", "ACTIVE", "MALE")
    assert (zhao["caseIdExternalSystem"], zhao["disease"], zhao["person.phone"]) == (
        told.number, "CORONAVIRUS", "13812345678",
    )  # fmt: skip
    assert (zhao["person.birthdateDD"], zhao["person.birthdateYYYY"]) == ("1", "2005")
    assert (meng["contactClassification"], meng["contactStatus"]) == ("NO_CONTACT", "DROPPED")
    masked = contacts_file(cast, told, "sormas", full=False)
    text = "".join("".join(row.values()) for row in masked)
    assert "赵宁" not in text and "138" not in text and "2005" not in text
    entry = AuditEntry.objects.filter(verb="case.handed_over").latest("id")
    assert entry.new is not None and entry.new["form"] == "sormas" and entry.new["masked"]


def test_go_data_gets_those_that_still_are_contacts(cast: Cast, told: Case) -> None:
    rows = contacts_file(cast, told, "godata", full=True)
    assert {row["firstName"] for row in rows} == {"王蕾", "赵宁", "欧阳静"}
    assert {row["source_visualid"] for row in rows} == {told.number}
    assert {row["contact_status"] for row in rows} == {"UNDER_FOLLOW_UP"}


def test_every_state_has_a_word_in_both_systems() -> None:
    states = {"none", *FollowUp.State.values}
    for system in exchange.SYSTEMS:
        assert set(exchange.words()[system]["follow_up"]) == states
    for field in ("classification", "status"):
        assert set(exchange.words()["sormas"][field]) >= set(Contact.State.values)


def test_columns_and_words_are_those_of_the_systems_own_files(real_data: Callable[[str], Path]) -> None:
    template = real_data("interop/sormas/TestContact_ImportPrio_template.csv").read_text("utf-8-sig").splitlines()
    columns, takes = template[0].split(";"), template[2].split(";")
    assert not set(exchange.SORMAS) - set(columns)
    table = exchange.words()["sormas"]
    for field, column in (
        ("classification", "contactClassification"), ("status", "contactStatus"), ("follow_up", "followUpStatus"),
        ("disease", "disease"), ("sex", "person.sex"),
    ):  # fmt: skip
        assert not set(table[field].values()) - set(takes[columns.index(column)].split(",")), field
    found: set[str] = set()
    for name in ("contacts", "relationships"):
        with real_data(f"interop/godata/{name}_clean.csv").open(encoding="utf-8-sig", newline="") as stream:
            found |= set(next(csv.reader(stream)))
    assert not set(exchange.GODATA) - found
    with real_data("interop/godata/contacts_clean.csv").open(encoding="utf-8-sig", newline="") as stream:
        theirs = {row["contact_status"] for row in csv.DictReader(stream)}
    assert not set(exchange.words()["godata"]["follow_up"].values()) - theirs
