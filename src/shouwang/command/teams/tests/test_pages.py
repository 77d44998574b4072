"""The whole way by the pages, in both languages, and who gets 404."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from shouwang.command.models import BoardCell, ServiceEntry, Team, TeamMember, TeamProposal, TeamShift
from shouwang.command.teams import actions, seconding
from shouwang.command.teams.tests.conftest import DAY, TODAY, Second
from shouwang.core.models import AuditEntry
from shouwang.org.tests.cast import NOON, Cast

SignIn = Callable[[str], Client]
SUMMARY = "流调二十人，转运三人，未发现遗漏；经验：先电话后上门。"


def test_from_a_proposal_to_the_record(cast: Cast, sign_in: SignIn) -> None:
    BoardCell.objects.create(path=cast.org["CS2301"].path, roster=30, cases_open=3, contacts_close=12)
    actions.sweep_teams(at=NOON)
    proposal = TeamProposal.objects.get()
    with time_machine.travel(NOON, tick=False):
        su, fang, lin = sign_in("su"), sign_in("fang"), sign_in("lin")
        assert "3 名在管病例" in su.get("/command/teams/proposals/").content.decode()
        page = f"/command/teams/new/?proposal={proposal.pk}"
        assert "IE" in su.get(page).content.decode()
        given = {"unit": "IE", "kind": "party", "name": "临时党支部", "name_en": "", "purpose": "公寓楼先锋队"}
        assert su.post(page, {**given, "review_on": "2026-03-01"}).status_code == 422
        assert su.post(page, {**given, "review_on": "2026-03-20"}).status_code == 302
        team = Team.objects.get()
        here = f"/command/teams/{team.pk}/"
        asked = {"person": "2023010101", "role": "leader", "starts": "2026-03-02", "ends": "2026-03-15"}
        assert su.post(f"{here}members/", {**asked, "person": "nobody"}).status_code == 422
        assert su.post(f"{here}members/", {**asked, "ends": "2026-03-01"}).status_code == 422
        assert su.post(f"{here}members/", asked).status_code == 302
        row = TeamMember.objects.get()
        assert "专班申请抽调您" in lin.get("/").content.decode(), "on the first page of the person"
        assert "申请抽调" in fang.get("/command/mine/").content.decode()
        assert fang.post(f"{here}members/{row.pk}/approve/", {"text": ""}).status_code == 302
        assert su.post(f"{here}places/", {"place": "D1"}).status_code == 302
        assert su.post(f"{here}step/stand/").status_code == 302
        duty = {"member": row.pk, "place": "D1", "starts": "2026-03-02T12:00", "ends": "2026-03-02T16:00"}
        assert su.post(f"{here}duty/", {**duty, "ends": "2026-03-02T11:00"}).status_code == 422
        assert su.post(f"{here}duty/", duty).status_code == 302
        shift = TeamShift.objects.get()
        assert "一号宿舍楼" in lin.get("/").content.decode()
        assert su.post(f"{here}duty/{shift.pk}/done/").status_code == 302
        assert lin.post(f"{here}step/dissolve/", {"text": SUMMARY}).status_code == 403
        assert su.post(f"{here}step/dissolve/", {"text": SUMMARY}).status_code == 302
        mine = lin.get("/command/teams/service/").content.decode()
        assert "临时党支部" in mine and "1 班共 4.0 小时" in mine
        assert "临时党支部" in lin.get("/command/teams/service/file/").content.decode("utf-8-sig")
        entry = ServiceEntry.objects.get()
        assert lin.post(f"/command/teams/service/{entry.pk}/object/", {"text": "应为五小时"}).status_code == 302
        assert "应为五小时" in fang.get(here).content.decode()
        assert fang.post(f"/command/teams/service/{entry.pk}/answer/", {"text": "核实为四小时"}).status_code == 302
        assert "核实为四小时" in lin.get("/command/teams/service/").content.decode()


def test_other_people_get_404(cast: Cast, standing: Team, sign_in: SignIn) -> None:
    row = standing.members.earliest("pk")
    with time_machine.travel(NOON, tick=False):
        for name in ("xu", "wang", "he", "deng"):
            client = sign_in(name)
            assert client.get(f"/command/teams/{standing.pk}/").status_code == 404
            assert client.post(f"/command/teams/{standing.pk}/step/note/", {"text": "看看"}).status_code == 404
            assert client.post(f"/command/teams/{standing.pk}/members/{row.pk}/end/").status_code == 404
            assert client.get("/command/teams/proposals/").status_code == 404
            assert client.get("/command/teams/new/").status_code == 404
            assert standing.name not in client.get("/command/teams/").content.decode()


def test_the_person_says_that_they_cannot(cast: Cast, standing: Team, sign_in: SignIn) -> None:
    row = standing.members.get(person=cast.person["lin"])
    with time_machine.travel(NOON, tick=False):
        here = f"/command/teams/{standing.pk}/"
        assert sign_in("lin").post(f"{here}members/{row.pk}/cannot/", {"text": "家里有事"}).status_code == 302
        assert "家里有事" not in sign_in("su").get(here).content.decode()
        assert "家里有事" in sign_in("fang").get(here).content.decode()
    seen = AuditEntry.objects.filter(verb="secondment.cannot_read").values_list("account", "subject")
    assert list(seen) == [(cast.account["fang"].pk, cast.person["lin"].pk)]


def test_both_names_in_their_language(cast: Cast, team: Team, sign_in: SignIn) -> None:
    client = sign_in("su")
    with time_machine.travel(NOON, tick=False):
        assert "流调专班" in client.get("/command/teams/").content.decode()
        client.cookies["django_language"] = "en"
        page = client.get(f"/command/teams/{team.pk}/").content.decode()
    assert "Tracing team" in page and "Name a leader whose home unit agrees" in page


@pytest.mark.parametrize("path", ["/command/teams/", "/command/teams/proposals/", "/command/teams/service/"])
def test_the_lists_ask_the_same_whatever_is_there(
    cast: Cast, team: Team, sign_in: SignIn, path: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = sign_in("su")
    with time_machine.travel(NOON, tick=False):
        client.get(path)
        for number in range(5):
            actions.create_team(
                team.organisation, kind="other", name=f"专班{number}", purpose="支援各处", review_on=TODAY + DAY,
                by=cast.by("su"), at=NOON,
            )  # fmt: skip
        with django_assert_max_num_queries(13):
            client.get(path)


def test_one_team_asks_the_same_however_many_serve(
    cast: Cast, standing: Team, second: Second, sign_in: SignIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client, here = sign_in("su"), f"/command/teams/{standing.pk}/"
    for number, name in enumerate(("wang", "meng")):
        row = second(name)
        for day in range(4):
            starts = NOON + timedelta(days=day, hours=5 * number)
            seconding.plan_shift(
                row, cast.place["D1"], starts=starts, ends=starts + timedelta(hours=4), by=cast.by("su"), at=NOON
            )
    with time_machine.travel(NOON, tick=False):
        client.get(here)
        with django_assert_max_num_queries(24):
            assert client.get(here).status_code == 200
