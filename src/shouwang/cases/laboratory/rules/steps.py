"""The steps of a test: their order, when the next is due, what a result means for whom, when it contradicts a case."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from shouwang.core.errors import BadInput, Message

NEGATIVE, POSITIVE, INCONCLUSIVE, INVALID = "negative", "positive", "inconclusive", "invalid"
OUTCOMES = (NEGATIVE, POSITIVE, INCONCLUSIVE, INVALID)
RESULTED, RETEST = "resulted", "retest"

STEPS: tuple[tuple[str, Message], ...] = (
    ("ordered", _("ordered")),
    ("taken", _("taken")),
    ("received", _("received at the laboratory")),
    ("resulted", _("result")),
)


@dataclass(frozen=True, slots=True)
class Moments:
    """When each step happened; None: not yet, or unknown."""

    ordered: datetime
    taken: datetime | None = None
    received: datetime | None = None
    resulted: datetime | None = None


def minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def check_moments(moments: Moments, *, now: datetime) -> None:
    """BadInput for a step in the future or before an earlier one, naming both; to the minute, as people write them."""
    before: tuple[datetime, Message] | None = None
    for name, word in STEPS:
        moment: datetime | None = getattr(moments, name)
        if moment is None:
            continue
        if minute(moment) > minute(now):
            raise BadInput(
                _("“%(step)s” lies in the future. Check the time."),
                code="in_future", field=f"{name}_at", step=word,
            )  # fmt: skip
        if before is not None and minute(moment) < minute(before[0]):
            raise BadInput(
                _("“%(step)s” cannot lie before “%(earlier)s”. Correct one of the two times."),
                code="out_of_order", field=f"{name}_at", step=word, earlier=before[1],
            )  # fmt: skip
        before = (moment, word)


def check_outcome(outcome: str) -> None:
    if outcome not in OUTCOMES:
        raise BadInput(
            _("“%(value)s” is no result. Choose negative, positive, inconclusive or invalid."),
            code="outcome_unknown", field="outcome", value=outcome[:40],
        )  # fmt: skip


def due(moments: Moments, *, take: float, receive: float, result: float) -> datetime | None:
    """When the next step should have been done; None once there is a result. Hours are those of the method."""
    if moments.resulted is not None:
        return None
    if moments.taken is None:
        return moments.ordered + timedelta(hours=take)
    hours = receive if moments.received is None else result
    return moments.taken + timedelta(hours=hours)


@dataclass(frozen=True, slots=True)
class Share:
    """What a tube's outcome is for one person in it. `again`: a single test must follow."""

    state: str
    outcome: str
    pool_of: int
    again: bool


def of_member(outcome: str, people: int) -> Share:
    """A tube with one person speaks for that person. A negative pool clears each; any other pool says nothing about
    anybody, so each is tested singly (an invalid tube too: it has cleared nobody)."""
    if people <= 1:
        return Share(RESULTED, outcome, 0, False)
    if outcome == NEGATIVE:
        return Share(RESULTED, NEGATIVE, people, False)
    return Share(RETEST, "", people, True)


SUSPECTED, PROBABLE, CONFIRMED, ASYMPTOMATIC, DISCARDED = (
    "suspected",
    "probable",
    "confirmed",
    "asymptomatic",
    "discarded",
)


def suggestion(classification: str, positives: Iterable[bool], *, onset_known: bool) -> str:
    """The class a person should think of, or "" when results and class agree. `positives`: for each positive result,
    whether its method confirms by itself. It decides nothing."""
    found = list(positives)
    if not found or classification in (CONFIRMED, ASYMPTOMATIC):
        return ""
    if any(found):
        return CONFIRMED if onset_known else ASYMPTOMATIC
    # A method that does not confirm speaks only against a case that was set aside.
    return SUSPECTED if classification == DISCARDED else ""
