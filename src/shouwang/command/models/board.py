"""The numbers of the board, kept by home path and counted anew only where something changed."""

from __future__ import annotations

from django.db import models

from shouwang.core.tree import MAX_LENGTH
from shouwang.org.models import Place

# Columns of a cell. The first group is of check-ins, counted where somebody was heard; the second of what is open.
HEARD = ("roster", "by_self", "by_proxy", "by_clinic", "symptomatic", "silent")
OPEN = (
    "alerts_open", "alerts_waiting", "monitored", "monitored_missed",
    "cases_open", "cases_new", "cases_confirmed", "cases_probable", "cases_suspected", "cases_asymptomatic",
    "contacts_found", "contacts_close", "contacts_waiting",
    "quarantined", "isolated", "apart", "unplaced", "due_for_review", "objections_open",
    "clocks_running", "clocks_late",
)  # fmt: skip
NUMBERS = (*HEARD, *OPEN)


class BoardCell(models.Model):
    """The people at home directly under one path. `silent` is 1 where there are people and nobody was heard today."""

    path = models.CharField(max_length=MAX_LENGTH, primary_key=True)
    roster = models.PositiveIntegerField(default=0)
    by_self = models.PositiveIntegerField(default=0)
    by_proxy = models.PositiveIntegerField(default=0)
    by_clinic = models.PositiveIntegerField(default=0)
    symptomatic = models.PositiveIntegerField(default=0)
    silent = models.PositiveIntegerField(default=0)
    alerts_open = models.PositiveIntegerField(default=0)
    alerts_waiting = models.PositiveIntegerField(default=0)
    monitored = models.PositiveIntegerField(default=0)
    monitored_missed = models.PositiveIntegerField(default=0)
    cases_open = models.PositiveIntegerField(default=0)
    cases_new = models.PositiveIntegerField(default=0)
    cases_confirmed = models.PositiveIntegerField(default=0)
    cases_probable = models.PositiveIntegerField(default=0)
    cases_suspected = models.PositiveIntegerField(default=0)
    cases_asymptomatic = models.PositiveIntegerField(default=0)
    contacts_found = models.PositiveIntegerField(default=0)
    contacts_close = models.PositiveIntegerField(default=0)
    contacts_waiting = models.PositiveIntegerField(default=0)
    quarantined = models.PositiveIntegerField(default=0)
    isolated = models.PositiveIntegerField(default=0)
    apart = models.PositiveIntegerField(default=0)
    unplaced = models.PositiveIntegerField(default=0)
    due_for_review = models.PositiveIntegerField(default=0)
    objections_open = models.PositiveIntegerField(default=0)
    clocks_running = models.PositiveIntegerField(default=0)
    clocks_late = models.PositiveIntegerField(default=0)


class BoardPlace(models.Model):
    """One building: who lives there, and of them those with an open alert, an open case, an order in force."""

    place = models.ForeignKey(Place, models.CASCADE, related_name="+")
    residents = models.PositiveIntegerField(default=0)
    unwell = models.PositiveIntegerField(default=0)
    cases = models.PositiveIntegerField(default=0)
    apart = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["place"], name="board_place_once")]


class BoardPoint(models.Model):
    """The main numbers of a unit at a full hour, for the trend. Only units that have units below them."""

    path = models.CharField(max_length=MAX_LENGTH)
    at = models.DateTimeField()
    values = models.JSONField()
    purge_on = models.DateField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["path", "at"], name="board_point_once")]


class BoardState(models.Model):
    """The one row that says how far the board is. `took_ms` is what the latest round cost; `next_due` is when the next
    running clock becomes late."""

    check_in = models.BigIntegerField(default=0)
    entry = models.BigIntegerField(default=0)
    day = models.DateField(null=True)
    as_of = models.DateTimeField(null=True)
    counted_at = models.DateTimeField(null=True)  # what is open was last counted
    compared_at = models.DateTimeField(null=True)  # everybody was last counted
    next_due = models.DateTimeField(null=True)
    stirred = models.BooleanField(default=False)  # somebody came, left or moved since everybody was counted
    took_ms = models.PositiveIntegerField(default=0)
    compare_ms = models.PositiveIntegerField(default=0)
