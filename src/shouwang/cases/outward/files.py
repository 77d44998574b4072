"""The line list as an answer over HTTP, for page and API alike."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from datetime import datetime
from typing import BinaryIO, cast

from django.http import FileResponse, HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from shouwang.cases.outward import actions, queries, research
from shouwang.cases.outward.exchange import SYSTEMS
from shouwang.core import clock
from shouwang.core.http import CSV, XLSX
from shouwang.core.scope import Actor

TYPES = {
    "csv": CSV, "xlsx": XLSX, **dict.fromkeys(SYSTEMS, CSV), "dhis2": "application/json",
    "fhir": "application/fhir+json",
}  # fmt: skip


def file_response(by: Actor, wanted: queries.LineFilter, *, form: str, full: bool) -> HttpResponse:
    """The line list, written to disk first so that its number of rows stands in the head (`X-Row-Count`) and in the log
    before anything leaves."""
    at = clock.now()
    target = _file()
    count = actions.export_lines(target, wanted, form=form, full=full, by=by, at=at)
    return _over(target, str(_("Line list")), form, at, {"X-Row-Count": str(count)})


def research_response(by: Actor, wanted: queries.LineFilter, *, form: str, k: int, purpose: str) -> HttpResponse:
    """The file for research, recorded before anything leaves; rows and left-out rows in the head."""
    at = clock.now()
    target = _file()
    written = research.export_research(target, wanted, form=form, k=k, purpose=purpose, by=by, at=at)
    numbers = {"X-Row-Count": str(written.rows), "X-Suppressed-Count": str(written.cases - written.rows)}
    return _over(target, str(_("Cases for research")), form, at, numbers)


def _file() -> BinaryIO:
    return cast(BinaryIO, tempfile.TemporaryFile(suffix=".lines"))  # closed by the response


def _over(target: BinaryIO, title: str, form: str, at: datetime, numbers: Mapping[str, str]) -> HttpResponse:
    target.seek(0)
    ending = f"-{form}.csv" if form in SYSTEMS else f"-{form}.json" if form in actions.RECORDS else f".{form}"
    name = f"{title}-{clock.local_day(at)}{ending}"
    disposition = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    headers = {"Content-Disposition": disposition, **numbers}
    return cast(HttpResponse, FileResponse(target, content_type=TYPES[form], headers=headers))
