"""In browsers: a reminder is proposed from a fact, served, answered with a contested fact, decided, and appealed."""

from __future__ import annotations

import re

import pytest
from tests.e2e.conftest import Enter

from shouwang.command.account.models import Matter
from shouwang.org.tests.cast import Cast

pytestmark = pytest.mark.e2e


def test_from_a_fact_to_an_appeal(enter: Enter, campus: Cast) -> None:
    su = enter("su")
    page = su.go("/command/accountability/new/?unit=IE")
    page.fill("[name=told]", "三次督办后仍未报送隔离点值班表")
    page.fill("[name=source]", "督办记录")
    page.fill("[name=asked]", "三日内报送值班表")
    page.locator("main form button.btn-primary").last.click()
    page.wait_for_url(re.compile(r"/command/accountability/\d+/$"))
    su.shot("matter-1-proposed")
    here = page.url.removeprefix(su.url)
    page.locator("form[action$='/serve/'] button").click()
    page.get_by_text("已送达，待回复").first.wait_for()
    fang = enter("fang", phone=True)
    work = fang.go("/")
    work.locator(f"a[href='{here}']").first.click()
    work.get_by_text("三次督办后仍未报送隔离点值班表").first.wait_for()
    work.locator("summary").filter(has_text="这条事实有误").click()
    contest = work.locator("form[action$='/contest/']")
    contest.locator("textarea").fill("第二次提醒当天就已经报了")
    contest.locator("button").click()
    work.get_by_text("第二次提醒当天就已经报了").first.wait_for()
    reply = work.locator("form[action$='/reply/']")
    reply.locator("textarea").fill("见对事实的说明，现再次报送")
    reply.locator("button").click()
    work.get_by_text("已回复，待决定").first.wait_for()
    fang.shot("matter-2-replied-phone")
    tang = enter("tang")
    desk = tang.go("/command/mine/")
    desk.locator(f"a[href='{here}']").first.click()
    decide = desk.locator("form[action$='/decide/']")
    decide.locator("textarea[name^=answer-]").fill("收文登记上没有当天的记录")
    decide.locator("textarea[name=text]").fill("事实清楚，已补报")
    decide.locator("button[value=upheld]").click()
    desk.get_by_text("已维持，可申诉").first.wait_for()
    tang.shot("matter-3-decided")
    work = fang.go(here)
    work.get_by_text("收文登记上没有当天的记录").first.wait_for()
    appeal = work.locator("form[action$='/appeal/']")
    appeal.locator("textarea").fill("邮箱里有当天的回执")
    appeal.locator("button").click()
    work.get_by_text("已申诉").first.wait_for()
    assert Matter.objects.get().state == "appealed"
    assert desk.goto(tang.url + "/command/accountability/?show=decide") is not None
    assert su.complaints == fang.complaints == tang.complaints == []
