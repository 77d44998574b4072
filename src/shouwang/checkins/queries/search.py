"""Finding people in the lists by the beginning of a number or a name, index-bound for a monitor and a city alike."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from shouwang.checkins.queries.lists import Scope, people_in_order
from shouwang.core.errors import BadInput
from shouwang.core.paging import PAGE_SIZE, Page, decode, encode
from shouwang.core.tree import EVERYTHING, in_ranges
from shouwang.org.models import Person

LONGEST = 60
FEW = 5000  # people in reach: so many are read one by one sooner than an index of all names
LAST = "\U0010ffff"


def search_page(scope: Scope, text: str, *, cursor: str = "", size: int = PAGE_SIZE) -> Page[Person]:
    """People of the scope whose number (`text` holds a digit) or name begins so, in that order, whatever list they
    stand in. Beginnings only: what an index of both databases finds at once; a middle of a name is not looked for.

    In a small reach its people are read, in a large one the index of names or numbers until the page is full.
    BadInput for a cursor that is not ours. At most six queries.
    """
    text = " ".join(text.split())[:LONGEST]
    if not text:
        return Page([], None, None)
    field = "number" if any(letter.isdigit() for letter in text) else "name"
    backwards, after = _after(cursor)
    found: list[tuple[str, str, int]] = []
    sign = "-" if backwards else ""
    order = [f"{sign}{field}"] if field == "number" else [f"{sign}name", f"{sign}number"]
    for people in _sources(scope):
        rows = people.filter(**{f"{field}__gte": text, f"{field}__lt": text + LAST, f"{field}__startswith": text})
        if after is not None:
            rows = rows.filter(_beyond(field, after, backwards))
        values = rows.order_by(*order).values_list(field, "number", "pk")
        found += values[: size + 1]
    found = sorted(set(found), reverse=backwards)
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    return Page(
        people_in_order([pk for _word, _number, pk in found]),
        encode(found[-1][:2], backwards=False) if found and (more or backwards) else None,
        encode(found[0][:2], backwards=True) if found and (more if backwards else after is not None) else None,
    )


def _sources(scope: Scope) -> list[QuerySet[Person]]:
    """Everybody of the scope, in sets of which each is one scan."""
    on_list = Person.objects.filter(latest_checkin__isnull=False)
    sources: list[QuerySet[Person]] = []
    if EVERYTHING in scope.everywhere:
        sources.append(on_list)
    elif scope.everywhere:
        homes = in_ranges("home_path", scope.everywhere)
        keys = list(Person.objects.filter(homes).order_by().values_list("pk", flat=True)[: FEW + 1])
        # By key, no other index tempts the planner.
        sources.append(on_list.filter(pk__in=keys) if len(keys) <= FEW else on_list.filter(homes))
    if scope.singles:
        sources.append(on_list.filter(pk__in=list(scope.singles)))
    return sources


def _after(cursor: str) -> tuple[bool, tuple[str, str] | None]:
    if not cursor:
        return False, None
    backwards, (word, number) = decode(cursor, 2)
    if not isinstance(word, str) or not isinstance(number, str):
        sentence = _("This page address belongs to another list. Begin again from the first page.")
        raise BadInput(sentence, field="page")
    return backwards, (word, number)


def _beyond(field: str, after: tuple[str, str], backwards: bool) -> Q:
    word, number = after
    sign = "lt" if backwards else "gt"
    edge = Q(**{f"{field}__{sign}e": word})
    return edge & (Q(**{f"{field}__{sign}": word}) | Q(**{f"number__{sign}": number, field: word}))


def ids_of(numbers: Iterable[str]) -> list[int]:
    """Ids of the people with these numbers, within nobody's reach in particular: the caller asks for that."""
    wanted = sorted(set(numbers))
    found: list[int] = []
    for start in range(0, len(wanted), FEW):
        found += Person.objects.filter(number__in=wanted[start : start + FEW]).values_list("pk", flat=True)
    return found
