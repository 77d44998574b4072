"""A trace by what is certain and by the most that was told, where statements of its days are not sure to the minute."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from shouwang.tracing.presence.store import open_days
from shouwang.tracing.presence.told import View, readings
from shouwang.tracing.queries import judging, rulebook
from shouwang.tracing.queries.trace import TraceAnswer, local_day, trace_person
from shouwang.tracing.rules.certainty import Settled, settle
from shouwang.tracing.rules.grading import ContactRule, Graded


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


@dataclass(frozen=True, slots=True)
class JudgedViews:
    """A settled grade for every contact of the stated view, None where the rule makes them none; and the classes of
    distance of its encounters, as places among the codes of `rulebook.distances`."""

    grades: list[Settled | None]
    ranks: judging.Int64


def judge(found: Views, rule: ContactRule) -> JudgedViews:
    """Grade by what is certain; see `rules.certainty`."""
    answers = (found.stated, found.certain, found.most) if found.differ else (found.stated,)
    places = judging.place_facts(np.unique(np.concatenate([a.encounters.place for a in answers])).tolist())
    seats, distances = judging.seats_of(answers, places), rulebook.distances()
    ranks = [judging.distance_ranks(answer, places, distances, seats) for answer in answers]
    graded = [
        judging.judge(answer, rule, places, distances.named(of)).grades
        for answer, of in zip(answers, ranks, strict=True)
    ]
    if not found.differ:
        return JudgedViews([_plain(grade) for grade in graded[0]], ranks[0])
    sides = [_by_person(answer, grades) for answer, grades in zip(answers[1:], graded[1:], strict=True)]
    names = {grade.code: grade.name for grade in rule.grades}
    nothing: tuple[Graded | None, int] = (None, 0)
    settled = []
    for person in found.stated.contacts.person.tolist():
        (certain, least), (most, longest) = (side.get(person, nothing) for side in sides)
        settled.append(settle(certain, most, certain_seconds=least, most_seconds=longest, names=names))
    return JudgedViews(settled, ranks[0])


def _by_person(answer: TraceAnswer, grades: list[Graded | None]) -> dict[int, tuple[Graded | None, int]]:
    """Person → grade and seconds together in one view."""
    met = answer.contacts
    rows = zip(met.person.tolist(), grades, met.seconds.tolist(), strict=True)
    return {person: (grade, seconds) for person, grade, seconds in rows}


def _plain(grade: Graded | None) -> Settled | None:
    return None if grade is None else Settled(grade.code, grade.why_zh, grade.why_en)
