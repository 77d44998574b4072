"""Real XLSForms from door to door: imported on the page, opened, filled in on the page, exported to Excel."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from shouwang.org.tests.cast import NOON, Cast
from shouwang.surveys import queries
from shouwang.surveys.models import Campaign, Submission

pytestmark = [pytest.mark.django_db, pytest.mark.realdata]
SignIn = Callable[[str], Client]

FILLED: dict[str, dict[str, str]] = {
    "group.xlsx": {"family_name": "林", "phone_number": "13800000000", "age": "19"},
    "choice_filter_test.xlsx": {"state": "washington", "county": "king", "city": "seattle"},
    "cascading_select_test_equivalent.xls": {
        "mylga_zone": "zone_1", "mylga_state_in_zone_1": "state_1", "mylga_lga_in_state_1": "lga_1",
    },
    "contact_tracing.xlsx": {
        "Full_name": "Lin Xiao", "Year_of_Birth": "2004-01-01", "Gender": "female", "Pregnancy": "no",
    },
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(FILLED))
def test_imported_filled_and_exported(cast: Cast, sign_in: SignIn, real_data: Callable[[str], Path], name: str) -> None:
    path, fang, lin = real_data(f"xlsforms/{name}"), sign_in("fang"), sign_in("lin")
    made = fang.post("/surveys/new/", {"file": SimpleUploadedFile(name, path.read_bytes())})
    assert made.status_code == 302, made.content.decode()[:2000]
    deadline = (NOON + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    aim = {"unit": "IE", "kinds": ["student"], "title": "摸排", "deadline": deadline, "remind_hours": "12"}
    campaign = fang.post(made["Location"], aim)["Location"]
    fang.post(campaign + "act/open/")
    row = Campaign.objects.get()

    page = lin.get(f"/surveys/{row.pk}/fill/").content.decode()
    shape = re.search(r'name="shape" value="(\w+)"', page)
    assert shape is not None
    answers = FILLED[name]
    sent = {"client_key": "real-1", "shape": shape[1], **{f"q:{key}": value for key, value in answers.items()}}
    done = lin.post(f"/surveys/{row.pk}/fill/", sent)
    assert done.status_code == 302, re.findall(r"invalid-feedback[^<]*<[^>]*>?([^<]*)", done.content.decode())
    kept = Submission.objects.get().answers
    assert {key: kept[key] for key in answers} == answers

    sheet = openpyxl.load_workbook(BytesIO(fang.get(f"/surveys/{row.pk}/export/?full=1").content)).worksheets[0]
    heads, values = ([cell.value for cell in line] for line in (sheet[1], sheet[2]))
    assert len(values) == len(heads) == len(set(heads))
    assert "2023010101" in values
    shown = {f"{value:%Y-%m-%d}" if isinstance(value, datetime) else str(value) for value in values}
    for key, value in answers.items():
        assert value in shown or _label(row, key, value) in shown, (key, value, shown)


def _label(campaign: Campaign, key: str, value: str) -> str:
    """The words of a choice as the exported sheet has them."""
    form = queries.form_of(campaign.version)
    words = [form.say(choice.label, "zh-hans") for choice in form.questions[key].choices if choice.name == value]
    return words[0] if words else value
