"""The API of presence: files in, counts out, days built; under the same rights as page and terminal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from shouwang.org.tests.cast import Cast
from shouwang.tracing.models import Course, PresenceBatch, PresenceDay

ROOT = "/api/v1/presence"
SignIn = Callable[[str], Client]
VISITS = """学号,场所,开始时间,结束时间
2023010101,C1,2026-03-01 12:00,2026-03-01 12:30
9999,C1,2026-03-01 12:00,2026-03-01 12:30
"""
TIMETABLE = """课程编号,教室,星期,开始时间,结束时间,开始日期,结束日期,班级
A1,T1-201,1,08:00,09:40,2026-02-16,2026-06-30,CS2301
"""


def _send(client: Client, path: str, text: str, status: int = 200, **fields: Any) -> Any:
    file = SimpleUploadedFile("visits.csv", text.encode())
    response = client.post(f"{ROOT}/{path}", {"file": file, **fields})
    assert response.status_code == status, response.content.decode()
    return response.json()


def test_a_file_in_and_its_counts_out(cast: Cast, sign_in: SignIn) -> None:
    office = sign_in("su")
    told = _send(office, "import", VISITS, format="visits")
    assert (told["read"], told["accepted"], told["refused"]) == (2, 1, {"person_unknown": 1})
    assert (told["days"], told["already_imported"]) == (["2026-03-01"], False)
    assert (told["problems"][0]["row"], told["problems"][0]["code"]) == (3, "person_unknown")
    again = _send(office, "import", VISITS, format="visits")
    assert (again["already_imported"], again["updated"], again["days"]) == (True, 1, [])
    (batch,) = office.get(f"{ROOT}/batches").json()
    assert (batch["source"], batch["file_name"], batch["accepted"]) == ("visit", "visits.csv", 1)


def test_days_are_built(cast: Cast, sign_in: SignIn) -> None:
    body = {"first": "2026-02-27", "last": "2026-03-01"}
    response = sign_in("su").post(f"{ROOT}/build", body, content_type="application/json")
    assert [(row["day"], row["version"], row["visits"]) for row in response.json()] == [
        ("2026-02-27", 1, 8), ("2026-02-28", 1, 8), ("2026-03-01", 1, 8),
    ]  # fmt: skip
    body = {"first": "2026-01-01", "last": "2026-03-01"}
    assert sign_in("su").post(f"{ROOT}/build", body, content_type="application/json").status_code == 400
    assert PresenceDay.objects.count() == 3


def test_a_timetable_in(cast: Cast, sign_in: SignIn) -> None:
    told = _send(sign_in("su"), "timetable", TIMETABLE)
    assert (told["accepted"], told["courses"], told["enrolments"]) == (1, 1, 1)
    assert Course.objects.count() == 1


def test_wrong_roles(cast: Cast, sign_in: SignIn) -> None:
    for name in ("lin", "fang", "he", "qiu", "tang"):
        client = sign_in(name)
        assert _send(client, "import", VISITS, 403, format="visits")["code"] == "forbidden"
        assert _send(client, "timetable", TIMETABLE, 403)["code"] == "forbidden"
        body = {"first": "2026-03-01", "last": "2026-03-01"}
        assert client.post(f"{ROOT}/build", body, content_type="application/json").status_code == 403
        assert client.get(f"{ROOT}/batches").status_code == (200 if name == "qiu" else 403)
    assert _send(sign_in("su"), "import", VISITS, 403, format="visits", create_people="true")["code"] == "forbidden"
    assert not PresenceBatch.objects.exists()


def test_bad_input(cast: Cast, sign_in: SignIn, settings: Any) -> None:
    office = sign_in("su")
    assert _send(office, "import", VISITS, 422, format="teleport")["field"]
    assert _send(office, "import", "%PDF-1.7", 400, format="visits")["code"] == "file_kind_unknown"
    assert _send(office, "import", "t,i\n", 400, format="proximity")["code"] == "columns_missing"
    settings.IMPORT_MAX_BYTES = 10
    assert _send(office, "import", VISITS, 400, format="visits")["code"] == "file_too_large"
    assert office.get(f"{ROOT}/batches?limit=0").status_code == 422
