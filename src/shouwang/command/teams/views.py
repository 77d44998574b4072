"""Pages of teams: the lists, one team, proposals, service records."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shouwang.cases.queries.naming import unit_written
from shouwang.command.models import Team
from shouwang.command.queries.answering import MANAGE
from shouwang.command.teams import actions, forms, queries, rules, told
from shouwang.core import clock
from shouwang.core.errors import BadInput, Conflict, NotFound, ShouwangError
from shouwang.core.forms import cleaned, put_error
from shouwang.core.http import Request, signed_in

TONES = {"forming": "notice", "standing": "good", "dissolved": "neutral"}
MEMBER_TONES = {"asked": "notice", "approved": "good", "refused": "warn", "withdrawn": "neutral", "ended": "neutral"}
DUTY_TONES = {"planned": "info", "done": "good", "absent": "warn", "cancelled": "neutral", "unsaid": "notice"}
LISTS = {
    "live": pgettext_lazy("teams", "Living"),
    "forming": pgettext_lazy("teams", "Being formed"),
    "standing": pgettext_lazy("teams", "Standing"),
    "over": pgettext_lazy("teams", "Dissolved"),
    "all": pgettext_lazy("teams", "All"),
}
HAPPENED = {
    "created": pgettext_lazy("team event", "created it"),
    "stand": pgettext_lazy("team event", "let it stand"),
    "note": pgettext_lazy("team event", "noted"),
    "review": pgettext_lazy("team event", "reviewed it and kept it"),
    "dissolve": pgettext_lazy("team event", "dissolved it"),
    "place_added": pgettext_lazy("team event", "added the place"),
    "place_removed": pgettext_lazy("team event", "removed the place"),
    "task_given": pgettext_lazy("team event", "gave it the task"),
    "task_back": pgettext_lazy("team event", "handed back the task"),
    "asked": pgettext_lazy("team event", "asked for"),
    "approve": pgettext_lazy("team event", "approved the secondment of"),
    "refuse": pgettext_lazy("team event", "refused the secondment of"),
    "cannot": pgettext_lazy("team event", "said that they cannot"),
    "withdraw": pgettext_lazy("team event", "withdrew the asking for"),
    "end": pgettext_lazy("team event", "ended the secondment of"),
}


@require_GET
@signed_in
def teams(request: Request) -> HttpResponse:
    """Teams within reach, the newest first."""
    by, at = request.actor, clock.now()
    on = clock.local_day(at)
    show = request.GET.get("show", "")
    show = show if show in queries.SHOWS else "live"
    page = queries.teams_page(by, show, request.GET.get("page"), at=at)
    leaders = queries.leading(page.rows, on=on)
    rows = [
        (row, TONES[row.state], leaders.get(row.pk, []), queries.turn_of(row, leaders.get(row.pk, []), on=on))
        for row in page.rows
    ]
    context = {"page": page, "rows": rows, "show": show, "shows": LISTS.items(), "at": at, **_bar(request)}
    return render(request, "command/teams_list.html", context)


def _bar(request: Request) -> dict[str, Any]:
    """What the row of links above the lists needs."""
    manages = request.actor.holds(MANAGE)
    return {"may_create": manages, "proposed": queries.proposals(request.actor).count() if manages else 0}


@require_http_methods(["GET", "POST"])
@signed_in
def new(request: Request) -> HttpResponse:
    """Create one, from a proposal or without."""
    by, at = request.actor, clock.now()
    if not by.holds(MANAGE):
        raise NotFound
    asked = request.GET.get("proposal", "")
    proposal = queries.proposal_for(by, int(asked)) if asked.isdecimal() and len(asked) < 18 else None
    initial: dict[str, Any] = {"review_on": clock.local_day(at) + timedelta(days=14)}
    if proposal is not None:
        initial |= {"unit": proposal.organisation.code, "purpose": "；".join(queries.said(proposal))}
    form = forms.TeamForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        try:
            unit = unit_written(by, given.pop("unit"), MANAGE)
            if unit is None:
                raise BadInput(_("Say under which unit it stands."), field="unit")
            made = actions.create_team(unit, proposal=proposal, by=by, at=at, **given)
        except (BadInput, Conflict) as error:
            put_error(form, error)
        else:
            messages.success(request, _("Created. Now ask for a leader; their home unit decides."))
            return redirect("command:team", made.pk)
    context = {"form": form, "proposal": proposal, "said": queries.said(proposal) if proposal else []}
    return render(request, "command/teams_new.html", context, status=422 if form.errors else 200)


@require_GET
@signed_in
def team(request: Request, pk: int) -> HttpResponse:
    """One team: who leads it, whose turn it is, its people, duty, tasks, and what happened."""
    return team_page(request, queries.team_for(request.actor, pk, at=clock.now()))


def team_page(request: Request, row: Team, **given: Any) -> HttpResponse:
    """`given`: forms that were refused, by their name in the template."""
    by, at = request.actor, clock.now()
    on = clock.local_day(at)
    sheet = queries.sheet(by, row, at=at)
    told.saw_cannot(by, sheet, at=at)
    approved = [seat.row for seat in sheet.seats if seat.row.state == rules.APPROVED]
    living = row.state != rules.DISSOLVED and bool(sheet.sides)
    tasks = list(queries.tasks_to_give(by, row, at=at)[:100]) if living else []
    window = {"starts": on, "ends": on + timedelta(days=13)}
    start = clock.day_start(on + timedelta(days=1)) + timedelta(hours=8)
    duty = {"starts": start.astimezone(clock.zone()), "ends": (start + timedelta(hours=4)).astimezone(clock.zone())}
    context = {
        "team": row, "sheet": sheet, "tone": TONES[row.state], "at": at, "today": on, "living": living,
        "seats": [(seat, MEMBER_TONES[seat.row.state]) for seat in sheet.seats],
        "shifts": [(shift, DUTY_TONES[shift.state], _duty_acts(sheet, shift, by, at)) for shift in sheet.shifts],
        "records": [(entry, _may_answer(entry, by)) for entry in sheet.records],
        "events": [(event, HAPPENED[event.act]) for event in reversed(sheet.events)],
        "open_tasks": [one for one in sheet.given if one.released_at is None], "tasks": tasks,
        "second": forms.SecondForm(initial=window), "place_form": forms.PlaceForm(),
        "duty": forms.DutyForm(initial=duty, members=approved, places=sheet.places) if sheet.places else None,
        "limits": queries.rules_now().limits, **given,
    }  # fmt: skip
    return render(request, "command/teams_team.html", context, status=422 if given else 200)


def _duty_acts(sheet: queries.Sheet, shift: Any, by: Any, at: datetime) -> list[rules.Act]:
    """What one may say of a duty now."""
    own = by.person_id is not None and shift.member.person_id == by.person_id
    found = []
    for act in rules.SHIFT_ACTS.values():
        if not act.sides & sheet.sides or shift.state not in act.frm:
            continue
        try:
            rules.check_said(act.name, starts=shift.starts, now=at, own=own)
        except ShouwangError:
            continue  # not yet, or not by themselves: then no button
        found.append(act)
    return found


def _may_answer(entry: Any, by: Any) -> bool:
    waits = entry.objected_at is not None and entry.answered_at is None
    return bool(waits and by.person_id != entry.person_id and by.account_id != entry.written_by_id)


# --- proposals -------------------------------------------------------------------------------------------------------


@require_GET
@signed_in
def proposals(request: Request) -> HttpResponse:
    """Units under load or risk in which no team stands, with what was counted."""
    by, at = request.actor, clock.now()
    if not by.holds(MANAGE):
        raise NotFound
    known = queries.rules_now()
    rows = [(row, queries.said(row)) for row in queries.proposals(by)[:200]]
    context = {"rows": rows, "rules": known, "at": at, **_bar(request)}
    return render(request, "command/teams_proposals.html", context)


@require_POST
@signed_in
def dismiss(request: Request, pk: int) -> HttpResponse:
    by, at = request.actor, clock.now()
    row = queries.proposal_for(by, pk)
    done = actions.dismiss(row, reason=cleaned(forms.ReasonForm(request.POST))["text"], by=by, at=at)
    messages.success(request, _("Dismissed until %(day)s; after that it is judged anew.") % {"day": done.until})
    return redirect("command:team_proposals")


# --- service records -------------------------------------------------------------------------------------------------


@require_GET
@signed_in
def service(request: Request) -> HttpResponse:
    """Where the asker serves, their duty, and what they have done."""
    by, at = request.actor, clock.now()
    context = {
        "seats": [(row, MEMBER_TONES[row.state]) for row in queries.own_seats(by)],
        "shifts": queries.own_shifts(by, at=at, limit=50) if by.person_id else [],
        "records": queries.own_records(by), "at": at, "today": clock.local_day(at),
    }  # fmt: skip
    return render(request, "command/teams_service.html", context)


@require_GET
@signed_in
def service_file(request: Request) -> HttpResponse:
    """One's own service records as CSV."""
    by, at = request.actor, clock.now()
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(
        [_("team"), _("unit"), _("role"), _("from"), _("to"), _("hours of duty"), _("duty done"), _("duty missed"),
         _("duty of which nobody said"), _("tasks verified"), _("objection"), _("answer")]
    )  # fmt: skip
    for row in queries.own_records(by):
        writer.writerow(
            [_safe(row.title), _safe(row.organisation.title), row.get_role_display(), row.starts, row.ends, row.hours,
             row.shifts_done, row.shifts_absent, row.shifts_unsaid, row.tasks_verified, _safe(row.objection),
             _safe(row.answer)]
        )  # fmt: skip
    disposition = {"Content-Disposition": f'attachment; filename="service-{clock.local_day(at)}.csv"'}
    return HttpResponse("\ufeff" + stream.getvalue(), content_type="text/csv; charset=utf-8", headers=disposition)


def _safe(text: str) -> str:
    """A spreadsheet takes a text that begins with one of these for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
