"""Real sensor contacts of a school: seconds of every pair equal the data's own."""

from __future__ import annotations

import csv
import gzip
import io
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shouwang.core.scope import Actor
from shouwang.org.models import Person
from shouwang.tracing import actions, queries

pytestmark = [pytest.mark.django_db, pytest.mark.realdata, pytest.mark.slow]

AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
LAST = datetime(2013, 12, 6, 23, 59, tzinfo=UTC)
STEP = 20


@pytest.fixture
def contacts(real_data: Callable[[str], Path]) -> Path:
    return real_data("highschool-2013/contacts.csv.gz")


def _slots(path: Path) -> dict[tuple[str, str], set[int]]:
    """Ordered pair of numbers -> the seconds counted as slots."""
    found: dict[tuple[str, str], set[int]] = defaultdict(set)
    with gzip.open(path, "rb") as raw:
        for t, i, j, *_classes in csv.reader(io.TextIOWrapper(raw, "utf-8"), delimiter=" "):
            found[i, j].add(int(t))
            found[j, i].add(int(t))
    return found


def test_everybody_is_refused_unless_people_are_created(contacts: Path, operator: Actor) -> None:
    result = actions.import_presence(contacts, source_format="proximity", by=operator, at=AT)
    assert (result.read, result.accepted, result.refused) == (188_508, 0, {"person_unknown": 188_508})
    assert not Person.objects.exists()
    # The same file again, now with leave to create people, is not the same import.
    options = actions.ImportOptions(create_people=True)
    result = actions.import_presence(contacts, source_format="proximity", options=options, by=operator, at=AT)
    assert (result.read, result.accepted, result.refused, result.people_created) == (188_508, 188_508, {}, 327)
    assert result.remarks["intervals"] == 67_613


def test_every_pair_equals_the_data(contacts: Path, operator: Actor) -> None:
    options = actions.ImportOptions(create_people=True)
    actions.import_presence(contacts, source_format="proximity", options=options, by=operator, at=AT)
    slots = _slots(contacts)
    people = {pair[0] for pair in slots}
    assert len(people) == 327
    seen = {}
    for number in people:
        answer = queries.answer_json(operator, number=number, onset=LAST, lookback_days=14, at=AT)
        for contact in answer["contacts"]:
            seen[number, contact["person"]] = contact["seconds"]
            assert sum(contact["days"].values()) == contact["seconds"]
    assert seen == {pair: STEP * len(times) for pair, times in slots.items()}
    assert len(seen) == 2 * 5_818
    assert sum(1 for seconds in seen.values() if seconds >= 900) == 2 * 687
