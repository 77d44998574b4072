"""Teams on the command line: the whole way, and that the same walls stand."""

from __future__ import annotations

from datetime import timedelta

import time_machine

from shouwang.cli.teams import team
from shouwang.cli.tests.test_command import SU, json_of
from shouwang.cli.tests.test_desk import run, said
from shouwang.command.models import BoardCell, ServiceEntry, TeamShift, TeamTask
from shouwang.command.teams.rules import SHIPPED
from shouwang.command.tests.papers import issued, task_of
from shouwang.core.errors import Conflict, Forbidden, NotFound
from shouwang.org.tests.cast import NOON, Cast

FANG = ("--as", "fang")
SUMMARY = "流调二十人，转运三人，未发现遗漏；经验：先电话后上门。"


@time_machine.travel(NOON, tick=False)
def test_from_the_proposal_to_the_record(cast: Cast) -> None:
    BoardCell.objects.create(path=cast.org["CS2301"].path, roster=30, cases_open=3, contacts_close=12)
    [proposal] = said(team, "propose", "--judge", *SU)["rows"]
    assert "3" in proposal["because"] and proposal["unit"] == "IE"
    made = json_of(
        team, "create", "流调专班", "--unit", "IE", "--purpose", "支援流调", "--review", "2026-03-12", "--proposal",
        str(proposal["id"]), *SU,
    )  # fmt: skip
    pk = str(made["id"])
    assert (made["state"], made["side"], made["leader"]) == ("forming", "office", None)
    asked = json_of(team, "second", pk, "2023010101", "--role", "leader", "--to", "2026-03-08", *SU)
    assert isinstance(run(team, "decide", pk, str(asked["id"]), "approve", *SU).exception, Forbidden)
    done = json_of(team, "decide", pk, str(asked["id"]), "approve", *FANG)
    assert (done["state"], done["side"]) == ("approved", "lead")
    assert run(team, "place", pk, "D1", *SU).exit_code == 0
    assert json_of(team, "do", pk, "stand", *SU)["state"] == "standing"
    task = task_of(cast, issued(cast), "IE")
    given = json_of(team, "give", pk, str(task.pk), *SU)
    shift = json_of(
        team, "duty", pk, str(asked["id"]), "--place", "D1", "--from", "2026-03-02T12:00", "--to", "2026-03-02T15:30",
        *SU,
    )  # fmt: skip
    assert json_of(team, "said", pk, str(shift["id"]), "done", *SU)["state"] == "done"
    assert TeamShift.objects.get().state == "done"
    refused = run(team, "dissolve", pk, SUMMARY, *SU).exception
    assert isinstance(refused, Conflict) and refused.data["ids"] == [task.pk]
    json_of(team, "back", pk, str(given["id"]), "交回学院办理", *SU)
    assert TeamTask.objects.get().outcome == "back"
    assert json_of(team, "dissolve", pk, SUMMARY, *SU)["state"] == "dissolved"
    [record] = said(team, "service", "--as", "lin")["rows"]
    assert (record["hours_done"], record["role"]) == (3.5, "leader")
    entry = str(ServiceEntry.objects.get().pk)
    json_of(team, "object", entry, "应为四小时", "--as", "lin")
    assert json_of(team, "answer", entry, "按值班表计三个半小时", *FANG)["answer"]
    assert [row["state"] for row in said(team, "list", "--show", "over", *SU)["rows"]] == ["dissolved"]


@time_machine.travel(NOON, tick=False)
def test_the_same_walls(cast: Cast) -> None:
    words = ("--unit", "IE", "--purpose", "支援流调", "--review", "2026-03-12")
    made = json_of(team, "create", "流调专班", *words, *SU)
    pk = str(made["id"])
    assert isinstance(run(team, "show", pk, "--as", "xu").exception, NotFound)
    assert said(team, "list", "--as", "xu")["rows"] == []
    assert isinstance(run(team, "propose", "--as", "fang").exception, NotFound)
    assert json_of(team, "show", pk, *FANG)["whole"] is True
    assert run(team, "do", pk, "review", "--text", "仍有任务", "--review", "2026-03-20", *SU).exit_code == 0
    assert run(team, "place", pk, "D1", *SU).exit_code == 0
    assert run(team, "place", pk, "D1", "--remove", *SU).exit_code == 0
    assert json_of(team, "show", pk, *SU)["places"] == []
    BoardCell.objects.create(path=cast.org["EN2301"].path, roster=30, cases_open=3, contacts_close=12)
    with time_machine.travel(NOON + timedelta(minutes=5), tick=False):
        [proposal] = said(team, "propose", "--judge", *SU)["rows"]
        assert json_of(team, "dismiss", str(proposal["id"]), "学院人手足够", *SU)["state"] == "dismissed"
    assert run(team, "check", str(SHIPPED)).exit_code == 0
    assert [row["name"] for row in said(team, "list")["rows"]] == ["流调专班"], "the operator of the machine sees all"
    assert json_of(team, "show", pk)["whole"] is True
