"""Tests, samples, their chain of custody, versions of results; rows that wait for somebody; mass-testing days."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from shouwang.cases.laboratory.data import disease_name, method_name
from shouwang.core.tree import MAX_LENGTH
from shouwang.org.models import Account, Organisation, Person


class Outcome(models.TextChoices):
    NEGATIVE = "negative", _("negative")
    POSITIVE = "positive", _("positive")
    INCONCLUSIVE = "inconclusive", _("inconclusive")
    INVALID = "invalid", _("invalid")


class Purpose(models.TextChoices):
    CASE = "case", _("of a case")
    CONTACT = "contact", _("of a contact")
    QUARANTINE = "quarantine", _("during quarantine")
    MASS = "mass", _("mass testing")
    RETEST = "retest", _("re-test after a pool")
    OTHER = "other", _("another reason")


TONES = {"negative": "good", "positive": "danger", "inconclusive": "warn", "invalid": "notice"}


class Named(models.Model):
    """What is tested and for which disease, in the reader's language."""

    class Meta:
        abstract = True

    method: str
    disease: str

    @property
    def method_name(self) -> str:
        return method_name(self.method)

    @property
    def disease_name(self) -> str:
        return disease_name(self.disease)


class Sample(Named):
    """One tube. `capacity` is how many people it is meant for (1, 5, 10); who is in it, its tests say.

    The outcome is the latest version of `results`. Of a pool it is the outcome of the tube, not of anybody in it.
    """

    barcode = models.CharField(_("barcode"), max_length=40, unique=True)
    capacity = models.PositiveSmallIntegerField(default=1)
    method = models.CharField(max_length=20)
    disease = models.CharField(max_length=40)
    taken_at = models.DateTimeField(_("taken"))
    taken_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    taken_where = models.CharField(_("where"), max_length=120, blank=True)
    received_at = models.DateTimeField(_("received at the laboratory"), null=True, blank=True)
    laboratory = models.CharField(_("laboratory"), max_length=120, blank=True)
    outcome = models.CharField(max_length=12, choices=Outcome.choices, blank=True)
    result_version = models.PositiveSmallIntegerField(default=0)
    purge_on = models.DateField(db_index=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(received_at__isnull=True) | Q(received_at__gte=F("taken_at")), name="sample_received_after"
            ),
            models.CheckConstraint(condition=Q(outcome="") ^ Q(result_version__gt=0), name="sample_outcome_versioned"),
        ]

    def __str__(self) -> str:
        return self.barcode

    @property
    def tone(self) -> str:
        return TONES.get(self.outcome, "neutral")

    @property
    def pooled(self) -> bool:
        return self.capacity > 1


class Handover(models.Model):
    """One link of the chain of custody: who gave the tube to whom, when. Never changed."""

    sample = models.ForeignKey(Sample, models.CASCADE, related_name="handovers")
    at = models.DateTimeField()
    giver = models.CharField(_("handed over by"), max_length=80)
    taker = models.CharField(_("taken over by"), max_length=80)
    at_laboratory = models.BooleanField(default=False)
    note = models.CharField(max_length=200, blank=True)
    noted_at = models.DateTimeField()
    noted_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["sample"], condition=Q(at_laboratory=True), name="sample_received_once")
        ]


class SampleResult(models.Model):
    """One version of the result of a sample. The first needs no reason; each later one is a correction and does."""

    sample = models.ForeignKey(Sample, models.CASCADE, related_name="results")
    version = models.PositiveSmallIntegerField()
    outcome = models.CharField(max_length=12, choices=Outcome.choices)
    value = models.CharField(_("value"), max_length=120, blank=True)
    laboratory = models.CharField(_("laboratory"), max_length=120, blank=True)
    # When the laboratory says it was found; None where it does not say. `entered_at` is when we were told.
    resulted_at = models.DateTimeField(null=True, blank=True)
    entered_at = models.DateTimeField()
    entered_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    reason = models.CharField(max_length=300, blank=True)
    run = models.BigIntegerField(null=True)  # of the laboratory's file it came from
    row = models.PositiveIntegerField(null=True)

    class Meta:
        ordering = ["version"]
        constraints = [
            models.UniqueConstraint(fields=["sample", "version"], name="result_version_once"),
            models.CheckConstraint(condition=Q(version=1) | ~Q(reason=""), name="result_correction_reasoned"),
        ]

    @property
    def tone(self) -> str:
        return TONES[self.outcome]


class TestDay(Named):
    """A mass-testing day: everybody of a subtree of units on one date."""

    __test__ = False  # not for pytest to collect
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    path = models.CharField(max_length=MAX_LENGTH)
    day = models.DateField()
    title = models.CharField(max_length=120)
    method = models.CharField(max_length=20)
    disease = models.CharField(max_length=40)
    capacity = models.PositiveSmallIntegerField(default=1)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    synced_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    purge_on = models.DateField(db_index=True)

    class Meta:
        ordering = ["-day", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "day", "method", "disease"], name="test_day_once")
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


class Test(Named):
    """One test of one person: ordered, taken, received, resulted. Latest state in columns, for lists.

    `due_at` is when the next step should have been done; None once nothing more is awaited. `state` retest: the
    pool did not clear this person, the re-test (`again`) decides.
    """

    __test__ = False

    class State(models.TextChoices):
        ORDERED = "ordered", _("to be taken")
        TAKEN = "taken", _("taken")
        RECEIVED = "received", _("at the laboratory")
        RESULTED = "resulted", _("result known")
        RETEST = "retest", _("to be tested singly")
        CANCELLED = "cancelled", _("cancelled")

    person = models.ForeignKey(Person, models.PROTECT, related_name="tests")
    case = models.ForeignKey("cases.Case", models.SET_NULL, null=True, blank=True, related_name="tests")
    day = models.ForeignKey(TestDay, models.SET_NULL, null=True, blank=True, related_name="tests")
    retest_of = models.OneToOneField("self", models.SET_NULL, null=True, blank=True, related_name="again")
    sample = models.ForeignKey(Sample, models.SET_NULL, null=True, blank=True, related_name="tests")
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    method = models.CharField(max_length=20)
    disease = models.CharField(max_length=40)
    state = models.CharField(max_length=9, choices=State.choices, default=State.ORDERED)
    ordered_at = models.DateTimeField()
    ordered_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    taken_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(null=True)
    resulted_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)  # when the result was entered here
    due_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=12, choices=Outcome.choices, blank=True)
    value = models.CharField(max_length=120, blank=True)
    laboratory = models.CharField(max_length=120, blank=True)
    pool_of = models.PositiveSmallIntegerField(
        default=0
    )  # people in the tube the outcome came from; 0: a tube of one's own
    note = models.CharField(max_length=300, blank=True)
    settled_at = models.DateTimeField(null=True)  # a positive result without a case was looked at
    settled_reason = models.CharField(max_length=300, blank=True)
    purge_on = models.DateField(db_index=True)

    class Meta:
        ordering = ["-ordered_at", "-id"]
        indexes = [
            models.Index(fields=["person", "disease"], name="test_person"),
            models.Index(fields=["-ordered_at", "-id"], name="test_newest"),
            models.Index(fields=["due_at", "id"], condition=Q(due_at__isnull=False), name="test_due"),
            models.Index(fields=["told_at", "id"], condition=Q(outcome="positive"), name="test_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.person_id}"

    @property
    def tone(self) -> str:
        """Of its outcome, else of its state."""
        if self.outcome:
            return TONES[self.outcome]
        return "special" if self.state == self.State.RETEST else "neutral"

    @property
    def word(self) -> str:
        """What it came to, in a word; else how far it is."""
        return str(self.get_outcome_display() if self.outcome else self.get_state_display())


class DayMember(models.Model):
    """Somebody of a mass-testing day's list: to be tested, tested, or excused. Who never came stays `waiting`; once
    the day is closed that reads "absent". Only a sample makes anybody `taken`: no one can be ticked off."""

    class State(models.TextChoices):
        WAITING = "waiting", _("not tested yet")
        TAKEN = "taken", _("taken")
        EXCUSED = "excused", _("exempt")

    class Why(models.TextChoices):
        AWAY = "away", _("not on campus")
        LEAVE = "leave", _("on leave")
        QUARANTINE = "quarantine", _("in quarantine or isolation")
        ILL = "ill", _("ill")
        ELSEWHERE = "elsewhere", _("tested elsewhere")
        REFUSED = "refused", _("does not want to")
        OTHER = "other", _("another reason, written down")

    day = models.ForeignKey(TestDay, models.CASCADE, related_name="members")
    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    home = models.ForeignKey(Organisation, models.SET_NULL, null=True, related_name="+")
    home_path = models.CharField(max_length=MAX_LENGTH)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    why = models.CharField(max_length=10, choices=Why.choices, blank=True)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["home_path", "id"]
        constraints = [
            models.UniqueConstraint(fields=["day", "person"], name="day_member_once"),
            models.CheckConstraint(condition=~Q(state="excused") | ~Q(why=""), name="day_excused_says_why"),
        ]
        indexes = [models.Index(fields=["day", "home_path", "id"], name="day_member_unit")]


class ReviewItem(models.Model):
    """A row of a laboratory's file that names nobody for certain. It waits until somebody says whose it is."""

    class Why(models.TextChoices):
        BARCODE_UNKNOWN = "barcode", _("no sample has this barcode")
        PERSON_UNKNOWN = "person", _("nobody has this number")
        PERSON_OTHER = "other", _("the sample is somebody else's")
        AMBIGUOUS = "ambiguous", _("several samples, or none, of this person await a result")
        CONFLICT = "conflict", _("the file holds different results for this barcode")
        DIFFERS = "differs", _("another result is known already")

    class Settled(models.TextChoices):
        WAITING = "", _("waiting")
        TAKEN = "taken", _("taken over")
        DISMISSED = "dismissed", _("set aside")

    fingerprint = models.CharField(max_length=64, unique=True)  # the same row again is the same item
    why = models.CharField(max_length=10, choices=Why.choices)
    run = models.BigIntegerField(null=True)
    row = models.PositiveIntegerField()
    path = models.CharField(max_length=MAX_LENGTH)  # of the unit for which the file was brought in
    barcode = models.CharField(max_length=40, blank=True)
    number = models.CharField(max_length=40, blank=True)
    name = models.CharField(max_length=120, blank=True)
    outcome = models.CharField(max_length=12, choices=Outcome.choices)
    value = models.CharField(max_length=120, blank=True)
    laboratory = models.CharField(max_length=120, blank=True)
    resulted_at = models.DateTimeField(null=True)
    made_at = models.DateTimeField()
    settled = models.CharField(max_length=9, choices=Settled.choices, blank=True)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    settled_reason = models.CharField(max_length=300, blank=True)
    sample = models.ForeignKey(Sample, models.SET_NULL, null=True, related_name="+")
    purge_on = models.DateField(db_index=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["id"], condition=Q(settled=""), name="review_waiting")]

    @property
    def tone(self) -> str:
        return TONES[self.outcome]
