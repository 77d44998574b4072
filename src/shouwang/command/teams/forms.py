"""Forms of teams: they parse, rules judge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from shouwang.cases.forms import code_or_name, day_field, moment_field
from shouwang.command.models import Team, TeamMember, TeamPlace
from shouwang.command.teams.rules import LONGEST, SUMMARY_LONGEST
from shouwang.core.forms import choose

WORDS = forms.Textarea(attrs={"rows": 3, "maxlength": LONGEST})


def _written(label: Any) -> forms.CharField:
    """A unit or place as one writes it, which must be written."""
    field = code_or_name(label)
    field.required = True
    return field


class TeamForm(forms.Form):
    unit = _written(_("Unit it stands under"))
    kind = forms.ChoiceField(label=pgettext_lazy("team", "Kind"), choices=Team.Kind.choices)
    name = forms.CharField(label=pgettext_lazy("team", "Name"), max_length=80)
    name_en = forms.CharField(label=_("Name in English"), max_length=120, required=False)
    purpose = forms.CharField(label=_("What it is for"), max_length=LONGEST, widget=WORDS)
    review_on = day_field(_("Review on"))


class StepForm(forms.Form):
    """The words of a step, the day of "review", and tasks named as obstacles when a team is dissolved."""

    text = forms.CharField(label=_("In words"), required=False, max_length=SUMMARY_LONGEST)
    review_on = forms.DateField(label=_("Review on"), required=False)
    obstacles = forms.TypedMultipleChoiceField(label=_("Left open"), required=False, coerce=int)

    def __init__(self, *args: Any, tasks: Sequence[int] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose(self, "obstacles", [(pk, pk) for pk in tasks])


class SecondForm(forms.Form):
    person = forms.CharField(
        label=_("Student or staff number"), max_length=40, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    role = forms.ChoiceField(
        label=pgettext_lazy("team", "Role"), choices=TeamMember.Role.choices, initial=TeamMember.Role.MEMBER
    )
    starts = day_field(pgettext_lazy("secondment", "From"))
    ends = day_field(pgettext_lazy("secondment", "Last day"))
    text = forms.CharField(label=_("What for"), required=False, max_length=LONGEST)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.auto_id = "second_%s"  # several forms stand on one page


class PlaceForm(forms.Form):
    place = _written(_("Place"))
    remove = forms.BooleanField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.auto_id = "place_%s"


class GiveForm(forms.Form):
    task = forms.IntegerField(label=_("Task"))


class ReasonForm(forms.Form):
    text = forms.CharField(label=_("Reason"), required=False, max_length=LONGEST)


class DutyForm(forms.Form):
    member = forms.ChoiceField(label=pgettext_lazy("duty", "Who"))
    place = forms.ChoiceField(label=pgettext_lazy("duty", "Where"))
    starts = moment_field(pgettext_lazy("duty", "From"), required=_("Say from when."))
    ends = moment_field(pgettext_lazy("duty", "Until"), required=_("Say until when."))

    def __init__(self, *args: Any, members: Sequence[TeamMember], places: Sequence[TeamPlace], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.auto_id = "duty_%s"
        choose(self, "member", [(row.pk, row.person.name) for row in members])
        choose(self, "place", [(row.place.code, row.place.title) for row in places])
