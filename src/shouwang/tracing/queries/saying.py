"""Rules, previews and explanations as JSON: what API and terminal print alike."""

from __future__ import annotations

from typing import Any

from shouwang.core import clock
from shouwang.core.packs import Source
from shouwang.tracing.queries.preview import KINDS, Change, Preview
from shouwang.tracing.queries.readers import silence_json, silences_between
from shouwang.tracing.queries.rulebook import Ruling
from shouwang.tracing.queries.transit import Companions, companions, walks_json
from shouwang.tracing.queries.why import WORDS, Link, Why
from shouwang.tracing.rules.closeness import Weighed
from shouwang.tracing.rules.editions import DatedSource, Edition, TracingWindow
from shouwang.tracing.rules.grading import Examined


def edition_json(edition: Edition) -> dict[str, Any]:
    """One line of the list of rules."""
    head, ring = edition.head, edition.second_ring
    days = {item.grade: [[phase.place, phase.days, list(phase.test_days)] for phase in item.phases]
            for item in edition.observation}  # fmt: skip
    return {
        "code": head.code,
        "disease": head.disease,
        "title": str(head.title),
        "issued_by": str(head.issued_by),
        "in_force_from": head.in_force_from,
        "in_force_to": head.in_force_to,
        "by_date": head.by_date,
        "contacts": edition.determined.on,
        "days_before_onset": edition.window.before_onset.days,
        "days_before_sampling": (edition.window.before_sampling or edition.window.before_onset).days,
        "from_last_negative": bool(edition.window.last_negative and edition.window.last_negative.on),
        "second_ring": bool(ring and ring.on),
        "grades": {grade.code: str(grade.name) for grade in edition.grades},
        "observation": days,
        "sha256": edition.sha256,
        "source": _source(edition.sources[head.source]),
    }


def _source(source: DatedSource | Source | None) -> dict[str, Any] | None:
    if source is None:
        return None
    return {"kind": source.kind, "text": source.text, "date": getattr(source, "date", None), "url": source.url or None}


def _window(window: TracingWindow) -> dict[str, Any]:
    return {
        "from": window.start,
        "until": window.end,
        "basis": window.basis,
        "ended_by": window.ended_by,
        "days_before": window.days_before,
        "days_after": window.days_after,
    }


def ruling_json(ruling: Ruling) -> dict[str, Any]:
    """The rule of a case, and why it is this one."""
    chosen, edition = ruling.chosen, ruling.edition
    named = edition.head.source if edition is not None else ruling.rule.source if ruling.rule is not None else ""
    return {
        "rule": ruling.name,
        "title": str(ruling.title),
        "basis": ruling.basis,
        "why": ruling.why,
        "contacts": ruling.rule is not None,
        "second_ring": ruling.second_ring is not None,
        "window": _window(ruling.window),
        "sha256": ruling.sha256,
        "source": _source(ruling.source(named)),
        "grades": {code: str(name) for code, name in ruling.grade_names.items()},
        "chosen": {"reason": chosen.reason, "at": chosen.at, "last_negative_at": chosen.last_negative_at}
        if chosen
        else None,
    }


def preview_json(found: Preview) -> dict[str, Any]:
    """Who would be added, dropped and changed, with reasons."""
    counted = {kind: found.count(kind) for kind in KINDS if kind != "same"}
    return {
        "now": ruling_json(found.now),
        "proposed": ruling_json(found.proposed),
        "traced": found.traced,
        "counts": {**counted, "same": found.same},
        "days_missing": found.found.days_missing,
        "changes": [_change(change) for change in found.changes],
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "person": change.person.number,
        "name": change.person.name,
        "change": change.kind,
        "before": change.before or None,
        "after": change.after or None,
        "reason": str(change.reason),
        "decided": change.decided or None,
        "kept": change.kept,
        "by_records": change.by_records,
    }


def why_json(why: Why) -> dict[str, Any]:
    """The whole explanation with its arithmetic."""
    held = why.contact
    return {
        "case": why.case.number,
        "person": why.person.number,
        "name": why.person.name,
        "verdict": why.verdict,
        "says": why.says,
        "grade": why.grade or None,
        "rule": ruling_json(why.ruling),
        "checks": [_check(check, why.ruling) for check in why.checks],
        "seconds": why.seconds,
        "meetings": why.meetings,
        "range": _range(why),
        "distance": why.distance or None,
        "last_exposure": why.last_exposure,
        "encounters": [
            {"place": item.place, "place_id": item.place_id, "from": item.start, "until": item.end,
             "sources": list(item.sources)}
            for item in why.encounters
        ],
        "outside": _outside(why),
        "links": [_link(link, why.ruling) for link in why.links],
        "weight": _weight(why.weighed),
        "days_missing": why.days_missing,
        "days_stale": why.days_stale,
        "transits": walks_json(found.people[0].walks) if (found := _walked(why)).people else [],
        "silences": [
            silence_json(one)
            for one in silences_between(why.ruling.window.start, why.ruling.window.end, clock.zone())
        ],
        "on_record": {
            "grade": held.grade, "state": held.state, "rule": held.trace.rule, "reason": held.decision_reason,
            "override": held.override or None, "override_reason": held.override_reason,
            "link": held.link.number if held.link else None,
        } if held else None,
    }  # fmt: skip


def _walked(why: Why) -> Companions:
    return companions(why.case, at=clock.now(), number=why.person.number)


def _range(why: Why) -> dict[str, Any] | None:
    """What is certain and the most that was told; null where everything is certain."""
    span = why.range
    if span is None:
        return None
    return {"certain_seconds": span.certain, "most_seconds": span.most, "grade_if_true": span.grade or None}


def _outside(why: Why) -> dict[str, Any] | None:
    found = why.outside
    if found is None:
        return None
    return {"encounters": found.encounters, "seconds": found.seconds, "nearest": found.nearest}


def _check(check: Examined, ruling: Ruling) -> dict[str, Any]:
    return {
        "grade": check.grade,
        "condition": str(check.condition.because),
        "seconds": check.seconds,
        "needed_seconds": check.needed,
        "holds": check.word == "holds",
        "word": check.word,
        "says": str(WORDS[check.word]),
        "source": _source(ruling.source_of(check.condition)),
    }


def _link(link: Link, ruling: Ruling) -> dict[str, Any]:
    return {
        "person": link.person.number,
        "name": link.person.name,
        "since": link.since,
        "seconds": link.seconds,
        "first": link.first,
        "last": link.last,
        "holds": link.holds,
        "checks": [_check(check, ruling) for check in link.checks],
    }


def _weight(weighed: Weighed | None) -> dict[str, Any] | None:
    """The sum and its lines: hours × place × infectiousness. No probability, and no score of a person."""
    if weighed is None:
        return None
    return {
        "total_hours": round(weighed.total, 3),
        "unknown_seconds": weighed.unknown_seconds,
        "terms": [
            {
                "days_after_onset": term.day,
                "seconds": term.seconds,
                "place": str(term.place.name) if term.place else None,
                "place_factor": term.place.factor if term.place else None,
                "infectiousness": term.infectious.factor if term.infectious else None,
                "product_hours": round(term.product, 3) if term.product is not None else None,
            }
            for term in weighed.terms
        ],
    }
