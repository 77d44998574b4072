"""A notice as it arrives, line by line: page furniture taken out, broken lines put together again.

Nothing is rewritten: every character of a `Flow` stands in the source at a known place, so that a quotation can be
shown where it came from.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

DASH = r"[-\u2010-\u2015\u2212－—–]"
FURNITURE = re.compile(
    rf"^(?:{DASH}{{1,2}}\s*\d{{1,4}}\s*{DASH}{{1,2}}|第\s*\d{{1,4}}\s*页(?:\s*[/，,]?\s*共\s*\d{{1,4}}\s*页)?|"
    r"(?i:page)\s+\d{1,4}(?:\s+(?i:of)\s+\d{1,4})?|\d{1,4}\s*/\s*\d{1,4})$"
)
# The same in the middle of a line, as text taken out of a PDF has it: between two Chinese characters only.
INSIDE = re.compile(rf"(?<=[\u4e00-\u9fff，、；])\s*{DASH}\s*\d{{1,3}}\s*{DASH}\s*(?=[\u4e00-\u9fff，、；])")
ORNAMENT = re.compile(r"^[★☆*＊_=\-—─━\s]+$")
NUMBERED = re.compile(
    r"^(?:[一二三四五六七八九十]{1,3}\s*[、.．，]|[（(]\s*[一二三四五六七八九十]{1,3}\s*[)）]|\d{1,2}\s*[、．]|\d{1,2}\.(?!\d)|"
    r"[（(]\s*\d{1,2}\s*[)）]|[①-⑳]|第[一二三四五六七八九十]{1,3}[条章部分])"
)
HALF_SAID = re.compile(r"(?<![重主需必首])要(?!求)|须|应(?![急对])|不得|一律|严禁")  # a heading seldom speaks so
ENDS = "。！？!?；;：:”」"
SHORTEST_SENTENCE = 5  # characters: less before a full stop is the end of another line's sentence
DEEPEST_INDENT = 4  # em: a line that begins further in is centred or set to the right
WIDEST_WRAPPED = 60  # em: a longer line was not broken to fit a page


@dataclass(frozen=True, slots=True)
class Flow:
    """A run of text whose character k stands at `at[k]` of the source; -1 for a blank set between two words. `indent`:
    em of blanks before it on its line."""

    text: str
    at: tuple[int, ...]
    indent: float = 0

    def part(self, start: int, end: int) -> Flow:
        """Characters from start to end, without blanks at either side."""
        while start < end and self.text[start].isspace():
            start += 1
        while end > start and self.text[end - 1].isspace():
            end -= 1
        return Flow(self.text[start:end], self.at[start:end])

    @property
    def span(self) -> tuple[int, int]:
        """First and last place in the source, the latter not included. (0, 0) for nothing."""
        known = [place for place in self.at if place >= 0]
        return (known[0], known[-1] + 1) if known else (0, 0)

    def __bool__(self) -> bool:
        return bool(self.text)


def joined(flows: Iterable[Flow]) -> Flow:
    """One run of text; a blank only between two Latin words."""
    text: list[str] = []
    at: list[int] = []
    for flow in flows:
        if text and flow.text and _apart(text[-1], flow.text[0]):
            text.append(" ")
            at.append(-1)
        text.extend(flow.text)
        at.extend(flow.at)
    return Flow("".join(text), tuple(at))


def _apart(left: str, right: str) -> bool:
    """Whether a blank stood where the line was broken: between Latin words, and after their marks."""
    if not (left.isascii() and right.isascii()):
        return False
    return (left.isalnum() and right.isalnum()) or (left in ",;:." and right.isalpha())


def width(text: str) -> float:
    """In em: a Chinese character is one, a Latin letter or a digit half of one."""
    return sum(1.0 if unicodedata.east_asian_width(char) in "WFA" else 0.5 for char in text)


def lines_of(source: str) -> list[Flow]:
    """The lines that say something, without blanks around them, page numbers and ornaments."""
    found: list[Flow] = []
    place = 0
    for line in re.split(r"(?<=[\n\f\r\u2028])", source):
        flow = Flow(line, tuple(range(place, place + len(line)))).part(0, len(line))
        flow = Flow(flow.text, flow.at, width(line[: len(line) - len(line.lstrip())]))
        place += len(line)
        if flow and not FURNITURE.match(flow.text) and not ORNAMENT.match(flow.text):
            found.append(_without_inside(flow))
    return found


def _without_inside(flow: Flow) -> Flow:
    parts, done = [], 0
    for hit in INSIDE.finditer(flow.text):
        parts.append(Flow(flow.text[done : hit.start()], flow.at[done : hit.start()]))
        done = hit.end()
    if not parts:
        return flow
    parts.append(Flow(flow.text[done:], flow.at[done:]))
    whole = joined(parts)
    return Flow(whole.text, whole.at, flow.indent)


def paragraphs(lines: Sequence[Flow]) -> list[Flow]:
    """Lines that were broken to fit a page, put together; a numbered line always begins a paragraph.

    Where lines were not broken (a paragraph a line), they are left as they are.
    """
    full = _full_width(lines)
    found: list[list[Flow]] = []
    for k, line in enumerate(lines):
        row = "\t" in line.text or (k and "\t" in lines[k - 1].text)  # of a table
        if not found or full is None or row or NUMBERED.match(line.text) or _ends(lines[k - 1], line, full):
            found.append([line])
        else:
            found[-1].append(line)
    return [joined(part) for part in found]


def _full_width(lines: Sequence[Flow]) -> float | None:
    """The width of a full line, em; None where a line is a paragraph."""
    if len(lines) < 2:
        return None
    widths = sorted(width(line.text) + min(line.indent, DEEPEST_INDENT) for line in lines)
    broad = widths[int(len(widths) * 0.9)] if len(widths) > 2 else widths[-1]
    ended = sum(1 for line in lines if line.text[-1] in ENDS)
    if broad > WIDEST_WRAPPED or ended > 0.8 * len(lines):
        return None
    return broad


def _ends(line: Flow, following: Flow, full: float) -> bool:
    """Whether a paragraph ends with this line: it ends a sentence and is short, or is a numbered heading and short. A
    heading goes on where the line below has but a few characters before its first full stop, and a numbered line that
    orders something without coming to its end is no heading."""
    short = width(line.text) + min(line.indent, DEEPEST_INDENT) < full - 1.5
    if NUMBERED.match(line.text) and not any(mark in line.text for mark in "。；;"):
        if line.text[-1] in "，、,（(" or (HALF_SAID.search(line.text) and width(line.text) > 0.6 * full):
            return False
        return short and not 0 < following.text.find("。") <= SHORTEST_SENTENCE
    return short and line.text[-1] in ENDS
