"""Seat plans: who sits where in a room, for lessons or an examination. Loaded by `models`."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from shouwang.org.models import Account, Organisation, Person, Place


class SeatPlan(models.Model):
    """The seating of a room from `first_day` to `last_day`: on one ISO `weekday` or (None) every day, from `starts` to
    `ends` or (None) all day. `owner` is the institution that brought it."""

    place = models.ForeignKey(Place, models.PROTECT, related_name="+")
    title = models.CharField(max_length=120)
    first_day = models.DateField()
    last_day = models.DateField()
    weekday = models.PositiveSmallIntegerField(null=True, blank=True)
    starts = models.TimeField(null=True, blank=True)
    ends = models.TimeField(null=True, blank=True)
    owner = models.ForeignKey(Organisation, models.PROTECT, null=True, blank=True, related_name="+")
    entered_at = models.DateTimeField()
    entered_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    purge_on = models.DateField(db_index=True)

    class Meta:
        ordering = ["-first_day", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["place", "title", "first_day"], name="seat_plan_once"),
            models.CheckConstraint(condition=Q(last_day__gte=F("first_day")), name="seat_plan_last_after_first"),
            models.CheckConstraint(
                condition=Q(starts__isnull=True, ends__isnull=True) | Q(ends__gt=F("starts")), name="seat_plan_hours"
            ),
            models.CheckConstraint(
                condition=Q(weekday__isnull=True) | Q(weekday__gte=1, weekday__lte=7), name="seat_plan_weekday_iso"
            ),
        ]
        indexes = [models.Index(fields=["place", "first_day", "last_day"], name="seat_plan_days")]


class Seat(models.Model):
    """A person's seat in a plan: row and seat in the row, counted from 1."""

    plan = models.ForeignKey(SeatPlan, models.CASCADE, related_name="seats")
    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    row = models.PositiveSmallIntegerField()
    column = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["row", "column"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "person"], name="seat_person_once"),
            models.UniqueConstraint(fields=["plan", "row", "column"], name="seat_taken_once"),
        ]
