"""Import runs as a person drives them: upload, confirm, check again with other columns, take up after a kill."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from shouwang.core import imports
from shouwang.core.errors import BadInput
from shouwang.core.models import ImportRun
from shouwang.core.scope import Actor
from shouwang.org import tasks
from shouwang.org.models import Organisation, Person
from shouwang.org.roster.columns import LABELS
from shouwang.org.roster.direct import KIND

MANAGE = "people.manage"


def upload_roster(
    name: str,
    chunks: Iterable[bytes],
    *,
    root: Organisation | None,
    kind: str,
    since: date,
    map_name: str = "",
    create_organisations: bool = True,
    create_places: bool = True,
    by: Actor,
    at: datetime,
) -> ImportRun:
    """Keep a roster file and hand its check to the worker. Needs people.manage over `root` (None: the only root)."""
    by.require(MANAGE, root.path if root else None)
    if kind not in Person.Kind.values:
        raise BadInput(_("Unknown kind %(value)s."), field="kind", value=kind)
    if len(map_name) > 80:
        raise BadInput(_("A name of at most 80 characters is expected."), field="map_name")
    options = {
        "root": root.pk if root else None,
        "kind": kind,
        "since": since.isoformat(),
        "map_name": map_name,
        "create_organisations": create_organisations,
        "create_places": create_places,
        "language": get_language(),
        "mouth": by.mouth,
    }
    run = imports.receive(KIND, name, chunks, options=options, by=by, at=at)
    tasks.enqueue(run, at=at)
    return run


def confirm_import(run: ImportRun, *, by: Actor, at: datetime) -> ImportRun:
    """The findings are read and the answer is yes. Conflict unless the run is checked."""
    asked = imports.ask_commit(run, by=by, at=at)
    tasks.enqueue(asked, at=at)
    return asked


def recheck_import(run: ImportRun, *, mapping: Mapping[str, str], by: Actor, at: datetime) -> ImportRun:
    """Check the same file again with columns chosen by hand: column key -> header. BadInput for one chosen twice."""
    if unknown := mapping.keys() - LABELS.keys():
        raise BadInput(_("There is no field called %(value)s."), field="columns", value=min(unknown))
    headers = list(mapping.values())
    twice = {header for header in headers if headers.count(header) > 1}
    if twice:
        raise BadInput(
            _("The column “%(column)s” was chosen twice. Choose each column once."), field="columns", column=min(twice)
        )
    options = {"mapping": dict(mapping), "language": get_language()}
    asked = imports.ask_check(run, options=options, by=by, at=at)
    tasks.enqueue(asked, at=at)
    return asked


def take_up_import(run: ImportRun, *, by: Actor, at: datetime) -> ImportRun:
    """Hand a run whose worker was killed to the worker again. Conflict while it is alive or finished."""
    by.require(MANAGE)
    imports.require_silent(run, at)
    tasks.enqueue(run, at=at)
    return run
