"""May this person go back to class and dormitory on that day? Line by line from dated facts; a person reviews it.

What is not known speaks against the return, never for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo

from django.utils.translation import gettext as _

from shouwang.cases.care.rules.pack import CareSpec
from shouwang.cases.laboratory.rules import Finding, negatives_met

# Without these nobody is cleared, whatever reason is given: the order must be ended first, by its own review.
HARD = frozenset({"alive", "released"})


@dataclass(frozen=True, slots=True)
class Released:
    """What isolation says: numbers of the orders still in force, and the last day on which one ended (None: there never
    was one)."""

    in_force: tuple[str, ...] = ()
    ended_on: date | None = None


@dataclass(frozen=True, slots=True)
class ClearFacts:
    """Local days; None is unknown or not happened. `hospital`: the hospital that has not said its last word.
    `findings` since the discharge; `alerts_open` symptom alerts nobody has dealt with. `released` None: nobody here
    knows of orders."""

    died: bool
    released: Released | None
    hospital: str
    discharged_on: date | None
    reopened_on: date | None
    findings: Sequence[Finding]
    alerts_open: int


@dataclass(frozen=True, slots=True)
class Line:
    """One condition: its code, whether it is met, and the sentence in the reader's language."""

    code: str
    met: bool
    text: str

    @property
    def hard(self) -> bool:
        return self.code in HARD


@dataclass(frozen=True, slots=True)
class Review:
    """`earliest`: the first day on which observation is over; None where nothing says so."""

    lines: tuple[Line, ...]
    earliest: date | None

    @property
    def met(self) -> bool:
        return all(line.met for line in self.lines)

    @property
    def unmet(self) -> list[Line]:
        return [line for line in self.lines if not line.met]

    @property
    def barred(self) -> bool:
        return any(line.hard for line in self.unmet)


def review(facts: ClearFacts, spec: CareSpec | None, *, back_on: date, zone: tzinfo) -> Review:
    """All conditions for a return on `back_on`."""
    lines = [*_alive(facts), _released(facts), *_hospital(facts), _discharged(facts), *_reopened(facts)]
    earliest = None
    if spec is not None and spec.observe_days is not None:
        line, earliest = _observed(facts, spec.observe_days, back_on)
        lines.append(line)
    for item in spec.tests if spec else ():
        met, text = negatives_met(item, facts.findings, zone)
        lines.append(Line(f"tests:{item.method}", met and facts.discharged_on is not None, text))
    lines.append(_alerts(facts))
    return Review(tuple(lines), earliest)


def _alive(facts: ClearFacts) -> list[Line]:
    return [Line("alive", False, _("The hospital said that the person has died."))] if facts.died else []


def _released(facts: ClearFacts) -> Line:
    if facts.released is None:
        return Line("released", False, _("Whether an order to stay apart is in force is unknown."))
    if facts.released.in_force:
        text = _("Order %(numbers)s is still in force: end it first, by its review.")
        return Line("released", False, text % {"numbers": ", ".join(facts.released.in_force)})
    if facts.released.ended_on is None:
        return Line("released", True, _("No order to stay apart was ever served."))
    text = _("Released from staying apart on %(day)s.")
    return Line("released", True, text % {"day": facts.released.ended_on.isoformat()})


def _hospital(facts: ClearFacts) -> list[Line]:
    if not facts.hospital:
        return []
    text = _("%(hospital)s has not yet said how the stay ended.")
    return [Line("hospital", False, text % {"hospital": facts.hospital})]


def _discharged(facts: ClearFacts) -> Line:
    if facts.discharged_on is None:
        return Line("discharged", False, _("No discharge from treatment is on record."))
    return Line("discharged", True, _("Discharged on %(day)s.") % {"day": facts.discharged_on.isoformat()})


def _reopened(facts: ClearFacts) -> list[Line]:
    if facts.reopened_on is None:
        return []
    text = _("Symptoms after the discharge, on %(day)s: care is open again.")
    return [Line("reopened", False, text % {"day": facts.reopened_on.isoformat()})]


def _observed(facts: ClearFacts, days: int, back_on: date) -> tuple[Line, date | None]:
    if facts.discharged_on is None:
        text = _("%(days)s days of observation count from the discharge, which is unknown.")
        return Line("observed", False, text % {"days": days}), None
    earliest = facts.discharged_on + timedelta(days=days)
    text = _("%(days)s days of observation after the discharge are over on %(day)s.")
    return Line("observed", back_on >= earliest, text % {"days": days, "day": earliest.isoformat()}), earliest


def _alerts(facts: ClearFacts) -> Line:
    if facts.alerts_open:
        return Line("no_alert", False, _("A symptom alert about this person is still open."))
    return Line("no_alert", True, _("No symptom alert about this person is open."))
