"""The hand-over sheet of a case."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from shouwang.core import clock
from shouwang.core.forms import cleaned
from shouwang.core.http import CSV, DOCX, XLSX, Request, signed_in
from shouwang.tracing.actions import sheet as actions
from shouwang.tracing.forms import SheetForm
from shouwang.tracing.queries import contacts as queries

TYPES = {"xlsx": XLSX, "docx": DOCX, "sormas": CSV, "godata": CSV}


@require_POST
@signed_in
def sheet(request: Request, pk: int) -> HttpResponse:
    """As Excel, Word, or another system's file of contacts. By POST: it is recorded, no link may fetch it by itself."""
    case = queries.case_to_trace(request.actor, pk)
    asked = cleaned(SheetForm(request.POST), _("Choose the kind of file."))
    form = asked["form"]
    content = actions.hand_over_sheet(case, form=form, full=asked["full"], by=request.actor, at=clock.now())
    disposition = content_disposition_header(as_attachment=True, filename=actions.file_name(case, form)) or "attachment"
    return HttpResponse(content, content_type=TYPES[form], headers={"Content-Disposition": disposition})
