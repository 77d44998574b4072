"""A roster is checked, then written at once or not at all; doing it again changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest

from shouwang.core.errors import BadInput, Forbidden
from shouwang.core.files.columns import ColumnError
from shouwang.core.files.errors import FileError
from shouwang.core.models import AuditEntry
from shouwang.core.scope import Actor, system_actor
from shouwang.org import actions, queries
from shouwang.org.models import Membership, Organisation, Person, Place, Residence
from shouwang.org.roster import Defaults, RosterCheck, check_roster, commit_roster, import_file
from shouwang.org.tests.cast import NOON, SINCE, Cast

HEADER = ("学号*", "姓名", "性别", "学院", "班级", "手机号码", "楼栋", "寝室", "现状")
LATER = NOON + timedelta(days=10)
BY = system_actor("tests")


def write(tmp_path: Path, rows: Sequence[Sequence[str]], header: Sequence[str] = HEADER, name: str = "r.csv") -> Path:
    path = tmp_path / name
    path.write_text("\n".join(",".join(row) for row in (header, *rows)), encoding="utf-8-sig")
    return path


def commit(path: Path, *, by: Actor = BY, at: object = NOON, **more: object) -> RosterCheck:
    return commit_roster(path, mapping=None, defaults=Defaults(**more), by=by, at=at)  # type: ignore[arg-type]


LIN = ("2023010101", "林晓", "女", "信息工程学院", "计科2301班", "13800000001", "一号宿舍楼", "101", "在校")
NEW = ("2023010199", "钱多", "男", "信息工程学院", "计科2301班", "13800000002", "一号宿舍楼", "205", "走读")


def test_a_check_writes_nothing_and_says_what_would_happen(cast: Cast, tmp_path: Path) -> None:
    before = AuditEntry.objects.count()
    found = check_roster(write(tmp_path, [LIN, NEW]), mapping=None, defaults=Defaults(), by=BY, at=NOON)
    assert found.counts == {
        "read": 2, "accepted": 2, "new": 1, "updated": 1, "unchanged": 0, "refused": {}, "refused_rows": 0,
    }  # fmt: skip
    assert [place["name"] for place in found.places] == ["一号宿舍楼"]
    assert (found.places[0]["rooms"], found.places[0]["new"]) == (1, False)
    assert not Person.objects.filter(number="2023010199").exists()
    assert AuditEntry.objects.count() == before


def test_a_commit_writes_people_spells_rooms_and_audit(cast: Cast, tmp_path: Path) -> None:
    found = commit(write(tmp_path, [LIN, NEW]))
    assert (found.counts["new"], found.counts["updated"]) == (1, 1)
    person = Person.objects.get(number="2023010199")
    assert (person.name, person.sex, person.phone, person.situation) == ("钱多", "m", "13800000002", "day")
    assert person.home == cast.org["CS2301"]
    assert person.home_path == cast.org["CS2301"].path
    assert person.memberships.get().starts == NOON.date()
    assert person.situations.get().situation == "day"
    room = person.residences.get().place
    assert (room.code, room.kind, room.parent) == ("D1-205", "dorm_room", cast.place["D1"])
    assert Person.objects.get(number="2023010101").phone == "13800000001"
    entry = AuditEntry.objects.get(subject=person.pk, verb="person.imported")
    assert entry.label == "tests"
    assert entry.new is not None
    assert "phone" in entry.new["fields"]
    assert "13800000002" not in str(entry.new)


def test_the_same_file_twice_changes_nothing(cast: Cast, tmp_path: Path) -> None:
    path = write(tmp_path, [LIN, NEW])
    commit(path)
    rows = (Membership.objects.count(), Residence.objects.count(), Place.objects.count(), AuditEntry.objects.count())
    again = commit(path, at=LATER)
    assert (again.counts["unchanged"], again.counts["new"], again.counts["updated"]) == (2, 0, 0)
    assert rows == (
        Membership.objects.count(), Residence.objects.count(), Place.objects.count(), AuditEntry.objects.count(),
    )  # fmt: skip


def test_a_move_ends_the_old_spell_the_day_before_and_keeps_history(cast: Cast, tmp_path: Path) -> None:
    moved = ("2023010101", "林晓", "", "外国语学院", "英语2301班", "", "一号宿舍楼", "102", "实习")
    commit(write(tmp_path, [moved]), at=LATER)
    lin = Person.objects.get(number="2023010101")
    day = LATER.date()
    assert lin.home == cast.org["EN2301"]
    homes = [(m.organisation.code, m.starts, m.ends) for m in lin.memberships.order_by("starts")]
    assert homes == [("CS2301", SINCE, day - timedelta(days=1)), ("EN2301", day, None)]
    rooms = [(r.place.code, r.starts, r.ends) for r in lin.residences.order_by("starts")]
    assert rooms == [("D1-101", SINCE, day - timedelta(days=1)), ("D1-102", day, None)]
    assert [(s.situation, s.ends) for s in lin.situations.order_by("starts")] == [
        ("on_campus", day - timedelta(days=1)),
        ("intern", None),
    ]


def test_a_change_on_the_first_day_is_a_correction(cast: Cast, tmp_path: Path) -> None:
    commit(write(tmp_path, [NEW]))
    commit(write(tmp_path, [(*NEW[:4], "计科2302班", *NEW[5:])]))
    person = Person.objects.get(number="2023010199")
    assert [(m.organisation.code, m.starts) for m in person.memberships.all()] == [("CS2302", NOON.date())]


def test_a_change_before_the_present_spell_is_refused(cast: Cast, tmp_path: Path) -> None:
    moved = ("2023010101", "林晓", "", "外国语学院", "英语2301班", "", "", "", "")
    found = commit(write(tmp_path, [moved]), since=SINCE - timedelta(days=1))
    assert found.counts["refused"] == {"change_too_early": 1}
    assert str(SINCE) in found.problems[0].message
    assert Person.objects.get(number="2023010101").home == cast.org["CS2301"]


def test_empty_cells_and_absent_columns_change_nothing(cast: Cast, tmp_path: Path) -> None:
    commit(write(tmp_path, [LIN]))
    commit(write(tmp_path, [("2023010101", "")], header=("学号", "手机")))
    commit(write(tmp_path, [("2023010101", "信息工程学院")], header=("学号", "学院")))
    lin = Person.objects.get(number="2023010101")
    assert (lin.phone, lin.name, lin.sex, lin.home) == ("13800000001", "林晓", "f", cast.org["CS2301"])


def test_rows_with_errors_are_refused_with_row_column_value_and_remedy(cast: Cast, tmp_path: Path) -> None:
    rows = [
        LIN,
        ("2023010111", "甲", "雄", "信息工程学院", "计科2301班", "", "", "", ""),
        ("", "乙", "男", "信息工程学院", "计科2301班", "", "", "", ""),
        ("2023010112", "丙", "男", "信息工程学院", "计科2301班", "", "", "", ""),
        ("2023010112", "丁", "男", "信息工程学院", "计科2302班", "", "", "", ""),
    ]
    found = commit(write(tmp_path, rows))
    assert found.counts["refused"] == {"number_duplicate": 2, "number_missing": 1, "sex_unknown": 1}
    assert found.counts["read"] == found.counts["accepted"] + found.counts["refused_rows"] == 5
    listed = {(p.row, p.column, p.code, p.value) for p in found.problems}
    assert (3, "性别", "sex_unknown", "雄") in listed
    assert (4, "学号*", "number_missing", "") in listed
    twice = [p for p in found.problems if p.code == "number_duplicate"]
    assert [p.row for p in twice] == [5, 6]
    assert all("5, 6" in p.message and p.remedy for p in twice)
    assert not Person.objects.filter(number="2023010112").exists()


def test_unknown_units_are_listed_with_suspected_slips_and_can_be_forbidden(cast: Cast, tmp_path: Path) -> None:
    rows = [
        ("1001", "甲", "", "信息工程学员", "计科2303班", "", "", "", ""),
        ("1002", "乙", "", "新闻学院", "新闻2301班", "", "", "", ""),
    ]
    path = write(tmp_path, rows)
    found = check_roster(path, mapping=None, defaults=Defaults(), by=BY, at=NOON)
    made = {(unit["name"], unit["kind"], unit["below"], unit["like"]) for unit in found.organisations}
    assert made == {
        ("信息工程学员", "college", "望川大学", "信息工程学院"),
        ("计科2303班", "class", "信息工程学员", ""),
        ("新闻学院", "college", "望川大学", ""),
        ("新闻2301班", "class", "新闻学院", ""),
    }
    assert "name_alike" in {remark.code for remark in found.remarks}
    strict = commit(path, create_organisations=False)
    assert strict.counts["refused"] == {"unit_unknown": 2}
    assert not Organisation.objects.filter(name="新闻学院").exists()
    commit(path)
    made_class = Organisation.objects.get(name="新闻2301班")
    assert made_class.path.startswith(Organisation.objects.get(name="新闻学院").path)


def test_a_refused_row_creates_no_unit(cast: Cast, tmp_path: Path) -> None:
    row = ("1001", "甲", "", "幽灵学院", "", "", "", "D1-101x", "")
    found = commit(write(tmp_path, [row]), create_places=False)
    assert found.counts["refused"] == {"room_unknown": 1}
    assert not Organisation.objects.filter(name="幽灵学院").exists()


def test_a_unit_is_found_by_code_or_english_name(cast: Cast, tmp_path: Path) -> None:
    rows = [("1001", "甲", "", "IE", "CS2302", "", "D1", "102", ""), ("1002", "乙", "", "college of foreign languages",
            "", "", "", "D1-101", "")]  # fmt: skip
    found = commit(write(tmp_path, rows))
    assert (found.organisations, found.places) == ((), ())
    assert Person.objects.get(number="1001").home == cast.org["CS2302"]
    assert Person.objects.get(number="1002").home == cast.org["FL"]
    assert Person.objects.get(number="1002").residences.get().place == cast.place["D1-101"]


def test_two_units_of_one_name_are_not_guessed_between(cast: Cast, tmp_path: Path) -> None:
    for parent in ("IE", "FL"):
        actions.add_organisation(
            parent=cast.org[parent], kind="class", code=f"{parent}-X", name="卓越班", starts=SINCE, by=BY, at=NOON
        )
    rows = [
        ("1001", "甲", "", "", "卓越班", "", "", "", ""),
        ("1002", "乙", "", "外国语学院", "卓越班", "", "", "", ""),
    ]
    found = commit(write(tmp_path, rows))
    assert found.counts["refused"] == {"unit_ambiguous": 1}
    assert Person.objects.get(number="1002").home.code == "FL-X"  # type: ignore[union-attr]


def test_party_branch_floor_and_birthday(cast: Cast, tmp_path: Path) -> None:
    header = ("学号", "姓名", "班级", "党支部", "楼栋", "楼层", "寝室", "出生日期")
    rows = [("2023010101", "林晓", "计科2301班", "学生第一党支部", "二号宿舍楼", "3", "301", "2005/9/1")]
    commit(write(tmp_path, rows, header))
    lin = Person.objects.get(number="2023010101")
    further = lin.memberships.get(primary=False)
    assert (further.organisation.kind, further.organisation.name) == ("party_branch", "学生第一党支部")
    room = lin.residences.get(ends__isnull=True).place
    assert [node.kind for node in (room, room.parent, room.parent.parent)] == ["dorm_room", "floor", "building"]  # type: ignore[union-attr]
    assert room.parent is not None
    assert (room.parent.name, room.parent.name_en, lin.born) == ("3层", "Floor 3", date(2005, 9, 1))
    changed = [("2023010101", "林晓", "计科2301班", "学生第二党支部", "", "", "", "")]
    commit(write(tmp_path, changed, header), at=LATER)
    branches = [(m.organisation.name, m.ends) for m in lin.memberships.filter(primary=False).order_by("starts")]
    assert branches == [("学生第一党支部", LATER.date() - timedelta(days=1)), ("学生第二党支部", None)]


def test_who_left_comes_back_with_new_spells(cast: Cast, tmp_path: Path) -> None:
    actions.leave_institution(cast.person["lin"], on=NOON.date(), by=BY, at=NOON)
    found = commit(write(tmp_path, [LIN]), at=LATER)
    lin = Person.objects.get(number="2023010101")
    assert lin.left_on is None
    assert lin.memberships.get(ends__isnull=True).starts == LATER.date()
    assert lin.situations.get(ends__isnull=True).situation == "on_campus"
    assert "returned" in {remark.code for remark in found.remarks}
    assert not Person.objects.get(pk=lin.pk).account.is_active


def test_shared_cards_are_remarked_and_kept(cast: Cast, tmp_path: Path) -> None:
    header = ("学号", "姓名", "班级", "卡号")
    rows = [
        ("1001", "甲", "计科2301班", "777"),
        ("1002", "乙", "计科2301班", "777"),
        ("1003", "丙", "计科2301班", "888"),
    ]
    found = commit(write(tmp_path, rows, header))
    remark = next(remark for remark in found.remarks if remark.code == "card_shared")
    assert (remark.count, remark.rows) == (2, (2, 3))
    assert Person.objects.filter(card="777").count() == 2


def test_people_missing_from_the_file_are_counted_and_left_alone(cast: Cast, tmp_path: Path) -> None:
    found = commit(write(tmp_path, [LIN]))
    remark = next(remark for remark in found.remarks if remark.code == "not_in_file")
    assert remark.count == len(cast.person) - 1
    assert Person.objects.filter(left_on__isnull=True).count() == len(cast.person)


def test_an_identity_card_number_is_not_stored(cast: Cast, tmp_path: Path) -> None:
    rows = [("2023010101", "林晓", "410102200509010000")]
    found = commit(write(tmp_path, rows, ("学号", "姓名", "身份证号")))
    assert found.ignored == ("身份证号",)
    assert "columns_ignored" in {remark.code for remark in found.remarks}


def test_scope_holds_for_roots_and_for_people_elsewhere(cast: Cast, tmp_path: Path) -> None:
    path = write(tmp_path, [LIN])
    for name in ("fang", "su", "lin"):
        with pytest.raises(Forbidden):
            commit(path, by=cast.by(name), root=cast.org["WCU"])
    actions.grant_role(
        cast.account["fang"], role="administrator", organisation=cast.org["IE"], since=SINCE, by=BY, at=NOON
    )
    with pytest.raises(Forbidden):
        commit(path, by=cast.by("fang"), root=cast.org["WCU"])
    grabbed = ("2023020101", "欧阳静", "女", "", "计科2301班", "", "", "", "")
    found = commit(write(tmp_path, [grabbed]), by=cast.by("fang"), root=cast.org["IE"])
    assert found.counts["refused"] == {"person_elsewhere": 1}
    assert Person.objects.get(number="2023020101").home == cast.org["EN2301"]


def test_an_empty_house_gets_its_root_and_campus_from_the_first_roster(db: None, tmp_path: Path) -> None:
    answer = import_file(write(tmp_path, [LIN, NEW]), root_name="望川大学", mapping="学籍", by=BY, at=NOON)
    assert answer.as_dict()["new"] == 2
    root = Organisation.objects.get(parent=None)
    assert (root.name, root.kind) == ("望川大学", "university")
    assert Place.objects.get(parent=None).kind == "campus"
    assert queries.visible_people(BY).count() == 2
    again = import_file(write(tmp_path, [LIN, NEW]), root_name="望川大学", mapping="学籍", by=BY, at=NOON)
    assert again.as_dict()["unchanged"] == 2
    with pytest.raises(BadInput) as caught:
        import_file(write(tmp_path, [LIN]), root="NOWHERE", by=BY, at=NOON)
    assert caught.value.field == "root"


def test_a_remembered_mapping_reads_headers_of_any_language(cast: Cast, tmp_path: Path) -> None:
    from shouwang.core import imports

    header = ("Matrikel", "Wer", "Gruppe")
    path = write(tmp_path, [("1001", "Anna Lindqvist", "计科2301班")], header)
    with pytest.raises(ColumnError) as caught:
        import_file(path, by=BY, at=NOON)
    assert caught.value.error_code == "column_missing"
    imports.remember("roster", "exchange", {"number": "Matrikel", "name": "Wer", "class": "Gruppe"}, at=NOON)
    assert import_file(path, mapping="exchange", by=BY, at=NOON).as_dict()["new"] == 1
    assert Person.objects.get(number="1001").name == "Anna Lindqvist"


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "file_empty"), (b"%PDF-1.7 x", "file_kind_unknown"), ("学号,学号\n1,2".encode(), "header_duplicate")],
)
def test_a_file_that_is_no_roster_is_a_typed_error(cast: Cast, tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(FileError) as caught:
        commit(path)
    assert caught.value.error_code == code
