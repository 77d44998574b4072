"""Audit. Every action records itself here in its own transaction; so does every read of sensitive data."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from shouwang.core import clock
from shouwang.core.bulk import insert_many
from shouwang.core.models import AuditEntry
from shouwang.core.retention import keep_days
from shouwang.core.scope import Actor

Change = tuple[object, int | None, dict[str, Any] | None, dict[str, Any] | None]  # object id, subject, old, new
FEW = 500  # rows; more than that, as a drawing of thousands of cases, are written without a model instance for each


def record(
    verb: str,
    kind: str,
    object_id: object = "",
    *,
    by: Actor,
    at: datetime,
    subject: int | None = None,
    old: dict[str, Any] | None = None,
    new: dict[str, Any] | None = None,
) -> None:
    """Write one entry about a change. RuntimeError outside a transaction: an act and its trace stand or fall together.

    `verb` is a dotted word (``case.opened``), `kind`/`object_id` name the row, `subject` the person it concerns.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError(f"audit {verb!r} outside a transaction")
    _entry(verb, kind, object_id, by=by, at=at, subject=subject, old=old, new=new).save(force_insert=True)


def record_many(
    verb: str, kind: str, rows: Iterable[tuple[object, int | None, dict[str, Any] | None]], *, by: Actor, at: datetime
) -> None:
    """`record` for a set-based action: (object id, subject, new values) for each row."""
    record_changes(verb, kind, ((oid, subject, None, new) for oid, subject, new in rows), by=by, at=at)


def record_changes(verb: str, kind: str, rows: Iterable[Change], *, by: Actor, at: datetime) -> None:
    """As `record_many`, of rows that were something before."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError(f"audit {verb!r} outside a transaction")
    same = _entry(verb, kind, "", by=by, at=at)
    columns = (
        "at",
        "account",
        "label",
        "mouth",
        "address",
        "verb",
        "kind",
        "purge_on",
        "object",
        "subject",
        "old",
        "new",
    )
    head = tuple(getattr(same, column) for column in columns[:8])
    insert_many(AuditEntry, columns, ((*head, str(oid), *rest) for oid, *rest in rows))


def saw(verb: str, kind: str, subjects: Iterable[int], *, by: Actor, at: datetime, object_id: object = "") -> None:
    """Record that `by` was shown sensitive data about each of `subjects`. Looking at oneself is not recorded."""
    shown = [subject for subject in dict.fromkeys(subjects) if subject != by.person_id]
    if len(shown) <= FEW:
        AuditEntry.objects.bulk_create(
            _entry(verb, kind, object_id, by=by, at=at, subject=subject, is_read=True) for subject in shown
        )
        return
    same = _entry(verb, kind, object_id, by=by, at=at, is_read=True)
    columns = ("at", "account", "label", "mouth", "address", "verb", "kind", "purge_on", "object", "is_read", "subject")
    head = tuple(getattr(same, column) for column in columns[:-1])
    # Without a savepoint, for which SQLite keeps every page it changes in memory as it was: of a city 200 MB.
    with transaction.atomic(savepoint=False):
        insert_many(AuditEntry, columns, ((*head, subject) for subject in shown))


def _entry(verb: str, kind: str, object_id: object, *, by: Actor, at: datetime, **values: Any) -> AuditEntry:
    return AuditEntry(
        at=at,
        account=by.account_id,
        label=by.label[:120],
        mouth=by.mouth,
        address=by.address,
        verb=verb,
        kind=kind,
        object=str(object_id),
        purge_on=clock.local_day(at) + timedelta(days=keep_days("audit")),
        **values,
    )
