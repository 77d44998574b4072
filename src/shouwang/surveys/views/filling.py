"""Filling in: for oneself, or for somebody else with a reason; and what is asked of me."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from shouwang.core import clock
from shouwang.core.errors import BadInput, Conflict
from shouwang.core.http import Request, partial, signed_in
from shouwang.surveys import actions, queries, rules, sheet
from shouwang.surveys.models import Campaign


@require_GET
@signed_in
def mine(request: Request) -> HttpResponse:
    """What is asked of me, and everything I sent or that was entered for me."""
    by, at = request.actor, clock.now()
    person = queries.own_person(by)
    context = {
        "person": person,
        "targets": list(queries.open_targets(person.pk)),
        "submissions": list(queries.own_submissions(by)[:50]),
        "at": at,
    }
    return render(request, "surveys/mine.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def fill(request: Request, campaign_id: int) -> HttpResponse:
    """One's own answers; prefilled from the roster and from last time."""
    return _page(request, queries.sheet_for(request.actor, campaign_id, request.actor.person_id or 0, on=clock.today()))


@require_http_methods(["GET", "POST"])
@signed_in
def proxy(request: Request, campaign_id: int, person_id: int) -> HttpResponse:
    """Answers for somebody else, as they told them. Their earlier answers are not shown."""
    return _page(request, queries.sheet_for(request.actor, campaign_id, person_id, on=clock.today()))


def _page(request: Request, found: queries.Sheet) -> HttpResponse:
    form = queries.form_of(found.campaign.version)
    if request.method == "GET":
        known = rules.prefilled(form, found.known, found.previous)
        begun = {**known, **found.current.answers} if found.current else known
        state = _evaluate(form, begun, fresh=found.current is None)
        return _render(request, found, state, judged=False)
    # What the roster knows and the form only shows cannot be changed by what is sent.
    fixed = {q.key: v for q in form.questions.values() if q.read_only and (v := rules.known_value(q, found.known))}
    state = _evaluate(form, {**sheet.answers_of(form, request.POST), **fixed})
    looking = any(word in request.POST for word in ("look", "add", "remove")) or partial(request)
    if looking:
        return _redraw(request, found, state)
    return _send(request, found, state)


def _evaluate(form: rules.Form, answers: Any, *, fresh: bool = False) -> rules.Evaluation:
    now = clock.now().astimezone(clock.zone())
    return rules.evaluate(form, answers, now=now, language=get_language() or "zh-hans", fresh=fresh)


def _redraw(request: Request, found: queries.Sheet, state: rules.Evaluation) -> HttpResponse:
    """Nothing is sent yet: draw again what is asked now. A page whose questions stayed the same is left alone."""
    page = sheet.page_of(state, judged=False)
    if partial(request) and request.POST.get("shape") == page.shape and not request.POST.get("add"):
        return HttpResponse(status=204)
    return _render(request, found, state, judged=False)


def _send(request: Request, found: queries.Sheet, state: rules.Evaluation) -> HttpResponse:
    by = request.actor
    refusal = ""
    try:
        actions.submit(
            found.campaign,
            person=found.person,
            answers=state.answers() if not state.faults else sheet.answers_of(state.form, request.POST),
            client_key=request.POST.get("client_key", ""),
            proxy_reason=request.POST.get("proxy_reason", ""),
            by=by,
            at=clock.now(),
        )
    except actions.BadAnswers:
        refusal = ""
    except (BadInput, Conflict) as error:
        refusal = error.sentence
    else:
        messages.success(request, _("Received. Thank you."))
        if by.person_id == found.person.pk:
            return redirect("surveys:mine")
        return redirect("surveys:campaign", found.campaign.pk)
    return _render(request, found, state, judged=True, refusal=refusal, status=422)


def _render(
    request: Request,
    found: queries.Sheet,
    state: rules.Evaluation,
    *,
    judged: bool,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    at = clock.now()
    context = {
        "campaign": found.campaign,
        "person": found.person,
        "page": sheet.page_of(state, judged=judged),
        "own": request.actor.person_id == found.person.pk,
        "current": found.current,
        "client_key": request.POST.get("client_key") or uuid.uuid4().hex,
        "proxy_reason": request.POST.get("proxy_reason", ""),
        "refusal": refusal,
        "judged": judged,
        "open": found.campaign.state == Campaign.State.OPEN,
        "late": found.campaign.deadline < at,
        "from_last": bool(found.previous) and request.method == "GET",
    }
    template = "surveys/_fragments/sheet.html" if partial(request) else "surveys/fill.html"
    return render(request, template, context, status=status)
