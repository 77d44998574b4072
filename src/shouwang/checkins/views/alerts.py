"""The clinic's queue: who to call first, why, and what was done."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from shouwang.checkins import actions, queries, words
from shouwang.checkins.forms import CloseForm
from shouwang.checkins.models import SymptomAlert
from shouwang.checkins.queries.alerts import HANDLED_ORDER, ORDER
from shouwang.checkins.rules import Protocols
from shouwang.core import clock
from shouwang.core.errors import BadInput, NotFound
from shouwang.core.forms import put_error
from shouwang.core.http import Request, partial, signed_in
from shouwang.core.paging import keyset_page

HANDLE = "alert.handle"


@require_GET
@signed_in
def alerts(request: Request) -> HttpResponse:
    """Open alerts by severity, or those already answered."""
    by, at = request.actor, clock.now()
    if not by.holds(HANDLE):
        raise NotFound
    handled = request.GET.get("tab") == "handled"
    rows, order = (queries.handled_alerts(by), HANDLED_ORDER) if handled else (queries.call_queue(by), ORDER)
    found = keyset_page(rows, order, request.GET.get("page", ""))
    actions.note_reading("alert", [alert.person_id for alert in found.rows], by=by, at=at)
    asked = queries.protocols_on(clock.local_day(at))
    protocols = asked.of("")  # the packs are the same everywhere
    others = {} if handled else queries.beside(found.rows)
    context = {
        "page": found,
        "alerts": [
            (
                alert,
                answers_of(alert, asked.of(alert.person.home_path)),
                protocols.name(alert.pack),
                [(other, protocols.name(other.pack)) for other in others.get(alert.pk, ())],
            )
            for alert in found.rows
        ],
        "severities": queries.open_by_severity(by),
        "handled": handled,
        "at": at,
    }
    return render(request, "checkins/_fragments/alerts.html" if partial(request) else "checkins/alerts.html", context)


def answers_of(alert: SymptomAlert, protocols: Protocols) -> words.Told | None:
    """What raised it; None once those answers have been purged."""
    return words.told(alert.checkin, protocols) if alert.checkin else None


@require_GET
@signed_in
def alert(request: Request, alert_id: int) -> HttpResponse:
    """One alert: whom to call, why, what they said, and what to do."""
    return _page(request, queries.alert_for(request.actor, alert_id), CloseForm())


@require_POST
@signed_in
def close(request: Request, alert_id: int) -> HttpResponse:
    """Close with a reason."""
    by = request.actor
    found = queries.alert_for(by, alert_id)
    form = CloseForm(request.POST)
    if form.is_valid():
        try:
            also = queries.beside([found])[found.pk] if form.cleaned_data["also"] else []
            actions.close_alerts([found, *also], reason=form.cleaned_data["reason"], by=by, at=clock.now())
        except BadInput as error:
            put_error(form, error)
        else:
            messages.success(request, _("Closed: %(name)s.") % {"name": found.person.name})
            return redirect("checkins:alerts")
    return _page(request, found, form, status=422)


def _page(request: Request, found: SymptomAlert, form: CloseForm, status: int = 200) -> HttpResponse:
    by, at = request.actor, clock.now()
    protocols = queries.protocols_of(clock.local_day(at), found.person.home_path)
    actions.note_reading("alert", [found.person_id], by=by, at=at, object_id=found.pk)
    context = {
        "alert": found,
        "pack_name": protocols.name(found.pack),
        "said": answers_of(found, protocols),
        "rows": [words.told(row, protocols) for row in queries.history(by, found.person_id)],
        "bed": queries.bed_of(found.person),
        "known_pack": found.disease == queries.UNSPECIFIED or any(p.code == found.pack for p in protocols.active),
        "may_open": by.holds("case.manage", found.person.home_path),
        "others": [(other, protocols.name(other.pack)) for other in queries.beside([found])[found.pk]],
        "form": form,
    }
    return render(request, "checkins/alert.html", context, status=status)
