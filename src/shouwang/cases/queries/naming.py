"""Units and places as people write them into filters."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.utils.translation import gettext_lazy as _

from shouwang.core.errors import BadInput, NotFound
from shouwang.core.scope import Actor
from shouwang.org.models import Organisation, Place
from shouwang.org.queries import organisation_named, place_named

T = TypeVar("T")


def unit_written(by: Actor, text: str, right: str) -> Organisation | None:
    """The unit within reach of `right` by code or name; None for nothing written. BadInput at the field `unit`."""
    return _found("unit", text, lambda name: organisation_named(by, name, right=right))


def place_written(by: Actor, text: str) -> Place | None:
    """The same for a place one may know. BadInput at the field `place`."""
    return _found("place", text, lambda name: place_named(by, name))


def _found(field: str, text: str, find: Callable[[str], T]) -> T | None:
    name = text.strip()
    if not name:
        return None
    try:
        return find(name)
    except NotFound as error:
        sentence = _("Nothing within your reach has the code or name “%(value)s”.")
        raise BadInput(sentence, code="filter_invalid", field=field, value=name) from error
