"""Contacts of another system: noted once, by case, with what is wrong by row; nobody is a contact by a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from shouwang.cases.models import Case
from shouwang.core.errors import BadInput, NotFound
from shouwang.core.models import AuditEntry
from shouwang.org.tests.cast import NOON, Cast
from shouwang.tracing import actions
from shouwang.tracing.actions.outside import Brought
from shouwang.tracing.models import Contact
from shouwang.tracing.models_told import UnknownContact

SignIn = Callable[[str], Client]
HEAD = "caseIdExternalSystem;externalID;person.firstName;person.lastName;person.sex;person.phone;lastContactDate\n"
ROW = "{case};K-{n};晓;刘;MALE;13800000000;{day}\n"


def brought(cast: Cast, case: Case, tmp_path: Path, text: str, *, dry_run: bool = False, order: str = "") -> Brought:
    path = tmp_path / "contacts.csv"
    path.write_text(text, encoding="utf-8")
    return actions.outside.bring_contacts(
        case, path, name=path.name, order=order, dry_run=dry_run, by=cast.by("qiu"), at=NOON
    )


def test_each_is_noted_once_and_nobody_becomes_a_contact(cast: Cast, traced: Case, tmp_path: Path) -> None:
    before = Contact.objects.filter(case=traced).count()
    text = HEAD + ROW.format(case=traced.number, n=1, day="02/28/2026") + ROW.format(case="", n=2, day="03/01/2026")
    assert brought(cast, traced, tmp_path, text, dry_run=True).new == 2
    assert not UnknownContact.objects.exists() and not AuditEntry.objects.filter(verb="contact.brought").exists()
    found = brought(cast, traced, tmp_path, text)
    assert (found.system, found.read, found.new, found.known, found.written) == ("sormas", 2, 2, 0, True)
    row = UnknownContact.objects.get(outside_key="K-1")
    assert row.state == "unknown" and "刘晓" in row.description and "SORMAS K-1" in row.description
    assert row.find_by == "13800000000" and row.ends_at is not None
    assert Contact.objects.filter(case=traced).count() == before
    again = brought(cast, traced, tmp_path, text)
    assert (again.new, again.known) == (0, 2) and UnknownContact.objects.count() == 2


def test_rows_of_other_cases_and_without_a_day(cast: Cast, traced: Case, tmp_path: Path) -> None:
    text = HEAD + ROW.format(case="COV-1999-1", n=1, day="02/28/2026") + ROW.format(case="", n=2, day="")
    found = brought(cast, traced, tmp_path, text + ROW.format(case="", n=3, day="04/28/2026"))
    assert (found.read, found.new, found.others, found.known) == (3, 0, 1, 0)
    assert [(p.row, p.code) for p in found.problems] == [(3, "met_missing"), (4, "date_future")]


def test_today_has_no_end_yet(cast: Cast, traced: Case, tmp_path: Path) -> None:
    brought(cast, traced, tmp_path, HEAD + ROW.format(case="", n=1, day="03/02/2026"), order="month")
    assert UnknownContact.objects.get().ends_at is None


def test_the_whole_file_is_refused_where_it_holds_no_contacts(cast: Cast, traced: Case, tmp_path: Path) -> None:
    with pytest.raises(BadInput) as refused:
        brought(cast, traced, tmp_path, "case_id,firstName,classification\nC,A,SUSPECT\n")
    assert refused.value.error_code == "columns_missing" and "classification" in str(refused.value)
    with pytest.raises(BadInput):
        brought(cast, traced, tmp_path, HEAD, order="year")


def test_only_who_traces_the_case(cast: Cast, traced: Case, tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text(HEAD, encoding="utf-8")
    for who in ("he", "su", "fang"):
        with pytest.raises(NotFound):
            actions.outside.bring_contacts(traced, path, name="c.csv", by=cast.by(who), at=NOON)


def test_on_the_page_and_by_the_api(cast: Cast, sign_in: SignIn, traced: Case) -> None:
    qiu, address = sign_in("qiu"), f"/tracing/cases/{traced.pk}/contacts/bring/"
    content = (HEAD + ROW.format(case="", n=1, day="02/28/2026")).encode()
    assert qiu.post(address, {}).status_code == 422
    shown = qiu.post(
        address, {"file": SimpleUploadedFile("c.csv", content), "check": "1"}, headers={"hx-request": "true"}
    )
    assert shown.status_code == 200 and not UnknownContact.objects.exists()
    done = qiu.post(address, {"file": SimpleUploadedFile("c.csv", content)}, follow=True)
    assert "刘晓" in done.content.decode() and UnknownContact.objects.count() == 1
    api = f"/api/v1/tracing/cases/{traced.pk}/contacts/file"
    body = qiu.post(api, {"file": SimpleUploadedFile("c.csv", content), "dry_run": "true"}).json()
    assert (body["known"], body["new"], body["written"]) == (1, 0, False)


@pytest.mark.files
@pytest.mark.parametrize(
    ("name", "system", "new"),
    [
        ("godata/contacts_clean.csv", "godata", 66),
        ("sormas/sormas_case_contact_import_test_success.csv", "sormas", 0),
        ("sormas/TestContact_ImportPrio_template.csv", "sormas", 1),
    ],
)
def test_the_samples_of_both_systems(
    cast: Cast, traced: Case, real_data: Callable[[str], Path], name: str, system: str, new: int
) -> None:
    path = real_data(f"interop/{name}")
    found = actions.outside.bring_contacts(traced, path, name=path.name, by=cast.by("qiu"), at=NOON)
    assert (found.system, found.read) == (system, found.new + found.known + found.others + len(found.problems))
    assert found.new == new, found.problems
    again = actions.outside.bring_contacts(traced, path, name=path.name, by=cast.by("qiu"), at=NOON)
    assert again.new == 0
