"""Forms of surveys: they parse; whether it may be done is decided by the action."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from shouwang.core import clock
from shouwang.org.forms import place_input, unit_input
from shouwang.org.models import Person


class UploadForm(forms.Form):
    file = forms.FileField(
        label=_("Form as Excel file (XLSForm)"),
        help_text=_("Sheets survey, choices and settings; .xlsx, .xls or .ods, at most 8 MB."),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.xls,.ods"}),
    )


class TemplateForm(forms.Form):
    file = forms.FileField(
        label=_("The superior's table (.xlsx)"),
        help_text=_("Its formats, merged cells and formulas stay as they are; only the marks are replaced."),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx"}),
    )


def moment_input() -> forms.DateTimeInput:
    return forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class CampaignForm(forms.Form):
    title = forms.CharField(label=_("Title"), max_length=200, required=False)
    why = forms.CharField(
        label=_("What it is for"),
        max_length=500,
        required=False,
        help_text=_("Everybody who is asked reads this."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    unit = forms.CharField(label=_("Unit (code or name)"), max_length=120, widget=unit_input())
    kinds = forms.MultipleChoiceField(
        label=_("Only these kinds of people"),
        required=False,
        choices=Person.Kind.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    situations = forms.MultipleChoiceField(
        label=_("Only in these situations"),
        required=False,
        choices=Person.Situation.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    place = forms.CharField(
        label=_("Only who lives in this place (code or name)"), max_length=120, required=False, widget=place_input()
    )
    deadline = forms.DateTimeField(
        label=_("Deadline"), widget=moment_input(), input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]
    )
    remind_hours = forms.IntegerField(
        label=_("Remind how many hours before"), initial=24, min_value=0, max_value=24 * 14, required=False
    )


class ExtendForm(forms.Form):
    deadline = forms.DateTimeField(
        label=_("New deadline"), widget=moment_input(), input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]
    )


def in_two_days() -> str:
    """The deadline that is offered: 20:00 the day after tomorrow."""
    from datetime import datetime, time, timedelta

    day = clock.today() + timedelta(days=2)
    return datetime.combine(day, time(20)).strftime("%Y-%m-%dT%H:%M")
