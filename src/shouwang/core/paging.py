"""Keyset paging: a page begins after the last row seen, never at "row 40,000", so every page costs the same."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from shouwang.core.errors import BadInput

M = TypeVar("M", bound=Model)
T = TypeVar("T")
PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Rows of one page and the opaque cursors of its neighbours (None: there is none on that side)."""

    rows: Sequence[T]
    next: str | None
    previous: str | None


def keyset_page(rows: QuerySet[M], order: Sequence[str], cursor: str | None, *, size: int = PAGE_SIZE) -> Page[M]:
    """One page of `rows` ordered by `order` (Django order_by words), which must end with a unique, non-null column.

    Costs one query that reads size + 1 rows from an index on `order`. BadInput for a cursor that is not ours.
    """
    backwards, after = _decode(cursor, order) if cursor else (False, None)
    words = [_flip(word) for word in order] if backwards else list(order)
    if after is not None:
        try:
            rows = rows.filter(_after(words, after))
        except (ValueError, TypeError, ValidationError) as error:  # a value of another type than its column
            raise _damaged() from error
    found = list(rows.order_by(*words)[: size + 1])
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    has_next = bool(found) and (more if not backwards else True)
    has_previous = bool(found) and (more if backwards else after is not None)
    return Page(
        found,
        _encode(found[-1], order, backwards=False) if has_next else None,
        _encode(found[0], order, backwards=True) if has_previous else None,
    )


def _flip(word: str) -> str:
    return word[1:] if word.startswith("-") else "-" + word


def _after(words: Sequence[str], values: Sequence[Any]) -> Q:
    condition, equal = Q(pk__in=()), Q()
    for word, value in zip(words, values, strict=True):
        field = word.lstrip("-")
        lookup = f"{field}__lt" if word.startswith("-") else f"{field}__gt"
        condition |= equal & Q(**{lookup: value})
        equal &= Q(**{field: value})
    # The leading column alone bounds the range, so that the index is entered at the right place.
    first = words[0].lstrip("-")
    return Q(**{f"{first}__lte" if words[0].startswith("-") else f"{first}__gte": values[0]}) & condition


def _value(row: Model, field: str) -> Any:
    value: Any = row
    for part in field.split("__"):
        value = getattr(value, part)
    return value


def _encode(row: Model, order: Sequence[str], *, backwards: bool) -> str:
    return encode([_value(row, word.lstrip("-")) for word in order], backwards=backwards)


def encode(key: Sequence[Any], *, backwards: bool) -> str:
    """The opaque cursor of the page after (`backwards`: before) the row with this key."""
    values: list[Any] = []
    for value in key:
        if isinstance(value, datetime):
            values.append({"t": value.isoformat()})
        elif isinstance(value, date):
            values.append({"d": value.isoformat()})
        elif isinstance(value, Decimal):
            values.append({"n": str(value)})
        else:
            values.append(value)
    text = json.dumps([backwards, values], separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(cursor: str, order: Sequence[str]) -> tuple[bool, list[Any]]:
    return decode(cursor, len(order))


def decode(cursor: str, length: int) -> tuple[bool, list[Any]]:
    """(backwards, key) of a cursor whose key has `length` values. BadInput for a cursor that is not ours."""
    try:
        backwards, values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(backwards, bool) or not isinstance(values, list) or len(values) != length:
            raise ValueError("shape")
        return backwards, [_restore(value) for value in values]
    except (ValueError, TypeError, KeyError) as error:
        raise _damaged() from error


def _damaged() -> BadInput:
    return BadInput(_("This page address is damaged. Begin again from the first page."), field="page")


def _restore(value: Any) -> Any:
    if isinstance(value, dict):
        if "t" in value:
            return datetime.fromisoformat(value["t"])
        return date.fromisoformat(value["d"]) if "d" in value else Decimal(value["n"])
    if isinstance(value, (str, int)):
        return value
    raise ValueError("type")
