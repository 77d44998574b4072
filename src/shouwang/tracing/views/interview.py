"""The interview of a case's person, or of one of its contacts: what they say, beside what is on record."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from shouwang.cases.models import Case
from shouwang.core import audit, clock
from shouwang.core.errors import BadInput
from shouwang.core.forms import cleaned, put_error
from shouwang.core.http import Request, signed_in
from shouwang.org.models import Person
from shouwang.tracing.actions import interview as actions
from shouwang.tracing.forms import CorrectStatementForm, SpeakerForm, StatementForm, WithdrawForm
from shouwang.tracing.models_told import Statement
from shouwang.tracing.queries import contacts as contact_queries
from shouwang.tracing.queries import interviews as queries
from shouwang.tracing.queries import scripts
from shouwang.tracing.rules.interviews import Said


@require_http_methods(["GET", "POST"])
@signed_in
def interview(request: Request, pk: int) -> HttpResponse:
    """Statements with their conflicts, and the form for the next one."""
    case = contact_queries.case_to_trace(request.actor, pk)
    asked = cleaned(SpeakerForm(request.GET), _("This person is not known."))
    person = queries.speaker(case, asked["person"])
    form = StatementForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            said = _said(request, form)
            done = actions.state(case, person, said, by=request.actor, at=clock.now())
        except BadInput as error:
            put_error(form, error)
        else:
            _say(request, done, said)
            return redirect(_address(case, person))
    now = clock.now()
    audit.saw("statement.read", "case", [person.pk], by=request.actor, at=now, object_id=case.pk)
    context = {
        "case": case,
        "person": person,
        "form": form,
        "told": queries.telling(request.actor, case, person, now),
        "asked": scripts.asked(request.actor, case, person),
        "speakers": queries.speakers(request.actor, case),
        "said_since": queries.newer_than_trace(case),
    }
    return render(request, "tracing/interview.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@signed_in
def correct(request: Request, pk: int) -> HttpResponse:
    """A corrected version of a statement; the old one is kept."""
    row = queries.statement_for(request.actor, pk)
    form = CorrectStatementForm(request.POST or None, initial=_initial(row))
    if request.method == "POST" and form.is_valid():
        try:
            said, given = _said(request, form), form.cleaned_data
            done = actions.correct(
                row, said, reason=given["reason"], version=given["version"], by=request.actor, at=clock.now()
            )
        except BadInput as error:
            put_error(form, error)
        else:
            _say(request, done, said)
            return redirect(_address(row.case, row.person))
    audit.saw("statement.read", "statement", [row.person_id], by=request.actor, at=clock.now(), object_id=row.pk)
    context = {"case": row.case, "row": row, "form": form, "back": _address(row.case, row.person)}
    return render(request, "tracing/correct_statement.html", context, status=422 if form.errors else 200)


@require_POST
@signed_in
def withdraw(request: Request, pk: int) -> HttpResponse:
    row = queries.statement_for(request.actor, pk)
    given = cleaned(WithdrawForm(request.POST))
    actions.withdraw(row, reason=given["reason"], version=given["version"], by=request.actor, at=clock.now())
    messages.success(request, _("The statement no longer counts. It is kept with the reason until its purge date."))
    return redirect(_address(row.case, row.person))


def _said(request: Request, form: StatementForm) -> Said:
    names = ("where", "starts_at", "ends_at", "certainty", "company", "companions", "give_or_take")
    return queries.said(request.actor, **{name: form.cleaned_data[name] for name in names})


def _say(request: Request, row: Statement, said: Said) -> None:
    if row.place_id is None and not said.companions:
        messages.warning(
            request,
            _("Kept in words: no place of the campus has this code or name, so the trace cannot use it."),
        )
    else:
        messages.success(request, _("Entered. It counts with the next trace."))


def _initial(row: Statement) -> dict[str, Any]:
    zone = clock.zone()
    return {
        "starts_at": row.starts_at.astimezone(zone),
        "ends_at": row.ends_at.astimezone(zone),
        "where": row.place_text,
        "company": row.company,
        "companions": ", ".join(row.companions.values_list("number", flat=True)),
        "certainty": row.certainty,
        "give_or_take": row.give_or_take,
        "version": row.version,
    }


def _address(case: Case, person: Person) -> str:
    address = reverse("tracing:interview", args=[case.pk])
    return address if person.pk == case.person_id else f"{address}?{urlencode({'person': person.number})}"
