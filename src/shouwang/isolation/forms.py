"""What pages send: a place, an end, an objection and its answer; the filter of the desk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from shouwang.core.forms import choose
from shouwang.isolation.models import Order, RoomSheet
from shouwang.isolation.queries import SHOW, DeskFilter
from shouwang.isolation.queries.rooms import RoomChoice
from shouwang.org.models import Place


class VersionForm(forms.Form):
    """Carries the version of the order that the person was looking at."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)


class RoomForm(VersionForm):
    """A room with a free bed. What speaks against sharing it is said in the list, not hidden."""

    room = forms.TypedChoiceField(label=_("Room"), coerce=int)

    def __init__(
        self, *args: Any, choices: Sequence[RoomChoice] = (), proposal: Place | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        choose(self, "room", [(choice.room.pk, _label(choice)) for choice in choices])
        if proposal is not None:
            self.fields["room"].initial = proposal.pk


def _label(choice: RoomChoice) -> str:
    beds = _("%(free)s of %(beds)s beds free") % {"free": choice.free, "beds": choice.room.capacity}
    parent = f" · {choice.room.parent.title}" if isinstance(choice.room.parent, Place) else ""
    warnings = "".join(f" ⚠ {warning}" for warning in choice.warnings)
    return f"{choice.room.title} ({beds}){warnings}{parent}"


class AssignForm(VersionForm):
    """A room of the facility page: any id; the action judges it."""

    room = forms.IntegerField(min_value=1, widget=forms.HiddenInput)


YES_NO_UNKNOWN = [("", _("nobody has said")), ("yes", _("yes")), ("no", _("no"))]
STEP_FREE: dict[str, bool | None] = {"": None, "yes": True, "no": False}


class RoomSheetForm(VersionForm):
    """A room's sheet. Whether it is reached without steps has three answers: nobody has said is one of them."""

    zone = forms.ChoiceField(label=_("Zone"), choices=RoomSheet.Zone.choices)
    state = forms.ChoiceField(label=pgettext_lazy("room", "State"), choices=RoomSheet.State.choices)
    step_free = forms.ChoiceField(label=_("Reached without steps"), choices=YES_NO_UNKNOWN, required=False)

    def values(self) -> dict[str, Any]:
        """What `actions.set_room` takes."""
        return self.cleaned_data | {"step_free": STEP_FREE[self.cleaned_data["step_free"]]}

    @staticmethod
    def said(step_free: bool | None) -> str:
        return next(word for word, value in STEP_FREE.items() if value is step_free)


class NeedForm(forms.Form):
    step_free = forms.BooleanField(label=_("A room that is reached without steps"), required=False)
    together_with = forms.CharField(
        label=_("Together with"),
        max_length=20,
        required=False,
        help_text=_("The number of the order of whoever they must not be parted from, such as a child's parent."),
    )


class HomeForm(VersionForm):
    address = forms.CharField(
        label=_("Address"),
        max_length=200,
        help_text=_("Building, floor and room, or street and number. Somebody must be able to find the door."),
    )


class EndForm(VersionForm):
    reason = forms.CharField(
        label=_("Reason"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class ObjectionForm(forms.Form):
    text = forms.CharField(
        label=_("What is wrong, and what would be right?"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("For example: I was not there that day; I was in another room; the date is wrong."),
    )


class AnswerForm(forms.Form):
    answer = forms.CharField(label=_("Answer"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))
    same_reason = forms.CharField(
        label=_("Why nobody else can answer"),
        help_text=_("You served this order yourself: somebody else should answer. The person reads this reason."),
        max_length=300,
        required=False,
    )


KINDS = [("", _("both kinds")), *Order.Kind.choices]


class DeskForm(forms.Form):
    """The filter of the desk. What cannot be read is left out: a filter never refuses."""

    show = forms.ChoiceField(label=_("Show"), choices=[*SHOW.items()], required=False)
    kind = forms.ChoiceField(
        label=pgettext_lazy("order", "Kind"), choices=[("", _("both kinds")), *Order.Kind.choices], required=False
    )
    q = forms.CharField(label=_("Name or number"), max_length=60, required=False)

    def wanted(self) -> DeskFilter:
        self.is_valid()
        values = self.cleaned_data
        return DeskFilter(values.get("show") or "in_force", values.get("kind") or "", values.get("q") or "")
