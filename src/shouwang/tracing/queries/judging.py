"""A trace graded by a contact rule, with the names that reasons and evidence need."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.utils.translation import gettext_lazy as _

from shouwang.core.packs import Pack, PackError
from shouwang.org.models import Place
from shouwang.tracing.models import PresenceSource
from shouwang.tracing.queries.trace import TraceAnswer
from shouwang.tracing.rules.grading import ContactRule, Graded, Overlaps, PlaceFacts, grade

SOURCE_CODES = {source.name.lower(): int(source) for source in PresenceSource}
SOURCE_WORDS = {code: word for word, code in SOURCE_CODES.items()}
EVIDENCE_LIMIT = 200
"""Encounters kept with one contact; the number left out is kept beside them."""


def contact_rule(pack: Pack) -> ContactRule:
    """The pack's [contact_rule]. PackError names what is wrong with it."""
    rule = pack.section("contact_rule", ContactRule)
    conditions = [condition for step in rule.grades for condition in step.any]
    named = [(word, SOURCE_CODES) for condition in conditions for word in condition.sources]
    named += [(word, dict.fromkeys(Place.Kind.values, 0)) for condition in conditions for word in condition.place_kinds]
    for word, known in named:
        if word not in known:
            raise PackError(
                _("Pack %(pack)s, section [%(section)s]: %(reason)s"),
                pack=pack.code,
                section="contact_rule",
                reason=f"{word!r} is none of {', '.join(known)}",
            )
    return rule


def place_facts(ids: Iterable[int]) -> dict[int, PlaceFacts]:
    """Kind and names of these places: one query. A place without English name goes by its Chinese one.

    A bare number ("417") says nothing without the building it is in, and is named with it.
    """
    wanted = [int(pk) for pk in ids if pk >= 0]
    columns = (
        "pk", "kind", "name", "name_en", "parent__kind", "parent__name", "parent__name_en", "parent__parent__name",
        "parent__parent__name_en",
    )  # fmt: skip
    found = {}
    for pk, kind, name, name_en, kind_above, *names in (
        Place.objects.filter(pk__in=wanted).order_by().values_list(*columns)
    ):
        above, above_en = names[2:] if kind_above == Place.Kind.FLOOR else names[:2]
        zh, en = name, name_en or name
        if above and not any(letter.isalpha() for letter in name):
            zh, en = f"{above} {zh}", f"{above_en or above} {en}"
        found[pk] = PlaceFacts(kind, zh, en)
    # A place deleted since the day was built: the record still counts, its kind is not known any more.
    return found | {pk: PlaceFacts("", f"#{pk}", f"#{pk}") for pk in wanted if pk not in found}


def overlaps(answer: TraceAnswer) -> Overlaps:
    """The answer's encounters as the grading rule takes them."""
    met = answer.encounters
    return Overlaps(
        contacts=len(answer.contacts),
        contact=np.repeat(np.arange(len(answer.contacts), dtype=np.int64), answer.contacts.encounters),
        place=met.place,
        start=met.start,
        end=met.end,
        source=np.where(met.source_case == met.source_contact, met.source_case, 0).astype(np.uint8),
        day=answer.day_numbers(met.start),
    )


@dataclass(frozen=True, slots=True)
class Judged:
    """Grades by contact (None: not a contact by this rule) and the facts of the places met."""

    grades: list[Graded | None]
    places: dict[int, PlaceFacts]


def judge(answer: TraceAnswer, rule: ContactRule) -> Judged:
    """Grade every contact of the answer."""
    places = place_facts(np.unique(answer.encounters.place).tolist())
    return Judged(grade(overlaps(answer), rule, places, SOURCE_CODES), places)


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
