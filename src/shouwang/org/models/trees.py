"""The two trees. `path` makes "this subtree" one indexed range (`core.tree`)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from shouwang.core.tree import MAX_LENGTH


class Node(models.Model):
    path = models.CharField(max_length=MAX_LENGTH, unique=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    code = models.CharField(_("code"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=120)
    name_en = models.CharField(_("English name"), max_length=120, blank=True)
    starts = models.DateField(_("from"))
    ends = models.DateField(_("to"), null=True, blank=True)

    class Meta:
        abstract = True
        ordering = ["path"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends__isnull=True) | Q(ends__gte=F("starts")), name="%(class)s_end_after_start"
            )
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """The name in the reader's language; the Chinese one where no English one was given."""
        return self.name_en if self.name_en and not (get_language() or "zh").startswith("zh") else self.name


class Organisation(Node):
    class Kind(models.TextChoices):
        BUREAU = "bureau", _("bureau")
        UNIVERSITY = "university", _("university")
        SCHOOL = "school", _("school")
        COLLEGE = "college", _("college")
        DEPARTMENT = "department", _("department")
        MAJOR = "major", _("major")
        CLASS = "class", _("class")
        PARTY_COMMITTEE = "party_committee", _("party committee")
        PARTY_BRANCH = "party_branch", _("party branch")
        TEAM = "team", _("team")
        OFFICE = "office", _("office")

    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)

    class Meta(Node.Meta):
        indexes = [models.Index(fields=["kind", "path"], name="organisation_kind")]


class Place(Node):
    """`owner` is the organisation the place belongs to. Who stands below it may use it, who stands above it sees it."""

    class Kind(models.TextChoices):
        CAMPUS = "campus", _("campus")
        BUILDING = "building", _("building")
        FLOOR = "floor", _("floor")
        ROOM = "room", _("room")
        DORM_ROOM = "dorm_room", _("dormitory room")
        CLASSROOM = "classroom", _("classroom")
        SEAT = "seat", _("seat")
        GATE = "gate", _("gate")
        CANTEEN = "canteen", _("canteen")
        LIBRARY = "library", _("library")
        CLINIC = "clinic", _("clinic")
        FACILITY = "facility", _("isolation facility")
        ISOLATION_ROOM = "isolation_room", _("isolation room")

    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    capacity = models.PositiveIntegerField(_("capacity (people)"), null=True, blank=True)
    # Written on every row as it is on the one above: who may use a room is asked often, a campus changes hands rarely.
    # None: nobody has said; then it is everybody's, as of a common ancestor.
    owner = models.ForeignKey(Organisation, models.PROTECT, null=True, blank=True, related_name="places")

    class Meta(Node.Meta):
        indexes = [models.Index(fields=["kind", "path"], name="place_kind")]
