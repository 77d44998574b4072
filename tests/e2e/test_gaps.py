"""In browsers: a daily report is missing, the gap is found, mended by the unit, verified by the office, learnt from."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from tests.e2e.conftest import Enter
from tests.story import TODAY

from shouwang.command import actions as command
from shouwang.command.mending import actions as mending
from shouwang.command.models import Correction, WeakPoint
from shouwang.core import clock
from shouwang.org.tests.cast import NOON, Cast

pytestmark = pytest.mark.e2e


def test_from_a_missing_report_to_what_was_learnt(enter: Enter, campus: Cast) -> None:
    early = NOON - timedelta(hours=6)
    command.set_report_plan(
        organisation=campus.org["WCU"], deadlines={"college": "08:00"}, until=TODAY + timedelta(days=7),
        reason="校防〔2026〕3号", by=campus.by("su", early), at=early,
    )  # fmt: skip
    mending.sweep_gaps(at=clock.now())
    su = enter("su")
    page = su.go("/command/gaps/")
    row = page.locator("tr").filter(has_text="信息工程学院").filter(has_text="日报过时未报")
    row.locator("a").first.click()
    page.get_by_role("button", name="发起整改").click()
    page.wait_for_url(re.compile(r"/command/corrections/\d+/$"))
    su.shot("gaps-1-opened")
    address = page.url
    fang = enter("fang")
    work = fang.go("/command/mine/")
    work.locator(f"a[href='{address.removeprefix(fang.url)}']").first.click()
    form = work.locator("form[action$='/done/']")
    form.locator("textarea").fill("日报已补报，明确由副院长代报")
    form.locator("button").click()
    work.get_by_text("已整改，待核验").first.wait_for()
    assert work.locator("form[action$='/verify/']").count() == 0, "nobody verifies their own"
    su.go("/command/mine/").locator(f"a[href='{address.removeprefix(su.url)}']").first.click()
    page.locator("form[action$='/verify/'] button").click()
    page.get_by_text("已核验").first.wait_for()
    learnt = su.go("/command/gaps/learnt/")
    learnt.get_by_text("日报已补报，明确由副院长代报").first.wait_for()
    su.shot("gaps-2-learnt")
    assert Correction.objects.get(finding__code="reports_missing").state == "verified"
    assert su.complaints == fang.complaints == []


def test_a_weak_point_without_a_name_and_its_answer(enter: Enter) -> None:
    lin = enter("lin", phone=True)
    page = lin.go("/command/weak-points/")
    page.fill("[name=text]", "食堂洗手池没有水")
    page.locator("form:has([name=text]) button").last.click()
    code = page.locator(".user-select-all").inner_text().strip()
    lin.shot("weak-1-told-phone")
    su = enter("su")
    desk = su.go("/command/weak-points/all/")
    assert "林晓" not in desk.locator("main").inner_text()
    desk.get_by_text("食堂洗手池没有水").first.click()
    desk.fill("[name=answer]", "已报修，今晚恢复供水")
    desk.locator("form:has([name=answer]) button").last.click()
    desk.wait_for_url(re.compile(r"/weak-points/all/$"))
    page = lin.go(f"/command/weak-points/?code={code}")
    page.get_by_text("已报修，今晚恢复供水").first.wait_for()
    assert WeakPoint.objects.get().account is None
    assert lin.complaints == su.complaints == []
