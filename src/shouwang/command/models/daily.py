"""Daily reports of units: who owes one until when, what they said, and who took it in."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from shouwang.org.models import Account, Organisation

WORDS, WHY = 1000, 500


class ReportPlan(models.Model):
    """From `starts` to `until`, every unit below `organisation` whose kind is in `deadlines` reports each day."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="report_plans")
    # {"class": "10:00", "college": "16:00"}: kind of unit -> local time by which its report is due
    deadlines: models.JSONField[dict[str, str], dict[str, str]] = models.JSONField(default=dict)
    reason = models.CharField(_("reason"), max_length=WHY)
    starts = models.DateField()
    # The last day on which it asks. Brought forward when it is ended or replaced.
    until = models.DateField(_("until"))
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    end_reason = models.CharField(max_length=WHY, blank=True)

    class Meta:
        ordering = ["-starts", "-id"]
        indexes = [models.Index(fields=["until", "starts"], name="report_plan_days")]


class UnitReport(models.Model):
    """One unit's report of one day, as it stands. `figures` are those counted when it was handed in.

    `reports_to` is the unit that takes it in: the one above on the day it was first handed in, or the organisation of
    the plan. It stays when the unit moves afterwards.
    """

    class State(models.TextChoices):
        SUBMITTED = "submitted", pgettext_lazy("daily report", "handed in")
        LOCKED = "locked", pgettext_lazy("daily report", "taken in")
        RETURNED = "returned", pgettext_lazy("daily report", "sent back")

    unit = models.ForeignKey(Organisation, models.PROTECT, related_name="daily_reports")
    reports_to = models.ForeignKey(Organisation, models.PROTECT, related_name="daily_reports_below")
    day = models.DateField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.SUBMITTED)
    zero = models.BooleanField(default=False)
    # {"as_of": ISO moment, "values": {figure key: number or null}}
    figures: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    problems = models.CharField(_("problems"), max_length=WORDS, blank=True)
    needs = models.CharField(_("needs"), max_length=WORDS, blank=True)
    done = models.CharField(_("what we did"), max_length=WORDS, blank=True)
    version = models.PositiveIntegerField(default=1)
    due_at = models.DateTimeField()
    first_at = models.DateTimeField()
    submitted_at = models.DateTimeField()
    submitted_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    locked_at = models.DateTimeField(null=True, blank=True)
    locked_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    # Sent back by whoever takes it in: it counts as not come until it is corrected.
    returned_at = models.DateTimeField(null=True, blank=True)
    returned_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    return_reason = models.CharField(max_length=WHY, blank=True)
    purge_on = models.DateField(db_index=True)

    class Meta:
        ordering = ["day", "unit__path"]
        constraints = [
            models.UniqueConstraint(fields=["unit", "day"], name="unit_report_once_a_day"),
            models.CheckConstraint(condition=Q(submitted_at__gte=F("first_at")), name="unit_report_first_first"),
            models.CheckConstraint(
                condition=~Q(state="locked") | Q(locked_at__isnull=False), name="unit_report_locked_has_a_time"
            ),
            models.CheckConstraint(
                condition=~Q(state="returned") | Q(returned_at__isnull=False), name="unit_report_returned_has_a_time"
            ),
        ]
        indexes = [models.Index(fields=["day", "reports_to"], name="unit_report_round")]

    @property
    def on_time(self) -> bool:
        return self.first_at <= self.due_at


class UnitReportVersion(models.Model):
    """A report as it was handed in or corrected. `reason` says why a report that had been handed in was changed."""

    report = models.ForeignKey(UnitReport, models.CASCADE, related_name="versions")
    version = models.PositiveIntegerField()
    zero = models.BooleanField()
    figures: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField()
    problems = models.CharField(max_length=WORDS, blank=True)
    needs = models.CharField(max_length=WORDS, blank=True)
    done = models.CharField(max_length=WORDS, blank=True)
    reason = models.CharField(max_length=WHY, blank=True)
    # Handed in or corrected after the unit above had closed its round.
    after_review = models.BooleanField(default=False)
    at = models.DateTimeField()
    by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["version"]
        constraints = [models.UniqueConstraint(fields=["report", "version"], name="unit_report_version_once")]

    @property
    def said(self) -> list[str]:
        """What was written."""
        return [text for text in (self.problems, self.needs, self.done) if text]


class ReportReview(models.Model):
    """A unit took in what had come from the units below it: which were missing, and why it did not wait for them."""

    unit = models.ForeignKey(Organisation, models.PROTECT, related_name="report_reviews")
    day = models.DateField()
    number = models.PositiveIntegerField()  # 1, and one more each time something that came later was taken in
    expected = models.PositiveIntegerField()
    taken = models.PositiveIntegerField()  # reports that this review locked
    missing: models.JSONField[list[int], list[int]] = models.JSONField(default=list)
    reason = models.CharField(max_length=WHY, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    purge_on = models.DateField(db_index=True)

    class Meta:
        ordering = ["day", "unit", "number"]
        constraints = [models.UniqueConstraint(fields=["unit", "day", "number"], name="report_review_once")]
