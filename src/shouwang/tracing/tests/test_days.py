"""Segments of days: versions, races, holes, damage, purge, and days on which clocks change."""

from __future__ import annotations

import stat
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

if TYPE_CHECKING:
    from pytest_django import Settings

from shouwang.core import audit, clock, purging
from shouwang.core.errors import BadInput, Forbidden
from shouwang.core.models import AuditEntry
from shouwang.core.scope import Actor
from shouwang.org import actions as org
from shouwang.org.models import Person
from shouwang.org.tests.cast import NOON, Cast
from shouwang.tracing import actions, queries
from shouwang.tracing.actions import days as day_actions
from shouwang.tracing.models import Contact, PresenceBatch, PresenceDay
from shouwang.tracing.presence import lake, store
from shouwang.tracing.presence.building import Run
from shouwang.tracing.presence.files import batches_root, days_root
from shouwang.tracing.tests.conftest import Write, unix

TODAY = date(2026, 3, 2)
SUNDAY = date(2026, 3, 1)
HEAD = "学号,场所,开始时间,结束时间\n"


def _build(by: Actor, first: date = SUNDAY, last: date = SUNDAY) -> list[PresenceDay]:
    return actions.build_days(first, last, by=by, at=NOON)


def _seconds(number: str, cast: Cast, first: str, last: str) -> dict[str, int]:
    person = Person.objects.get(number=number)
    answer = queries.trace_person(person.pk, window_start=unix(first), window_end=unix(last))
    numbers = dict(Person.objects.values_list("pk", "number"))
    pairs = zip(answer.contacts.person.tolist(), answer.contacts.seconds.tolist(), strict=True)
    return {numbers[person]: seconds for person, seconds in pairs}


def test_flatmates_share_their_nights(cast: Cast, operator: Actor) -> None:
    rows = _build(operator, date(2026, 2, 28), SUNDAY)
    assert [row.by_source for row in rows] == [{"residence": 8}, {"residence": 8}]
    # One whole night, from 22:30 to 06:30, and nobody else.
    assert _seconds("2023010101", cast, "2026-02-28 12:00", "2026-03-01 12:00") == {"2023010102": 8 * 3600}
    entry = AuditEntry.objects.filter(verb="presence.built").order_by("id").last()
    assert entry is not None
    assert entry.new == {"day": "2026-03-01", "version": 1, "visits": 8, "pairs": 0}


def test_who_is_away_is_not_expected(cast: Cast, operator: Actor) -> None:
    org.set_situation(cast.person["wang"], situation="intern", on=SUNDAY, by=operator, at=NOON)
    _build(operator, date(2026, 2, 28), TODAY)
    seen = _seconds("2023010101", cast, "2026-02-28 00:00", "2026-03-02 12:00")
    # The last common night began on the evening before the internship.
    assert seen == {"2023010102": (6 * 60 + 30 + 8 * 60) * 60}


def test_who_moved_shares_the_room_of_each_night(cast: Cast, operator: Actor) -> None:
    org.set_residence(cast.person["wang"], place=cast.place["D1-102"], on=SUNDAY, by=operator, at=NOON)
    _build(operator, SUNDAY, TODAY)
    assert _seconds("2023010102", cast, "2026-03-01 00:00", "2026-03-02 12:00") == {
        "2023010101": 6 * 3600 + 1800, "2023010201": 8 * 3600, "2023020101": 8 * 3600,
    }  # fmt: skip


def test_who_left_is_not_expected(cast: Cast, operator: Actor) -> None:
    Person.objects.filter(pk=cast.person["wang"].pk).update(left_on=date(2026, 2, 28))
    _build(operator, SUNDAY, TODAY)
    assert _seconds("2023010101", cast, "2026-03-01 00:00", "2026-03-02 12:00") == {"2023010102": 6 * 3600 + 1800}


@pytest.mark.parametrize(
    ("zone", "day", "hours", "night"),
    [
        ("Europe/Paris", date(2025, 3, 30), 23, 7),
        ("Europe/Paris", date(2025, 10, 26), 25, 9),
        ("America/New_York", date(2025, 3, 9), 23, 7),
        ("America/New_York", date(2025, 11, 2), 25, 9),
    ],
)
def test_days_on_which_clocks_change(
    db: None, operator: Actor, settings: Settings, write: Write, zone: str, day: date, hours: int, night: int
) -> None:
    settings.TIME_ZONE = zone
    since = date(2024, 1, 1)
    home = org.add_organisation(parent=None, kind="college", code="C", name="C", starts=since, by=operator, at=NOON)
    room = org.add_place(parent=None, kind="dorm_room", code="R", name="R", starts=since, by=operator, at=NOON)
    org.add_place(parent=None, kind="library", code="L", name="L", starts=since, by=operator, at=NOON)
    for number in "AB":
        person = org.add_person(
            number=number, name=number, kind="student", home=home, since=since, by=operator, at=NOON
        )
        org.set_residence(person, place=room, on=since, by=operator, at=NOON)
    _build(operator, day - timedelta(days=1), day)
    both = (f"{day - timedelta(days=1)} 12:00", f"{day} 12:00")
    assert _seconds("A", Cast(), *both) == {"B": night * 3600}
    # A visit from midnight to midnight has as many seconds as the day.
    tomorrow = day + timedelta(days=1)
    options = actions.ImportOptions(create_people=True)
    path = write("v.csv", f"{HEAD}A,L,{day} 00:00,{tomorrow} 00:00\nC,L,{day} 00:00,{tomorrow} 00:00\n")
    with mock.patch("shouwang.tracing.rules.assumptions.MaxStay.seconds", lambda stay, kind: 26 * 3600):
        actions.import_presence(path, source_format="visits", options=options, by=operator, at=NOON)
    onset = clock.day_start(tomorrow) + timedelta(hours=12)
    answer = queries.answer_json(operator, number="C", onset=onset, lookback_days=3, at=NOON)
    assert [(c["person"], c["days"]) for c in answer["contacts"]] == [("A", {day.isoformat(): hours * 3600})]


def test_a_new_version_replaces_the_file(
    cast: Cast, operator: Actor, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    (first,) = _build(operator)
    old = days_root() / first.stored_as
    with django_capture_on_commit_callbacks(execute=True):
        (second,) = _build(operator)
    assert (second.pk, second.version) == (first.pk, 2)
    assert not old.exists()
    assert [path.name for path in days_root().iterdir()] == [second.stored_as]
    assert second.stored_as.startswith("2026-03-01.v2.")


def test_the_old_file_stays_when_the_switch_is_undone(cast: Cast, operator: Actor) -> None:
    (first,) = _build(operator)
    with (
        mock.patch.object(audit, "record", side_effect=OSError("disk full")),
        pytest.raises(OSError, match="disk"),
    ):
        _build(operator)
    assert PresenceDay.objects.get().stored_as == first.stored_as
    assert [path.name for path in days_root().iterdir()] == [first.stored_as]


def test_somebody_else_was_faster(cast: Cast, operator: Actor) -> None:
    _build(operator)
    real = day_actions._switch
    calls: list[Any] = []

    def slow(built: Any, before: Any, **named: Any) -> Any:
        """Between our build and our switch another process builds the same day."""
        calls.append(before)
        if len(calls) == 1:
            real(Run(SUNDAY, SUNDAY).build(0), before, **named)
        return real(built, before, **named)

    with mock.patch.object(day_actions, "_switch", slow):
        (row,) = _build(operator)
    assert (row.version, len(calls)) == (3, 2)
    assert [before[0] for before in calls] == [1, 2]
    assert PresenceDay.objects.get().version == 3


def test_two_first_builds_of_a_day(cast: Cast, operator: Actor) -> None:
    built = Run(SUNDAY, SUNDAY).build(0)
    assert day_actions._switch(built, None, by=operator, at=NOON) is not None
    assert day_actions._switch(built, None, by=operator, at=NOON) is None
    assert PresenceDay.objects.get().version == 1


def test_records_that_come_during_a_build_leave_the_day_stale(cast: Cast, operator: Actor) -> None:
    _build(operator)
    run = Run(SUNDAY, SUNDAY)
    before = day_actions._stale(SUNDAY, SUNDAY)[SUNDAY]
    day_actions.mark_stale([SUNDAY], at=NOON)
    row = day_actions._switch(run.build(0), before, by=operator, at=NOON)
    assert row is not None
    assert row.stale_since == NOON
    (row,) = actions.build_stale(by=operator, at=NOON)
    assert row.stale_since is None
    assert actions.build_stale(by=operator, at=NOON) == []


@pytest.mark.parametrize(
    ("first", "last"), [(TODAY, SUNDAY), (date(2024, 1, 1), TODAY), (TODAY, TODAY + timedelta(days=1))]
)
def test_ranges_that_cannot_be_built(cast: Cast, operator: Actor, first: date, last: date) -> None:
    with pytest.raises(BadInput):
        _build(operator, first, last)
    assert not PresenceDay.objects.exists()


def test_who_may_build(cast: Cast) -> None:
    for name in ("lin", "fang", "qiu"):
        with pytest.raises(Forbidden):
            _build(cast.by(name))
        with pytest.raises(Forbidden):
            actions.build_stale(by=cast.by(name), at=NOON)
    assert len(_build(cast.by("su"))) == 1


def test_progress_is_told(cast: Cast, operator: Actor) -> None:
    told: list[tuple[int, int | None]] = []
    actions.build_days(
        date(2026, 2, 10), SUNDAY, by=operator, at=NOON, progress=lambda done, total: told.append((done, total))
    )
    assert told == [(number, 20) for number in range(1, 21)]


def test_queries_do_not_grow_with_people(
    cast: Cast, operator: Actor, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    run = Run(SUNDAY, SUNDAY)
    with django_assert_num_queries(20):
        run = Run(date(2026, 2, 20), SUNDAY)
    with django_assert_num_queries(0):
        run.build(0)


def test_missing_damaged_and_present_days(cast: Cast, operator: Actor) -> None:
    rows = _build(operator, date(2026, 2, 26), date(2026, 2, 28))
    damaged = days_root() / rows[1].stored_as
    damaged.write_bytes(damaged.read_bytes()[:200])
    (days_root() / rows[2].stored_as).unlink()
    opened = store.open_days(date(2026, 2, 25), SUNDAY)
    assert len(opened.segments) == 1
    assert opened.missing == [date(2026, 2, 25), SUNDAY]
    assert opened.damaged == [date(2026, 2, 27), date(2026, 2, 28)]


def test_open_days_asks_for_days_and_statements_and_keeps_files_open(
    cast: Cast, operator: Actor, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    _build(operator, date(2026, 2, 26), SUNDAY)
    first = store.open_days(date(2026, 2, 26), SUNDAY)
    with django_assert_num_queries(2):
        again = store.open_days(date(2026, 2, 26), SUNDAY)
    assert all(before is after for before, after in zip(first.segments, again.segments, strict=True))


def test_a_day_switched_between_row_and_file_is_read_again(cast: Cast, operator: Actor) -> None:
    (old,) = _build(operator)
    (new,) = _build(operator)
    (days_root() / old.stored_as).unlink(missing_ok=True)
    store.forget([old.stored_as])
    with mock.patch.object(store, "_rows", lambda first, last: {SUNDAY: old}):
        opened = store.open_days(SUNDAY, SUNDAY)
    assert (len(opened.segments), opened.missing, opened.damaged) == (1, [], [])
    PresenceDay.objects.all().delete()
    with mock.patch.object(store, "_rows", lambda first, last: {SUNDAY: old}):
        assert store.open_days(SUNDAY, SUNDAY).missing == [SUNDAY]
    assert new.version == 2


def test_the_cache_holds_the_most_recent(cast: Cast, operator: Actor) -> None:
    rows = _build(operator, date(2026, 2, 24), SUNDAY)
    cache = store._Cache(3)
    paths = [days_root() / row.stored_as for row in rows]
    first = cache.get(paths[0])
    for path in paths[1:3]:
        cache.get(path)
    assert cache.get(paths[0]) is first
    cache.get(paths[3])  # the second leaves
    assert list(cache._open) == [paths[2], paths[0], paths[3]]


def test_purge_takes_file_and_row(cast: Cast, operator: Actor, write: Write) -> None:
    path = write("v.csv", f"{HEAD}2023010101,C1,2026-03-01 12:00,2026-03-01 12:30\n")
    actions.import_presence(path, source_format="visits", by=operator, at=NOON)
    day, batch = PresenceDay.objects.get(), PresenceBatch.objects.get()
    assert day.purge_on == batch.purge_on == TODAY + timedelta(days=30)
    (row,) = _build(operator)
    assert row.purge_on == day.purge_on  # building again does not lengthen the time
    (in_lake,) = lake.lake_files(store.open_days(SUNDAY, SUNDAY))
    assert in_lake.exists()
    assert purging.purge(on=day.purge_on - timedelta(days=1), at=NOON)["presence_day"] == 0
    counts = purging.purge(on=day.purge_on, at=NOON)
    assert (counts["presence_day"], counts["presence_batch"]) == (1, 1)
    assert not (days_root() / row.stored_as).exists()
    assert not in_lake.exists()
    assert not list(batches_root().iterdir())
    assert store.open_days(SUNDAY, SUNDAY).missing == [SUNDAY]
    assert not Contact.objects.exists()


def test_leftovers_are_swept_once_they_are_old(cast: Cast, operator: Actor, write: Write) -> None:
    path = write("v.csv", f"{HEAD}2023010101,C1,2026-03-01 12:00,2026-03-01 12:30\n")
    actions.import_presence(path, source_format="visits", by=operator, at=NOON)
    strange = [days_root() / "2026-03-01.v9.00000000.arrow", batches_root() / ".visits.0.arrow.tmp"]
    kept = [days_root() / "notes.txt"]
    for file in [*strange, *kept]:
        file.touch()
    now = datetime.fromtimestamp(strange[0].stat().st_mtime, tz=UTC)
    assert actions.sweep_leftovers(at=now + timedelta(minutes=59)) == 0
    assert actions.sweep_leftovers(at=now + timedelta(minutes=61)) == 2
    assert not any(file.exists() for file in strange)
    assert kept[0].exists()
    assert store.open_days(SUNDAY, SUNDAY).missing == []


def test_the_lake_follows_the_days(
    cast: Cast, operator: Actor, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    """A day built again leaves no older version there; what a crash left is swept; nothing is written twice."""
    _build(operator, date(2026, 2, 28), SUNDAY)
    files = lake.lake_files(store.open_days(date(2026, 2, 28), SUNDAY))
    written = [file.stat().st_mtime_ns for file in files]
    assert [file.parent.name for file in files] == ["day=2026-02-28", "day=2026-03-01"]
    assert [file.stat().st_mtime_ns for file in lake.lake_files(store.open_days(date(2026, 2, 28), SUNDAY))] == written
    assert stat.S_IMODE(lake.lake_root().stat().st_mode) == 0o700
    strange = [files[1].with_name("2026-03-01.v9.00000000.parquet"), files[0].with_name(".x.parquet.1-2.tmp")]
    for file in strange:
        file.touch()
    now = datetime.fromtimestamp(strange[0].stat().st_mtime, tz=UTC)
    assert actions.sweep_leftovers(at=now + timedelta(minutes=59)) == 0
    assert actions.sweep_leftovers(at=now + timedelta(minutes=61)) == 2
    assert [file.exists() for file in (*files, *strange)] == [True, True, False, False]
    with django_capture_on_commit_callbacks(execute=True):
        _build(operator)
    assert [file.exists() for file in files] == [True, False]


def test_own_assumptions_are_used(cast: Cast, operator: Actor, own_home: Path) -> None:
    (own_home / "presence.toml").write_text("[residence]\nfrom = 23:00:00\nuntil = 06:00:00\n", encoding="utf-8")
    _build(operator, date(2026, 2, 28), SUNDAY)
    assert _seconds("2023010101", cast, "2026-02-28 12:00", "2026-03-01 12:00") == {"2023010102": 7 * 3600}


@pytest.mark.parametrize(
    "text",
    [
        "[residence]\nfrom = 25:00:00\n",
        "[residence]\nfrom = 06:30:00\n",
        '[residence]\nsource = "nobody"\n',
        "[doors]\nduplicate_seconds = -1\n",
        "[doors.max_stay_hours]\nmoon = 3\n",
        "[visits.max_stay_hours]\ndefault = 0\n",
        '[lessons]\nabsent_situations = ["asleep"]\n',
        "[gates]\nopen = true\n",
    ],
)
def test_wrong_assumptions_stop_with_a_sentence(cast: Cast, operator: Actor, own_home: Path, text: str) -> None:
    (own_home / "presence.toml").write_text(text, encoding="utf-8")
    with pytest.raises(BadInput) as refusal:
        _build(operator)
    assert refusal.value.error_code == "assumptions_invalid"
    assert refusal.value.data["reason"]


def test_days_never_built_are_owed_until_they_are(cast: Cast, operator: Actor, write: Write) -> None:
    path = write("v.csv", f"{HEAD}2023010101,C1,2026-02-27 12:00,2026-02-27 12:30\n")
    options = actions.ImportOptions(build=False)
    actions.import_presence(path, source_format="visits", options=options, by=operator, at=NOON)
    assert PresenceBatch.objects.get().counts["owed"] == ["2026-02-27"]
    assert actions.build_stale(by=operator, at=NOON, for_at_least=timedelta(minutes=1)) == []
    (row,) = actions.build_stale(by=operator, at=NOON)
    assert (row.day, row.by_source) == (date(2026, 2, 27), {"residence": 8, "visit": 1})
    assert "owed" not in PresenceBatch.objects.get().counts
    assert actions.build_stale(by=operator, at=NOON) == []


def test_importing_again_makes_up_for_a_build_that_never_happened(cast: Cast, operator: Actor, write: Write) -> None:
    path = write("v.csv", f"{HEAD}2023010101,C1,2026-02-27 23:00,2026-02-28 00:30\n")
    with mock.patch.object(day_actions, "build_each", side_effect=OSError("power cut")), pytest.raises(OSError):
        actions.import_presence(path, source_format="visits", by=operator, at=NOON)
    assert store.open_days(date(2026, 2, 27), date(2026, 2, 28)).missing == [date(2026, 2, 27), date(2026, 2, 28)]
    result = actions.import_presence(path, source_format="visits", by=operator, at=NOON)
    assert (result.already_imported, result.days) == (True, (date(2026, 2, 27), date(2026, 2, 28)))
    assert store.open_days(date(2026, 2, 27), date(2026, 2, 28)).missing == []
    again = actions.import_presence(path, source_format="visits", by=operator, at=NOON)
    assert (again.already_imported, again.days) == (True, ())


def test_a_purged_day_does_not_come_back(cast: Cast, operator: Actor, write: Write) -> None:
    path = write("v.csv", f"{HEAD}2023010101,C1,2026-02-27 12:00,2026-02-27 12:30\n")
    actions.import_presence(path, source_format="visits", by=operator, at=NOON)
    PresenceDay.objects.all().delete()
    assert actions.build_stale(by=operator, at=NOON) == []


def test_building_a_part_leaves_the_rest_owed(cast: Cast, operator: Actor, write: Write) -> None:
    path = write("v.csv", f"{HEAD}2023010101,C1,2026-02-27 23:00,2026-02-28 00:30\n")
    options = actions.ImportOptions(build=False)
    actions.import_presence(path, source_format="visits", options=options, by=operator, at=NOON)
    _build(operator, date(2026, 2, 28), SUNDAY)
    assert PresenceBatch.objects.get().counts["owed"] == ["2026-02-27"]
    run = Run(date(2026, 2, 27), date(2026, 2, 27))
    PresenceBatch.objects.update(stored_as="another.arrow")  # replaced while it was being built
    day_actions._settle(run)
    assert PresenceBatch.objects.get().counts["owed"] == ["2026-02-27"]
