"""People, and everything about them that has dates."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from shouwang.core.tree import MAX_LENGTH
from shouwang.org.models.trees import Organisation, Place


class Person(models.Model):
    """Somebody the institution answers for. Only what the work needs: no identity-card number, no photograph.

    `home` is the primary organisation today, `home_path` its path: lists of restricted users are one indexed range.
    History lives in `Membership` and `SituationSpell`; these columns are their latest state.
    """

    class Kind(models.TextChoices):
        STUDENT = "student", _("student")
        STAFF = "staff", _("staff")
        WORKER = "worker", _("service worker")
        VISITOR = "visitor", _("visitor")
        OTHER = "other", _("other")

    class Situation(models.TextChoices):
        ON_CAMPUS = "on_campus", _("on campus")
        DAY = "day", _("day student or commuter")
        OFF_CAMPUS = "off_campus", _("off campus")
        ABROAD = "abroad", _("abroad")
        INTERN = "intern", _("on internship")

    class Sex(models.TextChoices):
        MALE = "m", _("male")
        FEMALE = "f", _("female")
        UNKNOWN = "", _("not stated")

    number = models.CharField(_("student or staff number"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)
    sex = models.CharField(_("sex"), max_length=1, choices=Sex.choices, blank=True)
    born = models.DateField(_("date of birth"), null=True, blank=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    card = models.CharField(_("access card number"), max_length=40, blank=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.STUDENT)
    situation = models.CharField(_("situation"), max_length=12, choices=Situation.choices, default=Situation.ON_CAMPUS)
    home = models.ForeignKey(Organisation, models.PROTECT, null=True, blank=True, related_name="people")
    home_path = models.CharField(max_length=MAX_LENGTH, blank=True)
    left_on = models.DateField(_("left on"), null=True, blank=True)

    class Meta:
        ordering = ["home_path", "number"]
        indexes = [
            models.Index(fields=["home_path", "number"], name="person_home"),
            models.Index(fields=["name"], name="person_name"),
            # Not unique: the real register of a college holds cards that two people share. They are reported.
            models.Index(fields=["card"], name="person_card"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.number}"


class Membership(models.Model):
    """A person in an organisation, from–to. One primary membership at a time; any number of others."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="memberships")
    primary = models.BooleanField(default=True)
    starts = models.DateField()
    ends = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["-starts", "-id"]
        indexes = [models.Index(fields=["organisation", "ends"], name="membership_unit")]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends__isnull=True) | Q(ends__gte=F("starts")), name="membership_end_after_start"
            ),
            models.UniqueConstraint(
                fields=["person"], condition=Q(primary=True, ends__isnull=True), name="membership_one_primary"
            ),
        ]


class SituationSpell(models.Model):
    """Where a person lives their days (on campus, abroad, on internship …), from–to."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="situations")
    situation = models.CharField(max_length=12, choices=Person.Situation.choices)
    starts = models.DateField()
    ends = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["-starts", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends__isnull=True) | Q(ends__gte=F("starts")), name="situation_end_after_start"
            ),
            models.UniqueConstraint(fields=["person"], condition=Q(ends__isnull=True), name="situation_one_open"),
        ]


class Residence(models.Model):
    """A person's bed: the dormitory room (or seat below it) they sleep in, from–to."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="residences")
    place = models.ForeignKey(Place, models.PROTECT, related_name="residents")
    starts = models.DateField()
    ends = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["-starts", "-id"]
        indexes = [models.Index(fields=["place", "ends"], name="residence_place")]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends__isnull=True) | Q(ends__gte=F("starts")), name="residence_end_after_start"
            ),
            models.UniqueConstraint(fields=["person"], condition=Q(ends__isnull=True), name="residence_one_open"),
        ]
