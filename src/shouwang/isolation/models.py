"""Orders, the grounds they stand on, stays in rooms, objections."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from shouwang.cases.models import Case
from shouwang.org.models import Account, Person, Place
from shouwang.tracing.models import Contact


class OrderSeries(models.Model):
    """The last number given in one series (``Q-2026``). The row is the lock: numbers are unique, without gaps."""

    prefix = models.CharField(max_length=12, unique=True)
    last = models.PositiveIntegerField(default=0)


class Order(models.Model):
    """A person is asked to stay apart until `ends_on` (that day included). The end is computed by rule and explained.

    `kind` quarantine is for contacts, isolation for cases. Orders end by review, never by themselves (`end_code` says
    how; `placed_at` is when the person was first given a room or sent home). An order stands
    on one or more `Ground`s; `ends_on`, `case`, `contact`, `rule`, `pack` and the explanation (`because_*`, one line
    a step) are those of the ground that lasts longest. An order whose end moved goes back to "served": the person has
    not read the new date yet.
    """

    class Kind(models.TextChoices):
        QUARANTINE = "quarantine", pgettext_lazy("order", "quarantine")
        ISOLATION = "isolation", pgettext_lazy("order", "isolation")

    class State(models.TextChoices):
        SERVED = "served", _("served, not yet read")
        ACKNOWLEDGED = "acknowledged", _("read by the person")
        ENDED = "ended", pgettext_lazy("order", "ended")
        WITHDRAWN = "withdrawn", _("withdrawn")

    class Where(models.TextChoices):
        HOME = "home", _("at home")
        FACILITY = "facility", _("in a facility")
        UNASSIGNED = "unassigned", _("place not yet assigned")

    class EndCode(models.TextChoices):
        BY_RULE = "by_rule", _("released: every criterion was met")
        BY_DECISION = "by_decision", _("released by decision, with a reason")
        REPLACED = "replaced", _("replaced by an isolation order")
        DISMISSED = "dismissed", _("the contact was dismissed")
        DISCARDED = "discarded", _("the case was discarded")
        NOT_ASKED = "not_asked", _("the new classification does not ask for isolation")

    number = models.CharField(_("order number"), max_length=20, unique=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    person = models.ForeignKey(Person, models.PROTECT, related_name="orders")
    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="orders")
    # Contacts are purged before orders (`core.retention`); the explanation stays.
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, blank=True, related_name="orders")
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.SERVED)
    where = models.CharField(_("where"), max_length=10, choices=Where.choices, default=Where.UNASSIGNED)
    address = models.CharField(_("address"), max_length=200, blank=True)
    placed_at = models.DateTimeField(_("placed"), null=True, blank=True)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"))
    rule = models.CharField(max_length=60)
    pack = models.CharField(max_length=60)
    pack_sha256 = models.CharField(max_length=64)
    because_zh = models.TextField()
    because_en = models.TextField()
    served_at = models.DateTimeField(_("served"))
    served_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    acknowledged_at = models.DateTimeField(_("acknowledged"), null=True, blank=True)
    ended_at = models.DateTimeField(pgettext_lazy("order", "ended"), null=True, blank=True)
    ended_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    end_code = models.CharField(max_length=12, choices=EndCode.choices, blank=True)
    end_reason = models.CharField(_("reason"), max_length=300, blank=True)
    version = models.PositiveIntegerField(default=1)
    purge_on = models.DateField(db_index=True)

    class Meta:
        ordering = ["-served_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="order_end_after_start"),
            models.CheckConstraint(
                condition=~Q(state__in=["ended", "withdrawn"]) | Q(ended_at__isnull=False), name="order_ended_dated"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["ended", "withdrawn"]) | ~Q(end_code=""), name="order_ended_explained"
            ),
            models.CheckConstraint(
                condition=~Q(end_code="by_decision") | ~Q(end_reason=""), name="order_decision_with_reason"
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

    def __str__(self) -> str:
        return self.number

    @property
    def in_force(self) -> bool:
        return self.state in IN_FORCE

    @property
    def because(self) -> list[str]:
        """The explanation in the reader's language, a line a step."""
        text = self.because_zh if (get_language() or "zh").startswith("zh") else self.because_en
        return text.splitlines()


IN_FORCE = (Order.State.SERVED, Order.State.ACKNOWLEDGED)


class Ground(models.Model):
    """One reason an order stands: a confirmed contact (quarantine) or a case's own classification (isolation).

    A second contact of another case is a second ground of the same order; a dismissed contact or discarded case drops
    its ground and leaves the others.
    """

    order = models.ForeignKey(Order, models.CASCADE, related_name="grounds")
    case = models.ForeignKey(Case, models.PROTECT, related_name="grounds")
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, blank=True, related_name="grounds")
    counted_from = models.DateField()
    days = models.PositiveSmallIntegerField()
    ends_on = models.DateField()
    rule = models.CharField(max_length=60)
    pack = models.CharField(max_length=60)
    pack_sha256 = models.CharField(max_length=64)
    because_zh = models.TextField()
    because_en = models.TextField()
    added_at = models.DateTimeField()
    dropped_at = models.DateTimeField(null=True, blank=True)
    drop_code = models.CharField(max_length=12, choices=Order.EndCode.choices, blank=True)

    class Meta:
        ordering = ["-ends_on", "id"]
        constraints = [
            models.UniqueConstraint(fields=["order", "case"], name="ground_once_per_case"),
            models.CheckConstraint(
                condition=Q(dropped_at__isnull=True) | ~Q(drop_code=""), name="ground_dropped_explained"
            ),
        ]


class Stay(models.Model):
    """A person in a room of a facility under an order, from–to. Beds are counted against the room's capacity."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="stays")
    room = models.ForeignKey(Place, models.PROTECT, related_name="stays")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["starts_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["order"], condition=Q(ends_at__isnull=True), name="stay_one_open"),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gte=F("starts_at")), name="stay_end_after_start"
            ),
        ]
        indexes = [models.Index(fields=["room"], condition=Q(ends_at__isnull=True), name="stay_room_open")]


class RoomSheet(models.Model):
    """What is known of an isolation room beyond its beds. A room without a sheet is for guests, ready, and nobody has
    said whether it can be reached without steps.

    `state` becomes "to be cleaned" by itself when the last guest leaves; only a ready room takes a first guest.
    """

    class Zone(models.TextChoices):
        GUESTS = "guests", pgettext_lazy("zone", "guests (contaminated zone)")
        BUFFER = "buffer", pgettext_lazy("zone", "buffer (semi-contaminated zone)")
        STAFF = "staff", pgettext_lazy("zone", "staff (clean zone)")

    class State(models.TextChoices):
        READY = "ready", pgettext_lazy("room", "ready")
        DIRTY = "dirty", pgettext_lazy("room", "to be cleaned")
        OUT = "out", pgettext_lazy("room", "out of order")

    room = models.OneToOneField(Place, models.CASCADE, related_name="sheet")
    zone = models.CharField(_("zone"), max_length=8, choices=Zone.choices, default=Zone.GUESTS)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.READY)
    step_free = models.BooleanField(_("reached without steps"), null=True, blank=True)
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["room__path"]


class Need(models.Model):
    """What a person needs of their room. `together_with`: the order of whoever they must not be parted from (a child's
    parent). Goes with the order."""

    order = models.OneToOneField(Order, models.CASCADE, related_name="need")
    step_free = models.BooleanField(_("a room without steps"), default=False)
    together_with = models.ForeignKey(Order, models.SET_NULL, null=True, blank=True, related_name="companions")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(together_with__isnull=True) | ~Q(together_with=F("order")), name="need_not_with_oneself"
            ),
        ]


class Objection(models.Model):
    """The person disagrees, in their own words; somebody who manages orders answers. Meanwhile the order stands."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="objections")
    text = models.TextField()
    at = models.DateTimeField()
    answer = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    # Why whoever served the order had to answer: nobody else could. Empty: somebody else did.
    same_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["order"], condition=Q(answered_at__isnull=True), name="objection_one_open"),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True) | ~Q(answer=""), name="objection_answered_in_words"
            ),
        ]
