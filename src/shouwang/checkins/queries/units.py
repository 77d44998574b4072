"""The lists of a unit: who is in, who is not yet, who has been silent, who needs attention."""

from __future__ import annotations

from datetime import date, datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from shouwang.checkins import rules
from shouwang.checkins.models import CheckIn
from shouwang.checkins.queries.asking import today_of
from shouwang.checkins.queries.counts import Board, board_of
from shouwang.checkins.queries.figures import on_roster
from shouwang.checkins.queries.lists import list_page, scope_of
from shouwang.checkins.rules import State
from shouwang.core import clock
from shouwang.core.errors import BadInput, NotFound
from shouwang.core.paging import PAGE_SIZE, Page
from shouwang.core.scope import Actor
from shouwang.core.tree import in_ranges
from shouwang.org.models import Organisation, Person
from shouwang.org.queries import reachable, visible_organisations

BY_PLACE = ("home_path", "number")


def states_for(by: Actor) -> list[State]:
    """The lists that `by` is offered, exceptions first; NotFound for whoever may see nobody's status.

    Without checkin.view whoever is ill or contradicted simply stands under "in", so those lists are not offered.
    """
    if not by.holds("checkin.status"):
        raise NotFound
    hidden = () if by.holds("checkin.view") else (State.SYMPTOMATIC, State.CONFLICTING)
    return [state for state in State if state not in hidden]


def state_named(by: Actor, wanted: str) -> State:
    """The list of this name; when none is named, exceptions for whoever may see answers, else who is not yet in.
    BadInput for any other word."""
    offered = states_for(by)
    if not wanted:
        return State.SYMPTOMATIC if State.SYMPTOMATIC in offered else State.NOT_YET
    for state in offered:
        if state.value == wanted:
            return state
    raise BadInput(_("There is no list “%(value)s”."), code="list_unknown", field="state", value=rules.shown(wanted))


def not_yet(by: Actor, day: date) -> QuerySet[Person]:
    """People on the roster under checkin.status about whom nobody has said anything on `day`. Nobody is excused."""
    heard_later = Q(latest_checkin__day__gt=day) & ~Exists(CheckIn.objects.filter(person=OuterRef("pk"), day=day))
    silent = Q(latest_checkin__isnull=True) | Q(latest_checkin__day__lt=day) | heard_later
    return _people(by, day).filter(silent).select_related("home", "latest_checkin").order_by(*BY_PLACE)


def board(by: Actor, *, unit: Organisation | None, at: datetime) -> Board:
    """Counts and the size of each list at `at`."""
    return board_of(scope_of(by, unit), today_of(at), at=at)


def unit_rows(
    by: Actor, *, unit: Organisation | None, state: State, at: datetime, cursor: str = "", size: int = PAGE_SIZE
) -> Page[Person]:
    """One page of a list, with `home` and `latest_checkin`; for the exceptions also the answers. Ill people worst
    first, silent ones who were silent longest first, all others by unit and number."""
    answers = state in (State.SYMPTOMATIC, State.CONFLICTING)
    on = today_of(at)
    return list_page(scope_of(by, unit), state, on, cursor=cursor, size=size, answers=answers)


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


def _people(by: Actor, day: date) -> QuerySet[Person]:
    return Person.objects.filter(reachable(by, "checkin.status"), on_roster(day))
