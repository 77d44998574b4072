"""What can be tested and how laboratories say it: `methods.toml`, or `laboratory.toml` of SHOUWANG_HOME."""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Mapping
from functools import cached_property, lru_cache
from pathlib import Path

import msgspec
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from shouwang.cases.laboratory.rules.steps import OUTCOMES
from shouwang.core.errors import BadInput
from shouwang.core.files.columns import Column
from shouwang.core.packs import Source, Text, get_pack, pack_files

SHIPPED = Path(__file__).with_name("methods.toml")


class Hours(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From order to taking, from taking to the laboratory, from taking to the result."""

    take: float
    receive: float
    result: float


class Method(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: str
    name: Text
    pools: bool
    confirms: bool
    source: str
    hours: Hours
    hours_source: str


class Pools(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    capacities: tuple[int, ...]
    source: str


class Laboratory(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    sources: tuple[Source, ...]
    pools: Pools
    methods: tuple[Method, ...]
    columns: dict[str, tuple[str, ...]]
    outcomes: dict[str, tuple[str, ...]]

    @cached_property
    def by_code(self) -> Mapping[str, Method]:
        return {method.code: method for method in self.methods}

    @cached_property
    def words(self) -> Mapping[str, str]:
        """Word, plain -> outcome."""
        return {plain(word): outcome for outcome, said in self.outcomes.items() for word in (outcome, *said)}

    @cached_property
    def spec(self) -> tuple[Column, ...]:
        """For `core.files.columns.map_columns`; a file must at least say the result."""
        return tuple(Column(key, names, required=key == "outcome") for key, names in self.columns.items())


def plain(text: str) -> str:
    """A word for comparison: no case, width or space."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def laboratory() -> Laboratory:
    """The data in force. BadInput names what is wrong with an institution's own file."""
    own = settings.HOME / "laboratory.toml"
    path = own if own.is_file() else SHIPPED
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _read(path: Path, mtime_ns: int) -> Laboratory:
    try:
        found = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Laboratory)
        _check(found)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError, ValueError) as error:
        sentence = _("The laboratory file %(file)s cannot be used: %(reason)s")
        raise BadInput(sentence, code="laboratory_file", file=path.name, reason=str(error)) from error
    return found


def _check(found: Laboratory) -> None:
    """ValueError for a source that is not listed, an outcome there is not, a word that means two things."""
    known = {source.id for source in found.sources}
    named = {found.pools.source, *(m.source for m in found.methods), *(m.hours_source for m in found.methods)}
    if missing := sorted(named - known):
        raise ValueError(f"unknown source {missing[0]}")
    if strange := sorted(set(found.outcomes) - set(OUTCOMES)):
        raise ValueError(f"unknown outcome {strange[0]}")
    meanings: dict[str, str] = {}
    for outcome, said in found.outcomes.items():
        for word in said:
            if meanings.setdefault(plain(word), outcome) != outcome:
                raise ValueError(f"{word} means two outcomes")
    if any(size < 1 for size in found.pools.capacities) or len(found.by_code) != len(found.methods):
        raise ValueError("a pool of nobody, or a method twice")


def method_of(code: str) -> Method:
    """BadInput naming those there are."""
    methods = laboratory().by_code
    if code not in methods:
        sentence = _("No test is called %(value)s. Choose one of: %(codes)s.")
        raise BadInput(sentence, code="method_unknown", field="method", value=code or "–", codes=", ".join(methods))
    return methods[code]


def method_name(code: str) -> str:
    """In the reader's language; the code itself where the data no longer has it."""
    method = laboratory().by_code.get(code)
    return str(method.name) if method is not None else code


@lru_cache(maxsize=256)
def _disease_text(disease: str) -> Text | None:
    heads = (get_pack(code).head for code in pack_files())
    return next((head.name for head in heads if head.disease == disease), None)


def disease_name(disease: str) -> str:
    """In the reader's language, as the packs here name it; the word itself where none does."""
    text = _disease_text(disease)
    return str(text) if text is not None else disease
