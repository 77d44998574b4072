"""Pages and API of files from other systems: what each shows, where a refusal stands, who is recorded as seen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import translation

from shouwang.cases.inward.models import OutsideCase
from shouwang.cases.inward.tests.test_files import HEAD, LIN
from shouwang.cases.models import Case
from shouwang.cases.tests.builders import COVID, opened
from shouwang.core.models import AuditEntry, ImportRun
from shouwang.org import tasks
from shouwang.org.models import Person
from shouwang.org.tests.cast import NOON, Cast

SignIn = Callable[[str], Client]


@pytest.fixture(autouse=True)
def english(settings: Any, cast: Cast, noon: Any) -> None:
    settings.LANGUAGE_CODE = "en"
    translation.activate("en")
    noon.move_to(NOON)
    Person.objects.filter(pk=cast.person["lin"].pk).update(sex="f", born=date(2005, 3, 1))


def url(name: str, *args: object) -> str:
    return reverse(f"cases:outside_{name}", args=args)


def text(response: Any) -> str:
    found: str = response.content.decode()
    return found


def file(content: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("cases.csv", content.encode())


def worked() -> ImportRun:
    run = ImportRun.objects.latest("pk")
    tasks.perform_import.func(run.pk)
    run.refresh_from_db()
    return run


def test_from_the_file_to_the_case(cast: Cast, sign_in: SignIn) -> None:
    he = sign_in("he")
    assert "No file yet" in text(he.get(url("files"))) and "Nothing waits" in text(he.get(url("rows")))
    refused = he.post(url("file_new"), {"pack": COVID})
    assert refused.status_code == 422 and "Choose the file." in text(refused)
    unsure = LIN.replace("2005,3,1", ",,")
    he.post(url("file_new"), {"pack": COVID, "file": file(HEAD + unsure + "A-2,CORONAVIRUS,Doe,J,,,,,soon,SUSPECT,\n")})
    run = worked()
    page = text(he.get(url("file", run.pk)))
    assert "Import now" in page and "nothing proves that it is them" in page and "soon" in page
    assert "Cases to check" not in page  # Nothing of it waits yet.
    assert he.get(url("file_problems", run.pk)).content[:2] == b"PK"
    he.post(url("file_commit", run.pk))
    assert worked().state == "done"
    assert "Cases to check" in text(he.get(url("file", run.pk)))
    row = OutsideCase.objects.get()
    assert "A-1" in text(he.get(url("rows")))
    page = text(he.get(url("row", row.pk)))
    assert "People it may be" in page and "2023010101" in page
    seen = AuditEntry.objects.filter(verb="outside_case.compared", is_read=True).values_list("subject", flat=True)
    assert set(seen) == {cast.person["lin"].pk}
    wrong = he.post(url("row", row.pk), {"number": "999", "reason": "x"})
    assert wrong.status_code == 422 and "No person of this number" in text(wrong)
    done = he.post(url("row", row.pk), {"number": "2023010101", "reason": "telephoned"}, follow=True)
    assert Case.objects.get().number in text(done)
    assert "telephoned" in text(he.get(url("rows") + "?show=settled"))


def test_days_are_read_another_way_on_request(cast: Cast, sign_in: SignIn) -> None:
    he = sign_in("he")
    he.post(url("file_new"), {"pack": COVID, "file": file(HEAD + LIN.replace("02/28/2026", "02/03/2026")[:-11] + "\n")})
    run = worked()
    assert run.counts["refused"] == {"date_ambiguous": 1}
    he.post(url("file_again", run.pk), {"order": "month"})
    assert worked().counts["refused"] == {}


def test_what_differs_stands_side_by_side(cast: Cast, sign_in: SignIn) -> None:
    he = sign_in("he")
    case = opened(cast, "lin", classification="suspected")
    he.post(url("file_new"), {"pack": COVID, "file": file(HEAD + LIN.replace("A-1", case.number))})
    worked()
    he.post(url("file_commit", ImportRun.objects.latest("pk").pk))
    worked()
    row = OutsideCase.objects.get()
    page = text(he.get(url("row", row.pk)))
    assert "What differs" in page and "confirmed" in page and "suspected" in page
    he.post(url("row", row.pk), {"reason": "awaiting a second test"})
    row.refresh_from_db()
    assert row.settled_reason == "awaiting a second test"


def test_the_api_speaks_the_same(cast: Cast, sign_in: SignIn) -> None:
    he, base = sign_in("he"), "/api/v1/cases/inward"
    content = file(HEAD + LIN.replace("2005,3,1", ",,"))
    assert he.post(f"{base}/files", {"pack": "plague", "file": file(HEAD + LIN)}).status_code == 400
    made = he.post(f"{base}/files", {"pack": COVID, "file": content})
    assert made.status_code == 202
    worked()
    assert he.post(f"{base}/files/{made.json()['id']}/commit").status_code == 202
    worked()
    [row] = he.get(f"{base}/rows").json()["items"]
    assert (row["why"], row["person"], row["case"]) == ("likely", "2023010101", None)
    body: dict[str, Any] = {"decision": "take", "reason": "telephoned"}
    target = f"{base}/rows/{row['id']}"
    assert he.post(target, body, content_type="application/json").json()["field"] == "number"
    body["number"] = "2023010101"
    answer = he.post(target, body, content_type="application/json")
    assert answer.json()["case"] == Case.objects.get().number
    assert he.post(target, body, content_type="application/json").status_code == 409
    assert sign_in("fang").get(f"{base}/rows").status_code == 403
