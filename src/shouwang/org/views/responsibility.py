"""Who answers for what: gaps first."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from shouwang.core import clock
from shouwang.core.errors import BadInput, NotFound
from shouwang.core.http import Request, partial, signed_in
from shouwang.org import actions, forms, queries
from shouwang.org.models import Organisation
from shouwang.org.views.people import put_form_error

MANAGE = "org.manage"


@require_http_methods(["GET", "POST"])
@signed_in
def responsibility(request: Request) -> HttpResponse:
    """The grid: what nobody answers for, then who answers for what; naming somebody."""
    request.actor.require("people.view")
    if request.method == "POST":
        request.actor.require(MANAGE)
        form = forms.AssignForm(request.POST)
        if form.is_valid() and _assign(request, form):
            return redirect("org:responsibility")
    else:
        start = {"on": clock.today(), "rank": "first"}
        wanted = {key: request.GET.get(key, "") for key in ("organisation", "place")}
        form = forms.AssignForm(initial={**start, **wanted})
    if partial(request) and request.method == "GET":
        return render(request, "org/_fragments/answers.html", _answers(request))
    status = 422 if form.is_bound else 200
    return render(request, "org/responsibility.html", _context(request, form), status=status)


def _assign(request: Request, form: forms.AssignForm) -> bool:
    values = form.cleaned_data
    try:
        organisation = place = None
        if values["organisation"]:
            organisation = queries.organisation_named(request.actor, values["organisation"])
        if values["place"]:
            place = queries.place_named(request.actor, values["place"])
        try:
            person = queries.person_by_number(request.actor, values["number"].strip())
        except NotFound as error:
            raise NotFound(_("Nobody you may see has this number."), field="number") from error
        actions.assign_responsibility(
            organisation=organisation,
            place=place,
            person=person,
            rank=values["rank"],
            on=values["on"],
            by=request.actor,
            at=clock.now(),
        )
    except (BadInput, NotFound) as error:
        put_form_error(form, error)
        return False
    node = organisation or place
    told = {"name": person.name, "unit": node.title if node is not None else ""}
    messages.success(request, _("%(name)s now answers for %(unit)s.") % told)
    return True


def _answers(request: Request) -> dict[str, Any]:
    text = request.GET.get("q", "").strip()
    page = queries.answers_page(request.actor, on=clock.today(), text=text, cursor=request.GET.get("cursor", ""))
    return {"page": page, "text": text, "may_manage": request.actor.holds(MANAGE)}


def _context(request: Request, form: forms.AssignForm) -> dict[str, Any]:
    today = clock.today()
    kinds = dict(Organisation.Kind.choices)
    by_kind = queries.gaps_by_kind(request.actor, on=today)
    return {
        **_answers(request),
        "form": form,
        "gaps": queries.gaps(request.actor, on=today),
        "by_kind": sorted(((kinds[kind], count) for kind, count in by_kind.items()), key=lambda pair: -pair[1]),
        "overloaded": queries.people_answering_twice(request.actor, on=today),
        "as_of": clock.now(),
    }


@require_POST
@signed_in
def end_responsibility(request: Request, answer_id: int) -> HttpResponse:
    """This person no longer answers from tomorrow; the gap shows at once."""
    row = queries.answer_for(request.actor, answer_id, on=clock.today())
    actions.end_responsibility(row, on=clock.today(), by=request.actor, at=clock.now())
    messages.success(request, _("Ended. From tomorrow nobody answers here until you name somebody."))
    return redirect("org:responsibility")
