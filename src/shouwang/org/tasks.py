"""Background work: performing import runs. The worker is `python -m django db_worker`."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django_tasks import task

from shouwang.core import clock, imports
from shouwang.core.models import ImportRun
from shouwang.core.scope import NOBODY, Actor, system_actor
from shouwang.org.models import Account
from shouwang.org.queries import actor_for


@task()
def perform_import(run_id: int) -> None:
    """Do the step a run waits for, as the account that asked for it stands now: a role revoked meanwhile is gone."""
    run = ImportRun.objects.filter(pk=run_id).first()
    if run is not None:
        imports.perform(run_id, by=_actor(run, clock.now()), now=clock.now)


def _actor(run: ImportRun, at: datetime) -> Actor:
    if run.account is None:
        return system_actor("operator")
    account = Account.objects.filter(pk=run.account, is_active=True).first()
    if account is None:
        return NOBODY
    return replace(actor_for(account, at=at), mouth=run.options.get("mouth", "web"))


def enqueue(run: ImportRun, *, at: datetime) -> None:
    """Hand a run to the worker."""
    imports.touch(run, at=at)
    perform_import.enqueue(run.pk)


def take_up_imports(*, at: datetime) -> int:
    """Hand runs whose worker was killed to the worker again; returns how many. Safe to call at any time."""
    runs = imports.silent(at)
    for run in runs:
        enqueue(run, at=at)
    return len(runs)
