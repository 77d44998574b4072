"""What is asked: published forms and the level that sets the cadence."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from shouwang.core.tree import MAX_LENGTH
from shouwang.org.models import Account, Organisation


class FormVersion(models.Model):
    """A published version of a check-in form (`rules.forms`), in force `starts` to `ends`, included, at and below an
    organisation; without one, wherever no form is nearer.

    Where versions of one organisation overlap, the higher number is asked. `document` is the text as published; its
    hash is stored with each answer, so that what was asked can always be read again.
    """

    code = models.CharField(max_length=40)
    version = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64, db_index=True)
    document = models.TextField()
    organisation = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="checkin_forms")
    starts = models.DateField()
    ends = models.DateField()
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["code", "version"], condition=Q(organisation__isnull=True), name="checkin_form_version_once"
            ),
            models.UniqueConstraint(
                fields=["organisation", "code", "version"],
                condition=Q(organisation__isnull=False),
                name="checkin_form_unit_version_once",
            ),
            models.UniqueConstraint(
                fields=["sha256"], condition=Q(organisation__isnull=True), name="checkin_form_document_once"
            ),
            models.UniqueConstraint(
                fields=["organisation", "sha256"],
                condition=Q(organisation__isnull=False),
                name="checkin_form_unit_document_once",
            ),
            models.CheckConstraint(condition=Q(ends__gte=F("starts")), name="checkin_form_end_after_start"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.version}"

    @property
    def path(self) -> str:
        """Where it is asked; "" for wherever no form is nearer."""
        return self.organisation.path if self.organisation else ""


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
