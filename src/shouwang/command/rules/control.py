"""Control measures: which kinds there are, their values from lax to strict, and what a change of level changes.

A lower organisation may be stricter than the one above it, never laxer: what holds somewhere is the strictest of what
was declared there and above.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

import msgspec
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from shouwang.command.rules.levels import LONGEST_REVIEW_DAYS
from shouwang.core.errors import BadInput
from shouwang.core.owned_files import decoded, in_force
from shouwang.core.packs import Text

SHIPPED = Path(__file__).resolve().parent.parent / "levels.toml"
MOST_PEOPLE = 100_000  # a limit above this is none
REASON = 300
TIMES = re.compile(r"^[a-z_]+=([01]\d|2[0-3]):[0-5]\d( [a-z_]+=([01]\d|2[0-3]):[0-5]\d)*$")

MASKS, OUTINGS, GATHERINGS, CLASSES, VISITORS, GATES, REPORTS, OTHER = (
    "masks", "outings", "gatherings", "classes", "visitors", "gates", "reports", "other",
)  # fmt: skip
KINDS: Mapping[str, str | Promise] = {
    MASKS: pgettext_lazy("measure", "Masks"),
    OUTINGS: pgettext_lazy("measure", "Outings"),
    GATHERINGS: pgettext_lazy("measure", "Gatherings"),
    CLASSES: pgettext_lazy("measure", "Classes"),
    VISITORS: pgettext_lazy("measure", "Visitors"),
    GATES: pgettext_lazy("measure", "Gates"),
    REPORTS: pgettext_lazy("measure", "Daily reports of units"),
    OTHER: pgettext_lazy("measure", "Other"),
}
# From lax to strict.
VALUES: Mapping[str, Mapping[str, str | Promise]] = {
    MASKS: {
        "none": pgettext_lazy("masks", "nobody need wear one"),
        "indoors": pgettext_lazy("masks", "indoors where many are together"),
        "everywhere": pgettext_lazy("masks", "everywhere in public"),
    },
    OUTINGS: {
        "free": pgettext_lazy("outings", "free"),
        "by_request": pgettext_lazy("outings", "by request"),
        "necessary": pgettext_lazy("outings", "only where necessary"),
    },
    CLASSES: {
        "on_site": pgettext_lazy("classes", "on site"),
        "mixed": pgettext_lazy("classes", "partly from a distance"),
        "online": pgettext_lazy("classes", "from a distance"),
    },
    VISITORS: {
        "free": pgettext_lazy("visitors", "free"),
        "registered": pgettext_lazy("visitors", "registered"),
        "none": pgettext_lazy("visitors", "not admitted"),
    },
    GATES: {
        "open": pgettext_lazy("gates", "open"),
        "pass": pgettext_lazy("gates", "by pass"),
        "closed": pgettext_lazy("gates", "closed but for those needed"),
    },
}


def strictness(kind: str, value: str) -> int:
    """The higher the stricter; measures that know no order are all alike (0)."""
    if kind == GATHERINGS:
        return MOST_PEOPLE - int(value)
    return list(VALUES[kind]).index(value) if kind in VALUES else 0


def said(kind: str, value: str) -> str:
    """The value in the reader's words."""
    if kind == GATHERINGS:
        return str(pgettext_lazy("gatherings", "none") if value == "0" else _("of %(n)s people at most") % {"n": value})
    if kind == REPORTS:
        return value.replace(" ", " · ").replace("=", " ")
    return str(VALUES[kind][value]) if kind in VALUES else value


def check_value(kind: str, value: str) -> str:
    """The value without blanks around it. BadInput (`measure_value`) naming those there are."""
    value = " ".join(value.split())
    if kind not in KINDS:
        raise BadInput(_("There is no measure “%(kind)s”."), code="measure_kind", field="kind", kind=kind)
    if kind in VALUES and value not in VALUES[kind]:
        raise _refused(", ".join(VALUES[kind]))
    if kind == GATHERINGS and not (value.isascii() and value.isdecimal() and int(value) <= MOST_PEOPLE):
        raise _refused(str(_("a number of people from 0 on")))
    if kind == GATHERINGS:
        value = str(int(value))
    if kind == REPORTS and not TIMES.match(value):
        raise _refused("class=10:00 college=16:00")
    if kind == OTHER and not 4 <= len(value) <= 200:
        raise _refused(str(_("4 to 200 characters")))
    return value


def _refused(words: str) -> BadInput:
    return BadInput(
        _("This measure takes: %(words)s."), code="measure_value", field="value", words=words
    )  # fmt: skip


def check_measure(*, reason: str, basis: str, review_on: date, today: date) -> None:
    """BadInput unless there is a plain reason, a basis, and a review within a quarter."""
    if not 4 <= len(reason.strip()) <= REASON:
        raise BadInput(
            _("Say in 4 to %(limit)s characters why; everybody reads it."),
            code="reason_missing", field="reason", limit=REASON,
        )  # fmt: skip
    if len(basis.strip()) < 4:
        raise BadInput(_("Name the legal basis: which notice of whom, with its number or date."), field="basis")
    if not 0 < (review_on - today).days <= LONGEST_REVIEW_DAYS:
        raise BadInput(
            _("Say when it will be reviewed: after today, and within %(days)s days."),
            code="review_invalid", field="review_on", days=LONGEST_REVIEW_DAYS,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class InForce:
    """A measure somewhere: declared at a path so many steps deep."""

    kind: str
    value: str
    path: str


def strictest(measures: Iterable[InForce]) -> dict[str, InForce]:
    """Of each kind what holds; of equals the one declared further up. `other` measures all hold and are left out."""
    found: dict[str, InForce] = {}
    for row in sorted(measures, key=lambda row: len(row.path)):
        now = found.get(row.kind)
        if row.kind != OTHER and (now is None or strictness(row.kind, row.value) > strictness(now.kind, now.value)):
            found[row.kind] = row
    return found


def check_not_laxer(kind: str, value: str, above: Mapping[str, InForce]) -> None:
    """BadInput (`measure_laxer`) where what holds from above is stricter."""
    there = above.get(kind)
    if there is not None and strictness(kind, value) < strictness(kind, there.value):
        raise BadInput(
            _("%(kind)s: “%(above)s” holds from above. Something stricter may be declared here, nothing laxer."),
            code="measure_laxer", field="value", kind=KINDS[kind], above=said(kind, there.value),
        )  # fmt: skip


# --- a change of level -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Planned:
    """One of a level's measures, with its plain reason in both languages."""

    kind: str
    value: str
    reason: Text

    @property
    def kind_word(self) -> str:
        return str(KINDS[self.kind])

    @property
    def value_word(self) -> str:
        return said(self.kind, self.value)


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one kind: `before` and `after` None: nothing declared."""

    kind: str
    before: str | None
    after: str | None

    @property
    def what(self) -> str:
        if self.before is None:
            return "starts"
        if self.after is None:
            return "ends"
        return "stays" if self.before == self.after else "changes"

    @property
    def kind_word(self) -> str:
        return str(KINDS[self.kind])

    @property
    def before_word(self) -> str:
        return said(self.kind, self.before) if self.before is not None else ""

    @property
    def after_word(self) -> str:
        return said(self.kind, self.after) if self.after is not None else ""


def changes(now: Mapping[str, str], then: Mapping[str, str]) -> list[Change]:
    """By kind, in the order of `KINDS`; kinds in neither are left out."""
    return [Change(kind, now.get(kind), then.get(kind)) for kind in KINDS if kind in now or kind in then]


# --- the measures of a level, as data ---------------------------------------------------------------------------------


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    kind: str
    text: Text


class LevelMeasure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    levels: tuple[Literal[1, 2, 3, 4], ...]
    kind: str
    value: str
    reason: Text
    source: str


class LevelFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sources: tuple[Source, ...]
    measures: tuple[LevelMeasure, ...]

    def of(self, level: int) -> list[Planned]:
        """What the level brings."""
        rows = [row for row in self.measures if level in row.levels]
        return [Planned(row.kind, row.value, row.reason) for row in rows]


def level_file(home: Path) -> LevelFile:
    """The file in force: `home`/levels.toml, else the shipped one. BadInput names what is wrong with it."""
    return in_force(home, SHIPPED, read_levels)


def read_levels(content: bytes) -> LevelFile:
    """BadInput (`levels_file`): unknown keys, kinds or values, a kind twice in a level, a source that is not there."""
    found = decoded(content, LevelFile, _broken)
    known = {source.id for source in found.sources}
    for number, row in enumerate(found.measures, start=1):
        place = f"[[measures]] {number} ({row.kind})"
        try:
            check_value(row.kind, row.value)
        except BadInput as error:
            raise _broken(f"{place}: {error.sentence}") from error
        if row.source not in known:
            raise _broken(f"{place}: source {row.source!r} is not there")
    _once(found.measures)
    return found


def _once(rows: Sequence[LevelMeasure]) -> None:
    seen: set[tuple[int, str]] = set()
    for row in rows:
        for level in row.levels:
            if row.kind != OTHER and (level, row.kind) in seen:
                raise _broken(f"{row.kind} stands twice in level {level}")
            seen.add((level, row.kind))


def _broken(reason: str) -> BadInput:
    return BadInput(_("levels.toml cannot be used: %(reason)s. Mend the file."), code="levels_file", reason=reason)
