"""Cases, classification history, clocks; the counter of case numbers and the protocols that judged them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from shouwang.checkins.models import SymptomAlert
from shouwang.core.tree import MAX_LENGTH
from shouwang.org.models import Account, Organisation, Person


class Classification(models.TextChoices):
    SUSPECTED = "suspected", _("suspected")
    PROBABLE = "probable", _("probable")
    CONFIRMED = "confirmed", _("confirmed")
    ASYMPTOMATIC = "asymptomatic", _("asymptomatic")
    DISCARDED = "discarded", _("discarded")


class Case(models.Model):
    """One episode of one disease in one person. `classification` is the latest row of its history.

    Dates are moments (`*_at`) except onset, which people remember as a day and sometimes an hour:
    `onset_at` is stored as a moment with `onset_day_only` saying that only the day is known (then local midnight).
    A missing date is unknown, never today. `home_path` is the person's, as `Person.home_path` stands: the line list of
    a restricted role is one scan of an index.
    """

    number = models.CharField(max_length=20, unique=True)
    person = models.ForeignKey(Person, models.PROTECT, related_name="cases")
    home_path = models.CharField(max_length=MAX_LENGTH, blank=True)
    alert = models.OneToOneField(SymptomAlert, models.SET_NULL, null=True, blank=True, related_name="case")
    disease = models.CharField(max_length=40)
    pack = models.CharField(max_length=60)
    pack_sha256 = models.CharField(max_length=64)
    classification = models.CharField(max_length=12, choices=Classification.choices)
    classified_at = models.DateTimeField()
    onset_at = models.DateTimeField(_("onset"), null=True, blank=True)
    onset_day_only = models.BooleanField(default=False)
    detected_at = models.DateTimeField(_("detected"))
    reported_at = models.DateTimeField(_("reported"), null=True, blank=True)
    isolated_at = models.DateTimeField(_("isolated"), null=True, blank=True)
    treated_at = models.DateTimeField(_("first treated"), null=True, blank=True)
    traced_at = models.DateTimeField(_("contacts traced"), null=True, blank=True)
    recovered_at = models.DateTimeField(_("recovered"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    close_reason = models.CharField(max_length=300, blank=True)
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    note = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1)
    purge_on = models.DateField(db_index=True)

    class Meta:
        ordering = ["-opened_at", "-id"]
        indexes = [
            models.Index(fields=["disease", "classification", "-opened_at"], name="case_desk"),
            models.Index(fields=["person", "disease"], name="case_person"),
            models.Index(fields=["-opened_at", "-id"], name="case_newest"),
            # the clinic's desk: what is still open, newest first
            models.Index(fields=["-opened_at", "-id"], condition=Q(closed_at__isnull=True), name="case_open"),
            models.Index(fields=["onset_at"], name="case_onset"),
            # The line list: every filter is answered from the index alone, however few of the cases are in reach.
            models.Index(
                fields=[
                    "-opened_at",
                    "-id",
                    "home_path",
                    "person",
                    "disease",
                    "pack",
                    "classification",
                    "onset_at",
                    "detected_at",
                    "reported_at",
                    "classified_at",
                ],
                name="case_lines",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "disease"], condition=Q(closed_at__isnull=True), name="case_one_open_per_disease"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def save(self, *args: Any, **options: Any) -> None:
        """A new case takes the place of its person along."""
        if self._state.adding:
            self.home_path = self.person.home_path
        super().save(*args, **options)

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


class CaseCounter(models.Model):
    """The last number given for a prefix in a year. Counted inside the opening transaction, so numbers have no gaps."""

    prefix = models.CharField(max_length=6)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["prefix", "year"], name="case_counter_once")]

    def __str__(self) -> str:
        return f"{self.prefix}-{self.year}: {self.last}"


class CaseProtocol(models.Model):
    """What a pack version says to this room (`rules.Protocol` as JSON), kept as long as cases were judged by it."""

    sha256 = models.CharField(max_length=64, unique=True)
    pack = models.CharField(max_length=60)
    content = models.JSONField()

    def __str__(self) -> str:
        return f"{self.pack} {self.sha256[:8]}"


class ClassificationChange(models.Model):
    """One step in a case's classification: from, to, by whom, why. The first has no `old`."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="history")
    old = models.CharField(max_length=12, choices=Classification.choices, blank=True)
    new = models.CharField(max_length=12, choices=Classification.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    reason = models.CharField(max_length=300)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.case_id} {self.old} > {self.new}"


class DateChange(models.Model):
    """One date of a case set, corrected or taken back. Kept here, not in the audit log: the log is also read by
    people without health rights. `field` is a column of `Case`; None is unknown."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="date_changes")
    field = models.CharField(max_length=16)
    old = models.DateTimeField(null=True)
    new = models.DateTimeField(null=True)
    old_day_only = models.BooleanField(default=False)
    day_only = models.BooleanField(default=False)
    at = models.DateTimeField()
    by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    reason = models.CharField(max_length=300, blank=True)
    version = models.PositiveIntegerField()

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.case_id} {self.field}"


class Clock(models.Model):
    """A due time on a case, from its pack: running, met in time, met late, or overdue. The deadline is a column.

    `owner` answers for `unit`, whose work it is, in the responsibility grid; None: the role itself answers. `awaited`:
    the case is open and its second date is still asked for. `steps` of the escalation have been taken for this due
    time, the next one comes at `step_at`. `home_path` is the person's, as on the case.
    """

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        OVERDUE = "overdue", _("overdue")
        MET = "met", _("met in time")
        LATE = "late", _("met late")
        VOID = "void", _("no longer needed")

    case = models.ForeignKey(Case, models.CASCADE, related_name="clocks")
    code = models.CharField(max_length=20)
    name_zh = models.CharField(max_length=60)
    name_en = models.CharField(max_length=60)
    starts_at = models.DateTimeField()
    due_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    owner_role = models.CharField(max_length=14)
    owner = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    unit = models.ForeignKey(Organisation, models.SET_NULL, null=True, blank=True, related_name="+")
    home_path = models.CharField(max_length=MAX_LENGTH, blank=True)
    awaited = models.BooleanField(default=False)
    steps = models.PositiveSmallIntegerField(default=0)
    step_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["due_at"]
        constraints = [
            models.UniqueConstraint(fields=["case", "code"], name="clock_once_per_case"),
            models.CheckConstraint(condition=Q(due_at__gte=F("starts_at")), name="clock_due_after_start"),
        ]
        indexes = [
            # the sweeper's question: running clocks whose due time has passed
            models.Index(fields=["due_at"], condition=Q(state="running"), name="clock_running_due"),
            models.Index(fields=["state", "due_at"], name="clock_state"),
            # Late and coming ones of a restricted role: one scan, in the order of the list.
            models.Index(fields=["due_at", "id", "home_path", "case"], condition=Q(awaited=True), name="clock_awaited"),
            models.Index(fields=["step_at"], condition=Q(step_at__isnull=False), name="clock_step"),
            models.Index(fields=["owner"], condition=Q(awaited=True), name="clock_owner"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.code}"

    @property
    def title(self) -> str:
        """The name in the reader's language."""
        return self.name_zh if (get_language() or "zh").startswith("zh") else self.name_en


# Of a step of `ClockEvent` without a person.
NOBODY_NAMED = {
    "owner": _("nobody is named who answers for it"),
    "deputy": _("no deputy is named"),
    "above": _("nobody is named for a unit above"),
}


class ClockEvent(models.Model):
    """What happened to a clock of a case: somebody was told that it ran out, or its due time moved. Kept with the case
    by the clock's code, so that it stands when the clock itself is counted anew.

    `person` None: the grid named nobody for this step. `was_due_at`: the due time before it moved.
    """

    title: str = ""  # the clock's name in the reader's language, where a query gave it

    class What(models.TextChoices):
        OWNER = "owner", _("told who answers for it")
        DEPUTY = "deputy", _("told the deputy")
        ABOVE = "above", _("told the unit above")
        MOVED = "moved", _("due time moved")
        GONE = "gone", _("no longer counted: the date it begins at is unknown")

    case = models.ForeignKey(Case, models.CASCADE, related_name="clock_events")
    code = models.CharField(max_length=20)
    what = models.CharField(max_length=6, choices=What.choices)
    step = models.PositiveSmallIntegerField(null=True, blank=True)
    at = models.DateTimeField()
    due_at = models.DateTimeField()
    was_due_at = models.DateTimeField(null=True, blank=True)
    person = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    unit = models.ForeignKey(Organisation, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            # A step is taken once for a due time, whatever runs twice.
            models.UniqueConstraint(
                fields=["case", "code", "due_at", "step"], condition=Q(step__isnull=False), name="clock_told_once"
            ),
        ]
        indexes = [
            models.Index(fields=["at"], condition=Q(person__isnull=False), name="clock_told_at"),
            models.Index(fields=["person"], condition=Q(person__isnull=False), name="clock_told_person"),
        ]

    @property
    def word(self) -> str:
        """What happened, in words: of a step for which the grid named nobody, that."""
        if self.step is not None and self.person_id is None:
            return str(NOBODY_NAMED[self.what])
        return str(self.get_what_display())

    def __str__(self) -> str:
        return f"{self.case_id} {self.code} {self.what}"


class CaseMerge(models.Model):
    """Two records of one episode: what hung on `merged` went to `kept`, and `merged` stands as discarded. Undone, it
    stands as history.

    `before` says what `merged` was (`classification`, `closed_at`, `close_reason`) and which dates `kept` took over
    from it (`taken`: column -> moment). Goes with its cases.
    """

    class State(models.TextChoices):
        DONE = "done", pgettext_lazy("merge of cases", "merged")
        UNDONE = "undone", pgettext_lazy("merge of cases", "undone")

    kept = models.ForeignKey(Case, models.CASCADE, related_name="merges")
    merged = models.ForeignKey(Case, models.CASCADE, related_name="merged_by")
    state = models.CharField(max_length=6, choices=State.choices, default=State.DONE)
    reason = models.CharField(max_length=300)
    before: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    at = models.DateTimeField()
    by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    undo_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(kept=F("merged")), name="case_merge_of_two"),
            models.CheckConstraint(condition=~Q(reason=""), name="case_merge_with_reason"),
            models.UniqueConstraint(fields=["merged"], condition=Q(state="done"), name="case_merged_once"),
        ]


class CaseMove(models.Model):
    """One row that named the merged case and names the kept one since."""

    merge = models.ForeignKey(CaseMerge, models.CASCADE, related_name="moves")
    table = models.CharField(max_length=60)
    field = models.CharField(max_length=60)
    row = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merge", "table", "field", "row"], name="case_move_once")]


# The tables of the laboratory, of care and of reports outward belong to this app; Django looks for them here.
import_module("shouwang.cases.laboratory.models")
import_module("shouwang.cases.care.models")
import_module("shouwang.cases.outward.models")
import_module("shouwang.cases.inward.models")
