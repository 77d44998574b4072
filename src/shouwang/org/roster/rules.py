"""Pure judgement of a roster: one row in, an entry or its flaws out; which new names look like slips of the pen."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import NamedTuple

import msgspec
from django.utils.translation import gettext_lazy as _

from shouwang.core.dates import DateError, parse_date
from shouwang.core.errors import Message
from shouwang.org.roster.columns import Words, plain

NUMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z_./\-]{0,39}")
PHONE = re.compile(r"\+?[0-9][0-9 ()\-]{3,38}[0-9]")
LONGEST = {
    "name": 120,
    "college": 120,
    "major": 120,
    "class": 120,
    "branch": 120,
    "building": 90,
    "floor": 20,
    "room": 90,
}
OLDEST_YEARS = 120  # nobody on a roster is older; the oldest verified human age is 122


class Flaw(NamedTuple):
    """What is wrong with one field of a row, and what to do about it."""

    key: str
    code: str
    value: str = ""
    detail: str = ""


FLAWS: Mapping[str, tuple[Message, Message]] = {
    "number_missing": (_("The row has no number."), _("Enter the student or staff number.")),
    "number_invalid": (
        _("A number consists of letters, digits and - _ . / and has at most 40 characters."),
        _("Correct the number."),
    ),
    "number_duplicate": (
        _("The same number stands in rows %(detail)s."),
        _("Keep one of these rows and delete the others."),
    ),
    "too_long": (_("The text is longer than %(detail)s characters."), _("Shorten it.")),
    "sex_unknown": (_("This is no known word for a sex."), _("Write 男 or 女 (male, female), or leave it empty.")),
    "kind_unknown": (
        _("This is no known kind of person."),
        _("Write 学生, 教职工, 工勤, 访客 or 其他 (student, staff, worker, visitor, other)."),
    ),
    "situation_unknown": (
        _("This is no known situation."),
        _("Write 在校, 走读, 校外, 境外 or 实习 (on campus, day, off campus, abroad, intern)."),
    ),
    "phone_invalid": (_("This is no telephone number."), _("Write digits only, or leave it empty.")),
    "date_wrong": ("%(detail)s", _("Write the date like 2005-09-01, or leave it empty.")),
    "building_missing": (
        _("It is not clear in which building this room is."),
        _("Give the building in a column of its own, or write building and room together, like 3号楼-412."),
    ),
    "unit_ambiguous": (
        _("Several organisations have this name: %(detail)s."),
        _("Give the unit above it (college, major) as well, or write its code."),
    ),
    "room_ambiguous": (_("Several places have this name: %(detail)s."), _("Give the building as well, or its code.")),
    "unit_unknown": (
        _("There is no organisation of this name below %(detail)s."),
        _("Correct the name, have the organisation added, or allow that unknown organisations are created."),
    ),
    "room_unknown": (
        _("There is no place of this name."),
        _("Correct the name, have the place added, or allow that unknown places are created."),
    ),
    "person_elsewhere": (
        _("A person with this number belongs to a unit that you do not manage."),
        _("Ask the administrator above both units to import this row."),
    ),
    "person_merged": (
        _("The record with this number was merged into another one."),
        _("Use the number of the record that stands, or undo the merge."),
    ),
    "change_too_early": (
        _("What this row changes began on %(detail)s; it cannot change before that."),
        _("Import with a later day in “valid from”."),
    ),
}


class Entry(msgspec.Struct, gc=False):
    """One accepted row. None: the file does not say, so nothing is changed; units and places are texts yet."""

    row: int
    number: str
    name: str | None = None
    sex: str | None = None
    kind: str | None = None
    situation: str | None = None
    phone: str | None = None
    card: str | None = None
    born: date | None = None
    units: tuple[str, str, str] = ("", "", "")
    branch: str = ""
    place: tuple[str, str, str] = ("", "", "")


def tidy_name(text: str) -> str:
    """张　三 and 张 三 are 张三: rosters pad two-character names so that they align. Latin names keep one space."""
    parts = text.split()
    if len(parts) > 1 and all(ord(character) > 0x2E7F for part in parts for character in part):
        return "".join(parts)
    return " ".join(parts)


def half_width(text: str) -> str:
    """Identifiers typed in full-width characters, as plain ones."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def read_row(row: int, values: Mapping[str, str], *, words: Words, today: date) -> tuple[Entry, list[Flaw]]:
    """Judge one row. `values` are texts by column key, absent columns left out. With flaws the entry is not usable."""
    flaws: list[Flaw] = []
    number = half_width(values.get("number", ""))
    if not number:
        flaws.append(Flaw("number", "number_missing"))
    elif not NUMBER.fullmatch(number):
        flaws.append(Flaw("number", "number_invalid", number))
    for key, limit in LONGEST.items():
        if len(values.get(key, "")) > limit:
            flaws.append(Flaw(key, "too_long", values[key], str(limit)))
    entry = Entry(
        row,
        number,
        name=tidy_name(values.get("name", "")) or None,
        sex=_word(values, "sex", words.sex, flaws),
        kind=_word(values, "kind", words.kind, flaws),
        situation=_word(values, "situation", words.situation, flaws),
        phone=_phone(values, flaws),
        card=_identifier(values, "card", flaws),
        born=_born(values, today, flaws),
        units=(values.get("college", ""), values.get("major", ""), values.get("class", "")),
        branch=values.get("branch", ""),
        place=_place(values, words),
    )
    building, _floor, room = entry.place
    if room and not building and not _stands_alone(room):
        flaws.append(Flaw("room", "building_missing", room))
    return entry, flaws


def _word(values: Mapping[str, str], key: str, known: Mapping[str, str], flaws: list[Flaw]) -> str | None:
    text = values.get(key, "")
    if not text:
        return None
    meaning = known.get(plain(text))
    if meaning is None:
        flaws.append(Flaw(key, f"{key}_unknown", text))
    return meaning


def _phone(values: Mapping[str, str], flaws: list[Flaw]) -> str | None:
    text = half_width(values.get("phone", ""))
    if not text:
        return None
    if not PHONE.fullmatch(text):
        flaws.append(Flaw("phone", "phone_invalid", text))
        return None
    return text


def _identifier(values: Mapping[str, str], key: str, flaws: list[Flaw]) -> str | None:
    text = half_width(values.get(key, ""))
    if len(text) > 40:
        flaws.append(Flaw(key, "too_long", text, "40"))
    return text or None


def _born(values: Mapping[str, str], today: date, flaws: list[Flaw]) -> date | None:
    text = values.get("born", "")
    if not text:
        return None
    found = _day(text, today)
    if isinstance(found, date):
        return found
    flaws.append(Flaw("born", found[0], text, found[1]))
    return None


@lru_cache(maxsize=50_000)
def _day(text: str, today: date) -> date | tuple[str, str]:
    """The day, or (code, sentence). Birthdays repeat in a roster: reading each once is most of the time saved."""
    try:
        day = parse_date(text, today=today, not_after=today, excel_serial=True)
        if day.year < today.year - OLDEST_YEARS:
            return "date_implausible", str(_("The year is too long ago."))
    except DateError as error:
        return error.error_code, error.sentence
    return day


def _place(values: Mapping[str, str], words: Words) -> tuple[str, str, str]:
    """(building, floor, room); a room column that names its building too is taken apart."""
    building, floor, room = (half_width(values.get(key, "")) for key in ("building", "floor", "room"))
    if room and not building:
        building, room = split_room(room, words.building_words, words.separators)
    return building, floor, room


@lru_cache(maxsize=20_000)
def split_room(text: str, building_words: tuple[str, ...], separators: tuple[str, ...]) -> tuple[str, str]:
    """东区3栋412 -> (东区3栋, 412); 3号楼-412 -> (3号楼, 412); ("", text) when it cannot be told."""
    ends = [text.rfind(word) + len(word) for word in building_words if 0 <= text.rfind(word) < len(text) - len(word)]
    if ends:
        at = max(ends)
        room = text[at:].lstrip("".join(separators) + " ")
        if room:
            return text[:at], room
    for separator in separators:
        head, found, tail = text.rpartition(separator)
        if found and head and tail:
            return head, tail
    return "", text


def _stands_alone(room: str) -> bool:
    """Whether a room without building may be looked up by itself: a bare number such as 412 is in every building."""
    return not room.isdecimal()


def duplicates(entries: Iterable[Entry]) -> dict[str, list[int]]:
    """Number -> the rows it stands in, for numbers that stand in more than one."""
    rows: dict[str, list[int]] = {}
    for entry in entries:
        rows.setdefault(entry.number, []).append(entry.row)
    return {number: found for number, found in rows.items() if len(found) > 1}


def shared_cards(entries: Iterable[Entry]) -> dict[str, list[int]]:
    """Card -> rows, for cards that several people hold. They are kept: real registers have them."""
    rows: dict[str, list[int]] = {}
    for entry in entries:
        if entry.card:
            rows.setdefault(entry.card, []).append(entry.row)
    return {card: found for card, found in rows.items() if len(found) > 1}


@dataclass(frozen=True, slots=True)
class Twin:
    """A name about to be created that looks like a slip of the pen for another."""

    name: str
    like: str


FEW = 5  # people: a real class or college is larger, a slip of the pen concerns a few rows (assumption)
SHORTEST = 3  # characters; shorter names are too often alike by nature


def near_duplicates(new: Mapping[str, int], known: Mapping[str, int]) -> list[Twin]:
    """New names (name -> people) one character, no digit, apart from a known or a more frequent new one.

    计科2301 beside 计科2301班 and 信息工程学员 beside 信息工程学院 are found; 计科2302班 beside 计科2301班 is not, for
    digits tell classes apart. Only names of at most `FEW` people are suspected.
    """
    by_stem: dict[str, list[tuple[str, int]]] = {}
    everybody = [(name, people, True) for name, people in known.items()]
    everybody += [(name, people, False) for name, people in new.items()]
    for name, people, stands in everybody:
        for stem in _stems(plain(name)):
            by_stem.setdefault(stem, []).append((name, people if not stands else max(people, FEW + 1)))
    twins = []
    for name, people in new.items():
        if people > FEW or len(plain(name)) < SHORTEST:
            continue
        alike = [
            (other, count)
            for stem in _stems(plain(name))
            for other, count in by_stem.get(stem, ())
            if other != name and count > people and _digits(other) == _digits(name)
        ]
        if alike:
            twins.append(Twin(name, max(alike, key=lambda pair: (pair[1], pair[0]))[0]))
    return twins


def _stems(name: str) -> set[str]:
    """The name, and the name without each one of its characters that is no digit: equal stems mean one slip apart."""
    return {name} | {name[:k] + name[k + 1 :] for k in range(len(name)) if not name[k].isdecimal()}


def _digits(name: str) -> str:
    return "".join(character for character in name if character.isdecimal())


@dataclass(frozen=True, slots=True)
class Tally:
    """Numbers of a check or commit; they add up: read = new + updated + unchanged + refused rows."""

    read: int
    new: int
    updated: int
    unchanged: int
    refused: Mapping[str, int]

    def as_dict(self) -> dict[str, object]:
        return {
            "read": self.read,
            "accepted": self.new + self.updated + self.unchanged,
            "new": self.new,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "refused": dict(self.refused),
            "refused_rows": sum(self.refused.values()),
        }


def refused_by_code(flaws: Sequence[tuple[int, str]]) -> dict[str, int]:
    """Rows by the first thing wrong with each, so that the numbers add up. `flaws` are (row, code) in order."""
    first: dict[int, str] = {}
    for row, code in flaws:
        first.setdefault(row, code)
    counts: dict[str, int] = {}
    for code in first.values():
        counts[code] = counts.get(code, 0) + 1
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
