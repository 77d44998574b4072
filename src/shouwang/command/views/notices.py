"""A notice read: what it says beside what it orders. It is kept as a directive only where that is asked for."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from shouwang.command import actions
from shouwang.command.forms import NoticeForm
from shouwang.command.queries import MANAGE
from shouwang.command.reading import REASONS, NoticeRead, capability_name, read_notice
from shouwang.command.views.directives import issuer_of
from shouwang.core import clock
from shouwang.core.errors import BadInput, Conflict, NotFound
from shouwang.core.forms import put_error
from shouwang.core.http import Request, signed_in

RIGHT = "report.view"  # whoever answers for units; the page shows only what was given to it


@require_http_methods(["GET", "POST"])
@signed_in
def notice(request: Request) -> HttpResponse:
    """Give a notice, see its parts and its orders with the words they come from."""
    if not request.actor.holds(RIGHT):
        raise NotFound
    given = request.method == "POST"
    form = NoticeForm(request.POST if given else None, request.FILES if given else None)
    context: dict[str, Any] = {"form": form, "may_keep": request.actor.holds(MANAGE)}
    if form.is_valid():
        try:
            if "keep" in request.POST:
                return _kept(request, form)
            context |= _shown(_read(form))
        except (BadInput, Conflict) as error:
            put_error(form, error)
    return render(request, "command/notice.html", context)


def _kept(request: Request, form: NoticeForm) -> HttpResponse:
    """Stored, with everything that was read, for review."""
    file = form.cleaned_data["file"]
    raw, name = (file.read(), file.name) if file else (form.cleaned_data["text"], "")
    row = actions.import_notice(raw, name=name, organisation=issuer_of(request), by=request.actor, at=clock.now())
    messages.success(request, _("Kept as a draft. Decide on each proposal."))
    return redirect("command:directive", row.pk)


def _read(form: NoticeForm) -> NoticeRead:
    file = form.cleaned_data["file"]
    if file:
        return read_notice(file.read())
    return read_notice(form.cleaned_data["text"])


def _shown(read: NoticeRead) -> dict[str, Any]:
    found = read.found
    by_section: dict[str, list[dict[str, Any]]] = {}
    for measure in found["measures"]:
        shown = measure | {"name": capability_name(measure["capability"]), "at": measure["at"][0]}
        by_section.setdefault(measure["section"] or "", []).append(shown)
    headings = {section["number"]: section["heading"] for section in found["sections"]}
    return {
        "found": found,
        "pieces": read.marked(),
        "sections": [
            {"number": number, "heading": headings.get(number, ""), "measures": rows}
            for number, rows in by_section.items()
        ],
        "unread": [one | {"why": REASONS[one["reason"]]} for one in found["unread"]],
        "kinds": len({measure["capability"] for measure in found["measures"]}),
    }
