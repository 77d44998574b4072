"""Open gaps and the next step for each. A gap is a fact that somebody must mend; it names work, never a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy


@dataclass(frozen=True, slots=True)
class GapFacts:
    """Counts; None is unknown and makes no gap (it shows as unknown among the figures)."""

    clocks_late: int | None
    alerts_waiting: int | None
    contacts_waiting: int | None
    unplaced: int | None
    due_for_review: int | None
    monitored_missed: int | None
    objections_open: int | None
    uncovered_organisations: int | None
    uncovered_places: int | None
    silent_units: int | None
    level_declared: bool


@dataclass(frozen=True, slots=True)
class Gap:
    code: str
    tone: str
    sentence: str
    next_step: str


@dataclass(frozen=True, slots=True)
class GapKind:
    """`code` names the fact that is counted; `sentence` carries %(count)s and has a plural."""

    code: str
    tone: str
    sentence: str | Promise
    next_step: str | Promise


ALERT_HOURS = 2  # assumption: an alert waits no longer than the statutory report of a class A case

# Gravest first.
GAPS: Sequence[GapKind] = (
    GapKind(
        "clocks_late", "danger",
        ngettext_lazy("%(count)s clock is late.", "%(count)s clocks are late.", "count"),
        _("Open the list of late clocks; each names who answers for it."),
    ),
    GapKind(
        "alerts_waiting", "danger",
        ngettext_lazy(
            "%(count)s symptom alert has waited longer than two hours.",
            "%(count)s symptom alerts have waited longer than two hours.", "count",
        ),
        _("The clinic opens a case or closes each with a reason."),
    ),
    GapKind(
        "contacts_waiting", "warn",
        ngettext_lazy(
            "%(count)s close contact waits for a tracer's decision.",
            "%(count)s close contacts wait for a tracer's decision.", "count",
        ),
        _("Tracers confirm or dismiss; add hands if they cannot keep up."),
    ),
    GapKind(
        "monitored_missed", "warn",
        ngettext_lazy(
            "%(count)s person under observation has missed a check.",
            "%(count)s people under observation have missed a check.", "count",
        ),
        _("Ring them, or knock."),
    ),
    GapKind(
        "unplaced", "warn",
        ngettext_lazy("%(count)s order has no place yet.", "%(count)s orders have no place yet.", "count"),
        _("Assign a room, or agree on staying at home."),
    ),
    GapKind(
        "due_for_review", "warn",
        ngettext_lazy(
            "%(count)s order is past its last day.", "%(count)s orders are past their last day.", "count"
        ),
        _("Review and release: nobody stays longer than the rule says."),
    ),
    GapKind(
        "objections_open", "warn",
        ngettext_lazy("%(count)s objection is unanswered.", "%(count)s objections are unanswered.", "count"),
        _("Answer it; a person decides, with a reason."),
    ),
    GapKind(
        "silent_units", "notice",
        ngettext_lazy(
            "%(count)s unit has sent no check-in at all today.",
            "%(count)s units have sent no check-in at all today.", "count",
        ),
        _("Ask the unit whether something stands in the way."),
    ),
    GapKind(
        "uncovered_organisations", "notice",
        ngettext_lazy("Nobody answers for %(count)s unit.", "Nobody answers for %(count)s units.", "count"),
        _("Name a responsible person and a deputy."),
    ),
    GapKind(
        "uncovered_places", "notice",
        ngettext_lazy("Nobody answers for %(count)s place.", "Nobody answers for %(count)s places.", "count"),
        _("Name a responsible person and a deputy."),
    ),
)  # fmt: skip


def gaps(facts: GapFacts) -> list[Gap]:
    """The open gaps, gravest first, in the active language."""
    found = [
        Gap(kind.code, kind.tone, str(kind.sentence % {"count": count}), str(kind.next_step))
        for kind in GAPS
        if (count := getattr(facts, kind.code))
    ]
    if not facts.level_declared:
        sentence, step = _("No response level is declared."), _("Declare the level in force, or none.")
        found.append(Gap("no_level", "neutral", str(sentence), str(step)))
    return found
