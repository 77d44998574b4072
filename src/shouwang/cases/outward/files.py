"""The line list as an answer over HTTP, for page and API alike."""

from __future__ import annotations

import tempfile
from typing import cast

from django.http import FileResponse, HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from shouwang.cases.outward import actions, queries
from shouwang.core import clock
from shouwang.core.http import XLSX
from shouwang.core.scope import Actor

TYPES = {"csv": "text/csv; charset=utf-8", "xlsx": XLSX}


def file_response(by: Actor, wanted: queries.LineFilter, *, form: str, full: bool) -> HttpResponse:
    """The file, written to disk first so that its number of rows stands in the head (`X-Row-Count`) and in the log
    before anything leaves."""
    at = clock.now()
    target = tempfile.TemporaryFile(suffix=".lines")  # noqa: SIM115 (closed by the response)
    count = actions.export_lines(target, wanted, form=form, full=full, by=by, at=at)
    target.seek(0)
    name = f"{_('Line list')}-{clock.local_day(at)}.{form}"
    disposition = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    headers = {"Content-Disposition": disposition, "X-Row-Count": str(count)}
    return cast(HttpResponse, FileResponse(target, content_type=TYPES[form], headers=headers))
