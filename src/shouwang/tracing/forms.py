"""Forms of tracing: they parse, rules and actions judge."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from shouwang.tracing.models import Contact

FORMATS = [
    ("gate", _("Door or gate swipes")),
    ("visits", _("Visits with begin and end")),
    ("proximity", _("Sensor pairs")),
]


LARGEST_ID = 2**63 - 1
TICKED = forms.IntegerField(min_value=1, max_value=LARGEST_ID)


class ConfirmForm(forms.Form):
    version = forms.IntegerField(required=False, min_value=1, max_value=LARGEST_ID, widget=forms.HiddenInput)


class DismissForm(ConfirmForm):
    reason = forms.CharField(
        label=_("Why is this person no contact?"),
        max_length=300,
        error_messages={"required": _("Give a reason.")},
    )


class NetworkForm(forms.Form):
    by = forms.ChoiceField(required=False, choices=[("unit", ""), ("place", "")])
    grade = forms.ChoiceField(required=False, choices=[("close", ""), ("all", "")])


class FilterForm(forms.Form):
    state = forms.ChoiceField(required=False, choices=[("", ""), *Contact.State.choices])
    grade = forms.CharField(required=False, max_length=20)
    q = forms.CharField(required=False, max_length=60)
    page = forms.CharField(required=False, max_length=400)


class PresenceForm(forms.Form):
    file = forms.FileField(label=_("File"))
    source_format = forms.ChoiceField(label=_("What it holds"), choices=FORMATS)
    step = forms.IntegerField(
        label=_("Seconds of one sensor record"), initial=20, min_value=1, max_value=86_400, required=False,
        help_text=_("Sensor pairs only: a record at t covers the seconds before it."),
    )  # fmt: skip
    create_people = forms.BooleanField(label=_("Create people the roster does not know"), required=False)
    create_places = forms.BooleanField(label=_("Create places that are not known"), required=False)
