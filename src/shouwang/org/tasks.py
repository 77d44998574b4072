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
        by = acting(run.account, run.options.get("mouth", "web"), at=clock.now())
        imports.perform(run_id, by=by, now=clock.now)


def acting(account_id: int | None, mouth: str, *, at: datetime) -> Actor:
    """For work done in the background: the account that asked for it as it stands at `at`; the operator for None."""
    if account_id is None:
        return system_actor("operator")
    account = Account.objects.filter(pk=account_id, is_active=True).first()
    return NOBODY if account is None else replace(actor_for(account, at=at), mouth=mouth)


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
