"""Findings of a rule in a unit, corrections with what happened to them, and weak points that people tell."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from shouwang.command.mending.rules import gap_rules
from shouwang.org.models import Account, Organisation, Person

TEXT = 1000


class GapFinding(models.Model):
    """A rule fired in a unit, from `first_seen` until it did no more (`ended_at`). `trail`: [moment, count, of] each
    time the numbers changed, the latest 50. `recurrence_of`: it had been mended and verified before."""

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="gap_findings")
    code = models.CharField(max_length=24)
    severity = models.CharField(max_length=6)
    rules = models.CharField(max_length=12)  # version of the file that judged it
    count = models.PositiveIntegerField()
    of = models.PositiveIntegerField(null=True)
    most = models.PositiveIntegerField()
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    trail: models.JSONField[list[Any], list[Any]] = models.JSONField(default=list)
    recurrence_of = models.ForeignKey("self", models.SET_NULL, null=True, related_name="recurrences")
    purge_on = models.DateField(db_index=True)

    class Meta:
        ordering = ["-first_seen", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "code"], condition=Q(ended_at__isnull=True), name="gap_once_at_a_time"
            )
        ]


class WeakPoint(models.Model):
    """What somebody told. Anonymous: no account, and no time beyond the day; `code_hash` lets its teller read on."""

    class State(models.TextChoices):
        NEW = "new", pgettext_lazy("weak point", "not answered yet")
        TAKEN = "taken", pgettext_lazy("weak point", "being mended")
        ANSWERED = "answered", pgettext_lazy("weak point", "answered")

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="weak_points")
    text = models.CharField(_("what is weak"), max_length=TEXT)
    where = models.CharField(_("where"), max_length=120, blank=True)
    wish = models.CharField(_("what would help"), max_length=TEXT, blank=True)
    day = models.DateField()
    account = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    code_hash = models.CharField(max_length=64, unique=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.NEW)
    answer = models.CharField(max_length=TEXT, blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    purge_on = models.DateField(db_index=True)

    class Meta:
        ordering = ["-day", "-id"]


class Correction(models.Model):
    """What is to be mended in a unit until when, born of a finding or a weak point."""

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("correction", "to be mended")
        DONE = "done", pgettext_lazy("correction", "mended, to be verified")
        VERIFIED = "verified", pgettext_lazy("correction", "verified")
        DROPPED = "dropped", pgettext_lazy("correction", "dropped")

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="corrections")
    finding = models.ForeignKey(GapFinding, models.CASCADE, null=True, related_name="corrections")
    weak_point = models.OneToOneField(WeakPoint, models.CASCADE, null=True, related_name="correction")
    # Empty: as the rule of the finding proposes, in the language of whoever reads it.
    text = models.CharField(_("what is to be mended"), max_length=TEXT, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    due_at = models.DateTimeField(_("due"))
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    done_by_person = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")
    done_text = models.CharField(max_length=TEXT, blank=True)
    closed_at = models.DateTimeField(null=True)
    purge_on = models.DateField(db_index=True)

    class Meta:
        ordering = ["due_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["finding"], condition=Q(state__in=("open", "done")), name="correction_one_open_a_finding"
            ),
            models.CheckConstraint(
                condition=Q(done_at__isnull=False) | ~Q(state__in=("done", "verified")),
                name="correction_done_has_a_time",
            ),
        ]
        indexes = [models.Index(fields=["state", "due_at"], name="correction_queue")]

    @property
    def title(self) -> str:
        if self.text or self.finding is None:
            return self.text
        rule = gap_rules(settings.HOME).by_code.get(self.finding.code)
        return rule.correction.said() if rule else self.finding.code


class CorrectionEvent(models.Model):
    """One step of a correction, in the words of whoever took it."""

    correction = models.ForeignKey(Correction, models.CASCADE, related_name="events")
    at = models.DateTimeField()
    act = models.CharField(max_length=10)
    text = models.CharField(max_length=TEXT, blank=True)
    by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["at", "id"]


class GapSweep(models.Model):
    """The one row that says when gaps were last looked for."""

    at = models.DateTimeField(null=True)
