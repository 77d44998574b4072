"""The pages of surveys, as each person meets them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from shouwang.core.models import AuditEntry
from shouwang.org.tests.cast import NOON, Cast
from shouwang.surveys.models import Campaign, FormVersion, Submission
from shouwang.surveys.tests import scenes
from shouwang.surveys.tests.forms import xlsx

pytestmark = pytest.mark.django_db
NUMBER = "学号/工号"
SignIn = Callable[[str], Client]


def upload(content: bytes, name: str = "form.xlsx") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def text(response: object) -> str:
    return response.content.decode()  # type: ignore[attr-defined, no-any-return]


def test_from_a_ready_made_form_to_people_who_are_asked(cast: Cast, sign_in: SignIn) -> None:
    fang = sign_in("fang")
    assert "返校人员与风险地区摸排" in text(fang.get("/surveys/new/"))
    chosen = fang.post("/surveys/new/", {"ready": "vaccination"})
    aim = {"unit": "IE", "kinds": ["student"], "title": "接种", "deadline": "2026-03-04T20:00", "remind_hours": "12"}
    counted = fang.post(chosen["Location"], aim, headers={"HX-Request": "true"})
    assert "<strong>4</strong>" in text(counted)
    assert not Campaign.objects.exists()
    made = fang.post(chosen["Location"], aim)
    assert "4 人" in text(fang.get(made["Location"]))
    fang.post(made["Location"] + "act/open/")
    assert Campaign.objects.get().state == "open"
    assert "接种" in text(sign_in("lin").get("/"))
    assert "接种" not in text(sign_in("ou").get("/"))
    assert AuditEntry.objects.filter(verb="survey.opened").count() == 1


def test_a_broken_form_shows_sheet_row_and_column(cast: Cast, sign_in: SignIn) -> None:
    rows = [
        {"type": "text", "name": "a", "label": "A", "relevant": "frob(${a})"},
        {"type": "select_one x", "name": "b"},
    ]
    answer = sign_in("su").post("/surveys/new/", {"file": upload(xlsx(rows))})
    assert answer.status_code == 422
    assert "<code>relevant</code>" in text(answer)
    assert "frob" in text(answer)
    assert not FormVersion.objects.exists()
    assert sign_in("su").post("/surveys/new/", {"file": upload(b"no workbook")}).status_code == 422


def test_aim_out_of_reach_is_an_error_at_the_field(cast: Cast, sign_in: SignIn) -> None:
    version = scenes.version(cast, by="fang")
    aim = {"unit": "FL", "title": "x", "deadline": "2026-03-04T20:00"}
    answer = sign_in("fang").post(f"/surveys/new/{version.pk}/", aim)
    assert answer.status_code == 422
    assert not Campaign.objects.exists()


def test_filling_in(cast: Cast, sign_in: SignIn) -> None:
    row, lin = scenes.opened(cast), sign_in("lin")
    address = f"/surveys/{row.pk}/fill/"
    page = text(lin.get(address))
    assert 'value="2023010101"' in page
    assert "哪里" not in page
    shape = re.search(r'name="shape" value="(\w+)"', page)[1]  # type: ignore[index]
    sent = {"client_key": "k1", "shape": shape, "q:number": "forged", "q:phone": "", "q:went": "yes"}
    looked = lin.post(address, sent, headers={"HX-Request": "true"})
    assert "哪里" in text(looked)
    assert "<html" not in text(looked)
    same = lin.post(address, sent | {"q:went": "no"}, headers={"HX-Request": "true"})
    assert same.status_code == 204
    without_script = lin.post(address, sent | {"look": "1"})
    assert "哪里" in text(without_script)
    missing = lin.post(address, sent)
    assert missing.status_code == 422
    assert "请回答" in text(missing)
    done = lin.post(address, sent | {"q:city": "武汉", "q:unknown": "x"})
    assert done.status_code == 302
    assert Submission.objects.get().answers == {"number": "2023010101", "went": "yes", "city": "武汉"}
    assert lin.post(address, sent | {"q:city": "武汉"}).status_code == 302
    assert Submission.objects.count() == 1
    assert "武汉" in text(lin.get(address))


def test_repeats_grow_and_shrink_without_script(cast: Cast, sign_in: SignIn) -> None:
    rows = [
        {"type": "begin repeat", "name": "kin", "label": "Person"},
        {"type": "text", "name": "who", "label": "Who"},
        {"type": "end repeat"},
    ]
    row, lin = scenes.opened(cast, rows=rows), sign_in("lin")
    address = f"/surveys/{row.pk}/fill/"
    assert text(lin.get(address)).count('name="q:kin') == 0
    first = {"client_key": "k", "n:kin:": "1", "q:who:0": "甲"}
    assert text(lin.post(address, first | {"add": "kin:"})).count('name="q:who:') == 2
    two = first | {"n:kin:": "2", "q:who:1": "乙"}
    assert 'value="甲"' not in text(lin.post(address, two | {"remove": "kin:0"}))
    assert lin.post(address, two).status_code == 302
    assert Submission.objects.get().answers == {"kin": [{"who": "甲"}, {"who": "乙"}]}


def test_for_another(cast: Cast, sign_in: SignIn) -> None:
    row, meng = scenes.opened(cast), sign_in("meng")
    address = f"/surveys/{row.pk}/person/{cast.person['lin'].pk}/"
    assert address in text(meng.get(f"/surveys/{row.pk}/"))
    sent = {"client_key": "k", "q:went": "no"}
    assert meng.post(address, sent).status_code == 422
    assert meng.post(address, sent | {"proxy_reason": "手机坏了，当面问过"}).status_code == 302
    assert "手机坏了" in text(sign_in("lin").get("/surveys/mine/"))
    assert meng.get(f"/surveys/{row.pk}/person/{cast.person['ou'].pk}/").status_code == 404


def test_reading_and_verifying(cast: Cast, sign_in: SignIn) -> None:
    row = scenes.opened(cast)
    made = scenes.answer(cast, row, "lin", {"went": "yes", "city": "武汉"})
    fang = sign_in("fang")
    assert "武汉" in text(fang.get(f"/surveys/{row.pk}/results/"))
    assert "武汉" in text(fang.get(f"/surveys/answers/{made.pk}/"))
    assert AuditEntry.objects.filter(verb="survey.read", subject=cast.person["lin"].pk).count() == 1
    fang.post(f"/surveys/answers/{made.pk}/verify/")
    assert Submission.objects.get().verified_by == cast.account["fang"]
    for name in ("meng", "su", "wang", "xu"):
        assert sign_in(name).get(f"/surveys/answers/{made.pk}/").status_code == 404
    assert sign_in("su").get(f"/surveys/{row.pk}/results/").status_code == 404
    table = text(sign_in("su").get(f"/surveys/{row.pk}/cross/"))
    assert "1 / 4" in table
    assert "武汉" not in table


def test_excel(cast: Cast, sign_in: SignIn) -> None:
    row = scenes.opened(cast)
    scenes.answer(cast, row, "lin", {"went": "yes", "city": "=HYPERLINK(1)", "phone": "13800000000"})
    address = f"/surveys/{row.pk}/export/"
    for query, phone in (("", "138******00"), ("?full=1", "13800000000")):
        page = openpyxl.load_workbook(BytesIO(sign_in("fang").get(address + query).content)).worksheets[0]
        cells = {head.value: cell for head, cell in zip(page[1], page[2], strict=True)}
        assert (cells[NUMBER].value, cells[NUMBER].data_type) == ("2023010101", "s")
        assert (cells["电话"].value, cells["哪里"].value, cells["哪里"].data_type) == (phone, "=HYPERLINK(1)", "s")
        assert cells["去过吗"].value == "是"
    assert [entry.new for entry in AuditEntry.objects.filter(verb="survey.exported").order_by("pk")] == [
        {"what": "masked", "rows": 1}, {"what": "full", "rows": 1},
    ]  # fmt: skip
    assert sign_in("su").get(address).status_code == 404


def test_the_board_counts_and_drills_down(cast: Cast, sign_in: SignIn) -> None:
    row = scenes.opened(cast)
    scenes.answer(cast, row, "lin", at=NOON + timedelta(minutes=1))
    page = text(sign_in("su").get(f"/surveys/{row.pk}/"))
    assert "信息工程学院" in page
    assert "1 / 4" in page
    below = text(sign_in("su").get(f"/surveys/{row.pk}/?unit={cast.org['IE'].pk}", headers={"HX-Request": "true"}))
    assert "计科2301班" in below
    assert sign_in("su").get(f"/surveys/{row.pk}/?unit=x").status_code == 404
    assert sign_in("lin").get("/surveys/").status_code == 404


def test_hostile_fields(cast: Cast, sign_in: SignIn) -> None:
    """Names and numbers no page has ever sent change nothing and break nothing."""
    row, lin = scenes.opened(cast), sign_in("lin")
    sent = {"client_key": "k" * 500, "q:": "x", "q:went:0.1": "x", "n:": "9", "n:went:": "999999999", "add": "::",
            "remove": "went:0", "q:went": "no\x00", "q:city": "x" * 5000}  # fmt: skip
    for extra in ({"look": "1"}, {}):
        assert lin.post(f"/surveys/{row.pk}/fill/", sent | extra).status_code in (200, 422)
    assert not Submission.objects.exists()
