"""Statements of interviews as a segment of their own, laid over the days when they are opened.

They are few and change while a tracer asks on, so they are never written into the files of the days: a correction
counts with the next reading, a withdrawn or purged statement with none, and the 25,000 others of that day are not
rewritten for one sentence. Days that have no segment stay missing, whatever somebody said about them.
"""

from __future__ import annotations

from datetime import date, datetime
from itertools import pairwise

import numpy as np

from shouwang.core import clock
from shouwang.epi.contacts import Segment
from shouwang.epi.segments import build_pair_segment, build_visit_segment
from shouwang.tracing.models import PresenceSource
from shouwang.tracing.models_told import Statement
from shouwang.tracing.presence.resolving import place_table

SOURCE_OF = {
    Statement.Certainty.SURE: PresenceSource.INTERVIEW,
    Statement.Certainty.ABOUT: PresenceSource.INTERVIEW_ABOUT,
    Statement.Certainty.HEARD: PresenceSource.INTERVIEW_HEARD,
}
TOLD = frozenset(int(source) for source in SOURCE_OF.values())


def told(first: date, last: date) -> Segment | None:
    """What was said of the local days from `first` to `last`; None when nothing was.

    At a known place everybody named was there; where no place is known, the person was with each companion.
    """
    edges = clock.midnights(first, last)
    low, high = (datetime.fromtimestamp(edge, tz=clock.zone()) for edge in (edges[0], edges[-1]))
    rows = Statement.objects.filter(state=Statement.State.STANDING, starts_at__lt=high, ends_at__gt=low)
    kept = list(rows.order_by("pk").prefetch_related("companions"))
    if not kept:
        return None
    rooms = place_table().room if any(row.place_id for row in kept) else {}
    visits: list[tuple[int, int, int, int, int]] = []
    pairs: list[tuple[int, int, int, int, int]] = []
    for row in kept:
        source = int(SOURCE_OF[Statement.Certainty(row.certainty)])
        with_them = [person.pk for person in row.companions.all()]
        whole = (int(row.starts_at.timestamp()), int(row.ends_at.timestamp()))
        for start, end in _by_day(max(whole[0], edges[0]), min(whole[1], edges[-1]), edges):
            if row.place_id is not None:
                place = rooms.get(row.place_id, row.place_id)
                visits += [(place, start, end, person, source) for person in (row.person_id, *with_them)]
            else:
                pairs += [(row.person_id, person, start, end, source) for person in with_them]
    if not visits and not pairs:
        return None
    place_, start_, end_, person_, source_ = np.array(visits, np.int64).reshape(-1, 5).T
    a, b, from_, until, of = np.array(pairs, np.int64).reshape(-1, 5).T
    return (
        build_visit_segment(place_.astype(np.int32), start_, end_, person_.astype(np.int32), source_.astype(np.uint8)),
        build_pair_segment(a.astype(np.int32), b.astype(np.int32), from_, until, of.astype(np.uint8)),
    )


def _by_day(start: int, end: int, edges: list[int]) -> list[tuple[int, int]]:
    """The interval cut at midnights, as records are: evidence is counted by day."""
    cuts = [start, *(edge for edge in edges if start < edge < end), end]
    return [(low, high) for low, high in pairwise(cuts) if low < high]
