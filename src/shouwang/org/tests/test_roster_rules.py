"""One row of a roster: what becomes of each cell, and which names look like slips of the pen."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.org.roster import rules
from shouwang.org.roster.columns import columns, unit_kind, words

TODAY = date(2026, 3, 2)
KEYS = [column.key for column in columns()]


def read(**values: str) -> tuple[rules.Entry, list[rules.Flaw]]:
    return rules.read_row(7, {"number": "1", **values}, words=words(), today=TODAY)


@pytest.mark.parametrize(
    "text", ["2005-09-01", "2005/9/1", "2005.9.1", "20050901", "2005年9月1日", "２００５－０９－０１", "38596"]
)
def test_birthdays_in_many_styles_are_the_same_day(text: str) -> None:
    entry, flaws = read(born=text)
    assert (entry.born, flaws) == (date(2005, 9, 1), [])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2005-02-30", "date_impossible"),
        ("01/02/2005", "date_ambiguous"),
        ("2030-01-01", "date_future"),
        ("2005", "date_incomplete"),
        ("born", "date_unreadable"),
        ("1901-01-01", "date_implausible"),
    ],
)
def test_birthdays_that_are_none_are_refused_with_their_code(text: str, code: str) -> None:
    _entry, flaws = read(born=text)
    assert [(flaw.key, flaw.code, flaw.value) for flaw in flaws] == [("born", code, text)]


@pytest.mark.parametrize(
    ("key", "text", "meaning"),
    [
        ("sex", "男", "m"),
        ("sex", "Female", "f"),
        ("sex", "2", "f"),
        ("sex", "未知", ""),
        ("kind", "硕士研究生", "student"),
        ("kind", "教职工", "staff"),
        ("kind", " Service Worker", "worker"),
        ("situation", "走读", "day"),
        ("situation", "境外", "abroad"),
        ("situation", "On Campus", "on_campus"),
    ],
)
def test_words_of_schools_are_understood(key: str, text: str, meaning: str) -> None:
    entry, flaws = read(**{key: text.strip()})
    assert (getattr(entry, key), flaws) == (meaning, [])


def test_what_is_not_stated_stays_unstated() -> None:
    entry, flaws = read()
    assert flaws == []
    assert (entry.name, entry.sex, entry.kind, entry.situation, entry.phone, entry.born) == (None,) * 6


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"number": ""}, "number_missing"),
        ({"number": "2023 01"}, "number_invalid"),
        ({"number": "x" * 41}, "number_invalid"),
        ({"sex": "雄"}, "sex_unknown"),
        ({"kind": "外星人"}, "kind_unknown"),
        ({"situation": "哪里"}, "situation_unknown"),
        ({"phone": "call me"}, "phone_invalid"),
        ({"name": "名" * 121}, "too_long"),
        ({"room": "412"}, "building_missing"),
    ],
)
def test_a_wrong_cell_names_its_column_and_has_a_remedy(values: dict[str, str], code: str) -> None:
    _entry, flaws = read(**values)
    assert [flaw.code for flaw in flaws] == [code]
    assert flaws[0].key in values
    message, remedy = rules.FLAWS[code]
    assert str(message) and str(remedy)


def test_names_padded_for_alignment_are_joined_and_latin_ones_kept() -> None:
    assert rules.tidy_name("张　三") == "张三"
    assert rules.tidy_name("欧阳  静") == "欧阳静"
    assert rules.tidy_name("Anna   Lindqvist") == "Anna Lindqvist"
    assert rules.tidy_name("阿布 Ali") == "阿布 Ali"


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("东区3栋412", ("东区3栋", "412")),
        ("3号楼-412", ("3号楼", "412")),
        ("D1-101", ("D1", "101")),
        ("12#305", ("12#", "305")),
        ("412", ("", "412")),
        ("学生公寓A座1203", ("学生公寓A座", "1203")),
    ],
)
def test_a_room_that_names_its_building_is_taken_apart(text: str, split: tuple[str, str]) -> None:
    assert rules.split_room(text, words().building_words, words().separators) == split


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("信息工程学院", "college"),
        ("后勤处", "office"),
        ("校医院", "office"),
        ("防控领导小组办公室", "office"),
        ("外国语系", "college"),
        ("信息学院党委", "party_committee"),
        ("School of Law", "college"),
    ],
)
def test_units_are_guessed_by_their_ending(name: str, kind: str) -> None:
    assert unit_kind(name) == kind


def test_slips_of_the_pen_are_suspected_and_numbered_classes_are_not() -> None:
    new = {"计科2301": 1, "计科2301班": 42, "计科2302班": 3, "信息工程学员": 2, "文学院": 400, "理学院": 300}
    twins = rules.near_duplicates(new, {"信息工程学院": 1})
    assert {(twin.name, twin.like) for twin in twins} == {("计科2301", "计科2301班"), ("信息工程学员", "信息工程学院")}


def test_two_small_new_names_of_equal_size_accuse_neither() -> None:
    assert rules.near_duplicates({"计科甲班": 2, "计科乙班": 2}, {}) == []


def test_refused_rows_are_counted_once_by_their_first_flaw() -> None:
    found = [(2, "sex_unknown"), (2, "date_future"), (3, "number_missing"), (4, "sex_unknown")]
    assert rules.refused_by_code(found) == {"sex_unknown": 2, "number_missing": 1}


CELLS = st.one_of(
    st.text(max_size=60), st.sampled_from(["男", "2005-09-01", "3号楼-412", "学生", "１２３", "38596", "-", "#"])
)


@given(st.dictionaries(st.sampled_from(KEYS), CELLS, max_size=len(KEYS)))
def test_any_row_is_an_entry_or_names_its_flaws(values: dict[str, str]) -> None:
    stripped = {key: value.strip() for key, value in values.items()}
    entry, flaws = rules.read_row(3, stripped, words=words(), today=TODAY)
    assert all(flaw.key in KEYS for flaw in flaws)
    if not flaws:
        assert rules.NUMBER.fullmatch(entry.number)
        assert entry.born is None or entry.born <= TODAY
        assert entry.sex in (None, "", "m", "f")
        assert len(entry.card or "") <= 40
    else:
        for flaw in flaws:
            message, _remedy = rules.FLAWS.get(flaw.code) or rules.FLAWS["date_wrong"]
            assert str(message) % {"detail": flaw.detail}


@given(st.lists(st.sampled_from(["1", "2", "3", "4"]), max_size=12))
def test_duplicates_are_exactly_the_numbers_met_twice(numbers: list[str]) -> None:
    entries = [rules.Entry(row, number) for row, number in enumerate(numbers)]
    found = rules.duplicates(entries)
    assert found == {
        number: [row for row, other in enumerate(numbers) if other == number]
        for number in set(numbers)
        if numbers.count(number) > 1
    }
