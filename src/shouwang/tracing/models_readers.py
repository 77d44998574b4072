"""Readers (doors, tills, access points): how busy each was, and whose clock ran wrong. Loaded by `models`."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from shouwang.org.models import Account, Place


class DayProfile(models.Model):
    """How many records each reader brought in each half hour of a built day: {source: {place id: [numbers]}}. Counts
    only; nobody can be read from it."""

    day = models.DateField(unique=True)
    records = models.JSONField(default=dict)
    purge_on = models.DateField(db_index=True)


class ReaderClock(models.Model):
    """The clock of the reader at `place` ran `seconds` ahead (negative: behind) from `first_day` to `last_day` (None:
    until further notice), by its own stated days. Accepted, built days are made with the right times; raw records stay
    as they were written."""

    class State(models.TextChoices):
        PROPOSED = "proposed", pgettext_lazy("reader clock", "proposed")
        ACCEPTED = "accepted", pgettext_lazy("reader clock", "corrected")
        REJECTED = "rejected", pgettext_lazy("reader clock", "clock was right")
        WITHDRAWN = "withdrawn", pgettext_lazy("reader clock", "correction withdrawn")

    class Basis(models.TextChoices):
        PATTERN = "pattern", _("found by comparing days")
        BY_HAND = "hand", _("entered by hand")

    place = models.ForeignKey(Place, models.CASCADE, related_name="+")
    state = models.CharField(max_length=9, choices=State.choices)
    basis = models.CharField(max_length=7, choices=Basis.choices)
    seconds = models.IntegerField()
    first_day = models.DateField()
    last_day = models.DateField(null=True, blank=True)
    # What a proposal rests on: for each day seconds, pairs, agreement as stated and after the shift; `either`: the code
    # of the one reader that may be wrong the other way instead.
    evidence = models.JSONField(default=dict)
    proposed_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-first_day", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(last_day__isnull=True) | Q(last_day__gte=F("first_day")), name="reader_clock_last_after"
            ),
            models.CheckConstraint(condition=Q(state="proposed") | ~Q(reason=""), name="reader_clock_with_reason"),
            models.UniqueConstraint(
                fields=["place", "first_day"], condition=Q(state="proposed"), name="reader_clock_proposed_once"
            ),
        ]
        indexes = [models.Index(fields=["state", "-first_day"], name="reader_clock_list")]

    def __str__(self) -> str:
        return f"{self.place_id} {self.seconds:+d} s"

    @property
    def ahead(self) -> bool:
        return self.seconds > 0
