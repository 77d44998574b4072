"""Control measures in force: what is asked of everybody under an organisation, from when until when, and why."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from shouwang.command.models.standing import ResponseLevel
from shouwang.command.rules import control
from shouwang.org.models import Account, Organisation


class ControlMeasure(models.Model):
    """One measure over an organisation's subtree. `level`: declared with it, and ends with it."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="control_measures")
    level = models.ForeignKey(ResponseLevel, models.SET_NULL, null=True, related_name="measures")
    kind = models.CharField(_("measure"), max_length=12)
    value = models.CharField(max_length=200)
    # What a level brings is said in both languages; what a person writes stands in both as written.
    reason_zh = models.CharField(max_length=control.REASON)
    reason_en = models.CharField(max_length=control.REASON)
    basis = models.CharField(_("legal basis"), max_length=300)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    review_on = models.DateField(_("to be reviewed on"))
    declared_by = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    end_reason = models.CharField(max_length=control.REASON, blank=True)

    class Meta:
        ordering = ["-starts_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "kind"],
                condition=Q(ends_at__isnull=True) & ~Q(kind="other"),
                name="measure_one_of_a_kind",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gte=F("starts_at")), name="measure_end_after_start"
            ),
        ]

    @property
    def reason(self) -> str:
        """In the reader's language."""
        return self.reason_zh if (get_language() or "zh").startswith("zh") else self.reason_en

    @property
    def kind_word(self) -> str:
        return str(control.KINDS[self.kind])

    @property
    def value_word(self) -> str:
        return control.said(self.kind, self.value)
