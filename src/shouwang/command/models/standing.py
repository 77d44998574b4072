"""Response levels and issued situation reports."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from shouwang.org.models import Account, Organisation


class ResponseLevel(models.Model):
    """Level I (gravest) to IV over an organisation's subtree, from–to, with its legal basis."""

    class Level(models.IntegerChoices):
        ONE = 1, _("Level I")
        TWO = 2, _("Level II")
        THREE = 3, _("Level III")
        FOUR = 4, _("Level IV")

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="levels")
    level = models.PositiveSmallIntegerField(choices=Level.choices)
    basis = models.CharField(_("legal basis"), max_length=300)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    review_on = models.DateField(_("to be reviewed on"))
    declared_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    # Why it was ended without another one taking its place; empty where one did.
    end_reason = models.CharField(_("reason"), max_length=300, blank=True)

    class Meta:
        ordering = ["-starts_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation"], condition=Q(ends_at__isnull=True), name="level_one_in_force"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gte=F("starts_at")), name="level_end_after_start"
            ),
        ]


class SituationReport(models.Model):
    """The figures of one day for one organisation as they stood when issued. Issuing again makes a new version."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="reports")
    day = models.DateField()
    version = models.PositiveIntegerField()
    figures = models.JSONField()
    issued_at = models.DateTimeField()
    issued_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    purge_on = models.DateField(db_index=True)

    class Meta:
        ordering = ["-day", "-version"]
        constraints = [models.UniqueConstraint(fields=["organisation", "day", "version"], name="report_version_once")]
