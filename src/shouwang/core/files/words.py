"""Reports as Word files in the layout of Chinese official documents (GB/T 9704-2012), from plain blocks.

Measures of the standard: A4, margins 37/35/28/26 mm (top, bottom, left, right), which leaves a type area of
156 × 225 mm for 22 lines of 28 characters; body 3号 (16 pt) FangSong, title 2号 (22 pt) XiaoBiaoSong, headings HeiTi
then KaiTi, page number 4号 (14 pt) between dashes, right on odd pages and left on even ones. Fonts are named, not
embedded; each has an alternative for machines without it.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import docx
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

SONG, FANG, HEI, KAI, TITLE = "宋体", "仿宋", "黑体", "楷体", "方正小标宋简体"
LATIN = "Times New Roman"
_INSTEAD = {TITLE: "SimHei", FANG: "FangSong", HEI: "SimHei", KAI: "KaiTi", SONG: "SimSun"}
BODY_SIZE, TITLE_SIZE, TABLE_SIZE, NOTE_SIZE, PAGE_SIZE = 16, 22, 12, 10.5, 14  # pt: 3号 2号 小四 五号 4号
LINE = 28.95  # pt; 22 of them fill the 225 mm of the type area
TYPE_WIDTH = 156  # mm
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)

TAB_RIGHT = WD_TAB_ALIGNMENT.RIGHT
Align = Literal["left", "center", "right", "both"]
ALIGN = {
    "left": WD_ALIGN_PARAGRAPH.LEFT,
    "center": WD_ALIGN_PARAGRAPH.CENTER,
    "right": WD_ALIGN_PARAGRAPH.RIGHT,
    "both": WD_ALIGN_PARAGRAPH.JUSTIFY,
}


@dataclass(frozen=True)
class Heading:
    """A heading of level 1 (黑体), 2 (楷体) or 3 (仿宋, bold). Its number ("一、") is part of the text."""

    text: str
    level: Literal[1, 2, 3] = 1


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; `indent` is the first line's two characters. `bold` is a part of the text to stress."""

    text: str
    align: Align = "both"
    indent: bool = True
    bold: str = ""


@dataclass(frozen=True)
class TableBlock:
    """A table with its header repeated on every page. `widths` in mm (of 156 in all); `note` stands under it."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[float] | None = None
    note: str = ""


Block = Heading | Paragraph | TableBlock


def report_docx(
    title: str,
    meta: Sequence[str],
    blocks: Iterable[Block],
    *,
    author: str,
    at: datetime,
    language: str = "zh-CN",
) -> bytes:
    """The report as .docx bytes. `meta` are lines under the title (number, period, time of the figures).

    `author` and `at` (aware) become the file's properties. Equal arguments give equal bytes. Characters that XML
    cannot hold become U+FFFD.
    """
    document = docx.Document()
    set_page(document)
    set_styles(document, language)
    add_line(document, title, size=TITLE_SIZE, font=TITLE, align="center", leading=36, after=14)
    for text in meta:
        add_line(document, text, size=PAGE_SIZE, font=KAI, align="center", leading=24)
    if meta:
        document.paragraphs[-1].paragraph_format.space_after = Pt(12)
    for block in blocks:
        match block:
            case Heading():
                document.add_paragraph(_clean(block.text), style=f"Heading {block.level}")
            case Paragraph():
                _paragraph(document, block)
            case TableBlock():
                _table(document, block)
    add_page_numbers(document)
    set_properties(document, title, author, at.astimezone(UTC), language)
    out = io.BytesIO()
    document.save(out)
    return repacked(out)


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("�", str(text))


def _set_fonts(properties: Any, east_asian: str) -> None:
    """Name the fonts of a run or style; theme references would win over names, so they go."""
    fonts = properties.get_or_add_rFonts()
    fonts.attrib.clear()
    for slot, name in (("ascii", LATIN), ("hAnsi", LATIN), ("cs", LATIN), ("eastAsia", east_asian)):
        fonts.set(qn(f"w:{slot}"), name)


def set_page(document: Any) -> None:
    section = document.sections[0]
    section.orientation = WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.footer_distance = Mm(25)  # puts the number's dash 7 mm below the type area
    grid = section._sectPr.find(qn("w:docGrid"))
    grid.set(qn("w:type"), "lines")
    grid.set(qn("w:linePitch"), str(round(LINE * 20)))


def set_styles(document: Any, language: str) -> None:
    for name, font, bold in (
        ("Normal", FANG, False),
        ("Heading 1", HEI, False),
        ("Heading 2", KAI, False),
        ("Heading 3", FANG, True),
    ):
        style = document.styles[name]
        style.font.size, style.font.bold, style.font.italic = Pt(BODY_SIZE), bold, False
        properties = style.element.get_or_add_rPr()
        for tag in ("w:color", "w:lang"):
            for element in properties.findall(qn(tag)):
                properties.remove(element)
        _set_fonts(properties, font)
        layout = style.paragraph_format
        layout.space_before = layout.space_after = Pt(0)
        layout.line_spacing_rule, layout.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(LINE)
        if name != "Normal":
            layout.keep_with_next = True
            add_indent(style.element.get_or_add_pPr())
    spoken = OxmlElement("w:lang")
    spoken.set(qn("w:val"), "en-US" if language.startswith("zh") else language)
    spoken.set(qn("w:eastAsia"), "zh-CN")
    document.styles["Normal"].element.get_or_add_rPr().append(spoken)


def add_indent(properties: Any) -> None:
    """Two characters, as a number of characters (so that it follows the font) and in twips for readers without."""
    indent = properties.get_or_add_ind()
    indent.set(qn("w:firstLineChars"), "200")
    indent.set(qn("w:firstLine"), str(2 * BODY_SIZE * 20))


def add_line(
    document: Any, text: str, *, size: float, font: str, align: Align, leading: float, after: float = 0
) -> Any:
    paragraph = document.add_paragraph()
    paragraph.alignment = ALIGN[align]
    paragraph.paragraph_format.line_spacing = Pt(leading)
    paragraph.paragraph_format.space_after = Pt(after)
    add_run(paragraph, text, size, font)
    return paragraph


def leave_grid(paragraph: Any) -> None:
    """Let a paragraph keep its own height on a page whose lines stand on a grid."""
    off_grid = OxmlElement("w:snapToGrid")
    off_grid.set(qn("w:val"), "0")
    paragraph.paragraph_format.element.get_or_add_pPr().insert_element_before(off_grid, "w:spacing", "w:ind", "w:jc")


def add_run(paragraph: Any, text: str, size: float, font: str, *, bold: bool = False) -> None:
    run = paragraph.add_run(_clean(text))
    run.font.size, run.font.bold = Pt(size), bold or None
    _set_fonts(run._r.get_or_add_rPr(), font)


def _paragraph(document: Any, block: Paragraph) -> None:
    paragraph = document.add_paragraph()
    paragraph.alignment = ALIGN[block.align]
    if block.indent:
        add_indent(paragraph._p.get_or_add_pPr())
    before, stressed, after = block.text.partition(block.bold) if block.bold else (block.text, "", "")
    for text, bold in ((before, False), (stressed, True), (after, False)):
        if text:
            paragraph.add_run(_clean(text)).bold = bold or None


def _table(document: Any, block: TableBlock) -> None:
    table = document.add_table(rows=1, cols=len(block.header), style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    widths = list(block.widths or [TYPE_WIDTH / max(len(block.header), 1)] * len(block.header))
    numeric = [
        bool(block.rows) and all(_is_figure(row[index]) for row in block.rows if index < len(row))
        for index in range(len(block.header))
    ]
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
    _fill(table.rows[0], block.header, widths, font=HEI, centred=[True] * len(widths))
    head = table.rows[0]._tr.get_or_add_trPr()
    head.append(OxmlElement("w:cantSplit"))
    head.append(OxmlElement("w:tblHeader"))
    for row in block.rows:
        cells = table.add_row()
        cells._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
        _fill(cells, row, widths, font=FANG, centred=numeric)
    if block.note:
        add_line(document, block.note, size=NOTE_SIZE, font=FANG, align="left", leading=16, after=6)
    else:
        add_line(document, "", size=NOTE_SIZE, font=FANG, align="left", leading=8)


def _fill(row: Any, texts: Sequence[str], widths: Sequence[float], *, font: str, centred: Sequence[bool]) -> None:
    for index, cell in enumerate(row.cells):
        cell.width = Mm(widths[index])
        paragraph = cell.paragraphs[0]
        paragraph.alignment = ALIGN["center" if centred[index] else "left"]
        paragraph.paragraph_format.line_spacing_rule = WD_LINE_SPACING.AT_LEAST
        paragraph.paragraph_format.line_spacing = Pt(18)
        leave_grid(paragraph)  # or the page's grid of 22 lines would draw every row half empty
        add_run(paragraph, texts[index] if index < len(texts) else "", TABLE_SIZE, font)


def _is_figure(text: str) -> bool:
    """Short and made of figures: a count, a share, a time, or a dash for what is missing."""
    return len(text) <= 16 and not any(character.isalpha() for character in text)


def add_page_numbers(document: Any) -> None:
    """— 1 —, odd pages right and even pages left, one character from the edge."""
    document.settings.odd_and_even_pages_header_footer = True
    section = document.sections[0]
    for footer, align in ((section.footer, "right"), (section.even_page_footer, "left")):
        footer.is_linked_to_previous = False
        paragraph = footer.paragraphs[0]
        paragraph.alignment = ALIGN[align]
        indent = paragraph._p.get_or_add_pPr().get_or_add_ind()
        indent.set(qn(f"w:{align}Chars"), "100")
        indent.set(qn(f"w:{align}"), str(PAGE_SIZE * 20))
        add_run(paragraph, "— ", PAGE_SIZE, SONG)
        field = OxmlElement("w:fldSimple")
        field.set(qn("w:instr"), "PAGE")
        paragraph._p.append(field)
        add_run(paragraph, "1", PAGE_SIZE, SONG)
        field.append(paragraph.runs[-1]._r)
        add_run(paragraph, " —", PAGE_SIZE, SONG)


def set_properties(document: Any, title: str, author: str, at: datetime, language: str) -> None:
    core = document.core_properties
    moment = at.replace(tzinfo=None, microsecond=0)
    core.title, core.author, core.last_modified_by = _clean(title)[:255], _clean(author)[:255], _clean(author)[:255]
    core.created = core.modified = moment
    core.revision, core.language = 1, language
    core.comments = core.keywords = core.subject = core.category = ""


def repacked(packed: io.BytesIO) -> bytes:
    """The same package with fixed zip times, alternatives in the font table, and without the template's thumbnail."""
    out = io.BytesIO()
    with zipfile.ZipFile(packed) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/thumbnail.jpeg":  # a picture of another document
                continue
            if name == "_rels/.rels":
                content = re.sub(rb"<Relationship\s[^>]*thumbnail[^>]*/>", b"", content)
            if name == "word/fontTable.xml":
                entries = "".join(
                    f'<w:font w:name="{font}"><w:altName w:val="{other}"/><w:charset w:val="86"/></w:font>'
                    for font, other in _INSTEAD.items()
                )
                content = content.replace(b"</w:fonts>", entries.encode() + b"</w:fonts>")
            info = zipfile.ZipInfo(name, _ZIP_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(info, content)
    return out.getvalue()
