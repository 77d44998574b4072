"""What pages send: opening, classifying, dating and closing a case; the filters of the desk and of the curve."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shouwang.cases import queries, rules
from shouwang.cases.models import Case, Classification
from shouwang.core import clock
from shouwang.core.errors import BadInput
from shouwang.core.forms import choose, offer
from shouwang.core.packs import Pack
from shouwang.core.scope import Actor

OPENING = [choice for choice in Classification.choices if choice[0] != rules.DISCARDED]


def moment_field(label: Any, help_text: Any = "", *, required: Any = "") -> forms.DateTimeField:
    """A local date and time, to the minute; `required` is the sentence when it is missing. All three may be lazy."""
    return forms.DateTimeField(
        label=label,
        required=bool(required),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=help_text,
        error_messages={"required": required},
    )


class OnsetForm(forms.Form):
    """Onset as people remember it: a day, and sometimes an hour."""

    onset_day = forms.DateField(
        label=_("Day of onset"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("First symptom. Leave it empty when nobody knows: unknown is not today."),
    )
    onset_time = forms.TimeField(
        label=_("Hour of onset"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=_("Leave it empty when only the day is known."),
    )

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if values.get("onset_time") is not None and values.get("onset_day") is None and "onset_day" in values:
            self.add_error("onset_day", _("An hour needs its day. Enter the day of onset too."))
        return values

    def onset(self) -> dict[str, Any]:
        """`onset_at` and `onset_day_only` of the valid form."""
        day: date | None = self.cleaned_data["onset_day"]
        hour: time | None = self.cleaned_data["onset_time"]
        if day is None:
            return {"onset_at": None, "onset_day_only": False}
        return {
            "onset_at": datetime.combine(day, hour or time.min, tzinfo=clock.zone()),
            "onset_day_only": hour is None,
        }


class OpenForm(OnsetForm):
    """A case opened from an alert: the person and the pack are known."""

    classification = forms.ChoiceField(
        label=_("Classification"), choices=OPENING, initial=rules.SUSPECTED, widget=forms.RadioSelect
    )
    detected_at = moment_field(_("Detected"), _("When the campus first learned of it."))
    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("What speaks for it: symptoms, exposure, test result."),
    )
    field_order = ("number", "pack", "classification", "onset_day", "onset_time", "detected_at", "reason")


class OpenUnlistedForm(OpenForm):
    """A case opened from an alert that no pack knows of: the clinic says of which disease."""

    pack = forms.ChoiceField(
        label=_("Disease"),
        help_text=_("What was reported is in no disease pack. Choose the one to judge this case by."),
    )

    def __init__(self, *args: Any, packs: list[Pack], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.packs = {pack.code: pack for pack in packs}
        choices = [("", _("choose")), *((pack.code, str(pack.head.name)) for pack in packs)]
        choose(self, "pack", choices)


class OpenByNumberForm(OpenForm):
    number = forms.CharField(
        label=_("Student or staff number"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    pack = forms.ChoiceField(label=_("Disease"))

    def __init__(self, *args: Any, packs: list[Pack], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.packs = {pack.code: pack for pack in packs}
        self.fields["detected_at"].help_text = _("When the campus first learned of it. Left empty: now.")
        choose(self, "pack", [(pack.code, str(pack.head.name)) for pack in packs])


class VersionForm(forms.Form):
    """Carries the version of the case that the person was looking at."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)


class ClassifyForm(VersionForm):
    classification = forms.ChoiceField(label=_("New classification"), widget=forms.RadioSelect)
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = dict(Classification.choices)
        allowed = rules.next_classes(
            case.classification, closed=not case.is_open, onset_known=case.onset_at is not None
        )
        choose(self, "classification", [(code, names[code]) for code in allowed])


class CloseForm(VersionForm):
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))


class DatesForm(OnsetForm, VersionForm):
    """All dates of a case. Only what was changed is sent on: stored seconds survive a form that shows minutes."""

    detected_at = moment_field(_("Detected"), required=_("Every case was detected at some time. Enter when."))
    reported_at = moment_field(_("Reported to the health authority"))
    isolated_at = moment_field(_("Isolated"))
    treated_at = moment_field(_("First treated"))
    traced_at = moment_field(_("Contacts traced"))
    recovered_at = moment_field(_("Recovered"))
    reason = forms.CharField(
        label=_("Reason for the correction"),
        max_length=300,
        required=False,
        help_text=_("Useful when a date that was known is changed."),
    )
    MOMENTS = ("detected_at", "reported_at", "isolated_at", "treated_at", "traced_at", "recovered_at")
    field_order = ("onset_day", "onset_time", *MOMENTS, "reason", "version")

    def __init__(self, data: Mapping[str, Any] | None = None, *, case: Case) -> None:
        self.case = case
        onset = case.onset_at.astimezone(clock.zone()) if case.onset_at else None
        initial = {name: getattr(case, name) for name in self.MOMENTS} | {
            "version": case.version,
            "onset_day": onset.date() if onset else None,
            "onset_time": onset.time() if onset and not case.onset_day_only else None,
        }
        super().__init__(data, initial=initial)

    def changes(self) -> dict[str, Any]:
        """The columns whose value, to the minute, differs from what is stored."""
        wanted = {name: self.cleaned_data[name] for name in self.MOMENTS}
        found = {name: value for name, value in wanted.items() if _differs(value, getattr(self.case, name))}
        onset = self.onset()
        if onset["onset_day_only"] != self.case.onset_day_only or _differs(onset["onset_at"], self.case.onset_at):
            found |= onset
        return found


def _differs(new: datetime | None, old: datetime | None) -> bool:
    if new is None or old is None:
        return new is not old
    return rules.minute(new) != rules.minute(old)


def choice(label: Any, *choices: tuple[str, Any]) -> forms.ChoiceField:
    """A select of a filter: nothing need be chosen."""
    return forms.ChoiceField(
        label=label,
        required=False,
        choices=choices,
        widget=forms.Select(attrs={"class": "form-select"}),
    )


def code_or_name(label: Any) -> forms.CharField:
    """A unit or place as one writes it."""
    return forms.CharField(
        label=label,
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"placeholder": _("Code or name"), "autocomplete": "off"}),
    )


def day_field(label: Any, *, required: bool = True) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=required, widget=widget)


class CurveForm(forms.Form):
    """What an epi curve counts: days, the date counted on, disease, class, unit, place."""

    disease = choice(_("Disease"), ("", _("all diseases")))
    kind = choice(_("Counted on"), *list(queries.CURVE_WORDS.items()))
    classification = choice(_("Classification"), ("", _("all classifications")))
    unit = code_or_name(_("Unit"))
    place = code_or_name(_("Residence"))
    first = day_field(_("From"))
    last = day_field(_("To"))

    def __init__(self, data: Mapping[str, Any], *, by: Actor, diseases: Mapping[str, str]) -> None:
        super().__init__(data)
        self.by = by
        offer(self, "disease", diseases.items())
        offer(self, "classification", [row for row in Classification.choices if row[0] in queries.CURVE_CLASSES])

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            words = {name: values[name] for name in ("kind", "disease", "classification", "unit", "place")}
            try:
                values["of"] = queries.curve_of(self.by, **words)
            except BadInput as error:
                self.add_error(error.field, str(error))
        return values

    @staticmethod
    def default(today: date) -> dict[str, str]:
        """Thirty days up to today."""
        return {"first": (today - timedelta(days=29)).isoformat(), "last": today.isoformat()}


class DelayForm(forms.Form):
    """Which cases the delays are of: days of detection, disease, unit."""

    disease = choice(_("Disease"), ("", _("all diseases")))
    unit = code_or_name(_("Unit"))
    first = day_field(_("Detected from"))
    last = day_field(_("Detected to"))

    def __init__(self, data: Mapping[str, Any], *, by: Actor, diseases: Mapping[str, str]) -> None:
        super().__init__(data)
        self.by = by
        offer(self, "disease", diseases.items())

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                queries.check_days(values["first"], values["last"])
                queries.unit_written(self.by, values["unit"], "report.view")
            except BadInput as error:
                self.add_error(error.field, str(error))
        return values

    def found(self, at: datetime) -> queries.Delays:
        """The numbers of a valid form."""
        values = self.cleaned_data
        words = {name: values[name] for name in ("first", "last", "disease", "unit")}
        return queries.delays_of(self.by, at=at, **words)

    @staticmethod
    def default(today: date) -> dict[str, str]:
        """Twelve whole weeks up to today."""
        first = today - timedelta(days=today.weekday(), weeks=queries.WEEKS - 1)
        return {"first": first.isoformat(), "last": today.isoformat()}


def at_field(error: BadInput) -> BadInput:
    """Onset is two fields on a form: show its error at the day."""
    if error.field == "onset_at":
        error.field = "onset_day"
    return error


class MergeForm(forms.Form):
    """Another record of the same episode, and how that is known."""

    other = forms.ChoiceField(label=_("Duplicate"), help_text=_("It is discarded and counts no more."))
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, others: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose(self, "other", others.items())


class UnmergeForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))
