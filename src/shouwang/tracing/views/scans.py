"""Posters of places, the page that their code opens, and one's own scans."""

from __future__ import annotations

import segno
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shouwang.checkins.forms import new_key
from shouwang.core import clock
from shouwang.core.errors import BadInput, NotFound
from shouwang.core.forms import cleaned, put_error
from shouwang.core.http import Request, signed_in
from shouwang.core.paging import keyset_page
from shouwang.core.retention import keep_days
from shouwang.tracing.actions import scans as actions
from shouwang.tracing.forms import PlaceCodeForm, ScanForm
from shouwang.tracing.models_scans import PlaceScan
from shouwang.tracing.presence.defaults import assumptions
from shouwang.tracing.queries import scans as queries


@require_GET
@signed_in
def codes(request: Request) -> HttpResponse:
    """Places and whether each has a code."""
    text = request.GET.get("q", "")[:60]
    page = keyset_page(queries.places(request.actor, text), ("path",), request.GET.get("page"))
    now = clock.now()
    rows = [(poster, poster.expired(now)) for poster in queries.posters(list(page.rows))]
    return render(request, "tracing/place_codes.html", {"page": page, "rows": rows, "q": text})


@require_http_methods(["GET", "POST"])
@signed_in
def poster(request: Request, code: str) -> HttpResponse:
    """The poster of a place, to be printed; POST issues a new edition, so that earlier ones count no more."""
    found = queries.poster_for(request.actor, code)
    form = PlaceCodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.issue_code(found.place, days=form.cleaned_data["days"], by=request.actor, at=clock.now())
        except BadInput as error:
            put_error(form, error)
        else:
            messages.success(request, _("Issued. Posters printed before count no more."))
            return redirect("tracing:poster", code=code)
    address = request.build_absolute_uri(reverse("tracing:here", args=[found.code])) if found.code else ""
    context = {
        "poster": found,
        "form": form,
        "expired": found.expired(clock.now()),
        "qr": _qr(address) if address else "",
        "keep_days": keep_days("presence"),
    }
    return render(request, "tracing/poster.html", context, status=422 if form.errors else 200)


def _qr(address: str) -> str:
    # Error level Q: a poster gets scratched.
    return segno.make(address, error="q").svg_inline(scale=6, border=2, omitsize=True, svgclass="qr", lineclass=None)


@require_http_methods(["GET", "POST"])
@signed_in
def here(request: Request, code: str) -> HttpResponse:
    """The page that the code opens: "I am here", "I leave"."""
    if request.actor.person_id is None:
        raise NotFound
    now = clock.now()
    if request.method == "POST":
        given = cleaned(ScanForm(request.POST), _("Choose whether you come or leave."))
        row = actions.scan(code, way=given["way"], key=given["key"], by=request.actor, at=now)
        came = row.way == PlaceScan.Way.IN
        says = _("Noted: you are at %(place)s.") if came else _("Noted: you have left %(place)s.")
        messages.success(request, says % {"place": row.place.name})
        return redirect("tracing:my_scans")
    place = queries.place_of(code, at=now)
    minutes = assumptions().scans.assumed_stay.seconds(place.kind) // 60
    context = {"place": place, "code": code, "key": new_key(), "minutes": minutes, "keep_days": keep_days("presence")}
    return render(request, "tracing/here.html", context)


@require_GET
@signed_in
def mine(request: Request) -> HttpResponse:
    """Where one scanned a code, and until when it is kept."""
    page = keyset_page(queries.own(request.actor), ("-at", "-pk"), request.GET.get("page"))
    return render(request, "tracing/my_scans.html", {"page": page, "keep_days": keep_days("presence")})


@require_POST
@signed_in
def strike_out(request: Request, pk: int) -> HttpResponse:
    actions.strike_out(pk, by=request.actor, at=clock.now())
    messages.success(request, _("Struck out. You were not there by this scan."))
    return redirect("tracing:my_scans")
