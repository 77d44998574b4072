"""Why a person is a contact: the kept encounters, the rule, and the sum they make."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import get_language

from shouwang.cases.queries import pack_of
from shouwang.tracing.models import Contact
from shouwang.tracing.queries import catalogue, judging
from shouwang.tracing.queries.story import Encounter, encounters


@dataclass(frozen=True, slots=True)
class Explanation:
    """`rule_source` is a document, or the name of a source of the pack. `counted_seconds` is the union of the kept
    encounters; `left_out` counts those that were not kept."""

    window: tuple[datetime, datetime]
    rule: str
    rule_source: str
    counted_seconds: int
    left_out: int
    encounters: list[Encounter]


def why(contact: Contact) -> str:
    """The rule's reason in the reader's language."""
    return contact.why_zh if (get_language() or "zh").startswith("zh") else contact.why_en


def explain(contact: Contact) -> Explanation:
    """Evidence, rule and arithmetic of one contact, which its reader has fetched by `contact_for`."""
    return Explanation(
        window=(contact.trace.window_start, contact.trace.window_end),
        rule=contact.trace.rule,
        rule_source=_source(contact),
        counted_seconds=_union([(row[1], row[2]) for row in contact.evidence]),
        left_out=contact.encounters - len(contact.evidence),
        encounters=encounters(contact),
    )


def _source(contact: Contact) -> str:
    """The document of the edition that graded the contact; of a pack's own rule the name of its source."""
    rule = contact.trace.rule
    if contact.trace.rule_basis != "pack" and rule in catalogue.edition_files():
        edition = catalogue.get_edition(rule)
        return edition.sources[edition.head.source].text
    return judging.contact_rule(pack_of(contact.case)).source


def _union(intervals: list[tuple[int, int]]) -> int:
    """Length of the union of [start, end) intervals, in seconds."""
    total, reach = 0, 0
    for start, end in sorted(intervals):
        total += max(0, end - max(start, reach))
        reach = max(reach, end)
    return total
