"""Import runs: a file given to an importer is checked first, and written only when somebody says so.

States: waiting → checking → checked → committing → done, or failed with a typed error. Checking writes nothing but its
findings. Committing is one transaction that also marks the run done: it has happened entirely or not at all (but for
the importers that say `piecewise`), so a run that was killed is simply performed again. Which importers there are,
rooms say with `register`.
"""

from __future__ import annotations

import hashlib
import os
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shouwang.core import audit, clock, purging
from shouwang.core.errors import BadInput, Conflict, ShouwangError
from shouwang.core.files.errors import refuse
from shouwang.core.files.problems import RowProblem, problem_sheet
from shouwang.core.models import ColumnMemory, ImportRun
from shouwang.core.retention import keep_days
from shouwang.core.scope import Actor

Progress = Callable[[int, int | None], None]
State = ImportRun.State

PROBLEMS_SHOWN = 100  # kept on the row for the page; the error sheet holds all
BEAT_SECONDS = 1.0  # how often a working run writes its progress
SILENT_SECONDS = 60  # a busy run without a sign of life for so long was killed


@dataclass(frozen=True, slots=True)
class Outcome:
    """What checking or committing found: numbers, what else the reader must know, every problem, the file's header."""

    counts: Mapping[str, Any]
    report: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[RowProblem, ...] = ()
    header: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """One step of a run as its importer sees it."""

    run: ImportRun
    path: Path
    by: Actor
    at: datetime
    progress: Progress


class Importer(Protocol):
    """`commit` calls `done(outcome)` inside its own transaction, as its last act there."""

    def check(self, job: Job) -> Outcome: ...
    def commit(self, job: Job, done: Callable[[Outcome], None]) -> None: ...


_importers: dict[str, Importer] = {}
_piecewise: set[str] = set()


def register(kind: str, importer: Importer, *, piecewise: bool = False) -> None:
    """Say who imports files of `kind`. `piecewise`: it commits a few rows at a time, and what it has written it finds
    again when the run is performed once more."""
    _importers[kind] = importer
    (_piecewise.add if piecewise else _piecewise.discard)(kind)


def folder() -> Path:
    return Path(settings.FILES_ROOT) / "imports"


def stored(run: ImportRun) -> Path:
    return folder() / run.stored_as


def error_sheet(run: ImportRun) -> Path:
    """Where the downloadable error sheet of a run lies, if it has problems."""
    return folder() / f"{run.stored_as}.problems.xlsx"


def receive(
    kind: str, name: str, chunks: Iterable[bytes], *, options: Mapping[str, Any], by: Actor, at: datetime
) -> ImportRun:
    """Keep an uploaded file and make its run, waiting. FileError `file_too_large`, `file_empty`; BadInput otherwise."""
    if kind not in _importers:
        raise BadInput(gettext_lazy("There is no importer called %(kind)s."), field="kind", kind=kind)
    folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    target = folder() / uuid.uuid4().hex
    try:
        digest, size = _write(target, chunks, name)
        if not size:
            raise refuse("file_empty", name)
        with transaction.atomic():
            run = ImportRun.objects.create(
                kind=kind,
                file_name=name[-255:],
                stored_as=target.name,
                sha256=digest,
                options=dict(options),
                account=by.account_id,
                created_at=at,
                beat_at=at,
                purge_on=clock.local_day(at) + timedelta(days=keep_days("import")),
            )
            new = {"kind": kind, "file": run.file_name, "sha256": digest}
            audit.record("import.received", "import", run.pk, by=by, at=at, new=new)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return run


def _write(target: Path, chunks: Iterable[bytes], name: str) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        for chunk in chunks:
            size += len(chunk)
            if size > settings.IMPORT_MAX_BYTES:
                raise refuse("file_too_large", name, what=f"> {settings.IMPORT_MAX_BYTES // 2**20} MB")
            digest.update(chunk)
            stream.write(chunk)
        stream.flush()
        os.fsync(stream.fileno())
    return digest.hexdigest(), size


def ask_commit(run: ImportRun, *, by: Actor, at: datetime) -> ImportRun:
    """Somebody has read the findings and says yes. Conflict unless the run is checked and waits for exactly that."""
    return _turn(run, (State.CHECKED,), State.COMMITTING, "import.confirmed", by=by, at=at)


def ask_check(run: ImportRun, *, options: Mapping[str, Any], by: Actor, at: datetime) -> ImportRun:
    """Check the same file again with other options (another column mapping). Conflict while it is busy or done."""
    return _turn(run, (State.CHECKED, State.FAILED), State.WAITING, "import.rechecked", by=by, at=at, options=options)


def _turn(
    run: ImportRun,
    allowed: tuple[str, ...],
    state: str,
    verb: str,
    *,
    by: Actor,
    at: datetime,
    options: Mapping[str, Any] | None = None,
) -> ImportRun:
    with transaction.atomic():
        locked = ImportRun.objects.select_for_update().get(pk=run.pk)
        if locked.state not in allowed:
            raise Conflict(
                gettext_lazy("This import is now “%(state)s”. Open it again before deciding."),
                code="import_moved_on",
                state=str(locked.get_state_display()),
            )
        locked.state, locked.beat_at, locked.error, locked.rows_done = state, at, None, 0
        if options is not None:
            locked.options = {**locked.options, **options}
        locked.save(update_fields=["state", "beat_at", "error", "rows_done", "options"])
        audit.record(verb, "import", locked.pk, by=by, at=at)
    return locked


def perform(run_id: int, *, by: Actor, now: Callable[[], datetime]) -> ImportRun | None:
    """Do whatever step the run waits for; nothing when it is done, failed, unconfirmed or purged.

    A typed refusal ends as state failed with its sentence. Any other exception does so too and is raised again, for
    the log: it is a fault of the program.
    """
    run = ImportRun.objects.filter(pk=run_id).first()
    if run is None or not run.busy:
        return run
    committing = run.state == State.COMMITTING
    beat = _Beat(run.pk, now)
    job = Job(run, stored(run), by, now(), beat)
    with translation.override(run.options.get("language") or settings.LANGUAGE_CODE):
        try:
            beat.begin(State.COMMITTING if committing else State.CHECKING)
            if committing:
                _importers[run.kind].commit(job, lambda outcome: _done(job, outcome))
            else:
                _finish(job, _importers[run.kind].check(job), State.CHECKED)
        except ShouwangError as error:
            _fail(run.pk, error.as_dict(), now())
        except Exception:
            sentence = _("The program failed while it worked on this file. Nothing was imported. Tell the operator.")
            if committing and run.kind in _piecewise:
                sentence = _("The program failed while it wrote this file. What it had written stays; check it again.")
            _fail(run.pk, {"code": "fault", "field": None, "message": sentence, "data": {}}, now())
            raise
    return ImportRun.objects.get(pk=run.pk)


def run_now(run: ImportRun, *, dry_run: bool, by: Actor, at: datetime) -> ImportRun:
    """Check at once a file that was received and, unless `dry_run`, commit it: for whoever sits at this machine.
    BadInput for what the run refuses as a whole."""
    _perform_now(run, by=by, at=at)
    if not dry_run:
        ask_commit(run, by=by, at=at)
        _perform_now(run, by=by, at=at)
    run.refresh_from_db()
    return run


def _perform_now(run: ImportRun, *, by: Actor, at: datetime) -> None:
    done = perform(run.pk, by=by, now=lambda: at)
    if done is not None and done.error is not None:
        raise BadInput(done.error["message"], code=done.error["code"], field=done.error["field"])


class _Beat:
    """Progress as short writes of their own. Inside the importer's transaction it keeps silent: SQLite has one writer,
    and what a transaction writes nobody sees before it ends."""

    def __init__(self, run_id: int, now: Callable[[], datetime]) -> None:
        self.rows, self.now, self.last = ImportRun.objects.filter(pk=run_id), now, 0.0
        self.depth = len(transaction.get_connection().savepoint_ids) + transaction.get_connection().in_atomic_block

    def begin(self, state: str) -> None:
        self.rows.update(state=state, rows_done=0, beat_at=self.now())

    def __call__(self, done: int, total: int | None) -> None:
        connection = transaction.get_connection()
        inside = len(connection.savepoint_ids) + connection.in_atomic_block > self.depth
        if inside or time.monotonic() - self.last < BEAT_SECONDS:
            return
        self.last = time.monotonic()
        self.rows.update(rows_done=done, rows_total=total, beat_at=self.now())


def _done(job: Job, outcome: Outcome) -> None:
    """Inside the importer's transaction. Conflict when another worker has finished this run meanwhile."""
    locked = ImportRun.objects.select_for_update().get(pk=job.run.pk)
    if locked.state != State.COMMITTING:
        raise Conflict(gettext_lazy("This import was already finished."), code="import_moved_on")
    _finish(job, outcome, State.DONE)
    audit.record("import.done", "import", job.run.pk, by=job.by, at=job.at, new={"counts": dict(outcome.counts)})


def _finish(job: Job, outcome: Outcome, state: str) -> None:
    sheet = error_sheet(job.run)
    if outcome.problems:
        footer = f"{job.by.label} · {job.at.astimezone(clock.zone()):%Y-%m-%d %H:%M}"
        content = problem_sheet(outcome.problems, outcome.header, source=job.run.file_name, footer=footer)
        part = sheet.with_suffix(".part")
        part.write_bytes(content)
        part.replace(sheet)
    else:
        sheet.unlink(missing_ok=True)
    rows = outcome.counts.get("read", 0)
    ImportRun.objects.filter(pk=job.run.pk).update(
        state=state,
        counts=dict(outcome.counts),
        report={**outcome.report, "header": list(outcome.header)},
        problems=[problem.as_dict() for problem in outcome.problems[:PROBLEMS_SHOWN]],
        problem_count=len(outcome.problems),
        rows_done=rows,
        rows_total=rows,
        beat_at=job.at,
        finished_at=job.at if state == State.DONE else None,
        error=None,
    )


def _fail(run_id: int, error: dict[str, Any], at: datetime) -> None:
    busy = ImportRun.objects.filter(pk=run_id).exclude(state=State.DONE)
    busy.update(state=State.FAILED, error=error, finished_at=at)


def silent(at: datetime) -> list[ImportRun]:
    """Busy runs whose worker has given no sign of life: killed, or the machine went down."""
    limit = at - timedelta(seconds=SILENT_SECONDS)
    busy = ImportRun.objects.filter(state__in=(State.WAITING, State.CHECKING, State.COMMITTING))
    return list(busy.filter(Q(beat_at__isnull=True) | Q(beat_at__lt=limit)).order_by("pk"))


def require_silent(run: ImportRun, at: datetime) -> None:
    """Before a run is handed to the worker again. Conflict while it is alive or finished."""
    if not is_silent(run, at):
        raise Conflict(
            gettext_lazy("This import is being worked on, or is finished."), code="import_moved_on"
        )  # fmt: skip


def progress_of(run: ImportRun, at: datetime) -> dict[str, Any]:
    """What a page says of a run under way: `silent`, and `percent` of its rows, None where nobody can know."""
    percent = min(99, 100 * run.rows_done // run.rows_total) if run.rows_total else None
    return {"silent": is_silent(run, at), "percent": percent}


def is_silent(run: ImportRun, at: datetime) -> bool:
    return run.busy and (run.beat_at is None or run.beat_at < at - timedelta(seconds=SILENT_SECONDS))


def touch(run: ImportRun, *, at: datetime) -> None:
    """Somebody is about to work on it: it is not silent for the next minute."""
    ImportRun.objects.filter(pk=run.pk).update(beat_at=at)


def remembered(kind: str, name: str) -> dict[str, str]:
    """The column mapping saved under a name; empty when there is none yet."""
    found = ColumnMemory.objects.filter(kind=kind, name=name).values_list("columns", flat=True).first()
    return dict(found or {})


def remember(kind: str, name: str, columns: Mapping[str, str], *, at: datetime) -> None:
    """Keep a column mapping for next month's file."""
    if len(name) > 80:
        raise BadInput(gettext_lazy("A name of at most 80 characters is expected."), field="map_name")
    values = {"columns": dict(columns), "used_at": at}
    ColumnMemory.objects.update_or_create(kind=kind, name=name, defaults=values)


def mapping_names(kind: str) -> list[str]:
    return list(ColumnMemory.objects.filter(kind=kind).order_by("-used_at").values_list("name", flat=True))


def _due(day: date) -> Any:
    return ImportRun.objects.filter(purge_on__lte=day)


def _remove_files(day: date) -> None:
    for run in _due(day).iterator():
        stored(run).unlink(missing_ok=True)
        error_sheet(run).unlink(missing_ok=True)


purging.register(purging.Dataset("import", _due, _remove_files))
