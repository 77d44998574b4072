"""Rounds of messages, as far as their reader may see the people in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Q, QuerySet

from shouwang.core.errors import NotFound
from shouwang.core.scope import Actor
from shouwang.core.tree import in_ranges
from shouwang.org.models import Organisation
from shouwang.org.queries import reachable
from shouwang.outreach.models import Delivery, Message, Round

STATUS = "checkin.status"
UNITS_SHOWN = 200


@dataclass(frozen=True, slots=True)
class UnitLine:
    """Messages of one unit by state; `reminded` is all of them."""

    unit: Organisation
    reminded: int
    open: int
    queued: int
    closed: int
    expired: int


@dataclass(frozen=True, slots=True)
class RoundView:
    """One round within somebody's reach: reminders by state, deliveries by state, notes by purpose, units."""

    round: Round
    reminders: Mapping[str, int]
    deliveries: Mapping[str, int]
    notes: Mapping[str, int]
    units: Sequence[UnitLine]
    more_units: bool

    @property
    def reminded(self) -> int:
        return sum(self.reminders.values())


def rounds(by: Actor) -> QuerySet[Round]:
    """Rounds that are kept, the newest first. NotFound for whoever may see nobody's status."""
    if not by.holds(STATUS):
        raise NotFound
    return Round.objects.order_by("-due_at")


def round_for(by: Actor, round_id: int) -> Round:
    row = rounds(by).filter(pk=round_id).first()
    if row is None:
        raise NotFound
    return row


def running_round(at: datetime) -> Round | None:
    """The round whose reminders go out at `at`, or the next one that was made."""
    return Round.objects.filter(ends_at__gt=at).order_by("due_at").first()


def round_view(by: Actor, round_id: int) -> RoundView:
    """One round, of people within reach of checkin.status: five queries."""
    row = round_for(by, round_id)
    mine = Message.objects.filter(round=row, organisation__isnull=True).filter(reachable(by, STATUS, "person__"))
    notes = Message.objects.filter(in_ranges("organisation__path", by.ranges(STATUS)), round=row)
    ways = Delivery.objects.filter(
        Q(message__in=mine.values("pk")) | Q(message__in=notes.values("pk")), message__round=row
    )
    states: dict[str, Any] = {f"n_{state}": Count("pk", filter=Q(state=state)) for state in Message.State.values}
    by_unit: Any = (  # its columns are those of the mapping above
        mine.exclude(person__home=None).order_by().values("person__home").annotate(reminded=Count("pk"), **states)
    )
    lines = list(by_unit.order_by(F("n_open").desc(), "person__home")[: UNITS_SHOWN + 1])
    units = Organisation.objects.in_bulk([line["person__home"] for line in lines[:UNITS_SHOWN]])
    return RoundView(
        round=row,
        reminders=_by(mine, "state"),
        deliveries=_by(ways, "state"),
        notes=_by(notes, "purpose"),
        units=[
            UnitLine(
                units[line["person__home"]], line["reminded"], line["n_open"], line["n_queued"], line["n_closed"],
                line["n_expired"],
            )
            for line in lines[:UNITS_SHOWN]
        ],
        more_units=len(lines) > UNITS_SHOWN,
    )  # fmt: skip


def _by(rows: QuerySet[Message] | QuerySet[Delivery], column: str) -> dict[str, int]:
    return dict(rows.order_by().values_list(column).annotate(n=Count("pk")))
