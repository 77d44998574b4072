"""The person's own pages: today, and the last fourteen days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from shouwang.checkins import actions, queries, words
from shouwang.checkins.forms import AnswersForm, new_key
from shouwang.checkins.models import CheckIn
from shouwang.checkins.queries import HISTORY_DAYS, OwnDay
from shouwang.core import clock
from shouwang.core.errors import BadInput, Conflict
from shouwang.core.forms import put_error
from shouwang.core.http import Request, signed_in
from shouwang.core.retention import keep_days
from shouwang.org.models import Person

# The forms of the page: each has its own key, so that sending one twice is recognised and sending two is two entries.
MAIN, CHANGES = "main", ("unwell", "exposed", "place")


@require_http_methods(["GET", "POST"])
@signed_in
def today(request: Request) -> HttpResponse:
    """State of the day, the one tap, and the three things that can be said at any hour."""
    by, at = request.actor, clock.now()
    own = queries.own_day(by, at=at)
    if request.method == "GET":
        return render(request, "checkins/today.html", page(own))
    form = AnswersForm(request.POST, protocols=own.protocols, auto_id="sent_%s")
    if form.is_valid():
        try:
            row = actions.submit(
                person=own.person, answers=form.answers(), client_key=form.cleaned_data["client_key"], by=by, at=at
            )
        except (BadInput, Conflict) as error:
            put_error(form, error)
        else:
            messages.success(request, _("Received. Your receipt is %(receipt)s.") % {"receipt": row.receipt})
            return redirect("checkins:today")
    return render(request, "checkins/today.html", page(own, sent=form), status=422)


def page(own: OwnDay, sent: AnswersForm | None = None) -> Mapping[str, Any]:
    """Context of the page and of the home card. `sent` is a form that was refused; it keeps what was typed."""
    carried = carry(own)
    forms = {
        name: AnswersForm(initial=initial, protocols=own.protocols, auto_id=f"{name}_%s")
        for name, initial in carried.items()
    }
    failed = ""
    if sent is not None:
        topic = sent.data.get("topic", "")
        failed = topic if topic in CHANGES else MAIN
        forms[failed] = sent
    forms[MAIN].fields["temperature_c"].required = own.needs_temperature  # shown as such; the rule asks for it
    advice = own.protocols.advice(own.today.rule) if own.today and own.today.rule else None
    return {
        "own": own,
        "forms": forms,
        "failed": failed,
        "said": words.told(own.today, own.protocols) if own.today else None,
        "copied": words.lines(own.copies, own.protocols) if own.copies else None,
        "copy_day": words.copy_day(own.last, day_of_page=own.day),
        "reported": words.told(own.last, own.protocols) if own.last and own.last.severity != "none" else None,
        "advice": advice,
        "watch": own.spells[0] if own.spells else None,
        "open_alert": next((alert for alert in own.alerts if alert.state == "open"), None),
        "answered_alert": next((alert for alert in own.alerts if alert.state != "open"), None),
        "keep_days": keep_days("checkin"),
        "situations": Person.Situation.choices,
    }


def carry(own: OwnDay) -> dict[str, dict[str, Any]]:
    """Initial values of each form. What was said earlier today stands until the person says otherwise: reporting a
    change of place must not make this morning's fever disappear."""
    said = own.today.answers if own.today else None
    exposure = {True: "yes", False: "no"}.get(said.exposure, "") if said and said.exposure is not None else ""
    standing = {
        "symptoms": list(said.symptoms) if said else [],
        "exposure": exposure,
        "temperature_c": said.temperature_c if said else None,
    }
    main = {"client_key": new_key(), "topic": "unchanged" if own.copies else "well"}
    unwell = standing | {"temperature_c": None, "client_key": new_key(), "topic": "unwell"}
    others = {name: standing | {"client_key": new_key(), "topic": name} for name in ("exposed", "place")}
    return {MAIN: main, "unwell": unwell, **others}


@require_GET
@signed_in
def history(request: Request) -> HttpResponse:
    """One's own check-ins of the last fourteen days, with their receipts."""
    by = request.actor
    own = queries.own_day(by, at=clock.now())
    rows = queries.history(by, own.person.pk)
    context = {"days": days(rows, own), "own": own, "alerts": own.alerts}
    return render(request, "checkins/history.html", context)


def days(rows: Iterable[CheckIn], own: OwnDay) -> list[tuple[date, list[words.Told]]]:
    """Every day of the history, newest first; a day without a check-in is there too, and empty."""
    found: dict[date, list[words.Told]] = {own.day - timedelta(days=back): [] for back in range(HISTORY_DAYS)}
    for row in rows:
        found.setdefault(row.day, []).append(words.told(row, own.protocols))
    return sorted(found.items(), reverse=True)
