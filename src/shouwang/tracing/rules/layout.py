"""Where the cases of a forest stand in the drawing: columns of days or generations, rows packed tree by tree.

Deterministic, O(n log n) for n cases, and computed on the server: the browser only draws. A first child that stands
further to the right shares the row of its infector, every other child opens a row, so no two dots meet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, sqrt

WIDEST = 0.8  # part of a column that cases without any link may spread over
TALL = 4  # such a group is about so many times taller than wide, as a column is


@dataclass(frozen=True, slots=True)
class Layout:
    """`at[case]` is (column, row), rows from 0 downward; `rows` is how many there are."""

    at: Mapping[int, tuple[float, int]]
    rows: int


def place(column: Mapping[int, int], parent: Mapping[int, int]) -> Layout:
    """Where each case of `column` stands. `parent` is case -> infector; links to cases not in `column` draw nothing."""
    order = sorted(column, key=lambda case: (column[case], case))
    children: dict[int, list[int]] = {}
    for case in order:
        above = parent.get(case)
        if above is not None and above in column:
            children.setdefault(above, []).append(case)
    tops = [case for case in order if parent.get(case) not in column]
    at: dict[int, tuple[float, int]] = {}
    row = 0
    for top in tops:
        if top in children:
            row = _tree(top, row, column, children, at)
    return Layout(at, _alone([top for top in tops if top not in children], row, column, at))


def _tree(
    top: int,
    row: int,
    column: Mapping[int, int],
    children: Mapping[int, Sequence[int]],
    at: dict[int, tuple[float, int]],
) -> int:
    """Place one tree from `row` on; the first free row below it."""
    stack: list[tuple[int, bool]] = [(top, False)]
    used = row - 1
    while stack:
        case, shares = stack.pop()
        if not shares:
            used += 1
        at[case] = (float(column[case]), used)
        below = children.get(case, ())
        # Only the child visited next still finds its infector's row free to its right.
        first = next((child for child in below if column[child] > column[case]), None)
        stack.extend((child, False) for child in reversed(below) if child != first)
        if first is not None:
            stack.append((first, True))
    return used + 1


def _alone(cases: Sequence[int], row: int, column: Mapping[int, int], at: dict[int, tuple[float, int]]) -> int:
    """Cases without any link, in one band below the trees, column by column; the first free row below it."""
    groups: dict[int, list[int]] = {}
    for case in cases:
        groups.setdefault(column[case], []).append(case)
    end = row
    for where, group in groups.items():
        wide = ceil(sqrt(len(group) / TALL))
        for index, case in enumerate(group):
            at[case] = (where + WIDEST * (index % wide) / wide, row + index // wide)
        end = max(end, row + ceil(len(group) / wide))
    return end
