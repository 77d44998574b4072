"""Campaigns that come with the system, as plain data; `xlsx` makes of each an XLSForm anybody can take and change.

Few questions, each of which somebody acts on. What is known (number, name, class, telephone, dormitory) is laid in.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from django.utils.translation import get_language

from shouwang.core.errors import NotFound
from shouwang.core.files.sheets import SheetSpec, write_xlsx

FOLDER = Path(__file__).resolve().parent
ZH, EN = "中文 (zh)", "English (en)"
SPOKEN = ("label", "hint", "constraint_message")
SURVEY = ("type", "name", "required", "relevant", "constraint", "calculation", "appearance", "repeat_count", "prefill",
          "readonly")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ready:
    """A form that comes with the system, as the wizard offers it."""

    code: str
    titles: Mapping[str, str]
    whys: Mapping[str, str]
    questions: int

    @property
    def title(self) -> str:
        return self.titles[_language()]

    @property
    def why(self) -> str:
        return self.whys[_language()]


def _language() -> str:
    return "zh" if (get_language() or "zh").startswith("zh") else "en"


@cache
def _data(code: str) -> dict[str, Any]:
    path = FOLDER / f"{code}.toml"
    if code not in codes():
        raise NotFound
    return tomllib.loads(path.read_text(encoding="utf-8"))


@cache
def codes() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def offered() -> list[Ready]:
    """All of them, in the order in which they are usually needed."""
    found = [(code, _data(code)) for code in codes()]
    found.sort(key=lambda item: item[1]["order"])
    return [Ready(code, data["title"], data["why"], _questions(data["survey"])) for code, data in found]


def _questions(rows: Sequence[Mapping[str, Any]]) -> int:
    return sum("label" in row and not row["type"].startswith("begin") for row in rows)


@cache
def xlsx(code: str) -> bytes:
    """The form as an XLSForm workbook with the sheets survey, choices and settings. NotFound for another code."""
    data = _data(code)
    header = [*SURVEY, *(f"{column}::{language}" for column in SPOKEN for language in (ZH, EN))]
    rows = [[*(str(row.get(column, "")) for column in SURVEY), *_spoken(row, SPOKEN)] for row in data["survey"]]
    choices = [
        [name, choice["name"], *_spoken(choice, ("label",))]
        for name, items in data["choices"].items()
        for choice in items
    ]
    settings = [[code, data["title"]["zh"], ZH]]
    out = BytesIO()
    write_xlsx(
        out,
        [
            SheetSpec("survey", header, rows),
            SheetSpec("choices", ["list_name", "name", f"label::{ZH}", f"label::{EN}"], choices),
            SheetSpec("settings", ["form_id", "form_title", "default_language"], settings),
        ],
    )
    return out.getvalue()


def _spoken(row: Mapping[str, Any], columns: Sequence[str]) -> list[str]:
    return [row.get(column, {}).get(language, "") for column in columns for language in ("zh", "en")]
