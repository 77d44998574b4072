"""Visit tables: what is accepted, what is refused and why, and that importing again changes nothing."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from shouwang.core.errors import BadInput, Forbidden
from shouwang.core.models import AuditEntry
from shouwang.core.scope import Actor
from shouwang.org.models import Organisation, Person, Place
from shouwang.org.tests.cast import NOON, Cast
from shouwang.tracing import actions, queries
from shouwang.tracing.actions import ImportOptions, ImportResult
from shouwang.tracing.models import PresenceBatch, PresenceDay
from shouwang.tracing.presence.batches import read_batch
from shouwang.tracing.tests.conftest import Write, unix

HEAD = "学号,场所,开始时间,结束时间\n"
LIN, WANG, MENG = "2023010101", "2023010102", "2023010103"
TODAY = date(2026, 3, 2)


def _visits(path: object, by: Actor, **options: object) -> ImportResult:
    made = ImportOptions(**options)  # type: ignore[arg-type]
    return actions.import_presence(path, source_format="visits", options=made, by=by, at=NOON)  # type: ignore[arg-type]


def _seconds(by: Actor, number: str) -> dict[str, int]:
    answer = queries.answer_json(by, number=number, onset=NOON, lookback_days=14, at=NOON)
    return {contact["person"]: contact["seconds"] for contact in answer["contacts"]}


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-03-01 12:00", "2026-03-01 12:30"),
        ("2026/3/1 12:00:00", "2026/3/1 12:30:00"),
        ("2026.3.1 12:00", "2026.3.1 12:30"),
        ("2026年3月1日 12:00", "2026年3月1日 12时30分"),
        ("1772337600", "1772339400"),
        ("2026-03-01T04:00:00Z", "2026-03-01T12:30:00+08:00"),
        ("２０２６-03-01 12:00", "2026-03-01 下午12:30"),
    ],
)
def test_styles_of_dates(cast: Cast, operator: Actor, write: Write, start: str, end: str) -> None:
    result = _visits(write("v.csv", f"{HEAD}{LIN},C1,{start},{end}\n"), operator)
    assert (result.read, result.accepted, result.refused) == (1, 1, {})
    batch = read_batch(PresenceBatch.objects.get().stored_as)
    assert batch.columns["start"].tolist() == [unix("2026-03-01 12:00")]
    assert batch.columns["end"].tolist() == [unix("2026-03-01 12:30")]


def test_each_bad_row_is_refused_for_its_reason(cast: Cast, operator: Actor, write: Write) -> None:
    day = "2026-03-01"
    rows = [
        (f"{LIN},C1,{day} 12:00,{day} 12:30", None),
        (f"{LIN},第一食堂,{day} 12:00,{day} 12:30", None),  # by name
        (f"{LIN},C1,{day} 12:00,{day} 11:59", "end_before_start"),
        (f"{LIN},C1,{day} 12:00,{day} 12:00", "end_before_start"),
        (f"{LIN},C1,2026-02-01 12:00,{day} 12:00", "too_long"),
        (f"{LIN},C1,2026-03-03 12:00,2026-03-03 12:30", "in_future"),
        (f"{LIN},C1,{day} 12:00,", "end_missing"),
        (f"{LIN},C1,01/02/2026 12:00,{day} 12:00", "time_invalid"),
        (f"{LIN},C1,{day} 12:00,soon", "time_invalid"),
        (f"{LIN},C9,{day} 12:00,{day} 12:30", "place_unknown"),
        (f"{LIN},,{day} 12:00,{day} 12:30", "place_missing"),
        (f"9999,C1,{day} 12:00,{day} 12:30", "person_unknown"),
        (f",C1,{day} 12:00,{day} 12:30", "person_missing"),
        (f"4.4E+17,C1,{day} 12:00,{day} 12:30", "row_malformed"),
        (f"{LIN},C1,{day} 12:00,{day} 12:30,extra", "row_malformed"),
    ]
    result = _visits(write("v.csv", HEAD + "\n".join(row for row, _code in rows)), operator)
    expected: dict[str, int] = {}
    for _row, code in rows:
        if code:
            expected[code] = expected.get(code, 0) + 1
    assert result.refused == expected
    assert (result.read, result.accepted) == (len(rows), 2)
    told = {problem.row for problem in result.problems}
    assert told == {number for number, (_row, code) in enumerate(rows, start=2) if code}
    assert all(problem.message and problem.remedy for problem in result.problems)
    late = next(problem for problem in result.problems if problem.code == "too_long")
    assert (late.column, late.value) == ("结束时间", "2026-03-01 12:00")


def test_a_stay_across_midnight_counts_on_both_days(cast: Cast, operator: Actor, write: Write) -> None:
    rows = f"{LIN},CLINIC,2026-02-27 22:00,2026-02-28 02:00\n{MENG},CLINIC,2026-02-27 23:30,2026-02-28 01:00\n"
    result = _visits(write("v.csv", HEAD + rows), operator)
    assert result.days == (date(2026, 2, 27), date(2026, 2, 28))
    answer = queries.answer_json(operator, number=LIN, onset=NOON, lookback_days=14, at=NOON)
    contact = next(c for c in answer["contacts"] if c["person"] == MENG)
    assert contact["days"] == {"2026-02-27": 1800, "2026-02-28": 3600}
    assert contact["seconds"] == 5400
    assert contact["encounters"] == 2  # a row a day
    assert contact["first"] == unix("2026-02-27 23:30")


def test_a_person_in_two_places_at_once_is_used_and_remarked(cast: Cast, operator: Actor, write: Write) -> None:
    day = "2026-03-01"
    rows = [
        f"{LIN},C1,{day} 12:00,{day} 13:00",
        f"{LIN},LIB,{day} 12:30,{day} 14:00",
        f"{LIN},C1,{day} 12:10,{day} 12:20",  # a double record
        f"{WANG},T1,{day} 09:00,{day} 10:00",
        f"{WANG},T1-201,{day} 09:10,{day} 09:50",  # a room inside the building: no contradiction
    ]
    result = _visits(write("v.csv", HEAD + "\n".join(rows)), operator)
    assert result.accepted == 5
    assert result.remarks == {
        "two_places_at_once": 1, "two_places_minutes": 30, "doubled": 2, "out_of_order": 2,
    }  # fmt: skip
    remarks = PresenceDay.objects.get(day=date(2026, 3, 1)).remarks
    assert (remarks["two_places_at_once"], remarks["two_places_minutes"]) == (1, 30)


def test_durations_and_a_date_column(cast: Cast, operator: Actor, write: Write) -> None:
    text = f"学号,地点,日期,开始时间,时长（分钟）\n{LIN},C1,2026-03-01,12:00,45\n"
    text += f"{MENG},C1,2026-03-01,12:30,1:00\n{MENG},C1,2026-03-01,14:00,\n"
    result = _visits(write("v.csv", text), operator)
    assert (result.accepted, result.refused) == (2, {"end_missing": 1})
    assert _seconds(operator, LIN)[MENG] == 900


def test_a_duration_without_unit_is_refused_whole(cast: Cast, operator: Actor, write: Write) -> None:
    with pytest.raises(BadInput) as refusal:
        _visits(write("v.csv", f"学号,地点,开始时间,时长\n{LIN},C1,2026-03-01 12:00,45\n"), operator)
    assert refusal.value.error_code == "duration_unit_missing"
    assert not PresenceBatch.objects.exists()


def test_the_same_file_twice_changes_nothing(cast: Cast, operator: Actor, write: Write) -> None:
    path = write(
        "v.csv", f"{HEAD}{LIN},C1,2026-03-01 12:00,2026-03-01 12:30\n9999,C1,2026-03-01 12:00,2026-03-01 12:30\n"
    )
    first = _visits(path, operator)
    assert not first.already_imported
    versions = list(PresenceDay.objects.values_list("day", "version"))
    path.rename(path.with_name("renamed.csv"))
    again = _visits(path.with_name("renamed.csv"), operator)
    assert again.already_imported
    assert (again.read, again.accepted, again.updated, again.refused) == (2, 0, 1, {"person_unknown": 1})
    assert again.read == again.accepted + again.updated + sum(again.refused.values())
    assert list(PresenceDay.objects.values_list("day", "version")) == versions
    assert PresenceBatch.objects.count() == 1
    assert AuditEntry.objects.filter(verb="presence.imported").count() == 1


def test_a_completed_roster_lets_refused_rows_in(cast: Cast, operator: Actor, write: Write) -> None:
    path = write(
        "v.csv", f"{HEAD}{LIN},C1,2026-03-01 12:00,2026-03-01 12:30\n9999,C1,2026-03-01 12:00,2026-03-01 12:30\n"
    )
    _visits(path, operator)
    old = PresenceBatch.objects.get().stored_as
    Person.objects.create(number="9999", name="新来", home=cast.org["IE"], home_path=cast.org["IE"].path)
    result = _visits(path, operator)
    assert not result.already_imported
    assert (result.accepted, result.updated, result.refused) == (1, 1, {})
    assert PresenceBatch.objects.get().stored_as != old
    assert _seconds(operator, LIN)["9999"] == 1800


def test_people_and_places_are_created_only_when_asked(cast: Cast, operator: Actor, write: Write) -> None:
    path = write(
        "v.csv", f"{HEAD}{LIN},C1,2026-03-01 12:00,2026-03-01 12:30\n9999,小卖部,2026-03-01 12:00,2026-03-01 12:30\n"
    )
    assert _visits(path, operator).refused == {"person_unknown": 1}
    assert not Place.objects.filter(name="小卖部").exists()
    result = _visits(path, operator, create_people=True, create_places=True)
    assert (result.people_created, result.places_created, result.refused) == (1, 1, {})
    person = Person.objects.get(number="9999")
    assert (person.kind, person.home) == ("other", Organisation.objects.get(code="UNLISTED"))
    assert person.home_path.startswith(cast.org["WCU"].path)  # whoever answers for the university sees them
    assert Place.objects.get(code="小卖部").parent == Place.objects.get(code="UNLISTED")


def test_a_place_name_that_two_places_have_is_not_guessed(cast: Cast, operator: Actor, write: Write) -> None:
    Place.objects.filter(code="D1-102").update(name="一号楼101")
    text = f"{HEAD}{LIN},一号楼101,2026-03-01 12:00,2026-03-01 12:30\n{LIN},D1-101,2026-03-01 12:00,2026-03-01 12:30\n"
    result = _visits(write("v.csv", text), operator)
    assert (result.accepted, result.refused) == (1, {"place_ambiguous": 1})


def test_beds_of_one_room_are_one_place(cast: Cast, operator: Actor, write: Write) -> None:
    room = cast.place["D1-101"]
    for number in (1, 2):
        Place.objects.create(
            parent=room, path=f"{room.path}000{number}", code=f"D1-101-{number}", name=f"{number}号床", kind="seat",
            starts=TODAY - timedelta(days=99),
        )  # fmt: skip
    rows = f"{MENG},D1-101-1,2026-03-01 12:00,2026-03-01 12:30\n2023010201,D1-101-2,2026-03-01 12:10,2026-03-01 12:40\n"
    _visits(write("v.csv", HEAD + rows), operator)
    assert _seconds(operator, MENG)["2023010201"] == 1200


def test_only_those_who_may_import_do(cast: Cast, write: Write) -> None:
    path = write("v.csv", f"{HEAD}{LIN},C1,2026-03-01 12:00,2026-03-01 12:30\n")
    for name in ("lin", "fang", "qiu", "tang"):
        with pytest.raises(Forbidden):
            _visits(path, cast.by(name))
    assert _visits(path, cast.by("su")).accepted == 1
    # The office may import; making people is another right, and nothing is half-written.
    path = write(
        "w.csv", f"{HEAD}9999,C1,2026-03-01 12:00,2026-03-01 12:30\n{LIN},C1,2026-03-01 13:00,2026-03-01 13:30\n"
    )
    with pytest.raises(Forbidden):
        _visits(path, cast.by("su"), create_people=True)
    assert PresenceBatch.objects.count() == 1
    assert not Organisation.objects.filter(code="UNLISTED").exists()


def test_columns_are_found_by_a_remembered_mapping(cast: Cast, operator: Actor, write: Write) -> None:
    path = write("v.csv", f"谁,哪,从,到\n{LIN},C1,2026-03-01 12:00,2026-03-01 12:30\n")
    with pytest.raises(BadInput) as refusal:
        _visits(path, operator)
    assert refusal.value.error_code == "column_missing"
    result = _visits(path, operator, columns={"number": "谁", "place": "哪", "start": "从", "end": "到"})
    assert result.accepted == 1


def test_a_table_without_rows(cast: Cast, operator: Actor, write: Write) -> None:
    result = _visits(write("v.csv", HEAD), operator)
    assert (result.read, result.accepted, result.days) == (0, 0, ())
    assert not PresenceBatch.objects.exists()


def test_late_data_makes_a_new_version(cast: Cast, operator: Actor, write: Write) -> None:
    _visits(write("a.csv", f"{HEAD}{LIN},C1,2026-03-01 12:00,2026-03-01 12:30\n"), operator)
    _visits(write("b.csv", f"{HEAD}{MENG},C1,2026-03-01 12:20,2026-03-01 12:50\n"), operator)
    day = PresenceDay.objects.get(day=date(2026, 3, 1))
    assert (day.version, day.stale_since) == (2, None)
    assert _seconds(operator, LIN)[MENG] == 600


def test_records_without_a_build_leave_the_day_stale(cast: Cast, operator: Actor, write: Write) -> None:
    _visits(write("a.csv", f"{HEAD}{LIN},C1,2026-03-01 12:00,2026-03-01 12:30\n"), operator)
    _visits(write("b.csv", f"{HEAD}{MENG},C1,2026-03-01 12:20,2026-03-01 12:50\n"), operator, build=False)
    answer = queries.answer_json(operator, number=LIN, onset=NOON, lookback_days=3, at=NOON)
    assert answer["days_stale"] == ["2026-03-01"]
    assert answer["days_missing"] == ["2026-02-27", "2026-02-28", "2026-03-02"]
    actions.build_stale(by=operator, at=NOON)
    answer = queries.answer_json(operator, number=LIN, onset=NOON, lookback_days=3, at=NOON)
    assert answer["days_stale"] == []
    assert [c["person"] for c in answer["contacts"]] == [WANG, MENG]  # the flatmate before the canteen
