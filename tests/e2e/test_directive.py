"""The heart of the product in real browsers: a notice arrives; it becomes assigned, clocked, reported work."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.e2e.conftest import Enter, Screen

from shouwang.command.models import Directive, Task
from shouwang.command.tests.papers import put_in_charge
from shouwang.org.tests.cast import Cast

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


def test_from_notice_to_verified(enter: Enter, campus: Cast, tmp_path: Path) -> None:
    put_in_charge(campus)
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
