"""The sentences that order something, clause by clause: what, by which words, whom, until when."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from shouwang.command.rules.notices.body import sentences
from shouwang.command.rules.notices.deadlines import deadline_in
from shouwang.command.rules.notices.lines import Flow
from shouwang.command.rules.notices.vocabulary import Vocabulary, vocabulary

LEAD = re.compile(r"^(?:[一二三四五六七八九十]是|首先|其次|最后|同时|此外|另外|并且?|还)(?:要)?[，,、]?")
REPORTED = re.compile(r"(?:强调|指出|指示|批示|号召)")
BODY = re.compile(
    r"各|全校|全体|全院|广大|学院|学校|大学|部门|单位|部|处|室|局|校医院|医院|中心|党|团|师生|干部|学生|教师|教职工|教职员工|辅导员|班主任|人员|负责人|"
    r"书记|委员会|食堂|公司|门卫|科|小组|专班|组织|家长|班级|(?i:all|each|every|schools?|colleges?|departments?|staff|students?|clinic|office|units?|teachers?)"
)
CHARGED = re.compile(r"由(?P<who>[^，。；、]{2,20}?)(?:负责|牵头|组织|统一)")
ASIDE = re.compile(r"[，,：]|(?<!\d):|:(?!\d)")
CONDITION = re.compile(r"的$|[时后]$")
AGAINST = re.compile(r"^对[^，]*的，")
HEADER = re.compile(r"任务|措施|事项|内容|责任|牵头|时限|要求|(?i:task|owner|deadline)")
WHO_TITLE = re.compile(r"责任|牵头|单位|部门|负责|(?i:owner|who)")
CHARGED_CELL = re.compile(r"^(?:责任单位|责任部门|责任人|牵头单位|牵头部门)[:：]\s*")
COPULA = re.compile(r"^[^，]{2,16}(?:是|为)(?!了)[^，]*[。，]")
AFTER_SUBJECT = re.compile(r"(?:未经.*|[^，]{2,4}期间|都|均|也|还|一定|尤其|同时|必须|应当?|须)$")
NO_SUBJECT = re.compile(r"\d|^(?:报|向|将|把|对|如|出现|发现)|立即|及时|第一时间")
DONE = re.compile(r"了|已|曾|过去|正在")
LONGEST_OWNER, LONGEST_TIME = 24, 20  # characters


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing that is ordered. `quote` stands in the source at `span`; `words` are those that told the capability.

    `deadline` is an ISO day or moment where the words give one, else the words; `deadline_words` the words. None: the
    notice does not say.
    """

    capability: str
    quote: str
    section: str | None
    subsection: str | None
    owner_hint: str | None
    deadline: str | None
    deadline_words: str | None
    words: tuple[str, ...]
    span: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Unplaced:
    """An order that no capability of the system answers, or text that could not be placed. `reason` is a code."""

    text: str
    section: str | None
    reason: str


def orders_in(
    texts: Iterable[Flow], *, section: str | None, subsection: str | None = None, issued: date | None
) -> Iterator[Measure | Unplaced]:
    """Orders of one section, in its order. Who was last named stays the owner until somebody else is named."""
    words = vocabulary()
    owner: str | None = None
    header: list[str] = []
    for text in texts:
        if "\t" in text.text:
            cells = cells_of(text)
            if not header and HEADER.search(text.text):
                header = [cell.text for cell in cells]
            else:
                yield from _row(cells, header, words, (section, subsection), issued)
            continue
        for sentence in sentences(text):
            begin = _order_begins(sentence.text, words)
            if begin is None:
                continue
            if AGAINST.match(sentence.text):
                owner = None  # what happens to those who fail is not theirs to do
            found: list[Measure] = []
            for clause in _clauses(sentence):
                if clause.end > begin:
                    owner = _owner(clause.flow.text, words) or owner
                found += _measures(clause, begin, words, (section, subsection), owner, issued)
            yield from _with_leading_deadline(sentence.text, found, issued)
            if not found:
                yield Unplaced(sentence.text, section, "no_capability")


def cells_of(row: Flow) -> list[Flow]:
    """The cells of a row of a table, which tabs part."""
    found, done = [], 0
    for hit in [*re.finditer(r"\t+", row.text), None]:
        end = hit.start() if hit else len(row.text)
        found.append(row.part(done, end))
        done = hit.end() if hit else end
    return found


def _row(
    cells: Sequence[Flow],
    header: Sequence[str],
    words: Vocabulary,
    place: tuple[str | None, str | None],
    issued: date | None,
) -> Iterator[Measure | Unplaced]:
    """A row of a table of tasks: what stands under 任务 is ordered, whom and until when stand beside it."""
    titles = [*header, *[""] * (len(cells) - len(header))]
    owner = when = None
    for cell, title in zip(cells, titles, strict=False):
        if CHARGED_CELL.match(cell.text) or WHO_TITLE.search(title):
            owner = CHARGED_CELL.sub("", cell.text) or None
        when = when or deadline_in(cell.text, issued=issued, urgent=True)
    found = False
    for cell, title in zip(cells, titles, strict=False):
        if WHO_TITLE.search(title) or CHARGED_CELL.match(cell.text):
            continue
        for capability in words.capabilities:
            hits = tuple(dict.fromkeys(hit.group(0).strip() for hit in capability.words.finditer(cell.text)))
            if hits:
                found = True
                due, said = when or (None, None)
                yield Measure(capability.key, cell.text, *place, owner, due, said, hits, cell.span)
    if not found:
        yield Unplaced(" ".join(cell.text for cell in cells), place[0], "table_row")


def _order_begins(text: str, words: Vocabulary) -> int | None:
    """Where the order begins in a sentence; None for a statement."""
    lead = LEAD.match(text)
    skip = lead.end() if lead else 0
    modal = words.modal.search(text)
    if (said := REPORTED.search(text)) and (modal is None or said.start() < modal.start()):
        return None  # what another authority said
    first = re.split(r"[，,]", text[skip:])[0]
    if modal and modal.start() < skip + len(first):
        return modal.start()
    if words.imperative.match(text[skip:]) and not COPULA.match(text[skip:]):
        return skip
    if (told := words.declared.match(text[skip:])) and not DONE.search(first):
        return skip + told.start("verb")
    return modal.start() if modal else None


def _owner(clause: str, words: Vocabulary) -> str | None:
    """Who is told to do it: whom the clause charges, or its subject before the verb."""
    if charged := CHARGED.search(clause):
        return charged["who"].strip()
    clause = LEAD.sub("", clause)
    modal, told = words.modal.search(clause), words.declared.match(clause)
    ends = [hit for hit in (modal.start() if modal else None, told.start("verb") if told else None) if hit is not None]
    if not ends:
        return None
    subject = AFTER_SUBJECT.sub("", clause[: min(ends)].strip()).strip()
    if NO_SUBJECT.search(subject):
        return None
    if not 2 <= len(subject) <= LONGEST_OWNER or words.background.match(subject) or not BODY.search(subject):
        return None
    return subject


def _measures(
    clause: _Clause,
    begin: int,
    words: Vocabulary,
    place: tuple[str | None, str | None],
    owner: str | None,
    issued: date | None,
) -> Iterator[Measure]:
    text = clause.flow.text.rstrip("。；;！!.，, ")
    if clause.end <= begin or _orders_nothing(text, words):
        return
    when, said = deadline_in(text, issued=issued, urgent=True) or (None, None)
    for capability in words.capabilities:
        hits = tuple(dict.fromkeys(hit.group(0).strip() for hit in capability.words.finditer(text)))
        if hits:
            part = clause.flow.part(0, len(text))
            yield Measure(capability.key, part.text, *place, owner, when, said, hits, part.span)


def _with_leading_deadline(sentence: str, found: Sequence[Measure], issued: date | None) -> Iterator[Measure]:
    """A time that stands alone before a comma counts for all that follows in the sentence."""
    first, comma, _rest = sentence.partition("，")
    alone = deadline_in(first, issued=issued, urgent=False) if comma and len(first) <= LONGEST_TIME else None
    for measure in found:
        if alone and measure.deadline is None and measure.quote not in first:
            yield replace(measure, deadline=alone[0], deadline_words=alone[1])
        else:
            yield measure


@dataclass(frozen=True, slots=True)
class _Clause:
    flow: Flow
    end: int


def _clauses(sentence: Flow) -> Iterator[_Clause]:
    done = 0
    for hit in [*ASIDE.finditer(sentence.text), None]:
        end = hit.start() if hit else len(sentence.text)
        part = sentence.part(done, end)
        if part:
            yield _Clause(part, end)
        done = hit.end() if hit else end


def _orders_nothing(text: str, words: Vocabulary) -> bool:
    """A reason, a purpose or a condition."""
    if CONDITION.search(text) and not words.modal.search(text):
        return True
    background = words.background.match(text)
    if not background:
        return False
    return not (words.doing.search(text, background.end()) or words.modal.search(text, background.end()))
