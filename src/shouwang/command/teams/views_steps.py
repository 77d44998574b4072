"""Steps of teams: each parses, calls one action, and leads back to the page."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from shouwang.cases.queries.naming import place_written
from shouwang.command.queries import task_for
from shouwang.command.teams import actions, forms, queries, rules, seconding
from shouwang.command.teams.views import team_page
from shouwang.core import clock
from shouwang.core.errors import BadInput, Conflict, NotFound
from shouwang.core.forms import cleaned, put_error
from shouwang.core.http import Request, signed_in
from shouwang.org.models import Person
from shouwang.org.queries import person_by_number


@require_POST
@signed_in
def step(request: Request, pk: int, name: str) -> HttpResponse:
    """One step of the team itself."""
    by, at = request.actor, clock.now()
    row = queries.team_for(by, pk, at=at)
    if name not in rules.TEAM_ACTS:
        raise NotFound
    open_ids = [one.task_id for one in queries.open_tasks(row)]
    given = cleaned(forms.StepForm(request.POST, tasks=open_ids))
    done = actions.act_on_team(
        row, name, text=given["text"], review_on=given["review_on"], obstacles=given["obstacles"], by=by, at=at
    )
    messages.success(request, _("Noted. The team is now: %(state)s.") % {"state": done.get_state_display()})
    return redirect("command:team", pk)


@require_POST
@signed_in
def second(request: Request, pk: int) -> HttpResponse:
    """Ask for a person."""
    by, at = request.actor, clock.now()
    row = queries.worked_team_for(by, pk, at=at)
    form = forms.SecondForm(request.POST)
    if form.is_valid():
        given = dict(form.cleaned_data)
        try:
            person = _person(request, given.pop("person"))
            seconding.ask(row, person, by=by, at=at, **given)
        except (BadInput, Conflict) as error:
            put_error(form, error)
        else:
            messages.success(request, _("Asked. The home unit of this person decides."))
            return redirect("command:team", pk)
    return team_page(request, row, second=form)


def _person(request: Request, number: str) -> Person:
    """By number within reach of people.view. BadInput at `person` otherwise."""
    try:
        return person_by_number(request.actor, number.strip())
    except NotFound as error:
        raise BadInput(_("Nobody within your reach has this number."), field="person") from error


@require_POST
@signed_in
def member(request: Request, pk: int, member_id: int, name: str) -> HttpResponse:
    """One step of a secondment."""
    by, at = request.actor, clock.now()
    row = queries.member_for(queries.team_for(by, pk, at=at), member_id)
    if name not in rules.MEMBER_ACTS:
        raise NotFound
    given = cleaned(forms.ReasonForm(request.POST))
    done = seconding.act_on_member(row, name, text=given["text"], by=by, at=at)
    messages.success(request, _("Noted. The secondment is now: %(state)s.") % {"state": done.get_state_display()})
    # Who is of neither the team nor the home unit any more does not see it any more.
    seen = queries.visible_teams(by, at=at).filter(pk=pk).exists()
    return redirect("command:team", pk) if seen else redirect("command:teams")


@require_POST
@signed_in
def places(request: Request, pk: int) -> HttpResponse:
    """Add a place, or remove one."""
    by, at = request.actor, clock.now()
    row = queries.worked_team_for(by, pk, at=at)
    form = forms.PlaceForm(request.POST)
    if form.is_valid():
        try:
            place = place_written(by, form.cleaned_data["place"])
            if place is None:
                raise BadInput(_("Say which place."), field="place")
            change = actions.remove_place if form.cleaned_data["remove"] else actions.add_place
            change(row, place, by=by, at=at)
        except BadInput as error:
            put_error(form, error)
        else:
            return redirect("command:team", pk)
    return team_page(request, row, place_form=form)


@require_POST
@signed_in
def give(request: Request, pk: int) -> HttpResponse:
    """Give it a task."""
    by, at = request.actor, clock.now()
    row = queries.worked_team_for(by, pk, at=at)
    task = task_for(by, cleaned(forms.GiveForm(request.POST))["task"], on=clock.local_day(at))
    actions.give_task(row, task, by=by, at=at)
    messages.success(request, _("Given. Who leads the team finds it in their work."))
    return redirect("command:team", pk)


@require_POST
@signed_in
def back(request: Request, pk: int, given_id: int) -> HttpResponse:
    """Hand a task back to its unit."""
    by, at = request.actor, clock.now()
    row = queries.given_for(queries.team_for(by, pk, at=at), given_id)
    actions.hand_back(row, reason=cleaned(forms.ReasonForm(request.POST))["text"], by=by, at=at)
    messages.success(request, _("Handed back. The task stays with its unit."))
    return redirect("command:team", pk)


@require_POST
@signed_in
def plan(request: Request, pk: int) -> HttpResponse:
    """Plan duty of a member."""
    by, at = request.actor, clock.now()
    row = queries.worked_team_for(by, pk, at=at)
    members = list(row.members.filter(state=rules.APPROVED).select_related("person"))
    form = forms.DutyForm(request.POST, members=members, places=list(row.places.select_related("place")))
    if form.is_valid():
        given = form.cleaned_data
        seat = next(one for one in members if str(one.pk) == given["member"])
        place = row.places.select_related("place").get(place__code=given["place"]).place
        try:
            seconding.plan_shift(seat, place, starts=given["starts"], ends=given["ends"], by=by, at=at)
        except (BadInput, Conflict) as error:
            put_error(form, error)
        else:
            messages.success(request, _("Planned. The person finds it on their first page."))
            return redirect("command:team", pk)
    return team_page(request, row, duty=form)


@require_POST
@signed_in
def shift(request: Request, pk: int, shift_id: int, name: str) -> HttpResponse:
    """Say whether duty was done, or cancel it."""
    by, at = request.actor, clock.now()
    row = queries.shift_for(queries.team_for(by, pk, at=at), shift_id)
    if name not in rules.SHIFT_ACTS:
        raise NotFound
    seconding.act_on_shift(row, name, text=cleaned(forms.ReasonForm(request.POST))["text"], by=by, at=at)
    return redirect("command:team", pk)


@require_POST
@signed_in
def object_to(request: Request, pk: int) -> HttpResponse:
    """Say what is wrong with one's own record."""
    by, at = request.actor, clock.now()
    row = queries.own_record_for(by, pk)
    seconding.object_to(row, text=cleaned(forms.ReasonForm(request.POST))["text"], by=by, at=at)
    messages.success(request, _("Noted. Somebody else answers it."))
    return redirect("command:service")


@require_POST
@signed_in
def answer(request: Request, pk: int) -> HttpResponse:
    """Answer an objection to a record."""
    by, at = request.actor, clock.now()
    row = queries.record_for(by, pk, at=at)
    done = seconding.answer_objection(row, text=cleaned(forms.ReasonForm(request.POST))["text"], by=by, at=at)
    messages.success(request, _("Answered."))
    return redirect("command:team", done.member.team_id) if done.member else redirect("command:teams")
