"""Directives: notices received or written here, what they order, to whom they went and who has read them."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from shouwang.org.models import Account, Organisation

TITLE, LINE, REASON = 300, 1000, 500


class NumberRegister(models.Model):
    """The last number given out under a prefix in a year. Taken at issue, in its transaction: no gaps, no doubles."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    prefix = models.CharField(max_length=40)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "prefix", "year"], name="register_once")]

    def __str__(self) -> str:
        return f"{self.prefix}〔{self.year}〕"


class Directive(models.Model):
    """A notice of an organisation to units. What `rules.directives` calls its fields may be edited by two at once."""

    class State(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("directive", "draft")
        REVIEW = "review", pgettext_lazy("directive", "in review")
        ISSUED = "issued", pgettext_lazy("directive", "issued")
        SUPERSEDED = "superseded", pgettext_lazy("directive", "superseded")
        WITHDRAWN = "withdrawn", pgettext_lazy("directive", "withdrawn")

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="directives")
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    title = models.CharField(_("title"), max_length=TITLE)
    addressees = models.CharField(_("addressed to"), max_length=LINE, blank=True)
    body = models.TextField(_("text"), blank=True)
    # [{"title": …, "text": …}]
    attachments = models.JSONField(default=list, blank=True)
    urgency = models.CharField(_("urgency"), max_length=20, blank=True)
    copies = models.CharField(_("copies to"), max_length=LINE, blank=True)
    signed_as = models.CharField(_("issuer"), max_length=120, blank=True)
    prefix = models.CharField(_("prefix of the number"), max_length=40, blank=True)
    year = models.PositiveSmallIntegerField(null=True, blank=True)
    serial = models.PositiveIntegerField(null=True, blank=True)
    # The number that came with an imported notice; of one numbered here, the number as it is written.
    number = models.CharField(max_length=80, blank=True)
    # [{"unit": id, "kind": ""}]: "" the unit itself, "*" all of its subtree, else the units of that kind in it.
    aims = models.JSONField(default=list, blank=True)
    acknowledge_by = models.DateTimeField(null=True, blank=True)
    # Of tasks whose measure names none.
    due_at = models.DateTimeField(null=True, blank=True)
    replaces = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="replaced_by")

    # As it arrived: text, file, and everything that was read in it, whatever became of the proposals.
    source_name = models.CharField(max_length=255, blank=True)
    source_sha256 = models.CharField(max_length=64, blank=True)
    source_text = models.TextField(blank=True)
    found = models.JSONField(default=dict, blank=True)

    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    submitted_at = models.DateTimeField(null=True, blank=True)
    submitted_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    signed_at = models.DateTimeField(null=True, blank=True)
    signed_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    issued_at = models.DateTimeField(null=True, blank=True)
    issued_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    end_reason = models.CharField(max_length=REASON, blank=True)
    purge_on = models.DateField(db_index=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["organisation", "-created_at", "-id"], name="directive_list")]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "prefix", "year", "serial"],
                condition=Q(serial__isnull=False),
                name="directive_number_once",
            ),
            models.CheckConstraint(
                condition=Q(issued_at__isnull=True) | Q(signed_at__lte=F("issued_at")), name="directive_signed_first"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def editable(self) -> bool:
        return self.state in {self.State.DRAFT, self.State.REVIEW}

    @property
    def issuer(self) -> str:
        return self.signed_as or self.organisation.name


class Measure(models.Model):
    """One thing a directive orders: read in the notice or added by hand; `found` is the proposal as it was read."""

    class State(models.TextChoices):
        PROPOSED = "proposed", pgettext_lazy("measure", "not decided")
        ACCEPTED = "accepted", pgettext_lazy("measure", "accepted")
        DROPPED = "dropped", pgettext_lazy("measure", "dropped")

    directive = models.ForeignKey(Directive, models.CASCADE, related_name="measures")
    position = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.PROPOSED)
    text = models.CharField(_("what is to be done"), max_length=LINE)
    capability = models.CharField(_("kind"), max_length=20, blank=True)
    section = models.CharField(max_length=40, blank=True)
    quote = models.TextField(blank=True)
    # None: every recipient.
    owner_unit = models.ForeignKey(Organisation, models.PROTECT, null=True, blank=True, related_name="+")
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    evidence = models.BooleanField(_("evidence required"), default=False)
    found = models.JSONField(default=dict, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["directive", "position"], name="measure_position_once")]

    def __str__(self) -> str:
        return self.text


class Revision(models.Model):
    """One field of a directive or of a measure changed: what it was, what it became, by whom. Nothing is overwritten
    without it, so that a second editor's page can be compared with the text it was made from."""

    directive = models.ForeignKey(Directive, models.CASCADE, related_name="revisions")
    measure = models.ForeignKey(Measure, models.CASCADE, null=True, related_name="revisions")
    version = models.PositiveIntegerField()  # the one that this change made
    field = models.CharField(max_length=20)
    old: models.JSONField[Any, Any] = models.JSONField(null=True)
    new: models.JSONField[Any, Any] = models.JSONField(null=True)
    at = models.DateTimeField()
    by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["directive", "measure", "version"], name="revision_version")]


class Receipt(models.Model):
    """An issued directive at one recipient unit: when somebody who answers for it opened and acknowledged it."""

    directive = models.ForeignKey(Directive, models.CASCADE, related_name="receipts")
    unit = models.ForeignKey(Organisation, models.PROTECT, related_name="receipts")
    read_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["unit", "id"]
        constraints = [models.UniqueConstraint(fields=["directive", "unit"], name="receipt_once")]
        indexes = [
            models.Index(fields=["unit"], condition=Q(acknowledged_at__isnull=True), name="receipt_waiting"),
        ]
