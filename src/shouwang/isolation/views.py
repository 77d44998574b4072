"""Pages of isolation: one's own order, the orders desk, an order, the rooms, the absent."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from shouwang.core import audit, clock
from shouwang.core.errors import BadInput, NotFound
from shouwang.core.forms import put_error
from shouwang.core.http import Request, partial, signed_in
from shouwang.isolation import actions, forms, queries
from shouwang.isolation.models import Order
from shouwang.org.queries import place_for

# --- the person ----------------------------------------------------------------------------------------------------


@require_GET
@signed_in
def mine(request: Request) -> HttpResponse:
    """One's own orders: until when, why, where, what to do today, whom to call."""
    return _mine(request, forms.ObjectionForm())


def _mine(request: Request, form: forms.ObjectionForm, status: int = 200) -> HttpResponse:
    current, past = queries.mine(request.actor, at=clock.now())
    return render(request, "isolation/mine.html", {"current": current, "past": past, "form": form}, status=status)


@require_POST
@signed_in
def acknowledge(request: Request, pk: int) -> HttpResponse:
    """ "I have read this.\""""
    order = queries.own_order(request.actor, pk)
    actions.acknowledge(order, by=request.actor, at=clock.now())
    messages.success(request, _("Thank you. We know that you have read it."))
    return redirect("isolation:mine")


@require_POST
@signed_in
def object_to(request: Request, pk: int) -> HttpResponse:
    """The person's objection."""
    order = queries.own_order(request.actor, pk)
    form = forms.ObjectionForm(request.POST)
    if form.is_valid():
        try:
            actions.object_to(order, text=form.cleaned_data["text"], by=request.actor, at=clock.now())
        except BadInput as error:
            put_error(form, error)
        else:
            messages.success(request, _("Your objection has been received. You will read the answer here."))
            return redirect("isolation:mine")
    return _mine(request, form, status=422)


# --- the desk ------------------------------------------------------------------------------------------------------


@require_GET
@signed_in
def orders(request: Request) -> HttpResponse:
    """The orders desk: what waits for somebody first."""
    if not request.actor.holds(queries.MANAGE):
        raise NotFound
    at = clock.now()
    form = forms.DeskForm(request.GET)
    wanted = form.wanted()
    page = queries.desk_page(request.actor, wanted, request.GET.get("cursor"), at=at)
    audit.saw("orders.listed", "order", [row.order.person_id for row in page.rows], by=request.actor, at=at)
    context = {"page": page, "form": form, "wanted": wanted, "today": clock.local_day(at), "at": at}
    if partial(request):
        return render(request, "isolation/_fragments/rows.html", context)
    return render(request, "isolation/list.html", context | {"counts": queries.desk_counts(request.actor, at=at)})


@require_GET
@signed_in
def order(request: Request, pk: int) -> HttpResponse:
    """One order: why, where, review, objection, history."""
    return _order(request, pk)


def _order(request: Request, pk: int, status: int = 200, **bound: object) -> HttpResponse:
    at = clock.now()
    page = queries.order_page(request.actor, pk, at=at)
    audit.saw("order.seen", "order", [page.order.person_id], by=request.actor, at=at, object_id=pk)
    version = {"version": page.order.version}
    own = {
        "room_form": forms.RoomForm(initial=version, choices=page.choices, proposal=page.proposal),
        "home_form": forms.HomeForm(initial=version | {"address": page.order.address}),
        "end_form": forms.EndForm(initial=version),
        "need_form": forms.NeedForm(initial=queries.need_of(page.order)),
        "answer_form": forms.AnswerForm(),
    }
    return render(request, "isolation/order.html", {"page": page, "at": at, **own, **bound}, status=status)


def _write(request: Request, pk: int, name: str, form: Form, act: Callable[[Order], str]) -> HttpResponse:
    """Fetch, act, say so; an error goes back to the field it names."""
    order = queries.order_for(request.actor, pk)
    if form.is_valid():
        try:
            said = act(order)
        except BadInput as error:
            put_error(form, error)
        else:
            messages.success(request, said)
            return redirect("isolation:order", pk=pk)
    return _order(request, pk, status=422, **{name: form})


@require_POST
@signed_in
def assign(request: Request, pk: int) -> HttpResponse:
    """A bed, from the order's page."""
    order = queries.order_for(request.actor, pk)
    proposal, choices = queries.room_choices(order, at=clock.now())
    form = forms.RoomForm(request.POST, choices=choices, proposal=proposal)

    def act(order: Order) -> str:
        room = place_for(request.actor, form.cleaned_data["room"])
        version = form.cleaned_data["version"]
        actions.assign_room(order, room, by=request.actor, at=clock.now(), version=version)
        return _("%(name)s now has a bed in %(room)s.") % {"name": order.person.name, "room": room.title}

    return _write(request, pk, "room_form", form, act)


@require_POST
@signed_in
def need(request: Request, pk: int) -> HttpResponse:
    """What they need of a room."""
    form = forms.NeedForm(request.POST)

    def act(order: Order) -> str:
        actions.set_need(order, by=request.actor, at=clock.now(), **form.cleaned_data)
        return _("What %(name)s needs of a room is kept; the plan of rooms follows it.") % {"name": order.person.name}

    return _write(request, pk, "need_form", form, act)


@require_POST
@signed_in
def stay_home(request: Request, pk: int) -> HttpResponse:
    form = forms.HomeForm(request.POST)

    def act(order: Order) -> str:
        values = form.cleaned_data
        actions.stay_home(order, values["address"], by=request.actor, at=clock.now(), version=values["version"])
        return _("%(name)s stays at the address given.") % {"name": order.person.name}

    return _write(request, pk, "home_form", form, act)


@require_POST
@signed_in
def end(request: Request, pk: int) -> HttpResponse:
    form = forms.EndForm(request.POST)

    def act(order: Order) -> str:
        values = form.cleaned_data
        actions.end_order(
            order,
            reason=values["reason"],
            confirmed=request.POST.getlist("confirmed"),
            by=request.actor,
            at=clock.now(),
            version=values["version"],
        )
        return _("Order %(number)s has ended; %(name)s is released.") % {
            "number": order.number,
            "name": order.person.name,
        }

    return _write(request, pk, "end_form", form, act)


def _answer(values: dict[str, str]) -> dict[str, str]:
    return {"text": values["answer"], "same_reason": values["same_reason"]}


@require_POST
@signed_in
def answer(request: Request, pk: int) -> HttpResponse:
    form = forms.AnswerForm(request.POST)

    def act(order: Order) -> str:
        actions.answer_objection(order, by=request.actor, at=clock.now(), **_answer(form.cleaned_data))
        return _("The answer has been given.")

    return _write(request, pk, "answer_form", form, act)


# --- rooms and absences --------------------------------------------------------------------------------------------


@require_GET
@signed_in
def rooms(request: Request) -> HttpResponse:
    """Facilities with their beds, and who still waits for one."""
    at = clock.now()
    facilities = queries.rooms(request.actor, at=at)
    waiting = queries.waiting_for_place(request.actor, at=at, limit=5)
    seen = [order.person_id for facility in facilities for view in facility.rooms for order in view.guests]
    audit.saw("rooms.seen", "order", [*seen, *(o.person_id for o, _room in waiting)], by=request.actor, at=at)
    ahead = queries.bed_forecast(request.actor, at=at)
    context = {"facilities": facilities, "waiting": waiting, "ahead": ahead, "at": at}
    return render(request, "isolation/rooms.html", context)


@require_POST
@signed_in
def place(request: Request, pk: int) -> HttpResponse:
    """Accept the proposed room, from the facility page."""
    order = queries.order_for(request.actor, pk)
    form = forms.AssignForm(request.POST)
    if not form.is_valid():
        raise BadInput(_("Choose a room of the list."), field="room")
    room = place_for(request.actor, form.cleaned_data["room"])
    version = form.cleaned_data["version"]
    actions.assign_room(order, room, by=request.actor, at=clock.now(), version=version)
    messages.success(
        request, _("%(name)s now has a bed in %(room)s.") % {"name": order.person.name, "room": room.title}
    )
    return redirect("isolation:rooms")


@require_GET
@signed_in
def absent(request: Request) -> HttpResponse:
    """Who is absent until when, and nothing else."""
    at = clock.now()
    page = queries.absences_page(request.actor, request.GET.get("cursor"), at=at)
    context = {
        "page": page,
        "total": queries.absences(request.actor, on=clock.local_day(at)).count(),
        "today": clock.local_day(at),
        "at": at,
    }
    return render(request, "isolation/absent.html", context)
