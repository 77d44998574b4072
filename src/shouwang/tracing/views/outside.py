"""Contacts from the file of another system."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from shouwang.core import clock
from shouwang.core.errors import BadInput
from shouwang.core.forms import put_error
from shouwang.core.http import Request, partial, signed_in
from shouwang.tracing.actions import outside as actions
from shouwang.tracing.forms import OutsideForm
from shouwang.tracing.queries import contacts as queries
from shouwang.tracing.views.uploads import kept


@require_http_methods(["GET", "POST"])
@signed_in
def bring(request: Request, pk: int) -> HttpResponse:
    """What a file holds (`check`), or noting its contacts with the case."""
    by = request.actor
    case = queries.case_to_trace(by, pk)
    form = OutsideForm(request.POST, request.FILES) if request.method == "POST" else OutsideForm()
    found: actions.Brought | None = None
    if form.is_bound and form.is_valid():
        upload, order = form.cleaned_data["file"], form.cleaned_data["order"]
        try:
            with kept(upload) as path:
                found = actions.bring_contacts(
                    case, path, name=upload.name or "", order=order, dry_run="check" in request.POST, by=by,
                    at=clock.now(),
                )  # fmt: skip
        except BadInput as error:
            put_error(form, error)
    if found is not None and found.written and not partial(request):
        messages.success(request, _("%(new)s contacts noted.") % {"new": found.new})
        return redirect("tracing:case", case.pk)
    template = "tracing/_fragments/brought.html" if partial(request) else "tracing/bring_contacts.html"
    # A refused form answers a partial request with 200: htmx shows nothing of other answers.
    status = 422 if form.is_bound and form.errors and not partial(request) else 200
    return render(request, template, {"case": case, "form": form, "found": found}, status=status)
