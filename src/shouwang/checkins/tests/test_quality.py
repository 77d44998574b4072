"""Notes on how a unit collects: made once, told to who answers for the unit, answered once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client

from shouwang.checkins import actions, queries
from shouwang.checkins.models import CheckIn, QualityNote
from shouwang.checkins.tests.builders import TODAY
from shouwang.core.errors import BadInput, Conflict, Forbidden, NotFound
from shouwang.core.models import AuditEntry
from shouwang.org.models import Person
from shouwang.org.tests.cast import NOON, Cast


def copied(cast: Cast, unit: str, people: int) -> None:
    home = cast.org[unit]
    made = Person.objects.bulk_create(
        [Person(number=f"{unit}{n}", name=f"人{n}", home=home, home_path=home.path) for n in range(people)]
    )
    CheckIn.objects.bulk_create(
        [
            CheckIn(
                person=person, day=TODAY, at=NOON - timedelta(minutes=n), source="self", client_key=person.number,
                temperature_c=Decimal("36.0"), purge_on=TODAY,
            )
            for n, person in enumerate(made)
        ]
    )  # fmt: skip


def test_a_unit_is_remarked_on_once_and_the_note_grows(cast: Cast) -> None:
    copied(cast, "CS2301", 9)
    copied(cast, "CS2302", 5)  # too few
    assert actions.note_quality(TODAY, at=NOON) == 1
    assert actions.note_quality(TODAY, at=NOON) == 0
    note = QualityNote.objects.get()
    assert (note.organisation, note.kind, note.count, note.of) == (cast.org["CS2301"], "same_reading", 9, 9)
    assert Decimal(note.detail) == Decimal("36.0")
    assert note.purge_on == TODAY + timedelta(days=90)


def test_who_answers_for_the_unit_answers_once(cast: Cast, sign_in: Callable[[str], Client]) -> None:
    copied(cast, "CS2301", 9)
    actions.note_quality(TODAY, at=NOON)
    (note,) = queries.quality_notes(cast.by("fang"))
    for name in ("lin", "meng", "qiu"):
        with pytest.raises(NotFound):
            queries.quality_notes(cast.by(name))
    with pytest.raises(Forbidden):
        actions.answer_quality(note, text="x", by=cast.by("meng"), at=NOON)
    with pytest.raises(BadInput):
        actions.answer_quality(note, text=" ", by=cast.by("fang"), at=NOON)
    page = sign_in("fang").get("/checkins/quality/").content.decode()
    assert "36.0" in page and "学生0" not in page
    assert (
        sign_in("fang").post(f"/checkins/quality/{note.pk}/answer/", {"answer": "班长统一填写，明天改正"}).status_code
        == 302
    )
    note.refresh_from_db()
    assert (note.answer, note.answered_by) == ("班长统一填写，明天改正", cast.account["fang"])
    assert AuditEntry.objects.filter(verb="quality.answered").count() == 1
    with pytest.raises(Conflict):
        actions.answer_quality(note, text="again", by=cast.by("fang"), at=NOON)
