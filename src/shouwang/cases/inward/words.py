"""`outside.toml` as values."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from shouwang.core.files.columns import plain_name

RAW = "LNG_REFERENCE_DATA_CATEGORY_"  # Go.Data writes codes of its reference data with their category before them


@dataclass(frozen=True, slots=True)
class Words:
    past_days: int
    most_rows: int
    columns: Mapping[str, tuple[str, ...]]
    systems: Mapping[str, frozenset[str]]
    codes: Mapping[str, Mapping[str, str]]
    contacts: frozenset[str]
    known: frozenset[str]
    prefixes: tuple[str, ...]

    def read(self, field: str, text: str) -> str | None:
        """Our code for theirs; None for one that is not known."""
        table = self.codes[field]
        plain = text.strip().upper().replace(" ", "_").replace("-", "_")
        if plain in table:
            return table[plain]
        if plain.startswith(RAW):
            # The category's own name has underscores too: the longest known ending is the code.
            ends = [code for code in table if plain.endswith(f"_{code}")]
            return table[max(ends, key=len)] if ends else None
        return None


@cache
def words() -> Words:
    data = tomllib.loads(Path(__file__).with_name("outside.toml").read_text("utf-8"))
    return Words(
        data["past_days"], data["most_rows"],
        {field: tuple(map(plain_name, names)) for field, names in data["columns"].items()},
        {system: frozenset(map(plain_name, names)) for system, names in data["systems"].items()},
        {field: data[field] for field in ("classification", "disease", "sex", "outcome")},
        frozenset(map(plain_name, data["contacts"]["columns"])), frozenset(map(plain_name, data["known"]["sormas"])),
        tuple(f"{prefix.casefold()}." for prefix in data["known"]["prefixes"]),
    )  # fmt: skip


def find_columns(header: Sequence[str], columns: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
    """Field -> position of the first header that is known for it; a column serves one field."""
    plain = [plain_name(cell) for cell in header]
    found: dict[str, int] = {}
    for field, names in columns.items():
        for name in names:
            if name in plain and plain.index(name) not in found.values():
                found[field] = plain.index(name)
                break
    return found


def system_of(header: Sequence[str]) -> str:
    """Which system wrote a file with this header; "" for neither."""
    plain = {plain_name(cell) for cell in header if cell}
    near = {system: len(names & plain) for system, names in words().systems.items()}
    best = max(near, key=lambda system: near[system])
    return best if near[best] >= 2 else ""


def about_contacts(header: Sequence[str]) -> bool:
    return any(plain_name(cell) in words().contacts for cell in header if cell)


def unknown_columns(header: Sequence[str], system: str) -> list[str]:
    """Headers of a SORMAS file that SORMAS does not have: most likely slips, whose column is not read."""
    if system != "sormas":
        return []
    read = {name for names in words().columns.values() for name in names}
    return [
        cell for cell in header
        if cell and plain_name(cell) not in words().known | read and not cell.casefold().startswith(words().prefixes)
    ]  # fmt: skip
