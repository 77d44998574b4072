"""Pages of gaps, corrections, weak points, and what was learnt."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shouwang.cases.queries.naming import unit_written
from shouwang.command.account.facts import may_quote
from shouwang.command.mending import actions, forms, queries, rules
from shouwang.command.mending.models import Correction, WeakPoint
from shouwang.command.queries.answering import MANAGE, who_answers
from shouwang.core import audit, clock
from shouwang.core.errors import BadInput, Conflict, NotFound
from shouwang.core.forms import cleaned, put_error
from shouwang.core.http import CSV, Request, signed_in

TONES = {"open": "warn", "done": "special", "verified": "good", "dropped": "neutral"}
LISTS = {
    "open": pgettext_lazy("corrections", "Under way"),
    "late": pgettext_lazy("corrections", "Late"),
    "done": pgettext_lazy("corrections", "To verify"),
    "over": pgettext_lazy("corrections", "Over"),
    "all": pgettext_lazy("corrections", "All"),
}
HAPPENED = {
    "opened": pgettext_lazy("correction event", "opened it"),
    "note": pgettext_lazy("correction event", "noted"),
    "done": pgettext_lazy("correction event", "said that it is mended"),
    "verify": pgettext_lazy("correction event", "verified"),
    "send_back": pgettext_lazy("correction event", "sent it back"),
    "extend": pgettext_lazy("correction event", "gave more time"),
    "drop": pgettext_lazy("correction event", "dropped it"),
}


@require_GET
@signed_in
def gaps(request: Request) -> HttpResponse:
    """What is weak now, by severity, and which correction is under way."""
    by, at = request.actor, clock.now()
    if not by.holds(queries.VIEW):
        raise NotFound
    found = queries.open_gaps(by)
    owners = who_answers([gap.finding.organisation for gap in found], on=clock.local_day(at))
    rows = [(gap, owners.get(gap.finding.organisation_id), _page(gap)) for gap in found]
    new = queries.managed_points(by).filter(state=WeakPoint.State.NEW).count() if by.holds(MANAGE) else None
    context = {"rows": rows, "at": at, "rules": queries.rules_now(), "new_points": new, "may_open": by.holds(MANAGE)}
    return render(request, "command/mending/gaps.html", context)


def _page(gap: queries.Gap) -> str:
    """Where what is counted stands; nothing for a page that an institution's file names and nobody has."""
    try:
        return reverse(gap.rule.page) if gap.rule else ""
    except NoReverseMatch:
        return ""


@require_http_methods(["GET", "POST"])
@signed_in
def gap(request: Request, pk: int) -> HttpResponse:
    """One finding: its numbers over time, earlier ones, its correction."""
    by, at = request.actor, clock.now()
    row = queries.finding_for(by, pk)
    form = forms.OpenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.open_correction(row, text=form.cleaned_data["text"], by=by, at=at)
        except BadInput as error:
            put_error(form, error)
        else:
            messages.success(request, _("Opened. Whoever answers for the unit finds it in their work."))
            return redirect("command:correction", made.pk)
    found = queries.gaps_of([row])[0]
    known = queries.rules_now()
    context = {
        "gap": found, "row": row, "form": form, "at": at, "page": _page(found),
        "trail": [(datetime.fromisoformat(moment), count, of) for moment, count, of in reversed(row.trail)],
        "history": queries.history_of(row), "may_open": by.holds(MANAGE, row.organisation.path),
        "source": known.source_of(found.rule) if found.rule else None,
        "owner": who_answers([row.organisation], on=clock.local_day(at)).get(row.organisation_id),
        "corrections": list(row.corrections.order_by("-opened_at")),
        "may_quote": may_quote(by, row.organisation, f"gap:{row.pk}", at=at),
    }  # fmt: skip
    return render(request, "command/mending/gap.html", context, status=422 if form.errors else 200)


@require_GET
@signed_in
def corrections(request: Request) -> HttpResponse:
    by, at = request.actor, clock.now()
    show = request.GET.get("show", "")
    show = show if show in queries.SHOWS else "open"
    page = queries.corrections_page(by, show, request.GET.get("page"), at=at)
    owners = who_answers([row.organisation for row in page.rows], on=clock.local_day(at))
    rows = [(row, TONES[row.state], owners.get(row.organisation_id), _late(row, at)) for row in page.rows]
    context = {"page": page, "rows": rows, "show": show, "shows": LISTS.items(), "at": at}
    return render(request, "command/mending/corrections.html", context)


def _late(row: Correction, at: Any) -> bool:
    return row.state == rules.OPEN and row.due_at < at


@require_GET
@signed_in
def correction(request: Request, pk: int) -> HttpResponse:
    """One correction: what is to be mended, whose turn it is, what happened."""
    by, at = request.actor, clock.now()
    row = queries.correction_for(by, pk, at=at)
    sides = queries.sides(by, row, at=at)
    own = queries.own_work(by, row, at=at)
    acts = [
        act
        for act in rules.ACTS.values()
        if act.side in sides and row.state in act.frm and not (act.name == "verify" and own)
    ]
    context = {
        "row": row, "tone": TONES[row.state], "late": _late(row, at), "acts": acts, "at": at,
        "standing": rules.STANDING.get(row.state), "own": own and row.state == rules.DONE,
        "events": [(event, HAPPENED[event.act]) for event in reversed(queries.events_of(row))],
        "owner": who_answers([row.organisation], on=clock.local_day(at)).get(row.organisation_id),
        "gap": queries.gaps_of([row.finding])[0] if row.finding else None,
        "may_quote": may_quote(by, row.organisation, f"correction:{row.pk}", at=at),
    }  # fmt: skip
    return render(request, "command/mending/correction.html", context)


@require_POST
@signed_in
def step(request: Request, pk: int, name: str) -> HttpResponse:
    by, at = request.actor, clock.now()
    row = queries.correction_for(by, pk, at=at)
    if name not in rules.ACTS:
        raise NotFound
    given = cleaned(forms.StepForm(request.POST))
    done = actions.act(row, name, text=given["text"], due_at=given["due_at"], by=by, at=at)
    messages.success(request, _("Noted. The correction is now: %(state)s.") % {"state": done.get_state_display()})
    return redirect("command:correction", pk)


# --- weak points -----------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@signed_in
def tell(request: Request) -> HttpResponse:
    """Anyone tells of a weak point, with or without their name, and reads what became of it."""
    by, at = request.actor, clock.now()
    form = forms.TellForm(request.POST or None, units=queries.units_to_tell(by))
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            row, code = actions.tell(
                given["unit"], text=given["text"], where=given["where"], wish=given["wish"],
                anonymous=given["anonymous"], by=by, at=at,
            )  # fmt: skip
        except (BadInput, Conflict) as error:
            put_error(form, error)
        else:
            return render(request, "command/mending/told.html", {"point": row, "code": code})
    asked = request.GET.get("code", "").strip()
    context = {
        "form": form, "asked": asked[:24], "found": queries.point_by_code(asked) if asked else None,
        "own": queries.own_points(by),
    }  # fmt: skip
    return render(request, "command/mending/tell.html", context, status=422 if form.errors else 200)


@require_GET
@signed_in
def points(request: Request) -> HttpResponse:
    """What people told, newest first: for the office."""
    by, at = request.actor, clock.now()
    waiting = request.GET.get("show") == "waiting"
    page = queries.points_page(by, request.GET.get("page") or None, waiting=waiting)
    named = [row.account.person_id for row in page.rows if row.account and row.account.person_id]
    audit.saw("weak_point.listed", "weak_point", named, by=by, at=at)
    return render(request, "command/mending/points.html", {"page": page, "waiting": waiting, "at": at})


@require_http_methods(["GET", "POST"])
@signed_in
def point(request: Request, pk: int) -> HttpResponse:
    """Answer it, or make it a correction."""
    by, at = request.actor, clock.now()
    row = queries.point_for(by, pk)
    answering = request.method == "POST" and "answer" in request.POST
    answer = forms.AnswerForm(request.POST if answering else None)
    taking = request.POST if request.method == "POST" and not answering else None
    due = clock.local_day(at) + timedelta(days=3)
    initial = {"unit": row.organisation.code, "text": row.text, "due_at": f"{due}T18:00"}
    take = forms.TakeForm(taking, initial=initial)
    form = answer if answering else take
    if request.method == "POST" and form.is_valid():
        try:
            if answering:
                actions.answer_point(row, answer=form.cleaned_data["answer"], by=by, at=at)
                return redirect("command:weak_points")
            given = form.cleaned_data
            unit = unit_written(by, given["unit"], MANAGE) or row.organisation
            made = actions.take_point(row, unit=unit, text=given["text"], due_at=given["due_at"], by=by, at=at)
            return redirect("command:correction", made.pk)
        except BadInput as error:
            put_error(form, error)
    context = {"row": row, "answer": answer, "take": take}
    return render(request, "command/mending/point.html", context, status=422 if form.errors else 200)


# --- what we learnt --------------------------------------------------------------------------------------------------


@require_GET
@signed_in
def learnt(request: Request) -> HttpResponse:
    if not request.actor.holds(queries.VIEW):
        raise NotFound
    context = {"rows": queries.learnt(request.actor), "at": clock.now()}
    return render(request, "command/mending/learnt.html", context)


@require_GET
@signed_in
def learnt_file(request: Request) -> HttpResponse:
    """The same as CSV; numbers and words of units, without names."""
    by, at = request.actor, clock.now()
    if not by.holds(queries.VIEW):
        raise NotFound
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow([_("rule"), _("found"), _("verified"), _("median hours"), _("came back"), _("what was done")])
    for item in queries.learnt(by):
        said = " | ".join(row.done_text for row in item.said)
        hours = "" if item.median_hours is None else item.median_hours
        writer.writerow([item.code or "told", item.found, item.verified, hours, item.came_back, _safe(said)])
    audit.saw("gap.learnt_exported", "gap", [], by=by, at=at)
    disposition = {"Content-Disposition": f'attachment; filename="learnt-{clock.local_day(at)}.csv"'}
    return HttpResponse("\ufeff" + stream.getvalue(), content_type=CSV, headers=disposition)


def _safe(text: str) -> str:
    """A spreadsheet takes a text that begins with one of these for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
