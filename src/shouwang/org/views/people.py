"""People: the list, one person, oneself, and who saw one's data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from shouwang.core import audit, clock
from shouwang.core.errors import BadInput, NotFound, ShouwangError
from shouwang.core.forms import put_error
from shouwang.core.http import Request, partial, signed_in
from shouwang.org import actions, forms, queries
from shouwang.org.models import Person
from shouwang.org.queries import PeopleFilter

MANAGE = "people.manage"


@require_GET
@signed_in
def people(request: Request) -> HttpResponse:
    """The list of people within reach, narrowed and paged."""
    request.actor.require("people.view")
    form = forms.PeopleFilterForm(request.GET)
    chosen = PeopleFilter()
    if form.is_valid():
        values = form.cleaned_data
        unit = queries.organisation_named(request.actor, values["unit"]).pk if values["unit"] else None
        chosen = PeopleFilter(values["q"].strip(), unit, values["kind"], values["situation"])
    page = queries.people_page(request.actor, chosen, cursor=request.GET.get("cursor", ""))
    context = {"page": page, "form": form, "may_import": request.actor.holds(MANAGE)}
    return render(request, "org/_fragments/people.html" if partial(request) else "org/people.html", context)


@require_GET
@signed_in
def person(request: Request, person_id: int) -> HttpResponse:
    """One person: facts, dated history, and what may be changed. Looking at somebody else is recorded."""
    found = queries.person_for(request.actor, person_id)
    if found.pk == request.actor.person_id:
        return redirect("org:me")
    audit.saw("person.seen", "person", [found.pk], by=request.actor, at=clock.now(), object_id=found.pk)
    return render(request, "org/person.html", _person_context(request, found))


def _person_context(request: Request, found: Person) -> dict[str, Any]:
    today = clock.today()
    may_manage = request.actor.holds(MANAGE, found.home_path)
    return {
        "person": found,
        "history": queries.history_of(found, on=today),
        "responsible": queries.responsible_for(found, on=today),
        "contact_details": queries.sees_contact_details(request.actor, found),
        "may_manage": may_manage,
        "forms": _change_forms(found) if may_manage else {},
    }


def _change_forms(person: Person) -> dict[str, django_forms.Form]:
    today = {"on": clock.today()}
    return {
        "move": forms.MoveForm(initial=today, prefix="move"),
        "situation": forms.SituationForm(initial={"situation": person.situation, **today}, prefix="situation"),
        "residence": forms.ResidenceForm(initial=today, prefix="residence"),
        "correct": forms.CorrectForm(
            initial={"name": person.name, "phone": person.phone, "card": person.card}, prefix="correct"
        ),
        "leave": forms.LeaveForm(initial=today, prefix="leave"),
    }


Change = Callable[[Request, Person, dict[str, Any]], object]


def _move(request: Request, person: Person, values: dict[str, Any]) -> object:
    to = queries.organisation_named(request.actor, values["organisation"], MANAGE)
    return actions.move_home(person, to=to, on=values["on"], by=request.actor, at=clock.now())


def _reside(request: Request, person: Person, values: dict[str, Any]) -> object:
    place = queries.place_named(request.actor, values["place"])
    return actions.set_residence(person, place=place, on=values["on"], by=request.actor, at=clock.now())


CHANGES: dict[str, tuple[type[django_forms.Form], Change]] = {
    "move": (forms.MoveForm, _move),
    "residence": (forms.ResidenceForm, _reside),
    "situation": (
        forms.SituationForm,
        lambda request, person, values: actions.set_situation(person, **values, by=request.actor, at=clock.now()),
    ),
    "correct": (
        forms.CorrectForm,
        lambda request, person, values: actions.correct_person(person, **values, by=request.actor, at=clock.now()),
    ),
    "leave": (
        forms.LeaveForm,
        lambda request, person, values: actions.leave_institution(person, **values, by=request.actor, at=clock.now()),
    ),
}


@require_POST
@signed_in
def change_person(request: Request, person_id: int, what: str) -> HttpResponse:
    """One dated change of a person, or a correction."""
    found = queries.person_for(request.actor, person_id, MANAGE)
    request.actor.require(MANAGE, found.home_path)
    if what not in CHANGES:
        raise NotFound
    form_class, act = CHANGES[what]
    form = form_class(request.POST, prefix=what)
    if form.is_valid():
        try:
            act(request, found, form.cleaned_data)
        except (BadInput, NotFound) as error:
            put_form_error(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("org:people") if what == "leave" else redirect("org:person", found.pk)
    context = _person_context(request, found)
    context["forms"][what] = form
    context["open_form"] = what
    return render(request, "org/person.html", context, status=422)


def put_form_error(form: django_forms.Form, error: ShouwangError) -> None:
    """A refusal at its field; something not found is, in a form, a wrong entry."""
    shown = error if isinstance(error, BadInput) else BadInput(error.message, field=error.field, **error.data)
    put_error(form, shown)


@require_GET
@signed_in
def me(request: Request) -> HttpResponse:
    """Everything the roster holds about oneself."""
    if request.actor.person_id is None:
        raise NotFound
    found = queries.person_for(request.actor, request.actor.person_id)
    return render(request, "org/me.html", {**_person_context(request, found), "contact_details": True})


@require_GET
@signed_in
def seen(request: Request) -> HttpResponse:
    """Who read or changed data about oneself."""
    page, lines = queries.seen_page(request.actor, cursor=request.GET.get("cursor", ""))
    template = "org/_fragments/seen.html" if partial(request) else "org/seen.html"
    return render(request, template, {"page": page, "lines": lines})
