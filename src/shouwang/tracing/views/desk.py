"""The tracer's desk and one case on it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from shouwang.cases.models import Case
from shouwang.cases.queries import infectious_window
from shouwang.core import audit, clock
from shouwang.core.errors import BadInput
from shouwang.core.http import Request, partial, signed_in
from shouwang.core.packs import get_pack
from shouwang.org.queries import place_for
from shouwang.tracing import actions
from shouwang.tracing.forms import DismissForm, FilterForm
from shouwang.tracing.models import Contact
from shouwang.tracing.queries import contacts as queries
from shouwang.tracing.queries import judging, story


@require_GET
@signed_in
def desk(request: Request) -> HttpResponse:
    """Open cases, untraced first, with what is still to decide."""
    request.actor.require("trace.work")
    now = clock.now()
    rows = queries.desk(request.actor)
    audit.saw("case.listed", "case", (row.case.person_id for row in rows), by=request.actor, at=now)
    return render(request, "tracing/desk.html", {"rows": rows, "as_of": now})


@require_GET
@signed_in
def case(request: Request, pk: int) -> HttpResponse:
    """One case: window, runs, contacts with reasons and evidence."""
    found = queries.case_to_trace(request.actor, pk)
    context = _contacts(request, found)
    if partial(request):
        return render(request, "tracing/_fragments/contacts.html", context)
    return render(request, "tracing/case.html", context | _head(found))


def _head(found: Case) -> dict[str, Any]:
    now = clock.now()
    rule = judging.contact_rule(get_pack(found.pack))
    counts = queries.counts(found)
    grades = []
    for grade in rule.grades:
        of_grade = {state: n for (code, state), n in counts.items() if code == grade.code}
        grades.append({"code": grade.code, "name": str(grade.name), "total": sum(of_grade.values()), **of_grade})
    return {
        "window": infectious_window(found, now),
        "rule": rule,
        "pack": get_pack(found.pack),
        "grades": grades,
        "trace": found.traces.select_related("by").first(),
        "waiting_close": counts.get(("close", Contact.State.CANDIDATE), 0),
    }


def _contacts(request: Request, found: Case) -> dict[str, Any]:
    form = FilterForm(request.GET)
    if not form.is_valid():
        raise BadInput(_("This filter is not known."), field=next(iter(form.errors)))
    data = form.cleaned_data
    wanted = queries.ContactFilter(data["state"], data["grade"], data["q"].strip())
    page = queries.contact_page(request.actor, found, wanted, data["page"] or None)
    now = clock.now()
    audit.saw(
        "contact.listed", "contact", [found.person_id, *(row.person_id for row in page.rows)], by=request.actor, at=now,
        object_id=found.pk,
    )  # fmt: skip
    grades = {grade.code: str(grade.name) for grade in judging.contact_rule(get_pack(found.pack)).grades}
    for row in page.rows:
        row.grade_name = grades.get(row.grade, row.grade)  # type: ignore[attr-defined]
    return {"case": found, "page": page, "filter": wanted, "grade_names": grades, "states": Contact.State.choices}


@require_POST
@signed_in
def trace(request: Request, pk: int) -> HttpResponse:
    """Run the kernel over the case's window."""
    found = queries.case_to_trace(request.actor, pk)
    run = actions.trace_case(found, by=request.actor, at=clock.now())
    says = ngettext(
        "%(count)s contact found among %(visits)s visits in %(ms)s ms.",
        "%(count)s contacts found among %(visits)s visits in %(ms)s ms.",
        run.found,
    ) % {"count": run.found, "visits": f"{run.visits_searched:,}", "ms": f"{run.elapsed_us / 1000:.1f}"}
    messages.success(request, says)
    if run.days_missing:
        messages.warning(
            request, _("No presence data for: %(days)s. Ask the person.") % {"days": ", ".join(run.days_missing)}
        )
    return redirect("tracing:case", found.pk)


@require_POST
@signed_in
def confirm(request: Request, pk: int) -> HttpResponse:
    contact = queries.contact_for(request.actor, pk)
    version = request.POST.get("version", "")
    done = actions.confirm(
        contact, by=request.actor, at=clock.now(), version=int(version) if version.isdecimal() else None
    )
    return _row(request, done)


@require_POST
@signed_in
def dismiss(request: Request, pk: int) -> HttpResponse:
    contact = queries.contact_for(request.actor, pk)
    form = DismissForm(request.POST)
    if not form.is_valid():
        raise BadInput(_("Say why this person is no contact."), field="reason")
    done = actions.dismiss(
        contact,
        reason=form.cleaned_data["reason"],
        version=form.cleaned_data["version"],
        by=request.actor,
        at=clock.now(),
    )
    return _row(request, done)


@require_POST
@signed_in
def reconsider(request: Request, pk: int) -> HttpResponse:
    contact = queries.contact_for(request.actor, pk)
    done = actions.reconsider(contact, reason=request.POST.get("reason", ""), by=request.actor, at=clock.now())
    return _row(request, done)


def _row(request: Request, contact: Contact) -> HttpResponse:
    if not partial(request):
        return redirect("tracing:case", contact.case_id)
    fresh = queries.contact_for(request.actor, contact.pk)
    names = {grade.code: str(grade.name) for grade in judging.contact_rule(get_pack(fresh.case.pack)).grades}
    fresh.grade_name = names.get(fresh.grade, fresh.grade)  # type: ignore[attr-defined]
    return render(request, "tracing/_fragments/row.html", {"contact": fresh, "case": fresh.case})


@require_POST
@signed_in
def confirm_close(request: Request, pk: int) -> HttpResponse:
    """Confirm every undecided close contact of the case, or those that are ticked."""
    found = queries.case_to_trace(request.actor, pk)
    ticked = [int(value) for value in request.POST.getlist("contact") if value.isdecimal()]
    if not ticked:
        wanted = queries.ContactFilter(state=Contact.State.CANDIDATE, grade="close")
        ticked = list(queries.contacts_of(request.actor, found, wanted).values_list("pk", flat=True))
    done = actions.confirm_many(found, ticked, by=request.actor, at=clock.now())
    says = ngettext("%(count)s contact confirmed.", "%(count)s contacts confirmed.", len(done))
    messages.success(request, says % {"count": len(done)})
    return redirect("tracing:case", found.pk)


@require_GET
@signed_in
def evidence(request: Request, pk: int) -> HttpResponse:
    """Why this person is a contact: every kept encounter, the rule, the arithmetic."""
    contact = queries.contact_for(request.actor, pk)
    now = clock.now()
    audit.saw("contact.evidence", "contact", [contact.person_id], by=request.actor, at=now, object_id=contact.pk)
    context = {
        "contact": contact,
        "case": contact.case,
        "encounters": story.encounters(contact),
        "left_out": contact.encounters - len(contact.evidence),
        "pack": get_pack(contact.case.pack),
    }
    template = "tracing/_fragments/evidence.html" if partial(request) else "tracing/evidence.html"
    return render(request, template, context)


@require_GET
@signed_in
def network(request: Request, pk: int) -> HttpResponse:
    """The case and its contacts as a graph."""
    found = queries.case_to_trace(request.actor, pk)
    graph = story.network(request.actor, found)
    people = [found.person_id, *(int(node["id"][1:]) for node in graph["nodes"] if node["id"].startswith("p"))]
    audit.saw("contact.network", "contact", people, by=request.actor, at=clock.now(), object_id=found.pk)
    chart = {
        "categories": [
            {"name": "confirmed", "label": _("the case"), "tone": "danger"},
            {"name": "close", "label": _("close contact"), "tone": "warn"},
            {"name": "general", "label": _("general contact"), "tone": "info"},
            {"name": "unit", "label": _("class or unit"), "tone": "neutral"},
        ],
        "nodes": graph["nodes"],
        "links": graph["links"],
    }
    return render(request, "tracing/network.html", {"case": found, "chart": chart, **graph})


@require_GET
@signed_in
def timeline(request: Request, pk: int) -> HttpResponse:
    """Where the case was, by record, in its window."""
    found = queries.case_to_trace(request.actor, pk)
    now = clock.now()
    audit.saw("presence.read", "case", [found.person_id], by=request.actor, at=now, object_id=found.pk)
    context = {"case": found, **story.timeline(request.actor, found, now)}
    return render(request, "tracing/timeline.html", context)


@require_GET
@signed_in
def places(request: Request, pk: int) -> HttpResponse:
    """Places where somebody was met, most contacts first."""
    found = queries.case_to_trace(request.actor, pk)
    return render(request, "tracing/places.html", {"case": found, "rows": story.places_met(request.actor, found)})


@require_GET
@signed_in
def place(request: Request, pk: int, place_pk: int) -> HttpResponse:
    """One place: which contacts were there together with the case, and when."""
    found = queries.case_to_trace(request.actor, pk)
    where = place_for(place_pk)
    rows = story.at_place(request.actor, found, where.pk)
    people = (row.contact.person_id for row in rows)
    audit.saw("contact.place", "contact", people, by=request.actor, at=clock.now(), object_id=found.pk)
    return render(request, "tracing/place.html", {"case": found, "place": where, "rows": rows})
