"""Forms of matters."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shouwang.cases.forms import code_or_name
from shouwang.command.account.models import Matter
from shouwang.command.account.rules import LONGEST, VERDICTS
from shouwang.core.forms import choose
from shouwang.org.models import Person

WORDS = forms.Textarea(attrs={"rows": 3, "maxlength": LONGEST})


class UnitForm(forms.Form):
    unit = code_or_name(_("Unit"))


class ProposeForm(forms.Form):
    """What is proposed about whom. Facts to quote are ticked beside it."""

    step = forms.ChoiceField(label=_("Step"), choices=Matter.Step.choices, initial=Matter.Step.REMINDER)
    about = forms.ChoiceField(
        label=_("Whom it concerns"), choices=(),
        help_text=_("The unit as a rule: whoever answers for it replies. Never a student."),
    )  # fmt: skip
    told = forms.CharField(
        label=_("A fact in own words"), required=False, max_length=LONGEST, widget=WORDS,
        help_text=_("What happened when. Nobody's health, no names of patients, no numbers of people."),
    )  # fmt: skip
    source = forms.CharField(label=_("Where it comes from"), required=False, max_length=200)
    asked = forms.CharField(label=_("What is asked of it"), max_length=LONGEST, widget=WORDS)
    urgent = forms.CharField(
        label=_("Why it cannot wait"), required=False, max_length=LONGEST, widget=forms.TextInput,
        help_text=_("Only where the step below was not taken before."),
    )  # fmt: skip

    def __init__(self, *args: Any, people: list[Person], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose(self, "about", [("", Matter.About.UNIT.label), *((str(one.pk), one.name) for one in people)])
        self.fields["about"].required = False


class StepForm(forms.Form):
    """The words of a step; the fact of a contest; the verdict of a decision."""

    text = forms.CharField(label=_("In words"), required=False, max_length=LONGEST)
    fact = forms.IntegerField(required=False, min_value=1)
    verdict = forms.ChoiceField(required=False, choices=[(name, name) for name in ("", *VERDICTS)])
