"""A file of contacts of another system as rows, read as case files are (`cases.inward.reading`)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from shouwang.cases.inward import words as case_words
from shouwang.cases.inward.reading import Days, Reading, Shape, age_of, names_of, read_rows
from shouwang.core.errors import BadInput
from shouwang.core.files.columns import plain_name

COMMON = ("number", "first", "middle", "last", "name", "sex", "born", "born_day", "born_month", "born_year", "age",
          "age_unit")  # fmt: skip


@dataclass(frozen=True, slots=True)
class OutsideContact:
    """One contact as another system writes it. `case` is the number of its case there, "" where the file is silent."""

    row: int
    key: str
    id: str
    case: str
    name: str
    sex: str
    age: int | None
    born: date | None
    phone: str
    words: str
    met_from: date | None
    met: date | None


@cache
def _shape() -> Shape[OutsideContact]:
    data = tomllib.loads(Path(__file__).with_name("outside.toml").read_text("utf-8"))
    own = {field: tuple(map(plain_name, names)) for field, names in data["columns"].items()}
    columns = {**own, **{field: case_words.words().columns[field] for field in COMMON}}
    return Shape(
        columns, ("born", "met_from", "met"), frozenset({"first", "last", "name"}), frozenset({"met", "met_from"}),
        data["most_rows"], _other, _none, _contact,
    )  # fmt: skip


def _other(_cells: Sequence[str]) -> BadInput | None:
    return None


def _none(seen: str) -> BadInput:
    return BadInput(
        _("This is no file of contacts of SORMAS or Go.Data: no row names the person and a day of contact. "
          "The file has: %(header)s."),
        code="columns_missing", field="file", header=seen,
    )  # fmt: skip


def _contact(row: int, said: Mapping[str, str], days: Days) -> OutsideContact:
    name, _names = names_of(said)
    return OutsideContact(
        row, said.get("key", ""), said.get("id", ""), said.get("case", ""), name,
        case_words.words().read("sex", said.get("sex", "")) or "", age_of(said), days["born"], said.get("phone", ""),
        said.get("words", ""), days["met_from"], days["met"],
    )  # fmt: skip


def read_contacts(path: Path, *, name: str, order: str = "", today: date) -> Reading[OutsideContact]:
    """Read the whole file. FileError, BadInput as `read_rows`."""
    return read_rows(path, _shape(), name=name, order=order, today=today)
