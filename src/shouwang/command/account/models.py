"""Matters, the facts they stand on as they stood, and what happened to them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from shouwang.core.tree import MAX_LENGTH
from shouwang.org.models import Account, Organisation, Person

TEXT = 1000


class Matter(models.Model):
    """One step towards a unit, or a person who answers for it. `due_at`: until when the state lasts at most. Over, its
    words, facts and hands are gone; what remains is that there was one, in which unit, and how it ended."""

    class About(models.TextChoices):
        UNIT = "unit", pgettext_lazy("matter", "the unit")
        PERSON = "person", pgettext_lazy("matter", "a person who answers for it")

    class Step(models.TextChoices):
        REMINDER = "reminder", pgettext_lazy("matter", "reminder")
        TALK = "talk", pgettext_lazy("matter", "talk")
        NOTICE = "notice", pgettext_lazy("matter", "formal notice")

    class State(models.TextChoices):
        PROPOSED = "proposed", pgettext_lazy("matter", "proposed, not served")
        SENT = "sent", pgettext_lazy("matter", "served, waiting for a reply")
        REPLIED = "replied", pgettext_lazy("matter", "replied, to be decided")
        OVERDUE = "overdue", pgettext_lazy("matter", "no reply in time, to be decided")
        DECIDED = "decided", pgettext_lazy("matter", "upheld, appeal possible")
        APPEALED = "appealed", pgettext_lazy("matter", "appealed")
        STANDS = "stands", pgettext_lazy("matter", "stands until it expires")
        WITHDRAWN = "withdrawn", pgettext_lazy("matter", "withdrawn")
        EXPIRED = "expired", pgettext_lazy("matter", "expired")

    class Ending(models.TextChoices):
        TAKEN_BACK = "taken_back", pgettext_lazy("matter ended", "taken back")
        DECISION = "decision", pgettext_lazy("matter ended", "by decision")
        APPEAL = "appeal", pgettext_lazy("matter ended", "on appeal")
        SILENCE = "silence", pgettext_lazy("matter ended", "not decided in time")
        TIME = "time", pgettext_lazy("matter ended", "its time was over")

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="matters")
    about = models.CharField(max_length=6, choices=About.choices)
    person = models.ForeignKey(Person, models.CASCADE, null=True, related_name="matters")
    step = models.CharField(_("step"), max_length=8, choices=Step.choices)
    state = models.CharField(max_length=9, choices=State.choices, default=State.PROPOSED)
    asked = models.CharField(_("what is asked"), max_length=TEXT, blank=True)
    urgent = models.CharField(_("why it cannot wait"), max_length=TEXT, blank=True)
    previous = models.ForeignKey("self", models.SET_NULL, null=True, related_name="following")
    due_at = models.DateTimeField(null=True)
    proposed_at = models.DateTimeField()
    proposed_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    served_at = models.DateTimeField(null=True)
    served_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    reply_due = models.DateTimeField(null=True)
    reply = models.CharField(max_length=TEXT, blank=True)
    replied_at = models.DateTimeField(null=True)
    replied_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    talk = models.CharField(max_length=TEXT, blank=True)
    talked_at = models.DateTimeField(null=True)
    talked_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    # From which path down the right of the decider reached: an appeal goes above it where somebody is there.
    decided_level = models.CharField(max_length=MAX_LENGTH, blank=True)
    reasons = models.CharField(max_length=TEXT, blank=True)
    expires_at = models.DateTimeField(null=True)
    appeal_due = models.DateTimeField(null=True)
    appeal = models.CharField(max_length=TEXT, blank=True)
    appealed_at = models.DateTimeField(null=True)
    appealed_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    appeal_decided_at = models.DateTimeField(null=True)
    appeal_decided_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    appeal_reasons = models.CharField(max_length=TEXT, blank=True)
    ended_at = models.DateTimeField(null=True)
    ending = models.CharField(max_length=10, choices=Ending.choices, blank=True)
    purge_on = models.DateField(db_index=True)

    class Meta:
        ordering = ["-proposed_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(about="person") | Q(person__isnull=True), name="matter_about_one"),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | Q(proposed_by__isnull=True) | ~Q(decided_by=F("proposed_by")),
                name="matter_decided_by_another",
            ),
            models.CheckConstraint(
                condition=Q(appeal_decided_by__isnull=True)
                | (
                    (Q(proposed_by__isnull=True) | ~Q(appeal_decided_by=F("proposed_by")))
                    & (Q(decided_by__isnull=True) | ~Q(appeal_decided_by=F("decided_by")))
                ),
                name="matter_appeal_by_another",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=False) | ~Q(state__in=("withdrawn", "expired")),
                name="matter_over_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(due_at__isnull=False) | Q(state__in=("withdrawn", "expired")), name="matter_has_a_time"
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "state"], name="matter_of_unit"),
            # the sweeper's question
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="matter_due"),
        ]


class MatterFact(models.Model):
    """A fact as it was on the day it was quoted: what it says does not change when the row it was taken from does."""

    class Kind(models.TextChoices):
        TASK = "task", pgettext_lazy("fact", "task")
        REPORT = "report", pgettext_lazy("fact", "daily report")
        MISSING = "missing", pgettext_lazy("fact", "missing daily report")
        GAP = "gap", pgettext_lazy("fact", "gap found")
        CORRECTION = "correction", pgettext_lazy("fact", "correction")
        RECEIPT = "receipt", pgettext_lazy("fact", "receipt of a directive")
        TOLD = "told", pgettext_lazy("fact", "in own words")

    matter = models.ForeignKey(Matter, models.CASCADE, related_name="facts")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    ref = models.PositiveBigIntegerField(null=True)
    words = models.CharField(max_length=TEXT)
    source = models.CharField(max_length=200, blank=True)
    as_of = models.DateTimeField()
    contested = models.CharField(max_length=TEXT, blank=True)
    contested_at = models.DateTimeField(null=True)
    contested_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    answer = models.CharField(max_length=TEXT, blank=True)
    struck = models.BooleanField(default=False)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["matter", "kind", "ref"], name="matter_fact_once"),
            models.CheckConstraint(
                condition=Q(kind="told", ref__isnull=True) & ~Q(source="") | ~Q(kind="told") & Q(ref__isnull=False),
                name="matter_fact_has_a_source",
            ),
        ]


class MatterEvent(models.Model):
    """One step, and the words that no field of the matter keeps."""

    matter = models.ForeignKey(Matter, models.CASCADE, related_name="events")
    at = models.DateTimeField()
    act = models.CharField(max_length=14)
    before = models.CharField(max_length=9)
    after = models.CharField(max_length=9)
    text = models.CharField(max_length=TEXT, blank=True)
    by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["id"]
