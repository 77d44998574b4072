"""What tracing shows elsewhere: the tracer's card on the home page, the contacts panel on a case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shouwang.cases.models import Case
from shouwang.core import clock
from shouwang.core.scope import Actor
from shouwang.tracing.models import Contact
from shouwang.tracing.queries import contacts as queries
from shouwang.tracing.queries import conversion, following, sources


def desk_card(actor: Actor) -> Mapping[str, Any]:
    """Cases not traced yet and contacts without a decision, each with its denominator."""
    rows = queries.desk(actor)
    return {
        "cases": len(rows),
        "untraced": sum(row.last_trace is None for row in rows),
        "contacts": sum(row.close for row in rows),
        "waiting": sum(row.waiting for row in rows),
        "unknown": sum(row.unknown for row in rows),
        "as_of": clock.now(),
    }


def follow_up_card(actor: Actor) -> Mapping[str, Any] | None:
    """Whom one looks after and has not heard of today; nothing where nobody within reach is followed."""
    at = clock.now()
    found = following.due_numbers(actor, at=at)
    return {**found, "as_of": at} if found["running"] else None


def case_panel(actor: Actor, case: Case) -> Mapping[str, Any] | None:
    """Numbers of a case's contacts for whoever may trace it; nothing for a closed one."""
    if not queries.cases_to_trace(actor).filter(pk=case.pk).exists():
        return None
    counts = queries.counts(case)
    standing = {key: n for key, n in counts.items() if key[1] != Contact.State.DISMISSED}
    return {
        "traced": case.traces.first(),
        "total": sum(standing.values()),
        "close": sum(n for (grade, _state), n in standing.items() if grade == "close"),
        "waiting": standing.get(("close", Contact.State.CANDIDATE), 0),
    }


def before_panel(actor: Actor, case: Case) -> Mapping[str, Any] | None:
    """Whose contact the person of the case was, and how their follow-up went; nothing where they were nobody's."""
    found = conversion.before(actor, case)
    return None if found is None else {"found": found}


def sources_panel(actor: Actor, case: Case) -> Mapping[str, Any]:
    """Where the case was infected, as far as it is known."""
    return {"found": sources.sources_of(actor, case)}
