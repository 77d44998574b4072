"""Pages of those who look after others: the entry for somebody else, a person's history."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from shouwang.checkins import actions, queries, words
from shouwang.checkins.forms import ProxyForm, new_key
from shouwang.checkins.models import CheckIn
from shouwang.core import clock
from shouwang.core.errors import BadInput, Conflict
from shouwang.core.forms import put_error
from shouwang.core.http import Request, signed_in
from shouwang.org.queries import person_for

VIEW = "checkin.view"


@require_http_methods(["GET", "POST"])
@signed_in
def proxy(request: Request, person_id: int) -> HttpResponse:
    """A check-in for somebody else, with a reason. Earlier answers are not shown: who enters need not know them."""
    by, at = request.actor, clock.now()
    somebody = queries.person_to_enter(by, person_id)
    protocols = queries.protocols_of(clock.local_day(at), somebody.home_path)
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
    protocols = queries.protocols_of(clock.local_day(at), somebody.home_path)
    rows = [words.told(row, protocols) for row in queries.history(by, person_id)]
    actions.note_reading("checkin", [somebody.pk], by=by, at=at)
    return render(request, "checkins/person.html", {"person": somebody, "rows": rows})
