"""Disease packs: which there are, what one of them says, and putting one in force or ending it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from shouwang.command import queries
from shouwang.command.forms import PackForm
from shouwang.command.packs import check_pack
from shouwang.core import clock
from shouwang.core.actions import activate_pack, deactivate_pack
from shouwang.core.forms import cleaned
from shouwang.core.http import Request, signed_in
from shouwang.core.packs import get_pack

DECLARE = "level.declare"


@require_GET
@signed_in
def packs(request: Request) -> HttpResponse:
    """Every pack at hand."""
    rows = queries.pack_rows(clock.today())
    return render(request, "command/packs.html", {"rows": rows, "active": sum(row.active for row in rows)})


@require_GET
@signed_in
def pack(request: Request, code: str) -> HttpResponse:
    """What one pack says; with answers to its criteria also how its case definitions judge them."""
    sheet = queries.pack_sheet(code, request.GET.get("version", ""))
    today = clock.today()
    said = {item.code: request.GET.get(f"c-{item.code}", "") for item in sheet.criteria}
    yes, no = ([code for code, answer in said.items() if answer == word] for word in ("yes", "no"))
    context: dict[str, Any] = {
        "sheet": sheet,
        "pack": sheet.pack,
        "today": today,
        "in_force": sheet.in_force(today),
        "may_declare": request.actor.holds(DECLARE),
        "criteria": [(item, said[item.code]) for item in sheet.criteria],
    }
    if yes or no:
        context |= _judged(sheet, yes, no)
    return render(request, "command/pack.html", context)


def _judged(sheet: queries.PackSheet, yes: list[str], no: list[str]) -> dict[str, Any]:
    """The judgement, and what each definition that is still open hangs on."""
    judged = queries.judge(sheet.pack.code, yes=yes, no=no)
    names = {item.code: str(item.name) for item in sheet.criteria}
    shown = {item.classification: item.name for item in sheet.definitions}
    open_findings = [
        (finding, shown[finding.classification], "; ".join(names[code] for code in finding.open))
        for finding in judged.findings
        if finding.classification in judged.could_be and finding.met is None
    ]
    return {"judged": judged, "open_findings": open_findings}


@require_POST
@signed_in
def pack_activate(request: Request, code: str) -> HttpResponse:
    """In force from a day, in the version of its file now."""
    request.actor.require(DECLARE)
    data = cleaned(PackForm(request.POST), _("These days cannot be read."))
    check_pack(get_pack(code))
    since = data["since"] or clock.today()
    activate_pack(code, since=since, until=data["until"], by=request.actor, at=clock.now())
    messages.success(request, _("The pack is in force from %(day)s.") % {"day": since})
    return redirect("command:pack", code)


@require_POST
@signed_in
def pack_deactivate(request: Request, code: str) -> HttpResponse:
    """Today is its last day."""
    deactivate_pack(code, on=clock.today(), by=request.actor, at=clock.now())
    messages.success(request, _("Today is the last day of the pack."))
    return redirect("command:pack", code)
