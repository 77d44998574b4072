"""Forms of gaps, corrections and weak points."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from shouwang.cases.forms import code_or_name, moment_field
from shouwang.command.mending.rules import LONGEST
from shouwang.core.forms import choose_from
from shouwang.org.models import Organisation

WORDS = forms.Textarea(attrs={"rows": 3, "maxlength": LONGEST})


class StepForm(forms.Form):
    """The words of a step, and the new time of "extend"."""

    text = forms.CharField(label=_("In words"), required=False, max_length=LONGEST)
    due_at = forms.DateTimeField(label=_("Due"), required=False)


class OpenForm(forms.Form):
    text = forms.CharField(label=_("What is to be mended"), required=False, max_length=LONGEST, widget=WORDS)


class TellForm(forms.Form):
    """What somebody saw. Ticked anonymous by default: nobody should have to think of it first."""

    unit = forms.ModelChoiceField(Organisation.objects.none(), label=_("Whom does it concern?"), empty_label=None)
    text = forms.CharField(
        label=_("What is weak?"), max_length=LONGEST, widget=WORDS,
        help_text=_("A thing, a place, a rule, a queue. No names of people."),
    )  # fmt: skip
    where = forms.CharField(label=_("Where?"), required=False, max_length=120)
    wish = forms.CharField(label=_("What would help?"), required=False, max_length=LONGEST, widget=WORDS)
    anonymous = forms.BooleanField(
        label=_("Without my name"), required=False, initial=True,
        help_text=_("Neither your account nor the time is stored, only the day. A code lets you read the answer."),
    )  # fmt: skip

    def __init__(self, *args: Any, units: QuerySet[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self, "unit", units)


class AnswerForm(forms.Form):
    answer = forms.CharField(label=_("Answer"), max_length=LONGEST, widget=WORDS)


class TakeForm(forms.Form):
    """Make it a correction."""

    unit = code_or_name(_("Unit that mends it"))
    text = forms.CharField(label=_("What is to be mended"), max_length=LONGEST, widget=WORDS)
    due_at = moment_field(_("Due"), required=_("Say until when."))
