"""Forms of command: they parse, rules judge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.db.models import QuerySet
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from shouwang.command.models import Directive, ResponseLevel
from shouwang.command.queries.tasks import SHOWS
from shouwang.command.rules import control
from shouwang.command.rules.notices import vocabulary
from shouwang.core import clock
from shouwang.core.forms import choose, choose_from
from shouwang.core.tree import in_ranges, subtree
from shouwang.org.models import Organisation
from shouwang.org.queries import current


class LevelForm(forms.Form):
    level = forms.TypedChoiceField(label=_("Level"), choices=ResponseLevel.Level.choices, coerce=int)
    basis = forms.CharField(
        label=_("Legal basis"),
        max_length=300,
        help_text=_("Which notice of whom, with number or date. It is shown to everybody."),
    )
    review_on = forms.DateField(label=_("Review on"), widget=forms.DateInput(attrs={"type": "date"}))


class EndLevelForm(forms.Form):
    reason = forms.CharField(
        label=_("Why it ends"), max_length=300, help_text=_("Which notice of whom, or what has changed.")
    )


class ReportForm(forms.Form):
    """Which day and which organisation."""

    day = forms.DateField(label=_("Day"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    unit = forms.IntegerField(label=_("Unit"), required=False)


class NoticeForm(forms.Form):
    """A notice to be read: a file, or its text."""

    file = forms.FileField(
        label=_("File"), required=False, help_text=_("Word (.docx), PDF with text in it, or plain text; 20 MB at most.")
    )
    text = forms.CharField(
        label=_("Or its text"), required=False, max_length=1_000_000, widget=forms.Textarea(attrs={"rows": 8})
    )

    def clean(self) -> dict[str, object]:
        given: dict[str, object] = super().clean() or {}
        if not given.get("file") and not given.get("text"):
            self.add_error("file", _("Choose a file or paste the text of the notice."))
        return given


class PackForm(forms.Form):
    """From when and until when a pack is in force; empty: today, and until it is ended."""

    since = forms.DateField(required=False)
    until = forms.DateField(required=False)


class QualityForm(forms.Form):
    """How many weeks, and which disease."""

    DEFAULT: ClassVar[Mapping[str, str]] = {"weeks": "12", "disease": ""}

    weeks = forms.IntegerField(label=_("Weeks"), min_value=1, max_value=53)
    disease = forms.ChoiceField(label=_("Disease"), required=False, widget=forms.Select(attrs={"class": "form-select"}))

    def __init__(self, data: Mapping[str, Any], *, diseases: Mapping[str, str]) -> None:
        super().__init__(data)
        choose(self, "disease", [("", _("all diseases")), *diseases.items()])


class MomentInput(forms.DateTimeInput):
    """A browser's own field for day and time, in the institution's time zone."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class DirectiveForm(forms.Form):
    """The parts of a directive. `version` is the one that this page was made from."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    title = forms.CharField(label=_("Title"), max_length=300)
    signed_as = forms.CharField(
        label=_("Issuer"), max_length=120, required=False,
        help_text=_("As the masthead names it; empty: the name of the organisation."),
    )  # fmt: skip
    # Not `prefix`: every form has an attribute of that name.
    number_prefix = forms.CharField(
        label=_("Prefix of the number"), max_length=40, required=False,
        help_text=_("Such as 院党字. Year and number follow at issue, without gaps."),
    )  # fmt: skip
    urgency = forms.CharField(label=_("Urgency"), max_length=20, required=False)
    addressees = forms.CharField(label=_("Addressed to"), max_length=1000, required=False)
    body = forms.CharField(
        label=_("Text"), widget=forms.Textarea(attrs={"rows": 16}), max_length=500_000, required=False,
        help_text=_("Sections by 一、 （一） 1. （1） at the beginning of a line."),
    )  # fmt: skip
    attachments = forms.CharField(
        label=_("Attachments"), widget=forms.Textarea(attrs={"rows": 6}), max_length=500_000, required=False,
        help_text=_("Each begins with a line “# title”; its text follows."),
    )  # fmt: skip
    copies = forms.CharField(label=_("Copies to"), max_length=1000, required=False)
    replaces = forms.ModelChoiceField(
        label=_("Replaces"), queryset=Directive.objects.none(), required=False, empty_label=_("none"),
        help_text=_("It is out of force the moment this one is issued; its open tasks are closed."),
    )  # fmt: skip

    def __init__(self, *args: Any, organisation: Organisation | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if organisation is not None:
            rows = Directive.objects.filter(organisation=organisation, state=Directive.State.ISSUED)
            choose_from(self, "replaces", rows.order_by("-issued_at"))

    def clean_attachments(self) -> list[dict[str, str]]:
        found: list[dict[str, str]] = []
        for line in self.cleaned_data["attachments"].splitlines():
            if line.startswith("#"):
                found.append({"title": line.lstrip("#").strip(), "text": ""})
            elif found:
                found[-1]["text"] = f"{found[-1]['text']}\n{line}".strip("\n")
            elif line.strip():
                raise forms.ValidationError(_("Begin each attachment with a line “# title”."))
        return found


def attachments_text(rows: list[dict[str, str]]) -> str:
    """What `DirectiveForm.attachments` shows."""
    return "\n".join(f"# {row['title']}\n{row['text']}".rstrip() for row in rows)


class AimsForm(forms.Form):
    """To whom a directive goes and until when."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    unit = forms.ModelChoiceField(label=_("Units of"), queryset=Organisation.objects.none(), required=False)
    kind = forms.ChoiceField(label=_("Which"), required=False)
    acknowledge_by = forms.DateTimeField(
        label=_("Acknowledge until"), required=False, widget=MomentInput(), input_formats=["%Y-%m-%dT%H:%M"]
    )
    due_at = forms.DateTimeField(
        label=_("Deadline of tasks that name none"), required=False, widget=MomentInput(),
        input_formats=["%Y-%m-%dT%H:%M"],
    )  # fmt: skip

    def __init__(self, *args: Any, organisation: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self, "unit", units_inside(organisation))
        depths = [("", _("the unit itself")), ("*", _("the unit and all below it"))]
        choose(self, "kind", [*depths, *Organisation.Kind.choices])


def units_inside(organisation: Organisation) -> QuerySet[Organisation]:
    """The organisation and standing units below it, classes left out: a list for a choice, not a catalogue."""
    inside = in_ranges("path", (subtree(organisation.path),))
    return Organisation.objects.filter(inside, current(clock.today())).exclude(kind="class").order_by("path")


class MeasureForm(forms.Form):
    """One measure: whom, until when, with evidence or not; accepted or dropped."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    text = forms.CharField(label=_("What is to be done"), max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))
    capability = forms.ChoiceField(label=pgettext_lazy("task", "Kind"), required=False)
    owner_unit = forms.ModelChoiceField(
        label=_("By whom"), queryset=Organisation.objects.none(), required=False, empty_label=_("every recipient")
    )
    due_at = forms.DateTimeField(label=_("Due"), required=False, widget=MomentInput(), input_formats=["%Y-%m-%dT%H:%M"])
    evidence = forms.BooleanField(label=_("Evidence required"), required=False)

    def __init__(self, *args: Any, units: QuerySet[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self, "owner_unit", units)
        chinese = (get_language() or "zh").startswith("zh")
        names = [(key, zh if chinese else en) for key, (zh, en) in vocabulary().names().items()]
        choose(self, "capability", [("", _("none of them")), *names])


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=500)


class ActForm(forms.Form):
    """Words of an act on a task."""

    text = forms.CharField(required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))
    reason = forms.CharField(label=_("Reason"), required=False, max_length=500)


class SplitForm(forms.Form):
    """To which units below, with which words, until when."""

    units = forms.ModelMultipleChoiceField(
        label=_("Units"), queryset=Organisation.objects.none(), widget=forms.CheckboxSelectMultiple
    )
    text = forms.CharField(label=_("In these words"), required=False, max_length=1000)
    due_at = forms.DateTimeField(label=_("Due"), required=False, widget=MomentInput(), input_formats=["%Y-%m-%dT%H:%M"])

    def __init__(self, *args: Any, units: QuerySet[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self, "units", units)


class DeadlineForm(forms.Form):
    """Another deadline of a task, and why."""

    due_at = forms.DateTimeField(label=_("Due"), widget=MomentInput(), input_formats=["%Y-%m-%dT%H:%M"])
    text = forms.CharField(label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class TaskFilterForm(forms.Form):
    show = forms.ChoiceField(required=False, choices=[(show, show) for show in SHOWS])
    directive = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    unit = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    page = forms.CharField(required=False, max_length=500)


class PreviewForm(forms.Form):
    """Which level is to be looked at."""

    level = forms.TypedChoiceField(choices=ResponseLevel.Level.choices, coerce=int)


class ControlForm(forms.Form):
    """One control measure."""

    kind = forms.ChoiceField(label=_("Control measure"), choices=[(key, word) for key, word in control.KINDS.items()])
    value = forms.CharField(label=_("What holds"), max_length=200)
    reason = forms.CharField(
        label=_("Why, in plain words"), max_length=control.REASON, help_text=_("It is shown to everybody.")
    )
    basis = forms.CharField(label=_("Legal basis"), max_length=300)
    review_on = forms.DateField(label=_("Review on"), widget=forms.DateInput(attrs={"type": "date"}))


class MeasureStepForm(forms.Form):
    """Extending or ending one."""

    reason = forms.CharField(label=_("Why"), max_length=control.REASON)
    review_on = forms.DateField(label=_("Review on"), required=False)
