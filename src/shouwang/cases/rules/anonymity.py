"""k-anonymity by global recoding: everybody in a file shares what could single them out with at least k - 1 others.

Age, sex, unit and week of onset may be known to a colleague or a newspaper. They are made coarser together, for the
whole file, by the least loss that leaves no group smaller than k but for a stated share of rows, which are left out and
counted. Loss is the sum over the four of how far up each went (0 as fine as offered, 1 left out altogether): equal
weights are an assumption. What it does not do: it says nothing of groups in which everybody has the same disease
(l-diversity), nor of what somebody knows from elsewhere about a delay.

Source: L. Sweeney, "k-anonymity: a model for protecting privacy", Int. J. Uncertain. Fuzziness Knowl.-Based Syst. 10
(2002) 557-570; P. Samarati, "Protecting respondents' identities in microdata release", IEEE TKDE 13 (2001) 1010-1027.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int64]
LEAST_K, MOST_K = 3, 100


@dataclass(frozen=True, slots=True)
class Recoding:
    """`levels` of each column, 0 the finest offered; `kept` marks the rows of groups of at least k. `groups` and
    `smallest` describe what is kept (0 where nothing is)."""

    levels: Mapping[str, int]
    kept: NDArray[np.bool_]
    groups: int
    smallest: int

    @property
    def suppressed(self) -> int:
        """Rows left out."""
        return int(len(self.kept) - np.count_nonzero(self.kept))


def recode(columns: Mapping[str, Sequence[Codes]], *, k: int, most_suppressed: float) -> Recoding:
    """Choose a level for each column. `columns[name][level]` are codes of the rows, the last level coarsest (one code).

    The least loss whose groups below `k` hold at most the share `most_suppressed` of the rows; of equal loss the one
    that leaves out fewer, then the one that is finer in the order of the columns. Where none is, the coarsest.
    ValueError for a k below 2 or a share outside 0 to 1. O(levels × n log n).
    """
    if k < 2 or not 0 <= most_suppressed <= 1:
        raise ValueError("k is at least 2, and most_suppressed lies between 0 and 1")
    names = list(columns)
    rows = len(columns[names[0]][0])
    best: tuple[float, int, tuple[int, ...]] | None = None
    for levels in product(*(range(len(columns[name])) for name in names)):
        loss = sum(
            level / (len(columns[name]) - 1)
            for name, level in zip(names, levels, strict=True)
            if len(columns[name]) > 1
        )
        if best is not None and loss > best[0]:
            continue
        sizes = _sizes([columns[name][level] for name, level in zip(names, levels, strict=True)], rows)
        small = int(np.count_nonzero(sizes < k))
        if small <= most_suppressed * rows and (best is None or (loss, small, levels) < best):
            best = loss, small, levels
    chosen = best[2] if best is not None else tuple(len(columns[name]) - 1 for name in names)
    sizes = _sizes([columns[name][level] for name, level in zip(names, chosen, strict=True)], rows)
    kept = sizes >= k
    groups = round(float(np.sum(1.0 / sizes[kept]))) if kept.any() else 0
    return Recoding(dict(zip(names, chosen, strict=True)), kept, groups, int(sizes[kept].min()) if kept.any() else 0)


def _sizes(columns: Sequence[Codes], rows: int) -> Codes:
    """How many rows share the codes of each row."""
    joined = np.zeros(rows, np.int64)
    for column in columns:
        _values, codes = np.unique(column, return_inverse=True)
        joined = joined * (int(codes.max(initial=0)) + 1) + codes
        _values, joined = np.unique(joined, return_inverse=True)
    _values, group, sizes = np.unique(joined, return_inverse=True, return_counts=True)
    return sizes[group].astype(np.int64) if rows else np.zeros(0, np.int64)
