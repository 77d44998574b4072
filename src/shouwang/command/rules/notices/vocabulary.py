"""The words by which orders are known: `vocabulary.toml`, compiled once."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("vocabulary.toml")


@dataclass(frozen=True, slots=True)
class Capability:
    """One thing the system can do; `words` find what orders it."""

    key: str
    zh: str
    en: str
    words: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Deadline:
    """`words` find a time by which something is due. `each`: it comes back every day; `urgent`: at once."""

    words: re.Pattern[str]
    each: bool
    urgent: bool


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """`modal` makes an order anywhere in a sentence, `imperative` at its beginning, `declared` where a body of the
    institution is its subject ("the clinic sets up …"); its group `verb` is where the order begins."""

    modal: re.Pattern[str]
    imperative: re.Pattern[str]
    declared: re.Pattern[str]
    background: re.Pattern[str]
    doing: re.Pattern[str]
    capabilities: tuple[Capability, ...]
    deadlines: tuple[Deadline, ...]

    def names(self) -> dict[str, tuple[str, str]]:
        """Key → Chinese and English name."""
        return {one.key: (one.zh, one.en) for one in self.capabilities}


@cache
def vocabulary() -> Vocabulary:
    document = tomllib.loads(FILE.read_text(encoding="utf-8"))
    orders: dict[str, list[str]] = document["orders"]
    return Vocabulary(
        modal=_any(orders["modal"]),
        imperative=re.compile("^(?:" + "|".join(orders["imperative"]) + ")"),
        declared=re.compile(
            f"^[^，。]{{0,20}}?(?:{'|'.join(orders['bodies'])})(?P<verb>{'|'.join(orders['imperative'])})"
        ),
        background=re.compile("^(?:" + "|".join(orders["background"]) + ")"),
        doing=_any(orders["doing"]),
        capabilities=tuple(_capability(row) for row in document["capability"]),
        deadlines=tuple(
            Deadline(re.compile(row["words"]), bool(row.get("each")), bool(row.get("urgent")))
            for row in document["deadline"]
        ),
    )


def _capability(row: dict[str, Any]) -> Capability:
    return Capability(row["key"], row["zh"], row["en"], _any(row["words"]))


def _any(words: list[str]) -> re.Pattern[str]:
    """Alternatives. An inline flag may stand at the beginning of a whole expression only, so it becomes a local one."""
    parts = [f"(?i:{word[4:]})" if word.startswith("(?i)") else f"(?:{word})" for word in words]
    return re.compile("|".join(parts))
