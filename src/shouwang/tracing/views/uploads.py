"""A table that a page brings: kept beside the request while it is read, and what became of its rows."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from shouwang.core.errors import BadInput
from shouwang.core.http import Request
from shouwang.tracing.actions import TimetableResult
from shouwang.tracing.views.data import LARGEST

SHOWN = 20


@contextmanager
def kept(upload: UploadedFile[Any]) -> Iterator[Path]:
    """The upload as a file, gone when the block ends. BadInput when it is too large for a page."""
    if (upload.size or 0) > LARGEST:
        raise BadInput(_("The file is larger than %(mb)s MB."), field="file", mb=LARGEST // 1024 // 1024)
    with tempfile.NamedTemporaryFile(prefix="table-", suffix=Path(upload.name or "").suffix[:8]) as file:
        for chunk in upload.chunks():
            file.write(chunk)
        file.flush()
        yield Path(file.name)


def tell(request: Request, result: TimetableResult) -> None:
    """How many rows were taken, and the first that were not."""
    says = _("%(read)s rows read, %(new)s new or changed, %(same)s there already.")
    messages.success(request, says % {"read": result.read, "new": result.accepted, "same": result.updated})
    for problem in result.problems[:SHOWN]:
        row = {"row": problem.row, "what": problem.message, "remedy": problem.remedy}
        messages.warning(request, _("Row %(row)s: %(what)s %(remedy)s") % row)
