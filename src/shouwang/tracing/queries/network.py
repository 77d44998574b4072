"""A case and its contacts as graph data, grouped by class or by the place where they were together longest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from shouwang.cases.models import Case
from shouwang.core.scope import Actor
from shouwang.tracing.models import Contact
from shouwang.tracing.queries import judging
from shouwang.tracing.queries.contacts import ContactFilter, contacts_of
from shouwang.tracing.queries.story import spoken
from shouwang.tracing.rules.clusters import clusters

NETWORK_LIMIT = 600  # nodes: beyond it a drawing shows nothing; the list has everybody
BY_UNIT, BY_PLACE = "unit", "place"
CLOSE = "close"
NAMED_GROUPS, LARGE_GROUP = 12, 3  # up to 12 groups are drawn as they are; beyond, those of fewer than 3 are one


def network(by: Actor, case: Case, *, group: str = BY_UNIT, close_only: bool = True) -> Mapping[str, Any]:
    """A node a person, a cluster a group; links lead from the case to close and confirmed contacts and to each group.

    `group` is "unit" (class or office) or "place" (where the two were together longest). At most NETWORK_LIMIT
    contacts, closest and longest first; `left_out` says how many more there are, `contacts` whom it shows. Needs an
    open case in reach.
    """
    wanted = contacts_of(by, case, ContactFilter(grade=CLOSE) if close_only else None)
    rows = list(wanted[: NETWORK_LIMIT + 1])
    total = len(rows) if len(rows) <= NETWORK_LIMIT else wanted.count()
    rows = rows[:NETWORK_LIMIT]
    groups = _groups(rows, group)
    nodes: list[dict[str, Any]] = [
        {"id": "case", "label": case.person.name, "category": "case", "value": 24, "named": True, "x": 0, "y": 0}
    ]
    links: list[dict[str, Any]] = []
    for number, ((name, members), disc) in enumerate(
        zip(groups, clusters([len(m) for _name, m in groups]), strict=True)
    ):
        label = {"id": f"g{number}", "label": f"{name} · {len(members)}", "category": "group", "named": True}
        nodes.append(label | {"x": round(disc.x, 2), "y": round(disc.y + disc.radius + 6, 2), "value": 0})
        links.append({"source": "case", "target": f"g{number}", "value": len(members), "dashed": True})
        for row, (x, y) in zip(members, disc.spots, strict=True):
            nodes.append(_node(row, x, y))
            if row.grade == CLOSE or row.state == Contact.State.CONFIRMED:
                dashed = row.state != Contact.State.CONFIRMED
                links.append({"source": "case", "target": f"c{row.pk}", "value": row.seconds // 60, "dashed": dashed})
    return {"nodes": nodes, "links": links, "contacts": rows, "shown": len(rows), "left_out": total - len(rows)}


def _node(row: Contact, x: float, y: float) -> dict[str, Any]:
    unit = row.person.home.title if row.person.home else _("no unit")
    together = _("%(minutes)s min together") % {"minutes": f"{row.seconds // 60:,}"}
    return {
        "id": f"c{row.pk}",
        "contact": row.pk,
        "label": row.person.name,
        "category": "dismissed" if row.state == Contact.State.DISMISSED else row.grade,
        "value": round(row.seconds / 3600, 1),
        "note": f"{unit} · {together} · {row.get_state_display()}",
        "x": x,
        "y": y,
    }


def _groups(rows: Sequence[Contact], group: str) -> list[tuple[str, list[Contact]]]:
    """Name and members of each group: those with close contacts first, then the largest."""
    found: dict[str, list[Contact]] = defaultdict(list)
    if group == BY_PLACE:
        main = {row.pk: _longest_place(row) for row in rows}
        names = judging.place_facts({place for place in main.values() if place is not None})
        for row in rows:
            place = main[row.pk]
            found[_("place not known") if place is None else spoken(names.get(place))].append(row)
    else:
        for row in rows:
            found[row.person.home.title if row.person.home else _("no unit")].append(row)
    ordered = sorted(found.items(), key=lambda item: (-sum(r.grade == CLOSE for r in item[1]), -len(item[1]), item[0]))
    if len(ordered) <= NAMED_GROUPS:
        return ordered
    # a hundred groups of one are no grouping: the small ones stand together
    large = [item for item in ordered if len(item[1]) >= LARGE_GROUP]
    small = [row for item in ordered if len(item[1]) < LARGE_GROUP for row in item[1]]
    return [*large, (_("others"), small)] if small else large


def _longest_place(row: Contact) -> int | None:
    """Where the two were together longest; −1 stands for sensors, which know no place."""
    seconds: dict[int, int] = defaultdict(int)
    for place, start, end, _of_case, _of_contact in row.evidence:
        seconds[place] += end - start
    return max(seconds, key=lambda place: seconds[place]) if seconds else None
