"""A typed refusal shown at the field it names."""

from __future__ import annotations

from django.forms import BaseForm

from shouwang.core.errors import ShouwangError


def put_error(form: BaseForm, error: ShouwangError) -> None:
    """Add the sentence of `error` to the form: at its field when the form has it, else above all fields."""
    form.add_error(error.field if error.field in form.fields else None, error.sentence)
