"""What the pages of files from other systems send."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shouwang.cases.forms import OPENING
from shouwang.core.forms import offer
from shouwang.core.packs import Pack

ORDER = forms.ChoiceField(
    label=_("Days such as 03/04/2020 are written"),
    choices=[("", _("find out from the file")), ("day", _("day first")), ("month", _("month first"))],
    required=False,
)


class FileForm(forms.Form):
    file = forms.FileField(
        label=_("File"),
        help_text=_("The cases as SORMAS or Go.Data exported them: CSV or Excel."),
        error_messages={"required": _("Choose the file.")},
    )
    pack = forms.ChoiceField(label=_("Disease"), help_text=_("New cases are judged by this pack."))
    order = ORDER

    def __init__(self, *args: Any, packs: Sequence[Pack], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "pack", [(pack.code, str(pack.head.name)) for pack in packs])


class OrderForm(forms.Form):
    order = ORDER


class TakeForm(forms.Form):
    """Whose case the row is; empty sets it aside."""

    number = forms.CharField(
        label=_("Student or staff number"),
        max_length=40,
        required=False,
        help_text=_("Leave it empty to set the row aside."),
    )
    classification = forms.ChoiceField(
        label=_("Classification"), choices=[("", _("as the file says")), *OPENING], required=False
    )
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))


class KeepForm(forms.Form):
    """The case here stays as it is."""

    reason = forms.CharField(label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))
