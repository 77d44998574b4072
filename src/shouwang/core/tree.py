"""Materialised paths: "this subtree" is one indexed range.

A node's path is its parent's path followed by one step of `STEP` characters from [0-9a-z]. All nodes below and
including `p` are exactly those with ``p <= path < upper(p)``. Only digits and lower-case letters occur, and
every step has the same width, so the order is the same under every collation that sorts digits before letters
(SQLite BINARY, PostgreSQL C and ICU alike).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Q

ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
STEP = 4
MAX_CHILDREN = len(ALPHABET) ** STEP - 1  # 1,679,615: more classes or seats than any parent has
MAX_LENGTH = STEP * 16

T = TypeVar("T")
Range = tuple[str, str]
EVERYTHING: Range = ("", "~")


def step(number: int) -> str:
    """The path step of the `number`-th child, counted from 1. ValueError outside 1..MAX_CHILDREN."""
    if not 1 <= number <= MAX_CHILDREN:
        raise ValueError(f"child number {number} outside 1..{MAX_CHILDREN}")
    digits = []
    for _ in range(STEP):
        number, digit = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))


def number(path: str) -> int:
    """The child number of the last step of `path`."""
    return int(path[-STEP:], 36)


def upper(path: str) -> str:
    """The smallest path that lies after everything below `path`; `path` itself must not be empty."""
    if not path:
        return EVERYTHING[1]
    last = number(path)
    # The step after the very last child does not exist; '~' sorts after every letter.
    return path + "~" if last == MAX_CHILDREN else path[:-STEP] + step(last + 1)


def subtree(path: str) -> Range:
    return (path, upper(path)) if path else EVERYTHING


def ancestors(path: str) -> list[str]:
    """Paths from the root down to and including `path`."""
    return [path[:end] for end in range(STEP, len(path) + 1, STEP)]


def merge(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """The fewest ranges that cover the same paths, in order."""
    merged: list[Range] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return tuple(merged)


def overlap(these: Iterable[Range], those: Iterable[Range]) -> tuple[Range, ...]:
    """The ranges that both cover, in order."""
    right = tuple(those)
    found = ((max(a, c), min(b, d)) for a, b in these for c, d in right)
    return merge((low, high) for low, high in found if low < high)


def without(these: Iterable[Range], those: Iterable[Range]) -> tuple[Range, ...]:
    """What the former cover and the latter do not, in order."""
    left = list(these)
    for low, high in those:
        cut = ((a, b, min(b, low), max(a, high)) for a, b in left)
        left = [part for a, b, end, begin in cut for part in ((a, end), (begin, b)) if part[0] < part[1]]
    return merge(left)


def nodes_of(ranges: Iterable[Range]) -> list[str]:
    """Paths of the subtrees that `ranges` consist of; "" for everything. Only for ranges that are made of whole
    subtrees, as every reach is."""
    paths = []
    for low, high in ranges:
        if low == "":
            return [""]
        while low < high:
            paths.append(low)
            low = upper(low)
    return paths


def covers(ranges: Iterable[Range], path: str) -> bool:
    return any(low <= path < high for low, high in ranges)


@dataclass(frozen=True)
class Regions(Generic[T]):
    """What holds below each of some nodes, down to the next of them; `nodes` has "", for whatever is below none."""

    nodes: Mapping[str, T]

    @classmethod
    def of_different(cls, nodes: Mapping[str, T]) -> Regions[T]:
        """Without the nodes that say the same as the next one above."""
        kept: dict[str, T] = {}
        for path, value in sorted(nodes.items()):
            if path == "" or cls(kept).of(path) != value:
                kept[path] = value
        return cls(kept)

    def of(self, path: str) -> T:
        """What holds at `path`: what the nearest node says, itself included."""
        return self.nodes[self.node_of(path)]

    def node_of(self, path: str) -> str:
        """The nearest node at or above `path`."""
        if len(self.nodes) == 1:
            return ""  # most installations, on the hot path of check-ins
        return next((node for node in reversed(ancestors(path)) if node in self.nodes), "")

    def below(self, node: str) -> list[str]:
        """The next nodes below `node`."""
        inside = sorted(one for one in self.nodes if one != node and one.startswith(node))
        return [one for one in inside if not any(one != other and one.startswith(other) for other in inside)]

    def ranges(self, node: str) -> tuple[Range, ...]:
        """The paths for which `node` speaks."""
        return without([subtree(node)], [subtree(one) for one in self.below(node)])

    def __iter__(self) -> Iterator[tuple[tuple[Range, ...], T]]:
        """Every region with what holds there: together all paths, each once."""
        return ((self.ranges(node), value) for node, value in self.nodes.items())


def in_ranges(field: str, ranges: Iterable[Range]) -> Q:
    """Rows whose `field` lies in one of `ranges`; no range means no row.

    Of everything it is a condition that always holds, not an empty one: `Q() | x` would be x alone.
    """
    condition = Q(pk__in=())
    for low, high in ranges:
        if (low, high) == EVERYTHING:
            return ~Q(pk__in=())
        condition |= Q(**{f"{field}__gte": low, f"{field}__lt": high})
    return condition
