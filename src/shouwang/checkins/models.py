"""Check-ins, the latest state of each person, symptom alerts, monitoring spells."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from shouwang.checkins.rules.answers import Answers, Previous
from shouwang.checkins.rules.receipts import receipt
from shouwang.core.tree import MAX_LENGTH
from shouwang.org.models import Account, Person


class Severity(models.TextChoices):
    """How urgent; `rules.RANK` orders them."""

    NONE = "none", _("nothing reported")
    LOW = "low", _("low")
    MEDIUM = "medium", _("medium")
    HIGH = "high", _("high")
    URGENT = "urgent", _("urgent")


class CheckIn(models.Model):
    """One report about one person. Several a day may exist; none is ever overwritten.

    `mouth` is where it came in (web, link, api, cli); `device` a hash of address and browser, salted by the day so
    that it tells devices of one day apart and links nothing across days.
    `client_key` is chosen by whoever sends it, so that a retry is recognised and answered with the same receipt.
    `day` is the person's own calendar day of `at`: the institution's, or that of their `PersonZone`. `unknown` answers
    stay null: they are not "no".
    `symptomatic` is a symptom or a temperature at the fever threshold; `severity` is what triage made of all answers
    (an exposure without symptoms has a severity and is not symptomatic). `rule` is "pack:rule" of the worst finding.
    `extra` holds answers to further questions; `pack_sha256` is the hash of all that was asked. `corrects` is the entry
    that this one was sent to put right; both stay.
    """

    class Source(models.TextChoices):
        SELF = "self", _("by the person")
        PROXY = "proxy", _("entered by another")
        CLINIC = "clinic", _("measured at the clinic")

    # Their own indexes would be written with every check-in: `checkin_history` finds a person's rows, and an account is
    # hardly ever deleted.
    person = models.ForeignKey(Person, models.CASCADE, related_name="checkins", db_index=False)
    day = models.DateField()
    at = models.DateTimeField()
    source = models.CharField(max_length=6, choices=Source.choices)
    account = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+", db_index=False)
    mouth = models.CharField(max_length=8, blank=True)
    device = models.CharField(max_length=12, blank=True)
    proxy_reason = models.CharField(max_length=200, blank=True)
    client_key = models.CharField(max_length=64, unique=True)
    unchanged = models.BooleanField(default=False)
    temperature_c = models.DecimalField(max_digits=3, decimal_places=1, null=True, blank=True)
    symptoms = models.JSONField(default=list)
    exposure = models.BooleanField(null=True, blank=True)
    place_changed = models.BooleanField(default=False)
    place_note = models.CharField(max_length=120, blank=True)
    note = models.CharField(max_length=500, blank=True)
    extra = models.JSONField(default=dict)
    corrects = models.ForeignKey("self", models.SET_NULL, null=True, related_name="corrections", db_index=False)
    symptomatic = models.BooleanField(default=False)
    severity = models.CharField(max_length=6, choices=Severity.choices, default=Severity.NONE)
    rule = models.CharField(max_length=120, blank=True)
    pack_sha256 = models.CharField(max_length=64, blank=True)
    purge_on = models.DateField(db_index=True)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["person", "-at"], name="checkin_history"),
            models.Index(fields=["day", "source"], name="checkin_day"),
            models.Index(fields=["corrects"], condition=Q(corrects__isnull=False), name="checkin_corrects"),
        ]

    def __str__(self) -> str:
        return self.receipt

    @property
    def receipt(self) -> str:
        """The number on the person's receipt (`rules.receipts`)."""
        return receipt(self.day, self.pk)

    @property
    def answers(self) -> Answers:
        """What was said, as stored."""
        return Answers(
            unchanged=self.unchanged,
            temperature_c=self.temperature_c,
            symptoms=tuple(self.symptoms),
            exposure=self.exposure,
            place_changed=self.place_changed,
            place_note=self.place_note,
            note=self.note,
            extra=self.extra,
        )

    @property
    def as_previous(self) -> Previous:
        """For `rules.copied`."""
        return Previous(self.day, self.answers, self.severity)


class LatestCheckIn(models.Model):
    """The newest check-in of a person, denormalised: lists of who is in and who is not yet never scan history."""

    person = models.OneToOneField(Person, models.CASCADE, primary_key=True, related_name="latest_checkin")
    checkin = models.ForeignKey(CheckIn, models.CASCADE, related_name="+")
    day = models.DateField()
    at = models.DateTimeField()
    source = models.CharField(max_length=6, choices=CheckIn.Source.choices)
    symptomatic = models.BooleanField()
    severity = models.CharField(max_length=6, choices=Severity.choices)
    rank = models.PositiveSmallIntegerField()

    class Meta:
        # the exceptions of a day, worst first
        indexes = [models.Index(fields=["day", "-rank"], name="latest_day_rank")]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.day}"


class SymptomAlert(models.Model):
    """Triage found something. Open until the clinic opens a case or closes it with a reason."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        CASE = "case", _("case opened")
        CLOSED = "closed", _("closed with a reason")

    person = models.ForeignKey(Person, models.CASCADE, related_name="alerts")
    # The alert outlives the answers that raised it: check-ins are purged sooner.
    checkin = models.ForeignKey(CheckIn, models.SET_NULL, null=True, related_name="alerts")
    disease = models.CharField(max_length=40)
    pack = models.CharField(max_length=60)
    rule = models.CharField(max_length=60)
    severity = models.CharField(max_length=6, choices=Severity.choices)
    rank = models.PositiveSmallIntegerField()
    because_zh = models.CharField(max_length=200)
    because_en = models.CharField(max_length=200)
    raised_at = models.DateTimeField()
    state = models.CharField(max_length=6, choices=State.choices, default=State.OPEN)
    handled_at = models.DateTimeField(null=True, blank=True)
    handled_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    close_reason = models.CharField(max_length=300, blank=True)
    purge_on = models.DateField(db_index=True)

    class Meta:
        indexes = [
            # the clinic's queue: most severe first, oldest first within
            models.Index(fields=["state", "-rank", "raised_at"], name="alert_queue"),
            models.Index(fields=["person", "state"], name="alert_person"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "disease"], condition=Q(state="open"), name="alert_one_open_per_disease"
            ),
            models.CheckConstraint(condition=~Q(state="closed") | ~Q(close_reason=""), name="alert_closed_with_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.disease}:{self.rule}"

    @property
    def because(self) -> str:
        """Why it was raised, in the reader's language."""
        return self.because_zh if (get_language() or "zh").startswith("zh") else self.because_en


class Monitoring(models.Model):
    """A spell in which a person is asked more often (in quarantine, in isolation), from–to. Made by upper rooms."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="monitoring")
    starts = models.DateField()
    ends = models.DateField()
    checks_per_day = models.PositiveSmallIntegerField()
    temperature_required = models.BooleanField()
    reason = models.CharField(max_length=40)
    reference = models.CharField(max_length=40, unique=True)

    class Meta:
        indexes = [models.Index(fields=["person", "ends"], name="monitoring_person")]
        constraints = [
            models.CheckConstraint(condition=Q(ends__gte=F("starts")), name="monitoring_end_after_start"),
            models.CheckConstraint(condition=Q(checks_per_day__gte=1), name="monitoring_at_least_daily"),
        ]

    def __str__(self) -> str:
        return self.reference


class Credential(models.Model):
    """Which check-in tickets of a person are good: those of this serial (no row: 0). See `rules.credentials`."""

    person = models.OneToOneField(Person, models.CASCADE, primary_key=True, related_name="+")
    serial = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.person_id}: {self.serial}"


class PersonZone(models.Model):
    """The clock by which somebody away lives since a moment (no row: the institution's). See `rules.zones`."""

    person = models.OneToOneField(Person, models.CASCADE, primary_key=True, related_name="own_zone")
    zone = models.CharField(max_length=40)
    since = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.person_id}: {self.zone}"


class FormVersion(models.Model):
    """A published version of the institution's check-in form (`rules.forms`), in force `starts` to `ends`, included.

    Where versions overlap, the higher number is asked. `document` is the text as published; its hash is stored with
    each answer, so that what was asked can always be read again.
    """

    code = models.CharField(max_length=40)
    version = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64, unique=True)
    document = models.TextField()
    starts = models.DateField()
    ends = models.DateField()
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="form_version_once"),
            models.CheckConstraint(condition=Q(ends__gte=F("starts")), name="form_end_after_start"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.version}"


class AskedLevel(models.Model):
    """The response level over a part of the tree as check-ins see it, from–to: it decides how often people are asked.

    Written when a level is declared (an upper room does that); "" ends asking by level.
    """

    organisation_path = models.CharField(max_length=MAX_LENGTH)
    level = models.CharField(max_length=4)
    starts = models.DateField()
    ends = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["-starts", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation_path"], condition=Q(ends__isnull=True), name="asked_level_one_in_force"
            )
        ]

    def __str__(self) -> str:
        return f"{self.organisation_path}: {self.level}"
