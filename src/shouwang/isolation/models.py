"""Orders and stays."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from shouwang.cases.models import Case
from shouwang.org.models import Account, Person, Place
from shouwang.tracing.models import Contact


class Order(models.Model):
    """A person is asked to stay apart until `ends_on` (that day included). The end is computed by rule and explained.

    `kind` quarantine is for contacts, isolation for cases. Orders end by review, never by themselves.
    """

    class Kind(models.TextChoices):
        QUARANTINE = "quarantine", _("quarantine")
        ISOLATION = "isolation", _("isolation")

    class State(models.TextChoices):
        SERVED = "served", _("served, not yet read")
        ACKNOWLEDGED = "acknowledged", _("read by the person")
        ENDED = "ended", _("ended")
        WITHDRAWN = "withdrawn", _("withdrawn")

    class Where(models.TextChoices):
        HOME = "home", _("at home")
        FACILITY = "facility", _("in a facility")
        UNASSIGNED = "unassigned", _("place not yet assigned")

    number = models.CharField(max_length=20, unique=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    person = models.ForeignKey(Person, models.PROTECT, related_name="orders")
    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="orders")
    contact = models.ForeignKey(Contact, models.PROTECT, null=True, blank=True, related_name="orders")
    state = models.CharField(max_length=12, choices=State.choices, default=State.SERVED)
    where = models.CharField(max_length=10, choices=Where.choices, default=Where.UNASSIGNED)
    address = models.CharField(max_length=200, blank=True)
    starts_on = models.DateField()
    ends_on = models.DateField()
    rule = models.CharField(max_length=60)
    pack = models.CharField(max_length=60)
    pack_sha256 = models.CharField(max_length=64)
    because_zh = models.TextField()
    because_en = models.TextField()
    served_at = models.DateTimeField()
    served_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    end_reason = models.CharField(max_length=300, blank=True)
    objection = models.TextField(blank=True)
    objection_at = models.DateTimeField(null=True, blank=True)
    objection_answer = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1)
    purge_on = models.DateField(db_index=True)

    class Meta:
        ordering = ["-served_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="order_end_after_start"),
            models.CheckConstraint(
                condition=~Q(state__in=["ended", "withdrawn"]) | Q(ended_at__isnull=False), name="order_ended_dated"
            ),
            models.UniqueConstraint(
                fields=["person", "kind"],
                condition=Q(state__in=["served", "acknowledged"]),
                name="order_one_in_force",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "ends_on"], name="order_due"),
            models.Index(fields=["person", "-served_at"], name="order_person"),
        ]


class Stay(models.Model):
    """A person in a room of a facility under an order, from–to. Beds are counted against the room's capacity."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="stays")
    room = models.ForeignKey(Place, models.PROTECT, related_name="stays")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["starts_at"]
        constraints = [
            models.UniqueConstraint(fields=["order"], condition=Q(ends_at__isnull=True), name="stay_one_open"),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gte=F("starts_at")), name="stay_end_after_start"
            ),
        ]
        indexes = [models.Index(fields=["room"], condition=Q(ends_at__isnull=True), name="stay_room_open")]
