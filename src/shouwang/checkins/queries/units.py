"""The lists of a unit: who is in, who is not yet, who has been silent, who needs attention."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from shouwang.checkins import rules
from shouwang.checkins.models import CheckIn
from shouwang.checkins.queries.figures import Counts, count_people, on_roster
from shouwang.checkins.rules import State
from shouwang.core import clock
from shouwang.core.errors import BadInput, NotFound
from shouwang.core.paging import PAGE_SIZE, Page, keyset_page
from shouwang.core.scope import Actor
from shouwang.core.tree import in_ranges, subtree
from shouwang.org.models import Organisation, Person
from shouwang.org.queries import reachable, visible_organisations

BY_PLACE = ("home_path", "number")
WORST_FIRST = ("-latest_checkin__rank", "home_path", "number")


@dataclass(frozen=True, slots=True)
class Board:
    """Numbers of a unit: `states` add up to `counts.roster`; `attention` only of people whose answers one may see."""

    counts: Counts
    states: Mapping[State, int]


def states_for(by: Actor) -> list[State]:
    """The lists that `by` is offered, exceptions first; NotFound for whoever may see nobody's status.

    Without checkin.view nobody stands under "attention", so that list is not offered.
    """
    if not by.holds("checkin.status"):
        raise NotFound
    return [state for state in State if state is not State.ATTENTION or by.holds("checkin.view")]


def state_named(by: Actor, wanted: str) -> State:
    """The list of this name, or the first that is offered when none is named. BadInput for any other word."""
    offered = states_for(by)
    if not wanted:
        return offered[0]
    for state in offered:
        if state.value == wanted:
            return state
    raise BadInput(_("There is no list “%(value)s”."), code="list_unknown", field="state", value=rules.shown(wanted))


def not_yet(by: Actor, day: date) -> QuerySet[Person]:
    """People on the roster under checkin.status about whom nobody has said anything on `day`. Nobody is excused."""
    later = Q(latest_checkin__day__gt=day) & ~Exists(CheckIn.objects.filter(person=OuterRef("pk"), day=day))
    silent = Q(latest_checkin__isnull=True) | Q(latest_checkin__day__lt=day) | later
    return _people(by, None, day).filter(silent).select_related("home", "latest_checkin").order_by(*BY_PLACE)


def board(by: Actor, *, unit: Organisation | None, at: datetime) -> Board:
    """Counts and the size of each list at `at`: two queries."""
    day = clock.local_day(at)
    people = _people(by, unit, day)
    sizes = people.aggregate(**{state.value: Count("pk", filter=_in_state(by, state, day)) for state in State})
    return Board(count_people(people, day, at), {state: sizes[state.value] for state in State})


def unit_rows(
    by: Actor, *, unit: Organisation | None, state: State, at: datetime, cursor: str = "", size: int = PAGE_SIZE
) -> Page[Person]:
    """One page of a list, with `home` and `latest_checkin`; for `attention` also the answers, worst first."""
    day = clock.local_day(at)
    rows = _people(by, unit, day).filter(_in_state(by, state, day)).select_related("home", "latest_checkin", "own_zone")
    if state is State.ATTENTION:
        answers = rows.select_related("home", "latest_checkin__checkin", "own_zone")
        return keyset_page(answers, WORST_FIRST, cursor, size=size)
    return keyset_page(rows, BY_PLACE, cursor, size=size)


def units_below(by: Actor, unit: Organisation | None) -> QuerySet[Organisation]:
    """The organisations one step below `unit`; without one, the uppermost within reach of checkin.status."""
    visible = visible_organisations(by, "checkin.status")
    if unit is not None:
        return visible.filter(parent=unit)
    above = Organisation.objects.filter(in_ranges("path", by.ranges("checkin.status")))
    return visible.filter(~Exists(above.filter(pk=OuterRef("parent"))))


def person_to_enter(by: Actor, person_id: int) -> Person:
    """Somebody for whom `by` may check in; NotFound otherwise."""
    people = Person.objects.filter(reachable(by, "checkin.proxy"), on_roster(clock.today()), pk=person_id)
    person = people.select_related("home").first()
    if person is None:
        raise NotFound
    return person


def _people(by: Actor, unit: Organisation | None, day: date) -> QuerySet[Person]:
    people = Person.objects.filter(reachable(by, "checkin.status"), on_roster(day))
    return people if unit is None else people.filter(in_ranges("home_path", [subtree(unit.path)]))


def _in_state(by: Actor, state: State, day: date) -> Q:
    """`rules.state_of` as a condition; the two are compared in tests."""
    heard = Q(latest_checkin__day__gte=day)
    long_ago = Q(latest_checkin__isnull=True) | Q(latest_checkin__day__lte=rules.silent_since(day))
    attention = heard & Q(latest_checkin__rank__gt=0) & reachable(by, "checkin.view")
    match state:
        case State.ATTENTION:
            return attention
        case State.IN:
            return heard & ~attention
        case State.SILENT:
            return long_ago
        case State.NOT_YET:
            return Q(latest_checkin__day__lt=day, latest_checkin__day__gt=rules.silent_since(day))
