"""Board, control measures, gaps and daily reports on the command line."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from shouwang.cases.outward.models import SentCard
from shouwang.cases.tests.builders import opened
from shouwang.cli.clinic import case
from shouwang.cli.daily import daily
from shouwang.cli.gaps import gap
from shouwang.cli.measures import measure
from shouwang.cli.report import board
from shouwang.cli.serve import sweep_once
from shouwang.cli.tests.test_desk import run, said
from shouwang.command import actions
from shouwang.command.mending.rules import SHIPPED as GAPS
from shouwang.command.models import ControlMeasure, Correction, GapFinding, UnitReport, WeakPoint
from shouwang.command.rules.control import SHIPPED as LEVELS
from shouwang.command.tests.reports import EARLY, TODAY, asked, hand_in
from shouwang.core.errors import BadInput, Forbidden, NotFound
from shouwang.org.tests.cast import NOON, Cast

SU = ("--as", "su")


def json_of(command: Any, *words: str) -> Any:
    """What a command that always answers JSON printed."""
    result = run(command, *words)
    assert result.exit_code == 0, result.output + repr(result.exception)
    return json.loads(result.output)


def test_the_board(cast: Cast) -> None:
    body = said(board, *SU)
    assert {row["key"] for row in body["figures"]} >= {"checked_in", "cases_open"}
    assert "信息工程学院" in run(board, *SU).output
    assert isinstance(run(board, "--as", "lin").exception, NotFound)


def test_a_level_with_its_measures(cast: Cast) -> None:
    seen = json_of(measure, "preview", "1", *SU)
    assert {row["what"] for row in seen["changes"]} == {"starts"} and not ControlMeasure.objects.exists()
    words = ("level", "1", "--basis", "省一级响应公告", "--without", "reports", "--without", "classes")
    assert run(measure, *words, *SU).exit_code == 0
    held = {row["kind"]: row["value"] for row in said(measure, "list", *SU)["rows"]}
    assert held["masks"] == "everywhere" and "reports" not in held
    given = ("--reason", "通风减少病毒", "--basis", "校防〔2026〕3号", *SU)
    made = json_of(measure, "declare", "other", "每日通风两次", *given)
    kept = json_of(measure, "extend", str(made["id"]), "--reason", "仍有病例", "--review-on", "2026-03-20", *SU)
    assert kept["review_on"] == "2026-03-20"
    assert run(measure, "end", str(made["id"]), "--reason", "天气转暖", *SU).exit_code == 0
    assert isinstance(run(measure, "declare", "masks", "sometimes", *given).exception, BadInput)
    assert isinstance(run(measure, "preview", "1", "--as", "tang").exception, Forbidden)
    assert run(measure, "check", str(LEVELS)).exit_code == 0


def test_a_gap_is_opened_mended_and_verified(cast: Cast) -> None:
    assert said(gap, "find")["changed"] > 0
    row = GapFinding.objects.get(code="uncovered_units", organisation=cast.org["IE"])
    assert row.pk in [item["id"] for item in said(gap, "list", *SU)["rows"]]
    made = json_of(gap, "open", str(row.pk), *SU)
    number = str(made["id"])
    json_of(gap, "do", number, "note", "--text", "正在确定人选", "--as", "fang")
    json_of(gap, "do", number, "done", "--text", "各班已指定责任人", "--as", "fang")
    assert isinstance(run(gap, "do", number, "verify", "--as", "fang").exception, Forbidden)
    assert json_of(gap, "do", number, "verify", *SU)["state"] == "verified"
    assert [item["id"] for item in said(gap, "corrections", "--show", "over", *SU)["rows"]] == [made["id"]]
    learnt = json_of(gap, "learnt", *SU)["items"]
    assert [item["verified"] for item in learnt if item["code"] == "uncovered_units"] == [1]
    assert isinstance(run(gap, "list", "--as", "lin").exception, NotFound)


def test_what_people_tell(cast: Cast, tmp_path: Path) -> None:
    for text in ("走廊灯不亮", "洗手池没有水"):
        assert len(run(gap, "tell", text, "--unit", "WCU", "--as", "lin").output.strip()) == 10
    assert not WeakPoint.objects.filter(account__isnull=False).exists()
    second, first = (item["id"] for item in said(gap, "told", *SU)["rows"])
    assert run(gap, "answer", str(first), "已报修，今晚修好", *SU).exit_code == 0
    words = ("take", str(second), "修好洗手池", "--due", "2026-03-04")
    assert isinstance(run(gap, *words, "--unit", "NOWHERE", *SU).exception, BadInput)
    json_of(gap, *words, "--unit", "IE", *SU)
    assert Correction.objects.get().organisation == cast.org["IE"]
    assert run(gap, "check", str(GAPS)).exit_code == 0
    broken = tmp_path / "gaps.toml"
    broken.write_text("[[rules]]", encoding="utf-8")
    assert isinstance(run(gap, "check", str(broken)).exception, BadInput)


def test_a_daily_report_is_sent_back(cast: Cast) -> None:
    asked(cast)
    hand_in(cast, "CS2301", "meng", at=EARLY)
    words = ("send-back", "CS2301", "--date", str(TODAY), "--reason", "请核对人数")
    assert isinstance(run(daily, *words, "--as", "meng").exception, Forbidden)
    assert run(daily, *words, "--as", "fang").exit_code == 0
    assert UnitReport.objects.get().state == "returned"


def test_a_card_that_was_sent(cast: Cast) -> None:
    found = opened(cast, "lin", classification="confirmed")
    run(case, "card", found.number, "--sent", "2026-03-02T12:00", "--reference", "3301-0001", "--as", "he")
    assert SentCard.objects.get().sent_at == NOON
    found.person.phone = "13800001111"
    found.person.save(update_fields=["phone"])
    assert "! " in run(case, "card", found.number, "--as", "he").output


def test_the_sweep_keeps_board_and_gaps(cast: Cast) -> None:
    at = NOON + timedelta(hours=2)
    counts = sweep_once(at)
    assert counts["board"] > 0 and counts["gaps"] > 0
    assert actions.refresh_board(at=at) == 0
