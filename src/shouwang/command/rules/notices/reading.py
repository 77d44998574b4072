"""A whole notice read: head, sections, measures, and what could not be placed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from shouwang.command.rules.notices.body import Section, read_body
from shouwang.command.rules.notices.head import Head, read_head
from shouwang.command.rules.notices.lines import Flow, lines_of, paragraphs
from shouwang.command.rules.notices.orders import Measure, Unplaced, orders_in


@dataclass(frozen=True, slots=True)
class Reading:
    """What `read` made of a notice. Unknown is None or empty, never a guess."""

    head: Head
    preamble: list[Flow]
    sections: list[Section]
    measures: list[Measure]
    unread: list[Unplaced] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """As `shouwang directive read --json` prints it."""
        head = self.head
        return {
            "issuer": head.issuer,
            "number": head.number,
            "urgency": head.urgency,
            "title": head.title,
            "addressees": head.addressees,
            "preamble": "\n".join(flow.text for flow in self.preamble),
            "sections": [_section(section) for section in self.sections],
            "attachments": head.attachments,
            "copies": head.copies,
            "date": head.dated.isoformat() if head.dated else None,
            "print_date": head.print_date.isoformat() if head.print_date else None,
            "issuing_office": head.issuing_office,
            "measures": [_measure(measure) for measure in self.measures],
            "unread": [{"text": one.text, "section": one.section, "reason": one.reason} for one in self.unread],
        }


def read(source: str) -> Reading:
    """Read a notice. The same text always gives the same reading; an empty one gives an empty reading."""
    lines = lines_of(source)
    head = read_head(lines)
    first, last = head.body
    preamble, sections = read_body(paragraphs(lines[first:last]))
    issued = head.dated or head.print_date
    found: list[Measure | Unplaced] = []
    if sections:
        for section in sections:
            found += _of(section, section.number, None, issued)
    else:
        found += orders_in(preamble, section=None, issued=issued)
    measures = list({(one.capability, one.span): one for one in found if isinstance(one, Measure)}.values())
    unread = [one for one in found if isinstance(one, Unplaced)]
    unread += [
        Unplaced(line.text, None, "not_placed")
        for k, line in enumerate(lines)
        if k not in head.used and not first <= k < last
    ]
    return Reading(head, preamble, sections, measures, unread)


def _of(section: Section, number: str, below: str | None, issued: Any) -> Iterator[Measure | Unplaced]:
    texts = section.text
    if section.heading and not section.text and not section.parts:
        texts = [section.heading]  # a numbered line without text is the order itself
    yield from orders_in(texts, section=number, subsection=below, issued=issued)
    for part in section.parts:
        label = part.number if below is None else f"{below}.{part.number}"
        yield from _of(part, number, label, issued)


def _section(section: Section) -> dict[str, Any]:
    return {
        "number": section.number,
        "heading": section.heading.text,
        "text": "\n".join(flow.text for flow in section.every_text()),
        "sections": [_section(part) for part in section.parts],
    }


def _measure(measure: Measure) -> dict[str, Any]:
    found = asdict(measure)
    del found["span"]
    return {**found, "words": list(measure.words), "at": list(measure.span)}
