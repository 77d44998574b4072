"""What cases does when something happens in a room below; joined in `web/wiring.py`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import F, OuterRef, Subquery

from shouwang.cases.models import Case, Clock
from shouwang.core.scope import Actor
from shouwang.org.models import Person

IDS_A_STATEMENT = 5000  # below the parameter limits of both databases


def on_people_changed(people: Collection[int], by: Actor, at: datetime) -> None:
    """People moved: their cases go with them ("people.changed" of org, inside its transaction)."""
    ids = list(people)
    place = Subquery(Person.objects.filter(pk=OuterRef("person_id")).values("home_path")[:1])
    for start in range(0, len(ids), IDS_A_STATEMENT):
        cases = Case.objects.filter(person_id__in=ids[start : start + IDS_A_STATEMENT])
        moved = list(cases.exclude(home_path=F("person__home_path")).values_list("pk", flat=True))
        if moved:
            Case.objects.filter(pk__in=moved).update(home_path=place)
            own = Subquery(Case.objects.filter(pk=OuterRef("case_id")).values("home_path")[:1])
            Clock.objects.filter(case__in=moved).update(home_path=own)
