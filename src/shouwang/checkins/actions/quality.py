"""Noting what a unit's entries say about how they were collected, and the unit's answer to it."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shouwang.checkins import rules
from shouwang.checkins.models import CheckIn, QualityNote
from shouwang.checkins.rules import quality
from shouwang.core import audit, clock
from shouwang.core.errors import BadInput, Conflict
from shouwang.core.retention import keep_days
from shouwang.core.scope import Actor

ANSWER_LIMIT = 300
RIGHT = "checkin.view"


def note_quality(day: date, *, at: datetime) -> int:
    """Look at the entries of `day`, unit by unit; notes made or grown. Safe to call again: a note only grows.

    Units are people's home organisations. One pass over the day's entries, in the order of units.
    """
    rows = (
        CheckIn.objects.filter(day=day, person__home__isnull=False)
        .order_by("person__home_id")
        .values_list("person__home_id", "at", "source", "temperature_c", "device", "account_id")
    )
    units: dict[int, list[quality.Entered]] = defaultdict(list)
    for home, said_at, source, temperature, device, account in rows.iterator(chunk_size=20_000):
        units[home].append(quality.Entered(said_at, source, temperature, device, account or 0))
    by, purge_on = quality.limits(), clock.local_day(at) + timedelta(days=keep_days("quality"))
    changed = 0
    for unit, entries in units.items():
        for found in quality.findings(entries, by):
            values = {"count": found.count, "of": found.of, "detail": found.detail}
            note, made = QualityNote.objects.get_or_create(
                organisation_id=unit,
                day=day,
                kind=found.kind,
                defaults={**values, "noted_at": at, "purge_on": purge_on},
            )
            if not made and found.count > note.count:
                QualityNote.objects.filter(pk=note.pk).update(**values)
                made = True
            changed += made
    return changed


@transaction.atomic
def answer_quality(note: QualityNote, *, text: str, by: Actor, at: datetime) -> QualityNote:
    """What the unit says to it. Needs checkin.view over the unit; Conflict when it has been answered."""
    by.require(RIGHT, note.organisation.path)
    answer = rules.text(text, "answer", ANSWER_LIMIT)
    if not answer:
        raise BadInput(
            _("Say how the unit collects, or what will be different."), code="answer_missing", field="answer"
        )
    done = QualityNote.objects.filter(pk=note.pk, answered_at__isnull=True).update(
        answer=answer, answered_at=at, answered_by_id=by.account_id
    )
    if not done:
        raise Conflict(_("This note has been answered already."), code="quality_answered")
    audit.record("quality.answered", "quality", note.pk, by=by, at=at, new={"kind": note.kind, "day": str(note.day)})
    note.refresh_from_db()
    return note
