"""Times of the steps as data: `accountability.toml`, or the institution's own file of that name."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from shouwang.core.errors import BadInput
from shouwang.core.owned_files import decoded, in_force, version_of
from shouwang.core.packs import Text

SHIPPED = Path(__file__).resolve().parent.parent / "accountability.toml"
STEPS = ("reminder", "talk", "notice")
OFFERS = ("tasks_escalated", "reports_missing")
Days = Annotated[int, msgspec.Meta(ge=1, le=400)]
Words = Annotated[str, msgspec.Meta(min_length=2, max_length=200)]


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    kind: str
    text: Text


class Sentence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    zh: Words
    en: Words

    def said(self, **values: int) -> str:
        """In the reader's language."""
        text = self.zh if (get_language() or "zh").startswith("zh") else self.en
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", str(value))
        return text


class StepDays(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: Literal["reminder", "talk", "notice"]
    reply_days: Days
    expires_days: Days
    source: str


class Process(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    serve_days: Days
    decide_days: Days
    appeal_days: Days
    appeal_decide_days: Days
    read_days: Days
    source: str


class OfferRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: Literal["tasks_escalated", "reports_missing"]
    at_least: Annotated[int, msgspec.Meta(ge=1)]
    within_days: Days
    sentence: Sentence
    source: str


class Statistics(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    days: Annotated[int, msgspec.Meta(ge=30, le=1095)]
    fewest: Annotated[int, msgspec.Meta(ge=2)]
    source: str


class Numbers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sources: tuple[Source, ...]
    steps: tuple[StepDays, ...]
    process: Process
    offers: tuple[OfferRule, ...]
    statistics: Statistics
    version: str = ""

    def of(self, step: str) -> StepDays:
        return next(row for row in self.steps if row.code == step)

    def source_of(self, source: str) -> Source:
        return next(row for row in self.sources if row.id == source)


def numbers_in_force(home: Path) -> Numbers:
    """`home`/accountability.toml, else the shipped file. BadInput names what is wrong with it."""
    return in_force(home, SHIPPED, read_numbers)


def read_numbers(content: bytes) -> Numbers:
    """BadInput (`accountability_file`) for unknown keys, a step missing or twice, an offer twice, a source that is not
    there. `version` is the SHA-256 of the text, shortened to 12 digits."""
    found = decoded(content, Numbers, _refused)
    if sorted(row.code for row in found.steps) != sorted(STEPS):
        raise _refused(f"[[steps]]: each of {', '.join(STEPS)} once")
    if len({row.code for row in found.offers}) != len(found.offers):
        raise _refused("[[offers]]: a code stands there twice")
    known = {row.id for row in found.sources}
    for source in (
        *(row.source for row in found.steps), *(row.source for row in found.offers), found.process.source,
        found.statistics.source,
    ):  # fmt: skip
        if source not in known:
            raise _refused(f"source {source!r} is not there")
    return msgspec.structs.replace(found, version=version_of(content))


def _refused(reason: str) -> BadInput:
    return BadInput(
        _("accountability.toml cannot be used: %(reason)s. Mend the file."), code="accountability_file", reason=reason
    )  # fmt: skip
