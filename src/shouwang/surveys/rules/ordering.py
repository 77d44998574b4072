"""In which order a form is computed: nothing before what it depends on. Circles are found here, at import."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from shouwang.surveys.rules.problems import Problem

if TYPE_CHECKING:
    from shouwang.surveys.rules.building import Draft

DECIDES = ("relevant", "calculation", "repeat_count", "default")
CHAIN_SHOWN = 8


def order_of(drafts: Sequence[Draft], problems: list[Problem]) -> tuple[str, ...]:
    """Keys in an order of computation, as near to the form's own as can be. O(n log n) in rows and references.

    A circle adds a problem at its first row, in the column that closes it, and naming who waits for whom.
    """
    index = {draft.key: k for k, draft in enumerate(drafts)}
    needs = [_needs(draft, index) for draft in drafts]
    waiting = [len(found) for found in needs]
    frees: list[list[int]] = [[] for _draft in drafts]
    for k, found in enumerate(needs):
        for other in found:
            frees[other].append(k)
    ready = [k for k, count in enumerate(waiting) if not count]
    heapq.heapify(ready)
    done: list[int] = []
    while ready:
        k = heapq.heappop(ready)
        done.append(k)
        for other in frees[k]:
            waiting[other] -= 1
            if not waiting[other]:
                heapq.heappush(ready, other)
    if len(done) < len(drafts):
        _circles(drafts, needs, set(range(len(drafts))) - set(done), problems)
    return tuple(drafts[k].key for k in done)


def _needs(draft: Draft, index: dict[str, int]) -> set[int]:
    keys = {key for column in DECIDES if column in draft.formulas for key in draft.formulas[column].refs}
    if "default" in draft.formulas and draft.key in draft.formulas["default"].refs:
        keys.discard(draft.key)
    if draft.parent is not None:
        keys.add(draft.parent.key)
    return {index[key] for key in keys}


def _circles(drafts: Sequence[Draft], needs: Sequence[set[int]], left: set[int], problems: list[Problem]) -> None:
    """From each row that is left follow what it waits for; the first row met twice closes a circle."""
    seen: set[int] = set()
    for start in sorted(left):
        walked: dict[int, int] = {}
        k = start
        while k not in walked and k not in seen:
            walked[k] = len(walked)
            k = min(other for other in needs[k] if other in left)
        if k in walked:
            ring = [node for node, at in walked.items() if at >= walked[k]]
            _report(drafts, needs, ring, problems)
        seen |= set(walked)


def _report(drafts: Sequence[Draft], needs: Sequence[set[int]], ring: Sequence[int], problems: list[Problem]) -> None:
    turn = ring.index(min(ring))
    ring = [*ring[turn:], *ring[:turn]]
    first, following = drafts[ring[0]], drafts[ring[1 % len(ring)]].key
    formulas = first.formulas
    column = next((c for c in DECIDES if c in formulas and following in formulas[c].refs), "relevant")
    names = [drafts[k].key for k in ring[:CHAIN_SHOWN]]
    names.append("…" if len(ring) > CHAIN_SHOWN else names[0])
    problems.append(
        Problem(
            first.row.at(column),
            "formula_circle",
            _("These wait for each other and can never be computed: %(chain)s."),
            {"chain": " → ".join(names)},
        )
    )
