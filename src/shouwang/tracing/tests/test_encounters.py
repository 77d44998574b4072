"""Contacts by encounter: grouping, who was elsewhere, deciding everybody but the absent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from shouwang.cases.models import Case
from shouwang.checkins.models import Excuse
from shouwang.core.errors import BadInput, NotFound
from shouwang.org import actions as org
from shouwang.org.tests.cast import NOON, SINCE, Cast
from shouwang.tracing import actions
from shouwang.tracing.models import PresenceSource
from shouwang.tracing.queries import encounters as queries
from shouwang.tracing.rules import encounters as rules
from shouwang.tracing.tests.desk_scene import contact

SignIn = Callable[[str], Client]
LATER = NOON + timedelta(hours=1)
SUNDAY = date(2026, 3, 1)
HOME, LESSON = int(PresenceSource.RESIDENCE), int(PresenceSource.TIMETABLE)


def line_of(cast: Cast, case: Case, place: str) -> queries.Line:
    return next(row for row in queries.encounters(cast.by("qiu"), case) if row.place_id == cast.place[place].pk)


rows = st.tuples(
    st.sampled_from([-1, 1, 2]), st.integers(1, 40), st.integers(1, 20), st.sampled_from([1, 2, 4]), st.just(4)
).map(lambda r: [r[0], r[1], r[1] + r[2], r[3], r[4]])


@given(st.dictionaries(st.integers(1, 6), st.lists(rows, min_size=1, max_size=5), max_size=6))
def test_every_row_lies_in_exactly_one_encounter_and_encounters_of_a_place_do_not_overlap(
    evidence: dict[int, list[list[int]]],
) -> None:
    found = rules.group(evidence, lived_in=HOME, planned=frozenset({HOME, LESSON}))
    assert len({str(one.key) for one in found}) == len(found)
    for contact_id, kept in evidence.items():
        for place, start, end, of_case, _other in kept:
            home = of_case == HOME and place >= 0
            holding = [
                one for one in found
                if one.key.place == place and home == (one.key.start == rules.ALWAYS)
                and any(m.contact == contact_id and any(s <= start and end <= e for s, e in m.spans) for m in one.met)
            ]  # fmt: skip
            assert holding
    stretches = sorted((one.key.place, one.start, one.end) for one in found if one.key.start != rules.ALWAYS)
    for (place, _start, end), (other, start, _end) in pairwise(stretches):
        assert place != other or start >= end


@pytest.mark.parametrize("text", ["", "x", "1", "1_", "_", "1_2_3", "٣_x"])
def test_a_text_that_is_no_key_names_nothing(text: str) -> None:
    with pytest.raises(NotFound):
        rules.Key.parse(text)


def test_a_room_and_a_lesson_are_encounters_of_their_own(cast: Cast, traced: Case) -> None:
    by = cast.by("qiu")
    lines = queries.encounters(by, traced)
    assert sum(line.waiting for line in lines) >= 4
    room, lesson = line_of(cast, traced, "D1-101"), line_of(cast, traced, "T1-201")
    assert (room.nights > 0, lesson.nights) == (True, 0)
    assert (room.contacts, lesson.contacts) == (1, 2)
    sheet = queries.encounter(by, traced, lesson.key)
    assert {row.contact.person.name for row in sheet.rows} == {"孟欣", "赵宁"}
    assert not any(row.expected for row in sheet.rows)  # visits on record cannot be excused away


def test_leave_and_records_elsewhere_make_absent_of_whom_only_a_plan_puts_there(cast: Cast, traced: Case) -> None:
    by = cast.by("qiu")
    room = line_of(cast, traced, "D1-101")
    sheet = queries.encounter(by, traced, room.key)
    assert [(row.expected, row.absent) for row in sheet.rows] == [(True, False)]
    leave = Excuse.objects.create(
        person=cast.person["wang"], code="leave", starts=SUNDAY - timedelta(days=9), ends=SUNDAY + timedelta(days=9),
        made_at=NOON, purge_on=SUNDAY + timedelta(days=99),
    )  # fmt: skip
    (row,) = queries.encounter(by, traced, room.key).rows
    assert [item.kind for item in row.absences] == ["excuse"]
    Excuse.objects.filter(pk=leave.pk).update(code="no_phone")  # says nothing about where somebody was
    assert not queries.encounter(by, traced, room.key).rows[0].absent
    Excuse.objects.all().delete()
    org.set_situation(cast.person["wang"], situation="abroad", on=SINCE, by=cast.by("wang"), at=NOON)
    (row,) = queries.encounter(by, traced, room.key).rows
    assert [item.kind for item in row.absences] == ["situation"]


def test_everybody_but_the_absent_is_decided_with_one_reason(cast: Cast, traced: Case) -> None:
    by, lesson, room = cast.by("qiu"), line_of(cast, traced, "T1-201"), line_of(cast, traced, "D1-101")
    for bad in ({"what": "burn"}, {"whom": "some"}, {"reason": " "}):
        asked: dict[str, Any] = {"what": "confirm", "whom": "present", "reason": "点名册", **bad}
        with pytest.raises(BadInput):
            actions.decide_encounter(traced, lesson.key, by=by, at=LATER, **asked)
    done = actions.decide_encounter(
        traced, lesson.key, what="confirm", whom="present", reason="点名册", by=by, at=LATER
    )
    assert {row.person.name for row in done.done} == {"孟欣", "赵宁"}
    assert contact(traced, cast, "zhao").decision_reason == "点名册"
    assert actions.decide_encounter(traced, lesson.key, what="confirm", reason="x", by=by, at=LATER).done == []
    assert actions.decide_encounter(
        traced, room.key, what="dismiss", whom="absent", reason="x", by=by, at=LATER
    ).done == []  # fmt: skip
    with pytest.raises(NotFound):
        actions.decide_encounter(
            traced, room.key, what="dismiss", only=[contact(traced, cast, "meng").pk], reason="x", by=by, at=LATER
        )


def test_who_met_the_case_elsewhere_too_is_not_dismissed_in_bulk(cast: Cast, traced: Case) -> None:
    by, wang = cast.by("qiu"), contact(traced, cast, "wang")
    lesson = cast.place["T1-201"].pk
    start = int((NOON - timedelta(hours=26)).timestamp())
    wang.evidence = [*wang.evidence, [lesson, start, start + 600, LESSON, LESSON]]
    wang.save()
    line = next(row for row in queries.encounters(by, traced) if row.place_id == lesson and row.contacts == 1)
    decided = actions.decide_encounter(traced, line.key, what="dismiss", reason="缺课", by=by, at=LATER)
    assert (decided.done, [row.pk for row in decided.left]) == ([], [wang.pk])
    assert contact(traced, cast, "wang").state == "candidate"


def test_pages_and_walls(cast: Cast, sign_in: SignIn, traced: Case) -> None:
    base = f"/tracing/cases/{traced.pk}/encounters/"
    lesson = line_of(cast, traced, "T1-201").key
    qiu = sign_in("qiu")
    assert qiu.get(base).status_code == 200
    page = qiu.get(f"{base}{lesson}/")
    assert page.content.decode().count("checked") == 2
    assert qiu.get(f"{base}{lesson}/?tick=absent").content.decode().count("checked") == 0
    assert qiu.get(f"{base}9_9/").status_code == 404
    assert qiu.post(f"{base}{lesson}/", {"what": "confirm", "reason": "点名"}).status_code == 400
    zhao = contact(traced, cast, "zhao").pk
    assert qiu.post(f"{base}{lesson}/", {"what": "confirm", "reason": "", "contact": zhao}).status_code == 400
    assert qiu.post(f"{base}{lesson}/", {"what": "dismiss", "reason": "缺课", "contact": zhao}).status_code == 302
    assert contact(traced, cast, "zhao").state == "dismissed"
    for who in ("he", "fang", "su"):
        assert {sign_in(who).get(path).status_code for path in (base, f"{base}{lesson}/")} == {404}


def test_api(cast: Cast, sign_in: SignIn, traced: Case) -> None:
    qiu, base = sign_in("qiu"), f"/api/v1/tracing/cases/{traced.pk}/encounters"
    lesson = line_of(cast, traced, "T1-201").key
    assert lesson in {line["key"] for line in qiu.get(base).json()}
    assert {row["person"] for row in qiu.get(f"{base}/{lesson}").json()["people"]} == {"2023010103", "2023010201"}
    body = {"what": "confirm", "whom": "present", "reason": "点名册"}
    done = qiu.post(f"{base}/{lesson}", body, content_type="application/json").json()
    assert ({row["state"] for row in done["done"]}, done["left"]) == ({"confirmed"}, [])
