"""Tasks: what one measure asks of one unit, and everything that was done about it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from shouwang.command.models.directives import LINE, Directive, Measure
from shouwang.org.models import Account, Organisation, Person

TEXT = 2000


class Task(models.Model):
    """`unit` owes it to the issuer of the directive, or to the unit of `parent`. Who that is in person is asked when it
    is needed: whoever answers for the unit on that day. A unit that moves in the tree keeps its tasks."""

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("task", "not taken yet")
        WORKING = "working", pgettext_lazy("task", "being worked on")
        SPLIT = "split", pgettext_lazy("task", "split among units below")
        BLOCKED = "blocked", pgettext_lazy("task", "help asked for")
        RETURNED = "returned", pgettext_lazy("task", "handed back")
        DONE = "done", pgettext_lazy("task", "done, to be verified")
        VERIFIED = "verified", pgettext_lazy("task", "verified")
        CLOSED = "closed", pgettext_lazy("task", "closed without being done")

    directive = models.ForeignKey(Directive, models.CASCADE, related_name="tasks")
    measure = models.ForeignKey(Measure, models.CASCADE, related_name="tasks")
    unit = models.ForeignKey(Organisation, models.PROTECT, related_name="tasks")
    parent = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="children")
    text = models.CharField(max_length=LINE)
    capability = models.CharField(max_length=20, blank=True)
    evidence_required = models.BooleanField(default=False)
    due_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    evidence = models.TextField(_("evidence"), blank=True)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    # A person as well: an account may be closed and opened anew, its person stays the same.
    done_by_person = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")
    # 0: none yet, 1: the deputy was asked, 2: the unit above.
    escalation = models.PositiveSmallIntegerField(default=0)
    escalated_to = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["due_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["measure", "unit"], condition=Q(parent__isnull=True), name="task_once_per_unit"
            ),
            models.UniqueConstraint(
                fields=["parent", "unit"], condition=Q(parent__isnull=False), name="task_part_once_per_unit"
            ),
            models.CheckConstraint(
                condition=Q(done_at__isnull=False) | ~Q(state__in=("done", "verified")), name="task_done_has_a_time"
            ),
        ]
        indexes = [
            models.Index(fields=["unit", "state", "due_at"], name="task_of_unit"),
            models.Index(fields=["directive", "state"], name="task_of_directive"),
            # the sweeper's question
            models.Index(fields=["due_at"], condition=Q(escalation__lt=2), name="task_to_escalate"),
        ]

    def __str__(self) -> str:
        return self.text


class TaskEvent(models.Model):
    """One act on a task. A change of state is a row here and never a mere overwrite."""

    task = models.ForeignKey(Task, models.CASCADE, related_name="events")
    at = models.DateTimeField()
    act = models.CharField(max_length=16)
    before = models.CharField(max_length=8)
    after = models.CharField(max_length=8)
    text = models.CharField(max_length=TEXT, blank=True)
    by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    # Whom an escalation asked.
    person = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["task", "id"], name="task_event")]
