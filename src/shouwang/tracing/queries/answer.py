"""A trace as one JSON object: what `shouwang trace --json` and the API print."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from shouwang.cases.models import Case
from shouwang.core import clock
from shouwang.core.errors import BadInput, NotFound
from shouwang.core.packs import active_packs, get_pack, pack_files
from shouwang.core.scope import CLI, SYSTEM, Actor
from shouwang.org.models import Person
from shouwang.org.queries import person_by_number
from shouwang.tracing.presence.on_spark import Engine
from shouwang.tracing.presence.resolving import numbers_by_id
from shouwang.tracing.queries import catalogue, judging, rulebook
from shouwang.tracing.queries.trace import TraceAnswer, trace_person
from shouwang.tracing.rules.grading import ContactRule, Graded, PlaceFacts, written_minutes

WORK = "trace.work"
DAY = 86_400
LONGEST_LOOKBACK = 366
EARLIEST_YEAR, LATEST_YEAR = 1972, 2999  # unix seconds of the whole window stay positive, and are still dates


def answer_json(
    by: Actor,
    *,
    number: str,
    onset: datetime,
    lookback_days: int,
    rule: str | None = None,
    min_seconds: int | None = None,
    engine: Engine = "embedded",
    at: datetime,
) -> dict[str, Any]:
    """Everyone who was with a person in (onset − `lookback_days` × 24 h, onset], closest grade and longest first.

    `rule` names an edition of a contact rule, a pack or its contact rule; without it the rule of the pack in force on
    the day of `at` grades, and where none is in force contacts stay ungraded. `min_seconds` leaves out who was there
    for less; `engine` computes, with the same answer. Times are unix seconds; seconds are the union of all overlaps;
    `evidence` is cut to 200 rows and `encounters` says how many there are. Needs trace.work over the person, and from
    page or API an open case of theirs: nobody's trail is open without one. NotFound, BadInput.
    """
    person = person_by_number(by, number, WORK)
    by.require(WORK)
    _require_open_case(by, person)
    if not 0 <= lookback_days <= LONGEST_LOOKBACK:
        raise BadInput(gettext_lazy("Look back from 0 to %(days)s days."), field="lookback_days", days=LONGEST_LOOKBACK)
    if not EARLIEST_YEAR <= onset.year <= LATEST_YEAR:
        raise BadInput(
            gettext_lazy("Enter a year from %(first)s to %(last)s."),
            field="onset",
            first=str(EARLIEST_YEAR),
            last=str(LATEST_YEAR),
        )
    judged_by = _rule(rule, at)
    end = int(onset.timestamp())
    answer = trace_person(person.pk, window_start=end - lookback_days * DAY, window_end=end, engine=engine)
    return {
        "person": person.number,
        "window": [answer.window_start, answer.window_end],
        "rule": judged_by.name if judged_by else None,
        "visits_searched": answer.visits_searched,
        "visits_examined": answer.visits_examined,
        "elapsed_ms": answer.elapsed_us / 1000,
        "days_missing": [day.isoformat() for day in answer.days_missing],
        "days_damaged": [day.isoformat() for day in answer.days_damaged],
        "days_stale": [day.isoformat() for day in answer.days_stale],
        "contacts": _contacts(answer, judged_by, min_seconds or 0),
    }


def _require_open_case(by: Actor, person: Person) -> None:
    if by.everything and by.mouth in {CLI, SYSTEM}:
        return
    if not Case.objects.filter(person=person, closed_at__isnull=True).exists():
        raise NotFound


def _rule(rule: str | None, at: datetime) -> ContactRule | None:
    """The rule that grades: an edition's, a pack's. BadInput naming the rules there are, for a name that is none."""
    if rule is None:
        pack = next(iter(active_packs(clock.local_day(at))), None)
        return judging.contact_rule(pack) if pack else None
    codes = sorted(pack_files())
    if rule in codes:
        return judging.contact_rule(get_pack(rule))
    if rule in catalogue.edition_files():
        return judging.graded_by(catalogue.get_edition(rule))
    named = {judging.contact_rule(get_pack(code)).name: code for code in codes}
    if rule not in named:
        raise BadInput(
            gettext_lazy("There is no contact rule “%(rule)s”. There are: %(known)s."),
            field="rule",
            rule=rule,
            known=", ".join([*named, *codes, *catalogue.edition_files()]),
        )
    return judging.contact_rule(get_pack(named[rule]))


def _contacts(answer: TraceAnswer, rule: ContactRule | None, min_seconds: int) -> list[dict[str, Any]]:
    found = answer.contacts
    if not len(found):
        return []
    if rule is not None:
        places = judging.place_facts(np.unique(answer.encounters.place).tolist())
        distances = rulebook.distances()
        ranks = judging.distance_ranks(answer, places, distances, judging.seats_of([answer], places))
        judged = judging.judge(answer, rule, places, distances.named(ranks))
        grades, places = judged.grades, judged.places
    else:
        grades = [None] * len(found)
        places = judging.place_facts(set(answer.encounters.place.tolist()))
    numbers = numbers_by_id(found.person.tolist())
    days = answer.seconds_by_day()
    columns = (c.tolist() for c in (found.person, found.seconds, found.first, found.last, found.encounters))
    rows: list[tuple[int, dict[str, Any]]] = []
    for index, (person, seconds, first, last, encounters) in enumerate(zip(*columns, strict=True)):
        grade = grades[index]
        if seconds < min_seconds or person not in numbers or (rule is not None and grade is None):
            continue
        body = {
            "person": numbers[person],
            "seconds": seconds,
            "first": first,
            "last": last,
            "days": days[index],
            "grade": grade.code if grade else judging.UNGRADED,
            "why": _why(grade, seconds),
            "encounters": encounters,
            "evidence": [_evidence(row, places) for row in judging.evidence(answer, index)[0]],
        }
        rows.append((grade.rank if grade else 0, body))
    rows.sort(key=lambda row: (row[0], -row[1]["seconds"], row[1]["person"]))
    return [body for _rank, body in rows]


def _why(grade: Graded | None, seconds: int) -> str:
    if grade is None:
        return _("Together for %(minutes)s min; no rule is in force to grade it.") % {
            "minutes": written_minutes(seconds)
        }
    return grade.why_zh if (get_language() or "zh").startswith("zh") else grade.why_en


def _evidence(row: list[int], places: dict[int, PlaceFacts]) -> dict[str, Any]:
    place, start, end, of_case, of_contact = row
    facts = places.get(place)
    zh = (get_language() or "zh").startswith("zh")
    return {
        "place": (facts.name_zh if zh else facts.name_en) if facts else None,
        "place_id": place if place >= 0 else None,
        "start": start,
        "end": end,
        "source_case": judging.SOURCE_WORDS.get(of_case, str(of_case)),
        "source_contact": judging.SOURCE_WORDS.get(of_contact, str(of_contact)),
    }
