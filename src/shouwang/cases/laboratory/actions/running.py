"""A laboratory's file as a person drives it: upload, read the findings, say yes; other columns; after a kill."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from shouwang.cases.laboratory import files
from shouwang.cases.laboratory.actions.common import RESULT
from shouwang.core import imports
from shouwang.core.errors import BadInput
from shouwang.core.models import ImportRun
from shouwang.core.scope import Actor
from shouwang.org import tasks
from shouwang.org.models import Organisation
from shouwang.org.queries import own_institution

BLOCK = 2**20  # bytes read at once


def import_results(
    path: Path, *, root: Organisation | None = None, dry_run: bool = False, by: Actor, at: datetime
) -> ImportRun:
    """Check a file that lies on this machine and, unless `dry_run`, write it at once. BadInput for a file that cannot
    hold results as a whole."""
    with path.open("rb") as stream:
        run = _receive(path.name, iter(lambda: stream.read(BLOCK), b""), root=root, by=by, at=at)
    return imports.run_now(run, dry_run=dry_run, by=by, at=at)


def upload_results(
    name: str, chunks: Iterable[bytes], *, root: Organisation | None = None, by: Actor, at: datetime
) -> ImportRun:
    """Keep a laboratory's file and hand its check to the worker. Needs test.result over `root`; None: the one
    institution of whoever brings it in."""
    run = _receive(name, chunks, root=root, by=by, at=at)
    tasks.enqueue(run, at=at)
    return run


def _receive(name: str, chunks: Iterable[bytes], *, root: Organisation | None, by: Actor, at: datetime) -> ImportRun:
    by.require(RESULT, root.path if root else None)
    found = root or own_institution(by, RESULT)
    options = {"root": found.pk, "language": get_language(), "mouth": by.mouth}
    return imports.receive(files.KIND, name, chunks, options=options, by=by, at=at)


def confirm_results(run: ImportRun, *, by: Actor, at: datetime) -> ImportRun:
    """The findings are read and the answer is yes. Conflict unless the run is checked."""
    asked = imports.ask_commit(run, by=by, at=at)
    tasks.enqueue(asked, at=at)
    return asked


def recheck_results(run: ImportRun, *, mapping: Mapping[str, str], by: Actor, at: datetime) -> ImportRun:
    """Check the same file again with columns chosen by hand: column key -> header. BadInput for one chosen twice."""
    if unknown := mapping.keys() - files.LABELS.keys():
        raise BadInput(_("There is no field called %(value)s."), field="columns", value=min(unknown)[:40])
    headers = list(mapping.values())
    if twice := {header for header in headers if headers.count(header) > 1}:
        raise BadInput(
            _("The column “%(column)s” was chosen twice. Choose each column once."), field="columns", column=min(twice)
        )
    options = {"mapping": dict(mapping), "language": get_language()}
    asked = imports.ask_check(run, options=options, by=by, at=at)
    tasks.enqueue(asked, at=at)
    return asked


def take_up_results(run: ImportRun, *, by: Actor, at: datetime) -> ImportRun:
    """Hand a run whose worker was killed to the worker again. Conflict while it is alive or finished."""
    by.require(RESULT)
    imports.require_silent(run, at)
    tasks.enqueue(run, at=at)
    return run
