"""The Word file of a directive, read back: margins, faces, masthead, number, page of each attachment."""

from __future__ import annotations

import io

import docx
from docx.shared import Mm, Pt, RGBColor

from shouwang.command.papers import directive_document, directive_file_name, official_of
from shouwang.command.tests.papers import draft, issued
from shouwang.org.tests.cast import NOON, Cast


def test_the_file_has_the_measures_of_the_standard(cast: Cast) -> None:
    row = issued(
        cast,
        draft(
            cast,
            body="现通知如下：\n一、压实责任。各学院负责。\n（一）摸排\n每日上报。",
            addressees="各学院",
            copies="市教育局",
            urgency="特急",
            attachments=[{"title": "消毒登记表", "text": "日期、地点、人"}, {"title": "流程", "text": ""}],
        ),
    )
    raw = directive_document(row, author="su", at=NOON)
    assert raw == directive_document(row, author="su", at=NOON)
    document = docx.Document(io.BytesIO(raw))
    section = document.sections[0]
    edges = (section.top_margin, section.bottom_margin, section.left_margin, section.right_margin)
    assert [round(edge.mm) for edge in edges if edge is not None] == [37, 35, 28, 26]
    texts = [paragraph.text for paragraph in document.paragraphs]
    by_text = {paragraph.text: paragraph for paragraph in document.paragraphs}
    masthead = by_text["望川大学文件"]
    assert masthead.runs[0].font.color.rgb == RGBColor(255, 0, 0)
    assert masthead.paragraph_format.space_before is not None
    assert abs(masthead.paragraph_format.space_before.pt - (Mm(35).pt - 28.95)) < 0.1
    number = by_text["望校防〔2026〕1号"]
    assert "w:pBdr" in number._p.xml and 'w:color="FF0000"' in number._p.xml
    assert by_text[row.title].runs[0].font.size == Pt(22)
    heading = by_text["一、压实责任。各学院负责。"]
    faces = [run._r.xpath("w:rPr/w:rFonts/@w:eastAsia")[0] for run in heading.runs]
    assert faces == ["黑体", "仿宋"]
    assert all(run.font.size == Pt(16) for run in heading.runs)
    assert texts.index("各学院：") < texts.index("现通知如下：")
    assert "附件：1.消毒登记表" in texts
    assert "2026年3月2日" in texts
    assert "抄送：市教育局。" in texts
    assert "附件1" in texts and "附件2" not in texts, "an attachment without text is only named"
    assert directive_file_name(row) == "望校防〔2026〕1号 关于做好消毒工作的通知.docx"


def test_a_draft_shows_where_its_number_will_stand(cast: Cast) -> None:
    paper = official_of(draft(cast))
    assert "望校防" in paper.number
    assert paper.signed_on == ""


def test_an_english_one_is_english(cast: Cast) -> None:
    row = draft(cast, title="Notice on disinfection", signed_as="Example College", body="1. Disinfect daily.",
                addressees="All departments", attachments=[{"title": "Log", "text": ""}])  # fmt: skip
    paper = official_of(row)
    assert (paper.masthead, paper.salutation, paper.listed) == (
        "Example College", "All departments:", ["Attachment: Log"],
    )  # fmt: skip
