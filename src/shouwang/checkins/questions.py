"""Further questions as fields of a form, and a form's fields as answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shouwang.checkins.rules import Protocols, Question
from shouwang.checkins.rules.questions import TEXT_LIMIT, Scalar

YES_NO = (("yes", _("Yes")), ("no", _("No")))


def name_of(question: Question) -> str:
    """The field's name: apart from the fixed fields."""
    return f"q_{question.code}"


def field_of(question: Question, protocols: Protocols) -> forms.Field:
    """The widget that fits the kind. Whether it is required is decided by the rule, which knows who is asked."""
    help_text = str(question.help) if question.help else ""
    if question.symptoms_any:
        names = [str(protocols.symptoms[code].name) for code in question.symptoms_any if code in protocols.symptoms]
        only = str(_("Only if you have: %(symptoms)s") % {"symptoms": ", ".join(names)})
        help_text = f"{only} · {help_text}" if help_text else only
    common: dict[str, Any] = {"label": str(question.text), "required": False, "help_text": help_text}
    attrs: dict[str, str] = {"data-kind": question.kind}
    # For the page without a person, where the phone knows who is asked.
    for name, values in (("data-kinds", question.kinds), ("data-situations", question.situations)):
        if values:
            attrs[name] = " ".join(values)
    if question.monitored is not None:
        attrs["data-monitored"] = "true" if question.monitored else "false"
    if question.symptoms_any:
        attrs["data-symptoms"] = " ".join(question.symptoms_any)
    match question.kind:
        case "yes_no":
            return forms.ChoiceField(choices=YES_NO, widget=forms.RadioSelect(attrs=attrs), **common)
        case "choice":
            choices = [(choice.code, str(choice.name)) for choice in question.choices]
            return forms.ChoiceField(choices=choices, widget=forms.RadioSelect(attrs=attrs), **common)
        case "number":
            limits = {"min": question.low, "max": question.high}
            attrs = attrs | {name: f"{value:g}" for name, value in limits.items() if value is not None}
            widget = forms.NumberInput(attrs={"inputmode": "decimal", "step": "any", **attrs})
            return forms.FloatField(widget=widget, **common)
        case "text":
            return forms.CharField(max_length=TEXT_LIMIT, widget=forms.TextInput(attrs=attrs), **common)


def initial_of(extra: Mapping[str, Scalar], protocols: Protocols) -> dict[str, Any]:
    """Field values of earlier answers."""
    return {
        name_of(question): ("yes" if extra[code] else "no") if question.kind == "yes_no" else extra[code]
        for code, question in protocols.questions.items()
        if code in extra
    }


def said_of(values: Mapping[str, Any], protocols: Protocols) -> dict[str, Scalar]:
    """The answers in a valid form's values; what was left empty is not answered."""
    found: dict[str, Scalar] = {}
    for code, question in protocols.questions.items():
        value = values.get(name_of(question))
        if value is None or value == "":
            continue
        match question.kind:
            case "yes_no":
                found[code] = value == "yes"
            case "number":
                found[code] = int(value) if value.is_integer() else value
            case _:
                found[code] = value
    return found
