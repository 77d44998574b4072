"""Keeping the blocking keys of people true."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any

from django.db.models import QuerySet

from shouwang.core.bulk import upsert_many
from shouwang.org.merging.rules import Facts, keys_of
from shouwang.org.models import Person, PersonKey

BATCH = 1000
ORDER = ("person", "kind", "value")
COLUMNS = ("pk", "name", "number", "card", "phone", "born")


def refresh(people: Collection[int]) -> None:
    """Write the keys of these people anew, a batch of `BATCH` in three statements."""
    ids = list(people)
    for start in range(0, len(ids), BATCH):
        part = ids[start : start + BATCH]
        rows = Person.objects.filter(pk__in=part).values_list(*COLUMNS)
        PersonKey.objects.filter(person__in=part).delete()
        wanted = [(pk, kind, value) for pk, *given in rows for kind, value in sorted(keys_of(facts(*given)))]
        # What another transaction has written of the same person meanwhile is the same.
        upsert_many(PersonKey, ORDER, wanted, key=ORDER, update=("kind",))


def keys(rows: Iterable[tuple[Any, ...]], model: Any) -> list[Any]:
    """Unsaved rows of `model` (a migration has its own) for people given by `COLUMNS`."""
    return [
        model(person_id=pk, kind=kind, value=value)
        for pk, name, number, card, phone, born in rows
        for kind, value in sorted(keys_of(facts(name, number, card, phone, born)))
    ]


def facts(name: str, number: str, card: str, phone: str, born: date | None) -> Facts:
    return Facts(name, tuple(text for text in (number, card) if text), phone, born)


def without_keys() -> QuerySet[Person]:
    """People whom nobody could find as a duplicate: a name of signs alone leaves one with a number at least."""
    return Person.objects.filter(keys=None)
