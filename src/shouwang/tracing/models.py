"""Timetables, presence batches and days, traces and contacts. Visits themselves are columns in files, not rows."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from shouwang.cases.models import Case
from shouwang.core import clock
from shouwang.org.models import Account, Organisation, Person, Place


class PresenceSource(models.IntegerChoices):
    """Where a visit comes from; the number is what segments store."""

    RESIDENCE = 1, _("dormitory residence")
    TIMETABLE = 2, _("timetable")
    GATE = 3, _("door or gate")
    VISIT = 4, _("visit record")
    PROXIMITY = 5, _("proximity sensor")


class Course(models.Model):
    """A teaching event that repeats weekly: its place, hours and weeks, and (through `Enrolment`) who attends."""

    class Weeks(models.TextChoices):
        ALL = "all", _("every week")
        ODD = "odd", _("odd weeks")
        EVEN = "even", _("even weeks")

    code = models.CharField(max_length=60)
    title = models.CharField(max_length=120)
    place = models.ForeignKey(Place, models.PROTECT, related_name="courses")
    weekday = models.PositiveSmallIntegerField()
    starts = models.TimeField()
    ends = models.TimeField()
    first_day = models.DateField()
    last_day = models.DateField()
    weeks = models.CharField(max_length=4, choices=Weeks.choices, default=Weeks.ALL)

    class Meta:
        indexes = [models.Index(fields=["weekday", "first_day", "last_day"], name="course_day")]
        constraints = [
            models.UniqueConstraint(fields=["code", "weekday", "starts", "place"], name="course_slot"),
            models.CheckConstraint(condition=Q(weekday__gte=1, weekday__lte=7), name="course_weekday_iso"),
            models.CheckConstraint(condition=Q(ends__gt=F("starts")), name="course_end_after_start"),
            models.CheckConstraint(condition=Q(last_day__gte=F("first_day")), name="course_last_after_first"),
        ]


class Enrolment(models.Model):
    """A whole class, or one person, attending the course with this code."""

    course_code = models.CharField(max_length=60, db_index=True)
    organisation = models.ForeignKey(Organisation, models.CASCADE, null=True, blank=True, related_name="+")
    person = models.ForeignKey(Person, models.CASCADE, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(organisation__isnull=False, person__isnull=True)
                | Q(organisation__isnull=True, person__isnull=False),
                name="enrolment_one_audience",
            ),
            models.UniqueConstraint(
                fields=["course_code", "organisation"], condition=Q(person__isnull=True), name="enrolment_unit_once"
            ),
            models.UniqueConstraint(
                fields=["course_code", "person"], condition=Q(organisation__isnull=True), name="enrolment_person_once"
            ),
        ]


class PresenceBatch(models.Model):
    """One imported file of raw presence records, kept unchanged as an Arrow file until its purge date.

    `owner` is the institution that brought it; the days built from it are of the whole installation.
    """

    source = models.PositiveSmallIntegerField(choices=PresenceSource.choices)
    file_name = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    options_key = models.CharField(max_length=60, blank=True)
    stored_as = models.CharField(max_length=255)
    first_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)
    counts = models.JSONField(default=dict)
    account = models.BigIntegerField(null=True)
    owner = models.ForeignKey(Organisation, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()
    purge_on = models.DateField(db_index=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            # the same file given twice changes nothing
            models.UniqueConstraint(fields=["source", "sha256", "options_key", "owner"], name="batch_once"),
            models.UniqueConstraint(
                fields=["source", "sha256", "options_key"], condition=Q(owner=None), name="batch_once_shared"
            ),
        ]


class PresenceDay(models.Model):
    """The segment of one local day: which file holds it, what went into it, and what was remarked on the way.

    `stale_since` says that records of this day came in after it was built; the segment stands until it is built anew.
    """

    day = models.DateField(unique=True)
    version = models.PositiveIntegerField()
    stored_as = models.CharField(max_length=255)
    visits = models.PositiveBigIntegerField()
    pairs = models.PositiveBigIntegerField()
    by_source = models.JSONField(default=dict)
    remarks = models.JSONField(default=dict)
    built_at = models.DateTimeField()
    stale_since = models.DateTimeField(null=True)
    purge_on = models.DateField(db_index=True)


class Trace(models.Model):
    """One run of the kernel for a case: window, rule, and what was searched."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="traces")
    at = models.DateTimeField()
    by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    window_start = models.DateTimeField()
    window_end = models.DateTimeField()
    rule = models.CharField(max_length=60)
    pack = models.CharField(max_length=60)
    visits_searched = models.PositiveBigIntegerField()
    elapsed_us = models.PositiveBigIntegerField()
    found = models.PositiveIntegerField()
    days_missing = models.JSONField(default=list)

    class Meta:
        ordering = ["-at", "-id"]


class Contact(models.Model):
    """A person who was with the case in its window. The grade is the rule's; the decision is a tracer's."""

    class State(models.TextChoices):
        CANDIDATE = "candidate", pgettext_lazy("contact", "to decide")
        CONFIRMED = "confirmed", pgettext_lazy("contact", "confirmed")
        DISMISSED = "dismissed", pgettext_lazy("contact", "dismissed")

    case = models.ForeignKey(Case, models.CASCADE, related_name="contacts")
    trace = models.ForeignKey(Trace, models.CASCADE, related_name="contacts")
    person = models.ForeignKey(Person, models.PROTECT, related_name="contact_of")
    found_at = models.DateTimeField(default=clock.now)
    seconds = models.PositiveIntegerField()
    encounters = models.PositiveIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    days = models.JSONField(default=dict)
    evidence = models.JSONField(default=list)
    grade = models.CharField(max_length=20)
    grade_rank = models.PositiveSmallIntegerField()
    why_zh = models.CharField(max_length=300)
    why_en = models.CharField(max_length=300)
    state = models.CharField(max_length=9, choices=State.choices, default=State.CANDIDATE)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    decision_reason = models.CharField(max_length=300, blank=True)
    version = models.PositiveIntegerField(default=1)
    purge_on = models.DateField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "person"], name="contact_once_per_case"),
            models.CheckConstraint(
                condition=~Q(state="dismissed") | ~Q(decision_reason=""), name="contact_dismissed_with_reason"
            ),
        ]
        indexes = [
            # the tracer's list: close before general, longest first
            models.Index(fields=["case", "state", "grade_rank", "-seconds", "id"], name="contact_desk"),
            models.Index(fields=["person", "state"], name="contact_person"),
        ]
