"""An institution's own file replaces the shipped one, is read again when it changes, and is refused by name."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from shouwang.core.errors import BadInput
from shouwang.core.owned_files import decoded, in_force


class Days(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    days: int


def refused(reason: str) -> BadInput:
    return BadInput(f"days.toml: {reason}", code="days_file")


def read(content: bytes) -> Days:
    return decoded(content, Days, refused)


def test_the_own_file_stands_before_the_shipped_one(tmp_path: Path) -> None:
    shipped, home = tmp_path / "room" / "days.toml", tmp_path / "home"
    shipped.parent.mkdir()
    home.mkdir()
    shipped.write_text("days = 1", encoding="utf-8")
    assert in_force(home, shipped, read).days == 1
    own = home / "days.toml"
    for number in (2, 3):
        own.write_text(f"days = {number}", encoding="utf-8")
        os.utime(own, ns=(number, number))
        assert in_force(home, shipped, read).days == number, "an edited file is read again"
    own.unlink()
    assert in_force(home, shipped, read).days == 1


@pytest.mark.parametrize("content", [b"days", b'days = "x"', b"hours = 1", b"days = 1\nhours = 2", b"\xff"])
def test_a_broken_file_is_the_rooms_own_refusal(content: bytes) -> None:
    with pytest.raises(BadInput) as found:
        read(content)
    assert found.value.error_code == "days_file"
