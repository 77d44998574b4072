"""The script of a case's disease with what was answered. Answers about health are walled off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shouwang.cases.models import Case
from shouwang.cases.queries import pack_of
from shouwang.core.packs import Pack, Source
from shouwang.core.scope import Actor
from shouwang.org.models import Person
from shouwang.org.queries import reachable
from shouwang.tracing.models_told import InterviewNote
from shouwang.tracing.queries.contacts import case_to_trace
from shouwang.tracing.rules.script import Question, Script

HEALTH = "case.view"
"""Beside trace.work: an answer about health is read by whoever may read cases of that person."""


def script_of(pack: Pack) -> Script | None:
    """The pack's [interview]; None where it has none. PackError names what is wrong with it."""
    return pack.section("interview", Script) if "interview" in pack.sections else None


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its latest answer; `walled` says that there is one which this reader may not see."""

    question: Question
    source: Source | None
    text: str
    at: datetime | None
    by: str
    walled: bool
    versions: int


def asked(by: Actor, case: Case, person: Person) -> list[Asked]:
    """Every question of the script in its order; empty where the pack has no script. Two queries."""
    case_to_trace(by, case.pk)
    pack = pack_of(case)
    script = script_of(pack)
    if script is None:
        return []
    notes: dict[str, list[InterviewNote]] = {}
    for note in InterviewNote.objects.filter(case=case, person=person).select_related("by"):
        notes.setdefault(note.question, []).append(note)
    sees = sees_health(by, person)
    return [_asked(question, notes.get(question.id, []), pack, sees) for question in script.questions]


def _asked(question: Question, notes: list[InterviewNote], pack: Pack, sees: bool) -> Asked:
    source = pack.sources.get(question.source)
    if not notes:
        return Asked(question, source, "", None, "", False, 0)
    latest = notes[0]
    walled = (latest.health or question.health) and not sees
    who = latest.by.username if latest.by else ""
    return Asked(question, source, "" if walled else latest.text, latest.at, who, walled, len(notes))


def sees_health(by: Actor, person: Person) -> bool:
    return Person.objects.filter(reachable(by, HEALTH), pk=person.pk).exists()


def as_json(item: Asked) -> Mapping[str, Any]:
    return {
        "question": item.question.id,
        "text": str(item.question.text),
        "hint": str(item.question.hint) if item.question.hint else "",
        "health": item.question.health,
        "source": item.source.text if item.source else item.question.source,
        "assumption": item.source.kind == "assumption" if item.source else False,
        "answer": None if item.walled else item.text,
        "walled": item.walled,
        "at": item.at,
    }
