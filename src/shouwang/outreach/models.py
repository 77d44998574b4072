"""Channels, people's own preferences, rounds of messages, deliveries and every attempt at one."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from shouwang.org.models import Account, Organisation, Person


class Channel(models.Model):
    """A way out of the house. Its address and signing secret are as good as a password: never shown, logged or audited,
    and kept as `sealed` alone (`outreach.sealed`), under a key that lies outside the database.

    A mail channel writes to people below `organisation`, each at their own address; every other kind speaks to the
    group of exactly that organisation, and never names anybody there. `hint` is what may be shown.
    """

    class Kind(models.TextChoices):
        MAIL = "mail", _("mail")
        WECOM = "wecom", _("WeCom group bot")
        DINGTALK = "dingtalk", _("DingTalk group robot")
        FEISHU = "feishu", _("Feishu group bot")
        APPRISE = "apprise", _("other service (Apprise address)")
        FILE = "file", _("file in the outbox (dry run)")

    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="channels")
    sealed = models.TextField(blank=True)
    hint = models.CharField(max_length=120)
    digest = models.CharField(max_length=64, db_index=True)  # one bot in several rows: its rate is counted once
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    paused_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["organisation__path", "name", "id"]

    def __str__(self) -> str:
        return f"{self.name} ({self.kind})"


class Preference(models.Model):
    """How one person wants to be reached. Without a row: the inbox, in the institution's waking hours.

    `wakes` to `sleeps` are their hours in `zone` (empty: the institution's); both or neither are given.
    """

    person = models.OneToOneField(Person, models.CASCADE, primary_key=True, related_name="preference")
    mail = models.EmailField(blank=True)
    by_mail = models.BooleanField(default=False)
    zone = models.CharField(max_length=40, blank=True)
    wakes = models.TimeField(null=True, blank=True)
    sleeps = models.TimeField(null=True, blank=True)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(wakes__isnull=True, sleeps__isnull=True) | Q(wakes__isnull=False, sleeps__isnull=False),
                name="preference_both_hours",
            ),
            models.CheckConstraint(condition=Q(wakes__isnull=True) | ~Q(wakes=F("sleeps")), name="preference_awake"),
        ]

    def __str__(self) -> str:
        return f"preference of {self.person_id}"


class Round(models.Model):
    """One deadline: what falls due (`items`), and how far its people have been gone through.

    `items` only grows, so that bit k of a message's `owed` means the k-th item for ever. `watermark`: everybody up to
    this key has been looked at; `planned_at`: everybody has.
    """

    due_at = models.DateTimeField(unique=True)
    opens_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    items = models.JSONField()
    watermark = models.BigIntegerField(default=0)
    planned_at = models.DateTimeField(null=True, blank=True)
    noted_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    purge_on = models.DateField(db_index=True)

    class Meta:
        ordering = ["-due_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(opens_at__lte=F("due_at"), ends_at__gte=F("due_at")), name="round_in_order"
            )
        ]

    def __str__(self) -> str:
        return f"{self.due_at:%Y-%m-%d %H:%M}"


class Message(models.Model):
    """What one person is told about themselves, or about a unit they answer for, or what a unit's group is told.

    In the inbox from `next_at` on. Words are made when it is read or sent, in the reader's language, from the round's
    items and the state of that moment: a message can never be older than what it says.
    """

    class Purpose(models.TextChoices):
        REMINDER = "reminder", _("reminder")
        DIGEST = "digest", _("who is not in yet")
        ALL_IN = "all_in", _("all in")
        DEPUTY = "deputy", _("passed on to the deputy")
        ABOVE = "above", _("passed on to the unit above")
        TOP = "top", _("passed on to the deputy of the unit above")

    class State(models.TextChoices):
        QUEUED = "queued", _("waits for waking hours")
        OPEN = "open", _("open")
        CLOSED = "closed", _("completed, closed")
        EXPIRED = "expired", _("over")

    round = models.ForeignKey(Round, models.CASCADE, related_name="messages", db_index=False)
    person = models.ForeignKey(Person, models.CASCADE, null=True, related_name="messages")
    organisation = models.ForeignKey(Organisation, models.CASCADE, null=True, related_name="messages", db_index=False)
    purpose = models.CharField(max_length=8, choices=Purpose.choices)
    owed = models.IntegerField(default=0)
    state = models.CharField(max_length=7, choices=State.choices)
    next_at = models.DateTimeField()
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["round", "state"], name="message_state")]
        constraints = [
            # one merged message a person and deadline
            models.UniqueConstraint(
                fields=["round", "person"], condition=Q(organisation__isnull=True), name="message_one_reminder"
            ),
            models.UniqueConstraint(
                fields=["round", "organisation", "purpose", "person"],
                condition=Q(organisation__isnull=False, person__isnull=False),
                name="message_one_note",
            ),
            models.UniqueConstraint(
                fields=["round", "organisation", "purpose"],
                condition=Q(organisation__isnull=False, person__isnull=True),
                name="message_one_group_note",
            ),
            models.CheckConstraint(
                condition=Q(person__isnull=False) | Q(organisation__isnull=False), name="message_to_somebody"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.pk}"


class Delivery(models.Model):
    """A message on its way through one channel. At most once: `unknown` is never sent again.

    `sending` is on disk before the channel is called; whoever died in between left it there, and after `lease_until`
    nobody can tell whether it arrived.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("waiting")
        SENDING = "sending", _("being sent")
        SENT = "sent", _("sent")
        FAILED = "failed", _("refused")
        UNKNOWN = "unknown", _("unknown whether it arrived")
        CLOSED = "closed", _("no longer needed")
        EXPIRED = "expired", _("over before it could be sent")

    message = models.ForeignKey(Message, models.CASCADE, related_name="deliveries")
    channel = models.ForeignKey(Channel, models.CASCADE, related_name="deliveries", db_index=False)
    address = models.EmailField(blank=True)
    state = models.CharField(max_length=7, choices=State.choices, default=State.QUEUED)
    next_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [models.Index(fields=["channel", "state", "next_at"], name="delivery_queue")]
        constraints = [models.UniqueConstraint(fields=["message", "channel"], name="delivery_once")]

    def __str__(self) -> str:
        return f"{self.channel_id}: {self.message_id}"


class Attempt(models.Model):
    """One call of a channel, written before it is made. The rate of a channel is counted here, whoever sends."""

    channel = models.ForeignKey(Channel, models.CASCADE, related_name="attempts", db_index=False)
    delivery = models.ForeignKey(Delivery, models.CASCADE, null=True, related_name="log")
    account = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
    outcome = models.CharField(max_length=10, blank=True)
    answer = models.CharField(max_length=200, blank=True)
    purge_on = models.DateField(db_index=True)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["channel", "-at"], name="attempt_rate")]

    def __str__(self) -> str:
        return f"{self.at:%H:%M:%S} {self.outcome}"
