"""Background work of check-ins: bulk jobs."""

from __future__ import annotations

from datetime import datetime

from django_tasks import task

from shouwang.checkins import actions
from shouwang.checkins.models import BulkJob
from shouwang.core import clock
from shouwang.org.tasks import acting


@task()
def perform_bulk(job_id: int) -> None:
    """Do what is left of a job, as the account that asked for it stands now."""
    job = BulkJob.objects.filter(pk=job_id).first()
    if job is not None:
        actions.perform_bulk(job_id, by=acting(job.account, job.mouth, at=clock.now()), now=clock.now)


def enqueue(job: BulkJob, *, at: datetime) -> None:
    """Hand a job to the worker."""
    actions.beat([job], at=at)
    perform_bulk.enqueue(job.pk)


def take_up_bulk(*, at: datetime) -> int:
    """Hand jobs whose worker was killed to the worker again; returns how many. Safe to call at any time."""
    jobs = actions.silent_jobs(at)
    for job in jobs:
        enqueue(job, at=at)
    return len(jobs)
