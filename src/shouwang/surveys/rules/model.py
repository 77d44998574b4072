"""A survey form as frozen values: what is asked, in which order, under which conditions, in which languages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from shouwang.surveys.rules.expressions import Expression

Texts = Mapping[str, str]  # language as the form names it ("" where it names none) -> text

TEXT, INTEGER, DECIMAL, DATE, TIME, MOMENT = "text", "integer", "decimal", "date", "time", "dateTime"
ONE, MANY, RANK = "select_one", "select_multiple", "rank"
NOTE, CALCULATE, HIDDEN, TRIGGER, MEDIA, META = "note", "calculate", "hidden", "acknowledge", "media", "meta"
SELECTS = frozenset({ONE, MANY, RANK})
ASKED = frozenset({TEXT, INTEGER, DECIMAL, DATE, TIME, MOMENT, ONE, MANY, RANK, TRIGGER})  # what a person answers
# Fewer answers than this are not told apart to who may not read them: a number would be a name (assumption).
FEW = 5
FILES = frozenset({"image", "photo", "audio", "video", "file"})  # types that are answered by a file
SILENT = frozenset({CALCULATE, HIDDEN, META})


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in the workbook: `row` as Excel numbers it, `column` its letter and header."""

    sheet: str
    row: int
    column: str = ""
    header: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer of a list; `columns` are the further columns of its row, which a choice filter may look at."""

    name: str
    label: Texts
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Question:
    """One row that asks, tells or computes. `key` is its name, or its path where two questions share a name.

    `path` are the names from the outermost group down; `repeats` the keys of the repeats around it, outermost first.
    """

    key: str
    name: str
    path: tuple[str, ...]
    repeats: tuple[str, ...]
    kind: str
    place: Place
    label: Texts = field(default_factory=dict)
    hint: Texts = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()
    choice_filter: Expression | None = None
    relevant: Expression | None = None
    constraint: Expression | None = None
    constraint_message: Texts = field(default_factory=dict)
    required: Expression | None = None
    required_message: Texts = field(default_factory=dict)
    calculation: Expression | None = None
    default: Expression | None = None
    default_text: str = ""
    read_only: bool = False
    appearance: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    prefill: str = ""
    meta: str = ""

    @property
    def is_select(self) -> bool:
        return self.kind in SELECTS

    @property
    def is_file(self) -> bool:
        """Whether it is answered by a file; the answer is its name."""
        return self.kind == MEDIA and self.meta in FILES

    def choice(self, name: str) -> Choice | None:
        return next((choice for choice in self.choices if choice.name == name), None)


@dataclass(frozen=True, slots=True)
class Group:
    """Questions that stand together; a repeat when `repeat`, then with the number of turns if the form computes it."""

    key: str
    name: str
    path: tuple[str, ...]
    repeats: tuple[str, ...]  # around it, without itself
    place: Place
    repeat: bool = False
    label: Texts = field(default_factory=dict)
    relevant: Expression | None = None
    count: Expression | None = None
    appearance: str = ""
    children: tuple[Question | Group, ...] = ()


@dataclass(frozen=True)
class Form:
    """A whole form. `order` are the keys in which values are computed: nothing before what it depends on."""

    form_id: str
    title: str
    version: str
    languages: tuple[str, ...]
    default_language: str
    children: tuple[Question | Group, ...]
    order: tuple[str, ...]
    sha256: str = ""

    @cached_property
    def questions(self) -> Mapping[str, Question]:
        """Every question by key, in the order of the form."""
        return {item.key: item for item in self.walk() if isinstance(item, Question)}

    @cached_property
    def groups(self) -> Mapping[str, Group]:
        return {item.key: item for item in self.walk() if isinstance(item, Group)}

    @cached_property
    def above(self) -> Mapping[str, tuple[Group, ...]]:
        """Key -> the groups around it, outermost first."""
        found: dict[str, tuple[Group, ...]] = {}

        def down(items: tuple[Question | Group, ...], around: tuple[Group, ...]) -> None:
            for item in items:
                found[item.key] = around
                if isinstance(item, Group):
                    down(item.children, (*around, item))

        down(self.children, ())
        return found

    def walk(self) -> Iterator[Question | Group]:
        """Groups and questions in the order of the form, a group before what is in it."""
        stack = list(reversed(self.children))
        while stack:
            item = stack.pop()
            yield item
            if isinstance(item, Group):
                stack.extend(reversed(item.children))

    def asked(self) -> list[Question]:
        """What has a column in the results outside repeats: answers and computed values."""
        return [item for item in self.questions.values() if item.kind not in (NOTE, META, MEDIA) and not item.repeats]

    def files(self) -> list[Question]:
        """What is answered by a file outside repeats."""
        return [item for item in self.questions.values() if item.is_file and not item.repeats]

    def say(self, texts: Texts, language: str) -> str:
        """The text in the reader's language ("zh-hans", "en"), else in the form's own, else any."""
        if not texts:
            return ""
        for name in texts:
            if texts[name] and speaks(name, language):
                return texts[name]
        return texts.get(self.default_language) or texts.get("") or next((t for t in texts.values() if t), "")


ENGLISH, CHINESE = ("english", "(en"), ("中文", "汉语", "chinese", "简体", "(zh")


def speaks(name: str, language: str) -> bool:
    """Whether a language as a form names it ("中文 (zh)", "English (en)", "zh") is the reader's."""
    low = name.lower()
    wanted = CHINESE if language.startswith("zh") else ENGLISH
    return low == language.split("-")[0] or any(word in low for word in wanted)
