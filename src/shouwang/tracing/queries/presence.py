"""What presence there is, and how good it is: days, batches, their remarks. Counts only, never who was where."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

import numpy as np
from django.db.models import Count, Q, QuerySet

from shouwang.core.errors import Forbidden, NotFound
from shouwang.core.scope import Actor
from shouwang.org.queries import owned
from shouwang.tracing.models import PresenceBatch, PresenceDay
from shouwang.tracing.models_gatherings import Gathering
from shouwang.tracing.models_lessons import LessonChange
from shouwang.tracing.presence.store import open_days

RIGHTS = ("presence.import", "trace.work")


def _require(by: Actor) -> None:
    if not any(by.holds(right) for right in RIGHTS):
        raise Forbidden(data_right=RIGHTS[0])


def days_with(people: Collection[int]) -> list[date]:
    """Built days in whose segments one of these people stands. Opens every segment, and searches its sorted keys."""
    wanted = np.array(sorted(people), np.int64)
    found = []
    for day in PresenceDay.objects.order_by("day").values_list("day", flat=True):
        for visits, pairs in open_days(day, day, told=False).segments:
            keys = (visits.person_keys, pairs.a_keys)
            if any(bool(np.isin(wanted, np.asarray(column)).any()) for column in keys):
                found.append(day)
    return found


def presence_days(by: Actor, first: date | None = None, last: date | None = None) -> QuerySet[PresenceDay]:
    """Built days, newest first, with sources and remarks. Needs presence.import or trace.work.

    A day is built of what every institution of the installation brought: its numbers are for who reaches all of them.
    """
    _require(by)
    rows = PresenceDay.objects.order_by("-day") if sees_days(by) else PresenceDay.objects.none()
    if first is not None:
        rows = rows.filter(day__gte=first)
    return rows.filter(day__lte=last) if last is not None else rows


def presence_batches(by: Actor) -> QuerySet[PresenceBatch]:
    """Imported files of one's institution, newest first, with their counts. Needs presence.import or trace.work."""
    _require(by)
    return PresenceBatch.objects.filter(_scope(by)).order_by("-id")


def lesson_changes(by: Actor) -> QuerySet[LessonChange]:
    """Lessons cancelled, moved or in another room, latest day first. Needs presence.import or trace.work."""
    _require(by)
    return LessonChange.objects.select_related("to_place", "entered_by").order_by("-day", "course_code", "pk")


def lesson_json(row: LessonChange) -> Mapping[str, Any]:
    plain = ("id", "day", "starts", "what", "to_day", "to_starts", "to_ends", "entered_at")
    return {
        "course": row.course_code,
        "to_place": row.to_place.code if row.to_place else "",
        **{name: getattr(row, name) for name in plain},
    }


def gatherings(by: Actor) -> QuerySet[Gathering]:
    """Gatherings of one's institution with the number of their people, latest first. Needs presence.import; who was
    there is read by a trace alone."""
    by.require(RIGHTS[0])
    rows = Gathering.objects.filter(owned(by.ranges(RIGHTS[0]))).select_related("place", "entered_by")
    return rows.annotate(people=Count("participants")).order_by("-starts_at", "-pk")


def gathering_for(by: Actor, gathering_id: int) -> Gathering:
    row = gatherings(by).filter(pk=gathering_id).first()
    if row is None:
        raise NotFound
    return row


def gathering_json(row: Gathering) -> Mapping[str, Any]:
    plain = ("id", "title", "starts_at", "ends_at", "entered_at", "withdrawn_at", "reason")
    return {
        **{name: getattr(row, name) for name in plain},
        "place": row.place.code,
        "people": row.participants.count(),
    }


def sees_days(by: Actor) -> bool:
    """Whether no file of an institution out of reach is part of the days."""
    own = PresenceBatch.objects.filter(_scope(by)).values("pk")
    return not PresenceBatch.objects.exclude(pk__in=own).exists()


def _scope(by: Actor) -> Q:
    return owned([span for right in RIGHTS for span in by.ranges(right)])
