"""Timetables, presence batches and days, traces and contacts. Visits themselves are columns in files, not rows."""

from __future__ import annotations

from importlib import import_module

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
    # What somebody said, by how sure they were: the evidence itself then says how far to trust it.
    INTERVIEW = 6, _("interview: sure")
    INTERVIEW_ABOUT = 7, _("interview: about")
    INTERVIEW_HEARD = 8, _("interview: heard from others")
    GATHERING = 9, _("list of a gathering")
    WIFI = 10, _("Wi-Fi association")
    SCAN = 11, _("place code scanned")
    # The same, where no scan says when the person left: the evidence itself says that its end is a guess.
    SCAN_ESTIMATED = 12, _("place code scanned, leaving estimated")
    # Registered at the gate for the place they went to; estimated where nobody noted when they left.
    VISITOR = 13, _("visitor registered")
    VISITOR_ESTIMATED = 14, _("visitor registered, leaving estimated")


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
    # Stretches without a record where records are usual: see `queries.readers.Silence`. None: too few days to compare.
    holes = models.JSONField(null=True)
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
    rule_sha256 = models.CharField(max_length=64, blank=True)
    rule_basis = models.CharField(max_length=6, default="pack")
    links_traced = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-at", "-id"]


class CaseRule(models.Model):
    """An edition of a contact rule chosen for one case by a person, with the reason. The latest row holds."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="contact_rules")
    edition = models.CharField(max_length=60)
    sha256 = models.CharField(max_length=64)
    last_negative_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=300)
    at = models.DateTimeField()
    by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="case_rule_with_reason")]


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
    # A contact of a contact names the person between, with whom the evidence then is; 0 meetings: not counted.
    link = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    distance = models.CharField(max_length=10, blank=True)
    meetings = models.PositiveIntegerField(default=0)
    # Of `seconds`, what is certain and the most that uncertain statements allow; None where all of it is certain.
    # `possible_grade` is what the rule would say of the most, "" where that is the grade already.
    certain_seconds = models.PositiveIntegerField(null=True, blank=True)
    possible_seconds = models.PositiveIntegerField(null=True, blank=True)
    possible_grade = models.CharField(max_length=20, blank=True)
    # The grade a person gave against the rule, and why; "" where the rule's stands.
    override = models.CharField(max_length=20, blank=True)
    override_reason = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=9, choices=State.choices, default=State.CANDIDATE)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    decision_reason = models.CharField(max_length=300, blank=True)
    # Who is asked to decide; stays when the case is traced again, and as history when it is decided.
    tracer = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    version = models.PositiveIntegerField(default=1)
    purge_on = models.DateField(db_index=True)

    grade_name: str  # as the pack calls the grade; set by the pages that show it

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "person"], name="contact_once_per_case"),
            models.CheckConstraint(
                condition=~Q(state="dismissed") | ~Q(decision_reason=""), name="contact_dismissed_with_reason"
            ),
            models.CheckConstraint(
                condition=Q(override="") | ~Q(override_reason=""), name="contact_overridden_with_reason"
            ),
        ]
        indexes = [
            # the tracer's list: close before general, longest first
            models.Index(fields=["case", "state", "grade_rank", "-seconds", "id"], name="contact_desk"),
            models.Index(fields=["person", "state"], name="contact_person"),
            models.Index(
                fields=["tracer", "grade_rank", "-seconds", "id"], condition=Q(state="candidate"), name="contact_queue"
            ),
        ]


class FollowUp(models.Model):
    """A contact is looked after day by day until `ends_on`, included: one watch a person and disease, over all their
    confirmed contacts. What each day came to is read from the check-ins; calls and visits enter one.

    `assigned` is whom the rule or a person asked to look after them, `tried` who was asked before (person ids);
    `stepped_on` is the silent day for which it was last handed on.
    """

    class State(models.TextChoices):
        RUNNING = "running", pgettext_lazy("follow-up", "running")
        COMPLETED = "completed", pgettext_lazy("follow-up", "completed")
        ENDED = "ended", pgettext_lazy("follow-up", "ended by decision")
        BECAME_CASE = "case", pgettext_lazy("follow-up", "became a case")
        WITHDRAWN = "withdrawn", pgettext_lazy("follow-up", "no longer a contact")

    person = models.ForeignKey(Person, models.PROTECT, related_name="follow_ups")
    disease = models.CharField(max_length=40)
    pack = models.CharField(max_length=60)
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, blank=True, related_name="+")
    starts_on = models.DateField()
    ends_on = models.DateField()
    checks_per_day = models.PositiveSmallIntegerField()
    temperature_required = models.BooleanField(default=True)
    why_zh = models.CharField(max_length=400)
    why_en = models.CharField(max_length=400)
    assigned = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    assigned_at = models.DateTimeField(null=True, blank=True)
    assigned_by = models.ForeignKey(Account, models.SET_NULL, null=True, blank=True, related_name="+")
    tried = models.JSONField(default=list)
    stepped_on = models.DateField(null=True, blank=True)
    state = models.CharField(max_length=9, choices=State.choices, default=State.RUNNING)
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(Account, models.SET_NULL, null=True, blank=True, related_name="+")
    end_reason = models.CharField(max_length=300, blank=True)
    # The case they became, and the follow-up that this one takes up again because that case was discarded.
    became = models.ForeignKey(Case, models.SET_NULL, null=True, blank=True, related_name="+")
    resumes = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="+")
    version = models.PositiveIntegerField(default=1)
    purge_on = models.DateField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "disease"], condition=Q(state="running"), name="follow_up_one_running"
            ),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="follow_up_end_after_start"),
            models.CheckConstraint(condition=Q(checks_per_day__gte=1), name="follow_up_at_least_daily"),
            models.CheckConstraint(condition=~Q(state="ended") | ~Q(end_reason=""), name="follow_up_ended_with_reason"),
        ]
        indexes = [
            models.Index(fields=["ends_on", "id"], condition=Q(state="running"), name="follow_up_running"),
            models.Index(fields=["assigned", "state"], name="follow_up_assigned"),
        ]

    @property
    def reference(self) -> str:
        """Of the spell in which the person is asked to check in."""
        return f"follow-up {self.pk}"


class FollowUpCall(models.Model):
    """Somebody telephoned or went there. Whom they reached is entered as a check-in, whose receipt
    stands beside it."""

    class How(models.TextChoices):
        PHONE = "phone", pgettext_lazy("follow-up", "by telephone")
        VISIT = "visit", pgettext_lazy("follow-up", "in person")

    class Outcome(models.TextChoices):
        REACHED = "reached", pgettext_lazy("follow-up", "reached")
        NOT_REACHED = "not_reached", pgettext_lazy("follow-up", "not reached")
        REFUSED = "refused", pgettext_lazy("follow-up", "did not want to answer")

    follow_up = models.ForeignKey(FollowUp, models.CASCADE, related_name="calls")
    client_key = models.CharField(max_length=64, unique=True)
    day = models.DateField()
    at = models.DateTimeField()
    by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    how = models.CharField(max_length=5, choices=How.choices)
    outcome = models.CharField(max_length=11, choices=Outcome.choices)
    note = models.CharField(max_length=300, blank=True)
    # No key: check-ins are purged first, by the hundred thousand, and would look here for each.
    receipt = models.CharField(max_length=20, blank=True)

    class Meta:
        ordering = ["-at", "-id"]


class TransmissionLink(models.Model):
    """One answer to "who infected this case?": another case, or that it was imported, or that nobody knows.

    The rule proposes cases (`by_rule`) with a certainty and its checks (`checks`, see `rules.chains`, renewed while it
    is undecided); a tracer accepts, rejects, or adds an answer of their own. At most one is accepted.
    """

    class Origin(models.TextChoices):
        CASE = "case", _("another case")
        IMPORTED = "imported", _("imported: infected elsewhere")
        UNKNOWN = "unknown", _("searched for and not found")

    class State(models.TextChoices):
        PROPOSED = "proposed", pgettext_lazy("transmission link", "proposed")
        ACCEPTED = "accepted", pgettext_lazy("transmission link", "accepted")
        REJECTED = "rejected", pgettext_lazy("transmission link", "rejected")

    class Certainty(models.TextChoices):
        PROBABLE = "probable", pgettext_lazy("certainty", "probable")
        POSSIBLE = "possible", pgettext_lazy("certainty", "possible")
        UNLIKELY = "unlikely", pgettext_lazy("certainty", "unlikely")

    case = models.ForeignKey(Case, models.CASCADE, related_name="infected_by")
    origin = models.CharField(max_length=8, choices=Origin.choices, default=Origin.CASE)
    infector = models.ForeignKey(Case, models.CASCADE, null=True, blank=True, related_name="infected")
    state = models.CharField(max_length=8, choices=State.choices, default=State.PROPOSED)
    certainty = models.CharField(max_length=8, choices=Certainty.choices, blank=True)
    distance_sd = models.FloatField(null=True, blank=True)
    checks = models.JSONField(default=list)
    pack = models.CharField(max_length=60, blank=True)
    pack_sha256 = models.CharField(max_length=64, blank=True)
    by_rule = models.BooleanField(default=False)
    judged_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "infector"], name="link_once_per_pair"),
            models.UniqueConstraint(
                fields=["case", "origin"], condition=Q(infector__isnull=True), name="link_origin_once"
            ),
            models.UniqueConstraint(fields=["case"], condition=Q(state="accepted"), name="link_one_accepted"),
            models.CheckConstraint(condition=~Q(case=F("infector")), name="link_not_to_itself"),
            models.CheckConstraint(
                condition=Q(origin="case", infector__isnull=False) | ~Q(origin="case") & Q(infector__isnull=True),
                name="link_infector_where_case",
            ),
        ]


class LinkStep(models.Model):
    """One decision about a link, with its reason and the certainty that stood then. Links of the rule begin without."""

    link = models.ForeignKey(TransmissionLink, models.CASCADE, related_name="steps")
    old = models.CharField(max_length=8, choices=TransmissionLink.State.choices, blank=True)
    new = models.CharField(max_length=8, choices=TransmissionLink.State.choices)
    certainty = models.CharField(max_length=8, choices=TransmissionLink.Certainty.choices, blank=True)
    reason = models.CharField(max_length=300)
    at = models.DateTimeField()
    by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="link_step_with_reason")]


# Django looks for models here only, and these need those above.
for part in ("gatherings", "lessons", "readers", "scans", "seats", "told", "visitors"):
    import_module(f"shouwang.tracing.models_{part}")
