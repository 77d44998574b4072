"""A roster imported at once, without an upload and a worker: what the command line and the demo call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from shouwang.core import clock, imports
from shouwang.core.errors import BadInput
from shouwang.core.files.problems import RowProblem, problem_sheet
from shouwang.core.imports import Progress
from shouwang.core.scope import Actor
from shouwang.org.models import Organisation
from shouwang.org.roster.actions import STUDENT, Defaults, RosterCheck, check_roster, commit_roster, quiet

KIND = "roster"


@dataclass(frozen=True, slots=True)
class RosterAnswer:
    """What an import found or did, for a terminal."""

    check: RosterCheck
    dry_run: bool
    source: str
    footer: str

    @property
    def problems(self) -> tuple[RowProblem, ...]:
        return self.check.problems

    def error_sheet(self) -> bytes:
        """The problems as .xlsx: row, column, value, what is wrong, how to mend it."""
        return problem_sheet(self.check.problems, self.check.header, source=self.source, footer=self.footer)

    def as_dict(self) -> dict[str, Any]:
        """Counts of read, accepted, new, updated, unchanged, refused {code: rows}; remarks {code: how often}."""
        return {
            **self.check.counts,
            "remarks": {remark.code: remark.count for remark in self.check.remarks},
            "organisations_created": len(self.check.organisations),
            "places_created": sum(place["rooms"] + place["new"] for place in self.check.places),
            "columns": self.check.columns,
            "dry_run": self.dry_run,
        }


def import_file(
    path: Path,
    *,
    mapping: str | None = None,
    root: str | None = None,
    root_name: str | None = None,
    since: date | None = None,
    kind: str = STUDENT,
    dry_run: bool = False,
    by: Actor,
    at: datetime,
    progress: Progress = quiet,
) -> RosterAnswer:
    """Check a roster and, unless `dry_run`, commit it.

    `mapping` is the name of a remembered column mapping; after a commit the mapping used is remembered under it.
    `root` is an organisation's code; without it the only root is meant, and `root_name` names one that is not yet
    there. `since`: the day from which memberships and moves are valid (today). Errors as `commit_roster`.
    """
    defaults = Defaults(root=_root(root), root_name=root_name or "", kind=kind, since=since, file_name=path.name)
    saved = imports.remembered(KIND, mapping) if mapping else None
    verb = check_roster if dry_run else commit_roster
    found = verb(path, mapping=saved, defaults=defaults, by=by, at=at, progress=progress)
    if mapping and not dry_run:
        imports.remember(KIND, mapping, found.columns, at=at)
    footer = f"{by.label} · {at.astimezone(clock.zone()):%Y-%m-%d %H:%M}"
    return RosterAnswer(found, dry_run, path.name, footer)


def _root(code: str | None) -> Organisation | None:
    if code is None:
        return None
    found = Organisation.objects.filter(code=code).first()
    if found is None:
        raise BadInput(_("There is no organisation with the code %(value)s."), field="root", value=code)
    return found
