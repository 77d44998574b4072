"""Notes on how units collect, for whoever answers for them."""

from __future__ import annotations

from django.db.models import QuerySet

from shouwang.checkins.models import QualityNote
from shouwang.core.errors import NotFound
from shouwang.core.scope import Actor
from shouwang.core.tree import in_ranges

RIGHT = "checkin.view"
QUALITY_ORDER = ("-day", "-pk")


def quality_notes(by: Actor) -> QuerySet[QualityNote]:
    """Notes about units within reach of checkin.view, newest day first; NotFound for whoever reaches none."""
    if not by.holds(RIGHT):
        raise NotFound
    inside = QualityNote.objects.filter(in_ranges("organisation__path", by.ranges(RIGHT)))
    return inside.select_related("organisation", "answered_by").order_by(*QUALITY_ORDER)


def quality_note_for(by: Actor, note_id: int) -> QualityNote:
    note = quality_notes(by).filter(pk=note_id).first()
    if note is None:
        raise NotFound
    return note
