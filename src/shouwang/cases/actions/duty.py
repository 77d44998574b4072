"""Whose work a clock is: the unit in the responsibility grid, and who answers for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import NamedTuple

from shouwang.cases import rules
from shouwang.core.tree import ancestors
from shouwang.org.models import Grant, Organisation, Responsibility
from shouwang.org.queries import current

# Roles whose unit is the person's own, the nearest that somebody answers for; of others it is the unit of those who
# hold the role over the person.
OF_THE_PERSON = frozenset({"counsellor"})


class Duty(NamedTuple):
    """A unit, by key and path, and the person who answers for it; None where nobody is named."""

    unit: int | None
    path: str
    owner: int | None


NOBODY = Duty(None, "", None)
Asked = tuple[str, str]  # role, home path of the person the case is about


def duties_of(asked: Collection[Asked], *, on: date) -> Mapping[Asked, Duty]:
    """(role, home path) -> whose work it is. At most three queries, however many are asked for."""
    nodes = {node for _role, home in asked for node in ancestors(home)}
    paths = dict.fromkeys(asked, "")
    granted = _units_of_roles({role for role, _home in asked} - OF_THE_PERSON, nodes, on)
    for role, home in asked:
        if role not in OF_THE_PERSON:
            paths[role, home] = next(
                (granted[role, node] for node in reversed(ancestors(home)) if (role, node) in granted), ""
            )
    grid = grid_of(nodes | {path for path in paths.values() if path}, on=on)
    for role, home in asked:
        if role in OF_THE_PERSON:
            paths[role, home] = next((node for node in reversed(ancestors(home)) if node in grid.first), "")
    wanted = {path for path in paths.values() if path}
    keys = dict(Organisation.objects.filter(path__in=wanted).values_list("path", "pk")) if wanted else {}
    return {
        key: Duty(keys[path], path, grid.first.get(path)) if path in keys else NOBODY for key, path in paths.items()
    }


def _units_of_roles(roles: Collection[str], nodes: Collection[str], on: date) -> dict[tuple[str, str], str]:
    """(role, node it is granted at) -> path of the home unit of those who hold it there; of several the one with most
    holders, then the first in the tree."""
    if not roles:
        return {}
    rows = Grant.objects.filter(
        current(on), role__in=roles, organisation__path__in=nodes, account__is_active=True,
        account__person__left_on__isnull=True, account__person__home__isnull=False,
    )  # fmt: skip
    counts: dict[tuple[str, str], dict[str, int]] = {}
    for role, node, home in rows.order_by().values_list("role", "organisation__path", "account__person__home_path"):
        held = counts.setdefault((role, node), {})
        held[home] = held.get(home, 0) + 1
    return {key: min(held, key=lambda path: (-held[path], path)) for key, held in counts.items()}


def grid_of(paths: Collection[str], *, on: date) -> rules.Grid:
    """First and deputy of the units at these paths. One query."""
    first: dict[str, int] = {}
    deputy: dict[str, int] = {}
    rows = Responsibility.objects.filter(current(on), organisation__path__in=set(paths), person__left_on__isnull=True)
    for path, rank, person in rows.order_by("pk").values_list("organisation__path", "rank", "person"):
        if path is not None:
            (first if rank == Responsibility.Rank.FIRST else deputy)[path] = person
    return rules.Grid(first, deputy)
