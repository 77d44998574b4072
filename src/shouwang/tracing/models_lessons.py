"""Lessons that are not held as the timetable says. Loaded by `models`."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import pgettext_lazy

from shouwang.org.models import Account, Place


class LessonChange(models.Model):
    """The lessons of a course on one day are cancelled, moved, or held in another room.

    `starts` names the slot, None all slots of that day. Where `to_day`, hours or `to_place` are empty they stay as
    they were.
    """

    class What(models.TextChoices):
        CANCELLED = "cancelled", pgettext_lazy("lesson", "cancelled")
        MOVED = "moved", pgettext_lazy("lesson", "moved")
        ROOM = "room", pgettext_lazy("lesson", "in another room")

    course_code = models.CharField(max_length=60, db_index=True)
    day = models.DateField()
    starts = models.TimeField(null=True, blank=True)
    what = models.CharField(max_length=9, choices=What.choices)
    to_day = models.DateField(null=True, blank=True)
    to_starts = models.TimeField(null=True, blank=True)
    to_ends = models.TimeField(null=True, blank=True)
    to_place = models.ForeignKey(Place, models.PROTECT, null=True, blank=True, related_name="+")
    entered_at = models.DateTimeField()
    entered_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["-day", "course_code", "starts"]
        constraints = [
            models.UniqueConstraint(fields=["course_code", "day", "starts"], name="lesson_change_slot_once"),
            models.UniqueConstraint(
                fields=["course_code", "day"], condition=Q(starts__isnull=True), name="lesson_change_day_once"
            ),
            models.CheckConstraint(
                condition=Q(to_starts__isnull=True, to_ends__isnull=True) | Q(to_ends__gt=F("to_starts")),
                name="lesson_change_end_after_start",
            ),
        ]
        indexes = [
            models.Index(fields=["day"], name="lesson_change_day"),
            models.Index(fields=["to_day"], name="lesson_change_to_day"),
        ]
