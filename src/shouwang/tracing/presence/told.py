"""Statements of interviews as a segment of their own, laid over the days when they are opened.

They are few and change while a tracer asks on, so they are never written into the files of the days: a correction
counts with the next reading, a withdrawn or purged statement with none, and the 25,000 others of that day are not
rewritten for one sentence. Days that have no segment stay missing, whatever somebody said about them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise

import numpy as np
from django.db.models import QuerySet

from shouwang.core import clock
from shouwang.epi.contacts import Segment
from shouwang.epi.segments import build_pair_segment, build_visit_segment
from shouwang.tracing.models import PresenceSource
from shouwang.tracing.models_told import Statement
from shouwang.tracing.presence.defaults import assumptions
from shouwang.tracing.presence.resolving import place_table
from shouwang.tracing.rules.interviews import MOST_OFF

SOURCE_OF = {
    Statement.Certainty.SURE: PresenceSource.INTERVIEW,
    Statement.Certainty.ABOUT: PresenceSource.INTERVIEW_ABOUT,
    Statement.Certainty.HEARD: PresenceSource.INTERVIEW_HEARD,
}
TOLD = frozenset(int(source) for source in SOURCE_OF.values())


class View(StrEnum):
    """How statements are read: as they were made, by what is certain of them, or by the most they allow."""

    STATED = "stated"
    CERTAIN = "certain"
    POSSIBLE = "possible"


def _standing(first: date, last: date) -> QuerySet[Statement]:
    """Statements that speak of these days, or would if their times are as far off as they may be."""
    edges, off = clock.midnights(first, last), timedelta(minutes=MOST_OFF)
    low, high = (datetime.fromtimestamp(edge, tz=clock.zone()) for edge in (edges[0], edges[-1]))
    return Statement.objects.filter(state=Statement.State.STANDING, starts_at__lt=high + off, ends_at__gt=low - off)


def span(row: Statement, view: View) -> tuple[int, int] | None:
    """From–to of a statement in unix seconds; None where this view has nothing of it.

    Certain is what every reading of an uncertain time agrees on; hearsay is never certain.
    """
    start, end = int(row.starts_at.timestamp()), int(row.ends_at.timestamp())
    if view == View.STATED:
        return start, end
    sure = row.certainty == Statement.Certainty.SURE
    minutes = (0 if sure else assumptions().interview.about_minutes) if row.give_or_take is None else row.give_or_take
    off = minutes * 60 if view == View.POSSIBLE else -minutes * 60
    heard = row.certainty == Statement.Certainty.HEARD
    if view == View.CERTAIN and (heard or end + off <= start - off):
        return None
    return start - off, end + off


def told(first: date, last: date, view: View = View.STATED) -> Segment | None:
    """What was said of the local days from `first` to `last`; None when nothing was.

    At a known place everybody named was there; where no place is known, the person was with each companion.
    """
    rows = _fetched(first, last)
    return _read(rows, clock.midnights(first, last), view, _rooms(rows))


def readings(first: date, last: date) -> dict[View, Segment | None]:
    """The same in every view, fetched once; only as stated where everything said is sure to the minute."""
    rows, edges = _fetched(first, last), clock.midnights(first, last)
    sure = Statement.Certainty.SURE
    differ = any(row.certainty != sure or row.give_or_take for row in rows)
    rooms = _rooms(rows)
    return {view: _read(rows, edges, view, rooms) for view in (View if differ else [View.STATED])}


def _rooms(rows: list[Statement]) -> Mapping[int, int]:
    """Seat → room, asked only where somebody named a place."""
    return place_table().room if any(row.place_id for row in rows) else {}


def _fetched(first: date, last: date) -> list[Statement]:
    return list(_standing(first, last).order_by("pk").prefetch_related("companions"))


def _read(rows: list[Statement], edges: list[int], view: View, rooms: Mapping[int, int]) -> Segment | None:
    kept = [(row, whole) for row in rows if (whole := span(row, view)) and whole[0] < edges[-1] and whole[1] > edges[0]]
    return _segment(kept, edges, rooms) if kept else None


def _segment(
    kept: list[tuple[Statement, tuple[int, int]]], edges: list[int], rooms: Mapping[int, int]
) -> Segment | None:
    visits: list[tuple[int, int, int, int, int]] = []
    pairs: list[tuple[int, int, int, int, int]] = []
    for row, whole in kept:
        source = int(SOURCE_OF[Statement.Certainty(row.certainty)])
        with_them = [person.pk for person in row.companions.all()]
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
