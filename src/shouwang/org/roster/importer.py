"""A roster as an import run: the options of the run become the defaults of the two verbs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from shouwang.core import imports
from shouwang.core.errors import NotFound
from shouwang.core.files.notes import Remark
from shouwang.core.imports import Job, Outcome
from shouwang.core.models import ImportRun
from shouwang.org.models import Organisation
from shouwang.org.roster.actions import ON_CAMPUS, STUDENT, Defaults, RosterCheck, check_roster, commit_roster
from shouwang.org.roster.direct import KIND


class RosterImporter:
    """`core.imports.Importer` for files of kind "roster"."""

    def check(self, job: Job) -> Outcome:
        found = check_roster(
            job.path,
            mapping=_mapping(job.run),
            defaults=defaults_of(job.run),
            by=job.by,
            at=job.at,
            progress=job.progress,
        )
        return _outcome(found, _seen_before(job.run))

    def commit(self, job: Job, done: Callable[[Outcome], None]) -> None:
        name = job.run.options.get("map_name", "")

        def finish(found: RosterCheck) -> None:
            if name:
                imports.remember(KIND, name, found.columns, at=job.at)
            done(_outcome(found, ()))

        commit_roster(
            job.path,
            mapping=_mapping(job.run),
            defaults=defaults_of(job.run),
            by=job.by,
            at=job.at,
            progress=job.progress,
            done=finish,
        )


def _mapping(run: ImportRun) -> dict[str, str]:
    """What was chosen by hand for this file goes before what is remembered under a name."""
    name = run.options.get("map_name", "")
    saved = imports.remembered(KIND, name) if name else {}
    return {**saved, **run.options.get("mapping", {})}


def defaults_of(run: ImportRun) -> Defaults:
    options: dict[str, Any] = run.options
    root = None
    if options.get("root") is not None:
        root = Organisation.objects.filter(pk=options["root"]).first()
        if root is None:
            raise NotFound
    return Defaults(
        root=root,
        root_name=options.get("root_name", ""),
        kind=options.get("kind", STUDENT),
        situation=options.get("situation", ON_CAMPUS),
        since=date.fromisoformat(options["since"]) if options.get("since") else None,
        create_organisations=options.get("create_organisations", True),
        create_places=options.get("create_places", True),
        file_name=run.file_name,
    )


def _seen_before(run: ImportRun) -> tuple[Remark, ...]:
    same = ImportRun.objects.filter(kind=KIND, sha256=run.sha256, state=ImportRun.State.DONE).exclude(pk=run.pk)
    times = same.count()
    if not times:
        return ()
    return (
        Remark("already_imported", _("This very file was imported before; doing it again changes nothing."), times),
    )


def _outcome(found: RosterCheck, more: tuple[Remark, ...]) -> Outcome:
    report = found.report()
    report["remarks"] = [
        *({"code": r.code, "message": r.message, "count": r.count, "rows": r.rows} for r in more),
        *report["remarks"],
    ]
    return Outcome(counts=found.counts, report=report, problems=found.problems, header=found.header)
