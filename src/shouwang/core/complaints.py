"""What is wrong with a document people write by hand, where, and what to do: file, line, key, fault, remedy.

Faults of TOML itself come from `tomllib`, faults of shape from msgspec; both speak English to programmers. Here they
are put into sentences of the reader's language.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils.functional import Promise, lazystr
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from shouwang.core.toml_lines import Key, key_lines, line_of

Words = str | Promise

LARGEST_BYTES = 262_144  # assumption: ten times the longest document at hand; larger is not written by hand
DEEPEST = 24  # assumption: tables in tables; the deepest document at hand has seven
LONGEST_TEXT = 4_000  # assumption: characters of one sentence

PLACE = re.compile(r"\(at (?:line (\d+), column \d+|end of document)\)$")
AT = re.compile(r"^(?P<reason>.*?)(?: - at `(?P<path>\$[^`]*)`)?$", re.DOTALL)
STEP = re.compile(r"\.([A-Za-z0-9_-]+)|\[(\d+)\]")

UNREADABLE: dict[str, tuple[Words, Words]] = {
    "Invalid value": (
        _("the value cannot be read"),
        _('Put text into "quotes"; write numbers, true, false and dates (2020-03-07) without.'),
    ),
    "Expected '=' after a key": (_("an equals sign is missing after a key"), _("Write: key = value.")),
    "Expected newline or end of document after a statement": (
        _("something follows after the end of a value"),
        _("Put each key on a line of its own, and a remark behind #."),
    ),
    "Cannot overwrite a value": (_("a key is given twice"), _("Keep one of the two.")),
    "Cannot declare": (_("a table is begun twice"), _("Join the two, or write [[double brackets]] for lists.")),
    "Duplicate inline table key": (_("a key is given twice"), _("Keep one of the two.")),
    "Unterminated string": (_("a text does not end"), _("Close it with the quotation mark it began with.")),
    "Expected": (_("a sign is missing"), _("Look for a bracket, brace or quotation mark that is not closed.")),
    "Unclosed": (_("a list or table does not end"), _("Close it with ] or }.")),
    "Illegal character": (_("a sign that may not stand here"), _("Remove it, or put the text into quotes.")),
    "Invalid initial character for a key part": (
        _("a key begins with a sign that it may not have"),
        _("Keys are made of letters, digits, - and _; put others into quotes."),
    ),
    "Invalid statement": (_("this line is neither a key nor a [table]"), _("Write: key = value.")),
}
TYPES: Mapping[str, Words] = {
    "int": _("a whole number"),
    "float": _("a number"),
    "bool": _("true or false"),
    "str": _('a text in "quotes"'),
    "date": _("a day such as 2020-03-07"),
    "datetime": _("a moment"),
    "time": _("a time of day"),
    "array": _("a list [ … ]"),
    "object": _("a table { … }"),
    "null": _("nothing"),
}


@dataclass(frozen=True, slots=True)
class Complaint:
    """One fault. `line` is None where no line of the file can be named; `path` is written as in the file."""

    file: str
    line: int | None
    path: str
    what: Words
    remedy: Words

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line is not None else self.file
        where = f"{self.path}: " if self.path else ""
        sentence = str(_("%(place)s: %(where)s%(what)s. %(remedy)s"))
        return sentence % {"place": place, "where": where, "what": self.what, "remedy": self.remedy}

    def as_dict(self) -> dict[str, Any]:
        return {
            "file": self.file, "line": self.line, "path": self.path, "what": str(self.what), "remedy": str(self.remedy),
        }  # fmt: skip


@dataclass(frozen=True)
class Document:
    """A TOML file that could be read: its tables, and where they stand."""

    file: str
    text: str
    tables: dict[str, Any]
    raw: bytes

    @cached_property
    def _lines(self) -> dict[Key, int]:
        return key_lines(self.text)

    def complaint(self, path: Key, what: Words, remedy: Words) -> Complaint:
        return Complaint(self.file, line_of(self._lines, path), written(path), what, remedy)

    def of_shape(self, error: str, base: Key) -> Complaint:
        """What msgspec says of the value at `base`."""
        path, what, remedy = shape_fault(error)
        return self.complaint((*base, *path), what, remedy)


class Unreadable(Exception):
    """The file is no document; `complaint` says why."""

    def __init__(self, complaint: Complaint) -> None:
        super().__init__(complaint.path)
        self.complaint = complaint


def read_document(raw: bytes, file: str) -> Document:
    """Parse one file. Unreadable when it is no TOML, or larger, deeper or stranger than anything written by hand."""

    def stop(line: int | None, what: Words, remedy: Words, path: str = "") -> Unreadable:
        return Unreadable(Complaint(file, line, path, what, remedy))

    if len(raw) > LARGEST_BYTES:
        too_large = format_lazy(_("the file has {size} bytes, more than {limit}"), size=len(raw), limit=LARGEST_BYTES)
        raise stop(None, too_large, _("Check that it is the right file."))
    try:
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise stop(line, _("the file is not in UTF-8"), _("Save it as UTF-8.")) from error
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Unreadable(_unreadable(str(error), text, file)) from error
    except (ValueError, RecursionError) as error:
        what = _("a number has too many digits, or tables stand too deep in each other")
        raise stop(None, what, _("Write it shorter.")) from error
    document = Document(file, text, tables, raw)
    for found in _strange(tables, ()):
        raise Unreadable(document.complaint(*found))
    return document


def _unreadable(reason: str, text: str, file: str) -> Complaint:
    place = PLACE.search(reason)
    line = int(place[1]) if place and place[1] else len(text.splitlines()) or 1
    plain = PLACE.sub("", reason).strip()
    for beginning, (what, remedy) in UNREADABLE.items():
        if plain.startswith(beginning):
            return Complaint(file, line, "", what, remedy)
    return Complaint(file, line, "", plain, _("See https://toml.io for how it is written."))


def _strange(value: object, path: Key) -> Iterator[tuple[Key, Words, Words]]:
    """Values no reader should have to think of: infinite numbers, endless texts, tables without end."""
    if len(path) > DEEPEST:
        yield path, _("tables stand too deep in each other"), _("Write it flatter.")
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _strange(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _strange(inner, (*path, number))
    elif isinstance(value, float) and not math.isfinite(value):
        yield path, _("this is no number that can be counted with"), _("Leave the key out where the number is unknown.")
    elif isinstance(value, int) and abs(value) > 10**12:
        yield path, _("the number is larger than anything in such a document"), _("Check its unit and digits.")
    elif isinstance(value, str) and len(value) > LONGEST_TEXT:
        what = format_lazy(_("the text is longer than {limit} characters"), limit=LONGEST_TEXT)
        yield path, what, _("Write it shorter.")


def shape_fault(error: str) -> tuple[Key, Words, Words]:
    """Path within the value, fault and remedy of what msgspec said."""
    match = AT.match(error)
    reason, where = (match["reason"], match["path"] or "$") if match else (error, "$")
    path: Key = tuple(name or int(number) for name, number in STEP.findall(where))
    if found := re.fullmatch(r"Object missing required field `(.+)`", reason):
        what = format_lazy(_("the key “{key}” is missing"), key=found[1])
        return path, what, format_lazy(_("Add a line: {key} = …"), key=found[1])
    if found := re.fullmatch(r"Object contains unknown field `(.+)`", reason):
        what = format_lazy(_("the key “{key}” is not known here"), key=found[1])
        return (*path, found[1]), what, _("Correct its spelling, or remove the line.")
    if found := re.fullmatch(r"Expected `(.+)`, got `(.+)`", reason):
        what = format_lazy(_("this should be {wanted}, and is {given}"), wanted=_type(found[1]), given=_type(found[2]))
        return path, what, _("Write the value in that form.")
    if found := re.fullmatch(r"Expected `.+` (>=|<=|>|<) (.+)", reason):
        signs = {">=": _("at least"), "<=": _("at most"), ">": _("more than"), "<": _("less than")}
        what = format_lazy(_("the number must be {sign} {limit}"), sign=signs[found[1]], limit=found[2])
        return path, what, _("Correct the number.")
    if found := re.fullmatch(r"Invalid enum value (.+)", reason):
        what = format_lazy(_("{value} is not one of the words that may stand here"), value=found[1])
        return path, what, _("See docs/packs.md for the words.")
    return path, lazystr(reason.rstrip(".")), _("See docs/packs.md.")


def _type(names: str) -> Words:
    words = [TYPES.get(name, name) for name in names.split(" | ") if name != "null"]
    if not words:
        return TYPES["null"]
    return words[0] if len(words) == 1 else format_lazy("{}" + " / {}" * (len(words) - 1), *words)


def written(path: Key) -> str:
    """`("clocks", 2, "hours")` as `clocks[2].hours`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def unsourced(value: object, path: Key = (), *, sourced: bool = False) -> Iterator[Key]:
    """Numbers for which neither their own table nor one around it names a source."""
    if isinstance(value, list):
        for number, inner in enumerate(value):
            yield from unsourced(inner, (*path, number), sourced=sourced)
    elif isinstance(value, dict):
        here = sourced or isinstance(value.get("source"), str)
        for key, inner in value.items():
            yield from unsourced(inner, (*path, key), sourced=here)
    elif isinstance(value, (int, float)) and not isinstance(value, bool) and not sourced:
        yield path


def named_sources(value: object, path: Key = ()) -> Iterator[tuple[Key, str]]:
    """Every `source = "…"` of a document and where it stands."""
    if isinstance(value, list):
        for number, inner in enumerate(value):
            yield from named_sources(inner, (*path, number))
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key == "source" and isinstance(inner, str):
                yield (*path, key), inner
            else:
                yield from named_sources(inner, (*path, key))


def one_sided(value: object, path: Key = ()) -> Iterator[Key]:
    """Sentences in two languages of which one is empty."""
    if isinstance(value, list):
        for number, inner in enumerate(value):
            yield from one_sided(inner, (*path, number))
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key in ("zh", "en") and isinstance(inner, str) and not inner.strip():
                yield (*path, key)
            yield from one_sided(inner, (*path, key))
