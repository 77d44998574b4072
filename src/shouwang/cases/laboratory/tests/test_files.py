"""A laboratory's file: recognised columns, refused rows with a remedy, rows that wait, nothing lost, nothing twice."""

from __future__ import annotations

import io
from typing import Any

import pytest

from shouwang.cases.laboratory import actions, queries
from shouwang.cases.laboratory.models import ReviewItem, SampleResult, Test
from shouwang.cases.laboratory.tests.scenes import HOUR, heard, ordered, resulted, states, taken
from shouwang.core import imports
from shouwang.core.errors import BadInput, Conflict, Forbidden
from shouwang.core.files.sheets import SheetSpec, write_xlsx
from shouwang.core.imports import Job
from shouwang.core.models import AuditEntry, ImportRun
from shouwang.org import tasks
from shouwang.org.queries import visible_runs
from shouwang.org.tests.cast import NOON, Cast

LATER = NOON + 8 * HOUR  # 20:00 in Shanghai
HEAD = "条码,学号,结果,CT值,检测机构,检测时间\n"


@pytest.fixture(autouse=True)
def evening(cast: Cast, noon: Any) -> None:
    noon.move_to(LATER)


def work(run: ImportRun) -> ImportRun:
    tasks.perform_import.func(run.pk)
    run.refresh_from_db()
    return run


def checked(cast: Cast, content: bytes | str, *, by: str = "he") -> ImportRun:
    raw = content if isinstance(content, bytes) else content.encode()
    return work(actions.upload_results("lab.csv", [raw], by=cast.by(by), at=LATER))


def brought(cast: Cast, content: bytes | str) -> ImportRun:
    run = checked(cast, content)
    assert run.state == "checked", run.error
    return work(actions.confirm_results(run, by=cast.by("he"), at=LATER))


def counts(run: ImportRun) -> tuple[int, ...]:
    """new, unchanged, repeated, review, refused; together all rows that were read."""
    found = tuple(run.counts[name] for name in ("new", "unchanged", "repeated", "review", "refused_rows"))
    assert sum(found) == run.counts["read"]
    return found


def test_results_reach_everybody_in_the_tubes(cast: Cast) -> None:
    single, pool = taken(cast, "lin", barcode="T1"), taken(cast, "wang", "zhao", barcode="T2", capacity=5)
    content = f"{HEAD}t1,2023010101,阴性,未检出,市疾控,2026-03-02 18:00\nT2,,阳性,31.2,市疾控,2026-03-02 18:30\n"
    run = checked(cast, content)
    assert (run.state, counts(run), run.counts["positive"]) == ("checked", (2, 0, 0, 0, 0), 1)
    assert not SampleResult.objects.exists()
    with heard("test.resulted") as told:
        work(actions.confirm_results(run, by=cast.by("he"), at=LATER))
    run.refresh_from_db()
    assert run.state == "done"
    assert states(single) == {"林晓": ("resulted", "negative", 0)}
    assert set(states(pool).values()) == {("retest", "", 2)}
    assert len(told) == 1 and len(told[0]["tests"]) == 3
    result = single.results.get()
    assert (result.value, result.laboratory, result.run, result.row) == ("未检出", "市疾控", run.pk, 2)
    assert result.resulted_at == NOON + 6 * HOUR
    assert AuditEntry.objects.filter(verb="test.resulted").count() == 3


@pytest.mark.parametrize(
    "header", ["Sample ID,Result,Tested at", "样本编号,检测结果,报告时间", "管号（必填）,结果*,检测时间"]
)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "gbk"])
def test_columns_in_both_languages_and_gbk(cast: Cast, header: str, encoding: str) -> None:
    taken(cast, barcode="T1")
    brought(cast, f"{header}\nT1,阴性(-),2026/3/2 18:00\n".encode(encoding))
    assert Test.objects.get().outcome == "negative"


def test_excel_too(cast: Cast) -> None:
    taken(cast, barcode="202603020001234567")
    out = io.BytesIO()
    rows = [("202603020001234567", "Positive", NOON + HOUR)]
    write_xlsx(out, [SheetSpec("results", ("barcode", "result", "reported at"), rows)], footer="lab")
    brought(cast, out.getvalue())
    test = Test.objects.get()
    assert (test.outcome, test.resulted_at) == ("positive", NOON + HOUR)


def test_the_same_file_again_changes_nothing(cast: Cast) -> None:
    taken(cast, barcode="T1")
    content = f"{HEAD}T1,,阴性,,,2026-03-02 18:00\nX9,,阳性,,,2026-03-02 18:00\n"
    assert counts(brought(cast, content)) == (1, 0, 0, 1, 0)
    again = brought(cast, content)
    assert counts(again) == (0, 1, 0, 1, 0)
    assert [remark["code"] for remark in again.report["remarks"]] == ["already_imported"]
    assert SampleResult.objects.count() == 1 and ReviewItem.objects.count() == 1


def test_refused_rows_name_field_and_remedy(cast: Cast) -> None:
    taken(cast, barcode="T1")
    content = (
        f"{HEAD}T1,,阴性,,,2026-03-02 11:00\n"  # taken at 12:00
        "T1,,不知道,,,2026-03-02 18:00\nT1,,,,,2026-03-02 18:00\n,,阴性,,,2026-03-02 18:00\n"
        "T1,,阴性,,,2026-03-02 23:00\n条码甲,,阴性,,,\nT1,,阴性,,,昨天下午\nT1,,阴性,,,2026-03-01\n"
    )
    run = checked(cast, content)
    found = [(p["row"], p["code"], p["column"], bool(p["remedy"])) for p in run.problems]
    assert found == [
        (2, "result_before_sample", "检测时间", True),
        (3, "outcome_unknown", "结果", True),
        (4, "outcome_missing", "结果", True),
        (5, "nobody_named", "条码", True),
        (6, "result_in_future", "检测时间", True),
        (7, "barcode_malformed", "条码", True),
        (8, "date_unreadable", "检测时间", False),
        (9, "result_before_sample", "检测时间", True),
    ]
    assert counts(run) == (0, 0, 0, 0, 8)


def test_a_day_without_an_hour_is_taken_and_no_hour_is_invented(cast: Cast) -> None:
    taken(cast, barcode="T1")
    brought(cast, f"{HEAD}T1,,阴性,,,2026-03-02\n")
    test = Test.objects.get()
    assert (test.outcome, test.resulted_at, test.told_at) == ("negative", None, LATER)


def test_a_barcode_twice_counts_once_or_waits_as_a_whole(cast: Cast) -> None:
    taken(cast, "lin", barcode="T1"), taken(cast, "wang", barcode="T2")
    run = brought(cast, f"{HEAD}T1,,阴性,,,\nT1,,阴性,复核,,\nT2,,阴性,,,\nT2,,阳性,,,\n")
    assert counts(run) == (1, 0, 1, 2, 0)
    assert set(ReviewItem.objects.values_list("barcode", "why", "outcome")) == {
        ("T2", "conflict", "negative"), ("T2", "conflict", "positive"),
    }  # fmt: skip
    assert Test.objects.get(person=cast.person["wang"]).state == "taken"


def test_whom_nobody_knows_waits_and_is_not_lost(cast: Cast) -> None:
    taken(cast, "lin", barcode="T1"), taken(cast, "wang", barcode="T2"), ordered(cast, "zhao")
    rows = "X1,,阳性,,,\nT1,9999,阴性,,,\nT2,2023010101,阴性,,,\n,8888,阴性,,,\n,2023010201,阴性,,,\n"
    run = brought(cast, HEAD + rows)
    assert counts(run) == (0, 0, 0, 5, 0)
    assert list(ReviewItem.objects.order_by("row").values_list("row", "why")) == [
        (2, "barcode"), (3, "person"), (4, "other"), (5, "person"), (6, "ambiguous"),
    ]  # fmt: skip
    near = queries.samples_like(cast.by("he"), ReviewItem.objects.get(row=4))
    assert [sample.barcode for sample in near] == ["T2", "T1"]
    assert {item["code"] for item in run.report["review"]} == {"barcode", "person", "other", "ambiguous"}


def test_without_a_barcode_the_one_tube_of_the_person_is_meant(cast: Cast) -> None:
    taken(cast, "lin", barcode="T1"), taken(cast, "wang", "zhao", barcode="T2", capacity=5)
    run = brought(cast, f"{HEAD},2023010101,阴性,,,\n,2023010102,阴性,,,\n")
    assert counts(run) == (1, 0, 0, 1, 0)  # Wang's swab is in a pool: one row must not speak for everybody in it
    assert ReviewItem.objects.get().why == "ambiguous"


def test_somebody_resolves_the_queue(cast: Cast) -> None:
    he, sample = cast.by("he"), taken(cast, "lin", barcode="T1")
    brought(cast, f"{HEAD}T01,,阳性,,,2026-03-02 18:00\nX2,,阴性,,,\n")
    first, second = ReviewItem.objects.order_by("row")
    with pytest.raises(BadInput):
        actions.take_over(first, sample, reason="", by=he, at=LATER)
    actions.take_over(first, sample, reason="条码录错，与送检单核对", by=he, at=LATER)
    assert states(sample) == {"林晓": ("resulted", "positive", 0)}
    actions.set_aside(second, reason="外校送检", by=he, at=LATER)
    with pytest.raises(Conflict):
        actions.set_aside(second, reason="外校送检", by=he, at=LATER)
    assert set(ReviewItem.objects.values_list("settled", flat=True)) == {"taken", "dismissed"}


def test_another_result_than_the_known_one_waits_and_becomes_a_correction(cast: Cast) -> None:
    sample = resulted(cast, taken(cast, barcode="T1"), "negative")
    brought(cast, f"{HEAD}T1,,阳性,,,2026-03-02 18:00\n")
    item = ReviewItem.objects.get()
    assert (item.why, states(sample)) == ("differs", {"林晓": ("resulted", "negative", 0)})
    actions.take_over(item, sample, reason="实验室更正报告", by=cast.by("he"), at=LATER)
    assert list(sample.results.values_list("version", "outcome", "reason")) == [
        (1, "negative", ""), (2, "positive", "实验室更正报告"),
    ]  # fmt: skip


def test_a_row_that_waited_for_its_sample_is_taken_when_the_file_comes_again(cast: Cast) -> None:
    content = f"{HEAD}T1,,阴性,,,2026-03-02 18:00\n"
    brought(cast, content)
    assert ReviewItem.objects.get().settled == ""
    taken(cast, barcode="T1")
    assert counts(brought(cast, content)) == (1, 0, 0, 0, 0)
    assert ReviewItem.objects.get().settled == "taken"


class Killed(BaseException):
    """As a kill: nothing that catches Exception sees it."""


def test_a_killed_commit_has_written_nothing_and_is_done_again(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import transaction

    from shouwang.cases.laboratory import files

    taken(cast, barcode="T1")
    run = checked(cast, f"{HEAD}T1,,阴性,,,2026-03-02 18:00\nX1,,阴性,,,\n")
    actions.confirm_results(run, by=cast.by("he"), at=LATER)

    def dying(*_args: object, **_more: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(files, "_queue", dying)  # results are written by then
        with pytest.raises(Killed), transaction.atomic():
            imports.perform(run.pk, by=cast.by("he"), now=lambda: LATER)
    assert not SampleResult.objects.exists()
    ImportRun.objects.filter(pk=run.pk).update(state="committing")
    assert work(run).state == "done"
    assert work(run).state == "done"
    assert SampleResult.objects.count() == 1 and ReviewItem.objects.count() == 1


@pytest.mark.parametrize("who", ["lin", "fang", "qiu", "su", "admin"])
def test_only_the_clinic_brings_files(cast: Cast, who: str) -> None:
    with pytest.raises(Forbidden):
        actions.upload_results("r.csv", [b"x"], by=cast.by(who), at=LATER)


def test_the_administrator_of_rosters_sees_no_file_of_a_laboratory(cast: Cast) -> None:
    run = checked(cast, f"{HEAD}T1,,阴性,,,\n")
    assert run.pk not in set(visible_runs(cast.by("admin")).values_list("pk", flat=True))


def test_a_branch_clinic_matches_only_its_own(cast: Cast) -> None:
    from shouwang.cases.laboratory.files import load_known, read_file
    from shouwang.core.scope import Actor
    from shouwang.core.tree import subtree

    taken(cast, "lin", barcode="T1"), taken(cast, "ou", barcode="T2")
    run = checked(cast, f"{HEAD}T1,,阴性,,,\nT2,,阳性,,,\n")
    by = Actor(None, None, "branch", reach={"test.result": (subtree(cast.org["IE"].path),)})
    job = Job(run, imports.stored(run), cast.by("he"), LATER, lambda done, total: None)
    known = load_known(read_file(job).lines, cast.org["IE"], by=by)
    assert set(known.samples) == {"T1"}


def test_a_file_without_results_or_without_names_is_refused_as_a_whole(cast: Cast) -> None:
    for content, field in (("条码,姓名\nT1,甲\n", "outcome"), ("姓名,结果\n甲,阴性\n", "barcode")):
        run = checked(cast, content)
        assert (run.state, run.error and run.error["code"], run.error and run.error["field"]) == (
            "failed", "column_missing", field,
        )  # fmt: skip


def test_columns_are_chosen_by_hand(cast: Cast) -> None:
    taken(cast, barcode="T1")
    run = checked(cast, "Röhrchen,Befund\nT1,negative\n")
    assert run.state == "failed"
    chosen = {"barcode": "Röhrchen", "outcome": "Befund"}
    run = work(actions.recheck_results(run, mapping=chosen, by=cast.by("he"), at=LATER))
    assert (run.state, run.counts["new"]) == ("checked", 1)
