"""Forms of command: they parse, rules judge."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from shouwang.command.models import ResponseLevel


class LevelForm(forms.Form):
    level = forms.TypedChoiceField(label=_("Level"), choices=ResponseLevel.Level.choices, coerce=int)
    basis = forms.CharField(
        label=_("Legal basis"),
        max_length=300,
        help_text=_("Which notice of whom, with number or date. It is shown to everybody."),
    )
    review_on = forms.DateField(label=_("Review on"), widget=forms.DateInput(attrs={"type": "date"}))


class ReportForm(forms.Form):
    """Which day and which organisation."""

    day = forms.DateField(label=_("Day"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    unit = forms.IntegerField(label=_("Unit"), required=False)
