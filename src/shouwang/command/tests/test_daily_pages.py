"""Pages, files, API and terminal of daily reports."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import docx
import openpyxl
import pytest
from click.testing import CliRunner
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shouwang.cli.daily import daily
from shouwang.command import consolidating
from shouwang.command.models import ReportPlan, UnitReport
from shouwang.command.queries import daily as reads
from shouwang.command.queries.consolidated import Consolidated, consolidated
from shouwang.command.rules import daily as rules
from shouwang.command.rules.daily import Words
from shouwang.command.tests.reports import EARLY, TODAY, asked, hand_in, take_in
from shouwang.core.bulk import create_many
from shouwang.core.files.filling import BadTemplate
from shouwang.core.scope import system_actor
from shouwang.core.tree import step
from shouwang.org.models import Organisation
from shouwang.org.tests.cast import NOON, SINCE, Cast

SignIn = Callable[[str], Client]
ENGLISH = {"accept-language": "en"}


@pytest.fixture
def day(cast: Cast) -> Cast:
    """CS2301 wrote something, CS2302 a zero report; IE took them in and reported; FL did not."""
    asked(cast)
    hand_in(cast, "CS2301", "meng", words=Words(problems="=1+1 {{sum roster}}", needs="口罩"))
    hand_in(cast, "CS2302", "fang", zero=True, words=Words())
    take_in(cast, "IE", "fang")
    hand_in(cast, "IE", "fang", at=NOON)
    return cast


def found(cast: Cast, code: str, name: str = "tang") -> Consolidated:
    return consolidated(cast.by(name), cast.org[code].pk, TODAY, NOON)


def test_a_unit_hands_in_and_its_superior_takes_in_on_the_page(cast: Cast, sign_in: SignIn) -> None:
    asked(cast)
    meng, url = sign_in("meng"), f"/command/daily/{cast.org['CS2301'].pk}/"
    page = meng.get(url, headers=ENGLISH).content.decode()
    assert "Hand in the report" in page and "Checked in" in page and "With symptoms" not in page
    refused = meng.post(url, {"version": "0", "problems": "缺口罩", "zero": "1"}, headers=ENGLISH)
    assert refused.status_code == 400 and "zero report says that there is nothing" in refused.content.decode()
    assert meng.post(url, {"version": "0", "problems": "缺口罩"}).status_code == 302
    again = meng.post(url, {"version": "0", "problems": "别的"}, headers=ENGLISH)
    assert again.status_code == 409 and "Somebody else has handed in" in again.content.decode()
    fang, here = sign_in("fang"), f"/command/daily/?unit={cast.org['IE'].pk}"
    page = fang.get(here, headers=ENGLISH).content.decode()
    assert "缺口罩" in page and "Wait for it, or say why not" in page
    stamp = reads.sheet_of(cast.org["IE"], TODAY, NOON).stamp
    into = f"/command/daily/{cast.org['IE'].pk}/take-in/"
    refused = fang.post(into, {"stamp": stamp, "reason": ""}, headers=ENGLISH)
    assert refused.status_code == 400 and "1 reports have not come" in refused.content.decode()
    stale = fang.post(into, {"stamp": "0" * 16, "reason": "急"}, headers=ENGLISH)
    assert stale.status_code == 409 and "Look again" in stale.content.decode()
    assert fang.post(into, {"stamp": stamp, "reason": "在外实习"}).status_code == 302
    assert UnitReport.objects.get().state == "locked"
    assert "在外实习" in fang.get(here).content.decode()


def test_the_office_asks_and_asks_no_more(cast: Cast, sign_in: SignIn) -> None:
    su, url = sign_in("su"), f"/command/daily/{cast.org['WCU'].pk}/plan/"
    assert "No daily reports are asked for" in su.get("/command/daily/", headers=ENGLISH).content.decode()
    until = (TODAY + timedelta(days=7)).isoformat()
    bad = su.post(url, {"until": until, "reason": "校防〔2026〕3号"}, headers=ENGLISH)
    assert bad.status_code == 422 and "at least one kind" in bad.content.decode()
    given = {"until": until, "reason": "校防〔2026〕3号", "due_class": "10:00", "due_college": "16:00"}
    assert su.post(url, given).status_code == 302
    assert ReportPlan.objects.get().deadlines == {"college": "16:00", "class": "10:00"}
    assert "校防〔2026〕3号" in su.get(url).content.decode()
    assert su.post(f"{url}end/", {"reason": "终止"}).status_code == 302
    assert reads.plan_for(cast.org["WCU"].path, TODAY) is None


def test_word_and_excel_say_the_same(day: Cast, sign_in: SignIn) -> None:
    fang = sign_in("fang")
    where = f"?unit={day.org['IE'].pk}&day={TODAY}"
    text = docx.Document(io.BytesIO(fang.get(f"/command/daily/units.docx{where}", headers=ENGLISH).content))
    said = "\n".join(paragraph.text for paragraph in text.paragraphs)
    assert "2 expected, 2 came, of them 2 in time and 1 zero reports; 2 taken in." in said
    assert "=1+1 {{sum roster}}" in said
    body = fang.get(f"/command/daily/units.xlsx{where}", headers=ENGLISH).content
    units, sums = openpyxl.load_workbook(io.BytesIO(body)).worksheets
    rows = {row[0]: row for row in units.iter_rows(min_row=2, values_only=True)}
    assert {"CS2301", "CS2302"} <= set(rows)
    assert [cell.data_type for cell in units["2"] if cell.value == "=1+1 {{sum roster}}"] == ["s"]
    total = {row[0]: row[1:3] for row in sums.iter_rows(min_row=2, values_only=True)}
    assert total["People on the roster"] == (4, 2)
    assert total["With symptoms"] == (None, 0), "both classes are small: unknown, not 0"
    assert fang.get(f"/command/daily/units.pdf{where}").status_code == 404


def table(*lines: tuple[object, ...]) -> bytes:
    book = openpyxl.Workbook()
    for line in lines:
        book.worksheets[0].append(line)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_the_superiors_table(day: Cast, sign_in: SignIn) -> None:
    content = table(
        ("{{unit}}", "{{received}}/{{expected}}", "{{sum roster}}", "{{known symptomatic}}"),
        ("{{row n}}", "{{row code}}", "{{row roster}}", "{{row problems}}"),
        ("end", None, "=SUM(C2:C2)", None),
    )
    filled = consolidating.daily_filled(content, found(day, "IE"))
    page = openpyxl.load_workbook(io.BytesIO(filled.content)).worksheets[0]
    assert [cell.value for cell in page["1"]][1:] == ["2/2", 4, 0]
    assert [page.cell(row, 2).value for row in (2, 3)] == ["CS2301", "CS2302"]
    assert (page["D2"].value, page["D2"].data_type) == ("=1+1 {{sum roster}}", "s")
    assert page["C4"].value == "=SUM(C2:C3)"
    url = f"/command/daily/template/?unit={day.org['IE'].pk}&day={TODAY}"
    upload = SimpleUploadedFile("表.xlsx", content)
    assert sign_in("fang").post(url, {"file": upload}).headers["Content-Type"].endswith("sheet")
    wrong = SimpleUploadedFile("表.xlsx", table(("{{sum nonsense}}",)))
    told = sign_in("fang").post(url, {"file": wrong}, headers=ENGLISH)
    assert told.status_code == 422 and "Sheet!A1" in told.content.decode()


def test_a_figure_one_may_not_see_is_no_mark(day: Cast) -> None:
    with pytest.raises(BadTemplate):
        consolidating.daily_filled(table(("{{sum symptomatic}}",)), found(day, "CS2301", "meng"))


def test_the_terminal_and_the_api(day: Cast, sign_in: SignIn, tmp_path: Path) -> None:
    run = CliRunner()
    listed = run.invoke(daily, ["list", "WCU", "--date", str(TODAY), "--json"])
    body = json.loads(listed.output.splitlines()[-1])
    assert body["direct"] == {"expected": 2, "received": 1, "on_time": 1, "zero": 0, "locked": 0, "missing": 1}
    assert body["units"][0]["unit"] == "IE" and body["units"][0]["figures"]["roster"] == 5
    api = sign_in("tang").get(f"/api/v1/command/daily/WCU?day={TODAY}").json()
    assert api["direct"] == body["direct"] and api["stamp"] == body["stamp"]
    out = tmp_path / "day.xlsx"
    assert run.invoke(daily, ["export", "WCU", str(out), "--date", str(TODAY)]).exit_code == 0
    assert openpyxl.load_workbook(out).worksheets[0].max_row >= 6
    assert json.loads(run.invoke(daily, ["show", "IE", "--date", str(TODAY)]).output)["state"] == "submitted"


def test_the_api_hands_in_and_takes_in(cast: Cast, sign_in: SignIn) -> None:
    asked(cast)
    meng, fang, su = sign_in("meng"), sign_in("fang"), sign_in("su")

    def post(client: Client, path: str, body: dict[str, object]) -> tuple[int, dict[str, object]]:
        found = client.post(f"/api/v1/command/daily/{path}", body, content_type="application/json")
        return found.status_code, found.json() if found.content else {}

    status, said = post(meng, "CS2301/report", {"needs": "口罩"})
    assert (status, said["state"], "symptomatic" in said["figures"]) == (200, "submitted", False)  # type: ignore[operator]
    assert post(meng, "CS2302/report", {})[0] == 404
    stamp = fang.get("/api/v1/command/daily/IE").json()["stamp"]
    assert post(fang, "IE/take-in", {"stamp": stamp})[1]["code"] == "reports_missing"
    assert post(fang, "IE/take-in", {"stamp": stamp, "reason": "实习"})[1]["taken"] == 1
    assert post(fang, "IE/take-in", {"stamp": stamp, "reason": "实习"})[0] == 409
    assert post(su, "WCU/plan/end", {"reason": "终止"})[0] == 204
    assert meng.get("/api/v1/command/daily/CS2301/report").json()["needs"] == "口罩"
    assert su.get("/api/v1/command/daily/CS2302/report").json() is None


def many(cast: Cast, colleges: int, each: int) -> None:
    """Further colleges and classes, all with a report that was handed in."""
    root, at = cast.org["WCU"], EARLY
    first = [
        Organisation(parent=root, path=root.path + step(100 + k), kind="college", code=f"K{k}", name=f"学院{k}",
                     starts=SINCE)
        for k in range(colleges)
    ]  # fmt: skip
    create_many(first)
    second = [
        Organisation(parent=above, path=above.path + step(k + 1), kind="class", code=f"{above.code}-{k}", name=f"班{k}",
                     starts=SINCE)
        for above in first for k in range(each)
    ]  # fmt: skip
    create_many(second)
    values = {**dict.fromkeys(rules.KEYS, 1), "roster": 30}
    create_many([
        UnitReport(
            unit=unit, reports_to_id=unit.parent_id or 0, day=TODAY,
            figures={"as_of": at.isoformat(), "values": values},
            version=1, due_at=NOON, first_at=at, submitted_at=at, purge_on=TODAY,
        )
        for unit in (*first, *second)
    ])  # fmt: skip


@pytest.mark.slow
def test_five_thousand_reports_are_put_together(cast: Cast) -> None:
    asked(cast)
    many(cast, 50, 99)
    by = system_actor("tests")
    start = time.perf_counter()
    all_of_it = consolidated(by, cast.org["WCU"].pk, TODAY, NOON)
    counted = time.perf_counter() - start
    consolidating.daily_workbook(all_of_it, author="x", at=NOON)
    written = time.perf_counter() - start
    assert len(all_of_it.sheet.whole) == 5005 and all_of_it.sheet.count_whole.received == 5000
    assert all_of_it.totals["symptomatic"].value == 50
    print(f"put together in {counted:.2f} s, with Excel in {written:.2f} s")


def test_the_number_of_queries_does_not_depend_on_the_number_of_units(cast: Cast, sign_in: SignIn) -> None:
    asked(cast)
    client = sign_in("su")
    numbers = []
    for _round in range(2):
        client.get("/command/daily/")
        with CaptureQueriesContext(
            connection,
        ) as seen:
            client.get("/command/daily/")
        numbers.append(len(seen))
        if not _round:
            many(cast, 5, 20)
    assert numbers[0] == numbers[1] <= 30


def test_sent_back_by_the_page_and_corrected(day: Cast, sign_in: SignIn) -> None:
    fang, page = sign_in("fang"), f"/command/daily/{day.org['CS2301'].pk}/"
    back = f"{page}send-back/?day={TODAY}"
    assert "退回" in fang.get(f"{page}?day={TODAY}").content.decode()
    assert fang.post(back, {"version": 9, "reason": "请核对"}).status_code == 409
    assert fang.post(back, {"version": 1, "reason": ""}).status_code in (400, 422)
    assert fang.post(back, {"version": 1, "reason": "请核对体温人数"}).status_code == 302
    text = sign_in("meng").get(f"{page}?day={TODAY}").content.decode()
    assert "请核对体温人数" in text and "已退回" in text
    assert sign_in("meng").post(back, {"version": 1, "reason": "自己退"}).status_code in (403, 404)
