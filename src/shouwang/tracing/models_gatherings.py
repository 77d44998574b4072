"""Gatherings with the list of who took part. Loaded by `models`."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from shouwang.org.models import Account, Organisation, Person, Place


class Gathering(models.Model):
    """Something was held at a place from–to, and whoever led it has the list of those who came.

    A withdrawn one (`reason` says why) is no presence any more; `owner` is the institution that entered it.
    """

    title = models.CharField(max_length=120)
    place = models.ForeignKey(Place, models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    participants = models.ManyToManyField(Person, related_name="+")
    owner = models.ForeignKey(Organisation, models.PROTECT, null=True, blank=True, related_name="+")
    entered_at = models.DateTimeField()
    entered_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    purge_on = models.DateField(db_index=True)

    class Meta:
        ordering = ["-starts_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="gathering_end_after_start"),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True) | ~Q(reason=""), name="gathering_withdrawn_with_reason"
            ),
        ]
        indexes = [
            models.Index(
                fields=["starts_at", "ends_at"], condition=Q(withdrawn_at__isnull=True), name="gathering_standing"
            )
        ]
