"""Directives: what may follow what, the number, the sections, what two editors changed, to whom one goes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django.utils.translation import gettext_lazy as _

from shouwang.core.errors import BadInput, Conflict

DRAFT, REVIEW, ISSUED, SUPERSEDED, WITHDRAWN = "draft", "review", "issued", "superseded", "withdrawn"
# Act -> the states it is possible in.
STEPS: Mapping[str, tuple[str, ...]] = {
    "edit": (DRAFT, REVIEW),
    "submit": (DRAFT,),
    "send_back": (REVIEW,),
    "sign": (REVIEW,),
    "issue": (REVIEW,),
    "withdraw": (DRAFT, REVIEW, ISSUED),
    "supersede": (ISSUED,),
}
REASON = 500


def check_step(state: str, act: str) -> None:
    """Conflict where the directive has moved on."""
    if state not in STEPS[act]:
        raise Conflict(_("The directive has moved on meanwhile. Look at it again."), code="directive_moved_on")


def check_reason(reason: str) -> str:
    reason = reason.strip()
    if not 2 <= len(reason) <= REASON:
        raise BadInput(_("Give a reason, in 2 to %(limit)s characters."), field="reason", limit=REASON)
    return reason


@dataclass(frozen=True, slots=True)
class Draft:
    """What is looked at before a directive goes into review, and again before it leaves."""

    title: str
    body: str
    undecided: int
    accepted: int
    aims: int
    undated: int
    past: int
    due_at: datetime | None
    acknowledge_by: datetime | None
    prefix: str
    number: str


def check_complete(draft: Draft, *, now: datetime) -> None:
    """BadInput naming what is missing: title, text, decisions, recipients, number, deadlines that lie ahead."""
    if not draft.title.strip():
        raise BadInput(_("It has no title."), field="title")
    if not draft.body.strip():
        raise BadInput(_("It has no text."), field="body")
    if draft.undecided:
        raise BadInput(
            _("%(n)s proposals are neither accepted nor dropped."), field="measures", code="undecided",
            n=draft.undecided,
        )  # fmt: skip
    if not draft.aims:
        raise BadInput(_("Say to which units it goes."), field="aims", code="no_recipients")
    if not draft.prefix.strip() and not draft.number.strip():
        raise BadInput(_("Give the prefix of its number, such as 院党字."), field="prefix", code="no_number")
    if draft.acknowledge_by is None or draft.acknowledge_by <= now:
        raise BadInput(
            _("Say until when units acknowledge it: a time that lies ahead."), field="acknowledge_by",
            code="deadline_missing",
        )  # fmt: skip
    if draft.past:
        raise BadInput(
            _("%(n)s measures are due before now: give them a later deadline, or none."), field="measures",
            code="deadline_past", n=draft.past,
        )  # fmt: skip
    if draft.undated and (draft.due_at is None or draft.due_at <= now):
        raise BadInput(
            _("%(n)s measures name no deadline: give one for them, a time that lies ahead."), field="due_at",
            code="deadline_missing", n=draft.undated,
        )  # fmt: skip


def number_of(prefix: str, year: int, serial: int) -> str:
    """望院发〔2026〕6号: hexagonal brackets, no leading zero, no 第 (GB/T 9704-2012)."""
    return f"{prefix.strip()}〔{year}〕{serial}号"


Level = Literal[1, 2, 3, 4]
_LEVELS: tuple[tuple[Level, re.Pattern[str]], ...] = (
    (1, re.compile(r"^[一二三四五六七八九十百]+、")),
    (2, re.compile(r"^[（(][一二三四五六七八九十百]+[）)]")),
    (3, re.compile(r"^\d{1,3}[.．、](?!\d)")),
    (4, re.compile(r"^[（(]\d{1,3}[）)]")),
)
HEADING_ENDS = re.compile(r"[。；;.!！?？:：]")


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph of the text. `level` 1 一、 2 （一） 3 1. 4 （1）, 0 none; `heading` is the part set as a heading,
    `text` the rest, empty where the paragraph is nothing but a heading."""

    level: int
    heading: str
    text: str


def passages(body: str) -> list[Passage]:
    """The paragraphs of a text with their levels. A numbered paragraph is a heading when it ends without a
    full stop; where more follows its first sentence, that sentence is."""
    found = []
    for line in body.splitlines():
        text = line.strip().strip("\u3000").strip()
        if not text:
            continue
        level = next((number for number, pattern in _LEVELS if pattern.match(text)), 0)
        if level not in (1, 2):
            found.append(Passage(level, "", text))
            continue
        end = HEADING_ENDS.search(text, 3)
        if end is None:
            found.append(Passage(level, text, ""))
        elif end.end() < len(text):
            found.append(Passage(level, text[: end.end()], text[end.end() :]))
        else:
            found.append(Passage(level, "", text))
    return found


@dataclass(frozen=True, slots=True)
class Clash:
    """A field that both changed, each from `base`: `theirs` is stored already, `mine` is what was sent now."""

    field: str
    base: Any
    theirs: Any
    mine: Any


def merge(
    base: Mapping[str, Any], mine: Mapping[str, Any], theirs: Mapping[str, Any]
) -> tuple[dict[str, Any], list[Clash]]:
    """What to write, and what two people changed differently. `base` is what `mine` was made from, `theirs` what stands
    now. A field that only I changed is written; one that only they changed stays; the same change twice is none."""
    changed: dict[str, Any] = {}
    clashes = []
    for field, value in mine.items():
        if value == base[field] or value == theirs[field]:
            continue
        if theirs[field] == base[field]:
            changed[field] = value
        else:
            clashes.append(Clash(field, base[field], theirs[field], value))
    return changed, clashes


def base_of(now: Mapping[str, Any], changes: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """The values as they stood before `changes` (field, old value), which are given oldest first."""
    base = dict(now)
    seen: set[str] = set()
    for field, old in changes:
        if field in base and field not in seen:
            base[field] = old
            seen.add(field)
    return base


def check_aims(aims: Sequence[Mapping[str, Any]], kinds: frozenset[str]) -> list[dict[str, Any]]:
    """Aims in their stored form, without doubles. BadInput for one of another form."""
    found: list[dict[str, Any]] = []
    for aim in aims:
        unit, kind = aim.get("unit"), aim.get("kind", "")
        if not isinstance(unit, int) or isinstance(unit, bool) or kind not in {"", "*", *kinds}:
            raise BadInput(_("A recipient is a unit, and which units of its subtree."), field="aims")
        if (one := {"unit": unit, "kind": kind}) not in found:
            found.append(one)
    return found
