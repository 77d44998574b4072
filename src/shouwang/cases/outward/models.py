"""What was put into the national system of a case, as it stood."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from shouwang.cases.models import Case
from shouwang.org.models import Account


class SentCard(models.Model):
    """One report or correction: `entries` holds field -> value of the draft in Chinese, as the card is. Goes with its
    case."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="sent_cards")
    sent_at = models.DateTimeField(_("reported"))
    reference = models.CharField(_("number in the national system"), max_length=60, blank=True)
    entries: models.JSONField[dict[str, str], dict[str, str]] = models.JSONField()
    at = models.DateTimeField()
    by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["-sent_at", "-id"]
