"""Forms of daily reports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shouwang.command.rules import daily as rules
from shouwang.org.models import Organisation


class ReportDayForm(forms.Form):
    """Which day of a unit's report."""

    day = forms.DateField(required=False)


class HandInForm(forms.Form):
    """The free part of a report; its numbers are counted by the system."""

    problems = forms.CharField(
        label=_("Problems"), required=False, max_length=rules.WORDS, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("What does not work or could become grave. No names, nothing about one person's health."),
    )  # fmt: skip
    needs = forms.CharField(
        label=_("Needs"), required=False, max_length=rules.WORDS, widget=forms.Textarea(attrs={"rows": 2})
    )
    done = forms.CharField(
        label=_("What we did"), required=False, max_length=rules.WORDS, widget=forms.Textarea(attrs={"rows": 2})
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**31 - 1)
    reason = forms.CharField(label=_("Why it is corrected"), required=False, max_length=rules.WHY)

    @property
    def words(self) -> rules.Words:
        given = self.cleaned_data
        return rules.Words(given["problems"], given["needs"], given["done"])


class TakeInForm(forms.Form):
    """What the reviewer saw, and why what is missing is not waited for."""

    stamp = forms.CharField(max_length=16)
    reason = forms.CharField(label=_("Why not wait"), required=False, max_length=rules.WHY)


class PlanForm(forms.Form):
    """For each kind of unit the time by which it reports, empty for kinds that do not."""

    until = forms.DateField(label=_("Last day"), widget=forms.DateInput(attrs={"type": "date"}))
    reason = forms.CharField(
        label=_("Reason"), max_length=rules.WHY,
        help_text=_("Which notice of whom, or what it is needed for. The units read it."),
    )  # fmt: skip

    def __init__(self, *args: Any, kinds: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = dict(Organisation.Kind.choices)
        self.kinds = list(kinds)
        for kind in self.kinds:
            self.fields[f"due_{kind}"] = forms.TimeField(
                label=labels[kind], required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
            )

    @property
    def times(self) -> list[forms.BoundField]:
        return [self[f"due_{kind}"] for kind in self.kinds]

    @property
    def deadlines(self) -> Mapping[str, str]:
        times = ((kind, self.cleaned_data[f"due_{kind}"]) for kind in self.kinds)
        return {kind: f"{at:%H:%M}" for kind, at in times if at is not None}
