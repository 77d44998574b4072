"""Who may have infected whom: how certain a link is and why, and the forest that accepted links grow into.

A link is judged by three checks, each with its arithmetic: were the two together while the one was infectious; does
the time from that to the other's onset fit the incubation period; does the time between the two onsets fit the serial
interval. The numbers are the disease pack's, each with its source. What is not known is not guessed: a check without
its dates says so and lets nothing be more than possible.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from shouwang.cases.rules.knowledge import Delay
from shouwang.core.packs import Pack

PROBABLE, POSSIBLE, UNLIKELY = "probable", "possible", "unlikely"
CERTAINTIES = (PROBABLE, POSSIBLE, UNLIKELY)
FOR, ALLOWS, AGAINST, UNKNOWN = "for", "allows", "against", "unknown"
TYPICAL_SD = 1.0  # assumption: within one standard deviation of the mean serial interval a pair is typical
WIDEST_SD = 2.0  # assumption: beyond two, which about one pair in twenty is, it speaks against the link


@dataclass(frozen=True, slots=True)
class SerialInterval:
    """Days from onset to onset of a pair."""

    mean_days: float
    sd_days: float
    source: str


@dataclass(frozen=True, slots=True)
class Incubation:
    """Days from exposure to onset."""

    min_days: float
    max_days: float
    source: str


@dataclass(frozen=True, slots=True)
class Transmission:
    """The numbers of a pack that a link is judged by. What it leaves out is unknown, and no link is probable by it."""

    serial_interval: SerialInterval | None = None
    incubation: Incubation | None = None


def transmission(pack: Pack) -> Transmission:
    """From the pack's [[delays]]: the first serial interval with mean and deviation, the widest range of incubation.
    PackError when the section is wrong."""
    serial = incubation = None
    for delay in pack.optional("delays", tuple[Delay, ...]) or ():
        if delay.kind == "serial_interval" and serial is None and delay.mean_days is not None and delay.sd_days:
            serial = SerialInterval(delay.mean_days, delay.sd_days, delay.source)
        if delay.kind == "incubation" and delay.low_days is not None and delay.high_days is not None:
            wider = incubation is None or delay.high_days - delay.low_days > incubation.max_days - incubation.min_days
            incubation = Incubation(delay.low_days, delay.high_days, delay.source) if wider else incubation
    return Transmission(serial, incubation)


# --- one link ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sick:
    """One case, in local days. `onset` None: unknown, or without symptoms. Infectious from the first to the last day
    of `infectious`, both included."""

    onset: date | None
    infectious: tuple[date, date]


CLOSE = "close"
TRACED_BEFORE, TRACED_AFTER, MET = "traced_before", "traced_after", "met"


@dataclass(frozen=True, slots=True)
class Exposure:
    """What is recorded of the two together.

    `how`: the infected one was a contact of the other, found before (`traced_before`) or after (`traced_after`) being
    a case; or the other way round, the other one was a contact of theirs (`met`), and only the days count on which the
    other one was infectious.
    """

    how: str
    grade: str
    dismissed: bool
    days: tuple[date, ...]
    seconds: int
    encounters: int

    @property
    def close(self) -> bool:
        return self.grade == CLOSE


@dataclass(frozen=True, slots=True)
class Check:
    """One question about a link: what it says (`code`), which way (`verdict`), and the numbers (JSON values)."""

    code: str
    verdict: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {"code": self.code, "verdict": self.verdict, "values": dict(self.values)}


@dataclass(frozen=True, slots=True)
class Judgement:
    certainty: str
    checks: tuple[Check, ...]
    distance_sd: float | None
    """How many standard deviations the two onsets are from the mean serial interval; None: not known."""


# In words. `values` of a check fill them; `source` is added by whoever shows them.
WORDS = {
    "no_record": _("No record shows the two together."),
    "traced_before": _(
        "Contact of the other, found before falling ill (%(grade)s): %(encounters)s encounters, %(minutes)s min."
    ),
    "traced_after": _(
        "Contact of the other, found after falling ill (%(grade)s): %(encounters)s encounters, %(minutes)s min."
    ),
    "met": _("The two met on %(days)s days on which the other was infectious: %(minutes)s min in all."),
    "met_outside": _("The two met only on days on which the other was not infectious."),
    "dismissed": _("A tracer decided that the two were no contacts."),
    "incubation_fits": _(
        "Onset %(least)s to %(most)s days after being together; incubation is %(low)s to %(high)s days: fits."
    ),
    "incubation_outside": _(
        "Onset %(least)s to %(most)s days after being together; incubation is %(low)s to %(high)s days: does not fit."
    ),
    "incubation_unknown": _("Onset, days together or the incubation period are not known: not judged."),
    "serial_typical": _(
        "Onsets %(days)s days apart; serial interval %(mean)s ± %(sd)s days: %(distance)s sd from the mean, typical."
    ),
    "serial_wide": _(
        "Onsets %(days)s days apart; serial interval %(mean)s ± %(sd)s days: %(distance)s sd from the mean, within two."
    ),
    "serial_outside": _(
        "Onsets %(days)s days apart; serial interval %(mean)s ± %(sd)s days: %(distance)s sd from the mean, too far."
    ),
    "serial_unknown": _("An onset or the serial interval is not known: not judged."),
}


def judge(infector: Sick, case: Sick, exposure: Exposure | None, numbers: Transmission) -> Judgement:
    """How certain it is that `infector` infected `case`.

    Unlikely: something speaks against it. Probable: all three checks speak for it. Possible: everything else.
    """
    days = _infectious_days(infector, exposure)
    serial, distance = _serial(infector, case, numbers.serial_interval)
    checks = (_exposure(exposure, days), _incubation(case, days, numbers.incubation), serial)
    verdicts = {check.verdict for check in checks}
    certainty = UNLIKELY if AGAINST in verdicts else PROBABLE if verdicts == {FOR} else POSSIBLE
    return Judgement(certainty, checks, distance)


def _infectious_days(infector: Sick, exposure: Exposure | None) -> tuple[date, ...]:
    """Days together. A trace of the infector looked at its infectious days alone; one of the case did not."""
    if exposure is None or exposure.how != MET:
        return exposure.days if exposure else ()
    first, last = infector.infectious
    return tuple(day for day in exposure.days if first <= day <= last)


def _exposure(exposure: Exposure | None, days: Sequence[date]) -> Check:
    if exposure is None:
        return Check("no_record", UNKNOWN)
    if exposure.dismissed:
        return Check("dismissed", AGAINST)
    minutes = round(exposure.seconds / 60)
    if exposure.how == MET:
        if not days:
            return Check("met_outside", AGAINST)
        return Check("met", ALLOWS, {"days": len(days), "minutes": minutes})
    values = {"grade": exposure.grade, "encounters": exposure.encounters, "minutes": minutes}
    return Check(exposure.how, FOR if exposure.close else ALLOWS, values)


def _incubation(case: Sick, days: Sequence[date], spec: Incubation | None) -> Check:
    if case.onset is None or spec is None or not days:
        return Check("incubation_unknown", UNKNOWN)
    gaps = [(case.onset - day).days for day in days]
    fits = any(spec.min_days <= gap <= spec.max_days for gap in gaps)
    values = {"least": min(gaps), "most": max(gaps), "low": spec.min_days, "high": spec.max_days, "source": spec.source}
    return Check("incubation_fits" if fits else "incubation_outside", FOR if fits else AGAINST, values)


def _serial(infector: Sick, case: Sick, spec: SerialInterval | None) -> tuple[Check, float | None]:
    if case.onset is None or infector.onset is None or spec is None:
        return Check("serial_unknown", UNKNOWN), None
    days = (case.onset - infector.onset).days
    distance = abs(days - spec.mean_days) / spec.sd_days
    values = {
        "days": days, "mean": spec.mean_days, "sd": spec.sd_days, "distance": round(distance, 2), "source": spec.source
    }  # fmt: skip
    if distance <= TYPICAL_SD:
        return Check("serial_typical", FOR, values), distance
    if distance <= WIDEST_SD:
        return Check("serial_wide", ALLOWS, values), distance
    return Check("serial_outside", AGAINST, values), distance


# --- the forest ----------------------------------------------------------------------------------------------------

IMPORTED, UNKNOWN_SOURCE, NOT_STATED = "imported", "unknown", "not_stated"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A link the rule proposes and nobody has decided."""

    case: int
    infector: int
    certainty: str
    distance_sd: float | None = None


@dataclass(frozen=True, slots=True)
class Forest:
    """Every case with at most one source. `generation` is 1 for the first of a chain, as it is known; `exact` only
    where that first one is known to be imported. `provisional` are cases whose place rests on a proposal, their own
    or one further up. `refused` are accepted links that would have closed a circle; there are none while links are
    written by `actions.chains`."""

    parent: Mapping[int, int]
    root: Mapping[int, int]
    generation: Mapping[int, int]
    exact: frozenset[int]
    provisional: frozenset[int]
    refused: tuple[tuple[int, int], ...]


def grow(
    cases: Iterable[int],
    accepted: Mapping[int, int],
    stated: Mapping[int, str] | None = None,
    proposed: Iterable[Proposal] = (),
) -> Forest:
    """The forest of `cases`: accepted links (case -> infector) first, then proposals, surest first, for cases whose
    source nobody has accepted or stated. `stated`: case -> "imported" or "unknown", said by a person.

    Unlikely proposals grow nothing. Links to or from a case that is not among `cases` are left out. O(n log n).
    """
    nodes, stated = sorted(set(cases)), stated or {}
    roots = {node: node for node in nodes}
    parent: dict[int, int] = {}
    refused: list[tuple[int, int]] = []
    for case, infector in sorted(accepted.items()):
        if case in roots and infector in roots and not _join(roots, parent, case, infector):
            refused.append((case, infector))
    decided = accepted.keys() | stated.keys()
    drawn: set[int] = set()
    for item in sorted(proposed, key=_surest):
        if item.certainty == UNLIKELY or item.case in decided or item.case in parent:
            continue
        if item.case in roots and item.infector in roots and _join(roots, parent, item.case, item.infector):
            drawn.add(item.case)
    return _measured(nodes, parent, stated, drawn, tuple(refused))


def _surest(item: Proposal) -> tuple[int, float, int, int]:
    distance = WIDEST_SD if item.distance_sd is None else item.distance_sd
    return CERTAINTIES.index(item.certainty), distance, item.case, item.infector


def _find(roots: dict[int, int], node: int) -> int:
    """The representative of a tree, halving the way to it."""
    while roots[node] != node:
        roots[node] = roots[roots[node]]
        node = roots[node]
    return node


def _join(roots: dict[int, int], parent: dict[int, int], case: int, infector: int) -> bool:
    """Hang `case`, which has no parent yet, below `infector`; False when that would close a circle."""
    above, below = _find(roots, infector), _find(roots, case)
    if above == below:
        return False
    roots[below] = above
    parent[case] = infector
    return True


def _measured(
    nodes: Sequence[int],
    parent: dict[int, int],
    stated: Mapping[int, str],
    drawn: set[int],
    refused: tuple[tuple[int, int], ...],
) -> Forest:
    children: dict[int, list[int]] = {}
    for case, infector in parent.items():
        children.setdefault(infector, []).append(case)
    root: dict[int, int] = {}
    generation: dict[int, int] = {}
    exact, provisional = set[int](), set[int]()
    queue = deque(node for node in nodes if node not in parent)
    while queue:
        node = queue.popleft()
        above = parent.get(node)
        root[node] = node if above is None else root[above]
        generation[node] = 1 if above is None else 1 + generation[above]
        if above in exact or (above is None and stated.get(node) == IMPORTED):
            exact.add(node)
        if node in drawn or above in provisional:
            provisional.add(node)
        queue.extend(children.get(node, ()))
    return Forest(parent, root, generation, frozenset(exact), frozenset(provisional), refused)
