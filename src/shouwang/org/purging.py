"""What org deletes without a purge date of its own: sessions and tokens that have ended, background tasks long done."""

from __future__ import annotations

from datetime import date, timedelta

from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django_tasks_db.models import DBTaskResult

from shouwang.core import clock
from shouwang.core.purging import Dataset, register
from shouwang.core.retention import keep_days
from shouwang.org.models import AddressTries, ApiToken, PersonMerge


def due_sessions(on: date) -> QuerySet[Session]:
    return Session.objects.filter(expire_date__lt=clock.day_start(on))


def due_tokens(on: date) -> QuerySet[ApiToken]:
    return ApiToken.objects.filter(expires_at__lt=clock.day_start(on))


def due_merges(on: date) -> QuerySet[PersonMerge]:
    """A merge that stands stays for as long as its people: without it the old number would lead nowhere."""
    return PersonMerge.objects.filter(purge_on__lte=on, state=PersonMerge.State.UNDONE)


def due_addresses(on: date) -> QuerySet[AddressTries]:
    return AddressTries.objects.filter(purge_on__lte=on)


def due_tasks(on: date) -> QuerySet[DBTaskResult[..., object]]:
    """Tasks are kept as long as the imports they worked on, then they explain nothing any more."""
    limit = clock.day_start(on - timedelta(days=keep_days("import")))
    found: QuerySet[DBTaskResult[..., object]] = DBTaskResult.objects.filter(finished_at__lt=limit)
    return found


def connect() -> None:
    """Called once when the program starts."""
    register(Dataset("session", due_sessions))
    register(Dataset("token", due_tokens))
    register(Dataset("sign_in_address", due_addresses))
    register(Dataset("merge", due_merges))
    register(Dataset("task", due_tasks))
