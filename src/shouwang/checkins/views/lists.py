"""The live lists of a unit: six tabs with their counts, search, drill-down, acts on many, an Excel file."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from django.contrib import messages
from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shouwang.checkins import actions, queries, tasks, words
from shouwang.checkins.forms import BulkForm
from shouwang.checkins.queries.lists import Scope
from shouwang.checkins.rules import State, Todays
from shouwang.core import clock
from shouwang.core.errors import BadInput, NotFound
from shouwang.core.forms import put_error
from shouwang.core.http import Request, partial, signed_in
from shouwang.core.paging import Page
from shouwang.core.scope import Actor
from shouwang.core.snapshot import one_moment
from shouwang.org.models import Organisation, Person
from shouwang.org.queries import organisation_for

STATUS, VIEW = "checkin.status", "checkin.view"
EXCEPTIONS = (State.SYMPTOMATIC, State.CONFLICTING)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_GET
@signed_in
def numbers(request: Request) -> HttpResponse:
    """n of N of all one reaches: a fragment of the home page, asked for by itself."""
    by, at = request.actor, clock.now()
    if not by.holds("checkin.status"):
        raise NotFound
    context = {"board": queries.board(by, unit=None, at=at), "may_view": by.holds("checkin.view"), "at": at}
    return render(request, "checkins/_fragments/numbers.html", context)


@require_GET
@signed_in
def unit(request: Request) -> HttpResponse:
    """n of N and the names, live. Answers are shown only to who may see them, and then that is recorded."""
    context = unit_context(request)
    if partial(request) and request.GET.get("seen") == context["seen"]:
        return HttpResponse(status=204)  # nothing has changed: htmx leaves the page as it is
    return render(request, "checkins/_fragments/unit.html" if partial(request) else "checkins/unit.html", context)


def unit_context(request: Request, form: BulkForm | None = None) -> dict[str, Any]:
    """Counts and rows are read in one moment, so that the number on a tab is the number of its rows."""
    by, at = request.actor, clock.now()
    state = queries.state_named(by, request.GET.get("tab", ""))
    chosen = chosen_unit(by, request.GET.get("unit", ""))
    text, cursor = request.GET.get("q", "").strip(), request.GET.get("page", "")
    on = queries.today_of(at)
    with one_moment():
        scope = queries.scope_of(by, chosen)
        board = queries.board_of(scope, on, at=at)
        if text:
            found = queries.search_page(scope, text, cursor=cursor)
        else:
            found = queries.list_page(scope, state, on, cursor=cursor, answers=state in EXCEPTIONS)
    told = _answers(found, by, at, state) if state in EXCEPTIONS and not text else {}
    return {
        "board": board,
        "state": state.value,
        "lists": [(name, label, board.states[State(name)]) for name, label in lists(by)],
        "people": list(_lines(found, scope, on, told)),
        "page": found,
        "unit": chosen,
        "units": queries.units_below(by, chosen),
        "text": text,
        "form": form or BulkForm(),
        "acts": [kind for kind, right in actions.BULK_RIGHTS.items() if by.holds(right)],
        "may_enter": by.holds("checkin.proxy"),
        "may_view": by.holds(VIEW),
        "today": on.day,
        "at": board.counts.as_of,
        "seen": _seen(board, found, at),
    }


def _seen(board: queries.Board, found: Page[Person], at: datetime) -> str:
    """What the page shows, in short: equal while nothing changes, for a minute at most (it tells the time)."""
    counts = replace(board.counts, as_of=at.replace(second=0, microsecond=0))
    rows = [(p.pk, p.name, p.home_path, p.latest_checkin.at, p.latest_checkin.excused_until) for p in found.rows]
    return hashlib.sha256(repr((counts, board.states, rows)).encode()).hexdigest()[:16]


def _answers(found: Page[Person], by: Actor, at: datetime, state: State) -> dict[int, words.Told]:
    actions.note_reading("checkin", [person.pk for person in found.rows], by=by, at=at)
    asked = queries.protocols_on(clock.local_day(at))
    said = ((person, person.latest_checkin.checkin) for person in found.rows)
    return {person.pk: words.told(row, asked.of(person.home_path)) for person, row in said if row}


def _lines(
    found: Page[Person], scope: Scope, on: Todays, told: dict[int, words.Told]
) -> Iterator[tuple[Person, words.Told | None, words.Word, words.Word]]:
    """(person, what they said, why they stand here, in which list) of each row."""
    for person in found.rows:
        row = person.latest_checkin
        sees = queries.sees_answers(scope, row)
        state = queries.stands(row, on, sees=sees)
        yield person, told.get(person.pk), queries.why_here(row, on, sees=sees), words.STATES[state]


def lists(by: Actor) -> list[tuple[str, str]]:
    """(name in the address, words) of the lists that `by` is offered."""
    return [(state.value, str(words.STATES[state])) for state in queries.states_for(by)]


def chosen_unit(by: Actor, wanted: str) -> Organisation | None:
    """The organisation asked for, within reach; None for all that one reaches."""
    if not wanted:
        return None
    if not wanted.isascii() or not wanted.isdecimal() or len(wanted) > 18:
        raise NotFound
    return organisation_for(by, int(wanted), right=STATUS)


@require_POST
@signed_in
def bulk(request: Request) -> HttpResponse:
    """One act on the people ticked, or on everybody in the list."""
    by, at = request.actor, clock.now()
    chosen_unit(by, request.GET.get("unit", ""))
    form = BulkForm(request.POST)
    if form.is_valid():
        try:
            job = actions.start_bulk(form.asked(), _chosen(request), by=by, at=at)
        except BadInput as error:
            put_error(form, error)
        else:
            tasks.enqueue(job, at=at)
            return redirect("checkins:bulk_job", job.pk)
    return render(request, "checkins/unit.html", unit_context(request, form), status=422)


def _chosen(request: Request) -> actions.Chosen:
    by = request.actor
    if request.POST.get("all"):
        state = queries.state_named(by, request.GET.get("tab", ""))
        return actions.Chosen(state=state, unit=chosen_unit(by, request.GET.get("unit", "")))
    ids = [value for value in request.POST.getlist("person") if value.isascii() and value.isdecimal()]
    return actions.Chosen(ids=tuple(int(value) for value in ids if len(value) < 19))


@require_GET
@signed_in
def bulk_job(request: Request, job_id: int) -> HttpResponse:
    """How far a job is, and what became of each person."""
    job = queries.job_for(request.actor, job_id)
    rows = queries.job_rows(job, refused=request.GET.get("show") != "all", cursor=request.GET.get("page", ""))
    silent = job.pk in {row.pk for row in actions.silent_jobs(clock.now())}
    context = {"job": job, "page": rows, "silent": silent, "show": request.GET.get("show", "refused")}
    return render(request, "checkins/_fragments/job.html" if partial(request) else "checkins/job.html", context)


@require_POST
@signed_in
def take_up_job(request: Request, job_id: int) -> HttpResponse:
    """A job whose worker was killed is handed to the worker again."""
    job = queries.job_for(request.actor, job_id)
    if job.pk in {row.pk for row in actions.silent_jobs(clock.now())}:
        tasks.enqueue(job, at=clock.now())
        messages.success(request, _("Taken up again."))
    return redirect("checkins:bulk_job", job.pk)


@require_http_methods(["GET", "POST"])
@signed_in
def why(request: Request, person_id: int) -> HttpResponse:
    """Why somebody stands where they stand; POST ends an excuse."""
    by, at = request.actor, clock.now()
    found = queries.explain(by, person_id, at=at)
    may_excuse = by.holds("checkin.excuse")
    if request.method == "POST":
        row = next((row for row in found.excuses if str(row.pk) == request.POST.get("excuse")), None)
        if row is None:
            raise NotFound
        actions.end_excuse(row, by=by, at=at)
        messages.success(request, _("%(name)s is expected again from today.") % {"name": found.person.name})
        return redirect("checkins:why", person_id)
    return render(
        request,
        "checkins/why.html",
        {"why": found, "label": words.STATES[found.state], "may_excuse": may_excuse, "day": clock.local_day(at)},
    )


@require_GET
@signed_in
def export(request: Request) -> HttpResponse:
    """The list as Excel: numbers and names masked unless `full=1`; written row by row, recorded with its row count."""
    by, at = request.actor, clock.now()
    state = queries.state_named(by, request.GET.get("tab", ""))
    chosen = chosen_unit(by, request.GET.get("unit", ""))
    full = request.GET.get("full") == "1"
    target = tempfile.TemporaryFile(suffix=".xlsx")  # noqa: SIM115 (closed by the response)
    actions.export_list(target, state=state, unit=chosen, full=full, by=by, at=at)
    target.seek(0)
    name = f"{words.STATES[state]}-{clock.local_day(at)}.xlsx"
    disposition = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    response = FileResponse(target, content_type=XLSX, headers={"Content-Disposition": disposition})
    return cast(HttpResponse, response)  # it streams; the decorators only hand it on
