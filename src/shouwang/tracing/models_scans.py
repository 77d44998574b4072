"""Codes on posters at places, and who scanned them. Loaded by `models`."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shouwang.org.models import Account, Person, Place


class PlaceCode(models.Model):
    """The edition of a place's poster: a code of an earlier `serial` counts no more; `expires_at` None never ends."""

    place = models.OneToOneField(Place, models.CASCADE, related_name="+")
    serial = models.PositiveIntegerField(default=1)
    expires_at = models.DateTimeField(null=True, blank=True)
    issued_at = models.DateTimeField()
    issued_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")


class PlaceScan(models.Model):
    """A person scanned the code of a place at `at`, local `day`. One that was wrong is struck out by the person
    (`removed_at`) and is no presence any more. Read by the person themselves and by traces, by nobody else."""

    class Way(models.TextChoices):
        IN = "in", _("I am here")
        OUT = "out", _("I leave")

    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    place = models.ForeignKey(Place, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    day = models.DateField()
    way = models.CharField(max_length=3, choices=Way.choices)
    client_key = models.CharField(max_length=64)
    received_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)
    purge_on = models.DateField(db_index=True)

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            # sent again by a phone that got no answer: the same scan
            models.UniqueConstraint(fields=["person", "client_key"], name="scan_once"),
        ]
        indexes = [
            models.Index(fields=["at"], condition=Q(removed_at__isnull=True), name="scan_standing"),
            models.Index(fields=["person", "-at", "-id"], name="scan_own"),
            models.Index(fields=["day"], name="scan_day"),
        ]
