"""The columns of a roster and the words in them, from `words.toml`."""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shouwang.core.files.columns import Column

_FILE = Path(__file__).with_name("words.toml")

LABELS: Mapping[str, str | Promise] = {
    "number": _("Person number"),
    "name": _("Name"),
    "sex": _("Sex"),
    "kind": _("Kind"),
    "college": _("College or unit"),
    "major": _("Major"),
    "class": _("Class"),
    "branch": _("Party branch"),
    "phone": _("Telephone"),
    "card": _("Access card"),
    "born": _("Date of birth"),
    "situation": _("Situation"),
    "building": _("Dormitory building"),
    "floor": _("Floor"),
    "room": _("Dormitory room"),
}


class _RoomText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    building_words: tuple[str, ...]
    separators: tuple[str, ...]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    columns: dict[str, tuple[str, ...]]
    sex: dict[str, tuple[str, ...]]
    kind: dict[str, tuple[str, ...]]
    situation: dict[str, tuple[str, ...]]
    unit_endings: dict[str, tuple[str, ...]]
    room_text: _RoomText


@dataclass(frozen=True, slots=True)
class Words:
    """Word (as `plain` makes it) -> what it means; `endings` longest first."""

    sex: Mapping[str, str]
    kind: Mapping[str, str]
    situation: Mapping[str, str]
    endings: tuple[tuple[str, str], ...]
    building_words: tuple[str, ...]
    separators: tuple[str, ...]


def plain(text: str) -> str:
    """A word for comparison: no case, width, space or mark."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return "".join(character for character in text.casefold() if character.isalnum() or character in "#+")


@cache
def _file() -> _File:
    document = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return msgspec.convert(document, _File, strict=True)


@cache
def columns() -> tuple[Column, ...]:
    """The spec for `core.files.columns.map_columns`; only the number is indispensable."""
    return tuple(Column(key, names, required=key == "number") for key, names in _file().columns.items())


@cache
def words() -> Words:
    file = _file()

    def turned(table: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
        return {plain(word): meaning for meaning, said in table.items() for word in (meaning, *said)}

    sex = turned(file.sex)
    endings = [(plain(ending), kind) for kind, found in file.unit_endings.items() for ending in found]
    return Words(
        sex={word: "" if meaning == "unknown" else meaning for word, meaning in sex.items()},
        kind=turned(file.kind),
        situation=turned(file.situation),
        endings=tuple(sorted(endings, key=lambda pair: -len(pair[0]))),
        building_words=file.room_text.building_words,
        separators=file.room_text.separators,
    )


def unit_kind(name: str) -> str:
    """The kind of organisation a name in the college column most likely is."""
    text = plain(name)
    return next((kind for ending, kind in words().endings if text.endswith(ending)), "college")
