"""Check-ins, the latest state of each person and its tallies, excuses, bulk jobs, symptom alerts, monitoring spells."""

from __future__ import annotations

from django.db import models
from django.db.models import Case, F, Q, When
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from shouwang.checkins.rules.answers import Answers, Previous
from shouwang.checkins.rules.receipts import receipt
from shouwang.checkins.rules.standing import CONFLICT, ILL, NEVER, Known
from shouwang.core.tree import MAX_LENGTH
from shouwang.org.models import Account, Organisation, Person


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
    """What the newest check-in says of each person on the roster, heard or never: lists and counts never scan history.

    Everybody who has not left has exactly one row (`actions.sync_standings`); a check-in overwrites `HEARD` alone.
    `day` is `rules.NEVER` without a check-in on record. `words` are the last words of `day` by source (`rules.said`),
    `note` what is remarkable about them (`rules.note_of`); null where nothing is, so that partial indexes stay small.
    `home_path` and `number` are the person's, copied: the order of every list. `excused_until` is the last day of the
    excuse in force; it expires by itself. `part` is the slot of `day` in which it was said (`rules.slot_of`).
    """

    HEARD = ("checkin", "day", "at", "source", "symptomatic", "severity", "rank", "words", "conflicting", "part")

    person = models.OneToOneField(Person, models.CASCADE, primary_key=True, related_name="latest_checkin")
    home_path = models.CharField(max_length=MAX_LENGTH, blank=True)
    number = models.CharField(max_length=40, blank=True)
    # No index and no constraint: both would be written with every check-in, at a random place. Who deletes check-ins
    # calls `standings.forget` first.
    checkin = models.ForeignKey(
        CheckIn, models.DO_NOTHING, null=True, related_name="+", db_index=False, db_constraint=False
    )
    day = models.DateField(default=NEVER)
    at = models.DateTimeField(null=True)
    source = models.CharField(max_length=6, choices=CheckIn.Source.choices, blank=True)
    symptomatic = models.BooleanField(default=False)
    severity = models.CharField(max_length=6, choices=Severity.choices, default=Severity.NONE)
    rank = models.PositiveSmallIntegerField(default=0)
    words = models.PositiveSmallIntegerField(default=0)
    conflicting = models.BooleanField(default=False)
    part = models.PositiveSmallIntegerField(default=0)
    note = models.GeneratedField(
        expression=Case(
            When(symptomatic=True, then=F("rank") * ILL + ILL),
            When(rank__gt=0, then=F("rank") * ILL + 1),
            When(conflicting=True, then=CONFLICT),
            default=None,
        ),
        output_field=models.PositiveSmallIntegerField(null=True),
        db_persist=True,
    )
    excused_until = models.DateField(null=True)
    excused_code = models.CharField(max_length=12, blank=True)

    class Meta:
        indexes = [
            # every list of one day in its order, remarkable and excused ones skipped inside the index
            models.Index(fields=["day", "home_path", "number", "note", "excused_until", "part"], name="latest_list"),
            # the exceptions of a day, worst first
            models.Index(
                fields=["day", "note", "home_path", "number"], condition=Q(note__isnull=False), name="latest_note"
            ),
            models.Index(
                fields=["home_path", "number", "day", "excused_until"],
                condition=Q(excused_until__isnull=False),
                name="latest_excused",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.day}"

    @property
    def known(self) -> Known:
        """For `rules.state_of`."""
        return Known(self.day, self.note, self.excused_until, self.part)


class Excuse(models.Model):
    """Nobody expects this person's check-in from–to, both included. Always with an end: it expires by itself."""

    class Code(models.TextChoices):
        LEAVE = "leave", _("on leave")
        HOSPITAL = "hospital", _("in hospital")
        NO_PHONE = "no_phone", _("no telephone or no signal")
        INTERN = "intern", _("on internship elsewhere")
        ABROAD = "abroad", _("abroad")
        EXERCISE = "exercise", _("field work or military training")
        OTHER = "other", _("another reason, written down")

    person = models.ForeignKey(Person, models.CASCADE, related_name="excuses")
    code = models.CharField(max_length=12, choices=Code.choices)
    note = models.CharField(max_length=200, blank=True)
    starts = models.DateField()
    ends = models.DateField()
    account = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField()
    purge_on = models.DateField(db_index=True)

    class Meta:
        ordering = ["-starts", "-id"]
        indexes = [
            models.Index(fields=["person", "ends"], name="excuse_person"),
            models.Index(fields=["starts", "ends"], name="excuse_days"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(ends__gte=F("starts")), name="excuse_end_after_start"),
            models.CheckConstraint(condition=~Q(code="other") | ~Q(note=""), name="excuse_other_says_what"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.code} {self.ends}"


class Counted(models.Model):
    """What the tallies hold of one person: compared with `LatestCheckIn`, it says what must be added and taken off."""

    person = models.BigIntegerField(primary_key=True)
    home_path = models.CharField(max_length=MAX_LENGTH)
    day = models.DateField()
    note = models.PositiveSmallIntegerField(null=True)
    source = models.CharField(max_length=6)
    excused_until = models.DateField(null=True)
    part = models.PositiveSmallIntegerField(default=0)


class Tally(models.Model):
    """How many people at and below an organisation have this newest word. Only organisations that are `Tallied`."""

    path = models.CharField(max_length=MAX_LENGTH)
    day = models.DateField()
    note = models.PositiveSmallIntegerField(null=True)
    source = models.CharField(max_length=6)
    excused_until = models.DateField(null=True)
    part = models.PositiveSmallIntegerField(default=0)
    people = models.IntegerField()

    class Meta:
        indexes = [models.Index(fields=["path"], name="tally_path")]


class Tallied(models.Model):
    """A node of the tree large enough that counting its people one by one would take long ("": everybody)."""

    path = models.CharField(max_length=MAX_LENGTH, primary_key=True)


class Stirred(models.Model):
    """A person whose standing changed by something else than a check-in, not yet in the tallies."""

    person = models.BigIntegerField()


class TallyState(models.Model):
    """The one row that says how far the tallies are: check-ins up to id `watermark`, the day they were turned to."""

    watermark = models.BigIntegerField(default=0)
    day = models.DateField(null=True)
    as_of = models.DateTimeField(null=True)
    compared_at = models.DateTimeField(null=True)


class BulkJob(models.Model):
    """One act on many people of a list, done in slices by the worker. What became of each stands in its rows."""

    class Kind(models.TextChoices):
        EXCUSE = "excuse", _("excuse")
        WELL = "well", _("reached by telephone: well")
        UNWELL = "unwell", _("reached by telephone: unwell")
        REMIND = "remind", _("remind")

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    kind = models.CharField(max_length=8, choices=Kind.choices)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    options = models.JSONField(default=dict)
    account = models.BigIntegerField(null=True)
    mouth = models.CharField(max_length=8)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    beat_at = models.DateTimeField(null=True)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    purge_on = models.DateField(db_index=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["account", "-id"], name="bulk_account")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def busy(self) -> bool:
        return self.state in {self.State.WAITING, self.State.RUNNING}

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 100


class BulkRow(models.Model):
    """One person of a job. `code` is "" until their turn, "ok", or that of the refusal; `detail` says more."""

    job = models.ForeignKey(BulkJob, models.CASCADE, related_name="rows")
    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    code = models.CharField(max_length=40, blank=True)
    detail = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["job", "id"], condition=Q(code=""), name="bulk_waiting"),
            models.Index(fields=["person", "-id"], name="bulk_person"),
        ]
        constraints = [models.UniqueConstraint(fields=["job", "person"], name="bulk_person_once")]


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


class QualityNote(models.Model):
    """A unit's entries of a day look copied or implausible (`rules.quality`): counts, and what the unit says to it.

    Never about a person, and no measure against anybody: the secretary answers how the unit collects.
    """

    class Kind(models.TextChoices):
        SAME_READING = "same_reading", _("one reading for nearly everybody")
        ONE_DEVICE = "one_device", _("many people from one device within a minute")
        IN_BULK = "in_bulk", _("many entered for others at once, and alike")

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="+")
    day = models.DateField()
    kind = models.CharField(max_length=14, choices=Kind.choices)
    count = models.PositiveIntegerField()
    of = models.PositiveIntegerField()
    detail = models.CharField(max_length=20, blank=True)
    noted_at = models.DateTimeField()
    answer = models.CharField(max_length=300, blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    purge_on = models.DateField(db_index=True)

    class Meta:
        ordering = ["-day", "-id"]
        constraints = [models.UniqueConstraint(fields=["organisation", "day", "kind"], name="quality_once_a_day")]

    def __str__(self) -> str:
        return f"{self.organisation_id}: {self.kind} {self.day}"
