"""Door and gate swipes: pairing, what stays unpaired, shared and unknown cards, campus gates."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from shouwang.core.errors import BadInput
from shouwang.core.scope import Actor
from shouwang.org.models import Person
from shouwang.org.tests.cast import NOON, Cast
from shouwang.tracing import actions, queries
from shouwang.tracing.actions import ImportOptions, ImportResult
from shouwang.tracing.models import PresenceBatch, PresenceDay
from shouwang.tracing.presence.batches import read_batch
from shouwang.tracing.rules.intake import Fate
from shouwang.tracing.tests.conftest import Write

HEAD = "卡号,刷卡时间,地点,是否通过,描述\n"
DAY = "2026-03-01"
CARDS = {"lin": "111", "wang": "222", "meng": "333", "zhao": "333"}


@pytest.fixture
def cards(cast: Cast) -> Cast:
    """Lin and Wang hold a card each; Meng and Zhao share one."""
    for name, card in CARDS.items():
        Person.objects.filter(pk=cast.person[name].pk).update(card=card)
    return cast


def _swipes(path: object, by: Actor, **options: object) -> ImportResult:
    made = ImportOptions(**options)  # type: ignore[arg-type]
    return actions.import_presence(path, source_format="gate", options=made, by=by, at=NOON)  # type: ignore[arg-type]


def _row(card: str, at: str, door: str, access: str = "1") -> str:
    return f"{card},{DAY} {at},{door},{access},\n"


def test_the_fate_of_every_swipe(cards: Cast, operator: Actor, write: Write) -> None:
    rows = [
        _row("111", "08:00", "图书馆[进门]"),
        _row("111", "10:00", "图书馆[出门]"),
        _row("222", "10:00", "图书馆[出门]"),  # an exit without an entry
        _row("222", "09:00:00", "图书馆[进门]"),  # out of order; then nothing
        _row("222", "09:00:03", "图书馆[进门]"),  # the same swipe again
        _row("111", "11:00", "图书馆[进门]", "0"),
        _row("333", "08:00", "图书馆[进门]"),
        _row("999", "08:00", "图书馆[进门]"),
        _row("111", "12:00", "图书馆"),  # no direction
        _row("111", "13:00", "实验楼[进门]"),
        _row("", "13:00", "图书馆[进门]"),
        _row("111", "25:00", "图书馆[进门]"),
        _row("111", "13:30", "图书馆[进门]", "也许"),
    ]
    result = _swipes(write("d.csv", HEAD + "".join(rows)), operator)
    assert result.refused == {
        "denied": 1, "card_shared": 1, "card_unknown": 1, "place_unknown": 1, "person_missing": 1, "time_invalid": 1,
        "access_unknown": 1,
    }  # fmt: skip
    assert result.remarks == {
        "paired_in": 2, "paired_out": 2, "duplicate": 1, "no_direction": 1, "stays": 2, "out_of_order": 2,
    }  # fmt: skip
    assert result.read == 13 == result.accepted + sum(result.refused.values())
    remarks = PresenceDay.objects.get(day=date(2026, 3, 1)).remarks
    assert remarks["swipes"] == {"paired_in": 2, "paired_out": 2, "duplicate": 1, "no_direction": 1}
    assert sum(remarks["refused"].values()) == 6  # the row without a readable time belongs to no day


def test_refused_swipes_are_kept_with_their_text(cards: Cast, operator: Actor, write: Write) -> None:
    _swipes(
        write("d.csv", HEAD + _row("999", "08:00", "图书馆[进门]") + _row("333", "09:00", "图书馆[出门]")), operator
    )
    batch = read_batch(PresenceBatch.objects.get().stored_as)
    assert batch.columns["fate"].tolist() == [Fate.CARD_UNKNOWN, Fate.CARD_SHARED]
    assert batch.columns["who"].to_pylist() == ["999", "333"]
    assert batch.columns["where"].to_pylist() == ["图书馆[进门]", "图书馆[出门]"]


def test_a_shared_card_is_never_guessed_and_told_apart_once_mended(cards: Cast, operator: Actor, write: Write) -> None:
    text = HEAD + _row("111", "08:00", "图书馆[进门]") + _row("111", "10:00", "图书馆[出门]")
    text += _row("333", "08:30", "图书馆[进门]") + _row("333", "09:00", "图书馆[出门]")
    path = write("d.csv", text)
    result = _swipes(path, operator)
    assert result.refused == {"card_shared": 2}
    assert {problem.code for problem in result.problems} == {"card_shared"}
    assert _contacts(operator, "2023010101") == {"2023010102"}  # the flatmate, by residence
    Person.objects.filter(pk=cards.person["zhao"].pk).update(card="")
    result = _swipes(path, operator)
    assert (result.accepted, result.updated, result.refused) == (2, 2, {})
    assert "2023010103" in _contacts(operator, "2023010101")


def _contacts(by: Actor, number: str) -> set[str]:
    answer = queries.answer_json(by, number=number, onset=NOON, lookback_days=2, at=NOON)
    return {contact["person"] for contact in answer["contacts"]}


def test_a_card_handed_on_belongs_to_its_present_holder(cards: Cast, operator: Actor, write: Write) -> None:
    Person.objects.filter(pk=cards.person["zhao"].pk).update(left_on=date(2026, 2, 1))
    result = _swipes(write("d.csv", HEAD + _row("333", "08:30", "图书馆[进门]")), operator)
    assert (result.accepted, result.refused) == (1, {})


def test_a_campus_gate_is_passed_not_stayed_at(cards: Cast, operator: Actor, write: Write) -> None:
    text = HEAD + _row("111", "08:00", "北门[进门]") + _row("111", "18:00", "北门[出门]")
    text += _row("222", "09:00", "北门[进门]") + _row("222", "17:00", "北门[出门]")
    result = _swipes(write("d.csv", text), operator)
    assert result.remarks["passage"] == 4
    assert "stays" not in result.remarks
    day = PresenceDay.objects.get(day=date(2026, 3, 1))
    assert "gate" not in day.by_source
    assert day.remarks["swipes"] == {"passage": 4}


def test_a_stay_longer_than_any_is_no_stay(cards: Cast, operator: Actor, write: Write) -> None:
    text = HEAD + "111,2026-02-27 08:00,图书馆[进门],1,\n111,2026-02-28 00:00,图书馆[出门],1,\n"
    text += "222,2026-02-27 08:00,图书馆[进门],1,\n222,2026-02-28 00:01,图书馆[出门],1,\n"
    result = _swipes(write("d.csv", text), operator)
    assert result.remarks == {"paired_in": 1, "paired_out": 1, "too_long": 2, "stays": 1, "out_of_order": 1}


def test_an_exit_in_a_later_file_closes_the_entry_of_an_earlier(cards: Cast, operator: Actor, write: Write) -> None:
    first = _swipes(write("a.csv", HEAD + "111,2026-02-27 22:00,图书馆[进门],1,\n"), operator)
    assert first.remarks == {"unpaired_in": 1}
    assert "gate" not in PresenceDay.objects.get(day=date(2026, 2, 27)).by_source
    second = _swipes(write("b.csv", HEAD + "111,2026-02-28 01:00,图书馆[出门],1,\n"), operator)
    assert second.remarks == {"unpaired_out": 1}
    assert second.days == (date(2026, 2, 27), date(2026, 2, 28))  # the evening before is built again
    days = PresenceDay.objects.filter(day__lte=date(2026, 2, 28)).order_by("day")
    assert [day.by_source["gate"] for day in days] == [1, 1]


def test_building_days_one_by_one_or_together_is_the_same(cards: Cast, operator: Actor, write: Write) -> None:
    text = HEAD
    for number, hour in enumerate((8, 13, 19, 23)):
        for day in range(20, 28):
            way = "进" if hour % 2 else "出"
            text += f"{111 * (1 + number % 2)},2026-02-{day} {hour:02d}:0{number},图书馆[{way}门],1,\n"
    _swipes(write("d.csv", text), operator)
    together = {d.day: (d.visits, d.by_source, d.remarks) for d in PresenceDay.objects.all()}
    for built in list(together):
        actions.build_days(built, built, by=operator, at=NOON)
    assert {d.day: (d.visits, d.by_source, d.remarks) for d in PresenceDay.objects.all()} == together
    assert sum(counts[1].get("gate", 0) for counts in together.values()) > 0


def test_gbk_and_utf8_lines_in_one_file(cards: Cast, operator: Actor, write: Write) -> None:
    path = write("d.csv", "")
    path.write_bytes(
        (HEAD + _row("111", "08:00", "图书馆[进门]")).encode("gbk")
        + _row("111", "10:00", "图书馆[出门]").encode("utf-8")
    )
    result = _swipes(path, operator)
    assert (result.accepted, result.remarks["stays"], result.remarks["mixed_encoding"]) == (2, 1, 1)


def test_number_column_before_card(cards: Cast, operator: Actor, write: Write) -> None:
    text = f"学号,卡号,时间,地点,方向\n2023010101,,{DAY} 08:00,LIB,进\n"
    text += f",111,{DAY} 09:00,图书馆,出\n8888,,{DAY} 09:00,LIB,出\n"
    result = _swipes(write("d.csv", text), operator)
    assert (result.accepted, result.refused, result.remarks["stays"]) == (2, {"person_unknown": 1}, 1)


def test_unknown_cards_become_people_only_when_asked(cards: Cast, operator: Actor, write: Write) -> None:
    path = write("d.csv", HEAD + _row("999", "08:00", "图书馆[进门]") + _row("999", "09:00", "图书馆[出门]"))
    assert _swipes(path, operator).refused == {"card_unknown": 2}
    result = _swipes(path, operator, create_people=True)
    assert (result.people_created, result.accepted) == (1, 2)
    assert Person.objects.get(number="999").card == "999"


def test_a_swipe_of_tomorrow_is_refused_a_reader_slightly_ahead_is_not(
    cards: Cast, operator: Actor, write: Write
) -> None:
    def stamp(minutes: int) -> str:
        return (NOON + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")

    text = HEAD + f"111,{stamp(4)},图书馆[进门],1,\n222,{stamp(6)},图书馆[进门],1,\n"
    assert _swipes(write("d.csv", text), operator).refused == {"in_future": 1}


def test_a_file_without_any_person_column(cards: Cast, operator: Actor, write: Write) -> None:
    with pytest.raises(BadInput) as refusal:
        _swipes(write("d.csv", f"时间,地点\n{DAY} 08:00,图书馆[进门]\n"), operator)
    assert refusal.value.field == "number"
