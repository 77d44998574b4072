"""What pages send: a new channel, a test, one's own preferences, a unit to remind."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from shouwang.org.forms import unit_input
from shouwang.outreach.models import Channel


class ChannelForm(forms.Form):
    name = forms.CharField(label=_("Name of the channel"), max_length=80)
    kind = forms.ChoiceField(label=_("Kind of channel"), choices=Channel.Kind.choices)
    organisation = forms.CharField(
        label=_("Unit (code)"), max_length=120, widget=unit_input(),
        help_text=_("Mail: everybody below it. Every other kind: the group of exactly this unit, such as one class."),
    )  # fmt: skip
    url = forms.CharField(
        label=_("Address"), max_length=1000, strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("As the service gives it, with its key. It is kept like a password and never shown again."),
    )  # fmt: skip
    secret = forms.CharField(
        label=_("Signing secret"), max_length=200, required=False, strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("Only for a DingTalk or Feishu bot that checks signatures."),
    )  # fmt: skip


class TestForm(forms.Form):
    __test__ = False  # pytest takes the name for its own

    address = forms.EmailField(label=_("Test mail to"), required=False)


class PreferenceForm(forms.Form):
    by_mail = forms.BooleanField(label=_("Also by mail"), required=False)
    mail = forms.EmailField(
        label=_("Mail address"), required=False,
        help_text=_("Used for these messages only. Leave it empty to have it deleted."),
    )  # fmt: skip
    wakes = forms.TimeField(
        label=_("You may be disturbed from"), required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=_("Leave both empty for 07:00 to 22:00."),
    )  # fmt: skip
    sleeps = forms.TimeField(
        label=_("You may be disturbed until"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    zone = forms.CharField(
        label=_("Time zone"), max_length=40, required=False,
        widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off"}),
        help_text=_("Leave it empty unless you live in another one."),
    )  # fmt: skip


class RemindForm(forms.Form):
    unit = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)
