"""Notices of many kinds are read: who, to whom, what is ordered, by which words, until when. Nothing is invented."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.command.rules.notices import read, vocabulary
from shouwang.command.rules.notices.lines import width as width_of

FOLDER = Path(__file__).with_name("notices")
NAMES = sorted(path.stem for path in FOLDER.glob("*.txt"))
REAL = Path(os.environ.get("SHOUWANG_TEST_DATA", Path(__file__).resolve().parents[5] / "shared" / "data")).parent


def notice(name: str) -> str:
    return (FOLDER / f"{name}.txt").read_text(encoding="utf-8")


def bare(text: str) -> str:
    """Without blanks, line breaks and page furniture."""
    text = re.sub(r"(?m)^\s*[-—]\s*\d+\s*[-—]\s*$", "", text)
    text = re.sub(r"(?<=[\u4e00-\u9fff])[-—]\s*\d+\s*[-—](?=[\u4e00-\u9fff])", "", text)
    return re.sub(r"\s+", "", text)


def broken(line: str, most: float) -> list[str]:
    """As a typesetter breaks it: at `most` em."""
    found, wide = [""], 0.0
    for char in line:
        if wide + width_of(char) > most:
            found.append("")
            wide = 0.0
        found[-1] += char
        wide += width_of(char)
    return found


def ordered(found: dict[str, Any]) -> set[tuple[str | None, str]]:
    return {(m["section"], m["capability"]) for m in found["measures"]}


@pytest.mark.parametrize("name", NAMES)
def test_every_quotation_stands_in_its_notice_at_its_place(name: str) -> None:
    source = notice(name)
    found = read(source).as_dict()
    assert found["measures"]
    known = vocabulary().names()
    for measure in found["measures"]:
        assert bare(measure["quote"]) in bare(source)
        assert bare(source[slice(*measure["at"])]) == bare(measure["quote"])
        assert measure["capability"] in known
        assert measure["words"] and all(word in measure["quote"] for word in measure["words"])


@pytest.mark.parametrize(
    ("name", "issuer", "number", "title", "addressees"),
    [
        ("bureau", "清河市教育局", "清教体〔2021〕17号", "清河市教育局关于做好秋季学期学校传染病防控工作的通知",
         ["各县（区）教育局", "市直各学校", "幼儿园", "局机关有关科室"]),
        ("office", "望川大学新冠肺炎疫情防控工作领导小组办公室", None,
         "望川大学新冠肺炎疫情防控工作领导小组办公室关于进一步加强校园管理的紧急通知",
         ["各学院党委", "各部门", "各附属医院"]),
        ("english", "Wangchuan University", None, "NOTICE ON THE RETURN TO CAMPUS AFTER THE WINTER BREAK",
         ["all colleges", "the University Clinic", "the Security Office"]),
        ("plan", None, None, "望川学院春季流感防控工作方案", []),
        ("letter", "学生工作处", None, "致全体同学的一封信", ["同学们"]),
        ("party", "中共望川学院委员会", "望院党发〔2020〕12号",
         "中共望川学院委员会关于在疫情防控中充分发挥基层党组织作用的意见", ["各党总支", "直属党支部", "党委各部门"]),
        ("hospital", "望川大学附属医院", None, "望川大学附属医院关于加强门诊预检分诊工作的通知", ["各科室"]),
        ("corrupted", "望川大学", "望大发〔2020〕8号",
         "望川大学关于做好新型冠状病毒感染的肺炎疫情防控期间教学工作的通知", ["各学院（部）", "各有关单位"]),
    ],
)  # fmt: skip
def test_head(name: str, issuer: str | None, number: str | None, title: str, addressees: list[str]) -> None:
    found = read(notice(name)).as_dict()
    assert (found["issuer"], found["number"], found["title"]) == (issuer, number, title)
    assert found["addressees"] == addressees


def test_dates_copies_attachments_and_the_office_that_printed() -> None:
    found = read(notice("bureau")).as_dict()
    assert (found["date"], found["print_date"], found["issuing_office"]) == (
        "2021-09-01", "2021-09-01", "清河市教育局办公室",
    )  # fmt: skip
    assert found["copies"] == ["市卫生健康委", "市疾控中心"]
    assert found["attachments"] == ["学校诺如病毒感染处置流程", "晨午检登记表"]
    assert read(notice("letter")).as_dict()["date"] == "2023-01-08"
    assert read(notice("english")).as_dict()["date"] == "2022-02-15"
    assert read(notice("office")).as_dict()["urgency"] == "特急"


def test_what_the_bureau_orders_whom_and_until_when() -> None:
    found = read(notice("bureau")).as_dict()
    assert [section["number"] for section in found["sections"]] == ["一", "二", "三"]
    assert [part["number"] for part in found["sections"][1]["sections"]] == ["1", "2", "3"]
    assert {("一", "checkin"), ("一", "reporting"), ("二", "isolation"), ("二", "supplies"), ("三", "gaps"),
            ("三", "discipline")} <= ordered(found)  # fmt: skip
    by_quote = {m["quote"]: m for m in found["measures"]}
    soon = by_quote["学校须在2小时内向属地教育部门和疾控机构报告"]
    assert (soon["deadline"], soon["owner_hint"]) == ("2小时内", "学校")
    stock = by_quote["各学校应于9月10日前完成洗手设施和消毒用品的储备"]
    assert (stock["deadline"], stock["owner_hint"]) == ("2021-09-10", "各学校")
    daily = by_quote["每天16:00前将汇总情况报送市疾控中心"]
    assert daily["deadline"] == "每天16:00前"


def test_each_office_is_told_its_own() -> None:
    owners = {(m["capability"], m["owner_hint"]) for m in read(notice("office")).as_dict()["measures"]}
    assert {("gates", "保卫处"), ("supplies", "后勤保障部"), ("tracing", "校医院"), ("clarification", "宣传部"),
            ("screening", "辅导员")} <= owners  # fmt: skip


def test_a_row_of_a_table_orders_what_stands_under_task() -> None:
    found = read(notice("table")).as_dict()
    rows = [(m["section"], m["capability"], m["owner_hint"], m["deadline"]) for m in found["measures"]]
    assert ("一", "supplies", "后勤处", "每日18时前") in rows
    assert ("一", "testing", "校医院", "2021-09-01") in rows


def test_blanks_inside_number_and_title_are_the_layout_s() -> None:
    found = read(notice("broken")).as_dict()
    assert (found["number"], found["title"]) == ("东大党字〔2021〕2号", "中共东岭大学委员会关于做好流感防控工作的通知")
    assert found["addressees"] == ["各学院党委", "机关党委"]
    assert ("一", "responsibility") in ordered(found)


def test_two_languages_in_one_notice() -> None:
    found = read(notice("mixed")).as_dict()
    assert found["issuer"] == "East Lake International College"
    assert ordered(found) == {("1", "gates"), ("2", "reporting"), ("3", "reporting"), ("5", "supplies")}


def test_a_place_named_among_others_is_no_order_about_it() -> None:
    found = read("一、设置\n隔离点、校门、食堂等关键部位须成立临时党支部。").as_dict()
    assert [m["capability"] for m in found["measures"]] == ["teams"]


def test_a_statement_is_no_order() -> None:
    said = "当前疫情形势严峻，我省已启动重大突发公共卫生事件I级响应。防控疫情是一场严峻斗争。\n寒假就要到了。"
    text = f"关于疫情的通报\n\n各学院：\n{said}"
    found = read(text).as_dict()
    assert found["measures"] == []
    assert found["unread"] == []


def test_what_another_authority_said_is_not_ordered_here() -> None:
    text = "一、提高认识\n1月27日，总书记强调各级党组织必须做好宣传工作。\n二、落实\n各学院要做好消毒。"
    assert [m["quote"] for m in read(text).as_dict()["measures"]] == ["各学院要做好消毒"]


def test_an_order_of_nothing_the_system_does_is_named_not_dropped() -> None:
    found = read("一、工作要求\n各学院要提高政治站位。").as_dict()
    assert found["measures"] == []
    assert found["unread"] == [{"text": "各学院要提高政治站位。", "section": "一", "reason": "no_capability"}]


@pytest.mark.parametrize(
    "written",
    [
        "院党字〔2020〕6号", "院党字„2020‟6 号", "院党字[2020]6号", "院党字（2020）6 号", "院党字﹝２０２０﹞６号",
        "院党字〔2020〕第6号", "院党字【2020】6号", "院党字<2020>6号", "院党字〔二〇二〇〕6号", "院党字〔2020〕\n6号",
    ],
)  # fmt: skip
def test_a_number_in_all_its_corruptions(written: str) -> None:
    found = read(f"望川学院文件\n{written}\n\n关于做好值班的通知\n\n各部门：\n一、值班\n各部门要做好值班。").as_dict()
    assert found["number"] == "院党字〔2020〕6号"
    assert found["title"] == "关于做好值班的通知"


def test_the_number_of_another_notice_is_not_its_own() -> None:
    assert read(notice("office")).as_dict()["number"] is None


@given(st.text(max_size=400))
def test_any_text_is_read(text: str) -> None:
    found = read(text).as_dict()
    assert all(bare(measure["quote"]) in bare(text) for measure in found["measures"])


@given(st.data())
def test_page_furniture_between_and_inside_lines_changes_nothing(data: st.DataObject) -> None:
    source = notice("corrupted")
    before = read(source).as_dict()
    lines = source.split("\n")
    body = lines.index("各有关单位:") + 2
    at = data.draw(st.integers(body, len(lines) - 5))
    mark = data.draw(st.sampled_from(["- 4 -", "— 12 —", "第 3 页 共 9 页", "\f", "－5－"]))
    after = read("\n".join([*lines[:at], "", mark, "", *lines[at:]])).as_dict()
    drop = {"at"}
    assert [{k: v for k, v in m.items() if k not in drop} for m in after["measures"]] == [
        {k: v for k, v in m.items() if k not in drop} for m in before["measures"]
    ]
    assert {k: after[k] for k in ("title", "number", "sections", "date")} == {
        k: before[k] for k in ("title", "number", "sections", "date")
    }


@given(st.data())
def test_lines_broken_elsewhere_order_the_same(data: st.DataObject) -> None:
    """Paragraphs of a whole line each, broken anew at any width."""
    source = notice("bureau")
    width = data.draw(st.integers(18, 44))
    head, begin, rest = source.partition("　　近期")
    body, mark, tail = (begin + rest).partition("　　附件")
    lines = [part for line in body.split("\n") for part in broken(line, width)]
    before, after = read(source).as_dict(), read(head + "\n".join([*lines, mark + tail])).as_dict()
    assert [(m["capability"], bare(m["quote"])) for m in after["measures"]] == [
        (m["capability"], bare(m["quote"])) for m in before["measures"]
    ]


def test_a_notice_of_many_pages_is_read_to_its_end() -> None:
    """Twenty times the body orders twenty times as much, and nothing of it goes to what was not read."""
    head, begin, rest = notice("bureau").partition("　　一、")
    body, mark, tail = (begin + rest).partition("　　附件")
    one, many = read(head + body + mark + tail).as_dict(), read(head + body * 20 + mark + tail).as_dict()
    assert len(many["measures"]) == 20 * len(one["measures"])
    assert [m["quote"] for m in many["measures"]] == [m["quote"] for m in one["measures"]] * 20
    assert many["unread"] == one["unread"] * 20
    assert many["attachments"] == one["attachments"]


def test_marks_inside_brackets_part_no_addressees() -> None:
    text = "关于防控的函\n\n各县（市、区）教育局，各高等学校：\n一、值班\n各校要做好值班。"
    assert read(text).as_dict()["addressees"] == ["各县（市、区）教育局", "各高等学校"]


def test_a_reminder_has_a_title_and_nobody_in_a_clause_of_time_is_an_owner() -> None:
    text = "关于诺如病毒防控的提醒\n\n老师、同学：\n出现发热要立即向校医院报告。\n\n校医院\n2024年11月3日"
    found = read(text).as_dict()
    assert (found["title"], found["date"]) == ("关于诺如病毒防控的提醒", "2024-11-03")
    assert [(m["capability"], m["owner_hint"]) for m in found["measures"]] == [("reporting", None)]


@pytest.mark.parametrize(
    ("written", "day"),
    [("2020年2月1日", "2020-02-01"), ("二〇二〇年二月一日", "2020-02-01"), ("2020.2.1", "2020-02-01"),
     ("２０２０年２月１日", "2020-02-01"), ("2020年2月31日", None)],
)  # fmt: skip
def test_a_signature_is_dated_in_any_style(written: str, day: str | None) -> None:
    found = read(f"关于值班的通知\n\n各部门：\n各部门要做好值班。\n望川大学\n{written}").as_dict()
    assert found["date"] == day


@pytest.mark.realdata
def test_the_notice_of_february_2020() -> None:
    path = REAL / "notices" / "2020-06.txt"
    if not path.exists():
        pytest.skip("the real notice is not on this machine")
    source = path.read_text(encoding="utf-8")
    found = read(source).as_dict()
    assert found["number"] == "院党字〔2020〕6号"
    assert found["title"].startswith("中共新乡学院委员会关于深入贯彻落实")
    assert found["title"].endswith("坚决打赢疫情防控阻击战的通知")
    assert found["addressees"] == ["全校各级党组织", "广大党员、干部"]
    assert [section["number"] for section in found["sections"]] == ["一", "二", "三", "四", "五"]
    assert found["sections"][0]["heading"] == "提升思想认识，坚定打赢疫情防控阻击战的信心"
    assert (found["print_date"], found["issuing_office"]) == ("2020-02-01", "中共新乡学院委员会办公室")
    assert len(found["measures"]) >= 40
    wanted = {
        ("二", "teams"), ("二", "screening"), ("二", "reporting"), ("二", "supplies"), ("二", "gates"), ("二", "help"),
        ("二", "responsibility"), ("二", "information"), ("二", "care"), ("二", "counselling"), ("二", "discipline"),
        ("三", "duty"), ("三", "clarification"), ("三", "gaps"), ("四", "behaviour"), ("四", "tracing"),
        ("四", "checkin"), ("四", "detection"), ("四", "reporting"), ("四", "isolation"), ("四", "treatment"),
        ("四", "volunteers"), ("五", "recognition"),
    }  # fmt: skip
    assert wanted <= ordered(found)
    assert {section for section, _capability in ordered(found)} == {"二", "三", "四", "五"}
    assert all(bare(measure["quote"]) in bare(source) for measure in found["measures"])
