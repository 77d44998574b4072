"""Bringing a file in, and deciding on the rows that wait. Needs case.manage."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path

from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from shouwang.cases.actions import open_case
from shouwang.cases.actions.checks import reason_text, require
from shouwang.cases.inward import files
from shouwang.cases.inward.models import OutsideCase
from shouwang.cases.inward.reading import ORDERS
from shouwang.cases.models import Case
from shouwang.cases.queries import active_pack
from shouwang.core import audit, clock, imports
from shouwang.core.errors import BadInput, Conflict, Forbidden
from shouwang.core.models import ImportRun
from shouwang.core.packs import active_packs
from shouwang.core.scope import Actor
from shouwang.org import tasks
from shouwang.org.models import Organisation, Person
from shouwang.org.queries import own_institution

MANAGE = files.MANAGE
BLOCK = 2**20  # bytes read at once


def import_cases(
    path: Path, *, pack: str, order: str = "", root: Organisation | None = None, dry_run: bool = False, by: Actor,
    at: datetime,
) -> ImportRun:  # fmt: skip
    """Check a file that lies on this machine and, unless `dry_run`, write it at once. BadInput for no case file."""
    with path.open("rb") as stream:
        chunks = iter(lambda: stream.read(BLOCK), b"")
        run = _receive(path.name, chunks, pack=pack, order=order, root=root, by=by, at=at)
    return imports.run_now(run, dry_run=dry_run, by=by, at=at)


def upload_cases(
    name: str, chunks: Iterable[bytes], *, pack: str, order: str = "", root: Organisation | None = None, by: Actor,
    at: datetime,
) -> ImportRun:  # fmt: skip
    """Keep a case file and hand its check to the worker.

    `pack` judges the cases that are opened; `order` how its days are written ("" finds out, "day" or "month" first).
    Needs case.manage over `root`; None: the one institution of whoever brings it in.
    """
    run = _receive(name, chunks, pack=pack, order=order, root=root, by=by, at=at)
    tasks.enqueue(run, at=at)
    return run


def _receive(
    name: str, chunks: Iterable[bytes], *, pack: str, order: str, root: Organisation | None, by: Actor, at: datetime
) -> ImportRun:
    by.require(MANAGE, root.path if root else None)
    active_pack(active_packs(clock.local_day(at)), pack)
    if order not in ORDERS:
        raise BadInput(_("Days are written day first or month first."), field="order", code="order_unknown")
    found = root or own_institution(by, MANAGE)
    options = {"root": found.pk, "pack": pack, "order": order, "language": get_language(), "mouth": by.mouth}
    return imports.receive(files.KIND, name, chunks, options=options, by=by, at=at)


def confirm_cases(run: ImportRun, *, by: Actor, at: datetime) -> ImportRun:
    """The findings are read and the answer is yes. Conflict unless the run is checked."""
    asked = imports.ask_commit(run, by=by, at=at)
    tasks.enqueue(asked, at=at)
    return asked


def recheck_cases(run: ImportRun, *, order: str, by: Actor, at: datetime) -> ImportRun:
    """Check the same file again with its days read another way."""
    if order not in ORDERS:
        raise BadInput(_("Days are written day first or month first."), field="order", code="order_unknown")
    asked = imports.ask_check(run, options={"order": order, "language": get_language()}, by=by, at=at)
    tasks.enqueue(asked, at=at)
    return asked


def take_up_cases(run: ImportRun, *, by: Actor, at: datetime) -> ImportRun:
    """Hand a run whose worker was killed to the worker again. Conflict while it is alive or finished."""
    by.require(MANAGE)
    imports.require_silent(run, at)
    tasks.enqueue(run, at=at)
    return run


# --- rows that wait ------------------------------------------------------------------------------------------------


@transaction.atomic
def take_over(
    row: OutsideCase, person: Person, *, classification: str = "", reason: str, by: Actor, at: datetime
) -> Case:
    """The row is about this person: it is linked to their open case of the disease, else one is opened with what the
    file says. `classification` where the file does not say. BadInput, Conflict."""
    text = _claim(row, reason, by)
    require(by, person, MANAGE)
    pack = active_pack(active_packs(clock.local_day(at)), row.pack)
    case = Case.objects.filter(person=person, disease=pack.head.disease, closed_at__isnull=True).first()
    if case is None:
        onset, reported = _day(row, "onset"), _day(row, "reported")
        case = open_case(
            person=person, pack=pack, classification=classification or row.content.get("classification") or "",
            onset_at=clock.day_start(onset) if onset else None, onset_day_only=onset is not None, reason=text,
            detected_at=clock.day_start(reported) if reported else at, by=by, at=at,
        )  # fmt: skip
    row.case, row.person = case, person
    _settle(row, OutsideCase.Settled.TAKEN, text, by=by, at=at)
    return case


@transaction.atomic
def keep_ours(row: OutsideCase, *, reason: str, by: Actor, at: datetime) -> OutsideCase:
    """The other system says something else than the case here, which stays as it is. Conflict for an unlinked row."""
    text = _claim(row, reason, by)
    if row.case_id is None:
        raise Conflict(_("This row is linked to no case."), code="outside_unlinked")
    return _settle(row, OutsideCase.Settled.TAKEN, text, by=by, at=at)


@transaction.atomic
def set_aside(row: OutsideCase, *, reason: str, by: Actor, at: datetime) -> OutsideCase:
    """Nobody of ours, or nothing to do: the reason stays with it."""
    text = _claim(row, reason, by)
    return _settle(row, OutsideCase.Settled.DISMISSED, text, by=by, at=at)


def _claim(row: OutsideCase, reason: str, by: Actor) -> str:
    row.refresh_from_db(from_queryset=OutsideCase.objects.select_for_update(of=("self",)))
    if not by.holds(MANAGE, row.path):
        raise Forbidden(data_right=MANAGE)
    if row.settled:
        raise Conflict(_("Somebody has decided on this row meanwhile."), code="outside_settled")
    return reason_text(reason)


def _day(row: OutsideCase, key: str) -> date | None:
    text = row.content.get(key)
    return date.fromisoformat(text) if text else None


def _settle(row: OutsideCase, how: str, reason: str, *, by: Actor, at: datetime) -> OutsideCase:
    row.settled, row.settled_at, row.settled_by_id, row.settled_reason = how, at, by.account_id, reason
    row.save(update_fields=["settled", "settled_at", "settled_by", "settled_reason", "person", "case"])
    new = {"how": how, "system": row.system, "why": row.why}
    audit.record("outside_case.settled", "outside_case", row.pk, by=by, at=at, subject=row.person_id, new=new)
    return row
