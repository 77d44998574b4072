"""What the pages of the laboratory send."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shouwang.cases.forms import moment_field
from shouwang.cases.laboratory.data import laboratory
from shouwang.cases.laboratory.models import DayMember, Outcome, Purpose
from shouwang.core import clock
from shouwang.core.forms import choose

ORDERABLE = [choice for choice in Purpose.choices if choice[0] not in (Purpose.MASS, Purpose.RETEST, Purpose.CASE)]


def _methods(*, pools: bool = False) -> list[tuple[str, str]]:
    return [(m.code, str(m.name)) for m in laboratory().methods if m.pools or not pools]


def _short(label: Any, *, required: bool = False, limit: int = 120, help_text: Any = "") -> forms.CharField:
    return forms.CharField(label=label, required=required, max_length=limit, help_text=help_text)


class OrderForm(forms.Form):
    """A test for a person named by number; of a case the disease is known."""

    number = forms.CharField(
        label=_("Student or staff number"), max_length=40, error_messages={"required": _("Enter the number.")}
    )
    method = forms.ChoiceField(label=_("Test"))
    disease = forms.ChoiceField(label=_("For which disease"))
    purpose = forms.ChoiceField(label=_("Ordered for"), choices=ORDERABLE, initial=Purpose.OTHER)
    note = _short(_("Remark"), limit=300)

    def __init__(self, *args: Any, diseases: dict[str, str], of_case: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose(self, "method", _methods())
        choose(self, "disease", diseases.items())
        if of_case:
            for name in ("number", "disease", "purpose"):
                del self.fields[name]


class TakeForm(forms.Form):
    barcode = forms.CharField(
        label=_("Barcode of the tube"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
        error_messages={"required": _("Scan the barcode of the tube.")},
    )
    taken_at = moment_field(_("Taken"), _("Leave it empty when it is just now."))
    where = _short(_("Place of sampling"))


class HandForm(forms.Form):
    giver = _short(_("Handed over by"), required=True, limit=80)
    taker = _short(_("Taken over by"), required=True, limit=80)
    laboratory = _short(_("Laboratory"), help_text=_("Only when the laboratory has it now: it ends the chain."))
    handed_at = moment_field(_("When"), _("Leave it empty when it is just now."))
    note = _short(_("Remark"), limit=200)


class ResultForm(forms.Form):
    outcome = forms.ChoiceField(label=_("Result"), choices=Outcome.choices, widget=forms.RadioSelect)
    value = _short(_("Measured value"), help_text=_("As the laboratory writes it, for example a Ct value."))
    laboratory = _short(_("Laboratory"))
    resulted_at = moment_field(_("Found at"), _("Leave it empty when the laboratory does not say."))
    reason = _short(_("Reason of the correction"), limit=300)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, *args: Any, correction: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if correction:
            self.fields["reason"].required = True
        else:
            del self.fields["reason"]


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"), max_length=300, error_messages={"required": _("Say why, in a few words.")}
    )


class ResolveForm(ReasonForm):
    """Whose it is: the barcode of the right sample. Empty: set aside."""

    barcode = forms.CharField(
        label=_("Barcode of the right sample"), max_length=60, required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    field_order = ("barcode", "reason")


class FileForm(forms.Form):
    file = forms.FileField(label=_("File of the laboratory"), help_text=_("Excel or CSV, as the laboratory sent it."))


class DayForm(forms.Form):
    organisation = forms.CharField(
        label=_("Unit"), max_length=120, help_text=_("Code or name; everybody below it is on the list."),
        widget=forms.TextInput(attrs={"list": "units", "autocomplete": "off"}),
    )  # fmt: skip
    day = forms.DateField(label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    method = forms.ChoiceField(label=_("Test"))
    disease = forms.ChoiceField(label=_("For which disease"))
    capacity = forms.TypedChoiceField(label=_("People in a tube"), coerce=int)
    title = _short(_("Title"), help_text=_("Left empty: unit and day."))

    def __init__(self, *args: Any, diseases: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose(self, "method", _methods())
        choose(self, "disease", diseases.items())
        sizes = laboratory().pools.capacities
        choose(self, "capacity", [(n, _("%(n)s : 1") % {"n": n}) for n in sizes])


class StationForm(TakeForm):
    numbers = forms.CharField(
        label=_("Numbers of the people"), max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
        help_text=_("One a line, or with spaces between; each swab goes into this tube."),
    )  # fmt: skip
    field_order = ("numbers", "barcode", "where", "taken_at")

    def people(self) -> list[str]:
        found: list[str] = self.cleaned_data["numbers"].replace(",", " ").replace("，", " ").split()
        return found


class MemberForm(forms.Form):
    why = forms.ChoiceField(label=_("Why not tested"), required=False)
    note = _short(_("Remark"), limit=200)
    excuse = forms.BooleanField(label=_("Need not come"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose(self, "why", [("", _("not known")), *DayMember.Why.choices])


class SpanForm(forms.Form):
    first = forms.DateField(label=_("From"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    last = forms.DateField(label=_("To"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    method = forms.ChoiceField(label=_("Test"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose(self, "method", [("", _("all tests")), *_methods()])

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        first: date | None = values.get("first")
        last: date | None = values.get("last")
        if first and last and not 0 <= (last - first).days < 366:
            self.add_error("last", _("Choose a first day before the last, at most a year apart."))
        return values

    @classmethod
    def default(cls) -> dict[str, str]:
        today = clock.today()
        return {"first": str(today - timedelta(days=13)), "last": str(today), "method": ""}
