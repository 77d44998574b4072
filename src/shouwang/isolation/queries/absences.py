"""Who is absent until when: for those who plan lessons, meals and beds. No reason, no place, no diagnosis."""

from __future__ import annotations

from django.db.models import OuterRef, QuerySet, Subquery

from shouwang.core.scope import Actor
from shouwang.isolation.models import IN_FORCE, Order
from shouwang.org.models import Person
from shouwang.org.queries import reachable


def absences(by: Actor) -> QuerySet[Person]:
    """People within reach of isolation.view who have an order in force, with `absent_since` and `absent_until`.

    A person under two orders is one row, with the earlier beginning and the longer end. Neither kind nor number of the
    order is told. The dates are looked up for the rows of the page alone.
    """
    standing = Order.objects.filter(state__in=IN_FORCE).order_by()
    own = standing.filter(person=OuterRef("pk"))
    return (
        Person.objects.filter(reachable(by, "isolation.view"), pk__in=standing.values("person_id"))
        .annotate(
            absent_since=Subquery(own.order_by("starts_on").values("starts_on")[:1]),
            absent_until=Subquery(own.order_by("-ends_on").values("ends_on")[:1]),
        )
        .select_related("home")
    )
