"""Blocking keys of a person and what agreeing on them is worth. Pure.

Two records are compared only where they agree on a key, so that finding duplicates of one person among a million reads
a few index entries, never the table.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext_lazy as _

PHONE_TAIL = 8
"""Digits of a telephone number that stay when area code, country code or spaces differ. Assumption."""
LONGEST = 80
_NOT_WORD = re.compile(r"[\W_]+")
_NOT_DIGIT = re.compile(r"\D+")

# Kind of key → what agreeing on it says, and how much it counts in the order of the list (assumptions).
REASONS: Mapping[str, object] = {
    "name": _("the same name"),
    "sound": _("a name that sounds the same"),
    "phone": _("the same end of the telephone number"),
    "id": _("the same number or card"),
    "born": _("the same birthday and family name"),
}
WEIGHTS: Mapping[str, int] = {"id": 4, "phone": 3, "born": 3, "name": 2, "sound": 1}


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of somebody, as far as it is: a person on the roster, or what is being typed."""

    name: str = ""
    numbers: tuple[str, ...] = ()
    phone: str = ""
    born: date | None = None


Key = tuple[str, str]
"""Kind (of `REASONS`) and value."""


def keys_of(facts: Facts) -> set[Key]:
    """The keys under which somebody with these facts is found.

    >>> sorted(keys_of(Facts("王 蕾", phone="+86 138-0013-8000")))
    [('name', '王蕾'), ('phone', '00138000'), ('sound', 'lei wang')]
    """
    found: set[Key] = set()
    name, sounds = plain(facts.name), sounds_of(facts.name)
    if name:
        found.add(("name", name))
    if len(sounds) > 1:
        found.add(("sound", " ".join(sorted(sounds))))
    if facts.born is not None and sounds:
        found.add(("born", f"{facts.born.isoformat()} {sounds[0]}"))
    digits = _NOT_DIGIT.sub("", facts.phone)
    if len(digits) >= PHONE_TAIL:
        found.add(("phone", digits[-PHONE_TAIL:]))
    for number in facts.numbers:
        if len(value := plain(number).lstrip("0")) > 1:
            found.add(("id", value))
    return {(kind, value[:LONGEST]) for kind, value in found}


def plain(text: str) -> str:
    """Without case, width, accents of writing systems that have none, spaces and punctuation."""
    return _NOT_WORD.sub("", unicodedata.normalize("NFKC", text).casefold())


def sounds_of(name: str) -> list[str]:
    """Syllables of a Chinese name without tones, whichever characters write it; words of any other, plain.

    Traditional and simplified characters, and most variants, have the same syllable.

    >>> sounds_of("劉慧"), sounds_of("刘慧"), sounds_of("Liu Hui")
    (['liu', 'hui'], ['liu', 'hui'], ['liu', 'hui'])
    """
    from pypinyin import lazy_pinyin  # 55 MB of dictionaries, which a process that merges nobody does without

    text = unicodedata.normalize("NFKC", name).casefold()
    spoken = lazy_pinyin(text, errors=lambda other: f" {other} ", v_to_u=False)
    return [word for part in spoken for word in _NOT_WORD.split(part) if word]


@dataclass(frozen=True, slots=True)
class Match:
    """Somebody who may be the same: `kinds` of keys both have, strongest first."""

    person: int
    kinds: tuple[str, ...]

    @property
    def weight(self) -> int:
        return sum(WEIGHTS[kind] for kind in self.kinds)

    @property
    def reasons(self) -> list[str]:
        return [str(REASONS[kind]) for kind in self.kinds]


def ranked(rows: Iterable[tuple[int, str]], most: int) -> list[Match]:
    """(person, kind) rows to matches, those that agree on most first. "Sounds the same" adds nothing to "the same"."""
    kinds: dict[int, set[str]] = {}
    for person, kind in rows:
        kinds.setdefault(person, set()).add(kind)
    found = []
    for person, held in kinds.items():
        said = held - {"sound"} if "name" in held else held
        found.append(Match(person, tuple(sorted(said, key=lambda kind: (-WEIGHTS[kind], kind)))))
    return sorted(found, key=lambda match: (-match.weight, match.person))[:most]
