"""The organisation tree and the place tree: looking, adding, renaming, closing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from shouwang.core import clock
from shouwang.core.errors import BadInput, Conflict, NotFound
from shouwang.core.http import Request, signed_in
from shouwang.org import actions, forms, queries
from shouwang.org.models import Organisation, Place
from shouwang.org.queries.trees import Spot
from shouwang.org.views.people import put_form_error

MANAGE = "org.manage"


@require_GET
@signed_in
def tree(request: Request) -> HttpResponse:
    """The organisations within reach, one level; further levels are fetched as they are opened."""
    request.actor.require("people.view")
    tops, open_below = queries.first_levels(request.actor, on=clock.today())
    context = {"branches": tops, "open_below": open_below, "as_of": clock.now()}
    return render(request, "org/tree.html", context)


@require_GET
@signed_in
def tree_children(request: Request, organisation_id: int) -> HttpResponse:
    """The next level below one organisation, as a fragment."""
    parent = queries.organisation_for(request.actor, organisation_id)
    branches = queries.child_organisations(parent, on=clock.today())
    return render(request, "org/_fragments/branches.html", {"branches": branches})


@require_GET
@signed_in
def organisation(request: Request, organisation_id: int) -> HttpResponse:
    found = queries.organisation_for(request.actor, organisation_id)
    return render(request, "org/organisation.html", _organisation_context(request, found))


def _organisation_context(request: Request, found: Organisation) -> dict[str, Any]:
    today, may_manage = clock.today(), request.actor.holds(MANAGE, found.path)
    return {
        "organisation": found,
        "trail": queries.path_of(found),
        "branches": queries.child_organisations(found, on=today),
        "answers": queries.answers_of(found, on=today),
        "may_manage": may_manage,
        "as_of": clock.now(),
        "forms": {
            "add": forms.AddOrganisationForm(prefix="add"),
            "rename": forms.RenameForm(initial={"name": found.name, "name_en": found.name_en}, prefix="rename"),
            "close": forms.CloseForm(initial={"ends": today}, prefix="close"),
        }
        if may_manage
        else {},
    }


Act = Callable[[dict[str, Any]], object]


@require_POST
@signed_in
def change_organisation(request: Request, organisation_id: int, what: str) -> HttpResponse:
    """Add a unit below, rename, or close one."""
    found = queries.organisation_for(request.actor, organisation_id, MANAGE)
    how: dict[str, Any] = {"by": request.actor, "at": clock.now()}
    acts: dict[str, tuple[type[django_forms.Form], Act]] = {
        "add": (
            forms.AddOrganisationForm,
            lambda values: actions.add_organisation(parent=found, starts=clock.today(), **values, **how),
        ),
        "rename": (forms.RenameForm, lambda values: actions.rename_node(found, **values, **how)),
        "close": (forms.CloseForm, lambda values: actions.close_organisation(found, **values, **how)),
    }
    form = _act(request, acts, what)
    if form is None:
        return redirect("org:tree") if what == "close" else redirect("org:organisation", found.pk)
    context = _organisation_context(request, found)
    context["forms"][what], context["open_form"] = form, what
    return render(request, "org/organisation.html", context, status=422)


def _act(request: Request, acts: dict[str, tuple[type[django_forms.Form], Act]], what: str) -> django_forms.Form | None:
    """Do it; None when done, else the form with what is wrong."""
    if what not in acts:
        raise NotFound
    form_class, act = acts[what]
    form = form_class(request.POST, prefix=what)
    if not form.is_valid():
        return form
    try:
        act(form.cleaned_data)
    except (BadInput, Conflict) as error:
        put_form_error(form, error)
        return form
    messages.success(request, _("Saved."))
    return None


@require_GET
@signed_in
def places(request: Request) -> HttpResponse:
    """The campuses and what stands on them."""
    campuses = queries.child_places(request.actor, None, on=clock.today())
    groups = [(campus, queries.child_places(request.actor, campus.node, on=clock.today())) for campus in campuses]
    context = {
        "groups": groups,
        "as_of": clock.now(),
        "counted": queries.sees_residents(request.actor),
        "may_manage": request.actor.holds(MANAGE),
    }
    return render(request, "org/places.html", context)


@require_GET
@signed_in
def place(request: Request, place_id: int) -> HttpResponse:
    """One place: its floors and rooms, with residents for those whose work it is; names only of people within reach."""
    found = queries.place_for(request.actor, place_id)
    return render(request, "org/place.html", _place_context(request, found))


def _place_context(request: Request, found: Place) -> dict[str, Any]:
    today = clock.today()
    floors = list(queries.floors_of(found, on=today))
    floor = next((f for f in floors if str(f.pk) == request.GET.get("floor")), floors[0] if floors else found)
    inside = queries.child_places(request.actor, found, on=today)
    rooms = queries.rooms_of(request.actor, floor, on=today, spots=inside if floor == found else None)
    listed = {spot.node.pk for spot in rooms}
    part, parts = _part(rooms, request.GET.get("part", ""))
    may_manage = request.actor.holds(MANAGE, found.owner.path if found.owner is not None else None)
    return {
        "place": found,
        "trail": queries.path_of(found),
        "floors": floors,
        "floor": floor,
        "rooms": part,
        "parts": parts,
        "others": [s for s in inside if s.node.kind != Place.Kind.FLOOR and s.node.pk not in listed],
        "counted": queries.sees_residents(request.actor),
        "residents": sum(spot.residents or 0 for spot in rooms),
        "as_of": clock.now(),
        "may_manage": may_manage,
        "forms": {
            "add": forms.AddPlaceForm(prefix="add"),
            "rename": forms.RenameForm(initial={"name": found.name, "name_en": found.name_en}, prefix="rename"),
            "close": forms.CloseForm(initial={"ends": today}, prefix="close"),
        }
        if may_manage
        else {},
    }


ROOMS_SHOWN = 80  # rooms drawn at once; a building without floors may have hundreds


def _part(rooms: list[Spot], wanted: str) -> tuple[list[Spot], list[tuple[str, str, bool]]]:
    """The rooms to draw, and the parts to choose from: (number, "101 – 220", is chosen); none when all are drawn."""
    if len(rooms) <= ROOMS_SHOWN:
        return rooms, []
    cuts = [rooms[k : k + ROOMS_SHOWN] for k in range(0, len(rooms), ROOMS_SHOWN)]
    chosen = int(wanted) if wanted.isdecimal() and len(wanted) < 6 and int(wanted) < len(cuts) else 0
    labels = [(str(k), f"{cut[0].node.title} – {cut[-1].node.title}", k == chosen) for k, cut in enumerate(cuts)]
    return cuts[chosen], labels


@require_POST
@signed_in
def change_place(request: Request, place_id: int, what: str) -> HttpResponse:
    """Add a place below, rename, or close one."""
    request.actor.require(MANAGE)
    found = queries.place_for(request.actor, place_id)
    how: dict[str, Any] = {"by": request.actor, "at": clock.now()}
    acts: dict[str, tuple[type[django_forms.Form], Act]] = {
        "add": (
            forms.AddPlaceForm,
            lambda values: actions.add_place(parent=found, starts=clock.today(), **values, **how),
        ),
        "rename": (forms.RenameForm, lambda values: actions.rename_node(found, **values, **how)),
        "close": (forms.CloseForm, lambda values: actions.close_place(found, **values, **how)),
    }
    form = _act(request, acts, what)
    if form is None:
        return redirect("org:places") if what == "close" else redirect("org:place", found.pk)
    context = _place_context(request, found)
    context["forms"][what], context["open_form"] = form, what
    return render(request, "org/place.html", context, status=422)


TYPED = ("organisation", "place", "unit", "move-organisation", "residence-place", "grant-organisation")


def _typed(request: Request) -> str:
    """What is being typed, whatever the field is called in its form."""
    return next((request.GET[name].strip() for name in TYPED if name in request.GET), "")


@require_GET
@signed_in
def suggest_organisations(request: Request) -> HttpResponse:
    found = queries.suggest_organisations(request.actor, _typed(request), on=clock.today())
    return render(request, "org/_fragments/options.html", {"nodes": found})


@require_GET
@signed_in
def suggest_places(request: Request) -> HttpResponse:
    return render(
        request,
        "org/_fragments/options.html",
        {"nodes": queries.suggest_places(request.actor, _typed(request), on=clock.today())},
    )
