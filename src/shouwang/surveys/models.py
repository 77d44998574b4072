"""Forms and their versions, campaigns, whom they ask, and what was answered."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from shouwang.core.tree import MAX_LENGTH
from shouwang.org.models import Account, Organisation, Person


class SurveyForm(models.Model):
    """A form under its id. What it asks is in its versions; a campaign always names one of them."""

    code = models.CharField(_("form id"), max_length=80, unique=True)
    title = models.CharField(_("title"), max_length=200)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.title or self.code


class FormVersion(models.Model):
    """One edition: the original file, the rows that were read from it, and the XForm made of them.

    `sha256` is the hash of the rows: the same form uploaded again is the same version.
    """

    form = models.ForeignKey(SurveyForm, models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField(_("version"))
    title = models.CharField(_("title"), max_length=200)
    sha256 = models.CharField(max_length=64)
    file_name = models.CharField(max_length=255)
    original = models.BinaryField()
    rows = models.JSONField()
    xform = models.TextField()
    languages = models.JSONField(default=list)
    questions = models.PositiveIntegerField()
    account = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["form", "number"], name="form_version_number"),
            models.UniqueConstraint(fields=["form", "sha256"], name="form_version_once"),
        ]

    def __str__(self) -> str:
        return f"{self.title} v{self.number}"


class Campaign(models.Model):
    """A form asked of a set of people until a deadline. The set is `aim` inside `organisation`'s subtree.

    `aim`: {"organisations": [id], "kinds": [...], "situations": [...], "places": [id]}; an empty list does not narrow.
    `purge_on` is written when the campaign is made: its answers go then, whatever becomes of it.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        OPEN = "open", _("taking answers")
        CLOSED = "closed", _("closed to answers")

    version = models.ForeignKey(FormVersion, models.PROTECT, related_name="campaigns")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    title = models.CharField(_("title"), max_length=200)
    why = models.CharField(_("what it is for"), max_length=500, blank=True)
    aim = models.JSONField(default=dict)
    state = models.CharField(max_length=6, choices=State.choices, default=State.DRAFT)
    deadline = models.DateTimeField(_("deadline"))
    remind_hours = models.PositiveSmallIntegerField(_("remind how many hours before"), default=24)
    account = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    synced_at = models.DateTimeField(null=True, blank=True)
    purge_on = models.DateField(db_index=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="campaign_list"),
            models.Index(fields=["state", "deadline"], name="campaign_due"),
        ]

    def __str__(self) -> str:
        return self.title


class Source(models.TextChoices):
    SELF = "self", _("by the person")
    PROXY = "proxy", _("entered by another")
    VERIFIED = "verified", _("verified")


class Target(models.Model):
    """A person a campaign asks, and the latest state of their answer: lists never scan submissions.

    `left_at`: since then no longer asked (moved away, left); they leave the denominator. `source` empty: no answer.
    """

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="targets")
    person = models.ForeignKey(Person, models.CASCADE, related_name="survey_targets")
    home_path = models.CharField(max_length=MAX_LENGTH, blank=True)
    joined_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True, blank=True)
    source = models.CharField(max_length=8, choices=Source.choices, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["home_path", "id"]
        indexes = [
            models.Index(fields=["campaign", "home_path", "id"], name="target_list"),
            models.Index(fields=["person", "campaign"], name="target_person"),
        ]
        constraints = [models.UniqueConstraint(fields=["campaign", "person"], name="target_once")]


class Submission(models.Model):
    """One set of answers about one person. A correction is a new row; `current` marks the one that counts.

    `client_key` is chosen by whoever sends it (ODK's instanceID), so that a retry is recognised.
    """

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="submissions")
    person = models.ForeignKey(Person, models.CASCADE, related_name="survey_submissions")
    version = models.ForeignKey(FormVersion, models.PROTECT, related_name="+")
    answers = models.JSONField()
    source = models.CharField(max_length=8, choices=Source.choices)
    mouth = models.CharField(max_length=8)
    proxy_reason = models.CharField(max_length=200, blank=True)
    account = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
    client_key = models.CharField(max_length=120, unique=True)
    current = models.BooleanField(default=True)
    verified_at = models.DateTimeField(null=True, blank=True)
    verified_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    purge_on = models.DateField(db_index=True)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["person", "-at"], name="submission_history")]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "person"], condition=Q(current=True), name="submission_one_current"
            ),
            models.CheckConstraint(
                condition=~Q(source="proxy") | ~Q(proxy_reason=""), name="submission_proxy_with_reason"
            ),
            models.CheckConstraint(
                condition=Q(verified_at__isnull=True) | Q(verified_at__gte=F("at")), name="submission_verified_later"
            ),
        ]


class Attachment(models.Model):
    """A file that came with answers: a photograph, a sound. It goes when they go.

    `name` is what the answers call it, `kind` its media type by its first bytes, `stored_as` where `kept` has it.
    `cleaned`: what it said about where it was taken was looked for and taken out (`rules.attachments`).
    """

    submission = models.ForeignKey(Submission, models.CASCADE, related_name="files")
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=40)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    stored_as = models.CharField(max_length=32, unique=True)
    cleaned = models.BooleanField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["submission", "name"], name="attachment_once")]

    def __str__(self) -> str:
        return self.name
