"""Rule files: what the shipped ones say, which one a day has, and how a bad file is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.tracing.queries import catalogue, rulebook
from shouwang.tracing.rules import editions
from shouwang.tracing.rules.editions import CaseDates, EditionError

if TYPE_CHECKING:
    from pytest_django import Settings

# Code, first day in force, days before onset, and before sampling, from the last negative test, second ring,
# observation of close contacts, of the second ring: the dated editions, in order.
TABLE = [
    ("covid19-cn-2", "2020-01-22", 0, 0, False, False, [("home", 14, ())], None),
    ("covid19-cn-5", "2020-02-21", 2, 2, False, False, [("home", 14, ())], None),
    ("covid19-cn-6", "2020-03-07", 2, 2, False, False, [("home", 14, ())], None),
    ("covid19-cn-7", "2020-09-15", 2, 2, False, True, [("central", 14, ())], [("home", 14, ())]),
    ("covid19-cn-8", "2021-05-01", 4, 4, False, True, [("central", 14, (1, 4, 7, 14)), ("home", 7, (2, 7))],
     [("home", 14, ())]),
    ("covid19-cn-9", "2022-06-28", 2, 2, True, True, [("central", 7, (1, 2, 3, 5, 7)), ("home", 3, (3,))],
     [("home", 7, (1, 4, 7))]),
    ("covid19-cn-20-measures", "2022-11-11", 2, 2, True, False, [("central", 5, (1, 2, 3, 5)), ("home", 3, (1, 3))],
     None),
    ("covid19-cn-10-measures", "2022-12-07", 2, 2, True, False, [("home", 5, (5,))], None),
    ("covid19-cn-10", "2023-01-08", 0, 0, False, False, None, None),
]  # fmt: skip


@pytest.mark.parametrize("row", TABLE, ids=[row[0] for row in TABLE])
def test_the_dated_editions(row: tuple[object, ...]) -> None:
    edition = catalogue.get_edition(str(row[0]))
    window, ring = edition.window, edition.second_ring
    watched = {item.grade: [(p.place, p.days, p.test_days) for p in item.phases] for item in edition.observation}
    found = (
        edition.code,
        edition.head.in_force_from.isoformat(),
        window.before_onset.days,
        (window.before_sampling or window.before_onset).days,
        window.last_negative is not None and window.last_negative.on,
        ring is not None and ring.on,
        watched.get("close"),
        watched.get("secondary"),
    )
    assert found == row
    assert edition.determined.on == (edition.code != "covid19-cn-10")


def test_from_the_second_edition_on_every_day_has_exactly_one() -> None:
    by_date = [edition for edition in rulebook.editions_of("covid19") if edition.head.by_date]
    day = date(2020, 1, 22)
    while day < date(2023, 3, 1):
        assert sum(edition.in_force(day) for edition in by_date) == 1, day
        day += timedelta(days=1)
    assert rulebook.edition_in_force("covid19", date(2020, 1, 21)) is None
    assert _code("covid19", date(2022, 11, 10)) == "covid19-cn-9"
    assert _code("covid19", date(2022, 11, 11)) == "covid19-cn-20-measures"


def _code(disease: str, day: date) -> str | None:
    found = rulebook.edition_in_force(disease, day)
    return found.code if found else None


@pytest.mark.parametrize(
    ("code", "before", "after"),
    [("measles", 4, 4), ("tuberculosis-school", 90, 14), ("varicella", 2, 7), ("influenza-cluster", 1, 7),
     ("norovirus-cluster", 0, 5), ("covid19-who-2020", 2, 14)],
)  # fmt: skip
def test_windows_of_other_rules(code: str, before: int, after: int) -> None:
    window = catalogue.get_edition(code).window
    assert (window.before_onset.days, window.after_onset.days) == (before, after)


def test_every_shipped_file_is_sound_and_dated() -> None:
    for edition in rulebook.editions_of():
        assert rulebook.weights_of(edition) is not None
        assert all(source.date or source.kind == "assumption" for source in edition.sources.values())
    assert [item.code for item in rulebook.distances().classes][:3] == ["near", "seat", "row"]


SOUND = (catalogue.SHIPPED / "covid19-cn-9.toml").read_text("utf-8")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('days = 2, source = "nhc9" }\nafter', 'days = 2 }\nafter', "window.before_sampling"),
        ('min_minutes = 40, source = "assumed"', 'min_minutes = 40', "grades[0].any[1].min_minutes"),
        ('source = "nhc9"\ntest_days = [3]', 'source = "none"\ntest_days = [3]', "observation[0].phases[1].source"),
        ('source = "nhc9"\ntest_days = [3]', 'source = "nhc9"\ntest_days = [9]', "test_days"),
        ('before_onset = { days = 2', 'before_onset = { days = "two"', ":38: window.before_onset.days"),
        ('before_onset = { days = 2', 'before_onset = { days = -1', ":38: window.before_onset"),
        ('[contacts]\non = true', '[contacts]\non = false', "contacts.on"),
        ('of = ["close"]', 'of = ["near"]', "second_ring"),
        ('place_kinds = ["classroom"]', 'place_kinds = ["hall"]', "grades[0].any[1].place_kinds"),
        ('sources = ["proximity"]', 'sources = ["bluetooth"]', "grades[0].any[2].sources"),
        ('date = 2022-06-28', '', "date"),
        ('[window]', '[window', "covid19-cn-9.toml:37:"),
        ('title =', 'titel =', "titel"),
        ('weights = "covid19"', 'weights = "nowhere"', "edition.weights"),
        ('in_force_to = 2022-11-10', 'in_force_to = 2021-11-10', "in_force_to"),
        ('code = "covid19-cn-9"', 'code = "covid19-cn-x"', "edition.code"),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused_by_file_and_key(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in SOUND
    path = tmp_path / "covid19-cn-9.toml"
    path.write_text(SOUND.replace(old, new, 1), "utf-8")
    with pytest.raises(EditionError) as refusal:
        catalogue.read_edition(path)
    assert "covid19-cn-9.toml" in refusal.value.sentence
    assert said in refusal.value.sentence


def test_an_institutions_own_file_stands_before_the_shipped_one(settings: Settings, tmp_path: Path) -> None:
    settings.HOME = tmp_path
    folder = tmp_path / "contact_rules"
    folder.mkdir()
    own = (catalogue.SHIPPED / "influenza-cluster.toml").read_text("utf-8")
    own = own.replace('code = "influenza-cluster"', 'code = "our-flu"').replace(
        "min_minutes = 240", "min_minutes = 120"
    )
    (folder / "our-flu.toml").write_text(own, "utf-8")
    assert _code("influenza", date(2026, 3, 2)) == "our-flu"
    assert catalogue.get_edition("our-flu").grades[0].any[1].min_minutes == 120


START = datetime(2022, 7, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 60 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes))


@given(st.none() | MOMENTS, MOMENTS, st.none() | MOMENTS, st.booleans(), st.none() | MOMENTS, MOMENTS)
def test_a_window_never_ends_before_it_starts_nor_after_now_or_isolation(
    onset: datetime | None, sampled: datetime, isolated: datetime | None, silent: bool, negative: datetime | None,
    now: datetime,
) -> None:  # fmt: skip
    spec = catalogue.get_edition("covid19-cn-9").window
    found = editions.window(CaseDates(onset, sampled, isolated, silent, negative), spec, now)
    assert found.start <= found.end
    anchor = sampled if silent or onset is None else onset
    assert found.start == (negative or anchor - timedelta(days=2))
    if found.start < found.end:
        assert found.end == (isolated or min(now, anchor + timedelta(days=14)))
