"""Rows that belong to no single room: audit, active packs, import runs, background progress."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class AuditEntry(models.Model):
    """Who did or read what, when, about whom. Written in the transaction of the act; never updated.

    Accounts and people are plain numbers: an entry must outlive what it speaks of, and core knows no other room.
    """

    at = models.DateTimeField(_("time"))
    account = models.BigIntegerField(null=True)
    label = models.CharField(_("by"), max_length=120)
    mouth = models.CharField(max_length=8)
    address = models.CharField(max_length=45, blank=True)
    verb = models.CharField(_("act"), max_length=60)
    kind = models.CharField(max_length=40)
    object = models.CharField(max_length=40, blank=True)
    subject = models.BigIntegerField(_("person concerned"), null=True)
    is_read = models.BooleanField(default=False)
    old = models.JSONField(null=True)
    new = models.JSONField(null=True)
    purge_on = models.DateField(db_index=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            # "who saw my data" and the history of one object
            models.Index(fields=["subject", "-id"], name="audit_subject"),
            models.Index(fields=["kind", "object", "-id"], name="audit_object"),
            models.Index(fields=["account", "-id"], name="audit_account"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.label} {self.verb}"


class ActivePack(models.Model):
    """A disease pack in force from–to. The pack itself is a file; its hash at activation is kept here."""

    code = models.CharField(max_length=60)
    sha256 = models.CharField(max_length=64)
    active_from = models.DateField()
    active_to = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(active_to__isnull=True) | Q(active_to__gte=F("active_from")), name="pack_end_after_start"
            ),
            models.UniqueConstraint(fields=["code"], condition=Q(active_to__isnull=True), name="pack_active_once"),
        ]

    def __str__(self) -> str:
        return self.code


class PackVersion(models.Model):
    """The text of a pack as it was when it was put in force or judged a case. Named by its hash, it never changes."""

    code = models.CharField(max_length=60)
    sha256 = models.CharField(max_length=64, unique=True)
    content = models.BinaryField()
    kept_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.code} {self.sha256[:8]}"


class ImportRun(models.Model):
    """One file given to an importer: its check (dry run), its commit, its counts and its error sheet."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        CHECKING = "checking", _("checking")
        CHECKED = "checked", _("checked, not yet imported")
        COMMITTING = "committing", _("importing")
        DONE = "done", _("imported")
        FAILED = "failed", _("failed")

    kind = models.CharField(max_length=40)
    state = models.CharField(max_length=12, choices=State.choices, default=State.WAITING)
    file_name = models.CharField(max_length=255)
    stored_as = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64, db_index=True)
    options = models.JSONField(default=dict)
    account = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    rows_done = models.PositiveIntegerField(default=0)
    rows_total = models.PositiveIntegerField(null=True)
    counts = models.JSONField(default=dict)
    # What else its reader must know before saying yes: remarks, the columns found, what would be created.
    report = models.JSONField(default=dict)
    problems = models.JSONField(default=list)  # the first ones; all of them are in the error sheet
    problem_count = models.PositiveIntegerField(default=0)
    error = models.JSONField(null=True)
    # The last sign of life of whoever works on it: a run that is busy and silent was killed and is taken up again.
    beat_at = models.DateTimeField(null=True)
    purge_on = models.DateField(db_index=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["account", "-id"], name="import_account")]

    def __str__(self) -> str:
        return f"{self.kind} {self.file_name}"

    @property
    def busy(self) -> bool:
        return self.state in {self.State.WAITING, self.State.CHECKING, self.State.COMMITTING}


class ColumnMemory(models.Model):
    """A column mapping somebody gave a name, so that next month's file needs no mapping again."""

    kind = models.CharField(max_length=40)
    name = models.CharField(max_length=80)
    columns = models.JSONField()
    used_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "name"], name="column_memory_name")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.name}"
