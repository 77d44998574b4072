"""Reports as Word files: the measures of GB/T 9704-2012, the content, the same bytes each time."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from typing import Any

import docx
import pytest
from docx.oxml.ns import qn

from shouwang.core.files.words import Block, Heading, Paragraph, TableBlock, report_docx

AT = datetime(2020, 2, 1, 10, tzinfo=UTC)
BLOCKS: tuple[Block, ...] = (
    Heading("一、总体情况"),
    Paragraph("应报 25,800 人，已报 25,012 人。", bold="25,012 人"),
    Heading("（一）各学院", 2),
    Heading("1. 计算机学院", 3),
    TableBlock(
        ("学院", "应报", "已报"),
        (("计算机学院", "1,200", "1,180"), ("外国语学院", "800", "—")),
        (60, 48, 48),
        "注：— 为缺报。",
    ),
    Paragraph("防控办公室", align="right", indent=False),
)


def made(title: str = "疫情防控日报", blocks: tuple[Block, ...] = BLOCKS) -> bytes:
    return report_docx(title, ["第 5 期"], blocks, author="防控办公室", at=AT)


def test_page_of_an_official_document() -> None:
    document: Any = docx.Document(io.BytesIO(made()))
    section = document.sections[0]
    sizes = [round(size.mm) for size in (section.page_width, section.page_height)]
    margins = [section.top_margin, section.bottom_margin, section.left_margin, section.right_margin]
    assert sizes == [210, 297]
    assert [round(margin.mm) for margin in margins] == [37, 35, 28, 26]


def test_fonts_are_named_for_chinese_text() -> None:
    document: Any = docx.Document(io.BytesIO(made()))
    named = {}
    for style in ("Normal", "Heading 1", "Heading 2", "Heading 3"):
        fonts = document.styles[style].element.rPr.rFonts
        named[style] = fonts.get(qn("w:eastAsia"))
        assert not [name for name in fonts.attrib if "Theme" in name], "a theme font would win over the named one"
    assert named == {"Normal": "仿宋", "Heading 1": "黑体", "Heading 2": "楷体", "Heading 3": "仿宋"}
    assert document.styles["Normal"].font.size.pt == 16
    title = document.paragraphs[0].runs[0]
    assert (title.text, title.font.size.pt) == ("疫情防控日报", 22)
    assert title._r.rPr.rFonts.get(qn("w:eastAsia")) == "方正小标宋简体"
    with zipfile.ZipFile(io.BytesIO(made())) as package:
        fonts_known = package.read("word/fontTable.xml").decode()
    assert '<w:font w:name="方正小标宋简体"><w:altName w:val="SimHei"/>' in fonts_known


def test_content_in_order() -> None:
    document: Any = docx.Document(io.BytesIO(made()))
    texts = [paragraph.text for paragraph in document.paragraphs]
    assert texts[:5] == ["疫情防控日报", "第 5 期", "一、总体情况", "应报 25,800 人，已报 25,012 人。", "（一）各学院"]
    assert [run.text for run in document.paragraphs[3].runs if run.bold] == ["25,012 人"]
    (table,) = document.tables
    assert [[cell.text for cell in row.cells] for row in table.rows][2] == ["外国语学院", "800", "—"]
    assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None, "the header is repeated on every page"


def test_page_numbers_right_on_odd_and_left_on_even_pages() -> None:
    document: Any = docx.Document(io.BytesIO(made()))
    assert document.settings.odd_and_even_pages_header_footer
    section = document.sections[0]
    for footer, align in ((section.footer, "right"), (section.even_page_footer, "left")):
        paragraph = footer.paragraphs[0]
        xml = paragraph._p.xml
        assert "".join(text.text for text in paragraph._p.iter(qn("w:t"))) == "— 1 —"
        assert 'w:instr="PAGE"' in xml
        assert f'w:jc w:val="{align}"' in xml


def test_equal_arguments_give_equal_bytes_with_given_properties() -> None:
    assert made() == made()
    core = docx.Document(io.BytesIO(made())).core_properties
    assert (core.title, core.author, core.created) == ("疫情防控日报", "防控办公室", AT)


@pytest.mark.parametrize("text", ["a\x00b", "\x0b\x1f", "\ud800", "\ufffe", "]]>&<w:p/>"])
def test_text_xml_cannot_hold_does_not_break_the_file(text: str) -> None:
    blocks = (Heading(text), Paragraph(text), TableBlock((text,), ((text,),)))
    document: Any = docx.Document(io.BytesIO(made(text, blocks)))
    assert len(document.tables) == 1
    if "w:p" in text:
        assert document.paragraphs[0].text == text


def test_short_rows_and_empty_tables() -> None:
    document: Any = docx.Document(io.BytesIO(made(blocks=(TableBlock(("a", "b"), (("1",),)), TableBlock(("a",), ())))))
    assert [[cell.text for cell in row.cells] for row in document.tables[0].rows] == [["a", "b"], ["1", ""]]
    assert len(document.tables[1].rows) == 1
