"""What outreach deletes on its purge date: messages before rounds, so that no slice cascades to a million rows."""

from __future__ import annotations

from datetime import date

from django.db.models import QuerySet

from shouwang.core.purging import Dataset, register
from shouwang.outreach.models import Attempt, Message, Round


def due_rounds(on: date) -> QuerySet[Round]:
    return Round.objects.filter(purge_on__lte=on)


def due_messages(on: date) -> QuerySet[Message]:
    return Message.objects.filter(round__purge_on__lte=on)


def due_attempts(on: date) -> QuerySet[Attempt]:
    return Attempt.objects.filter(purge_on__lte=on)


def connect() -> None:
    """Called once when the program starts. The last registered is purged first."""
    register(Dataset("round", due_rounds))
    register(Dataset("message", due_messages))
    register(Dataset("attempt", due_attempts))
