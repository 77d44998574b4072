"""A directive from draft to issue: four eyes, two editors, numbers without gaps, whoever has not acknowledged."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from shouwang.command import actions, queries
from shouwang.command.models import Directive, Measure, NumberRegister, Receipt, Revision, Task
from shouwang.command.queries import directives as reads
from shouwang.command.tests.papers import LATER, SOON, draft, in_review, issued, put_in_charge
from shouwang.core.errors import BadInput, Conflict, Forbidden, NotFound
from shouwang.core.models import AuditEntry
from shouwang.core.tree import step
from shouwang.org.models import Organisation
from shouwang.org.tests.cast import NOON, SINCE, Cast

BUREAU = Path(__file__).with_name("notices").joinpath("bureau.txt")
TODAY = SINCE.replace(year=2026, month=3, day=2)


def kept(cast: Cast) -> Directive:
    return actions.import_notice(
        BUREAU.read_bytes(), name="通知.txt", organisation=cast.org["WCU"], by=cast.by("su"), at=NOON
    )


def test_a_notice_is_kept_with_its_hash_and_every_proposal_with_its_words(cast: Cast) -> None:
    row = kept(cast)
    assert row.number == "清教体〔2021〕17号"
    assert len(row.source_sha256) == 64
    measures = list(row.measures.all())
    assert len(measures) == len(row.found["measures"]) > 8
    assert all(measure.state == "proposed" and measure.quote in row.source_text for measure in measures)
    due = next(m for m in measures if m.found["deadline"] == "2021-09-10")
    assert due.due_at is not None
    assert due.due_at.isoformat() == "2021-09-10T15:59:00+00:00", "the last minute of the day, in Shanghai"
    assert next(m for m in measures if m.found["owner_hint"] == "校医院").owner_unit == cast.org["HOSP"]
    assert "一、严格落实晨午检制度" in row.body
    assert [a["title"] for a in row.attachments] == ["学校诺如病毒感染处置流程", "晨午检登记表"]
    with pytest.raises(Conflict) as told:
        kept(cast)
    assert told.value.error_code == "notice_kept_already"
    assert AuditEntry.objects.filter(verb="directive.imported", object=str(row.pk)).count() == 1


@pytest.mark.parametrize("name", ["lin", "fang", "tang", "he"])
def test_only_the_office_writes(cast: Cast, name: str) -> None:
    with pytest.raises(Forbidden):
        actions.import_notice("一、要消毒。", name="", organisation=cast.org["WCU"], by=cast.by(name), at=NOON)
    row = draft(cast)
    with pytest.raises(Forbidden):
        actions.edit_directive(row, version=1, values={"title": "别的"}, by=cast.by(name), at=NOON)
    if name != "tang":
        with pytest.raises(NotFound):
            queries.directive_for(cast.by(name), row.pk, on=TODAY)


def test_two_editors_of_different_fields_both_stay(cast: Cast) -> None:
    row, su = draft(cast), cast.by("su")
    actions.edit_directive(row, version=1, values={"title": "甲的标题", "body": row.body}, by=su, at=NOON)
    second = actions.edit_directive(row, version=1, values={"title": row.title, "body": "乙的正文"}, by=su, at=NOON)
    assert (second.title, second.body, second.version) == ("甲的标题", "乙的正文", 3)
    assert Revision.objects.filter(directive=row, measure=None).count() == 2


def test_two_editors_of_the_same_field_are_told_and_nothing_is_lost(cast: Cast) -> None:
    row, su = draft(cast), cast.by("su")
    measure = row.measures.get()
    actions.edit_measure(measure, version=1, values={"text": "甲写的", "due_at": SOON}, by=su, at=NOON)
    with pytest.raises(Conflict) as told:
        actions.edit_measure(measure, version=1, values={"text": "乙写的", "evidence": False}, by=su, at=NOON)
    assert told.value.error_code == "edited_meanwhile"
    assert told.value.data["clashes"] == [{"field": "text", "theirs": "甲写的", "mine": "乙写的"}]
    now = Measure.objects.get(pk=measure.pk)
    assert (now.text, now.evidence, now.due_at) == ("甲写的", True, SOON)
    again = actions.edit_measure(now, version=now.version, values={"text": "乙写的"}, by=su, at=NOON)
    assert again.text == "乙写的"
    assert [r.old for r in Revision.objects.filter(measure=measure, field="text")] == ["每日消毒并登记", "甲写的"]


def test_the_same_change_twice_is_none(cast: Cast) -> None:
    row, su = draft(cast), cast.by("su")
    for _again in range(2):
        row = actions.edit_directive(row, version=1, values={"title": "新标题"}, by=su, at=NOON)
    assert row.version == 2


def test_somebody_else_signs_off_and_a_change_voids_it(cast: Cast) -> None:
    row, su, tang = in_review(cast), cast.by("su"), cast.by("tang")
    with pytest.raises(Forbidden) as told:
        actions.sign(row, by=su, at=NOON)
    assert told.value.error_code == "own_work"
    with pytest.raises(Conflict):
        actions.issue(row, by=su, at=NOON)
    actions.sign(row, version=row.version, by=tang, at=NOON)
    actions.edit_directive(row, version=row.version, values={"title": "改了一字"}, by=su, at=NOON)
    with pytest.raises(Conflict) as refused:
        actions.issue(row, by=su, at=NOON)
    assert refused.value.error_code == "not_signed"
    with pytest.raises(Conflict):
        actions.sign(row, version=row.version, by=tang, at=NOON)
    actions.sign(row, by=tang, at=NOON)
    done = actions.issue(row, by=su, at=NOON)
    assert done.number == "望校防〔2026〕1号"
    with pytest.raises(Conflict):
        actions.edit_directive(row, version=1, values={"title": "晚了"}, by=su, at=NOON)


def test_numbers_have_no_gaps_and_failures_take_none(cast: Cast) -> None:
    first = issued(cast)
    row = actions.sign(in_review(cast), by=cast.by("tang"), at=NOON)
    with pytest.raises(RuntimeError), transaction.atomic():
        actions.issue(row, by=cast.by("su"), at=NOON)
        raise RuntimeError("the power went")
    row.refresh_from_db()
    assert row.serial is None
    second = actions.issue(row, by=cast.by("su"), at=NOON)
    assert (first.serial, second.serial) == (1, 2)
    other = issued(cast, draft(cast, prefix="望院发"))
    assert other.number == "望院发〔2026〕1号"
    assert NumberRegister.objects.get(prefix="望校防").last == 2


def test_an_imported_one_keeps_the_number_it_came_with(cast: Cast) -> None:
    row, su = kept(cast), cast.by("su")
    with pytest.raises(BadInput) as told:
        actions.submit(row, by=su, at=NOON)
    assert told.value.error_code == "undecided"
    assert actions.accept_undecided(row, by=su, at=NOON) == row.measures.count()
    old = row.measures.get(due_at__isnull=False)
    actions.edit_measure(old, version=2, values={"due_at": None}, by=su, at=NOON)
    actions.edit_directive(
        row, version=1, by=su, at=NOON,
        values={"aims": [{"unit": cast.org["IE"].pk, "kind": ""}], "acknowledge_by": SOON, "due_at": LATER},
    )  # fmt: skip
    done = issued(cast, row)
    assert (done.number, done.serial) == ("清教体〔2021〕17号", None)
    hospital = row.measures.filter(owner_unit=cast.org["HOSP"]).count()
    assert Task.objects.filter(unit=cast.org["HOSP"]).count() == hospital
    assert set(done.receipts.values_list("unit__code", flat=True)) == {"IE", "HOSP"}


def test_recipients_are_units_of_a_kind_or_one_or_a_subtree(cast: Cast) -> None:
    def codes(*aims: dict[str, object]) -> set[str]:
        return set(reads.aimed(aims, on=TODAY).values_list("code", flat=True))

    whole, college = cast.org["WCU"].pk, cast.org["IE"].pk
    assert codes({"unit": whole, "kind": "class"}) == {"CS2301", "CS2302", "EN2301"}
    assert codes({"unit": college, "kind": ""}) == {"IE"}
    assert codes({"unit": college, "kind": "*"}) == {"IE", "CS2301", "CS2302"}
    other = Organisation.objects.create(path=step(9), code="ELSE", name="别校", kind="university", starts=SINCE)
    with pytest.raises(BadInput) as told:
        draft(cast, aims=[{"unit": other.pk, "kind": ""}])
    assert told.value.error_code == "unit_outside"


def test_whoever_answers_reads_and_acknowledges_and_the_silent_are_counted(cast: Cast) -> None:
    put_in_charge(cast)
    row = issued(cast)
    assert queries.directive_for(cast.by("fang"), row.pk, on=TODAY) == row
    with pytest.raises(NotFound):
        queries.directive_for(cast.by("lin"), row.pk, on=TODAY)
    assert actions.mark_read(row, by=cast.by("fang"), at=NOON) == 1
    assert actions.mark_read(row, by=cast.by("fang"), at=NOON) == 0
    with pytest.raises(Forbidden):
        actions.acknowledge(row, cast.org["FL"], by=cast.by("fang"), at=NOON)
    for _twice in range(2):
        actions.acknowledge(row, cast.org["IE"], by=cast.by("fang"), at=NOON)
    assert AuditEntry.objects.filter(verb="directive.acknowledged").count() == 1
    numbers = reads.receipt_numbers(row, at=NOON)
    assert (numbers.recipients, numbers.read, numbers.acknowledged, numbers.silent) == (2, 1, 1, 0)
    late = reads.receipt_numbers(row, at=SOON + timedelta(minutes=1))
    assert (late.silent, late.recipients) == (1, 2)
    page = reads.receipts_page(cast.by("su"), row, show="waiting", cursor=None, on=TODAY)
    assert [receipt.unit.code for receipt in page.rows] == ["FL"]
    assert reads.receipt_owners(page.rows, on=TODAY)[cast.org["FL"].pk].person == cast.person["ou"]


def test_withdrawing_closes_what_is_open_and_superseding_too(cast: Cast) -> None:
    put_in_charge(cast)
    first, su = issued(cast), cast.by("su")
    second = issued(cast, draft(cast, replaces=first))
    first.refresh_from_db()
    assert first.state == "superseded"
    assert first.end_reason.endswith("望校防〔2026〕2号.") or "望校防〔2026〕2号" in first.end_reason
    assert set(first.tasks.values_list("state", flat=True)) == {"closed"}
    with pytest.raises(BadInput):
        actions.withdraw(second, reason=" ", by=su, at=NOON)
    actions.withdraw(second, reason="上级已取消", by=su, at=NOON)
    assert set(second.tasks.values_list("state", flat=True)) == {"closed"}
    with pytest.raises(Conflict):
        actions.acknowledge(Directive.objects.get(pk=second.pk), cast.org["IE"], by=cast.by("fang"), at=NOON)


def test_five_thousand_units_cost_no_statement_each(cast: Cast) -> None:
    """What grows with the units are rows in batches; the statements of one issue stay few, and so does its time."""
    root = cast.org["WCU"]
    Organisation.objects.bulk_create(
        Organisation(
            parent=root, path=root.path + step(100 + n), code=f"T{n}", name=f"组{n}", kind="team", starts=SINCE
        )
        for n in range(5000)
    )
    row = draft(cast, aims=[{"unit": root.pk, "kind": "team"}])
    row = actions.sign(in_review(cast, row), by=cast.by("tang"), at=NOON)
    with CaptureQueriesContext(connection) as seen:
        actions.issue(row, by=cast.by("su"), at=NOON)
    assert Receipt.objects.filter(directive=row).count() == Task.objects.filter(directive=row).count() == 5000
    assert len(seen) < 40, "the rows themselves go by batches that bypass the log of statements"
    assert reads.receipt_numbers(row, at=NOON).recipients == 5000
