"""Bulk jobs: one's own, and what became of each person."""

from __future__ import annotations

from shouwang.checkins.models import BulkJob, BulkRow
from shouwang.core.errors import NotFound
from shouwang.core.paging import Page, keyset_page
from shouwang.core.scope import Actor

GOOD = ("", "ok", "unchanged")


def job_for(by: Actor, job_id: int) -> BulkJob:
    """A job that `by` has asked for; NotFound otherwise. Whoever works on the machine itself finds all."""
    jobs = BulkJob.objects.all() if by.everything else BulkJob.objects.filter(account=by.account_id or 0)
    job = jobs.filter(pk=job_id).first()
    if job is None:
        raise NotFound
    return job


def job_rows(job: BulkJob, *, refused: bool, cursor: str = "") -> Page[BulkRow]:
    """Its people and results in order; `refused`: only those on whom it was not done."""
    rows = BulkRow.objects.filter(job=job).select_related("person")
    return keyset_page(rows.exclude(code__in=GOOD) if refused else rows, ("pk",), cursor)
