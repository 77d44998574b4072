"""The clinic's desk of care: who is in care, which visits are due, how many."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Min, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from shouwang.cases.care.models import Care, Visit
from shouwang.cases.care.queries.care import MANAGE, visible_care
from shouwang.core import clock
from shouwang.core.errors import BadInput
from shouwang.core.paging import PAGE_SIZE, Page, keyset_page
from shouwang.core.scope import Actor
from shouwang.org.queries import reachable

SHOWS = ("open", "discharged", "returned", "all")
ORDER = ("-changed_at", "-id")
MOST_VISITS = 30  # on the page; the number of all stands beside


@dataclass(frozen=True, slots=True)
class DeskNumbers:
    """`total` people in reach whose care is kept; the others are parts of it, and `visits_due` dates until today."""

    total: int
    open: int
    discharged: int
    returned: int
    visits_due: int


def desk(by: Actor, show: str) -> QuerySet[Care]:
    """Care in reach, with `next_visit` (a day or None). BadInput for an unknown `show`."""
    if show not in SHOWS:
        raise BadInput(
            _("%(value)s is not one of: %(known)s."),
            code="filter_invalid", field="show", value=show, known=", ".join(SHOWS),
        )  # fmt: skip
    rows = visible_care(by)
    if show != "all":
        rows = rows.filter(state=show)
    waits = Q(visits__done_at__isnull=True, visits__void=False)
    return rows.annotate(next_visit=Min("visits__due_on", filter=waits))


def desk_page(by: Actor, show: str, cursor: str | None, *, size: int = PAGE_SIZE) -> Page[Care]:
    by.require(MANAGE)
    return keyset_page(desk(by, show), ORDER, cursor, size=size)


def visits_due(by: Actor, *, on: date) -> QuerySet[Visit]:
    """Visits nobody has made, due until `on`, oldest first."""
    rows = Visit.objects.filter(reachable(by, MANAGE, "care__case__person__"))
    return (
        rows.filter(done_at__isnull=True, void=False, due_on__lte=on)
        .exclude(care__state=Care.State.DIED)
        .select_related("care__case__person__home", "owner__person")
        .order_by("due_on", "id")
    )


def desk_numbers(by: Actor, *, at: datetime) -> DeskNumbers:
    states = list(visible_care(by).order_by().values_list("state", flat=True))
    return DeskNumbers(
        len(states), states.count(Care.State.OPEN), states.count(Care.State.DISCHARGED),
        states.count(Care.State.RETURNED), visits_due(by, on=clock.local_day(at)).count(),
    )  # fmt: skip
