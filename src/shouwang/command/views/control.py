"""Control measures: what holds and why, for everybody; declaring a level with them; single ones."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shouwang.checkins.rules.asking import Cadence
from shouwang.checkins.words import CADENCES
from shouwang.command.actions import control as actions
from shouwang.command.forms import ControlForm, LevelForm, MeasureStepForm, PreviewForm
from shouwang.command.models import ResponseLevel
from shouwang.command.queries import control as queries
from shouwang.command.queries.levels import current_level
from shouwang.command.rules import control as rules
from shouwang.command.views.report import chosen
from shouwang.core import clock
from shouwang.core.errors import BadInput, NotFound
from shouwang.core.forms import cleaned, put_error
from shouwang.core.http import Request, signed_in
from shouwang.org.models import Organisation


@require_GET
def measures(request: HttpRequest) -> HttpResponse:
    """What holds here, since when, until when, why, on what basis. Without signing in: for the topmost organisation."""
    at = clock.now()
    by = cast(Request, request).actor
    unit = queries.home_of(by)
    if code := request.GET.get("unit", ""):
        unit = Organisation.objects.filter(code=code[:40], ends__isnull=True).first()
        if unit is None:
            raise NotFound
    rows = queries.measures_at(unit.path, at) if unit else []
    may = unit is not None and by.holds("level.declare", unit.path)
    context = {
        "unit": unit, "rows": rows, "at": at, "may_declare": may,
        "declared": current_level(unit.path, at) if unit else None,
    }  # fmt: skip
    return render(request, "command/measures.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def preview(request: Request) -> HttpResponse:
    """What a level would change, for how many; then declared with the measures that stay ticked."""
    by, at = request.actor, clock.now()
    organisation, _day = chosen(request)
    by.require("level.declare", organisation.path)
    asked = request.POST if request.method == "POST" else request.GET
    level = cleaned(PreviewForm(asked), _("Choose a level."))["level"]
    found = queries.preview(by, organisation, level, at)
    posted = request.POST if request.method == "POST" else None
    form = LevelForm(posted, initial={"level": level})
    if posted is not None and form.is_valid():
        values = {plan.kind: posted.get(f"value_{plan.kind}", plan.value) for plan in found.planned}
        try:
            row = actions.declare_with_measures(
                organisation=organisation, kinds=posted.getlist("kinds"), by=by, at=at, **form.cleaned_data,
                values={kind: value for kind, value in values.items() if value != _of_file(found, kind)},
            )  # fmt: skip
        except BadInput as error:
            put_error(form, error)
        else:
            messages.success(request, _("%(level)s is in force.") % {"level": row.get_level_display()})
            return redirect("command:measures")
    words = {"before": _cadence(found.cadence[0]), "after": _cadence(found.cadence[1])}
    context = {
        "found": found, "form": form, "organisation": organisation, "cadence": words,
        "level_word": ResponseLevel.Level(level).label, "options": _options(found),
    }  # fmt: skip
    return render(request, "command/level_preview.html", context, status=422 if form.errors else 200)


def _of_file(found: queries.Preview, kind: str) -> str:
    return next(plan.value for plan in found.planned if plan.kind == kind)


def _cadence(code: str) -> str:
    return str(CADENCES[Cadence(code)])


def _options(found: queries.Preview) -> list[dict[str, Any]]:
    """A row for each planned measure: its change, the values one may choose, and what holds from above."""
    return [
        {
            "plan": plan, "change": change, "refused": refused,
            "values": [(value, str(word)) for value, word in rules.VALUES.get(plan.kind, {}).items()],
        }
        for plan, change, refused in found.proposals
    ]  # fmt: skip


@require_http_methods(["GET", "POST"])
@signed_in
def control(request: Request) -> HttpResponse:
    """The measures of one organisation: those in force with what may be done, declaring one, and those that ended."""
    by, at = request.actor, clock.now()
    organisation, _day = chosen(request)
    by.require("level.declare", organisation.path)
    form = ControlForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            row = actions.declare_measure(organisation=organisation, by=by, at=at, **form.cleaned_data)
        except BadInput as error:
            put_error(form, error)
        else:
            messages.success(
                request, _("%(kind)s: %(value)s holds now.") % {"kind": row.kind_word, "value": row.value_word}
            )
            return redirect(f"{request.path}?unit={organisation.pk}")
    today = clock.local_day(at)
    rows = list(queries.standing(at).filter(organisation=organisation).order_by("kind", "pk"))
    above = queries.above(organisation, at).values()
    context = {
        "organisation": organisation, "form": form, "at": at,
        "rows": [(row, row.review_on < today) for row in rows],
        "history": queries.measure_history(organisation), "values": _values(),
        "above": [(rules.KINDS[row.kind], rules.said(row.kind, row.value)) for row in above],
    }  # fmt: skip
    return render(request, "command/control.html", context, status=422 if form.errors else 200)


def _values() -> list[tuple[str, str]]:
    """What each kind takes, as one writes it."""
    return [(str(rules.KINDS[kind]), ", ".join(f"{value} ({word})" for value, word in words.items()))
            for kind, words in rules.VALUES.items()]  # fmt: skip


@require_POST
@signed_in
def extend(request: Request, pk: int) -> HttpResponse:
    row = queries.measure_for(request.actor, pk)
    given = cleaned(MeasureStepForm(request.POST))
    if given["review_on"] is None:
        raise BadInput(_("Say when it will be reviewed next."), code="review_invalid", field="review_on")
    actions.extend_measure(row, by=request.actor, at=clock.now(), **given)
    messages.success(request, _("Reviewed and kept."))
    return redirect("command:measures")


@require_POST
@signed_in
def end(request: Request, pk: int) -> HttpResponse:
    row = queries.measure_for(request.actor, pk)
    given = cleaned(MeasureStepForm(request.POST))
    actions.end_measure(row, reason=given["reason"], by=request.actor, at=clock.now())
    messages.success(request, _("%(kind)s: ended.") % {"kind": row.kind_word})
    return redirect("command:measures")
