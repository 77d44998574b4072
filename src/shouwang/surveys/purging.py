"""What surveys delete on their purge date: answers, then the campaign with its list of whom it asked."""

from __future__ import annotations

from datetime import date

from django.db.models import QuerySet

from shouwang.core.purging import Dataset, register
from shouwang.surveys import kept
from shouwang.surveys.models import Attachment, Campaign, Submission


def due_submissions(on: date) -> QuerySet[Submission]:
    return Submission.objects.filter(purge_on__lte=on)


def due_campaigns(on: date) -> QuerySet[Campaign]:
    return Campaign.objects.filter(purge_on__lte=on)


def remove_submission_files(on: date) -> None:
    """Files of answers whose date has passed, and files that no row knows of."""
    kept.remove(_files(Attachment.objects.filter(submission__in=due_submissions(on).values("pk"))))
    kept.remove(kept.forgotten(set(_files(Attachment.objects.all()))))


def remove_campaign_files(on: date) -> None:
    """Files of the answers that go with a campaign."""
    kept.remove(_files(Attachment.objects.filter(submission__campaign__in=due_campaigns(on).values("pk"))))


def _files(rows: QuerySet[Attachment]) -> list[str]:
    return list(rows.values_list("stored_as", flat=True))


def connect() -> None:
    """Called once when the program starts."""
    register(Dataset("survey_campaign", due_campaigns, remove_campaign_files))
    register(Dataset("survey", due_submissions, remove_submission_files))
