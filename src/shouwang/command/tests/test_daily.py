"""A day's reports up the tree: in order, locked, corrected with their trace; and what happens when things cross."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, connections

from shouwang.checkins import actions as checkins
from shouwang.checkins.rules import Answers
from shouwang.command import actions, queries
from shouwang.command.models import ReportPlan, ReportReview, UnitReport, UnitReportVersion
from shouwang.command.queries import daily as reads
from shouwang.command.queries.consolidated import consolidated
from shouwang.command.rules.daily import Words
from shouwang.command.tests.papers import put_in_charge
from shouwang.command.tests.reports import EARLY, TODAY, asked, hand_in, take_in
from shouwang.core import purging
from shouwang.core.errors import BadInput, Conflict, Forbidden, NotFound
from shouwang.core.models import AuditEntry
from shouwang.core.retention import keep_days
from shouwang.core.scope import Actor, system_actor
from shouwang.core.tree import step
from shouwang.org.models import Organisation
from shouwang.org.tests.cast import NOON, Cast
from shouwang.web.reminding import DailyReports


@pytest.fixture
def day(cast: Cast) -> Cast:
    asked(cast)
    return cast


def round_of(cast: Cast, code: str) -> dict[str, str]:
    sheet = reads.sheet_of(cast.org[code], TODAY, NOON)
    return {line.unit.code: line.report.state if line.report else "missing" for line in sheet.direct}


def test_a_day_from_the_classes_to_the_office(day: Cast) -> None:
    assert round_of(day, "WCU") == {"IE": "missing", "FL": "missing"}
    assert round_of(day, "IE") == {"CS2301": "missing", "CS2302": "missing"}
    hand_in(day, "CS2301", "meng", words=Words(problems="缺口罩"))
    with pytest.raises(BadInput) as named:
        take_in(day, "IE", "fang")
    assert named.value.error_code == "reports_missing" and "2302" in named.value.sentence
    hand_in(day, "CS2302", "fang", zero=True, words=Words())  # nobody answers for it but Fang, above it
    with pytest.raises(Conflict) as first:
        hand_in(day, "IE", "fang")
    assert first.value.error_code == "review_first"
    review = take_in(day, "IE", "fang")
    assert (review.expected, review.taken, review.missing) == (2, 2, [])
    assert round_of(day, "IE") == {"CS2301": "locked", "CS2302": "locked"}
    assert hand_in(day, "IE", "xu", at=NOON).on_time  # the deputy
    review = take_in(day, "WCU", "su", "外语学院停电")
    assert review.missing == [day.org["FL"].pk]
    found = consolidated(day.by("tang"), day.org["WCU"].pk, TODAY, NOON).sheet
    assert (found.count.expected, found.count.received, found.count.locked, found.count.missing) == (2, 1, 1, 1)
    assert (found.count_whole.expected, found.count_whole.received, found.count_whole.zero) == (5, 3, 1)
    verbs = AuditEntry.objects.filter(verb__startswith="unit_report.").values_list("verb", flat=True)
    assert sorted(verbs) == [
        *["unit_report.locked"] * 3, *["unit_report.submitted"] * 3, *["unit_report.taken_in"] * 2,
    ]  # fmt: skip


def test_numbers_are_counted_when_it_is_handed_in(day: Cast) -> None:
    def said(name: str, answers: Answers) -> None:
        checkins.submit(
            person=day.person[name], answers=answers, client_key=f"d-{name}", by=system_actor("tests"), at=EARLY
        )

    said("lin", Answers(symptoms=("fever",), temperature_c=Decimal("38.6"), exposure=False))
    said("meng", Answers(exposure=False))
    hand_in(day, "CS2301", "meng")
    hand_in(day, "CS2302", "fang")
    take_in(day, "IE", "fang")
    row = hand_in(day, "IE", "fang")
    live = queries.figures(day.by("tang"), day.org["IE"], TODAY, EARLY).values
    assert row.figures["values"]["checked_in"] == live["checked_in"] == 2
    assert row.figures["values"] == {key: live.get(key) for key in row.figures["values"]}
    wang = queries.figures(day.by("tang"), day.org["CS2301"], TODAY, EARLY)
    assert wang.small and UnitReport.objects.get(unit=day.org["CS2301"]).figures["values"]["symptomatic"] is None


def test_a_zero_report_with_somebody_ill_is_refused(day: Cast) -> None:
    checkins.submit(
        person=day.person["lin"], answers=Answers(symptoms=("fever",), temperature_c=Decimal("38.6"), exposure=False),
        client_key="zero", by=system_actor("tests"), at=EARLY,
    )  # fmt: skip
    hand_in(day, "CS2301", "meng", zero=True, words=Words())  # three people: their numbers are unknown, not 0
    hand_in(day, "CS2302", "fang")
    take_in(day, "IE", "fang")
    # Five people belong to IE with its staff; one has symptoms.
    with pytest.raises(BadInput) as told:
        hand_in(day, "IE", "fang", zero=True, words=Words())
    assert told.value.error_code == "not_zero"
    assert not UnitReport.objects.filter(unit=day.org["IE"]).exists()


def test_who_may_not(day: Cast) -> None:
    for name, code in (("meng", "CS2302"), ("ou", "CS2301"), ("su", "IE"), ("tang", "FL")):
        if name == "tang":  # answers for WCU: the nearest above, but FL has somebody of its own
            assert not reads.acts_for(day.by(name), day.org[code], TODAY)
        with pytest.raises(Forbidden):
            hand_in(day, code, name)
    with pytest.raises(Forbidden):
        take_in(day, "IE", "meng", "急")
    with pytest.raises(NotFound):
        consolidated(day.by("ou"), day.org["IE"].pk, TODAY, NOON)
    with pytest.raises(Forbidden):
        actions.set_report_plan(
            organisation=day.org["IE"], deadlines={"class": "09:00"}, until=TODAY, reason="x", by=day.by("fang"),
            at=NOON,
        )  # fmt: skip


def test_a_monitor_sees_who_was_heard_from_and_nothing_of_health(day: Cast) -> None:
    hand_in(day, "CS2301", "meng")
    found = consolidated(day.by("meng"), day.org["CS2301"].pk, TODAY, NOON)
    assert "symptomatic" not in found.keys and "checked_in" in found.keys


def test_a_correction_keeps_what_was_said_and_opens_the_lock(day: Cast) -> None:
    hand_in(day, "CS2301", "meng", words=Words(needs="口罩 20 个"))
    hand_in(day, "CS2302", "fang")
    take_in(day, "IE", "fang")
    with pytest.raises(Conflict) as late:
        hand_in(day, "CS2301", "meng", words=Words(needs="口罩 200 个"))
    assert late.value.error_code == "edited_meanwhile"
    with pytest.raises(BadInput) as why:
        hand_in(day, "CS2301", "meng", words=Words(needs="口罩 200 个"), version=1)
    assert why.value.field == "reason"
    row = hand_in(day, "CS2301", "meng", words=Words(needs="口罩 200 个"), version=1, reason="少写一个零", at=NOON)
    assert (row.state, row.version, row.locked_at, row.on_time) == ("submitted", 2, None, True)
    said = list(row.versions.values_list("version", "needs", "reason", "after_review"))
    assert said == [(1, "口罩 20 个", "", False), (2, "口罩 200 个", "少写一个零", True)]
    assert take_in(day, "IE", "fang").number == 2
    assert round_of(day, "IE") == {"CS2301": "locked", "CS2302": "locked"}
    with pytest.raises(Conflict) as nothing:
        take_in(day, "IE", "fang")
    assert nothing.value.error_code == "nothing_new"


def test_a_report_after_the_round_was_taken_in_waits_to_be_taken_in_as_well(day: Cast) -> None:
    hand_in(day, "CS2301", "meng")
    take_in(day, "IE", "fang", "2302 班在外实习")
    before = hand_in(day, "IE", "fang").figures
    row = hand_in(day, "CS2302", "fang", at=NOON + timedelta(hours=9))
    assert not row.on_time and row.versions.get().after_review
    assert round_of(day, "IE") == {"CS2301": "locked", "CS2302": "submitted"}
    assert UnitReport.objects.get(unit=day.org["IE"]).figures == before, "what was handed in is not touched"
    second = take_in(day, "IE", "fang", at=NOON + timedelta(hours=10))
    assert (second.number, second.taken, second.missing) == (2, 1, [])


def test_the_second_of_two_reviewers_is_told(day: Cast) -> None:
    hand_in(day, "CS2301", "meng")
    seen = reads.sheet_of(day.org["IE"], TODAY, NOON).stamp
    hand_in(day, "CS2302", "fang")
    ie = day.org["IE"]
    with pytest.raises(Conflict) as came:
        actions.take_in(unit=ie, day=TODAY, stamp=seen, reason="急", by=day.by("fang"), at=NOON)
    assert came.value.error_code == "changed_meanwhile"
    seen = reads.sheet_of(ie, TODAY, NOON).stamp
    actions.take_in(unit=ie, day=TODAY, stamp=seen, by=day.by("fang"), at=NOON)
    with pytest.raises(Conflict):
        actions.take_in(unit=ie, day=TODAY, stamp=seen, by=day.by("xu"), at=NOON)
    assert ReportReview.objects.count() == 1


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_reviewers_at_the_same_moment(transactional_db: None, cast: Cast) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("the embedded database has one writer at a time")
    asked(cast)
    hand_in(cast, "CS2301", "meng")
    hand_in(cast, "CS2302", "fang")
    ie, stamp = cast.org["IE"], reads.sheet_of(cast.org["IE"], TODAY, NOON).stamp
    together = Barrier(2)

    def review(by: Actor) -> str:
        try:
            together.wait(timeout=20)
            actions.take_in(unit=ie, day=TODAY, stamp=stamp, by=by, at=NOON)
        except Conflict as refused:
            return refused.error_code
        finally:
            connections.close_all()
        return "taken"

    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(review, (cast.by("fang"), cast.by("xu"))))
    assert sorted(told) == ["changed_meanwhile", "taken"]
    assert ReportReview.objects.get().taken == 2


def moved(cast: Cast, code: str, to: str) -> None:
    """The unit stands below another one, as a roster import leaves it."""
    row, above = cast.org[code], cast.org[to]
    free = step(Organisation.objects.filter(parent=above).count() + 5)
    Organisation.objects.filter(pk=row.pk).update(parent=above, path=above.path + free)


@pytest.mark.parametrize("handed_in", [True, False])
def test_a_unit_that_moves_in_the_middle_of_the_day_is_counted_once(day: Cast, handed_in: bool) -> None:
    if handed_in:
        hand_in(day, "CS2301", "meng")
    moved(day, "CS2301", "FL")
    old, new = round_of(day, "IE"), round_of(day, "FL")
    assert ("CS2301" in old, "CS2301" in new) == (handed_in, not handed_in)
    whole = reads.sheet_of(day.org["WCU"], TODAY, NOON).whole
    assert sorted(line.unit.code for line in whole) == ["CS2301", "CS2302", "EN2301", "FL", "IE"]
    if handed_in:
        assert take_in(day, "IE", "fang", "2302 班在外实习").taken == 1
        _unit, line = reads.report_seen(day.by("fang"), day.org["CS2301"].pk, TODAY)
        assert line is not None and line.report is not None, "who took it in can still read it"


def test_work_and_reminders_show_it_until_it_is_done(day: Cast) -> None:
    def mine(name: str) -> list[tuple[str, str]]:
        found = queries.work_of(day.by(name), at=NOON).items
        return [(item.kind, item.unit) for item in found if item.kind in ("report", "review")]

    def owing(text: str) -> list[str]:
        (due,) = (due for due in DailyReports().due_on(TODAY) if due.key == f"daily:{text}")
        return sorted(person.name for person in DailyReports().owing(due.key, due.at))

    assert mine("meng") == [("report", day.org["CS2301"].title)]
    assert ("report", day.org["CS2302"].title) in mine("fang"), "nobody else answers for it"
    assert (owing("10:00"), owing("16:00")) == (["孟欣"], ["方老师", "欧阳静"])
    (due,) = (due for due in DailyReports().due_on(TODAY) if due.key == "daily:10:00")
    ask: dict[str, Any] = {"until": NOON, "reached": True, "already": False}
    assert DailyReports().facts(due.key, due.at, day.person["meng"], **ask).asked
    hand_in(day, "CS2301", "meng")
    assert mine("meng") == [] and owing("10:00") == []
    assert DailyReports().facts(due.key, due.at, day.person["meng"], **ask).heard
    hand_in(day, "CS2302", "fang")
    assert ("review", day.org["IE"].title) in mine("fang")
    take_in(day, "IE", "fang")
    assert [kind for kind, unit in mine("fang") if unit == day.org["IE"].title] == ["report"]
    hand_in(day, "IE", "fang")
    assert mine("fang") == []


def test_nothing_is_owed_without_a_plan(cast: Cast) -> None:
    assert reads.line_of(cast.org["IE"], TODAY) is None
    with pytest.raises(BadInput) as told:
        hand_in(cast, "IE", "fang")
    assert told.value.error_code == "not_asked"
    asked(cast)
    hand_in(cast, "CS2301", "meng")
    actions.end_report_plan(organisation=cast.org["WCU"], reason="响应终止", by=cast.by("su"), at=NOON)
    assert round_of(cast, "IE") == {"CS2301": "submitted"}, "what came stays, nothing more is asked"
    assert DailyReports().due_on(TODAY) == []
    with pytest.raises(Conflict):
        actions.end_report_plan(organisation=cast.org["WCU"], reason="再次", by=cast.by("su"), at=NOON)


def test_what_is_owed_today_does_not_change_in_the_middle_of_the_day(cast: Cast) -> None:
    root, su = cast.org["WCU"], cast.by("su")
    last = TODAY + timedelta(days=9)

    def ask(deadlines: dict[str, str]) -> ReportPlan:
        return actions.set_report_plan(
            organisation=root, deadlines=deadlines, until=last, reason="校防", by=su, at=NOON
        )

    put_in_charge(cast)
    ask({"class": "10:00", "college": "16:00"})
    assert round_of(cast, "IE") == {}, "ten o'clock had passed when they were asked"
    assert reads.deadlines_on(TODAY) == ["16:00"]
    assert reads.deadlines_on(TODAY + timedelta(days=1)) == ["10:00", "16:00"]
    assert ask({"office": "17:00"}).starts == TODAY + timedelta(days=1)
    assert ask({"office": "18:00"}).starts == TODAY + timedelta(days=1)
    assert round_of(cast, "WCU") == {"IE": "missing", "FL": "missing"}
    assert reads.deadlines_on(TODAY + timedelta(days=1)) == ["18:00"]


def test_it_goes_on_its_purge_date(day: Cast) -> None:
    hand_in(day, "CS2301", "meng")
    take_in(day, "IE", "fang", "2302 班在外实习")
    last = TODAY + timedelta(days=keep_days("daily"))
    purging.purge(on=last - timedelta(days=1), at=NOON)
    assert UnitReport.objects.exists() and ReportReview.objects.exists()
    counts = purging.purge(on=last, at=NOON)
    assert (counts["daily_report"], counts["daily_review"]) == (1, 1)
    assert not UnitReportVersion.objects.exists()


# -- sent back -----------------------------------------------------------------------------------------------------


def send_back(cast: Cast, code: str, name: str, reason: str = "第二项数字请核对") -> UnitReport:
    report = UnitReport.objects.get(unit=cast.org[code], day=TODAY)
    return actions.send_back_report(report, reason=reason, by=cast.by(name), at=NOON)


def test_a_report_that_is_sent_back_has_not_come_until_it_is_corrected(day: Cast) -> None:
    hand_in(day, "CS2301", "meng", words=Words(problems="缺口罩"))
    hand_in(day, "CS2302", "fang", zero=True, words=Words())
    take_in(day, "IE", "fang")
    back = send_back(day, "CS2301", "fang")
    assert (back.state, back.locked_at, back.return_reason) == ("returned", None, "第二项数字请核对")
    assert round_of(day, "IE") == {"CS2301": "missing", "CS2302": "locked"}
    sheet = consolidated(day.by("fang"), day.org["IE"].pk, TODAY, NOON).sheet
    assert (sheet.count.received, [line.unit.code for line in sheet.missing]) == (1, ["CS2301"])
    work = queries.work_of(day.by("meng"), at=NOON)
    assert [item.kind for item in work.items if item.kind == "report"] == ["report"]
    with pytest.raises(Conflict) as twice:
        send_back(day, "CS2301", "fang")
    assert twice.value.error_code == "report_returned"
    fixed = hand_in(day, "CS2301", "meng", version=1, reason="数字已核对", words=Words(problems="缺口罩"))
    assert (fixed.state, fixed.version, fixed.on_time) == ("submitted", 2, True)
    assert take_in(day, "IE", "fang").taken == 1
    assert AuditEntry.objects.filter(verb="unit_report.sent_back").count() == 1


def test_who_may_not_send_back(day: Cast) -> None:
    hand_in(day, "CS2301", "meng", words=Words(problems="缺口罩"))
    hand_in(day, "CS2302", "fang", zero=True, words=Words())
    with pytest.raises(Forbidden) as own:
        send_back(day, "CS2302", "fang")
    assert own.value.error_code == "own_report"
    with pytest.raises(Forbidden):
        send_back(day, "CS2301", "meng")
    with pytest.raises(BadInput) as bare:
        send_back(day, "CS2301", "fang", " ")
    assert bare.value.field == "reason"
    assert round_of(day, "IE") == {"CS2301": "submitted", "CS2302": "submitted"}
