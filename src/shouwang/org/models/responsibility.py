"""Who answers for what. A gap is found by the system, not by the virus."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from shouwang.org.models.people import Person
from shouwang.org.models.trees import Organisation, Place


class Responsibility(models.Model):
    """A named person, first or deputy, for one organisation or one place, from–to."""

    class Rank(models.TextChoices):
        FIRST = "first", _("responsible person")
        DEPUTY = "deputy", _("deputy")

    organisation = models.ForeignKey(Organisation, models.CASCADE, null=True, blank=True, related_name="answers")
    place = models.ForeignKey(Place, models.CASCADE, null=True, blank=True, related_name="answers")
    person = models.ForeignKey(Person, models.PROTECT, related_name="answers_for")
    rank = models.CharField(max_length=6, choices=Rank.choices, default=Rank.FIRST)
    starts = models.DateField()
    ends = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["-starts", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(organisation__isnull=False, place__isnull=True)
                | Q(organisation__isnull=True, place__isnull=False),
                name="responsibility_one_object",
            ),
            models.CheckConstraint(
                condition=Q(ends__isnull=True) | Q(ends__gte=F("starts")), name="responsibility_end_after_start"
            ),
            models.UniqueConstraint(
                fields=["organisation", "rank"],
                condition=Q(ends__isnull=True, organisation__isnull=False),
                name="responsibility_one_per_organisation",
            ),
            models.UniqueConstraint(
                fields=["place", "rank"],
                condition=Q(ends__isnull=True, place__isnull=False),
                name="responsibility_one_per_place",
            ),
        ]
