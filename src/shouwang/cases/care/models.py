"""Care of a case: referrals with their log, treatments, discharge, visits, complications, clearances, objections."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from shouwang.cases.care.rules.log import TONES, WORDS
from shouwang.cases.models import Case
from shouwang.checkins.models import SymptomAlert
from shouwang.org.models import Account


class Care(models.Model):
    """What is kept of one case once it is looked after; its row is the lock of all below.

    Absent from class and dormitory on a day D: ``absent_from <= D`` and not ``back_on <= D``. `absent_until` (included)
    is what was said, an estimate until a clearance sets `back_on`, the first day back. `discharged_at` and
    `reopened_at` are those of the discharge that counts and of the complication since. `allergies` and `chronic`
    are empty where nobody wrote them down: unknown, not none.
    """

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("care", "in care")
        DISCHARGED = "discharged", pgettext_lazy("care", "discharged, not back yet")
        RETURNED = "returned", pgettext_lazy("care", "cleared to return")
        DIED = "died", pgettext_lazy("care", "died")

    case = models.OneToOneField(Case, models.CASCADE, related_name="care")
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    allergies = models.CharField(_("allergies"), max_length=300, blank=True)
    chronic = models.CharField(_("chronic illness and its medicines"), max_length=300, blank=True)
    absent_from = models.DateField(null=True, blank=True)
    absent_until = models.DateField(null=True, blank=True)
    back_on = models.DateField(null=True, blank=True)
    discharged_at = models.DateTimeField(null=True, blank=True)
    reopened_at = models.DateTimeField(null=True, blank=True)
    began_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    version = models.PositiveIntegerField(default=1)
    purge_on = models.DateField(db_index=True)

    class Meta:
        ordering = ["-changed_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(absent_from__isnull=True, absent_until__isnull=True)
                | Q(absent_from__isnull=False, absent_until__gte=F("absent_from")),
                name="care_absence_whole",
            ),
            models.CheckConstraint(condition=~Q(state="returned") | Q(back_on__isnull=False), name="care_back_dated"),
        ]
        indexes = [
            models.Index(fields=["-changed_at", "-id"], name="care_newest"),
            models.Index(fields=["absent_from"], condition=Q(absent_from__isnull=False), name="care_absent"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.state}"

    @property
    def tone(self) -> str:
        return {"open": "warn", "discharged": "notice", "returned": "good"}.get(self.state, "neutral")


class Referral(models.Model):
    """A transfer to a hospital. Name, address and telephone stand as they were when it was made. A hospital's one-time
    link counts while `link_serial` is its own and `link_used_at` is None."""

    care = models.ForeignKey(Care, models.CASCADE, related_name="referrals")
    hospital = models.CharField(max_length=40)
    hospital_name = models.CharField(max_length=120)
    hospital_phone = models.CharField(max_length=40)
    hospital_address = models.CharField(max_length=200)
    reason = models.CharField(_("why"), max_length=300)
    accompanied_by = models.CharField(_("accompanied by"), max_length=120, blank=True)
    decided_at = models.DateTimeField(_("decided"))
    at = models.DateTimeField()
    by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    link_serial = models.PositiveSmallIntegerField(default=0)
    link_until = models.DateTimeField(null=True, blank=True)
    link_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-decided_at", "-id"]

    def __str__(self) -> str:
        return f"{self.care_id} {self.hospital}"


class Entry(models.Model):
    """A dated entry that is never changed: a correction is a row of its own that names the one it stands for.

    It stands in `corrects` of each kind. `void`: the correction takes the entry back. What counts is neither void nor
    corrected.
    """

    happened_at = models.DateTimeField(_("when"))
    at = models.DateTimeField()
    by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    void = models.BooleanField(default=False)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        abstract = True


class ReferralStep(Entry):
    """One moment of a referral: of the ambulance, or what the hospital said, by whom and how it came to us."""

    class Source(models.TextChoices):
        LINK = "link", pgettext_lazy("source", "by the hospital's link")
        MESSAGE = "message", pgettext_lazy("source", "by message, entered by the clinic")
        SEEN = "seen", pgettext_lazy("source", "seen by whoever entered it")

    referral = models.ForeignKey(Referral, models.CASCADE, related_name="steps")
    corrects = models.OneToOneField("self", models.CASCADE, null=True, blank=True, related_name="corrected_by")
    what = models.CharField(max_length=12, choices=list(WORDS.items()))
    source = models.CharField(max_length=8, choices=Source.choices)
    told_by = models.CharField(_("who said so"), max_length=80, blank=True)

    class Meta:
        ordering = ["happened_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(corrects__isnull=True) | ~Q(reason=""), name="step_correction_reasoned"),
        ]

    def __str__(self) -> str:
        return f"{self.referral_id} {self.what}"

    @property
    def tone(self) -> str:
        return TONES.get(self.what, "info")


class Treatment(Entry):
    """One entry of treatment: what, where, when."""

    class Place(models.TextChoices):
        CLINIC = "clinic", pgettext_lazy("treatment", "campus clinic")
        ISOLATION = "isolation", pgettext_lazy("treatment", "isolation place")
        HOSPITAL = "hospital", pgettext_lazy("treatment", "hospital")
        HOME = "home", pgettext_lazy("treatment", "at home")

    class Kind(models.TextChoices):
        SYMPTOMS = "symptoms", pgettext_lazy("treatment", "against symptoms")
        ANTIVIRAL = "antiviral", pgettext_lazy("treatment", "antiviral")
        ANTIBIOTIC = "antibiotic", pgettext_lazy("treatment", "antibiotic or antituberculous")
        FLUIDS = "fluids", pgettext_lazy("treatment", "fluids")
        OXYGEN = "oxygen", pgettext_lazy("treatment", "oxygen")
        TRADITIONAL = "traditional", pgettext_lazy("treatment", "traditional Chinese medicine")
        OTHER = "other", pgettext_lazy("treatment", "other")

    care = models.ForeignKey(Care, models.CASCADE, related_name="treatments")
    corrects = models.OneToOneField("self", models.CASCADE, null=True, blank=True, related_name="corrected_by")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    place = models.CharField(max_length=10, choices=Place.choices)
    text = models.CharField(_("what was given or done"), max_length=300)

    class Meta:
        ordering = ["happened_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(corrects__isnull=True) | ~Q(reason=""), name="treatment_correction_reasoned"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.care_id} {self.kind}"


class Discharge(Entry):
    """The end of treatment, with what the person was told to do."""

    class Outcome(models.TextChoices):
        RECOVERED = "recovered", pgettext_lazy("outcome", "recovered")
        IMPROVED = "improved", pgettext_lazy("outcome", "improved, treatment goes on at home")
        AGAINST = "against", pgettext_lazy("outcome", "left against advice")
        NOT_ILL = "not_ill", pgettext_lazy("outcome", "not this disease")

    care = models.ForeignKey(Care, models.CASCADE, related_name="discharges")
    corrects = models.OneToOneField("self", models.CASCADE, null=True, blank=True, related_name="corrected_by")
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices)
    instructions = models.TextField(_("instructions"))

    class Meta:
        ordering = ["happened_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(corrects__isnull=True) | ~Q(reason=""), name="discharge_correction_reasoned"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.care_id} {self.outcome}"


class Visit(models.Model):
    """One date of the follow-up after discharge, from the pack; `days` after it. `owner` answers for it; None: the
    clinic does."""

    class Finding(models.TextChoices):
        WELL = "well", pgettext_lazy("visit", "well")
        SYMPTOMS = "symptoms", pgettext_lazy("visit", "symptoms")
        NOT_REACHED = "not_reached", pgettext_lazy("visit", "not reached")

    care = models.ForeignKey(Care, models.CASCADE, related_name="visits")
    days = models.PositiveSmallIntegerField()
    due_on = models.DateField()
    text_zh = models.CharField(max_length=300)
    text_en = models.CharField(max_length=300)
    source = models.CharField(max_length=400)
    assumed = models.BooleanField()
    owner = models.ForeignKey(Account, models.SET_NULL, null=True, blank=True, related_name="+")
    finding = models.CharField(max_length=12, choices=Finding.choices, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(Account, models.SET_NULL, null=True, blank=True, related_name="+")
    tries = models.PositiveSmallIntegerField(default=0)
    note = models.CharField(max_length=300, blank=True)
    void = models.BooleanField(default=False)

    class Meta:
        ordering = ["due_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(done_at__isnull=True) | Q(finding__in=["well", "symptoms"]), name="visit_done_with_finding"
            ),
        ]
        indexes = [
            models.Index(fields=["due_on", "id"], condition=Q(done_at__isnull=True, void=False), name="visit_due"),
        ]

    def __str__(self) -> str:
        return f"{self.care_id} {self.due_on}"

    @property
    def text(self) -> str:
        """What it is for, in the reader's language."""
        return self.text_zh if (get_language() or "zh").startswith("zh") else self.text_en


class Complication(models.Model):
    """A symptom after the discharge, which took care up again."""

    class Source(models.TextChoices):
        CLINIC = "clinic", pgettext_lazy("complication", "seen at the clinic")
        VISIT = "visit", pgettext_lazy("complication", "said at the follow-up")
        ALERT = "alert", pgettext_lazy("complication", "reported in a check-in")

    care = models.ForeignKey(Care, models.CASCADE, related_name="complications")
    source = models.CharField(max_length=8, choices=Source.choices)
    alert = models.ForeignKey(SymptomAlert, models.SET_NULL, null=True, blank=True, related_name="+")
    symptoms = models.CharField(_("symptoms"), max_length=300)
    happened_at = models.DateTimeField()
    at = models.DateTimeField()
    by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.care_id} {self.source}"


class ClearanceSeries(models.Model):
    """The last number given in one year's series (``R-2026``). The row is the lock."""

    prefix = models.CharField(max_length=12, unique=True)
    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.prefix


class Clearance(models.Model):
    """A certificate: back to class and dormitory from `back_on` on. `lines_*` are the conditions as they stood at the
    review, a line each, ``+`` met and ``-`` not; with one not met, `reason` says why all the same. `salt` makes its
    code.

    It is valid while `revoked_at` is None.
    """

    care = models.ForeignKey(Care, models.CASCADE, related_name="clearances")
    number = models.CharField(max_length=20, unique=True)
    salt = models.CharField(max_length=32)
    absent_from = models.DateField(null=True, blank=True)
    back_on = models.DateField()
    lines_zh = models.TextField()
    lines_en = models.TextField()
    reason = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(Account, models.SET_NULL, null=True, blank=True, related_name="+")
    revoke_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["care"], condition=Q(revoked_at__isnull=True), name="clearance_one_valid"),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True) | ~Q(revoke_reason=""), name="clearance_revoked_with_reason"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def valid(self) -> bool:
        return self.revoked_at is None


class CareObjection(models.Model):
    """The person disagrees with what is kept or decided, or says what is wrong in it; the clinic answers."""

    care = models.ForeignKey(Care, models.CASCADE, related_name="objections")
    text = models.TextField()
    at = models.DateTimeField()
    answer = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(Account, models.SET_NULL, null=True, blank=True, related_name="+")
    # Why whoever wrote it had to answer: nobody else could. Empty: somebody else did.
    same_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["care"], condition=Q(answered_at__isnull=True), name="care_objection_one_open"
            ),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True) | ~Q(answer=""), name="care_objection_answered_in_words"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.care_id} {self.at}"
