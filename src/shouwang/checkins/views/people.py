"""Pages of those who look after others: the live list of a unit, an entry for somebody else, a person's history."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from shouwang.checkins import actions, queries, words
from shouwang.checkins.forms import ProxyForm, new_key
from shouwang.checkins.models import CheckIn
from shouwang.checkins.rules import State
from shouwang.core import clock
from shouwang.core.errors import BadInput, Conflict, NotFound
from shouwang.core.forms import put_error
from shouwang.core.http import Request, partial, signed_in
from shouwang.core.scope import Actor
from shouwang.org.models import Organisation, Person
from shouwang.org.queries import organisation_for, person_for

STATUS, VIEW = "checkin.status", "checkin.view"


@require_GET
@signed_in
def unit(request: Request) -> HttpResponse:
    """n of N and the names, live. Answers are shown only to who may see them, and then that is recorded."""
    by, at = request.actor, clock.now()
    state = queries.state_named(by, request.GET.get("tab", ""))
    chosen = chosen_unit(by, request.GET.get("unit", ""))
    rows = queries.unit_rows(by, unit=chosen, state=state, at=at, cursor=request.GET.get("page", ""))
    protocols = queries.protocols_of(clock.local_day(at))
    people: list[tuple[Person, words.Told | None]] = [(person, None) for person in rows.rows]
    if state in (State.SYMPTOMATIC, State.CONFLICTING):
        actions.note_reading("checkin", [person.pk for person in rows.rows], by=by, at=at)
        people = [
            (person, words.told(row, protocols)) for person in rows.rows if (row := person.latest_checkin.checkin)
        ]
    context = {
        "board": queries.board(by, unit=chosen, at=at),
        "state": state.value,
        "lists": lists(by),
        "people": people,
        "page": rows,
        "unit": chosen,
        "units": queries.units_below(by, chosen),
        "may_enter": by.holds("checkin.proxy"),
        "may_view": by.holds(VIEW),
        "today": clock.local_day(at),
        "at": at,
    }
    return render(request, "checkins/_fragments/unit.html" if partial(request) else "checkins/unit.html", context)


def lists(by: Actor) -> list[tuple[str, str]]:
    """(name in the address, words) of the lists that `by` is offered."""
    names = {
        State.SYMPTOMATIC: _("Symptoms or exposure"),
        State.CONFLICTING: _("Conflicting words"),
        State.NOT_YET: _("Not yet today"),
        State.SILENT: _("Silent for 2 days or more"),
        State.IN: _("In"),
        State.EXCUSED: _("Excused"),
    }
    return [(state.value, names[state]) for state in queries.states_for(by)]


def chosen_unit(by: Actor, wanted: str) -> Organisation | None:
    """The organisation asked for, within reach; None for all that one reaches."""
    if not wanted:
        return None
    if not wanted.isascii() or not wanted.isdecimal() or len(wanted) > 18:
        raise NotFound
    return organisation_for(by, int(wanted), right=STATUS)


@require_http_methods(["GET", "POST"])
@signed_in
def proxy(request: Request, person_id: int) -> HttpResponse:
    """A check-in for somebody else, with a reason. Earlier answers are not shown: who enters need not know them."""
    by, at = request.actor, clock.now()
    somebody = queries.person_to_enter(by, person_id)
    protocols = queries.protocols_of(clock.local_day(at))
    form = ProxyForm(request.POST or None, protocols=protocols, initial={"client_key": new_key()})
    if form.is_bound and form.is_valid():
        try:
            row = actions.submit(
                person=somebody,
                answers=form.answers(),
                client_key=form.cleaned_data["client_key"],
                source=CheckIn.Source.PROXY,
                proxy_reason=form.cleaned_data["proxy_reason"],
                by=by,
                at=at,
            )
        except (BadInput, Conflict) as error:
            put_error(form, error)
        else:
            said = _("Entered for %(name)s. Receipt %(receipt)s.") % {"name": somebody.name, "receipt": row.receipt}
            messages.success(request, said)
            return redirect("checkins:unit")
    context = {"form": form, "person": somebody}
    return render(request, "checkins/proxy.html", context, status=422 if form.is_bound else 200)


@require_GET
@signed_in
def person(request: Request, person_id: int) -> HttpResponse:
    """Fourteen days of one person, for whoever may see answers. The look is recorded for the person."""
    by, at = request.actor, clock.now()
    somebody = person_for(by, person_id, right=VIEW)
    protocols = queries.protocols_of(clock.local_day(at))
    rows = [words.told(row, protocols) for row in queries.history(by, person_id)]
    actions.note_reading("checkin", [somebody.pk], by=by, at=at)
    return render(request, "checkins/person.html", {"person": somebody, "rows": rows})
