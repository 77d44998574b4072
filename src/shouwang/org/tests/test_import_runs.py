"""An uploaded file from waiting to done: states, error sheet, kills, quarrels, purge."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from shouwang.core import imports, purging
from shouwang.core.errors import BadInput, Conflict
from shouwang.core.files.errors import FileError
from shouwang.core.files.tables import read_table
from shouwang.core.imports import Job, Outcome
from shouwang.core.models import AuditEntry, ColumnMemory, ImportRun
from shouwang.org import tasks
from shouwang.org.models import Person
from shouwang.org.tests.cast import NOON, Cast
from shouwang.org.tests.worker import work as work_off_the_queue

GOOD = "学号,姓名,班级\n1001,甲,计科2301班\n1002,乙,计科2302班\n".encode()
FLAWED = "学号,姓名,性别\n1001,甲,男\n1002,乙,雄\n,丙,女\n".encode()


def receive(cast: Cast, content: bytes, *, at: datetime = NOON, **options: object) -> ImportRun:
    options = {"root": cast.org["WCU"].pk, "language": "en", **options}
    return imports.receive("roster", "r.csv", [content], options=options, by=cast.by("admin"), at=at)


def work(run: ImportRun) -> ImportRun:
    tasks.perform_import.func(run.pk)
    run.refresh_from_db()
    return run


def test_from_waiting_to_done(cast: Cast) -> None:
    run = receive(cast, GOOD, map_name="month")
    assert (run.state, run.purge_on) == ("waiting", NOON.date() + timedelta(days=14))
    assert imports.stored(run).read_bytes() == GOOD
    work(run)
    assert (run.state, run.counts["new"], run.problem_count, run.rows_done) == ("checked", 2, 0, 2)
    assert not Person.objects.filter(number="1001").exists()
    imports.ask_commit(run, by=cast.by("admin"), at=NOON)
    work(run)
    assert (run.state, run.counts["new"], run.finished_at) == ("done", 2, NOON)
    assert Person.objects.get(number="1001").home == cast.org["CS2301"]
    assert ColumnMemory.objects.get(kind="roster", name="month").columns["class"] == "班级"
    verbs = list(AuditEntry.objects.filter(kind="import").order_by("id").values_list("verb", flat=True))
    assert verbs == ["import.received", "import.confirmed", "import.done"]


def test_problems_are_kept_and_stand_in_a_sheet(cast: Cast) -> None:
    run = work(receive(cast, FLAWED))
    assert run.counts["refused"] == {"number_missing": 1, "sex_unknown": 1}
    assert (run.problem_count, len(run.problems)) == (2, 2)
    assert run.problems[0]["row"] == 3
    with read_table(imports.error_sheet(run), name="e.xlsx") as table:
        rows = [row.values for row in table.rows]
    assert [row[0] for row in rows] == ["3", "4"]
    assert rows[0][3] == "雄"


def test_a_file_that_cannot_be_read_fails_with_its_sentence(cast: Cast) -> None:
    run = work(receive(cast, b"%PDF-1.7 nothing"))
    assert run.state == "failed"
    assert run.error is not None
    assert run.error["code"] == "file_kind_unknown"
    assert "r.csv" in run.error["message"]


def test_a_missing_column_can_be_chosen_and_the_file_checked_again(cast: Cast) -> None:
    run = work(receive(cast, "Matrikel,Gruppe\n1001,计科2301班\n".encode()))
    assert run.error is not None
    assert (run.state, run.error["code"], run.error["field"]) == ("failed", "column_missing", "number")
    chosen = {"mapping": {"number": "Matrikel", "class": "Gruppe"}}
    work(imports.ask_check(run, options=chosen, by=cast.by("admin"), at=NOON))
    run.refresh_from_db()
    assert (run.state, run.counts["new"], run.error) == ("checked", 1, None)


def test_a_run_may_only_be_confirmed_once_and_after_its_check(cast: Cast) -> None:
    run = receive(cast, GOOD)
    with pytest.raises(Conflict):
        imports.ask_commit(run, by=cast.by("admin"), at=NOON)
    work(run)
    imports.ask_commit(run, by=cast.by("admin"), at=NOON)
    with pytest.raises(Conflict):
        imports.ask_commit(run, by=cast.by("admin"), at=NOON)
    work(run)
    with pytest.raises(Conflict):
        imports.ask_check(run, options={}, by=cast.by("admin"), at=NOON)
    assert work(run).state == "done"


def test_a_revoked_role_stops_the_import_it_asked_for(cast: Cast) -> None:
    run = work(receive(cast, GOOD))
    imports.ask_commit(run, by=cast.by("admin"), at=NOON)
    cast.account["admin"].grants.update(ends=NOON.date() - timedelta(days=1))
    work(run)
    assert run.error is not None
    assert (run.state, run.error["code"]) == ("failed", "forbidden")
    assert not Person.objects.filter(number="1001").exists()


def test_two_workers_on_one_run_write_once(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    run = work(receive(cast, GOOD))
    imports.ask_commit(run, by=cast.by("admin"), at=NOON)
    importer = imports._importers["roster"]
    commit = type(importer).commit

    def overtaken(self: object, job: Job, done: Callable[[Outcome], None]) -> None:
        monkeypatch.setattr(type(importer), "commit", commit)
        work(run)  # the other worker is quicker
        commit(importer, job, done)

    monkeypatch.setattr(type(importer), "commit", overtaken)
    work(run)
    assert run.state == "done"
    assert AuditEntry.objects.filter(verb="import.done").count() == 1
    assert AuditEntry.objects.filter(verb="person.imported").count() == 2


def test_a_killed_run_is_silent_after_a_minute_and_taken_up_again(cast: Cast, noon: time_machine.Traveller) -> None:
    run = receive(cast, GOOD)
    ImportRun.objects.filter(pk=run.pk).update(state="checking", beat_at=NOON)
    assert tasks.take_up_imports(at=NOON + timedelta(seconds=30)) == 0
    later = NOON + timedelta(seconds=90)
    assert [silent.pk for silent in imports.silent(later)] == [run.pk]
    assert tasks.take_up_imports(at=later) == 1
    assert tasks.take_up_imports(at=later) == 0
    work_off_the_queue()
    run.refresh_from_db()
    assert run.state == "checked"


def test_a_fault_of_the_program_is_told_and_raised(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def check(self, job: Job) -> Outcome:
            raise ZeroDivisionError

        def commit(self, job: Job, done: object) -> None:
            raise AssertionError

    run = receive(cast, GOOD)
    monkeypatch.setitem(imports._importers, "roster", Broken())
    with pytest.raises(ZeroDivisionError):
        work(run)
    run.refresh_from_db()
    assert run.error is not None
    assert (run.state, run.error["code"]) == ("failed", "fault")


def test_empty_and_oversized_uploads_leave_nothing(cast: Cast, settings: object) -> None:
    with pytest.raises(FileError) as caught:
        receive(cast, b"")
    assert caught.value.error_code == "file_empty"
    settings.IMPORT_MAX_BYTES = 10  # type: ignore[attr-defined]
    with pytest.raises(FileError) as caught:
        receive(cast, GOOD)
    assert caught.value.error_code == "file_too_large"
    assert list(imports.folder().iterdir()) == []
    assert not ImportRun.objects.exists()
    with pytest.raises(BadInput):
        imports.receive("gossip", "r.csv", [GOOD], options={}, by=cast.by("admin"), at=NOON)


def test_purge_removes_file_sheet_and_row(cast: Cast) -> None:
    run = work(receive(cast, FLAWED))
    files: list[Path] = [imports.stored(run), imports.error_sheet(run)]
    assert all(file.exists() for file in files)
    purging.purge(on=run.purge_on - timedelta(days=1), at=NOON)
    assert all(file.exists() for file in files)
    assert purging.purge(on=run.purge_on, at=NOON)["import"] == 1
    assert not any(file.exists() for file in files)
    assert not ImportRun.objects.filter(pk=run.pk).exists()


def test_the_same_file_again_is_remarked(cast: Cast) -> None:
    run = work(receive(cast, GOOD))
    imports.ask_commit(run, by=cast.by("admin"), at=NOON)
    work(run)
    again = work(receive(cast, GOOD))
    assert "already_imported" in {remark["code"] for remark in again.report["remarks"]}
    assert again.counts["unchanged"] == 2
