"""A file from another system: checked first, written once, the same again changes nothing; what waits is decided."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from shouwang.cases import actions as case_actions
from shouwang.cases.inward import actions, files, queries, rules
from shouwang.cases.inward.models import OutsideCase
from shouwang.cases.models import Case
from shouwang.cases.outward import actions as outward
from shouwang.cases.outward.exchange import SYSTEMS
from shouwang.cases.outward.queries import LineFilter
from shouwang.cases.tests.builders import COVID, DAY, opened
from shouwang.core.errors import BadInput, Conflict, Forbidden, NotFound
from shouwang.core.models import AuditEntry, ImportRun
from shouwang.core.tree import subtree
from shouwang.org import tasks
from shouwang.org.models import Person
from shouwang.org.tests.cast import NOON, Cast

HEAD = (
    "externalID,disease,person.lastName,person.firstName,person.sex,person.birthdateYYYY,person.birthdateMM,"
    "person.birthdateDD,reportDate,caseClassification,symptoms.onsetDate\n"
)
LIN = "A-1,CORONAVIRUS,林,晓,FEMALE,2005,3,1,02/28/2026,CONFIRMED,02/27/2026\n"


@pytest.fixture(autouse=True)
def born(cast: Cast) -> None:
    Person.objects.filter(pk=cast.person["lin"].pk).update(sex="f", born=date(2005, 3, 1))


def work(run: ImportRun) -> ImportRun:
    tasks.perform_import.func(run.pk)
    run.refresh_from_db()
    return run


def checked(cast: Cast, text: str, *, who: str = "he", order: str = "") -> ImportRun:
    return work(actions.upload_cases("cases.csv", [text.encode()], pack=COVID, order=order, by=cast.by(who), at=NOON))


def brought(cast: Cast, text: str) -> ImportRun:
    run = checked(cast, text)
    assert run.state == "checked", run.error
    return work(actions.confirm_cases(run, by=cast.by("he"), at=NOON))


def counts(run: ImportRun) -> dict[str, int]:
    names = ("new", "unchanged", "repeated", "left", "review", "refused_rows")
    assert sum(run.counts[name] for name in names) == run.counts["read"]
    return {name: run.counts[name] for name in names if run.counts[name]}


def test_a_case_is_opened_with_what_the_file_says_and_only_once(cast: Cast) -> None:
    run = checked(cast, HEAD + LIN)
    assert (counts(run), run.report["system"]) == ({"new": 1}, "sormas")
    assert not Case.objects.exists() and not OutsideCase.objects.exists(), "a check writes nothing"
    done = work(actions.confirm_cases(run, by=cast.by("he"), at=NOON))
    case = Case.objects.get()
    assert done.state == "done" and case.person == cast.person["lin"]
    assert (case.classification, case.onset_day_only, case.reported_at) == ("confirmed", True, None)
    assert case.history.get().reason.endswith("A-1")
    assert counts(brought(cast, HEAD + LIN)) == {"unchanged": 1}
    assert Case.objects.count() == 1 and OutsideCase.objects.get().case == case


def test_a_killed_import_is_taken_up_and_opens_nobody_twice(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    Person.objects.filter(pk=cast.person["wang"].pk).update(sex="f", born=date(2005, 4, 2))
    wang = "A-2,CORONAVIRUS,王,蕾,FEMALE,2005,4,2,02/28/2026,CONFIRMED,02/27/2026\n"
    run = checked(cast, HEAD + LIN + wang)
    actions.confirm_cases(run, by=cast.by("he"), at=NOON)
    met: list[Person] = []

    def killed(**given: Any) -> Case:
        met.append(given["person"])
        if len(met) > 1:
            raise KeyboardInterrupt
        return case_actions.open_case(**given)

    with monkeypatch.context() as patch:
        patch.setattr(files, "AT_ONCE", 1)
        patch.setattr(files, "open_case", killed)
        with pytest.raises(KeyboardInterrupt):
            tasks.perform_import.func(run.pk)
    assert Case.objects.get().person == cast.person["lin"]
    assert work(run).state == "done"
    assert set(Case.objects.values_list("person__name", flat=True)) == {"林晓", "王蕾"}


def test_a_fault_says_that_what_was_written_stays(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    run = checked(cast, HEAD + LIN)
    actions.confirm_cases(run, by=cast.by("he"), at=NOON)

    def broken(**given: Any) -> Case:
        raise RuntimeError("disk")

    with monkeypatch.context() as patch:
        patch.setattr(files, "open_case", broken)
        with pytest.raises(RuntimeError):
            tasks.perform_import.func(run.pk)
    run.refresh_from_db()
    assert run.state == "failed" and run.error is not None
    assert "未导入" not in run.error["message"] and "保留" in run.error["message"]
    actions.recheck_cases(run, order="", by=cast.by("he"), at=NOON)
    assert work(run).state == "checked"
    actions.confirm_cases(run, by=cast.by("he"), at=NOON)
    assert work(run).state == "done" and Case.objects.count() == 1


def test_a_case_opened_meanwhile_is_not_opened_twice(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    run = checked(cast, HEAD + LIN)
    actions.confirm_cases(run, by=cast.by("he"), at=NOON)
    judge = rules.judge

    def late(*args: Any, **given: Any) -> Any:
        found = judge(*args, **given)
        opened(cast, "lin")
        return found

    monkeypatch.setattr(rules, "judge", late)
    assert work(run).state == "done"
    assert Case.objects.count() == 1 and OutsideCase.objects.get().why == "open"


@pytest.mark.parametrize("system", SYSTEMS)
def test_our_own_file_comes_back_unchanged(cast: Cast, system: str) -> None:
    opened(cast, "lin", classification="confirmed", onset_at=NOON - DAY, onset_day_only=True)
    opened(cast, "wang", classification="probable")
    target = io.BytesIO()
    outward.export_lines(target, LineFilter(), form=system, by=cast.by("he"), at=NOON)
    text = target.getvalue().decode("utf-8-sig")
    run = checked(cast, text, order="month")
    assert counts(run) == {"unchanged": 2} and not run.problems
    changed = checked(cast, text.replace("PROBABLE", "CONFIRMED"), order="month")
    assert counts(changed) == {"unchanged": 1, "review": 1}


def test_what_differs_is_shown_and_ours_stays(cast: Cast) -> None:
    case = opened(cast, "lin", classification="suspected")
    brought(cast, HEAD + LIN.replace("A-1", case.number))
    row = OutsideCase.objects.get()
    assert (row.why, row.case) == ("differs", case)
    assert next((d.field, d.ours) for d in queries.differences(row))[0] == "classification"
    actions.keep_ours(row, reason="尚待复检", by=cast.by("he"), at=NOON)
    case.refresh_from_db()
    assert case.classification == "suspected" and row.settled == "taken"
    assert counts(brought(cast, HEAD + LIN.replace("A-1", case.number))) == {"unchanged": 1}
    again = HEAD + LIN.replace("A-1", case.number).replace("CONFIRMED", "PROBABLE")
    brought(cast, again)
    row.refresh_from_db()
    assert row.settled == "", "a new word of the other system waits again"


def test_a_row_that_is_not_certain_waits_for_a_person(cast: Cast) -> None:
    run = brought(
        cast, HEAD + LIN.replace("2005,3,1", ",,") + "A-9,CORONAVIRUS,Doe,Jane,FEMALE,,,,02/28/2026,SUSPECT,\n"
    )
    assert counts(run) == {"review": 2} and not Case.objects.exists()
    likely, unknown = queries.rows_page(cast.by("he")).rows
    assert (likely.why, likely.person, unknown.why) == ("likely", cast.person["lin"], "unknown")
    assert cast.person["lin"] in queries.people_like(cast.by("he"), likely)
    case = actions.take_over(likely, cast.person["lin"], reason="电话核实", by=cast.by("he"), at=NOON)
    assert (case.classification, case.person) == ("confirmed", cast.person["lin"])
    with pytest.raises(Conflict) as twice:
        actions.take_over(likely, cast.person["wang"], reason="再次", by=cast.by("he"), at=NOON)
    assert twice.value.error_code == "outside_settled"
    actions.set_aside(unknown, reason="不是我校人员", by=cast.by("he"), at=NOON)
    assert queries.waiting(cast.by("he")) == 0
    assert AuditEntry.objects.filter(verb="outside_case.settled").count() == 2


def test_a_row_about_somebody_with_an_open_case_is_linked_to_it(cast: Cast) -> None:
    case = opened(cast, "lin", classification="confirmed", onset_at=NOON - 3 * DAY, onset_day_only=True)
    brought(cast, HEAD + LIN)
    row = OutsideCase.objects.get()
    assert row.why == "open"
    assert actions.take_over(row, cast.person["lin"], reason="同一病例", by=cast.by("he"), at=NOON) == case
    assert Case.objects.count() == 1


def test_a_row_without_class_asks_for_one(cast: Cast) -> None:
    brought(cast, HEAD + LIN.replace("CONFIRMED", "NOT_CLASSIFIED"))
    row = OutsideCase.objects.get()
    assert row.why == "class"
    with pytest.raises(BadInput):
        actions.take_over(row, cast.person["lin"], reason="x", by=cast.by("he"), at=NOON)
    row.refresh_from_db()
    assert row.settled == "" and not Case.objects.exists()
    case = actions.take_over(
        row, cast.person["lin"], classification="probable", reason="临床诊断", by=cast.by("he"), at=NOON
    )
    assert case.classification == "probable"


def test_nobody_without_the_right_brings_in_or_sees(cast: Cast) -> None:
    with pytest.raises(Forbidden):
        checked(cast, HEAD + LIN, who="fang")
    run = brought(cast, HEAD + LIN.replace("2005,3,1", ",,"))
    row = OutsideCase.objects.get()
    for who in ("fang", "su", "qiu"):
        with pytest.raises((Forbidden, NotFound)):
            queries.row_for(cast.by(who), row.pk)
        with pytest.raises((Forbidden, NotFound)):
            queries.run_for(cast.by(who), run.pk)
    branch = cast.org["FL"]
    assert not OutsideCase.objects.filter(path__gte=subtree(branch.path)[0], path__lt=subtree(branch.path)[1]).exists()


def test_a_pack_that_is_not_in_force_is_refused(cast: Cast) -> None:
    with pytest.raises(BadInput):
        actions.upload_cases("c.csv", [b"x"], pack="plague", by=cast.by("he"), at=NOON)
    with pytest.raises(BadInput) as order:
        actions.upload_cases("c.csv", [b"x"], pack=COVID, order="year", by=cast.by("he"), at=NOON)
    assert order.value.error_code == "order_unknown"


def test_a_slip_in_a_header_is_named(cast: Cast) -> None:
    run = checked(cast, HEAD.replace("caseClassification", "wrongColumn") + LIN)
    codes = {remark["code"] for remark in run.report["remarks"]}
    assert codes >= {"columns_unknown", "classification_missing"}
    assert "wrongColumn" in " ".join(remark["message"] for remark in run.report["remarks"])


def test_a_closed_case_is_not_opened_again_by_its_own_file(cast: Cast) -> None:
    case = opened(cast, "lin", classification="confirmed", onset_at=NOON - 3 * DAY, onset_day_only=True)
    case_actions.close_case(case, reason="痊愈", by=cast.by("he"), at=NOON)
    assert counts(brought(cast, HEAD + LIN.replace("A-1", case.number))) == {"unchanged": 1}
    assert Case.objects.get() == case


Real = Callable[..., Path]


@pytest.mark.files
@pytest.mark.parametrize(
    ("name", "system", "read", "refused"),
    [
        # Six of its cases were reported before their onset.
        ("godata/cases_clean.csv", "godata", 56, {"dates_out_of_order": 6}),
        ("sormas/sormas_import_test_success.csv", "sormas", 5, {}),
        ("sormas/TestCase_ImportPrio_template.csv", "sormas", 1, {}),
        ("sormas/sormas_case_import_test_samples.csv", "sormas", 3, {}),
        ("sormas/sormas_case_import_test_pathogen_tests.csv", "sormas", 3, {}),
    ],
)
def test_the_samples_of_both_systems_are_read_whole(
    cast: Cast, real_data: Real, name: str, system: str, read: int, refused: dict[str, int]
) -> None:
    path, he = real_data(f"interop/{name}"), cast.by("he")
    run = actions.import_cases(path, pack=COVID, by=he, at=NOON)
    assert (run.state, run.report["system"], run.counts["read"]) == ("done", system, read)
    assert run.counts["refused"] == refused, run.problems
    found = counts(run)
    assert found["review"] + found.get("left", 0) + found.get("refused_rows", 0) == read
    assert not Case.objects.exists(), "nobody in them is of this campus"
    again = actions.import_cases(path, pack=COVID, by=he, at=NOON)
    assert again.counts["review"] == 0 and again.counts["unchanged"] == found["review"]


@pytest.mark.files
def test_the_wrong_sample_says_what_is_wrong(cast: Cast, real_data: Real) -> None:
    path = real_data("interop/sormas/sormas_import_test_failure.csv")
    run = actions.import_cases(path, pack=COVID, dry_run=True, by=cast.by("he"), at=NOON)
    words = " ".join(remark["message"] for remark in run.report["remarks"])
    assert "wrongColumn" in words and run.counts["new"] == 0
