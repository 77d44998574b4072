"""What units are told: once each, without names, upward while incomplete."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import translation

from shouwang.org import actions as org
from shouwang.org.tests.cast import SINCE, Cast
from shouwang.outreach import actions, queries
from shouwang.outreach.models import Delivery, Message
from shouwang.outreach.tests.scenes import BY, channel, check_in, hour, planned, prefer
from shouwang.outreach.words import Counts, say


def answers(cast: Cast) -> None:
    """Wang is deputy of the class, Su answers for the university, Qiu is its deputy."""
    for code, name, rank in (("CS2301", "wang", "deputy"), ("WCU", "su", "first"), ("WCU", "qiu", "deputy")):
        org.assign_responsibility(
            organisation=cast.org[code], person=cast.person[name], rank=rank, on=SINCE, by=BY, at=hour(1)
        )


def notes(cast: Cast) -> set[tuple[str, str, str]]:
    """(unit, purpose, name or "group") of every note."""
    units = {unit.pk: code for code, unit in cast.org.items()}
    people = {person.pk: name for name, person in cast.person.items()}
    rows = Message.objects.filter(organisation__isnull=False).values_list("organisation", "purpose", "person")
    return {(units[unit or 0], purpose, people.get(person or 0, "group")) for unit, purpose, person in rows}


def test_a_unit_is_told_at_the_deadline_then_its_deputy_then_those_above(cast: Cast) -> None:
    answers(cast)
    check_in(cast, "zhao", "ou", "fang", "xu", "he", "qiu", "su", "tang", "deng", "gu", "admin", at=hour(8))
    row = planned()
    actions.note_round(row.pk, at=hour(9.9))
    early = notes(cast)
    assert ("CS2301", "digest", "meng") not in early
    # complete units with somebody to tell: Information Engineering's own staff (Fang) and the university's (Su)
    assert early == {("IE", "all_in", "fang"), ("WCU", "all_in", "su")}
    expected = [
        (10.0, ("CS2301", "digest", "meng")),
        (11.0, ("CS2301", "deputy", "wang")),
        (12.0, ("IE", "above", "fang")),
        (13.0, ("WCU", "top", "su")),  # Information Engineering has no deputy: who answers for the next one up
    ]
    seen = set(early)
    for at, note in expected:
        assert actions.note_round(row.pk, at=hour(at - 0.01)) == 0
        assert actions.note_round(row.pk, at=hour(at)) == 1
        seen |= {note}
        assert notes(cast) == seen
        assert actions.note_round(row.pk, at=hour(at)) == 0


def test_all_in_is_said_once_and_ends_the_escalation(cast: Cast) -> None:
    answers(cast)
    row = planned()
    actions.note_round(row.pk, at=hour(10))
    assert ("CS2301", "digest", "meng") in notes(cast)
    check_in(cast, "lin", "wang", "meng", at=hour(10.2))
    actions.note_round(row.pk, at=hour(10.3))
    assert ("CS2301", "all_in", "meng") in notes(cast)
    before = notes(cast)
    actions.note_round(row.pk, at=hour(11.5))
    assert {note for note in notes(cast) - before if note[0] == "CS2301"} == set()


def test_one_note_upward_for_all_units_below(cast: Cast) -> None:
    answers(cast)
    row = planned()
    for at in (10, 11, 12, 13):
        for _ in range(4):  # whoever has nobody to tell at one step is passed on at the next
            actions.note_round(row.pk, at=hour(at))
    above = [note for note in notes(cast) if note[0] == "IE" and note[1] == "above"]
    assert above == [("IE", "above", "fang")]
    message = Message.objects.get(purpose="above", organisation=cast.org["IE"])
    with translation.override("en"):
        said = say(message, queries.counts_for(message))
    assert "3 units below yours" in said.body  # two classes, and the college's own staff
    assert said.title == "College of Information Engineering: 5 of 5 not yet in"


def test_a_group_hears_numbers_and_never_a_name(cast: Cast) -> None:
    channel(cast, "file", "class", "CS2301")
    prefer(cast, "meng", mail="meng@example.edu.cn", by_mail=True)
    row = planned()
    actions.note_round(row.pk, at=hour(10))
    delivery = Delivery.objects.get()
    assert (delivery.message.person_id, delivery.message.purpose, delivery.next_at) == (None, "digest", hour(10))
    for language in ("zh-hans", "en"):
        with translation.override(language):
            for purpose in ("digest", "all_in", "deputy", "above", "top"):
                delivery.message.purpose = purpose
                said = say(delivery.message, Counts(3, 2, 1))
                for person in cast.person.values():
                    assert person.name not in said.text
                    assert person.number not in said.text


def test_own_hours_hold_for_notes_too(cast: Cast) -> None:
    from datetime import time

    prefer(cast, "meng", wakes=time(12), sleeps=time(23))
    row = planned()
    actions.note_round(row.pk, at=hour(10))
    note = Message.objects.get(organisation=cast.org["CS2301"], purpose="digest")
    assert (note.state, note.next_at) == ("queued", hour(12))


def test_units_are_looked_at_once_a_minute(cast: Cast) -> None:
    planned()
    assert actions.note_units(at=hour(10)) > 0
    check_in(cast, "lin", "wang", "meng", at=hour(10))
    assert actions.note_units(at=hour(10) + (hour(1) - hour(0)) / 120) == 0
    assert actions.note_units(at=hour(10.02)) == 1
    assert actions.note_units(at=hour(14)) == 0


@pytest.mark.parametrize("day", [date(2026, 3, 2)])
def test_a_note_closes_when_the_unit_is_complete(cast: Cast, day: date) -> None:
    row = planned()
    actions.note_round(row.pk, at=hour(10))
    assert {one.said.path for one in queries.unread(cast.by("meng"), at=hour(10))} == {
        "/checkins/", f"/checkins/unit/?unit={cast.org['CS2301'].pk}&tab=not_yet",
    }  # fmt: skip
    check_in(cast, "lin", "wang", "meng", at=hour(10.1))
    assert queries.unread(cast.by("meng"), at=hour(10.1)) == []
