"""Between forms and typed refusals: what a form refuses as an error, and an error shown at the field it names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.forms import BaseForm, ChoiceField, ModelChoiceField
from django.utils.functional import Promise

from shouwang.core.errors import BadInput, ShouwangError


def cleaned(form: BaseForm, sentence: str | Promise | None = None) -> dict[str, Any]:
    """The values of a sound form. BadInput names the first field that is not, in the form's words or in `sentence`."""
    if form.is_valid():
        values: dict[str, Any] = form.cleaned_data
        return values
    field, said = next(iter(form.errors.items()))
    raise BadInput(sentence or str(said[0]), field=field)


def put_error(form: BaseForm, error: ShouwangError) -> None:
    """Add the sentence of `error` to the form: at its field when the form has it, else above all fields."""
    form.add_error(error.field if error.field in form.fields else None, error.sentence)


def choose(form: BaseForm, name: str, choices: Iterable[tuple[Any, Any]]) -> None:
    """Offer `choices`, (value, label) in order, labels lazy or not, in the field `name` of this one form."""
    field = form.fields[name]
    assert isinstance(field, ChoiceField)
    field.choices = list(choices)


def offer(form: BaseForm, name: str, choices: Iterable[tuple[Any, Any]]) -> None:
    """Offer `choices` after those that the field `name` has already."""
    field = form.fields[name]
    assert isinstance(field, ChoiceField)
    standing: Any = field.choices
    field.choices = [*standing, *choices]


def choose_from(form: BaseForm, name: str, rows: QuerySet[Any]) -> None:
    """Offer `rows` in the field `name` of this one form."""
    field = form.fields[name]
    assert isinstance(field, ModelChoiceField)
    field.queryset = rows


def offers(form: BaseForm, name: str) -> bool:
    """Whether there is anything to choose in the field `name` of this form."""
    field = form.fields[name]
    assert isinstance(field, ChoiceField)
    return bool(field.choices)
