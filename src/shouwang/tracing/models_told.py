"""What people say: statements of an interview, answers to its script. Loaded by `models`."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import pgettext_lazy

from shouwang.cases.models import Case
from shouwang.org.models import Account, Person, Place


class Statement(models.Model):
    """Somebody was at a place, or with somebody, from–to: said in an interview, entered by a tracer.

    A correction is the next `version` of the same `series`; the one before is kept as replaced. Only the standing one
    is presence. A withdrawn one is kept with its reason until its purge date.
    """

    class Certainty(models.TextChoices):
        SURE = "sure", pgettext_lazy("certainty", "sure")
        ABOUT = "about", pgettext_lazy("certainty", "about that time")
        HEARD = "heard", pgettext_lazy("certainty", "heard from others")

    class State(models.TextChoices):
        STANDING = "standing", pgettext_lazy("statement", "standing")
        REPLACED = "replaced", pgettext_lazy("statement", "corrected since")
        WITHDRAWN = "withdrawn", pgettext_lazy("statement", "withdrawn")

    case = models.ForeignKey(Case, models.CASCADE, related_name="statements")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    series = models.CharField(max_length=32)
    version = models.PositiveIntegerField(default=1)
    state = models.CharField(max_length=9, choices=State.choices, default=State.STANDING)
    # `place_text` is what was entered, and all there is where no place of that name is known.
    place = models.ForeignKey(Place, models.SET_NULL, null=True, blank=True, related_name="+")
    place_text = models.CharField(max_length=120, blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    certainty = models.CharField(max_length=5, choices=Certainty.choices)
    # Minutes that either end may lie off; None: as `presence.toml` assumes for this certainty.
    give_or_take = models.PositiveSmallIntegerField(null=True, blank=True)
    company = models.CharField(max_length=300, blank=True)
    companions = models.ManyToManyField(Person, blank=True, related_name="+")
    entered_at = models.DateTimeField()
    entered_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    # Why this version stands in place of the one before, and why it was withdrawn.
    reason = models.CharField(max_length=300, blank=True)
    changed_at = models.DateTimeField(null=True, blank=True)
    changed_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    purge_on = models.DateField(db_index=True)

    class Meta:
        ordering = ["starts_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["series", "version"], name="statement_version_once"),
            models.UniqueConstraint(fields=["series"], condition=Q(state="standing"), name="statement_one_standing"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="statement_end_after_start"),
            models.CheckConstraint(
                condition=~Q(state="withdrawn") | ~Q(reason=""), name="statement_withdrawn_with_reason"
            ),
        ]
        indexes = [
            models.Index(fields=["starts_at", "ends_at"], condition=Q(state="standing"), name="statement_standing"),
            models.Index(fields=["case", "person", "starts_at"], name="statement_case"),
        ]

    @property
    def where(self) -> str:
        """The place as entered; empty where only company is known."""
        return self.place_text


class UnknownContact(models.Model):
    """Somebody whom the case met and of whom nobody knows yet who it is: a driver, a table neighbour.

    `ends_at` is None where nobody knows how long. Once identified it leads to the contact the person has become.
    """

    class State(models.TextChoices):
        UNKNOWN = "unknown", pgettext_lazy("unknown contact", "not known yet")
        IDENTIFIED = "identified", pgettext_lazy("unknown contact", "identified")
        NOT_FOUND = "not_found", pgettext_lazy("unknown contact", "could not be found")

    case = models.ForeignKey(Case, models.CASCADE, related_name="unknown_contacts")
    description = models.CharField(max_length=300)
    # What the contact is known by in the system whose file brought it; "" for one that was noted here.
    outside_key = models.CharField(max_length=80, blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    place_text = models.CharField(max_length=120, blank=True)
    find_by = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.UNKNOWN)
    contact = models.ForeignKey("tracing.Contact", models.SET_NULL, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=300, blank=True)
    entered_at = models.DateTimeField()
    entered_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    version = models.PositiveIntegerField(default=1)
    purge_on = models.DateField(db_index=True)

    class Meta:
        ordering = ["starts_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "outside_key"], condition=~Q(outside_key=""), name="unknown_brought_once"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")), name="unknown_end_after_start"
            ),
            models.CheckConstraint(
                condition=~Q(state="not_found") | ~Q(reason=""), name="unknown_not_found_with_reason"
            ),
            models.CheckConstraint(condition=~Q(description=""), name="unknown_described"),
        ]
        indexes = [models.Index(fields=["case", "state"], name="unknown_case")]


class InterviewNote(models.Model):
    """What was answered to one question of the script. Only added to: the latest row of a question holds.

    `health` says that the answer is about health when it was given; reading it then needs `case.view` as well.
    """

    case = models.ForeignKey(Case, models.CASCADE, related_name="interview_notes")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    question = models.CharField(max_length=40)
    text = models.CharField(max_length=1000)
    health = models.BooleanField()
    at = models.DateTimeField()
    by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    purge_on = models.DateField(db_index=True)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["case", "person", "question", "-at"], name="interview_note_latest")]
