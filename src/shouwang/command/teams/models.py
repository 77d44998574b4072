"""Teams with members, places, tasks and duty; proposals by rule; service records; and everything that happened."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from shouwang.command.models.tasks import Task
from shouwang.org.models import Account, Organisation, Person, Place

TEXT = 1000
LIVE = ("asked", "approved")


class TeamProposal(models.Model):
    """A unit under load or risk in which no team stands. `evidence`: [code, count, of] of each signal that spoke, as
    of `seen_at`; `rules` the version of the file that judged. One open a unit; one dismissed is silent `until`."""

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("team proposal", "waits for a decision")
        TAKEN = "taken", pgettext_lazy("team proposal", "a team was made of it")
        DISMISSED = "dismissed", pgettext_lazy("team proposal", "dismissed")
        GONE = "gone", pgettext_lazy("team proposal", "no longer needed")

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="team_proposals")
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    points = models.PositiveIntegerField()
    evidence: models.JSONField[list[Any], list[Any]] = models.JSONField(default=list)
    rules = models.CharField(max_length=12)
    found_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    reason = models.CharField(max_length=TEXT, blank=True)
    until = models.DateField(null=True)
    purge_on = models.DateField(db_index=True)

    class Meta:
        ordering = ["-points", "organisation_id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation"], condition=Q(state="open"), name="team_proposal_one_open_a_unit"
            )
        ]


class Team(models.Model):
    """A team under one organisation. Who leads it is asked of its members."""

    class Kind(models.TextChoices):
        TASK = "task", pgettext_lazy("team", "task team")
        PARTY = "party", pgettext_lazy("team", "temporary Party organisation")
        OTHER = "other", pgettext_lazy("team", "other")

    class State(models.TextChoices):
        FORMING = "forming", pgettext_lazy("team", "being formed")
        STANDING = "standing", pgettext_lazy("team", "standing")
        DISSOLVED = "dissolved", pgettext_lazy("team", "dissolved")

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="teams")
    kind = models.CharField(max_length=5, choices=Kind.choices, default=Kind.TASK)
    name = models.CharField(_("name"), max_length=80)
    name_en = models.CharField(_("name in English"), max_length=120, blank=True)
    purpose = models.CharField(_("purpose"), max_length=TEXT)
    state = models.CharField(max_length=9, choices=State.choices, default=State.FORMING)
    proposal = models.OneToOneField(TeamProposal, models.SET_NULL, null=True, related_name="team")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    since = models.DateField(null=True)  # the day on which it began to stand
    review_on = models.DateField(_("review on"))
    dissolved_at = models.DateTimeField(null=True)
    dissolved_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    summary = models.CharField(_("summary"), max_length=4000, blank=True)
    purge_on = models.DateField(db_index=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "name"], condition=~Q(state="dissolved"), name="team_name_once_a_unit"
            ),
            models.CheckConstraint(
                condition=Q(state="dissolved", dissolved_at__isnull=False)
                | (~Q(state="dissolved") & Q(dissolved_at__isnull=True)),
                name="team_dissolved_has_a_time",
            ),
            models.CheckConstraint(condition=~Q(state="standing") | Q(since__isnull=False), name="team_standing_since"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """In the reader's language, where it has a name in it."""
        return self.name if not self.name_en or (get_language() or "zh").startswith("zh") else self.name_en


class TeamMember(models.Model):
    """One secondment, from–to (both days in it). The home unit is kept as it was when it was asked. `cannot`: what
    the person said stands in the way; cleared of its force when the home unit decides after `cannot_at`."""

    class Role(models.TextChoices):
        LEADER = "leader", pgettext_lazy("team", "leader")
        DEPUTY = "deputy", pgettext_lazy("team", "deputy leader")
        MEMBER = "member", pgettext_lazy("team", "member")

    class State(models.TextChoices):
        ASKED = "asked", pgettext_lazy("secondment", "asked for")
        APPROVED = "approved", pgettext_lazy("secondment", "approved")
        REFUSED = "refused", pgettext_lazy("secondment", "refused")
        WITHDRAWN = "withdrawn", pgettext_lazy("secondment", "withdrawn")
        ENDED = "ended", pgettext_lazy("secondment", "ended")

    team = models.ForeignKey(Team, models.CASCADE, related_name="members")
    person = models.ForeignKey(Person, models.PROTECT, related_name="secondments")
    role = models.CharField(max_length=6, choices=Role.choices, default=Role.MEMBER)
    home = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    starts = models.DateField(_("from"))
    ends = models.DateField(_("to"))
    state = models.CharField(max_length=9, choices=State.choices, default=State.ASKED)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    asked_by_person = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")
    note = models.CharField(max_length=TEXT, blank=True)
    cannot = models.CharField(max_length=TEXT, blank=True)
    cannot_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    reason = models.CharField(max_length=TEXT, blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["team", "person"], condition=Q(state__in=LIVE), name="team_member_once_at_a_time"
            ),
            models.UniqueConstraint(
                fields=["team"], condition=Q(role="leader", state__in=LIVE), name="team_one_leader"
            ),
            models.CheckConstraint(condition=Q(ends__gte=F("starts")), name="team_member_end_after_start"),
            models.CheckConstraint(
                condition=Q(decided_at__isnull=False) | ~Q(state__in=("approved", "refused", "ended")),
                name="team_member_decided_has_a_time",
            ),
        ]
        indexes = [models.Index(fields=["person", "state"], name="team_member_person")]


class TeamPlace(models.Model):
    team = models.ForeignKey(Team, models.CASCADE, related_name="places")
    place = models.ForeignKey(Place, models.CASCADE, related_name="+")

    class Meta:
        ordering = ["place__path"]
        constraints = [models.UniqueConstraint(fields=["team", "place"], name="team_place_once")]


class TeamTask(models.Model):
    """A task that a team works on, until it is over or handed back. A task is with one team at a time."""

    class Outcome(models.TextChoices):
        WITH = "", pgettext_lazy("team task", "with the team")
        BACK = "back", pgettext_lazy("team task", "handed back")
        OBSTACLE = "obstacle", pgettext_lazy("team task", "left open, named as an obstacle")
        OVER = "over", pgettext_lazy("team task", "over")

    team = models.ForeignKey(Team, models.CASCADE, related_name="given")
    task = models.ForeignKey(Task, models.CASCADE, related_name="with_teams")
    given_at = models.DateTimeField()
    given_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    outcome = models.CharField(max_length=8, choices=Outcome.choices, blank=True)
    released_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=TEXT, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["task"], condition=Q(released_at__isnull=True), name="team_task_with_one_team"
            ),
            models.CheckConstraint(
                condition=Q(outcome="", released_at__isnull=True) | (~Q(outcome="") & Q(released_at__isnull=False)),
                name="team_task_released_has_a_time",
            ),
        ]


class TeamShift(models.Model):
    """A member stands at a place for the team, from–to. `unsaid`: it ended with the team and nobody had said whether
    it was done; that is not the same as absent."""

    class State(models.TextChoices):
        PLANNED = "planned", pgettext_lazy("duty", "planned")
        DONE = "done", pgettext_lazy("duty", "done")
        ABSENT = "absent", pgettext_lazy("duty", "absent")
        CANCELLED = "cancelled", pgettext_lazy("duty", "cancelled")
        UNSAID = "unsaid", pgettext_lazy("duty", "nobody said")

    member = models.ForeignKey(TeamMember, models.CASCADE, related_name="shifts")
    place = models.ForeignKey(Place, models.PROTECT, related_name="+")
    starts = models.DateTimeField()
    ends = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.PLANNED)
    planned_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    said_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    reason = models.CharField(max_length=TEXT, blank=True)

    class Meta:
        ordering = ["starts", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["member", "starts"], condition=~Q(state="cancelled"), name="team_shift_once"
            ),
            models.CheckConstraint(condition=Q(ends__gt=F("starts")), name="team_shift_end_after_start"),
        ]


class TeamEvent(models.Model):
    """One step, in the words of whoever took it. What a person says stands in their way is never among the words."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="events")
    at = models.DateTimeField()
    act = models.CharField(max_length=16)
    text = models.CharField(max_length=TEXT, blank=True)
    by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    person = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["at", "id"]


class ServiceEntry(models.Model):
    """What one secondment came to, written when it ended and never changed. The person may object; another answers.

    `minutes_done` of duty that somebody else confirmed; `tasks_verified` of the team while the person was in it.
    """

    member = models.OneToOneField(TeamMember, models.SET_NULL, null=True, related_name="service")
    person = models.ForeignKey(Person, models.CASCADE, related_name="services")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    team_name = models.CharField(max_length=80)
    team_name_en = models.CharField(max_length=120, blank=True)
    role = models.CharField(max_length=6, choices=TeamMember.Role.choices)
    starts = models.DateField()
    ends = models.DateField()
    shifts_done = models.PositiveIntegerField()
    shifts_absent = models.PositiveIntegerField()
    shifts_unsaid = models.PositiveIntegerField()
    minutes_done = models.PositiveIntegerField()
    tasks_verified = models.PositiveIntegerField()
    written_at = models.DateTimeField()
    written_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    objection = models.CharField(max_length=TEXT, blank=True)
    objected_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=TEXT, blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    purge_on = models.DateField(db_index=True)

    class Meta:
        ordering = ["-ends", "-id"]

    @property
    def hours(self) -> float:
        return round(self.minutes_done / 60, 1)

    @property
    def title(self) -> str:
        chinese = not self.team_name_en or (get_language() or "zh").startswith("zh")
        return self.team_name if chinese else self.team_name_en
