"""Open gaps and the next step for each. A gap is a fact that somebody must mend; it names work, never a person."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext


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


ALERT_HOURS = 2  # assumption: an alert waits no longer than the statutory report of a class A case


def gaps(facts: GapFacts) -> list[Gap]:
    """The open gaps, gravest first."""
    found = [gap for gap in (*_care(facts), *_order(facts)) if gap is not None]
    if not facts.level_declared:
        found.append(
            Gap("no_level", "neutral", _("No response level is declared."), _("Declare the level in force, or none."))
        )
    return found


def _gap(code: str, tone: str, count: int, sentence: str, next_step: str) -> Gap | None:
    """None when there is nothing to mend. `sentence` carries %(count)s."""
    return Gap(code, tone, sentence % {"count": count}, next_step) if count else None


def _care(facts: GapFacts) -> list[Gap | None]:
    n = facts.clocks_late or 0
    a = facts.alerts_waiting or 0
    c = facts.contacts_waiting or 0
    m = facts.monitored_missed or 0
    return [
        _gap(
            "clocks_late", "danger", n,
            ngettext("%(count)s clock is late.", "%(count)s clocks are late.", n),
            next_step=_("Open the list of late clocks; each names who answers for it."),
        ),
        _gap(
            "alerts_waiting", "danger", a,
            ngettext(
                "%(count)s symptom alert has waited longer than two hours.",
                "%(count)s symptom alerts have waited longer than two hours.", a,
            ),
            next_step=_("The clinic opens a case or closes each with a reason."),
        ),
        _gap(
            "contacts_waiting", "warn", c,
            ngettext(
                "%(count)s close contact waits for a tracer's decision.",
                "%(count)s close contacts wait for a tracer's decision.", c,
            ),
            next_step=_("Tracers confirm or dismiss; add hands if they cannot keep up."),
        ),
        _gap(
            "monitored_missed", "warn", m,
            ngettext(
                "%(count)s person under observation has missed a check.",
                "%(count)s people under observation have missed a check.", m,
            ),
            next_step=_("Ring them, or knock."),
        ),
    ]  # fmt: skip


def _order(facts: GapFacts) -> list[Gap | None]:
    u, d, o = facts.unplaced or 0, facts.due_for_review or 0, facts.objections_open or 0
    q, p, s = facts.uncovered_organisations or 0, facts.uncovered_places or 0, facts.silent_units or 0
    return [
        _gap(
            "unplaced", "warn", u,
            ngettext("%(count)s order has no place yet.", "%(count)s orders have no place yet.", u),
            next_step=_("Assign a room, or agree on staying at home."),
        ),
        _gap(
            "due_for_review", "warn", d,
            ngettext("%(count)s order is past its last day.", "%(count)s orders are past their last day.", d),
            next_step=_("Review and release: nobody stays longer than the rule says."),
        ),
        _gap(
            "objections_open", "warn", o,
            ngettext("%(count)s objection is unanswered.", "%(count)s objections are unanswered.", o),
            next_step=_("Answer it; a person decides, with a reason."),
        ),
        _gap(
            "silent_units", "notice", s,
            ngettext(
                "%(count)s unit has sent no check-in at all today.",
                "%(count)s units have sent no check-in at all today.", s,
            ),
            next_step=_("Ask the unit whether something stands in the way."),
        ),
        _gap(
            "uncovered_organisations", "notice", q,
            ngettext("Nobody answers for %(count)s unit.", "Nobody answers for %(count)s units.", q),
            next_step=_("Name a responsible person and a deputy."),
        ),
        _gap(
            "uncovered_places", "notice", p,
            ngettext("Nobody answers for %(count)s place.", "Nobody answers for %(count)s places.", p),
            next_step=_("Name a responsible person and a deputy."),
        ),
    ]  # fmt: skip
