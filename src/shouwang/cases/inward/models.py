"""Cases as other systems know them, and what became of each here."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shouwang.cases.inward import rules
from shouwang.cases.models import Case
from shouwang.core.tree import MAX_LENGTH
from shouwang.org.models import Account, Person

SYSTEMS = {"sormas": "SORMAS", "godata": "Go.Data"}


class OutsideCase(models.Model):
    """A case of another system: waiting for somebody, linked to a case here, or set aside.

    `content` is what the file says (`rules.Outside.content`); `person` whom it is about, proposed while it waits.
    `path` is of the unit for which the file was brought in.
    """

    class Settled(models.TextChoices):
        WAITING = "", _("waiting")
        TAKEN = "taken", _("linked to a case")
        DISMISSED = "dismissed", _("set aside")

    fingerprint = models.CharField(max_length=64, unique=True)
    system = models.CharField(max_length=10)
    outside_id = models.CharField(max_length=80, blank=True)
    content: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField()
    why = models.CharField(max_length=10, choices=list(rules.REASONS.items()), blank=True)
    pack = models.CharField(max_length=60)
    run = models.BigIntegerField(null=True)
    row = models.PositiveIntegerField()
    path = models.CharField(max_length=MAX_LENGTH)
    person = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")
    case = models.ForeignKey(Case, models.SET_NULL, null=True, related_name="outside")
    made_at = models.DateTimeField()
    settled = models.CharField(max_length=9, choices=Settled.choices, blank=True)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    settled_reason = models.CharField(max_length=300, blank=True)
    purge_on = models.DateField(db_index=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["id"], condition=Q(settled=""), name="outside_waiting")]

    def __str__(self) -> str:
        return self.outside_id or f"#{self.pk}"

    @property
    def system_name(self) -> str:
        return SYSTEMS.get(self.system, "")

    @property
    def title(self) -> str:
        return str(self.content.get("name") or self.outside_id or "–")
