"""A whole official document as a Word file: red masthead, number, title, addressees, sections, attachments, signature,
colophon, where GB/T 9704-2012 puts them. Page, fonts and page numbers are those of `words`.

The size of the masthead is left to the issuer by the standard; here it fills the type area, 42 pt at most (assumption).
The colophon follows the text; Word knows no way to hold it to the foot of the last even page.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import docx
from docx.enum.text import WD_BREAK
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Length, Mm, Pt, RGBColor

from shouwang.core.files import words
from shouwang.core.files.words import BODY_SIZE, FANG, HEI, KAI, LINE, PAGE_SIZE, TITLE, TITLE_SIZE, TYPE_WIDTH

RED = RGBColor(0xFF, 0, 0)
MOST_MASTHEAD = 42  # pt
MASTHEAD_FROM_TOP = 35  # mm, from the upper edge of the type area to that of the masthead
FONTS = {1: HEI, 2: KAI}
_CHINESE = re.compile("[\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph: `heading` in the face of its level (1 黑体, 2 楷体), `text` after it in 仿宋."""

    level: int
    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Enclosure:
    title: str
    passages: Sequence[Passage] = ()


@dataclass(frozen=True, slots=True)
class Official:
    """What stands in an official document. Empty parts are left out."""

    issuer: str
    number: str
    title: str
    addressees: str
    passages: Sequence[Passage]
    day: date | None
    urgency: str = ""
    copies: str = ""
    printed_by: str = ""
    enclosures: Sequence[Enclosure] = field(default=())

    @property
    def chinese(self) -> bool:
        return _CHINESE.search(self.title + self.issuer) is not None

    @property
    def masthead(self) -> str:
        return f"{self.issuer}文件" if self.chinese else self.issuer

    @property
    def salutation(self) -> str:
        text = self.addressees.rstrip("：:")
        return f"{text}{'：' if self.chinese else ':'}" if text else ""

    @property
    def signed_on(self) -> str:
        """In figures, the year in full, no leading zero."""
        if self.day is None:
            return ""
        return f"{self.day.year}年{self.day.month}月{self.day.day}日" if self.chinese else f"{self.day:%-d %B %Y}"

    @property
    def listed(self) -> list[str]:
        """The lines that name the attachments; without a number where there is only one."""
        label = "附件：" if self.chinese else "Attachment: "
        if len(self.enclosures) == 1:
            return [label + self.enclosures[0].title]
        dot = "." if self.chinese else ". "
        return [
            f"{label if n == 1 else '　　　' if self.chinese else ''}{n}{dot}{enclosure.title}"
            for n, enclosure in enumerate(self.enclosures, start=1)
        ]

    @property
    def copied(self) -> str:
        if not self.copies:
            return ""
        return f"抄送：{self.copies.rstrip('。')}。" if self.chinese else f"Copies: {self.copies}"

    @property
    def printed(self) -> str:
        return f"{self.signed_on}印发" if self.chinese else self.signed_on


def official_docx(paper: Official, *, author: str, at: datetime) -> bytes:
    """The document as .docx bytes. Equal arguments give equal bytes."""
    language = "zh-CN" if paper.chinese else "en-GB"
    document = docx.Document()
    words.set_page(document)
    words.set_styles(document, language)
    _head(document, paper)
    if paper.salutation:
        words.add_line(document, paper.salutation, size=BODY_SIZE, font=FANG, align="left", leading=LINE)
    for passage in paper.passages:
        _passage(document, passage)
    if paper.listed:
        _blank(document)
        for text in paper.listed:
            words.add_indent(words.add_line(
                document, text, size=BODY_SIZE, font=FANG, align="left", leading=LINE
            )._p.get_or_add_pPr())  # fmt: skip
    _signature(document, paper)
    _colophon(document, paper)
    for number, enclosure in enumerate(paper.enclosures, start=1):
        if enclosure.passages:
            _enclosure(document, paper, number, enclosure)
    words.add_page_numbers(document)
    words.set_properties(document, paper.title, author, at.astimezone(UTC), language)
    out = io.BytesIO()
    document.save(out)
    return words.repacked(out)


def _head(document: Any, paper: Official) -> None:
    """Urgency on the first line, masthead 35 mm below the upper edge, number two lines under it, red line, title."""
    above: Length = Mm(MASTHEAD_FROM_TOP)
    if paper.urgency:
        words.add_line(document, paper.urgency, size=BODY_SIZE, font=HEI, align="left", leading=LINE)
        above = Mm(MASTHEAD_FROM_TOP - LINE / 72 * 25.4)
    size = min(MOST_MASTHEAD, TYPE_WIDTH / 25.4 * 72 / max(_width(paper.masthead), 1))
    masthead = words.add_line(document, paper.masthead, size=size, font=TITLE, align="center", leading=size * 1.2)
    masthead.paragraph_format.space_before = above
    words.leave_grid(masthead)  # or the space above it is rounded up to whole lines
    for run in masthead.runs:
        run.font.color.rgb = RED
    _blank(document, 2)
    number = words.add_line(document, paper.number, size=BODY_SIZE, font=FANG, align="center", leading=LINE)
    _rule(number, "bottom", colour="FF0000", width=12, space=11)  # 4 mm below the number
    _blank(document, 2)
    words.add_line(document, paper.title, size=TITLE_SIZE, font=TITLE, align="center", leading=36)
    _blank(document)


def _width(text: str) -> float:
    """In ems: what is not Chinese is about half as wide."""
    return sum(1 if ord(character) > 0x2E7F else 0.55 for character in text)


def _blank(document: Any, lines: int = 1) -> None:
    for _line in range(lines):
        words.add_line(document, "", size=BODY_SIZE, font=FANG, align="left", leading=LINE)


def _rule(paragraph: Any, edge: str, *, colour: str = "000000", width: int = 6, space: int = 1) -> None:
    """A line at an edge of a paragraph; `width` in eighths of a point, `space` in points."""
    borders = OxmlElement("w:pBdr")
    line = OxmlElement(f"w:{edge}")
    for name, value in (("val", "single"), ("sz", str(width)), ("space", str(space)), ("color", colour)):
        line.set(qn(f"w:{name}"), value)
    borders.append(line)
    paragraph._p.get_or_add_pPr().insert_element_before(borders, "w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc")


def _passage(document: Any, passage: Passage) -> None:
    paragraph = document.add_paragraph()
    paragraph.alignment = words.ALIGN["both"]
    words.add_indent(paragraph._p.get_or_add_pPr())
    if passage.heading:
        words.add_run(paragraph, passage.heading, BODY_SIZE, FONTS.get(passage.level, FANG))
        paragraph.paragraph_format.keep_with_next = not passage.text
    if passage.text:
        words.add_run(paragraph, passage.text, BODY_SIZE, FANG)


def _signature(document: Any, paper: Official) -> None:
    """Issuer above the date, which stands four characters from the right edge; the issuer is centred on it."""
    if not paper.signed_on:
        return
    _blank(document, 2)
    ems = max(_width(paper.issuer), _width(paper.signed_on))
    for text in (paper.issuer, paper.signed_on):
        line = words.add_line(document, text, size=BODY_SIZE, font=FANG, align="right", leading=LINE)
        line.paragraph_format.right_indent = Pt(
            BODY_SIZE * (4 if _width(text) == ems else 4 + (ems - _width(text)) / 2)
        )
        line.paragraph_format.keep_together = True


def _colophon(document: Any, paper: Official) -> None:
    """Copies, and who printed it when, between lines, one character from each edge."""
    lines = [text for text in (paper.copied, paper.printed_by and paper.printed) if text]
    if not lines:
        return
    _blank(document)
    for index, text in enumerate(lines):
        line = words.add_line(document, text, size=PAGE_SIZE, font=FANG, align="left", leading=LINE)
        line.paragraph_format.left_indent = line.paragraph_format.right_indent = Pt(PAGE_SIZE)
        if paper.printed_by and text == paper.printed:
            line.runs[0].text = f"{paper.printed_by}\t{text}"
            line.paragraph_format.tab_stops.add_tab_stop(Mm(TYPE_WIDTH) - Pt(PAGE_SIZE), words.TAB_RIGHT)
        _rule(line, "top", width=8 if index == 0 else 4, space=4)
    closing = words.add_line(document, "", size=2, font=FANG, align="left", leading=4)
    closing.paragraph_format.left_indent = closing.paragraph_format.right_indent = Pt(PAGE_SIZE)
    _rule(closing, "top", width=8, space=1)


def _enclosure(document: Any, paper: Official, number: int, enclosure: Enclosure) -> None:
    """On a page of its own: 附件1 in 黑体, the title, its text."""
    document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
    label = "附件" if paper.chinese else "Attachment "
    shown = label + (str(number) if len(paper.enclosures) > 1 else "")
    words.add_line(document, shown.strip(), size=BODY_SIZE, font=HEI, align="left", leading=LINE)
    _blank(document)
    words.add_line(document, enclosure.title, size=TITLE_SIZE, font=TITLE, align="center", leading=36)
    _blank(document)
    for passage in enclosure.passages:
        _passage(document, passage)
