"""In browsers: a team is proposed, created, led by somebody whose home unit agreed, dissolved, and remembered."""

from __future__ import annotations

import re

import pytest
from tests.e2e.conftest import Enter

from shouwang.command.models import BoardCell, ServiceEntry, TeamMember
from shouwang.command.teams import actions as teams
from shouwang.core import clock
from shouwang.org.tests.cast import Cast

pytestmark = pytest.mark.e2e


def test_from_a_proposal_to_a_service_record(enter: Enter, campus: Cast) -> None:
    load = {"roster": 30, "cases_open": 3, "contacts_found": 40, "contacts_close": 12}
    BoardCell.objects.update_or_create(path=campus.org["CS2302"].path, defaults=load)
    teams.sweep_teams(at=clock.now())
    su = enter("su")
    page = su.go("/command/teams/proposals/")
    card = page.locator("section").filter(has_text="信息工程学院")
    card.get_by_text("3 名在管病例（在册 30 人）").wait_for()
    su.shot("teams-1-proposed")
    card.locator("a.btn-primary").click()
    page.fill("[name=name]", "转运专班")
    page.locator("form:has([name=purpose]) button").last.click()
    page.wait_for_url(re.compile(r"/command/teams/\d+/$"))
    address = page.url.removeprefix(su.url)
    page.get_by_text("申请抽调人员").click()
    page.fill("#second_person", "2023010201")
    page.select_option("#second_role", "leader")
    page.locator("form[action$='/members/'] button").click()
    page.get_by_text("待所在单位同意").wait_for()
    assert page.locator("form[action$='/approve/']").count() == 0, "who asked does not decide"
    fang = enter("fang", phone=True)
    work = fang.go("/command/mine/")
    work.locator(f"a[href='{address}']").first.click()
    work.locator("summary").filter(has_text="同意抽调").first.click()
    work.locator("form[action$='/approve/'] button").click()
    work.get_by_text("已同意").first.wait_for()
    fang.shot("teams-2-approved-phone")
    su.go(address).locator("form[action$='/step/stand/'] button").click()
    page.get_by_text("分配值守和任务").wait_for()
    page.locator("summary").filter(has_text="撤销").click()
    page.locator("form[action$='/step/dissolve/'] textarea").fill(
        "转运三人，无遗漏；经验：先电话后上门，夜间两人同行。"
    )
    page.locator("form[action$='/step/dissolve/'] button").click()
    page.get_by_text("已撤销").first.wait_for()
    su.shot("teams-3-dissolved")
    assert TeamMember.objects.get(team__name="转运专班").state == "ended"
    assert ServiceEntry.objects.get(team_name="转运专班").person == campus.person["zhao"]
    assert su.complaints == fang.complaints == []
