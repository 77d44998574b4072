"""Release: may this order end now? Decided from dated facts, criterion by criterion; a person reviews the answer.

What is not known speaks against release by rule, never for it: a missing check is not a healthy one, a check
without the temperature that was asked for is not a normal temperature.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from shouwang.cases.laboratory.rules import Finding, Negatives, negatives_met
from shouwang.isolation.rules.terms import Confirm

CONFIRM = "confirm:"


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What the rule needs of an order. `clear_checks` and `temperature_required` come from its pack."""

    starts_on: date
    ends_on: date
    checks_per_day: int
    clear_checks: int
    temperature_required: bool
    symptom_free_hours: float | None = None
    confirm: tuple[Confirm, ...] = ()
    tests: tuple[Negatives, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """One check-in made under the order. `fever` is None when neither a temperature nor a fever was stated."""

    at: datetime
    fever: bool | None
    symptoms: int
    has_temperature: bool


@dataclass(frozen=True, slots=True)
class ReviewFacts:
    """`checks` newest first, as far back as the order; `alerts_open` symptom alerts nobody has dealt with;
    `confirmed` the codes of what whoever releases has seen with their own eyes; `findings` in any order."""

    checks: Sequence[Check]
    alerts_open: int
    confirmed: frozenset[str] = frozenset()
    findings: Sequence[Finding] = ()


@dataclass(frozen=True, slots=True)
class Reason:
    """One criterion: its code, whether it is met, and the sentence, in the reader's language."""

    code: str
    met: bool
    text: str


@dataclass(frozen=True, slots=True)
class Decision:
    """May the order end by rule? Every criterion is listed, met or not."""

    allowed: bool
    reasons: list[Reason]

    @property
    def unmet(self) -> list[Reason]:
        return [reason for reason in self.reasons if not reason.met]

    @property
    def to_confirm(self) -> list[Reason]:
        """What only a person can say, and nobody has said yet."""
        return [reason for reason in self.unmet if reason.code.startswith(CONFIRM)]

    @property
    def waits_for_confirmation(self) -> bool:
        """Everything that the records show is met; only what a person must confirm is open."""
        return bool(self.to_confirm) and len(self.to_confirm) == len(self.unmet)


def may_end(order: OrderFacts, facts: ReviewFacts, now: datetime, zone: tzinfo) -> Decision:
    """All criteria at `now`. The last day is included in the term, so the term is over from the next midnight on."""
    today = now.astimezone(zone).date()
    reasons = [
        _term(order, today),
        _last_day(order, facts, today, zone),
        *_clear(order, facts),
        *_symptom_free(order, facts, now, zone),
        *(_tested(item, facts.findings, zone) for item in order.tests),
        *(Reason(CONFIRM + item.code, item.code in facts.confirmed, str(item.text)) for item in order.confirm),
        _alerts(facts),
    ]
    return Decision(all(reason.met for reason in reasons), reasons)


def _term(order: OrderFacts, today: date) -> Reason:
    met = today > order.ends_on
    text = (
        _("The term is over; its last day was %(day)s.")
        if met
        else _("The term runs until %(day)s, that day included.")
    )
    return Reason("term", met, text % {"day": order.ends_on.isoformat()})


def _last_day(order: OrderFacts, facts: ReviewFacts, today: date, zone: tzinfo) -> Reason:
    """The last day under monitoring: the order's last day, or today when it is not reached yet."""
    day = min(order.ends_on, today)
    made = sum(1 for check in facts.checks if check.at.astimezone(zone).date() == day)
    text = _("On %(day)s %(made)s of %(asked)s daily checks are in.")
    values = {"day": day.isoformat(), "made": made, "asked": order.checks_per_day}
    return Reason("last_day", made >= order.checks_per_day, text % values)


def _clear(order: OrderFacts, facts: ReviewFacts) -> list[Reason]:
    """The latest checks: enough of them, none with fever or symptoms, temperatures there where asked for."""
    latest = list(facts.checks[: order.clear_checks])
    count = order.clear_checks
    enough = ngettext(
        "%(there)s check since the order began; the latest %(count)s is looked at.",
        "%(there)s checks since the order began; the latest %(count)s are looked at.",
        count,
    )
    reasons = [Reason("enough_checks", len(latest) >= count, enough % {"there": len(facts.checks), "count": count})]
    if not latest:
        return [*reasons, Reason("no_fever", False, _("Without a check, fever and symptoms are unknown."))]
    found = [
        ("no_fever", sum(1 for c in latest if c.fever), _("Fever in %(found)s of the latest %(seen)s checks.")),
        (
            "no_symptoms",
            sum(1 for c in latest if c.symptoms),
            _("Symptoms in %(found)s of the latest %(seen)s checks."),
        ),
    ]
    if order.temperature_required:
        missing = sum(1 for c in latest if not c.has_temperature)
        found.append(
            ("temperatures", missing, _("The temperature is missing in %(found)s of the latest %(seen)s checks."))
        )
    return [
        *reasons,
        *(Reason(code, number == 0, text % {"found": number, "seen": len(latest)}) for code, number, text in found),
    ]


def _symptom_free(order: OrderFacts, facts: ReviewFacts, now: datetime, zone: tzinfo) -> list[Reason]:
    """Hours since the latest check with a symptom or fever; where none is recorded, since the order's first day began:
    whoever is isolated as a case was ill then."""
    if order.symptom_free_hours is None:
        return []
    ill = [check.at for check in facts.checks if check.symptoms or check.fever]
    since = max(ill) if ill else datetime.combine(order.starts_on, time(), zone)
    hours = (now - since).total_seconds() / 3600
    text = _("%(hours)s hours without symptoms; %(asked)s are asked.")
    values = {"hours": max(int(hours), 0), "asked": f"{order.symptom_free_hours:g}"}
    return [Reason("symptom_free", hours >= order.symptom_free_hours, text % values)]


def _tested(asked: Negatives, findings: Sequence[Finding], zone: tzinfo) -> Reason:
    """Negative tests in a row, with the times of their samples."""
    met, sentence = negatives_met(asked, findings, zone)
    return Reason(f"tests:{asked.method}", met, sentence)


def _alerts(facts: ReviewFacts) -> Reason:
    if facts.alerts_open:
        return Reason("no_alert", False, _("A symptom alert about this person is still open."))
    return Reason("no_alert", True, _("No symptom alert about this person is open."))
