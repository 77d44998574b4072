"""Daily reports: the round of a unit, one unit's own report, the plan."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shouwang.command import actions, consolidating
from shouwang.command.account.facts import may_quote
from shouwang.command.forms import ReasonForm, ReportForm
from shouwang.command.forms_daily import HandInForm, PlanForm, ReportDayForm, TakeInForm
from shouwang.command.models import UnitReport
from shouwang.command.queries import daily as reads
from shouwang.command.queries.answering import who_answers
from shouwang.command.queries.consolidated import Consolidated, consolidated, keys_for
from shouwang.command.queries.figures import counted
from shouwang.command.rules import daily as rules
from shouwang.command.views.report import DOCX
from shouwang.core import clock
from shouwang.core.errors import BadInput, Conflict, NotFound, ShouwangError
from shouwang.core.forms import cleaned, put_error
from shouwang.core.http import XLSX, Request, signed_in
from shouwang.core.tree import in_ranges, subtree
from shouwang.org.models import Organisation
from shouwang.org.queries import current, organisation_for
from shouwang.surveys.forms import TemplateForm

SHOWN = 200  # units of one round on the page; all of them are in the Excel file
KINDS = {"docx": DOCX, "xlsx": XLSX}


def _asked(request: Request, now: datetime) -> tuple[int, date]:
    """The unit and the day that the address names; the topmost of one's own, and today, when it names none."""
    asked = cleaned(ReportForm(request.GET), _("This address does not name a day and a unit."))
    day = asked["day"] or clock.local_day(now)
    if asked["unit"]:
        return asked["unit"], day
    first = reads.first_unit(request.actor, on=clock.local_day(now))
    if first is None:
        raise NotFound
    return first.pk, day


def _day(request: Request, now: datetime) -> date:
    asked: date | None = cleaned(ReportDayForm(request.GET), _("This address does not name a day and a unit."))["day"]
    return asked or clock.local_day(now)


def _here(unit: Organisation, day: date) -> str:
    return reverse("command:daily") + f"?unit={unit.pk}&day={day.isoformat()}"


@require_GET
@signed_in
def daily(request: Request) -> HttpResponse:
    """What the units below one unit reported on a day."""
    now = clock.now()
    found = consolidated(request.actor, *_asked(request, now), now)
    return render(request, "command/daily.html", _round(request, found, now))


def _round(request: Request, found: Consolidated, now: datetime, form: TakeInForm | None = None) -> dict[str, Any]:
    sheet, today = found.sheet, clock.local_day(now)
    rows = sorted(found.rows, key=lambda pair: (pair[0].report is not None, pair[0].unit.path))
    missing = [line.unit for line in sheet.missing[:SHOWN]]
    owners = who_answers(missing, on=today) if missing else {}
    form, labels = form or TakeInForm(), [rules.LABELS[key] for key in found.columns]
    form.fields["reason"].required = bool(sheet.missing)
    shown = [
        (line, list(zip(labels, values, strict=True)) if values else [], consolidating.state_of(line),
         owners.get(line.unit.pk))
        for line, values in rows[:SHOWN]
    ]  # fmt: skip
    return {
        "found": found, "sheet": sheet, "unit": sheet.unit, "day": sheet.day, "as_of": now,
        "rows": shown,
        "left_out": max(len(rows) - SHOWN, 0),
        "labels": labels,
        "sums": [(rules.LABELS[key], found.totals[key]) for key in found.columns],
        "plan": reads.plan_for(sheet.unit.path, sheet.day),
        "own": reads.line_of(sheet.unit, sheet.day),
        "may_take_in": reads.reviews_for(request.actor, sheet.unit, today),
        "may_plan": request.actor.holds(reads.ISSUE, sheet.unit.path),
        "form": form,
        "yesterday": sheet.day - timedelta(days=1),
        "tomorrow": sheet.day + timedelta(days=1) if sheet.day < today else None,
        "parent": _parent(request, sheet.unit, today),
    }  # fmt: skip


def _parent(request: Request, unit: Organisation, today: date) -> Organisation | None:
    try:
        return reads.unit_for(request.actor, unit.parent_id, on=today) if unit.parent_id else None
    except NotFound:
        return None


@require_POST
@signed_in
def take_in(request: Request, pk: int) -> HttpResponse:
    """Take in and lock what has come."""
    now = clock.now()
    day = _day(request, now)
    unit = reads.unit_for(request.actor, pk, on=clock.local_day(now))
    form = TakeInForm(request.POST)
    given = cleaned(form)
    try:
        row = actions.take_in(unit=unit, day=day, by=request.actor, at=now, **given)
    except (BadInput, Conflict) as error:
        put_error(form, error)
        found = consolidated(request.actor, unit.pk, day, now)
        return render(request, "command/daily.html", _round(request, found, now, form), status=error.status)
    messages.success(request, _("%(taken)s reports taken in; they are locked.") % {"taken": row.taken})
    return redirect(_here(unit, day))


@require_POST
@signed_in
def send_back(request: Request, pk: int) -> HttpResponse:
    """Send one unit's report back to it."""
    now = clock.now()
    day = _day(request, now)
    _unit, line = reads.report_seen(request.actor, pk, day)
    if line is None or line.report is None:
        raise NotFound
    version = request.POST.get("version", "")
    if version != str(line.report.version):
        sentence = _("Somebody else has handed in or corrected this report. Look at it again.")
        raise Conflict(sentence, code="edited_meanwhile")
    actions.send_back_report(line.report, reason=request.POST.get("reason", ""), by=request.actor, at=now)
    messages.success(request, _("Sent back; the unit finds it in its work."))
    return redirect(_here(line.report.reports_to, day))


@require_GET
@signed_in
def daily_file(request: Request, kind: str) -> HttpResponse:
    """The round as a Word or Excel file."""
    if kind not in KINDS:
        raise NotFound
    now = clock.now()
    found = consolidated(request.actor, *_asked(request, now), now)
    make = consolidating.daily_document if kind == "docx" else consolidating.daily_workbook
    body = make(found, author=request.actor.label, at=now)
    return _download(body, KINDS[kind], consolidating.file_name(found, f".{kind}"))


def _download(body: bytes, content_type: str, name: str) -> HttpResponse:
    header = content_disposition_header(as_attachment=True, filename=name[:120])
    return HttpResponse(body, content_type=content_type, headers={"Content-Disposition": header})


@require_http_methods(["GET", "POST"])
@signed_in
def daily_template(request: Request) -> HttpResponse:
    """The superior's own table: upload it with marks, get it back filled in."""
    now = clock.now()
    found = consolidated(request.actor, *_asked(request, now), now)
    form = TemplateForm(request.POST or None, request.FILES or None)
    problems: list[str] = []
    if form.is_bound and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            filled = consolidating.daily_filled(upload.read(), found, name=upload.name)
            return _download(filled.content, XLSX, upload.name)
        except BadInput as error:
            problems = list(error.data.get("problems", []))
            put_error(form, error)
    context = {
        "found": found, "unit": found.sheet.unit, "day": found.sheet.day, "form": form, "problems": problems,
        "marks": consolidating.MARKS, "keys": [(key, rules.LABELS[key]) for key in found.keys],
        "back": _here(found.sheet.unit, found.sheet.day),
    }  # fmt: skip
    return render(request, "command/daily_template.html", context, status=422 if request.method == "POST" else 200)


@require_http_methods(["GET", "POST"])
@signed_in
def daily_report(request: Request, pk: int) -> HttpResponse:
    """One unit's report of a day: numbers as they stand, the free part, what was handed in and by whom."""
    by, now = request.actor, clock.now()
    day = _day(request, now)
    plans = reads.plans_on(day)
    unit, line = reads.report_seen(by, pk, day, plans)
    row = line.report if line else None
    form = HandInForm(request.POST or None, initial=_initial(row))
    error: ShouwangError | None = None
    if request.method == "POST" and form.is_valid():
        zero = "zero" in request.POST
        try:
            actions.hand_in(
                unit=unit, day=day, words=form.words, zero=zero, version=form.cleaned_data["version"],
                reason=form.cleaned_data["reason"], by=by, at=now,
            )  # fmt: skip
        except (BadInput, Conflict) as refused:
            error = refused
            put_error(form, refused)
        else:
            messages.success(request, _("Zero report handed in.") if zero else _("Report handed in."))
            return redirect(reverse("command:daily_report", args=[pk]) + f"?day={day.isoformat()}")
    status = 200 if request.method == "GET" else error.status if error else 422
    return render(request, "command/daily_report.html", _own(request, unit, line, day, form, plans), status=status)


def _receiver(line: reads.Line) -> Organisation | None:
    return line.report.reports_to if line.report else Organisation.objects.filter(pk=line.receiver).first()


def _initial(row: UnitReport | None) -> dict[str, object]:
    if row is None:
        return {"version": 0}
    return {"version": row.version, "problems": row.problems, "needs": row.needs, "done": row.done}


def _own(
    request: Request, unit: Organisation, line: reads.Line | None, day: date, form: HandInForm, plans: reads.Plans
) -> dict[str, Any]:
    by, now = request.actor, clock.now()
    today = clock.local_day(now)
    row = line.report if line else None
    keys = keys_for(by, row.reports_to if row and by.holds(reads.VIEW, row.reports_to.path) else unit)
    live = counted(unit, day, now) if day <= today else None
    said = row.figures["values"] if row else {}
    labels = rules.LABELS
    numbers = [(labels[key], live.values.get(key) if live else None, said.get(key), key) for key in keys]
    below = reads.sheet_of(unit, day, now, plans)
    form.fields["reason"].required = row is not None
    return {
        "unit": unit, "line": line, "report": row, "day": day, "today": today, "form": form, "as_of": now,
        "numbers": numbers, "health": keys is rules.KEYS, "live": live,
        "said_at": datetime.fromisoformat(row.figures["as_of"]) if row else None,
        "receiver": _receiver(line) if line else None,
        "versions": list(row.versions.select_related("by").order_by("-version")) if row else [],
        "below": below, "below_url": _here(unit, day),
        "may_quote": row is not None and may_quote(by, unit, f"report:{row.pk}", at=now),
        "may_send_back": row is not None
        and row.state != UnitReport.State.RETURNED
        and row.submitted_by_id != by.account_id
        and reads.reviews_for(by, row.reports_to, today),
        "may": line is not None and reads.acts_for(by, unit, today) and rules.open_for(day, today),
        "plan": plans.of(rules.parent_path(unit.path)) if line else None,
        "yesterday": day - timedelta(days=1), "tomorrow": day + timedelta(days=1) if day < today else None,
    }  # fmt: skip


@require_http_methods(["GET", "POST"])
@signed_in
def daily_plan(request: Request, pk: int) -> HttpResponse:
    """Who reports until when."""
    by, now = request.actor, clock.now()
    organisation = organisation_for(by, pk, reads.ISSUE)
    today = clock.local_day(now)
    tomorrow = reads.plan_for(organisation.path, today + timedelta(days=1))
    plan = reads.plan_for(organisation.path, today) or tomorrow
    inside = Organisation.objects.filter(in_ranges("path", [subtree(organisation.path)]), current(today))
    present = set(inside.exclude(pk=pk).order_by().values_list("kind", flat=True).distinct())
    kinds = [kind for kind in Organisation.Kind.values if kind in present]
    initial = {f"due_{kind}": text for kind, text in plan.deadlines.items()} if plan else {}
    form = PlanForm(request.POST or None, kinds=kinds, initial=initial)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            row = actions.set_report_plan(
                organisation=organisation, deadlines=form.deadlines, until=given["until"], reason=given["reason"],
                by=by, at=now,
            )  # fmt: skip
        except BadInput as error:
            put_error(form, error)
        else:
            messages.success(request, _("The units are asked from %(day)s on.") % {"day": row.starts})
            return redirect(_here(organisation, today))
    context = {
        "organisation": organisation, "plan": plan, "form": form, "end_form": ReasonForm(),
        "next": tomorrow if tomorrow != plan else None,
        "own": plan is not None and plan.organisation_id == pk, "back": _here(organisation, today),
        "times": [(Organisation.Kind(kind).label, text) for kind, text in plan.deadlines.items()] if plan else [],
    }  # fmt: skip
    return render(request, "command/daily_plan.html", context, status=422 if request.method == "POST" else 200)


@require_POST
@signed_in
def daily_plan_end(request: Request, pk: int) -> HttpResponse:
    """Ask for no reports any more."""
    now = clock.now()
    organisation = organisation_for(request.actor, pk, reads.ISSUE)
    actions.end_report_plan(organisation=organisation, reason=request.POST.get("reason", ""), by=request.actor, at=now)
    messages.success(request, _("No daily reports are asked for any more."))
    return redirect(_here(organisation, clock.local_day(now)))
