"""Receipt numbers: short, read aloud without error, and checkable without asking the database.

A receipt is ``DDD-PPPPPC``: days since 2020-01-01, the row's number, and one check character, each in Crockford's
base 32 (no I, L, O, U). The check is Damm's algorithm over GF(2^5): every single wrong character and every swap of
two neighbours is found. It proves a number was copied rightly, not that its bearer is honest: the row is looked up.

Sources: D. Crockford, "Base32 Encoding", https://www.crockford.com/base32.html; H. M. Damm, "Total anti-symmetrische
Quasigruppen", Marburg 2004 (the map x -> t*x over GF(2^n), t not 0 or 1, is totally anti-symmetric).
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from django.utils.translation import gettext_lazy as _

from shouwang.core.errors import BadInput

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PAIRS = [high + low for high in ALPHABET for low in ALPHABET]
VALUE = {letter: value for value, letter in enumerate(ALPHABET)}
TIMES_T = [(value << 1) ^ (0b100101 if value & 0b10000 else 0) for value in range(32)]
# What eyes and hands confuse.
READ_AS = str.maketrans({"I": "1", "L": "1", "O": "0", "-": None, " ": None, "–": None})
EPOCH = date(2020, 1, 1)
DAY_DIGITS, ROW_DIGITS = 3, 5  # 32,768 days reach the year 2109; a longer row number simply makes a longer receipt
LONGEST = 20


def receipt(day: date, row: int) -> str:
    """The receipt of check-in number `row` (>= 1) of `day`. ValueError outside what three digits of days hold."""
    days = (day - EPOCH).days
    if not 0 <= days < len(ALPHABET) ** DAY_DIGITS or row < 1:
        raise ValueError(f"no receipt for {day}, row {row}")
    head, check = _head(days)
    body = _encode(row, ROW_DIGITS)
    return f"{head}-{body}{ALPHABET[_check(body, check)]}"


def decode_receipt(text: str) -> tuple[date, int]:
    """(day, row) of a receipt as a person types it. BadInput when a character is wrong, missing or swapped."""
    plain = text.strip().upper().translate(READ_AS)
    least = DAY_DIGITS + ROW_DIGITS + 1
    if not least <= len(plain) <= LONGEST or any(letter not in VALUE for letter in plain):
        raise _wrong(text)
    if _check(plain) != 0:
        raise _wrong(text)
    row = _decode(plain[DAY_DIGITS:-1])
    if row < 1:
        raise _wrong(text)
    return EPOCH + timedelta(days=_decode(plain[:DAY_DIGITS])), row


def _wrong(text: str) -> BadInput:
    sentence = _("%(receipt)s is not a receipt number. Copy it again, character by character.")
    return BadInput(sentence, code="receipt_invalid", field="receipt", receipt=text[:LONGEST])


def _encode(number: int, digits: int) -> str:
    letters = ""
    while number:
        number, pair = divmod(number, len(PAIRS))
        letters = PAIRS[pair] + letters
    return letters.lstrip("0").rjust(digits, "0")


def _decode(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 32 + VALUE[letter]
    return number


@lru_cache(maxsize=64)
def _head(days: int) -> tuple[str, int]:
    """The digits of a day, and the check value after them."""
    head = _encode(days, DAY_DIGITS)
    return head, _check(head)


def _check(letters: str, check: int = 0) -> int:
    """The check value; 0 over a whole receipt. c' = t * (c + digit) in GF(2)[t]/(t^5 + t^2 + 1)."""
    for letter in letters:
        check = TIMES_T[check ^ VALUE[letter]]
    return check
