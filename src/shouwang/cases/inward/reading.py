"""A file of another system as rows of plain values, with what is wrong attached to its row: cases, and by the same way
contacts (`Shape`).

SORMAS writes the entity of each column in a first row and may put rows of explanation, begun with ##, below its
header; it writes days month first or day first, as whoever exported it was used to. Go.Data writes ISO days.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Generic, TypeVar

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shouwang.cases.inward.rules import Outside
from shouwang.cases.inward.words import about_contacts, find_columns, system_of, words
from shouwang.core.dates import DateError, parse_date
from shouwang.core.errors import BadInput
from shouwang.core.files.problems import RowProblem
from shouwang.core.files.sheets import column_letter
from shouwang.core.files.tables import Row, Table, read_table

WIDEST = 1200  # columns; the widest template known has about four hundred
HEADER_ROWS = 10
SHOWN, TEXT = 80, 120
ORDERS = ("", "day", "month")  # how days are written: found out, day first, month first
_NUMERIC = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4}|\d{2})")
_HINT = re.compile(r"\b(dd?/mm?|mm?/dd?)/yyyy", re.IGNORECASE)
_HAN = re.compile(r"[\u4e00-\u9fff\u3400-\u4dbf·]+")
T = TypeVar("T")
Columns = Mapping[str, tuple[str, ...]]
Days = Mapping[str, date | None]


@dataclass(frozen=True, slots=True)
class Shape(Generic[T]):
    """A kind of file: the names of its columns, which of them are days, which columns make a header one of it (none of
    `names` or none of `facts`: it is not), the most rows, what a file of another kind is refused as, and how a row
    becomes a value. Among the days "born" may also stand in three columns."""

    columns: Columns
    days: tuple[str, ...]
    names: frozenset[str]
    facts: frozenset[str]
    most: int
    refuse: Callable[[Sequence[str]], BadInput | None]
    none: Callable[[str], BadInput]
    build: Callable[[int, Mapping[str, str], Days], T]


@dataclass
class Reading(Generic[T]):
    """What the file says. `order` is how its days are written, "" where nothing tells."""

    system: str = ""
    header: tuple[str, ...] = ()
    columns: Mapping[str, int] = field(default_factory=dict)
    order: str = ""
    read: int = 0
    rows: list[T] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)

    def refuse(self, problem: RowProblem) -> None:
        self.refused[problem.code] += 1
        self.problems.append(problem)

    def label(self, key: str) -> str:
        index = self.columns.get(key)
        return "" if index is None else self.header[index]


def read_cases(
    path: Path, *, name: str, order: str = "", today: date, progress: Callable[[int, int | None], None] | None = None
) -> Reading[Outside]:
    """Read the whole file. FileError for one that is no table; BadInput where it is no case file, or is too long."""
    return read_rows(path, _cases(), name=name, order=order, today=today, progress=progress)


def _cases() -> Shape[Outside]:
    return Shape(
        words().columns, ("born", "onset", "reported"), frozenset({"first", "last", "name"}),
        frozenset({"id", "reported", "onset", "classification"}), words().most_rows, _not_contacts, _no_case, _outside,
    )  # fmt: skip


def _not_contacts(cells: Sequence[str]) -> BadInput | None:
    if not about_contacts(cells):
        return None
    sentence = _("This file is about contacts, not about cases. Bring it in on the tracer's page of the case.")
    return BadInput(sentence, code="file_of_contacts", field="file")


def _no_case(seen: str) -> BadInput:
    return BadInput(
        _("This is no case file of SORMAS or Go.Data: no row names the person and a number or day of the case. "
          "The file has: %(header)s."),
        code="columns_missing", field="file", header=seen,
    )  # fmt: skip


def read_rows(
    path: Path, shape: Shape[T], *, name: str, order: str = "", today: date,
    progress: Callable[[int, int | None], None] | None = None,
) -> Reading[T]:  # fmt: skip
    """Read the whole file as rows of `shape`. FileError for one that is no table; BadInput for another kind of file and
    for one that is too long."""
    with read_table(path, name=name, header=tuple(column_letter(i) for i in range(WIDEST))) as table:
        reading, data = _header(table, shape)
        rows = list(_data(data, reading, shape.most))
    reading.order = order or _order_of(rows, reading, shape.days)
    for row in rows:
        reading.read += 1
        if progress is not None and reading.read % 500 == 0:
            progress(reading.read, len(rows))
        _read_row(row, reading, shape, today)
    return reading


def _header(table: Table, shape: Shape[T]) -> tuple[Reading[T], Iterator[Row]]:
    """The row of names: the first of the file that has a column of each kind."""
    data = iter(table.rows)
    seen: list[str] = []
    for _index, row in zip(range(HEADER_ROWS), data, strict=False):
        cells = [cell.lstrip("#").strip() for cell in row.values]
        while cells and not cells[-1]:
            cells.pop()
        if (other := shape.refuse(cells)) is not None:
            raise other
        columns = find_columns(cells, shape.columns)
        if shape.names & columns.keys() and shape.facts & columns.keys():
            return Reading(system_of(cells) or "other", tuple(cells), columns), data
        seen = seen or [cell for cell in cells if cell]
    raise shape.none(", ".join(seen[:12]))


def _data(rows: Iterator[Row], reading: Reading[T], most: int) -> Iterator[Row]:
    """Rows that say something; rows of explanation only tell how days are written."""
    count = 0
    for row in rows:
        first = next((cell for cell in row.values if cell), "")
        if first.startswith("##"):
            if hint := _HINT.search(" ".join(row.values)):
                reading.order = "day" if hint[1].lower().startswith("d") else "month"
            continue
        count += 1
        if count > most:
            raise BadInput(_("More than %(limit)s rows. Divide the file."), code="too_many_rows", field="file",
                           limit=most)  # fmt: skip
        yield row


def _order_of(rows: Sequence[Row], reading: Reading[T], days: Sequence[str]) -> str:
    """Day or month first, where a number above twelve gives it away; the header's word otherwise. Where both orders
    are proven, nothing holds for the file."""
    proven: set[str] = set()
    for row in rows:
        for key in days:
            index = reading.columns.get(key)
            found = _NUMERIC.fullmatch(row.values[index].split(" ")[0]) if index is not None else None
            if found is not None and len(found[3]) == 4:
                first, second = int(found[1]), int(found[2])
                proven |= {"day"} if first > 12 >= second else {"month"} if second > 12 >= first else set()
    if len(proven) > 1:
        return ""
    return next(iter(proven), reading.order)


def _read_row(row: Row, reading: Reading[T], shape: Shape[T], today: date) -> None:
    said = {key: row.values[index] for key, index in reading.columns.items()}
    letters = {column_letter(index): key for key, index in reading.columns.items()}
    spoilt = [problem for problem in row.problems if not problem.column or problem.column in letters]
    if spoilt:
        label = reading.label(letters[spoilt[0].column]) if spoilt[0].column else ""
        reading.refuse(replace(spoilt[0], column=label))
        return
    if problem := _flaw(row.number, said, reading):
        reading.refuse(problem)
        return
    days: dict[str, date | None] = {}
    for key in shape.days:
        try:
            read = _born(said, reading.order, today) if key == "born" else None
            days[key] = read if key == "born" else _parsed(said.get(key, ""), reading.order, today)
        except DateError as error:
            column, value = reading.label(key), said.get(key, "")[:SHOWN]
            reading.refuse(RowProblem.from_error(error, row=row.number, column=column, value=value))
            return
    reading.rows.append(shape.build(row.number, said, days))


def _flaw(number: int, said: Mapping[str, str], reading: Reading[T]) -> RowProblem | None:
    """The first thing that makes a row no case."""
    if not any(said.get(key) for key in ("first", "last", "name", "number", "id")):
        sentence, remedy = gettext("The row names nobody."), gettext("Fill in the name, or the number of the case.")
        return RowProblem(number, "", "nobody_named", sentence, "", remedy)
    for key, value in said.items():
        if len(value) > TEXT:
            sentence = gettext("The text is too long.")
            remedy = gettext("Use at most %(limit)s characters.") % {"limit": TEXT}
            return RowProblem(number, reading.label(key), "text_too_long", sentence, value[:SHOWN], remedy)
    for key in ("classification", "sex"):
        value = said.get(key, "")
        if value and words().read(key, value) is None and not (key == "sex" and value.upper() in OTHER_SEX):
            sentence = gettext("This word is not known.")
            remedy = gettext("Known are: %(words)s.") % {"words": ", ".join(words().codes[key])}
            return RowProblem(number, reading.label(key), f"{key}_unknown", sentence, value[:SHOWN], remedy)
    return None


OTHER_SEX = frozenset({"OTHER", "UNKNOWN"})


def _parsed(text: str, order: str, today: date) -> date | None:
    """The day; of a moment in ISO its day as written, for Go.Data keeps days as midnight UTC. DateError."""
    if not text:
        return None
    plain = text.split("T")[0] if re.match(r"\d{4}-\d{2}-\d{2}T", text) else text
    numeric = _NUMERIC.fullmatch(plain.split(" ")[0])
    if numeric is not None and order:
        first, second, year = (int(part) for part in numeric.groups())
        day, month = (first, second) if order == "day" else (second, first)
        plain = f"{year + 2000 if year < 100 else year:04d}-{month:02d}-{day:02d}"
    elif numeric is not None and numeric[1] == numeric[2] and len(numeric[3]) == 4:
        plain = f"{numeric[3]}-{int(numeric[1]):02d}-{int(numeric[2]):02d}"
    return parse_date(plain, today=today, not_after=today)


def _born(said: Mapping[str, str], order: str, today: date) -> date | None:
    if said.get("born"):
        return _parsed(said["born"], order, today)
    parts = [said.get(key, "") for key in ("born_year", "born_month", "born_day")]
    if not all(part.isdigit() for part in parts):
        return None  # a birthday of which a part is unknown proves nothing
    return parse_date("-".join(f"{int(part):02d}" for part in parts), today=today, not_after=today)


def _outside(row: int, said: Mapping[str, str], days: Days) -> Outside:
    table = words()
    whole, names = names_of(said)
    return Outside(
        row=row, id=said.get("id", ""), number=said.get("number", ""), name=whole, names=names,
        sex=table.read("sex", said.get("sex", "")) or "", born=days["born"], age=age_of(said),
        disease=_disease(said.get("disease", "")),
        classification=table.read("classification", said.get("classification", "")) or "",
        onset=days["onset"], reported=days["reported"], outcome=table.read("outcome", said.get("outcome", "")) or "",
        key=said.get("key", ""),
    )  # fmt: skip


def names_of(said: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """The name as one text, and every order in which it may stand here."""
    first, middle, last = (said.get(key, "").strip("-– ") for key in ("first", "middle", "last"))
    # Names in Han characters put the family first and no space between.
    han = _HAN.fullmatch(f"{last}{first}{middle}")
    whole = f"{last}{first}{middle}" if han else " ".join(filter(None, (first, middle, last)))
    whole = said.get("name", "") or whole
    names = {whole, f"{last}{first}", f"{first}{last}", f"{first}{middle}{last}", f"{last}{first}{middle}"}
    return whole, tuple(sorted(filter(None, names)))


def age_of(said: Mapping[str, str]) -> int | None:
    """In years; None where the file counts otherwise or says nothing."""
    unit, text = said.get("age_unit", ""), said.get("age", "")
    return int(text) if text.isdigit() and len(text) < 4 and unit.upper() in ("", "YEARS") else None


def _disease(text: str) -> str:
    """Our code where there is one, else their word: it is about something that is not ours to judge."""
    if not text:
        return ""
    return words().read("disease", text) or text.strip().lower()
