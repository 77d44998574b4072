"""Who is absent until when: for those who plan lessons, meals and beds. No reason, no place, no diagnosis."""

from __future__ import annotations

from django.db.models import Max, Min, QuerySet

from shouwang.core.scope import Actor
from shouwang.isolation.models import IN_FORCE
from shouwang.org.models import Person
from shouwang.org.queries import reachable


def absences(by: Actor) -> QuerySet[Person]:
    """People within reach of isolation.view who have an order in force, with `absent_since` and `absent_until`.

    A person under two orders is one row, with the longer end. Neither kind nor number of the order is told.
    """
    rows = Person.objects.filter(reachable(by, "isolation.view"), orders__state__in=IN_FORCE)
    return rows.annotate(absent_since=Min("orders__starts_on"), absent_until=Max("orders__ends_on")).select_related(
        "home"
    )
