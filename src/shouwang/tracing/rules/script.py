"""The script of an interview: a pack's optional [interview], each question with its source."""

from __future__ import annotations

import re

import msgspec

from shouwang.core.packs import Text

_ID = re.compile(r"[a-z][a-z0-9_]{0,39}")


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`health` marks a question whose answer is health data; `hint` helps whoever asks."""

    id: str
    text: Text
    source: str
    hint: Text | None = None
    health: bool = False

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise ValueError(f"question id {self.id!r}: lower-case letters, digits and _, at most 40")


class Script(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked, in this order, and where the order comes from."""

    source: str
    questions: tuple[Question, ...]

    def __post_init__(self) -> None:
        ids = [question.id for question in self.questions]
        if not ids or len(set(ids)) != len(ids):
            raise ValueError("an interview needs at least one question, each id once")
