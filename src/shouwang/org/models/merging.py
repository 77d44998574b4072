"""Blocking keys of people, and merges of two records with what each moved."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from shouwang.org.models.accounts import Account
from shouwang.org.models.people import Person


class PersonKey(models.Model):
    """A value under which a person is found as a possible duplicate: see `merging.rules.keys_of`."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="keys")
    kind = models.CharField(max_length=5)
    value = models.CharField(max_length=80)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "value", "person"], name="person_key_once")]


class PersonMerge(models.Model):
    """Two records of one human being: everything of `merged` went to `kept`. Undone, it stands as history.

    `facts` holds what was filled in on `kept` and what it was before; `last` the highest key of every table at that
    time, so that an undo can say what came afterwards.
    """

    class State(models.TextChoices):
        DONE = "done", pgettext_lazy("merge of people", "merged")
        UNDONE = "undone", pgettext_lazy("merge of people", "undone")

    kept = models.ForeignKey(Person, models.CASCADE, related_name="merges")
    merged = models.ForeignKey(Person, models.CASCADE, related_name="merged_by")
    state = models.CharField(max_length=6, choices=State.choices, default=State.DONE)
    reason = models.CharField(max_length=300)
    facts = models.JSONField(default=dict)
    last = models.JSONField(default=dict)
    at = models.DateTimeField()
    by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    undo_reason = models.CharField(max_length=300, blank=True)
    purge_on = models.DateField(db_index=True)

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(kept=F("merged")), name="merge_of_two"),
            models.CheckConstraint(condition=~Q(reason=""), name="merge_with_reason"),
            models.UniqueConstraint(fields=["merged"], condition=Q(state="done"), name="merged_once"),
        ]


class MergeMove(models.Model):
    """One row that named the merged person: moved to the kept one, or left because both had one.

    `digest` is of the row as it was moved, so that an undo can say whether it was changed since.
    """

    class Fate(models.TextChoices):
        MOVED = "moved", _("moved")
        LEFT = "left", _("left: both have one")

    merge = models.ForeignKey(PersonMerge, models.CASCADE, related_name="moves")
    table = models.CharField(max_length=60)
    field = models.CharField(max_length=60)
    row = models.BigIntegerField()
    fate = models.CharField(max_length=5, choices=Fate.choices)
    digest = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merge", "table", "field", "row"], name="merge_move_once")]
