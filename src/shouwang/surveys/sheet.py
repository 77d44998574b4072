"""A form as a page shows it: lines with their controls, and answers out of what a browser sent.

Names of inputs: `q:<key>` outside repeats, `q:<key>:0.1` in the second turn of the first turn; `n:<repeat>:<turn>`
says how many turns the page showed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from django.http import QueryDict

from shouwang.surveys import rules
from shouwang.surveys.models import Attachment
from shouwang.surveys.rules import model as m
from shouwang.surveys.rules.prefill import source_of

RADIOS = 12  # a longer list becomes a drop-down
INPUTS = {m.INTEGER: "number", m.DECIMAL: "number", m.DATE: "date", m.TIME: "time", m.MOMENT: "datetime-local"}
REFERENCE = re.compile(r"\$\{\s*([^}]+?)\s*\}")
SHOWN_LENGTH = {m.MOMENT: 16, m.TIME: 5}  # browsers take no seconds and no zone
MOST_FIELDS = 20_000


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the page. `what`: question, note, group, turn, end, add, cannot."""

    what: str
    name: str = ""
    label: str = ""
    hint: str = ""
    control: str = ""  # radio, check, select, area, input, confirm
    input_type: str = "text"
    value: str = ""
    chosen: frozenset[str] = frozenset()
    choices: tuple[tuple[str, str], ...] = ()
    required: bool = False
    read_only: bool = False
    error: str = ""
    number: int = 0
    may_add: bool = False
    may_remove: bool = False

    @property
    def id(self) -> str:
        return "f-" + hashlib.blake2s(self.name.encode(), digest_size=6).hexdigest()


@dataclass(frozen=True, slots=True)
class Page:
    """The lines, and a fingerprint of all but the answers: while it stays the same the page need not be drawn anew."""

    lines: tuple[Line, ...]
    shape: str
    faults: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)


def page_of(state: rules.Evaluation, *, judged: bool) -> Page:
    """The page of a form with answers; `judged` shows what is missing, else only what cannot be."""
    faults = {
        (fault.key, fault.turn): fault.sentence for fault in state.faults if judged or fault.code != "required"
    }  # fmt: skip
    lines = tuple(_Lines(state, faults).below(state.form.children, ()))
    marks = "\n".join(
        f"{line.what}|{line.name}|{line.label}|{line.hint}|{line.choices}|{line.error}|{line.read_only and line.value}"
        for line in lines
    )
    counts = {
        f"n:{key}:{_dots(outer)}": sum(1 for turn in turns if turn[:-1] == outer)
        for key, turns in state.turns.items()
        for outer in {turn[:-1] for turn in turns}
    }
    return Page(lines, hashlib.blake2s(marks.encode(), digest_size=16).hexdigest(), len(faults), counts)


class _Lines:
    def __init__(self, state: rules.Evaluation, faults: Mapping[tuple[str, rules.Turn], str]) -> None:
        self.state, self.faults = state, faults

    def below(self, items: tuple[rules.Question | rules.Group, ...], turn: rules.Turn) -> Iterator[Line]:
        for item in items:
            if isinstance(item, rules.Question):
                if (item.key, turn) in self.state.asked:
                    yield from self._question(item, turn)
            elif item.repeat:
                yield from self._repeat(item, turn)
            elif (item.key, turn) in self.state.asked:
                inner = list(self.below(item.children, turn))
                if any(line.what not in ("group", "end") for line in inner):
                    yield Line("group", label=self._say(item.label, turn))
                    yield from inner
                    yield Line("end")

    def _repeat(self, group: rules.Group, outer: rules.Turn) -> Iterator[Line]:
        turns = [turn for turn in self.state.turns.get(group.key, []) if turn[:-1] == outer]
        shown = [turn for turn in turns if (group.key, turn) in self.state.asked]
        free = group.count is None
        for turn in shown:
            name = f"{group.key}:{_dots(turn)}"
            label = self._say(group.label, turn)
            yield Line("turn", name, label, number=turn[-1] + 1, may_remove=free and len(turns) > 1)
            yield from self.below(group.children, turn)
            yield Line("end")
        if free and shown:
            may_add = len(turns) < rules.MAX_TURNS
            yield Line("add", f"{group.key}:{_dots(outer)}", self._say(group.label, outer), may_add=may_add)

    def _question(self, q: rules.Question, turn: rules.Turn) -> Iterator[Line]:
        if q.kind in m.SILENT:
            return
        label, hint = self._say(q.label, turn), self._say(q.hint, turn)
        if q.kind == m.NOTE:
            yield Line("note", label=label, hint=hint)
            return
        if q.kind == m.MEDIA:
            yield Line("cannot", label=label or q.name, hint=hint)
            return
        place = (q.key, turn)
        value = self.state.given.get(place) or self.state.values.get(place, "")
        choices = tuple((c.name, self._say(c.label, turn)) for c in self.state.offered(q, turn)) if q.is_select else ()
        # What the roster knows is corrected there, not in a survey; unless the roster does not know it.
        fixed = q.read_only and bool(value)
        yield Line(
            "question",
            input_name(q.key, turn),
            label or q.name,
            hint,
            control=_control(q, len(choices)),
            input_type=INPUTS.get(q.kind, "tel" if source_of(q) == "phone" else "text"),
            value=value[: SHOWN_LENGTH.get(q.kind)],
            chosen=frozenset(value.split() if q.kind in (m.MANY, m.RANK) else [value] if value else []),
            choices=choices,
            required=q.required is not None,
            read_only=fixed,
            error=self.faults.get(place, ""),
        )

    def _say(self, texts: m.Texts, turn: rules.Turn) -> str:
        """A label in the reader's language, with the answers it speaks of. Bold and line marks are dropped."""
        text = self.state.form.say(texts, self.state.language)
        if "${" in text:
            text = REFERENCE.sub(lambda hit: self._answer(hit[1], turn), text)
        return re.sub(r"(\*\*|__|<[^>]{1,80}>|^#+ )", "", text)

    def _answer(self, name: str, turn: rules.Turn) -> str:
        question = self.state.form.questions.get(name)
        if question is None:
            return ""
        value = self.state.value(question.key, turn[: len(question.repeats)])
        choice = question.choice(value) if question.is_select else None
        return self.state.form.say(choice.label, self.state.language) if choice else value


def _control(question: rules.Question, choices: int) -> str:
    if question.kind in (m.MANY, m.RANK):
        return "check"
    if question.kind == m.ONE:
        return "select" if choices > RADIOS or "minimal" in question.appearance else "radio"
    if question.kind == m.TRIGGER:
        return "confirm"
    return "area" if "multiline" in question.appearance else "input"


def _dots(turn: rules.Turn) -> str:
    return ".".join(str(k) for k in turn)


def input_name(key: str, turn: rules.Turn) -> str:
    return f"q:{key}:{_dots(turn)}" if turn else f"q:{key}"


def answers_of(form: rules.Form, sent: QueryDict) -> dict[str, Any]:
    """Answers out of what a browser sent, a turn more or less where its buttons say so. Strange names are dropped."""
    top: dict[str, Any] = {}
    counts = {name: _number(sent.get(name, "")) for name in sent if name.startswith("n:")}
    _grow(form, counts, sent.get("add", ""))
    for group in form.groups.values():
        if group.repeat:
            _rows(form, group, counts, top)
    for name in list(sent)[:MOST_FIELDS]:
        if not name.startswith("q:"):
            continue
        key, turn = _place(form, name)
        if key is None:
            continue
        here: Any = top
        for repeat, k in zip(form.questions[key].repeats, turn, strict=True):
            rows = here.get(repeat, [])
            here = rows[k] if k < len(rows) else None
            if here is None:
                break
        if isinstance(here, dict):
            here[key] = " ".join(sent.getlist(name)) if form.questions[key].is_select else sent.get(name, "")
    _shrink(form, top, sent.get("remove", ""))
    return top


def _number(text: str) -> int:
    return min(int(text), rules.MAX_TURNS) if text.isascii() and text.isdecimal() and len(text) < 6 else 0


def _place(form: rules.Form, name: str) -> tuple[str | None, rules.Turn]:
    """(key, turn) of an input's name; None for a name the form does not have."""
    rest = name[2:]
    if rest in form.questions and not form.questions[rest].repeats:
        return rest, ()
    key, _mark, dots = rest.rpartition(":")
    turn = tuple(_number(part) for part in dots.split("."))
    if key not in form.questions or len(form.questions[key].repeats) != len(turn):
        return None, ()
    return key, turn


def _grow(form: rules.Form, counts: dict[str, int], name: str) -> None:
    if name and name.rpartition(":")[0] in form.groups:
        counts[f"n:{name}"] = min(rules.MAX_TURNS, counts.get(f"n:{name}", 0) + 1)


def _rows(form: rules.Form, group: rules.Group, counts: Mapping[str, int], top: dict[str, Any]) -> None:
    """Empty rows for the turns of a repeat, in every turn of the repeats around it."""
    places: list[tuple[dict[str, Any], rules.Turn]] = [(top, ())]
    for outer in group.repeats:
        places = [(row, (*turn, k)) for here, turn in places for k, row in enumerate(here.get(outer, []))]
    for here, turn in places:
        here[group.key] = [{} for _k in range(counts.get(f"n:{group.key}:{_dots(turn)}", 0))]


def _shrink(form: rules.Form, top: dict[str, Any], name: str) -> None:
    key, _mark, dots = name.rpartition(":")
    group = form.groups.get(key)
    if group is None or not group.repeat:
        return
    turn = tuple(_number(part) for part in dots.split("."))
    here: Any = top
    for repeat, k in zip(group.repeats, turn, strict=False):
        rows = here.get(repeat, [])
        if k >= len(rows):
            return
        here = rows[k]
    rows = here.get(key, [])
    if turn and turn[-1] < len(rows):
        del rows[turn[-1]]


@dataclass(frozen=True, slots=True)
class Told:
    """One answer in words."""

    label: str
    value: str
    depth: int = 0
    file: Attachment | None = None
    missing: bool = False  # a file that the answer names and that has not come yet

    @property
    def picture(self) -> bool:
        return self.file is not None and self.file.kind.startswith("image/")


def told(
    form: rules.Form, answers: Mapping[str, Any], language: str, files: Mapping[str, Attachment] = MappingProxyType({})
) -> list[Told]:
    """Stored answers in words, in the order of the form, with repeats numbered; `files` came with them, by name."""
    found: list[Told] = []

    def down(items: tuple[rules.Question | rules.Group, ...], here: Mapping[str, Any], depth: int) -> None:
        for item in items:
            if isinstance(item, rules.Question):
                if value := here.get(item.key):
                    label = REFERENCE.sub("…", form.say(item.label, language)) or item.name
                    words, file = (
                        in_words(form, item, str(value), language),
                        files.get(str(value)) if item.is_file else None,
                    )
                    found.append(Told(label, words, depth, file, item.is_file and file is None))
            elif item.repeat:
                for k, row in enumerate(here.get(item.key) or [], 1):
                    found.append(Told(f"{form.say(item.label, language) or item.name} {k}", "", depth))
                    down(item.children, row, depth + 1)
            else:
                down(item.children, here, depth)

    down(form.children, answers, 0)
    return found


def in_words(form: rules.Form, question: rules.Question, value: str, language: str) -> str:
    """An answer as people read it: the labels of its choices; several joined by a semicolon."""
    if not question.is_select:
        return value
    parts = [value] if question.kind == m.ONE else value.split()
    labels = [(form.say(c.label, language) if (c := question.choice(part)) else part) for part in parts]
    return ("；" if language.startswith("zh") else "; ").join(labels)
