"""Gap rules as data, and the state machine of a correction. Values in, decision out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from django.utils.functional import Promise
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from shouwang.core.errors import BadInput, Conflict, Forbidden
from shouwang.core.owned_files import check_coded, decoded, in_force, version_of
from shouwang.core.packs import Text

SHIPPED = Path(__file__).resolve().parent.parent / "gaps.toml"
CODES = (
    "clocks_late", "alerts_waiting", "contacts_waiting", "orders_unread", "monitored_missed", "unplaced", "beds_short",
    "reports_missing", "directives_unread", "tasks_overdue", "silent", "doubtful_checkins", "uncovered_units",
    "level_review", "hotspots",
)  # fmt: skip
SEVERITY = ("danger", "warn", "notice")
Words = Annotated[str, msgspec.Meta(min_length=2, max_length=200)]


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    kind: str
    text: Text


class Sentence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    zh: Words
    en: Words
    en_one: str = ""

    def said(self, count: int = 0, of: int | None = None) -> str:
        """In the reader's language."""
        text = self.zh if (get_language() or "zh").startswith("zh") else self.en
        if text is self.en and count == 1 and self.en_one:
            text = self.en_one
        return text.replace("{count}", str(count)).replace("{of}", "?" if of is None else str(of))


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: str
    severity: Literal["danger", "warn", "notice"]
    at_least: Annotated[int, msgspec.Meta(ge=1)]
    hours: Annotated[int, msgspec.Meta(ge=1, le=24 * 90)]
    sentence: Sentence
    correction: Sentence
    page: str
    source: str
    persists: Annotated[int, msgspec.Meta(ge=0, le=60 * 24 * 30)] | None = None


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sources: tuple[Source, ...]
    rules: tuple[Rule, ...]
    version: str = ""

    @property
    def by_code(self) -> Mapping[str, Rule]:
        return {rule.code: rule for rule in self.rules}

    def source_of(self, rule: Rule) -> Source:
        return next(source for source in self.sources if source.id == rule.source)


def gap_rules(home: Path) -> Rules:
    """The rules in force: `home`/gaps.toml, else the shipped file. BadInput names what is wrong with it."""
    return in_force(home, SHIPPED, read_rules)


def read_rules(content: bytes) -> Rules:
    """BadInput (`gaps_file`) for a file that is not one: unknown keys or codes, a code twice, a source that is not
    there. `version` is the SHA-256 of the text, shortened to 12 digits."""
    found = decoded(content, Rules, _refused)
    sources = {source.id for source in found.sources}
    check_coded(found.rules, codes=CODES, sources=sources, refusal=_refused)
    return msgspec.structs.replace(found, version=version_of(content))


def _refused(reason: str) -> BadInput:
    return BadInput(_("gaps.toml cannot be used: %(reason)s. Mend the file."), code="gaps_file", reason=reason)


@dataclass(frozen=True, slots=True)
class Evidence:
    """`count` of `of` (None: unknown)."""

    count: int
    of: int | None = None


def is_gap(rule: Rule, evidence: Evidence) -> bool:
    return evidence.count >= rule.at_least


def opens_by_itself(rule: Rule, *, since: datetime, now: datetime) -> bool:
    """Whether a correction is opened without a person, as the gap has lasted `persists` minutes."""
    return rule.persists is not None and now - since >= timedelta(minutes=rule.persists)


# --- a correction ----------------------------------------------------------------------------------------------------

OPEN, DONE, VERIFIED, DROPPED = "open", "done", "verified", "dropped"
FINAL = frozenset({VERIFIED, DROPPED})
UNIT, OFFICE = "unit", "office"
LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Standing:
    """Whose turn it is, and what they do next."""

    side: str
    next_step: Promise


STANDING: Mapping[str, Standing] = {
    OPEN: Standing(UNIT, _("Mend it and say what was done, or note what stands in the way.")),
    DONE: Standing(OFFICE, _("Look at it and verify it, or send it back with a reason. Not whoever did it.")),
}


@dataclass(frozen=True, slots=True)
class Act:
    """`says`: words are needed. `after` None leaves the state."""

    name: str
    side: str
    label: Promise
    frm: frozenset[str]
    after: str | None
    says: bool = True


ACTS: Mapping[str, Act] = {
    act.name: act
    for act in (
        Act("note", UNIT, pgettext_lazy("correction", "Note progress"), frozenset({OPEN}), None),
        Act("done", UNIT, pgettext_lazy("correction", "It is mended"), frozenset({OPEN}), DONE),
        Act("verify", OFFICE, pgettext_lazy("correction", "Verify"), frozenset({DONE}), VERIFIED, says=False),
        Act("send_back", OFFICE, pgettext_lazy("correction", "Send back"), frozenset({DONE}), OPEN),
        Act("extend", OFFICE, pgettext_lazy("correction", "Give more time"), frozenset({OPEN}), None),
        Act("drop", OFFICE, pgettext_lazy("correction", "Drop it"), frozenset({OPEN, DONE}), DROPPED),
    )
}


def check_act(name: str, state: str, *, sides: frozenset[str], own_work: bool, text: str) -> Act:
    """The act, if one who stands on `sides` may do it in `state`. `own_work`: they said that it was mended, or answer
    for the unit. Forbidden, Conflict (`correction_state`) or BadInput (`text_missing`) otherwise."""
    act = ACTS.get(name)
    if act is None:
        raise BadInput(_("A correction knows no “%(name)s”."), code="act_unknown", field="act", name=name)
    if act.side not in sides:
        raise Forbidden(_("This step of the correction is not yours."))
    if state not in act.frm:
        raise Conflict(_("The correction is not in a state for this. Load the page again."), code="correction_state")
    if act.name == "verify" and own_work:
        raise Forbidden(_("Somebody else verifies: you said that it was mended, or you answer for the unit."))
    if act.says and not 4 <= len(text.strip()) <= LONGEST:
        raise BadInput(
            _("Say it in 4 to %(limit)s characters."), code="text_missing", field="text", limit=LONGEST
        )  # fmt: skip
    return act
