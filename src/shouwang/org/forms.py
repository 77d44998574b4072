"""Forms of org: they parse; whether it may be done is decided by the action."""

from __future__ import annotations

from typing import Any

from django import forms
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from shouwang.org.models import Grant, Organisation, Person, Place, Responsibility

ANY: list[tuple[str, Any]] = [("", _("all"))]


def _suggesting(url: str, target: str, **more: str) -> forms.TextInput:
    """A text field that offers codes while one types: the `<datalist>` it names is filled by HTMX."""
    attrs = {
        "list": target,
        "autocomplete": "off",
        "hx-get": reverse_lazy(url),
        "hx-trigger": "input changed delay:200ms",
        "hx-target": f"#{target}",
        "hx-swap": "innerHTML",
        **more,
    }
    return forms.TextInput(attrs=attrs)


class WhoForm(forms.Form):
    """What is known of somebody who may be on the roster already."""

    name = forms.CharField(required=False, max_length=120)
    number = forms.CharField(required=False, max_length=40)
    phone = forms.CharField(required=False, max_length=40)
    born = forms.DateField(required=False)
    fill = forms.BooleanField(required=False)


class OtherForm(forms.Form):
    other = forms.CharField(max_length=40)


class MergeForm(forms.Form):
    reason = forms.CharField(max_length=300, error_messages={"required": _("Say how it is known.")})
    leave = forms.BooleanField(required=False)


class UndoMergeForm(forms.Form):
    reason = forms.CharField(max_length=300, error_messages={"required": _("Say how it is known.")})


def unit_input() -> forms.TextInput:
    return _suggesting("org:suggest_organisations", "unit-choices")


def place_input() -> forms.TextInput:
    return _suggesting("org:suggest_places", "place-choices")


def day_input() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class PeopleFilterForm(forms.Form):
    q = forms.CharField(label=_("Name or number begins with"), required=False, max_length=60)
    unit = forms.CharField(label=_("Unit"), required=False, max_length=120, widget=unit_input())
    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=[*ANY, *Person.Kind.choices])
    situation = forms.ChoiceField(label=_("Situation"), required=False, choices=[*ANY, *Person.Situation.choices])


class MoveForm(forms.Form):
    organisation = forms.CharField(label=_("New unit (code)"), max_length=120, widget=unit_input())
    on = forms.DateField(label=_("From"), widget=day_input())


class SituationForm(forms.Form):
    situation = forms.ChoiceField(label=_("Situation"), choices=Person.Situation.choices)
    on = forms.DateField(label=_("From"), widget=day_input())


class ResidenceForm(forms.Form):
    place = forms.CharField(label=_("Room (code)"), max_length=120, widget=place_input())
    on = forms.DateField(label=_("From"), widget=day_input())


class CorrectForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    phone = forms.CharField(label=_("Telephone"), max_length=40, required=False)
    card = forms.CharField(label=_("Access card number"), max_length=40, required=False)


class LeaveForm(forms.Form):
    on = forms.DateField(label=_("Last day"), widget=day_input())


class AddOrganisationForm(forms.Form):
    kind = forms.ChoiceField(label=_("Type"), choices=Organisation.Kind.choices)
    code = forms.CharField(label=_("Code"), max_length=60)
    name = forms.CharField(label=_("Name"), max_length=120)
    name_en = forms.CharField(label=_("English name"), max_length=120, required=False)


class AddPlaceForm(forms.Form):
    kind = forms.ChoiceField(label=_("Type"), choices=Place.Kind.choices)
    code = forms.CharField(label=_("Code"), max_length=60)
    name = forms.CharField(label=_("Name"), max_length=120)
    name_en = forms.CharField(label=_("English name"), max_length=120, required=False)
    capacity = forms.IntegerField(label=_("Capacity (people)"), min_value=0, max_value=100_000, required=False)


class RenameForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    name_en = forms.CharField(label=_("English name"), max_length=120, required=False)


class CloseForm(forms.Form):
    ends = forms.DateField(label=_("Last day"), widget=day_input())


class AssignForm(forms.Form):
    """Exactly one of organisation and place; the action says so."""

    organisation = forms.CharField(label=_("Unit (code)"), max_length=120, required=False, widget=unit_input())
    place = forms.CharField(label=_("or place (code)"), max_length=120, required=False, widget=place_input())
    number = forms.CharField(label=_("Person (number)"), max_length=40)
    rank = forms.ChoiceField(
        label=_("As"), choices=Responsibility.Rank.choices, initial=Responsibility.Rank.FIRST, widget=forms.RadioSelect
    )
    on = forms.DateField(label=_("From"), widget=day_input())


class AccountForm(forms.Form):
    username = forms.CharField(
        label=_("User name"),
        max_length=60,
        required=False,
        help_text=_("Left empty: the person's number."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )
    number = forms.CharField(
        label=_("Person (number)"),
        max_length=40,
        required=False,
        help_text=_("An account of no person has no data of its own: only for shared devices and programs."),
    )


class GrantForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=Grant.Role.choices)
    organisation = forms.CharField(label=_("Unit and everything below it (code)"), max_length=120, widget=unit_input())
    since = forms.DateField(label=_("From"), widget=day_input())
    until = forms.DateField(label=_("Until"), required=False, widget=day_input())


class TokenForm(forms.Form):
    name = forms.CharField(label=_("What it is for"), max_length=60)
    days = forms.IntegerField(label=_("Days until it ends"), min_value=1, max_value=366, initial=90)


class AuditFilterForm(forms.Form):
    number = forms.CharField(label=_("Person concerned (number)"), required=False, max_length=40)
    account = forms.CharField(label=_("Account"), required=False, max_length=60)
    kind = forms.CharField(label=_("About"), required=False, max_length=40)
    reads = forms.ChoiceField(
        label=_("Acts"), required=False, choices=[("", _("all")), ("reads", _("looked")), ("writes", _("changed"))]
    )


class ImportForm(forms.Form):
    file = forms.FileField(
        label=_("File"),
        help_text=_("Excel (.xlsx, .xls), OpenDocument (.ods) or CSV, as the school has it. Nothing is written yet."),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.ods,.csv,.txt,.gz"}),
    )
    organisation = forms.CharField(
        label=_("Belongs below (code)"),
        max_length=120,
        required=False,
        help_text=_("Left empty: the whole institution."),
        widget=unit_input(),
    )
    since = forms.DateField(
        label=_("Valid from"),
        help_text=_("From this day new people belong here and moves take effect."),
        widget=day_input(),
    )
    kind = forms.ChoiceField(
        label=_("Where the file does not say: kind"), choices=Person.Kind.choices, initial=Person.Kind.STUDENT
    )
    map_name = forms.CharField(
        label=_("Remember the columns as"),
        max_length=80,
        required=False,
        help_text=_("A name for this kind of file; next time its columns are known."),
        widget=forms.TextInput(attrs={"list": "mapping-names", "autocomplete": "off"}),
    )
    create_organisations = forms.BooleanField(
        label=_("Create units that are not known yet (they are listed before)"), required=False, initial=True
    )
    create_places = forms.BooleanField(
        label=_("Create dormitory rooms that are not known yet"), required=False, initial=True
    )
