"""A trace graded by a contact rule, with the names that reasons and evidence need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from django.db.models import Exists, OuterRef
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

from shouwang.core.errors import NotFound
from shouwang.core.packs import Pack
from shouwang.org.models import Place
from shouwang.tracing.models_seats import SeatPlan
from shouwang.tracing.queries.catalogue import SOURCE_CODES, get_edition, words
from shouwang.tracing.queries.seating import Seating, seating
from shouwang.tracing.queries.trace import TraceAnswer
from shouwang.tracing.rules.certainty import UNSURE, UNSURE_NAME
from shouwang.tracing.rules.closeness import NEAR, Distances
from shouwang.tracing.rules.editions import Edition
from shouwang.tracing.rules.grading import ContactRule, Grade, Graded, Overlaps, PlaceFacts, grade, meetings

Int64 = NDArray[np.int64]
SOURCE_WORDS = {code: word for word, code in SOURCE_CODES.items()}
EVIDENCE_LIMIT = 200
"""Encounters kept with one contact; the number left out is kept beside them."""
UNGRADED = "contact"
ALL = slice(None)


class NamedRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[contact_rule] of a pack that leaves the rule to an edition of its own file."""

    edition: str


def named_edition(pack: Pack) -> Edition | None:
    """The edition that the pack's [contact_rule] names; None where the pack spells the rule out itself."""
    section = pack.sections.get("contact_rule")
    if not isinstance(section, dict) or "edition" not in section:
        return None
    name = pack.section("contact_rule", NamedRule).edition
    try:
        return get_edition(name)
    except NotFound as error:
        what = format_lazy(_("there is no contact rule “{name}”"), name=name)
        raise pack.refuse(("contact_rule", "edition"), what, _("`shouwang rule list` names those at hand.")) from error


def graded_by(edition: Edition) -> ContactRule:
    """The grades of an edition. One that determines no contacts grades nobody: a grade without conditions."""
    if edition.determined.on:
        return edition.rule
    return ContactRule(edition.code, edition.head.source, (Grade(UNGRADED, edition.head.title, ()),))


def contact_rule(pack: Pack) -> ContactRule:
    """The pack's [contact_rule], or the edition it names. PackError names what is wrong with it."""
    edition = named_edition(pack)
    if edition is not None:
        return graded_by(edition)
    rule = pack.section("contact_rule", ContactRule)
    for number, step in enumerate(rule.grades):
        for place, condition in enumerate(step.any):
            for key, known in words().items():
                for word in getattr(condition, key):
                    if word not in known:
                        what = format_lazy(_("“{word}” is not known here"), word=word)
                        remedy = format_lazy(_("Write one of: {words}."), words=", ".join(sorted(known)))
                        raise pack.refuse(("contact_rule", "grades", number, "any", place, key), what, remedy)
    return rule


def grade_words(pack: Pack) -> dict[str, str]:
    """Code → name in the reader's language, of the grades of the pack's rule, and of what is to be verified."""
    names = {grade.code: str(grade.name) for grade in contact_rule(pack).grades}
    return names | {UNSURE: str(UNSURE_NAME)}


def place_facts(ids: Iterable[int]) -> dict[int, PlaceFacts]:
    """Kind and names of these places: one query. A place without English name goes by its Chinese one.

    A bare number ("417") says nothing without the building it is in, and is named with it.
    """
    wanted = [int(pk) for pk in ids if pk >= 0]
    columns = (
        "pk", "kind", "name", "name_en", "parent__kind", "parent__name", "parent__name_en", "parent__parent__name",
        "parent__parent__name_en",
    )  # fmt: skip
    plans = SeatPlan.objects.filter(place=OuterRef("pk")).order_by()
    found = {}
    for pk, kind, name, name_en, kind_above, *names, planned in (
        Place.objects.filter(pk__in=wanted).order_by().values_list(*columns, Exists(plans))
    ):
        above, above_en = names[2:] if kind_above == Place.Kind.FLOOR else names[:2]
        zh, en = name, name_en or name
        if above and not any(letter.isalpha() for letter in name):
            zh, en = f"{above} {zh}", f"{above_en or above} {en}"
        found[pk] = PlaceFacts(kind, zh, en, planned)
    # A place deleted since the day was built: the record still counts, its kind is not known any more.
    return found | {pk: PlaceFacts("", f"#{pk}", f"#{pk}") for pk in wanted if pk not in found}


def seats_of(answers: Sequence[TraceAnswer], places: Mapping[int, PlaceFacts]) -> Seating:
    """The seat plans that may speak of these answers: those with a seat of a person traced. One query, none where no
    place has a plan."""
    planned = [pk for pk, facts in places.items() if facts.planned]
    if not answers or not planned:
        return Seating()
    first = min(answer.first_day for answer in answers)
    last = max(answer.day(len(answer.boundaries) - 2) for answer in answers)
    return seating([answer.person_id for answer in answers], planned, first, last)


def distance_ranks(
    answer: TraceAnswer,
    places: Mapping[int, PlaceFacts],
    distances: Distances,
    seats: Seating,
    rows: slice = ALL,
) -> Int64:
    """The class of distance of every encounter, as its place among `distances.codes`: what the seats say, else what the
    kind of place says."""
    met = answer.encounters
    ranks = {code: rank for rank, code in enumerate(distances.codes)}
    of_kind = {kind: ranks[item.code] for item in distances.classes for kind in item.kinds}
    distinct, row = np.unique(met.place[rows], return_inverse=True)
    kinds = [places[int(pk)].kind if pk >= 0 else NEAR for pk in distinct]
    found = np.array([of_kind.get(kind, ranks[""]) for kind in kinds], np.int64)[row].astype(np.int64)
    planned = np.flatnonzero(np.isin(met.place[rows], list(seats.plans)))
    columns = (column[rows][planned].tolist() for column in (met.person, met.place, met.start, met.end))
    for index, person, place, start, end in zip(planned.tolist(), *columns, strict=True):
        code = seats.between(answer.person_id, person, place, start, end, distances.seats)
        if code:
            found[index] = ranks[code]
    return found


def overlaps(answer: TraceAnswer, codes: Sequence[str] = ()) -> Overlaps:
    """The answer's encounters as the grading rule takes them; `codes` their classes of distance."""
    met = answer.encounters
    return Overlaps(
        contacts=len(answer.contacts),
        contact=np.repeat(np.arange(len(answer.contacts), dtype=np.int64), answer.contacts.encounters),
        place=met.place,
        start=met.start,
        end=met.end,
        source=np.where(met.source_case == met.source_contact, met.source_case, 0).astype(np.uint8),
        day=answer.day_numbers(met.start),
        distance=codes,
    )


@dataclass(frozen=True, slots=True)
class Judged:
    """Grades by contact (None: not a contact by this rule) and the facts of the places met."""

    grades: list[Graded | None]
    places: dict[int, PlaceFacts]


def judge(
    answer: TraceAnswer, rule: ContactRule, places: dict[int, PlaceFacts] | None = None, codes: Sequence[str] = ()
) -> Judged:
    """Grade every contact of the answer; `places` where the caller has the facts of every place already, `codes` the
    classes of distance, without which no condition on distances holds."""
    if places is None:
        places = place_facts(np.unique(answer.encounters.place).tolist())
    return Judged(grade(overlaps(answer, codes), rule, places, SOURCE_CODES), places)


def closeness(answer: TraceAnswer, ranks: Int64, distances: Distances) -> tuple[list[str], list[int]]:
    """Of every contact the code of the nearest class of distance ("" for none), and how many times they met."""
    seen, number, names = overlaps(answer), len(answer.contacts), distances.codes
    nearest = np.full(number, len(names) - 1, np.int64)
    if len(seen.place):
        np.minimum.at(nearest, seen.contact, ranks)
    times = meetings(seen.contact, number, seen.start, seen.end, distances.meetings.break_minutes * 60)
    return [names[rank] for rank in nearest.tolist()], times.tolist()


def evidence(answer: TraceAnswer, contact: int) -> tuple[list[list[int]], int]:
    """Rows [place id or −1, start, end, source of the case's record, source of the contact's] and how many are left
    out. Beyond the limit the longest overlaps are kept, in order of time."""
    low, high = int(answer.contacts.offsets[contact]), int(answer.contacts.offsets[contact + 1])
    rows = np.arange(low, high)
    met = answer.encounters
    if len(rows) > EVIDENCE_LIMIT:
        longest = np.argsort(met.start[rows] - met.end[rows], kind="stable")[:EVIDENCE_LIMIT]
        rows = rows[np.sort(longest)]
    columns: list[list[Any]] = [
        column[rows].tolist() for column in (met.place, met.start, met.end, met.source_case, met.source_contact)
    ]
    return [list(row) for row in zip(*columns, strict=True)], (high - low) - len(rows)
