"""A form with answers: what is asked, what is computed, and what is wrong, question by question.

A pure function of form, answers and moment. Each item is computed once, in the form's order of computation, for each
turn of the repeats around it; a question that is not asked has no answer, as in ODK.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from shouwang.core.errors import Message
from shouwang.surveys.rules import model as m
from shouwang.surveys.rules.answers import BadAnswer, tidy
from shouwang.surveys.rules.expressions import Expression
from shouwang.surveys.rules.model import Choice, Form, Group, Question
from shouwang.surveys.rules.values import Value, as_bool, as_number, as_text

Turn = tuple[int, ...]  # the 0-based turns of the repeats around, outermost first
MAX_TURNS = 100  # of one repeat
MAX_PLACES = 20_000  # questions times turns of one submission
Answers = Mapping[str, Any]  # key -> text; key of a repeat -> list of Answers


@dataclass(frozen=True, slots=True)
class Fault:
    """One answer that cannot be taken: `code` required, constraint, choice, or of `answers`."""

    key: str
    turn: Turn
    code: str
    sentence: str


@dataclass
class Evaluation:
    """`asked` are the (key, turn) shown; `values` every value that stands; `faults` why it cannot be sent yet."""

    form: Form
    language: str
    now: datetime
    values: dict[tuple[str, Turn], str] = field(default_factory=dict)
    asked: set[tuple[str, Turn]] = field(default_factory=set)
    turns: dict[str, list[Turn]] = field(default_factory=dict)
    given: dict[tuple[str, Turn], str] = field(default_factory=dict)  # as typed, where it could not be read
    faults: list[Fault] = field(default_factory=list)

    def turns_of(self, repeats: tuple[str, ...]) -> list[Turn]:
        return self.turns.get(repeats[-1], []) if repeats else [()]

    def value(self, key: str, turn: Turn = ()) -> str:
        return self.values.get((key, turn), "")

    def offered(self, question: Question, turn: Turn = ()) -> list[Choice]:
        """The choices of a question that its filter lets through."""
        if question.choice_filter is None:
            return list(question.choices)
        scope = _Scope(self, question, turn)
        run = question.choice_filter.run
        return [
            choice for choice in question.choices
            if as_bool(run(scope.within({"name": choice.name, **choice.columns})))
        ]  # fmt: skip

    def answers(self) -> dict[str, Any]:
        """What is kept: asked answers and computed values, nested by repeat; nothing that is empty."""
        top: dict[str, Any] = {}
        rows: dict[tuple[str, Turn], dict[str, Any]] = {}
        for item in self.form.walk():
            if isinstance(item, Group):
                if item.repeat:
                    for turn in self.turns.get(item.key, []):
                        rows[item.key, turn] = {}
                        parent = rows[item.repeats[-1], turn[:-1]] if item.repeats else top
                        parent.setdefault(item.key, []).append(rows[item.key, turn])
                continue
            for turn in self.turns_of(item.repeats):
                if value := self.values.get((item.key, turn)):
                    (rows[item.repeats[-1], turn] if item.repeats else top)[item.key] = value
        return top

    def fault_of(self, key: str, turn: Turn = ()) -> str:
        return next((fault.sentence for fault in self.faults if (fault.key, fault.turn) == (key, turn)), "")


class _Scope:
    """The answers as one formula sees them from its place."""

    __slots__ = ("_turn", "columns", "item", "now", "state")

    def __init__(self, state: Evaluation, item: Question | Group, turn: Turn) -> None:
        self.state, self.item, self._turn, self.now = state, item, turn, state.now
        self.columns: Mapping[str, str] = {}

    def within(self, columns: Mapping[str, str]) -> _Scope:
        self.columns = columns
        return self

    @property
    def own(self) -> Value:
        return self._typed(self.item.key, self._turn)

    def value(self, key: str) -> Value:
        target = self.state.form.questions.get(key)
        if target is None:  # a group: its name stands for its turns
            group = self.state.form.groups[key]
            return ["" for _turn in self.state.turns.get(group.key, [])] if group.repeat else ""
        around = (*self.item.repeats, self.item.key) if isinstance(self.item, Group) else self.item.repeats
        depth = len(target.repeats)
        if target.repeats == around[:depth]:
            return self._typed(key, self._turn[:depth])
        return self.every(key)

    def every(self, key: str) -> list[str]:
        """The answers of all turns that share this place's outer turns."""
        target = self.state.form.questions.get(key)
        if target is None:
            return []
        common = 0
        for mine, theirs in zip(self.item.repeats[:-1], target.repeats[:-1], strict=False):
            if mine != theirs:
                break
            common += 1
        head = self._turn[:common]
        every = self.state.turns_of(target.repeats)
        return [self.state.value(key, turn) for turn in every if turn[:common] == head]

    def turn(self) -> int:
        return self._turn[-1] + 1 if self._turn else 1

    def choice_label(self, key: str, name: str) -> str:
        question = self.state.form.questions.get(key)
        choice = question.choice(name) if question else None
        return self.state.form.say(choice.label, self.state.language) if choice else name

    def _typed(self, key: str, turn: Turn) -> Value:
        text = self.state.values.get((key, turn), "")
        question = self.state.form.questions.get(key)
        if text and question is not None and question.kind in (m.DATE, m.MOMENT):
            try:
                return date.fromisoformat(text) if question.kind == m.DATE else datetime.fromisoformat(text)
            except ValueError:
                return text
        return text


def evaluate(form: Form, answers: Answers, *, now: datetime, language: str, fresh: bool = False) -> Evaluation:
    """Compute the form. `now` is aware, in the institution's zone; `fresh` lays in the form's own defaults.

    Answers of unknown keys are dropped. A repeat has at most `MAX_TURNS` turns.
    """
    state = Evaluation(form, language, now)
    given = _spread(form, answers)
    items: dict[str, Question | Group] = {**form.groups, **form.questions}
    places = 0
    for key in form.order:
        item = items[key]
        if isinstance(item, Group) and item.repeat:
            _group_turns(state, item, answers)
        for turn in state.turns_of((*item.repeats, key) if isinstance(item, Group) and item.repeat else item.repeats):
            places += 1
            if places > MAX_PLACES:
                break
            scope = _Scope(state, item, turn)
            if not _is_asked(state, item, turn, scope):
                continue
            state.asked.add((key, turn))
            if isinstance(item, Question):
                _value(state, item, turn, scope, given, fresh)
    for question in form.questions.values():
        for turn in state.turns_of(question.repeats):
            if (question.key, turn) in state.asked:
                _judge(state, question, turn)
    return state


def _is_asked(state: Evaluation, item: Question | Group, turn: Turn, scope: _Scope) -> bool:
    above = state.form.above[item.key]
    if above:
        nearest = above[-1]
        depth = len(nearest.repeats) + nearest.repeat
        if (nearest.key, turn[:depth]) not in state.asked:
            return False
    if item.relevant is None:
        return True
    return as_bool(item.relevant.run(scope))


def _group_turns(state: Evaluation, group: Group, answers: Answers) -> None:
    """How many turns a repeat has: as many as the form computes, else as many as were given, at least one."""
    turns: list[Turn] = []
    state.turns[group.key] = turns
    for outer in state.turns_of(group.repeats):
        if group.count is not None:
            number = as_number(group.count.run(_Scope(state, group, outer)))
            count = 0 if math.isnan(number) else int(max(0, min(MAX_TURNS, number)))
        else:
            count = max(1, min(MAX_TURNS, len(_rows(state.form, answers, group, outer))))
        turns.extend((*outer, k) for k in range(count))


def _rows(form: Form, answers: Answers, group: Group, outer: Turn) -> list[Any]:
    here: Any = answers
    for key, k in zip(group.repeats, outer, strict=True):
        rows = here.get(key) if isinstance(here, Mapping) else None
        here = rows[k] if isinstance(rows, list) and k < len(rows) else {}
    rows = here.get(group.key) if isinstance(here, Mapping) else None
    return rows if isinstance(rows, list) else []


def _spread(form: Form, answers: Answers) -> dict[tuple[str, Turn], str]:
    """Nested answers as (key, turn) -> text."""
    found: dict[tuple[str, Turn], str] = {}
    stack: list[tuple[Answers, Turn]] = [(answers, ())]
    while stack:
        here, turn = stack.pop()
        for key, value in here.items():
            if isinstance(value, list):
                if key in form.groups and len(turn) < 20:
                    stack += [
                        ((row), (*turn, k)) for k, row in enumerate(value[:MAX_TURNS]) if isinstance(row, Mapping)
                    ]
            elif isinstance(value, str | int | float | bool):
                found[key, turn] = as_text(value) if isinstance(value, bool) else str(value)
    return found


def _value(
    state: Evaluation, question: Question, turn: Turn, scope: _Scope, given: Mapping[tuple[str, Turn], str], fresh: bool
) -> None:
    place = (question.key, turn)
    if question.meta in ("start", "end", "today"):
        state.values[place] = given.get(place) or (
            state.now.date().isoformat() if question.meta == "today" else state.now.isoformat(timespec="seconds")
        )
        return
    if question.kind in (m.META, m.MEDIA, m.NOTE) and question.calculation is None:
        return
    text = given.get(place, "")
    if question.kind != m.CALCULATE and (not question.read_only or question.calculation is None):
        if not text and fresh:
            text = _default(question, scope)
        _take(state, question, turn, text)
    if question.calculation is not None and (
        question.kind in m.SILENT or question.read_only or not state.value(*place)
    ):
        if text and question.kind == m.CALCULATE:
            state.values[place] = text  # `once` looks at what stands there already
        computed = as_text(question.calculation.run(scope))
        state.values.pop(place, None)
        _take(state, question, turn, computed)
    elif question.kind == m.CALCULATE and question.calculation is None:
        _take(state, question, turn, _default(question, scope))


def _default(question: Question, scope: _Scope) -> str:
    return as_text(question.default.run(scope)) if question.default else question.default_text


def _take(state: Evaluation, question: Question, turn: Turn, text: str) -> None:
    try:
        assert state.now.tzinfo is not None  # aware by contract
        kept = tidy(question, text, zone=state.now.tzinfo)
    except BadAnswer as error:
        state.given[question.key, turn] = text
        state.faults.append(Fault(question.key, turn, error.error_code, error.sentence))
        return
    if kept:
        state.values[question.key, turn] = kept


REQUIRED: Message = _("Please answer this question.")
CONSTRAINT: Message = _("This answer is outside what the form allows.")
NOT_OFFERED: Message = _("“%(value)s” is not one of the answers offered here.")


def _judge(state: Evaluation, question: Question, turn: Turn) -> None:
    place = (question.key, turn)
    if question.kind not in m.ASKED or place in state.given:
        return
    value, scope, form = state.value(*place), _Scope(state, question, turn), state.form
    if not value:
        if question.required is not None and as_bool(question.required.run(scope)):
            said = form.say(question.required_message, state.language) or str(REQUIRED)
            state.faults.append(Fault(question.key, turn, "required", said))
        return
    if question.is_select:
        names = {choice.name for choice in state.offered(question, turn)}
        parts = [value] if question.kind == m.ONE else value.split()
        if strange := next((part for part in parts if part not in names), None):
            state.faults.append(Fault(question.key, turn, "choice", str(NOT_OFFERED) % {"value": strange[:60]}))
            return
    if question.constraint is not None and not _holds(question.constraint, scope):
        said = form.say(question.constraint_message, state.language) or str(CONSTRAINT)
        state.faults.append(Fault(question.key, turn, "constraint", said))


def _holds(constraint: Expression, scope: _Scope) -> bool:
    return as_bool(constraint.run(scope))
