"""The tracer's desk and one case on it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_GET, require_POST

from shouwang.cases.models import Case
from shouwang.cases.queries import infectious_window, pack_of
from shouwang.core import audit, clock
from shouwang.core.errors import BadInput, NotFound
from shouwang.core.forms import cleaned
from shouwang.core.http import Request, partial, signed_in
from shouwang.core.scope import Actor
from shouwang.org.queries import place_for
from shouwang.tracing import actions
from shouwang.tracing.forms import TICKED, ConfirmForm, DismissForm, FilterForm, NetworkForm
from shouwang.tracing.models import Contact
from shouwang.tracing.queries import contacts as queries
from shouwang.tracing.queries import conversion, interviews, judging, story, unknowns
from shouwang.tracing.queries.network import BY_PLACE, BY_UNIT
from shouwang.tracing.queries.network import network as network_of
from shouwang.tracing.queries.readers import silences_between


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
    return render(request, "tracing/case.html", context | _head(request.actor, found))


def _head(by: Actor, found: Case) -> dict[str, Any]:
    now = clock.now()
    pack, window = pack_of(found), infectious_window(found, now)
    rule = judging.contact_rule(pack)
    return {
        "window": window,
        "rule": rule,
        "pack": pack,
        "source": pack.sources.get(rule.source),
        "trace": found.traces.select_related("by").first(),
        "silences": silences_between(window.start, window.end, clock.zone()),
        "unknowns": unknowns.unknowns_of(by, found),
        "said_since": interviews.newer_than_trace(found),
        **_summary(found),
    }


def _summary(found: Case) -> dict[str, Any]:
    """Decisions by grade, and how many close contacts wait: what every decision changes."""
    counts = queries.counts(found)
    grades = []
    for grade in judging.contact_rule(pack_of(found)).grades:
        of_grade = {state: n for (code, state), n in counts.items() if code == grade.code}
        grades.append({"code": grade.code, "name": str(grade.name), "total": sum(of_grade.values()), **of_grade})
    return {"grades": grades, "waiting_close": counts.get(("close", Contact.State.CANDIDATE), 0)}


def _contacts(request: Request, found: Case) -> dict[str, Any]:
    data = cleaned(FilterForm(request.GET), _("This filter is not known."))
    wanted = queries.ContactFilter(data["state"], data["grade"], data["q"].strip())
    page = queries.contact_page(request.actor, found, wanted, data["page"] or None)
    now = clock.now()
    audit.saw(
        "contact.listed", "contact", [found.person_id, *(row.person_id for row in page.rows)], by=request.actor, at=now,
        object_id=found.pk,
    )  # fmt: skip
    grades = judging.grade_words(pack_of(found))
    for row in page.rows:
        row.grade_name = grades.get(row.grade, row.grade)
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
    form = ConfirmForm(request.POST)
    if not form.is_valid():
        raise BadInput(_("The page is out of date. Load it again."), field="version")
    done = actions.confirm(contact, by=request.actor, at=clock.now(), version=form.cleaned_data["version"])
    return _row(request, done)


@require_POST
@signed_in
def dismiss(request: Request, pk: int) -> HttpResponse:
    contact = queries.contact_for(request.actor, pk)
    done = actions.dismiss(contact, by=request.actor, at=clock.now(), **_reason(request))
    return _row(request, done)


@require_POST
@signed_in
def reconsider(request: Request, pk: int) -> HttpResponse:
    contact = queries.contact_for(request.actor, pk)
    done = actions.reconsider(contact, by=request.actor, at=clock.now(), **_reason(request))
    return _row(request, done)


def _reason(request: Request) -> dict[str, Any]:
    """`reason` and `version` of the form that dismisses, or takes a decision back."""
    given = cleaned(DismissForm(request.POST))
    return {"reason": given["reason"], "version": given["version"]}


def _row(request: Request, contact: Contact) -> HttpResponse:
    if not partial(request):
        return redirect("tracing:case", contact.case_id)
    fresh = named(queries.contact_for(request.actor, contact.pk))
    context = {"contact": fresh, "case": fresh.case, **_summary(fresh.case)}
    return render(request, "tracing/_fragments/decided.html", context)


def named(contact: Contact) -> Contact:
    """With the name of its grade, as its pack calls it."""
    contact.grade_name = judging.grade_words(pack_of(contact.case)).get(contact.grade, contact.grade)
    return contact


@require_POST
@signed_in
def confirm_close(request: Request, pk: int) -> HttpResponse:
    """Confirm every undecided close contact of the case, or those that are ticked."""
    found = queries.case_to_trace(request.actor, pk)
    ticked = ticked_of(request)
    if not ticked:
        wanted = queries.ContactFilter(state=Contact.State.CANDIDATE, grade="close")
        ticked = list(queries.contacts_of(request.actor, found, wanted).values_list("pk", flat=True))
    done = actions.confirm_many(found, ticked, by=request.actor, at=clock.now())
    says = ngettext("%(count)s contact confirmed.", "%(count)s contacts confirmed.", len(done))
    messages.success(request, says % {"count": len(done)})
    return redirect("tracing:case", found.pk)


@require_POST
@signed_in
def decide_ticked(request: Request, pk: int) -> HttpResponse:
    """Confirm the ticked contacts of a case, or dismiss them with one reason. All of them, or none."""
    found = queries.case_to_trace(request.actor, pk)
    ticked = ticked_of(request)
    how: dict[str, Any] = {"by": request.actor, "at": clock.now()}
    if not ticked:
        raise BadInput(_("Tick the contacts first."), code="nothing_ticked", field="contact")
    if request.POST.get("what") == "dismiss":
        done = actions.dismiss_many(found, ticked, reason=request.POST.get("reason", ""), **how)
        says = ngettext("%(count)s contact dismissed.", "%(count)s contacts dismissed.", len(done))
    else:
        done = actions.confirm_many(found, ticked, **how)
        says = ngettext("%(count)s contact confirmed.", "%(count)s contacts confirmed.", len(done))
    messages.success(request, says % {"count": len(done)})
    return redirect("tracing:case", found.pk)


def ticked_of(request: Request, name: str = "contact") -> list[int]:
    """Ids ticked under this name. NotFound for what can be none."""
    return ids_of(request.POST.getlist(name))


def ids_of(values: Iterable[str]) -> list[int]:
    """Ids as a form or an address gives them. NotFound for what can be none."""
    try:
        return [TICKED.clean(value) for value in values]
    except ValidationError as error:
        raise NotFound from error


@require_GET
@signed_in
def evidence(request: Request, pk: int) -> HttpResponse:
    """Why this person is a contact: every kept encounter, the rule, the arithmetic."""
    contact = named(queries.contact_for(request.actor, pk))
    now = clock.now()
    audit.saw("contact.evidence", "contact", [contact.person_id], by=request.actor, at=now, object_id=contact.pk)
    context = {
        "contact": contact,
        "case": contact.case,
        "encounters": story.encounters(contact),
        "left_out": contact.encounters - len(contact.evidence),
        "pack": pack_of(contact.case),
    }
    if not partial(request):
        context["history"] = conversion.history(request.actor, contact)
        context["opens_case"] = request.actor.holds("case.manage", contact.person.home_path)
    template = "tracing/_fragments/evidence.html" if partial(request) else "tracing/evidence.html"
    return render(request, template, context)


@require_GET
@signed_in
def network(request: Request, pk: int) -> HttpResponse:
    """The case and its contacts as a graph."""
    found = queries.case_to_trace(request.actor, pk)
    asked = cleaned(NetworkForm(request.GET), _("This drawing is not known."))
    group, close_only = asked["by"] or BY_UNIT, asked["grade"] != "all"
    graph = network_of(request.actor, found, group=group, close_only=close_only)
    people = [found.person_id, *(row.person_id for row in graph["contacts"])]
    audit.saw("contact.network", "contact", people, by=request.actor, at=clock.now(), object_id=found.pk)
    for node in graph["nodes"]:
        if "contact" in node:
            node["href"] = reverse("tracing:evidence", args=[node["contact"]])
    grades = judging.contact_rule(pack_of(found)).grades
    tones = {"close": "warn"}
    categories = [
        {"name": "case", "label": _("the case"), "tone": "danger"},
        *({"name": g.code, "label": str(g.name), "tone": tones.get(g.code, "info")} for g in grades),
        {"name": "dismissed", "label": pgettext("contact", "dismissed"), "tone": "neutral"},
        {"name": "group", "label": _("place") if group == BY_PLACE else _("class or unit"), "tone": "special"},
    ]
    drawn = {node["category"] for node in graph["nodes"]}
    chart = {
        "categories": [category for category in categories if category["name"] in drawn],
        "nodes": graph["nodes"],
        "links": graph["links"],
    }
    context = {"case": found, "chart": chart, "group": group, "close_only": close_only}
    return render(request, "tracing/network.html", {**context, "shown": graph["shown"], "left_out": graph["left_out"]})


@require_GET
@signed_in
def timeline(request: Request, pk: int) -> HttpResponse:
    """Where the case was, by record, in its window."""
    found = queries.case_to_trace(request.actor, pk)
    now = clock.now()
    audit.saw("presence.read", "case", [found.person_id], by=request.actor, at=now, object_id=found.pk)
    drawn = story.timeline(request.actor, found, now)
    told = interviews.telling(request.actor, found, found.person, now)
    drawn["chart"]["items"].extend(interviews.chart_items(told))
    return render(request, "tracing/timeline.html", {"case": found, **drawn, "told": told})


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
    where, now = place_for(request.actor, place_pk), clock.now()
    rows = story.at_place(request.actor, found, where.pk)
    people = (row.contact.person_id for row in rows)
    audit.saw("contact.place", "contact", [found.person_id, *people], by=request.actor, at=now, object_id=found.pk)
    own = story.timeline(request.actor, found, now)["rows"]
    context = {
        "case": found,
        "place": where,
        "name": story.spoken(judging.place_facts([where.pk])[where.pk]),
        "rows": rows,
        "chart": story.place_chart(found, where.pk, rows, own),
        "lanes": min(len(rows), story.PLACE_LANES),
    }
    return render(request, "tracing/place.html", context)
