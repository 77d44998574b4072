"""A receipt finds every wrong character and every swap of two neighbours."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.checkins.rules.receipts import ALPHABET, EPOCH, decode_receipt, receipt
from shouwang.core.errors import BadInput

days = st.dates(EPOCH, date(2109, 9, 17))
rows = st.integers(1, 10**12)


def refused(text: str) -> bool:
    try:
        decode_receipt(text)
    except BadInput as error:
        assert error.field == "receipt" and error.error_code == "receipt_invalid" and error.sentence
        return True
    return False


@given(days, rows)
def test_what_is_written_is_read_again(day: date, row: int) -> None:
    text = receipt(day, row)
    assert decode_receipt(text) == (day, row)
    assert decode_receipt(f" {text.lower().replace('0', 'o').replace('1', 'l').replace('-', ' ')} ") == (day, row)


@given(days, rows, st.data())
def test_one_wrong_character_is_found(day: date, row: int, data: st.DataObject) -> None:
    text = receipt(day, row).replace("-", "")
    place = data.draw(st.integers(0, len(text) - 1))
    wrong = data.draw(st.sampled_from(ALPHABET.replace(text[place], "")))
    assert refused(text[:place] + wrong + text[place + 1 :])


@given(days, rows, st.data())
def test_two_swapped_neighbours_are_found(day: date, row: int, data: st.DataObject) -> None:
    text = receipt(day, row).replace("-", "")
    place = data.draw(st.integers(0, len(text) - 2))
    a, b = text[place], text[place + 1]
    assert a == b or refused(text[:place] + b + a + text[place + 2 :])


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    if not refused(text):
        day, row = decode_receipt(text)
        assert decode_receipt(receipt(day, row)) == (day, row)


@pytest.mark.parametrize(("day", "row"), [(date(2019, 12, 31), 1), (date(2026, 3, 2), 0), (date(2109, 9, 20), 1)])
def test_no_receipt_outside_its_range(day: date, row: int) -> None:
    with pytest.raises(ValueError, match="no receipt"):
        receipt(day, row)


def test_a_known_receipt() -> None:
    # 2026-03-02 is day 2252 = 2*1024 + 6*32 + 12 -> "26C"; row 1234 = 1*1024 + 6*32 + 18 -> "0016J"
    assert receipt(date(2026, 3, 2), 1234) == "26C-0016JB"
