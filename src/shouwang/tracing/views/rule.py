"""The rule of a case and what another would change; why somebody is, or is not, a contact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from shouwang.cases.models import Case
from shouwang.core import audit, clock
from shouwang.core.forms import cleaned
from shouwang.core.http import Request, signed_in
from shouwang.core.packs import Text
from shouwang.org.models import Person
from shouwang.org.queries import PeopleFilter, filtered_people
from shouwang.tracing import actions
from shouwang.tracing.forms import ApplyRuleForm, GradeForm, PreviewForm, WhyForm
from shouwang.tracing.queries import contacts as queries
from shouwang.tracing.queries import preview as previews
from shouwang.tracing.queries import rulebook, why
from shouwang.tracing.queries.readers import silences_between
from shouwang.tracing.queries.transit import companions
from shouwang.tracing.rules.certainty import UNSURE, UNSURE_NAME
from shouwang.tracing.rules.grading import Examined

SHOWN = 200  # people of a preview on the page; the API and the terminal give all
FOUND = 12  # people offered by the search


@require_GET
@signed_in
def rule(request: Request, pk: int) -> HttpResponse:
    """The rule in force for a case, the editions of its disease, and with `?edition=` the preview of one."""
    found, now = queries.case_to_trace(request.actor, pk), clock.now()
    asked = cleaned(PreviewForm(request.GET), _("This preview is not known."))
    editions = rulebook.editions_of(found.disease)
    context: dict[str, Any] = {
        "case": found,
        "ruling": rulebook.ruling(found, now),
        "by_date": rulebook.edition_by_date(found),
        "editions": editions,
        "history": list(found.contact_rules.select_related("by")[:10]),
        "takes_negative": any(item.window.last_negative is not None for item in editions),
        "last_negative": asked["last_negative"],
    }
    if code := asked["edition"]:
        compared = previews.preview(request.actor, found, code, at=now, last_negative=asked["last_negative"])
        people = [found.person_id, *(change.person.pk for change in compared.changes)]
        audit.saw("contact.rule_previewed", "contact", people, by=request.actor, at=now, object_id=found.pk)
        context |= {"preview": compared, "changes": _rows(compared), "left_out": max(0, len(compared.changes) - SHOWN)}
        context["counts"] = {kind: compared.count(kind) for kind in previews.KINDS}
    return render(request, "tracing/rule.html", context)


def _rows(compared: previews.Preview) -> list[dict[str, Any]]:
    return [
        {
            "person": change.person,
            "kind": change.kind,
            "says": previews.KINDS[change.kind],
            "before": compared.grade_name(change.before) if change.before else "",
            "after": compared.grade_name(change.after) if change.after else "",
            "reason": str(change.reason),
            "decided": change.decided,
            "overridden": change.overridden,
            "kept": change.kept,
            "by_records": change.by_records,
        }
        for change in compared.changes[:SHOWN]
    ]


@require_POST
@signed_in
def apply_rule(request: Request, pk: int) -> HttpResponse:
    """Judge the case by another edition from now on."""
    found = queries.case_to_trace(request.actor, pk)
    data = cleaned(ApplyRuleForm(request.POST))
    run = actions.apply_rule(
        found, data["edition"], reason=data["reason"], last_negative=data["last_negative"], by=request.actor,
        at=clock.now(),
    )  # fmt: skip
    says = ngettext(
        "The case is judged by %(rule)s now: %(count)s contact found.",
        "The case is judged by %(rule)s now: %(count)s contacts found.",
        run.found,
    )
    messages.success(request, says % {"rule": run.rule, "count": run.found})
    return redirect("tracing:case", found.pk)


@require_POST
@signed_in
def regrade(request: Request, pk: int) -> HttpResponse:
    """Give a contact another grade than the rule's, with a reason."""
    contact = queries.contact_for(request.actor, pk)
    data = cleaned(GradeForm(request.POST))
    actions.regrade(
        contact, data["grade"], reason=data["reason"], version=data["version"], by=request.actor, at=clock.now()
    )
    messages.success(request, _("The grade and its reason are kept."))
    return redirect("tracing:case", contact.case_id)


@require_GET
@signed_in
def explain(request: Request, pk: int) -> HttpResponse:
    """Search for a person, and why that person is or is not a contact of the case."""
    found, now = queries.case_to_trace(request.actor, pk), clock.now()
    asked = cleaned(WhyForm(request.GET), _("Enter a name or a number."))
    text, number = asked["q"].strip(), asked["person"].strip()
    context: dict[str, Any] = {"case": found, "q": text, "number": number}
    if number:
        person = why.person_to_explain(request.actor, found, number)
        explained = why.explain_person(request.actor, found, person, at=now)
        audit.saw(
            "contact.explained", "contact", [found.person_id, person.pk], by=request.actor, at=now, object_id=found.pk
        )
        context |= _explained(explained)
    elif text:
        people = _search(request, found, text)
        audit.saw(
            "contact.searched", "contact", (row.pk for row in people), by=request.actor, at=now, object_id=found.pk
        )
        context["people"] = people
    return render(request, "tracing/why.html", context)


def _search(request: Request, case: Case, text: str) -> list[Person]:
    """People within reach of trace.work whose number or name begins with the text."""
    rows = filtered_people(request.actor, PeopleFilter(text=text), queries.WORK).exclude(pk=case.person_id)
    return list(rows.select_related("home").order_by("number")[:FOUND])


def _explained(found: why.Why) -> dict[str, Any]:
    names = found.ruling.grade_names
    walked = companions(found.case, at=clock.now(), number=found.person.number)
    return {
        "why": found,
        "walks": [walk for row in walked.people for walk in row.walks],
        "silences": silences_between(found.ruling.window.start, found.ruling.window.end, clock.zone()),
        "grade_name": _name(names, found.grade),
        "range_grade": _name(names, found.range.grade) if found.range else "",
        "checks": [_check(found, check) for check in found.checks],
        "links": [
            {"link": link, "checks": [_check(found, check) for check in link.checks]} for link in _shown(found.links)
        ],
        "links_left_out": len(found.links) - len(_shown(found.links)),
        "grades": [(code, str(name)) for code, name in names.items()],
        "weights": rulebook.weights_of(found.ruling.edition),
    }


def _name(names: Mapping[str, Text], code: str) -> str:
    return str(UNSURE_NAME if code == UNSURE else names.get(code, ""))


def _shown(links: list[why.Link]) -> list[why.Link]:
    """Those that make a second ring, and of a person who is in none the three longest."""
    holding = [link for link in links if link.holds]
    return holding or links[:3]


def _check(found: why.Why, check: Examined) -> dict[str, Any]:
    return {
        "grade": str(found.ruling.grade_names.get(check.grade, check.grade)),
        "because": str(check.condition.because),
        "seconds": check.seconds,
        "needed": check.condition.min_minutes,
        "word": check.word,
        "says": why.WORDS[check.word],
        "source": found.ruling.source_of(check.condition),
    }
