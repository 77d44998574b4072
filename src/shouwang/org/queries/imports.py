"""Import runs within reach: one's own, and all of them for who manages everybody."""

from __future__ import annotations

from django.db.models import QuerySet

from shouwang.core.errors import NotFound
from shouwang.core.models import ImportRun
from shouwang.core.paging import Page, keyset_page
from shouwang.core.scope import Actor
from shouwang.org.models import Account
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


def names_of(accounts: set[int]) -> dict[int, str]:
    """Account -> user name, for lists of runs."""
    return dict(Account.objects.filter(pk__in=accounts).values_list("pk", "username"))
