"""The state of presence data: days, files, what was remarked; and bringing a file in."""

from __future__ import annotations

import tempfile
from pathlib import Path

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from shouwang.core import clock
from shouwang.core.errors import BadInput
from shouwang.core.forms import put_error
from shouwang.core.http import Request, signed_in
from shouwang.tracing import actions, queries
from shouwang.tracing.forms import PresenceForm
from shouwang.tracing.queries.readers import silences

SHOWN_DAYS, SHOWN_FILES = 31, 20
# Larger files go through the command line, which shows progress and needs no open request.
LARGEST = 32 * 1024 * 1024


@require_GET
@signed_in
def days(request: Request) -> HttpResponse:
    rows = list(queries.presence_days(request.actor)[:SHOWN_DAYS])
    found = silences(rows)
    context = {
        "days": [(row, found.get(row.day, ())) for row in rows],
        "not_compared": sum(row.holes is None for row in rows),
        "batches": queries.presence_batches(request.actor)[:SHOWN_FILES],
        "sees_days": queries.sees_days(request.actor),
        "may_import": request.actor.holds("presence.import"),
        "as_of": clock.now(),
    }
    return render(request, "tracing/days.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def bring(request: Request) -> HttpResponse:
    """Import one presence file."""
    request.actor.require("presence.import")
    form = PresenceForm(request.POST or None, request.FILES or None)
    result = None
    if request.method == "POST" and form.is_valid():
        try:
            result = _import(request, form)
        except BadInput as error:
            put_error(form, error)
        else:
            if result.already_imported:
                messages.info(request, _("This very file was imported before; nothing changed."))
                return redirect("tracing:days")
    status = 422 if request.method == "POST" and result is None else 200
    return render(request, "tracing/bring.html", {"form": form, "result": result}, status=status)


def _import(request: Request, form: PresenceForm) -> actions.ImportResult:
    upload = form.cleaned_data["file"]
    if upload.size > LARGEST:
        raise BadInput(
            _("Files over %(mb)s MB go through the command line: shouwang import presence."),
            field="file",
            mb=LARGEST // 1024 // 1024,
        )
    options = actions.ImportOptions(
        step=form.cleaned_data["step"],
        create_people=form.cleaned_data["create_people"],
        create_places=form.cleaned_data["create_places"],
        name=upload.name,
    )
    with tempfile.NamedTemporaryFile(prefix="presence-", suffix=Path(upload.name).suffix[:8]) as kept:
        for chunk in upload.chunks():
            kept.write(chunk)
        kept.flush()
        return actions.import_presence(
            Path(kept.name),
            source_format=form.cleaned_data["source_format"],
            options=options,
            by=request.actor,
            at=clock.now(),
        )
