"""Import runs within reach: one's own, and all of them for who manages everybody."""

from __future__ import annotations

from django.db.models import QuerySet

from shouwang.core.errors import NotFound
from shouwang.core.models import ImportRun
from shouwang.core.paging import Page, keyset_page
from shouwang.core.scope import Actor
from shouwang.core.tree import in_ranges
from shouwang.org.models import Account, Organisation
from shouwang.org.queries.people import covers_all

RIGHT = "people.manage"
KIND = "roster"


def visible_runs(by: Actor) -> QuerySet[ImportRun]:
    """Rosters alone: files of other rooms hold what who manages people may not see."""
    by.require(RIGHT)
    runs = ImportRun.objects.filter(kind=KIND)
    return runs if covers_all(by, RIGHT) else runs.filter(account=by.account_id, account__isnull=False)


def runs_page(by: Actor, *, cursor: str = "") -> Page[ImportRun]:
    return keyset_page(visible_runs(by), ("-id",), cursor, size=30)


def run_for(by: Actor, run_id: int) -> ImportRun:
    run = visible_runs(by).filter(pk=run_id).first()
    if run is None:
        raise NotFound
    return run


def runs_of(by: Actor, kind: str, right: str) -> QuerySet[ImportRun]:
    """Files of another room: those brought in for a unit over which one holds `right`. Forbidden without it."""
    by.require(right)
    runs = ImportRun.objects.filter(kind=kind)
    if by.everything:
        return runs
    units = Organisation.objects.filter(in_ranges("path", by.ranges(right))).values_list("pk", flat=True)
    return runs.filter(options__root__in=list(units))


def page_of_runs(by: Actor, kind: str, right: str, cursor: str = "") -> Page[ImportRun]:
    return keyset_page(runs_of(by, kind, right), ("-id",), cursor or None, size=30)


def run_of(by: Actor, kind: str, right: str, run_id: int) -> ImportRun:
    """One of `runs_of`. NotFound otherwise."""
    run = runs_of(by, kind, right).filter(pk=run_id).first()
    if run is None:
        raise NotFound
    return run


def names_of(accounts: set[int]) -> dict[int, str]:
    """Account -> user name, for lists of runs."""
    return dict(Account.objects.filter(pk__in=accounts).values_list("pk", "username"))
