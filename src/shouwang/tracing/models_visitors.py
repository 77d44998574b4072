"""Visitors: who came to the campus for some hours, and where to. Loaded by `models`."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from shouwang.org.models import Account, Person, Place


class Visit(models.Model):
    """One visit as it was registered at the gate or by the host. `person` is a person of kind visitor who is on no
    roster: they left on the day they came. The end is `left_at`, else `expected_until` as an estimate."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="visits")
    place = models.ForeignKey(Place, models.PROTECT, related_name="+")
    host = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    starts_at = models.DateTimeField()
    expected_until = models.DateTimeField()
    left_at = models.DateTimeField(null=True, blank=True)
    client_key = models.CharField(max_length=64, unique=True)
    received_at = models.DateTimeField()
    registered_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    purge_on = models.DateField(db_index=True)

    class Meta:
        ordering = ["-starts_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(expected_until__gt=F("starts_at")), name="visit_until_after_start"),
            models.CheckConstraint(
                condition=Q(left_at__isnull=True) | Q(left_at__gte=F("starts_at")), name="visit_left_after_start"
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True) | ~Q(reason=""), name="visit_withdrawn_with_reason"
            ),
        ]
        indexes = [
            models.Index(fields=["-starts_at", "-id"], name="visit_list"),
            models.Index(fields=["starts_at"], condition=Q(withdrawn_at__isnull=True), name="visit_standing"),
        ]
