"""What the pages of care send."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from shouwang.cases.care import rules
from shouwang.cases.care.hospitals import Hospital
from shouwang.cases.care.models import Discharge, ReferralStep, Treatment, Visit
from shouwang.cases.forms import moment_field
from shouwang.core.forms import choose

SAID = [choice for choice in ReferralStep.Source.choices if choice[0] != ReferralStep.Source.LINK]
STEPS: list[tuple[Any, Any]] = [
    ("", _("choose")),
    (pgettext_lazy("log", "Ambulance"), list(rules.AMBULANCE.items())),
    (pgettext_lazy("log", "Hospital"), list(rules.STATUSES.items())),
]


def day_field(label: Any, help_text: Any = "", *, required: bool = True) -> forms.DateField:
    """A local day; `label` and `help_text` may be lazy."""
    return forms.DateField(
        label=label,
        required=required,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=help_text,
    )


def text_field(label: Any, help_text: Any = "", *, rows: int = 2, limit: int = 300, required: bool = True) -> Any:
    widget = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(label=label, max_length=limit, widget=widget, help_text=help_text, required=required)


class VersionForm(forms.Form):
    """Carries the version of the care that was looked at; 0: there was none."""

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)


class LeaveForm(VersionForm):
    absent_from = day_field(_("First day of absence"))
    absent_until = day_field(_("Last day of absence"), _("As far as anybody can say; it can be changed."))


class MedicalForm(VersionForm):
    allergies = text_field(
        _("Allergies"), _("Leave it empty when nobody has asked: unknown is not none."), required=False
    )
    chronic = text_field(_("Chronic illness and its medicines"), required=False)


class ReferForm(VersionForm):
    hospital = forms.ChoiceField(label=_("Hospital"))
    reason = text_field(_("Why"), _("The hand-over note says so to the receiving doctor."))
    accompanied_by = forms.CharField(label=_("Accompanied by"), max_length=120, required=False)
    decided_at = moment_field(_("Decided at"), _("Left empty: now."))
    absent_until = day_field(
        _("Absent until at least"),
        _("Teachers and the counsellor see this day, never the reason. Empty: as it stands already."),
        required=False,
    )

    def __init__(self, *args: Any, hospitals: list[Hospital], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [(item.code, f"{item.name} · {item.phone}") for item in hospitals]
        choose(self, "hospital", [("", _("choose")), *named])


class StepForm(forms.Form):
    what = forms.ChoiceField(label=_("What happened"), choices=STEPS)
    happened_at = moment_field(_("When"), _("Left empty: now."))
    source = forms.ChoiceField(label=_("How it is known"), choices=SAID, initial=ReferralStep.Source.MESSAGE)
    told_by = forms.CharField(
        label=_("Who said so"), max_length=80, required=False, help_text=_("Name and ward, or the driver.")
    )


class CorrectForm(forms.Form):
    """The part that every correction has."""

    happened_at = moment_field(_("When"))
    withdraw = forms.BooleanField(label=_("Take the entry back: it was never true"), required=False)
    reason = text_field(_("Why it is corrected"), _("What stood there before stays in the history."))


class CorrectStepForm(CorrectForm):
    what = forms.ChoiceField(label=_("What happened"), choices=STEPS[1:])
    field_order = ("what", "happened_at", "withdraw", "reason")


class CorrectTreatmentForm(CorrectForm):
    text = text_field(_("What was given or done"))
    field_order = ("text", "happened_at", "withdraw", "reason")


class CorrectDischargeForm(CorrectForm):
    outcome = forms.ChoiceField(label=_("Outcome"), choices=Discharge.Outcome.choices)
    instructions = text_field(_("Instructions"), rows=3, limit=2000)
    field_order = ("outcome", "instructions", "happened_at", "withdraw", "reason")


class TreatForm(VersionForm):
    kind = forms.ChoiceField(label=_("Kind"), choices=Treatment.Kind.choices)
    place = forms.ChoiceField(label=_("Where"), choices=Treatment.Place.choices)
    text = text_field(_("What was given or done"))
    happened_at = moment_field(_("When"), _("Left empty: now."))


class DischargeForm(VersionForm):
    outcome = forms.ChoiceField(label=_("Outcome"), choices=Discharge.Outcome.choices)
    instructions = text_field(_("Instructions"), _("The person reads them on their own page."), rows=3, limit=2000)
    happened_at = moment_field(_("When"), _("Left empty: now."))


class ComplicationForm(VersionForm):
    symptoms = text_field(_("Which symptoms"))
    happened_at = moment_field(_("When"), _("Left empty: now."))
    absent_until = day_field(
        _("Stays away until"),
        _("With a day the certificate of return is withdrawn and the absence goes on; without one it stands."),
        required=False,
    )


class VisitForm(forms.Form):
    finding = forms.ChoiceField(label=_("How they are"), choices=Visit.Finding.choices)
    note_text = text_field(_("What they said"), required=False)
    absent_until = day_field(_("Stays away until"), _("Only with symptoms."), required=False)


class ReturnForm(VersionForm):
    back_on = day_field(_("Back from"), _("The first day in class and dormitory. The absence ends the day before."))
    reason = text_field(
        _("Why all the same"), _("Only when a condition is not met. It is kept with the certificate."), required=False
    )


class RevokeForm(forms.Form):
    reason = text_field(_("Why it is withdrawn"))
    absent_until = day_field(_("Absent until at least"), required=False)


class ObjectForm(forms.Form):
    text = text_field(
        _("What is wrong, and what would be right?"),
        _("For example: the date is wrong; that was not given to me; I was well by then."),
        rows=4,
        limit=2000,
    )


class AnswerForm(forms.Form):
    answer = text_field(_("Answer"), rows=3, limit=2000)
    same_reason = forms.CharField(
        label=_("Why nobody else can answer"),
        help_text=_("Needed when you wrote the latest entry yourself. The person reads this reason."),
        max_length=300,
        required=False,
    )


class HospitalForm(forms.Form):
    """What a hospital answers by its link."""

    what = forms.ChoiceField(
        label=_("How is the person?"), choices=list(rules.STATUSES.items()), widget=forms.RadioSelect
    )
    happened_at = moment_field(_("Since when"), _("Left empty: now."))
    told_by = forms.CharField(label=_("Your name and ward"), max_length=80)
