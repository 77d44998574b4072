"""Beds for all who wait: the plan of rooms, the sheet of a room, cleaned rooms."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from shouwang.core import audit, clock
from shouwang.core.errors import BadInput, Conflict
from shouwang.core.forms import put_error
from shouwang.core.http import Request, signed_in
from shouwang.isolation import actions, forms, queries
from shouwang.isolation.models import RoomSheet
from shouwang.isolation.words import AIM_WORDS
from shouwang.org.models import Place
from shouwang.org.queries import place_for


@require_http_methods(["GET", "POST"])
@signed_in
def plan(request: Request) -> HttpResponse:
    """A room for everybody who waits; ticked lines are given, with another room where one was written in."""
    by, at = request.actor, clock.now()
    refused: list[actions.Placing] = []
    if request.method == "POST":
        done = actions.apply_plan(_ticked(request, queries.bed_plan(by, at=at)), by=by, at=at)
        given = sum(placing.given for placing in done)
        refused = [placing for placing in done if not placing.given]
        said = ngettext("%(n)s person has a bed now.", "%(n)s people have a bed now.", given) % {"n": given}
        messages.success(request, said) if given else messages.warning(request, _("Nobody was given a bed."))
        if not refused:
            return redirect("isolation:plan")
    found = queries.bed_plan(by, at=at)
    audit.saw("rooms.planned", "order", [line.order.person_id for line in found.lines], by=by, at=at)
    why = {placing.order_id: placing.why for placing in refused}
    for order_id in why.keys() - {line.order.pk for line in found.proposed}:  # no line to stand at
        messages.warning(request, str(why[order_id]))
    context = {
        "plan": found,
        "lines": [(line, why.get(line.order.pk, "")) for line in found.proposed],
        "aims": [(AIM_WORDS[aim.name], aim) for aim in found.aims],
        "at": at,
    }
    return render(request, "isolation/plan.html", context, status=409 if refused else 200)


def _ticked(request: Request, found: queries.BedPlan) -> list[tuple[int, int, int | None]]:
    """(order, room, version) of the ticked lines. A room is written by its title or its code; BadInput names one that
    is not known."""
    rooms = {name: room.pk for room in found.rooms for name in (room.title, room.code) if name}
    pairs: list[tuple[int, int, int | None]] = []
    for ticked in request.POST.getlist("order"):
        order, _sep, version = ticked.partition(":")
        name = request.POST.get(f"room-{order}", "").strip()
        if not (order.isdecimal() and version.isdecimal()) or len(order) > 18:
            raise BadInput(_("Choose people of the list."), field="order")
        if name not in rooms:
            raise BadInput(_("There is no free room %(room)s in the list. Choose one of it."), field="room", room=name)
        pairs.append((int(order), rooms[name], int(version)))
    return pairs


@require_http_methods(["GET", "POST"])
@signed_in
def sheet(request: Request, pk: int) -> HttpResponse:
    """Zone, state and access of a room."""
    by, at = request.actor, clock.now()
    by.require(queries.MANAGE)
    room = place_for(by, pk)
    found = RoomSheet.objects.filter(room=room).first() or RoomSheet(room=room)
    initial = {
        "zone": found.zone, "state": found.state, "version": found.version,
        "step_free": forms.RoomSheetForm.said(found.step_free),
    }  # fmt: skip
    form = forms.RoomSheetForm(request.POST or None, initial=initial)
    if form.is_bound and form.is_valid():
        try:
            actions.set_room(room, by=by, at=at, **form.values())
        except (BadInput, Conflict) as error:
            put_error(form, error)
        else:
            messages.success(request, _("The sheet of %(room)s is kept.") % {"room": room.title})
            return redirect("isolation:rooms")
    context = {"room": room, "form": form, "sheet": found}
    return render(request, "isolation/sheet.html", context, status=422 if form.is_bound else 200)


@require_POST
@signed_in
def cleaned(request: Request) -> HttpResponse:
    """One room, or all of a facility, cleaned."""
    by = request.actor
    by.require(queries.MANAGE)
    asked = [int(pk) for pk in request.POST.getlist("room") if pk.isdecimal() and len(pk) < 18]
    rooms: list[Place] = [place_for(by, pk) for pk in asked]
    done = actions.clean_rooms(rooms, by=by, at=clock.now())
    messages.success(request, ngettext("%(n)s room is ready.", "%(n)s rooms are ready.", done) % {"n": done})
    return redirect("isolation:rooms")
