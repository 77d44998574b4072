"""The filters of the line list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shouwang.cases.forms import choice, code_or_name, day_field, moment_field
from shouwang.cases.models import Classification
from shouwang.cases.outward import queries
from shouwang.core.errors import BadInput
from shouwang.core.forms import offer
from shouwang.core.scope import Actor


class ResearchForm(forms.Form):
    """What a file for research needs."""

    purpose = forms.CharField(
        label=_("What the file is for"), max_length=300, help_text=_("Kept in the audit log with your name.")
    )
    k = forms.IntegerField(
        label=_("At least so many alike"), min_value=3, max_value=100, initial=5,
        help_text=_("Everybody in the file shares age, sex, unit and onset with so many."),
    )  # fmt: skip
    form = choice(_("File"), ("xlsx", "Excel"), ("csv", "CSV"))


class SentForm(forms.Form):
    """The card was put into the national system."""

    sent_at = moment_field(_("When it was reported"), required=_("Say when it was reported."))
    reference = forms.CharField(label=_("Number in the national system"), required=False, max_length=60)


class LineForm(forms.Form):
    """What the address of the list carries; `wanted` is the filter once the form is valid."""

    disease = choice(_("Disease"), ("", _("all diseases")))
    pack = choice(_("Disease pack"), ("", _("all packs")))
    classification = choice(_("Classification"), ("", _("all classifications")), *Classification.choices)
    unit = code_or_name(_("Unit"))
    place = code_or_name(_("Residence"))
    moment = choice(_("By which date"), *queries.MOMENT_WORDS.items())
    first = day_field(_("From"), required=False)
    last = day_field(_("To"), required=False)
    missing = forms.BooleanField(label=_("Only where this date is unknown"), required=False)

    def __init__(self, data: Mapping[str, Any], *, by: Actor, diseases: Mapping[str, str]) -> None:
        super().__init__({"moment": "onset", **{name: data[name] for name in data}})
        self.by = by
        self.wanted = queries.LineFilter()
        offer(self, "disease", diseases.items())
        offer(self, "pack", [(code, code) for code in queries.pack_codes()])

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                self.wanted = queries.line_filter(self.by, **values)
            except BadInput as error:
                self.add_error(error.field, str(error))
        return values
