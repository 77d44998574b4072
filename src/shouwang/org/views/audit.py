"""The audit log for those who supervise."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from shouwang.core.errors import NotFound
from shouwang.core.http import Request, partial, signed_in
from shouwang.core.models import AuditEntry
from shouwang.core.paging import Page
from shouwang.org import forms, queries
from shouwang.org.queries import AuditFilter
from shouwang.org.queries.audit import Line
from shouwang.org.views.people import put_form_error
from shouwang.org.words import KINDS


@require_GET
@signed_in
def audit_log(request: Request) -> HttpResponse:
    """Entries newest first, narrowed by person, kind, account; values of health entries only for health roles."""
    request.actor.require("audit.view")
    form = forms.AuditFilterForm(request.GET)
    chosen = AuditFilter()
    page: Page[AuditEntry] | None = None
    lines: list[Line] = []
    if form.is_valid():
        chosen = AuditFilter(**{key: value.strip() for key, value in form.cleaned_data.items()})
        try:
            page, lines = queries.audit_page(request.actor, chosen, cursor=request.GET.get("cursor", ""))
        except NotFound as error:
            put_form_error(form, error)
    kinds = [(kind, KINDS.get(kind, kind)) for kind in queries.audit_kinds()]
    context = {"form": form, "page": page, "lines": lines, "kinds": kinds, "chosen": chosen}
    template = "org/_fragments/audit.html" if partial(request) else "org/audit.html"
    return render(request, template, context, status=200 if page is not None else 422)
