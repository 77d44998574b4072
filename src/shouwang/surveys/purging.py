"""What surveys delete on their purge date: answers, then the campaign with its list of whom it asked."""

from __future__ import annotations

from datetime import date

from django.db.models import QuerySet

from shouwang.core.purging import Dataset, register
from shouwang.surveys.models import Campaign, Submission


def due_submissions(on: date) -> QuerySet[Submission]:
    return Submission.objects.filter(purge_on__lte=on)


def due_campaigns(on: date) -> QuerySet[Campaign]:
    return Campaign.objects.filter(purge_on__lte=on)


def connect() -> None:
    """Called once when the program starts."""
    register(Dataset("survey_campaign", due_campaigns))
    register(Dataset("survey", due_submissions))
