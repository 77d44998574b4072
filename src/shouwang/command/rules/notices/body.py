"""The body of a notice: sections by their numbers, headings, sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from shouwang.command.rules.notices.lines import Flow

HANZI = "一二三四五六七八九十"
LEVELS = (
    re.compile(rf"^第([{HANZI}]{{1,3}})(?:章|部分|编)\s*[、.．:：]?\s*"),
    re.compile(rf"^([{HANZI}]{{1,3}})\s*[、.．，]\s*"),
    re.compile(rf"^[（(]\s*([{HANZI}]{{1,3}})\s*[)）]\s*[、.．]?\s*"),
    re.compile(rf"^第([{HANZI}]{{1,3}})条\s*[、.．:：]?\s*"),
    re.compile(r"^(?:(?i:section)\s+)?(\d{1,2})\s*(?:[、．:]|\.(?!\d))\s*"),
    re.compile(r"^[（(]\s*(\d{1,2})\s*[)）]\s*[、.．]?\s*"),
    re.compile(r"^([①-⑳])\s*"),
)
# Numbers in the middle of a paragraph, where the lines of a pasted text have been lost.
HIDDEN = re.compile(rf"(?<=[。！？；])\s*(?=[{HANZI}]{{1,3}}\s*、|[（(][{HANZI}]{{1,3}}[)）]\s*[\u4e00-\u9fff])")
SENTENCE = re.compile(r"[^。！？!?；;]*[。！？!?；;]?[”」』）)]*")
ENGLISH_SENTENCE = re.compile(r"[^.!?;]+(?:[.!?;](?=\s|$)|[.!?;](?=\S)[^.!?;]*)*")
ORDERS = re.compile(r"(?<![重主需必首])要(?!求)|须|应当|不得|严禁|(?i:\b(?:must|shall)\b)")
LONGEST_HEADING = 60  # characters: more is a sentence


@dataclass(slots=True)
class Section:
    """`number` without its marks; `level` as in `LEVELS`; `text` everything below the heading, parts included."""

    number: str
    level: int
    heading: Flow
    text: list[Flow] = field(default_factory=list)
    parts: list[Section] = field(default_factory=list)

    def every_text(self) -> Iterator[Flow]:
        yield from self.text
        for part in self.parts:
            if part.heading:
                yield part.heading
            yield from part.every_text()


def read_body(paragraphs: Sequence[Flow]) -> tuple[list[Flow], list[Section]]:
    """What stands before the first number, and the sections of the highest level that is used."""
    before: list[Flow] = []
    stack: list[Section] = []
    top: list[Section] = []
    for paragraph in _split(paragraphs):
        numbered = _numbered(paragraph)
        if numbered is None:
            (stack[-1].text if stack else before).append(paragraph)
            continue
        number, level, rest = numbered
        heading, text = _heading(rest, level)
        section = Section(number, level, heading, [text] if text else [])
        while stack and stack[-1].level >= level:
            stack.pop()
        (stack[-1].parts if stack else top).append(section)
        stack.append(section)
    return before, top


def _split(paragraphs: Sequence[Flow]) -> Iterator[Flow]:
    for paragraph in paragraphs:
        done = 0
        for hit in HIDDEN.finditer(paragraph.text):
            yield paragraph.part(done, hit.start())
            done = hit.end()
        yield paragraph.part(done, len(paragraph.text))


def _numbered(paragraph: Flow) -> tuple[str, int, Flow] | None:
    for level, pattern in enumerate(LEVELS):
        if hit := pattern.match(paragraph.text):
            return hit[1], level, paragraph.part(hit.end(), len(paragraph.text))
    return None


def _heading(rest: Flow, level: int) -> tuple[Flow, Flow]:
    """Heading and text of a numbered paragraph. Up to the first full stop it is a heading, unless it is too long for
    one, or a numbered sentence of its own on a low level."""
    end = next(
        (k for k, char in enumerate(rest.text) if char in "。；;" or rest.text[k : k + 2] == ". "), len(rest.text)
    )
    low = level >= 3
    nothing = Flow("", ())
    if end == len(rest.text) and not low and end <= LONGEST_HEADING:
        return rest, nothing
    whole = end >= len(rest.text) - 1
    if end > LONGEST_HEADING or (low and whole and any(mark in rest.text for mark in "。；;.，,")):
        return nothing, rest
    if ORDERS.search(rest.text[:end]) and (low or "，" in rest.text[:end]):
        return nothing, rest
    return rest.part(0, end), rest.part(end + 1, len(rest.text))


def sentences(text: Flow) -> Iterator[Flow]:
    """Each with its final mark."""
    pattern = SENTENCE if re.search(r"[\u4e00-\u9fff]", text.text) else ENGLISH_SENTENCE
    for hit in pattern.finditer(text.text):
        part = text.part(hit.start(), hit.end())
        if part:
            yield part
