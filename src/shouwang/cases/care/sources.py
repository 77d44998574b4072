"""What rooms above know and care asks for; joined in `web/wiring.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from shouwang.cases.care.rules import Released
from shouwang.cases.models import Case


@dataclass(frozen=True, slots=True)
class ContactCounts:
    """Of the case's contacts: confirmed, not decided yet, dismissed. None of them is named."""

    confirmed: int
    open: int
    dismissed: int


ReleaseSource = Callable[[int], Released]
CountSource = Callable[[Case], ContactCounts | None]
_release: list[ReleaseSource] = []
_counts: list[CountSource] = []


def tell_release(source: ReleaseSource) -> None:
    """`source(person)` says whether an order to stay apart is in force. The latest one registered is asked."""
    _release[:] = [source]


def tell_contacts(source: CountSource) -> None:
    """`source(case)` counts the contacts of a case. The latest one registered is asked."""
    _counts[:] = [source]


def released(person: int) -> Released | None:
    """None: nobody knows of orders here."""
    return _release[0](person) if _release else None


def contact_counts(case: Case) -> ContactCounts | None:
    """None: nobody knows of contacts here, or nobody has traced yet."""
    return _counts[0](case) if _counts else None
