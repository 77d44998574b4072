"""The facts behind the open gaps."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from shouwang.checkins.models import SymptomAlert
from shouwang.command import rules
from shouwang.command.queries.levels import current_level
from shouwang.command.rules.gaps import ALERT_HOURS
from shouwang.core import clock
from shouwang.core.counting import counts_of
from shouwang.core.scope import Actor
from shouwang.core.tree import in_ranges, subtree
from shouwang.org.models import Organisation, Responsibility
from shouwang.org.queries import INSTITUTIONS, current, uncovered_places


def open_gaps(
    by: Actor, organisation: Organisation, found: rules.Figures, at: datetime, *, level_declared: bool | None = None
) -> list[rules.Gap]:
    """What is open in the organisation's subtree, gravest first."""
    inside = [subtree(organisation.path)]
    day = clock.local_day(at)
    waiting = SymptomAlert.objects.filter(
        in_ranges("person__home_path", inside),
        state=SymptomAlert.State.OPEN,
        raised_at__lt=at - timedelta(hours=ALERT_HOURS),
    )
    answered = Responsibility.objects.filter(current(day), organisation=OuterRef("pk"), rank=Responsibility.Rank.FIRST)
    units = Organisation.objects.filter(in_ranges("path", inside), current(day))
    uncovered = units.filter(~Exists(answered))
    # A college has no places of its own: those of an institution are told to who reads of the whole institution.
    places = {}
    if organisation.parent_id is None or organisation.kind in INSTITUTIONS:
        theirs = in_ranges("owner__path", inside)
        if organisation.parent_id is None:
            theirs |= Q(owner__isnull=True)
        places = {"places": uncovered_places(theirs, on=day)}
    counts = counts_of(alerts=waiting, units=uncovered, **places)
    values = found.values
    silent = [unit for unit in found.units if unit["checked_in"] == 0] if found.day == day else []
    declared = current_level(organisation.path, at) is not None if level_declared is None else level_declared
    return rules.gaps(
        rules.GapFacts(
            clocks_late=values.get("clocks_late"),
            alerts_waiting=None if found.small else counts["alerts"],
            contacts_waiting=values.get("contacts_waiting"),
            unplaced=values.get("unplaced"),
            due_for_review=values.get("due_for_review"),
            monitored_missed=values.get("monitored_missed"),
            objections_open=values.get("objections_open"),
            uncovered_organisations=counts["units"],
            uncovered_places=counts.get("places"),
            silent_units=len(silent),
            level_declared=declared,
        )
    )
