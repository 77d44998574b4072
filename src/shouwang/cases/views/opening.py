"""Opening a case: from an alert, or for a person named by number."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from shouwang.cases import actions, forms, rules
from shouwang.checkins.models import SymptomAlert
from shouwang.checkins.queries import UNSPECIFIED, alert_for
from shouwang.core import audit, clock
from shouwang.core.errors import BadInput, Conflict, Forbidden, NotFound
from shouwang.core.forms import put_error
from shouwang.core.http import Request, signed_in
from shouwang.core.packs import Pack, active_packs, get_pack
from shouwang.org.models import Person
from shouwang.org.queries import person_by_number

MANAGE = "case.manage"


@require_http_methods(["GET", "POST"])
@signed_in
def open_case(request: Request) -> HttpResponse:
    """A case of a person named by number: seen at the clinic, or known from elsewhere."""
    by, at = request.actor, clock.now()
    by.require(MANAGE)
    packs = active_packs(clock.local_day(at))
    initial = {"number": request.GET.get("person", "")}
    form = forms.OpenByNumberForm(request.POST or None, packs=packs, initial=initial)
    if form.is_bound and form.is_valid():
        values = form.cleaned_data
        try:
            person = person_by_number(by, values["number"].strip(), right=MANAGE)
        except NotFound:
            form.add_error("number", _("No person of this number is within your reach. Check the number."))
        else:
            answer = _opened(request, form, person=person, pack=form.packs[values["pack"]])
            if answer is not None:
                return answer
    status = 422 if form.is_bound else 200
    return render(request, "cases/open.html", {"form": form, "packs": packs}, status=status)


@require_http_methods(["GET", "POST"])
@signed_in
def open_from_alert(request: Request, alert_id: int) -> HttpResponse:
    """Look at what triage found once more, then open the case."""
    by = request.actor
    alert = alert_for(by, alert_id)
    if not actions.may_manage(by, alert.person):
        raise Forbidden
    audit.saw("alert.viewed", "alert", [alert.person_id], by=by, at=clock.now(), object_id=alert.pk)
    initial = {"detected_at": alert.raised_at}
    pack = None if alert.disease == UNSPECIFIED else get_pack(alert.pack)
    form = (
        forms.OpenUnlistedForm(request.POST or None, initial=initial, packs=active_packs(clock.local_day(clock.now())))
        if pack is None
        else forms.OpenForm(request.POST or None, initial=initial)
    )
    if form.is_bound and form.is_valid():
        chosen = form.packs[form.cleaned_data["pack"]] if isinstance(form, forms.OpenUnlistedForm) else pack
        if chosen is not None and (answer := _opened(request, form, person=alert.person, pack=chosen, alert=alert)):
            return answer
    status = 422 if form.is_bound else 200
    context = {"form": form, "alert": alert, "pack": pack}
    return render(request, "cases/open_from_alert.html", context, status=status)


def _opened(
    request: Request, form: forms.OpenForm, *, person: Person, pack: Pack, alert: SymptomAlert | None = None
) -> HttpResponse | None:
    """Open the case and go to it; to the one that is open already when there is one. None: the form shows why not."""
    values = form.cleaned_data
    detected = values["detected_at"]
    if alert is not None and detected is not None and rules.minute(detected) == rules.minute(alert.raised_at):
        detected = alert.raised_at  # the form shows minutes; the alert knows the second
    try:
        case = actions.open_case(
            person=person,
            pack=pack,
            classification=values["classification"],
            reason=values["reason"],
            alert=alert,
            detected_at=detected,
            by=request.actor,
            at=clock.now(),
            **form.onset(),
        )
    except BadInput as error:
        put_error(form, forms.at_field(error))
        return None
    except Conflict as error:
        if error.error_code != "case_exists":
            raise
        messages.warning(request, error.sentence)
        return redirect("cases:case", error.data["case"])
    messages.success(request, _("Case %(number)s is open; its clocks are running.") % {"number": case.number})
    return redirect("cases:case", case.pk)
