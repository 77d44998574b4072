"""The heart of the product in real browsers: a notice becomes assigned, clocked, reported work, and a gap is mended."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from tests.e2e.conftest import Enter, Screen
from tests.story import TODAY

from shouwang.command import actions as command
from shouwang.command.mending import actions as mending
from shouwang.command.models import Correction, Directive, GapFinding, Task
from shouwang.command.tests.papers import put_in_charge
from shouwang.core import clock
from shouwang.org.tests.cast import NOON, Cast

pytestmark = pytest.mark.e2e
NOTICE = """望川大学文件
望校防〔2026〕6号
望川大学关于做好开学防控工作的通知
各学院：
现将有关事项通知如下：
一、开展摸排
各学院要做好学生健康摸排。
二、做好消毒
各学院要每日对教室消毒并登记。
校医院要储备防护物资。
望川大学
2026年3月2日
"""


def test_from_notice_over_reports_to_a_mended_gap(enter: Enter, campus: Cast, tmp_path: Path) -> None:
    put_in_charge(campus)
    early = NOON - timedelta(hours=6)
    command.set_report_plan(
        organisation=campus.org["WCU"], deadlines={"class": "11:00", "college": "11:30"},
        until=TODAY + timedelta(days=7), reason="校防〔2026〕3号", by=campus.by("su", early), at=early,
    )  # fmt: skip
    office = enter("su")
    address = notice_is_kept(office, tmp_path)
    measures_are_reviewed(office, address)
    signed_and_issued(enter, office, address)
    fang = enter("fang", phone=True)
    task = unit_takes_and_splits(fang, address)
    class_gives_evidence(enter, fang, task)
    page = office.go(f"/command/tasks/{task}/")
    page.locator("form[action$='/verify/'] button").click()
    page.locator("form[action$='/verify/']").wait_for(state="detached")
    office.shot("directive-9-verified")
    assert Task.objects.get(pk=task).state == "verified"
    reports_go_up(enter, fang, office, campus)
    gap_is_mended(enter, office, campus)
    assert office.complaints == fang.complaints == []


def notice_is_kept(office: Screen, folder: Path) -> str:
    """The file goes in; the draft's address comes out."""
    file = folder / "通知.txt"
    file.write_text(NOTICE, encoding="utf-8")
    page = office.go("/command/notice/")
    page.set_input_files("input[name=file]", file)
    page.locator("button[name=keep]").click()
    page.wait_for_url(re.compile(r"/command/directives/\d+/$"))
    assert "望校防〔2026〕6号" in page.inner_text("main")
    office.shot("directive-1-kept")
    return page.url.removeprefix(office.url)


def measures_are_reviewed(office: Screen, address: str) -> None:
    """One is changed, one dropped, the rest accepted; recipients and deadlines are named."""
    page = office.go(address)
    rows = page.locator("li[id^=measure-]")
    assert rows.count() >= 3
    rows.filter(has_text="消毒").first.locator("a[href*='/measures/']").first.click()
    page.fill("[name=text]", "教室每日消毒并登记")
    page.locator("input[name=evidence]").check()
    page.locator("main form button.btn-primary").click()
    page.wait_for_url(re.compile(r"/command/directives/\d+/$"))
    page.locator("li[id^=measure-]").filter(has_text="防护物资").locator("button[value=dropped]").click()
    page.locator("li[id^=measure-]").filter(has_text="防护物资").locator("button[value=dropped]").wait_for(
        state="detached"
    )
    page.locator("form[action$='/measures/accept/'] button").click()
    page.locator("form[action$='/measures/accept/']").wait_for(state="detached")
    page = office.go(f"{address}recipients/")
    page.select_option("[name=kind]", "college")
    page.fill("[name=acknowledge_by]", "2026-03-03T12:00")
    page.fill("[name=due_at]", "2026-03-06T12:00")
    page.locator("button[name=add]").click()
    page.locator("button[name=remove]").wait_for()
    page = office.go(address)
    page.locator("form[action$='/step/submit/'] button").click()
    page.locator("form[action$='/step/submit/']").wait_for(state="detached")
    office.shot("directive-2-reviewed")


def signed_and_issued(enter: Enter, office: Screen, address: str) -> None:
    leader = enter("tang")
    page = leader.go("/command/mine/")
    page.locator(f"main a[href='{address}']").click()
    page.locator("form[action$='/step/sign/'] button").click()
    page.locator("form[action$='/step/sign/']").wait_for(state="detached")
    page = office.go(address)
    page.on("dialog", lambda dialog: dialog.accept())
    page.locator("form[action$='/step/issue/'] button").click()
    page.locator("form[action$='/step/issue/']").wait_for(state="detached")
    office.shot("directive-3-issued")
    assert Directive.objects.get().state == "issued"
    assert leader.complaints == []


def unit_takes_and_splits(fang: Screen, address: str) -> int:
    """The college's secretary acknowledges the directive and splits the task among the classes, on the phone."""
    page = fang.go("/command/mine/")
    fang.shot("directive-4-work-phone")
    page.locator(f"main a[href='{address}']").first.click()
    page.locator("form[action*='/acknowledge/'] button").first.click()
    page.locator("form[action*='/acknowledge/']").wait_for(state="detached")
    page = fang.go("/command/mine/")
    page.locator("main a[href^='/command/tasks/']").filter(has_text="教室每日消毒并登记").click()
    page.wait_for_url(re.compile(r"/command/tasks/\d+/$"))
    task = int(page.url.rstrip("/").rsplit("/", 1)[1])
    page.locator("form[action$='/acknowledge/'] button").click()
    page.locator("form[action$='/acknowledge/']").wait_for(state="detached")
    form = page.locator("form[action$='/split/']")
    page.locator("details:has(form[action$='/split/']) summary").click()
    form.locator("label", has_text="计科2302班").locator("input").uncheck()
    form.locator("button").click()
    page.locator("main a[href^='/command/tasks/']", has_text="计科2301班").wait_for()
    fang.shot("directive-5-split-phone")
    return task


def class_gives_evidence(enter: Enter, fang: Screen, task: int) -> None:
    """The class does it, the college verifies the part and reports the whole."""
    part = Task.objects.get(parent=task)
    meng = enter("meng", phone=True)
    page = meng.go(f"/command/tasks/{part.pk}/")
    page.locator("form[action$='/acknowledge/'] button").click()
    page.locator("form[action$='/acknowledge/']").wait_for(state="detached")
    page.locator("form[action$='/done/'] [name=text]").fill("12 点前消毒，登记在班级台账")
    page.locator("form[action$='/done/'] button").click()
    page.locator("form[action$='/done/']").wait_for(state="detached")
    meng.shot("directive-6-evidence-phone")
    page = fang.go(f"/command/tasks/{part.pk}/")
    page.locator("form[action$='/verify/'] button").click()
    page.locator("form[action$='/verify/']").wait_for(state="detached")
    page = fang.go(f"/command/tasks/{task}/")
    page.locator("details:has(form[action$='/done/']) summary").click()
    page.locator("form[action$='/done/'] [name=text]").fill("两班已消毒登记")
    page.locator("form[action$='/done/'] button").click()
    page.locator("form[action$='/done/']").wait_for(state="detached")
    assert meng.complaints == []


def reports_go_up(enter: Enter, fang: Screen, office: Screen, campus: Cast) -> None:
    """A class reports on the phone, the other one's counsellor reports zero; the college takes both in and reports."""
    meng, college = enter("meng", phone=True), campus.org["IE"].pk
    page = meng.go(f"/command/daily/{campus.org['CS2301'].pk}/")
    page.fill("[name=problems]", "酒精不足")
    page.get_by_role("button", name="报送日报").click()
    page.get_by_text("酒精不足").first.wait_for()
    meng.shot("directive-10-report-phone")
    page = fang.go(f"/command/daily/{campus.org['CS2302'].pk}/")
    page.locator("button[name=zero]").click()
    page.get_by_text("零报告").first.wait_for()
    page = fang.go(f"/command/daily/?unit={college}")
    page.locator("form[action*='/take-in/'] button").click()
    page.locator("form[action*='/take-in/']").wait_for(state="detached")
    page = fang.go(f"/command/daily/{college}/")
    page.fill("[name=done]", "已从学院库房调拨酒精")
    page.get_by_role("button", name="报送日报").click()
    page.get_by_text("已从学院库房调拨酒精").first.wait_for()
    page = office.go("/command/daily/")
    page.get_by_text("已从学院库房调拨酒精").first.wait_for()
    office.shot("directive-11-reports")
    assert meng.complaints == []


def gap_is_mended(enter: Enter, office: Screen, campus: Cast) -> None:
    """The other college has not reported: the rules find it, it reports and mends, the office verifies."""
    mending.sweep_gaps(at=clock.now())
    page = office.go("/command/gaps/")
    row = page.locator("tr").filter(has_text="外国语学院").filter(has_text="日报过时未报")
    row.locator("a").first.click()
    page.get_by_role("button", name="发起整改").click()
    page.wait_for_url(re.compile(r"/command/corrections/\d+/$"))
    address = page.url.removeprefix(office.url)
    xu, ou = enter("xu"), enter("ou")
    work = xu.go(f"/command/daily/{campus.org['EN2301'].pk}/")
    work.locator("button[name=zero]").click()
    work.get_by_text("零报告").first.wait_for()
    work = ou.go(f"/command/daily/?unit={campus.org['FL'].pk}")
    work.locator("form[action*='/take-in/'] button").click()
    work.locator("form[action*='/take-in/']").wait_for(state="detached")
    work = ou.go(f"/command/daily/{campus.org['FL'].pk}/")
    work.locator("button[name=zero]").click()
    work.get_by_text("零报告").first.wait_for()
    work = ou.go(address)
    work.locator("form[action$='/done/'] textarea").fill("已补报，今后由值班人代报")
    work.locator("form[action$='/done/'] button").click()
    work.get_by_text("已整改，待核验").first.wait_for()
    page = office.go(address)
    page.locator("form[action$='/verify/'] button").click()
    page.get_by_text("已核验").first.wait_for()
    office.shot("directive-12-mended")
    finding = GapFinding.objects.get(code="reports_missing", organisation=campus.org["FL"])
    assert Correction.objects.get(finding=finding).state == "verified"
    mending.sweep_gaps(at=clock.now() + timedelta(minutes=10))
    finding.refresh_from_db()
    assert finding.ended_at is not None, "the gap is gone, not only called mended"
    assert xu.complaints == ou.complaints == []
