"""A trace by what is certain and by the most that was told, where statements of its days are not sure to the minute."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from shouwang.tracing.presence.store import open_days
from shouwang.tracing.presence.told import View, readings
from shouwang.tracing.queries import judging
from shouwang.tracing.queries.trace import TraceAnswer, local_day, trace_person
from shouwang.tracing.rules.certainty import Settled, settle
from shouwang.tracing.rules.grading import ContactRule, Graded, PlaceFacts


@dataclass(frozen=True, slots=True)
class Views:
    """One trace read three ways; `certain` and `most` are `stated` itself where nothing said is uncertain."""

    stated: TraceAnswer
    certain: TraceAnswer
    most: TraceAnswer

    @property
    def differ(self) -> bool:
        return self.certain is not self.stated


def views(person_id: int, *, window_start: int, window_end: int) -> Views:
    """As `trace_person`, which asks no permission either; traced thrice only where it makes a difference."""
    first, last = local_day(window_start), local_day(max(window_start, window_end - 1))
    days, said = open_days(first, last, told=False), readings(first, last)
    found = {
        view: trace_person(
            person_id, window_start=window_start, window_end=window_end,
            opened=days if segment is None else replace(days, segments=[*days.segments, segment]),
        )
        for view, segment in said.items()
    }  # fmt: skip
    stated = found[View.STATED]
    return Views(stated, found.get(View.CERTAIN, stated), found.get(View.POSSIBLE, stated))


def judge(found: Views, rule: ContactRule) -> tuple[list[Settled | None], dict[int, PlaceFacts]]:
    """A settled grade for every contact of `found.stated`, None where the rule makes them none; and the places."""
    if not found.differ:
        judged = judging.judge(found.stated, rule)
        return [_plain(grade) for grade in judged.grades], judged.places
    answers = (found.stated, found.certain, found.most)
    places = judging.place_facts(np.unique(np.concatenate([a.encounters.place for a in answers])).tolist())
    sides = [_by_person(answer, rule, places) for answer in answers[1:]]
    names = {grade.code: grade.name for grade in rule.grades}
    nothing: tuple[Graded | None, int] = (None, 0)
    settled = []
    for person in found.stated.contacts.person.tolist():
        (certain, least), (most, longest) = (side.get(person, nothing) for side in sides)
        settled.append(settle(certain, most, certain_seconds=least, most_seconds=longest, names=names))
    return settled, places


def _by_person(
    answer: TraceAnswer, rule: ContactRule, places: dict[int, PlaceFacts]
) -> dict[int, tuple[Graded | None, int]]:
    """Person → grade and seconds together in one view."""
    grades, met = judging.judge(answer, rule, places).grades, answer.contacts
    rows = zip(met.person.tolist(), grades, met.seconds.tolist(), strict=True)
    return {person: (grade, seconds) for person, grade, seconds in rows}


def _plain(grade: Graded | None) -> Settled | None:
    return None if grade is None else Settled(grade.code, grade.why_zh, grade.why_en)
