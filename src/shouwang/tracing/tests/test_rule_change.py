"""Another edition for a case: seen before it is applied, applied with a reason; the second ring it looks for."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from shouwang.cases.models import Case
from shouwang.core.errors import BadInput, Conflict, NotFound
from shouwang.core.models import AuditEntry
from shouwang.org.tests.cast import NOON, Cast
from shouwang.tracing import actions
from shouwang.tracing.models import CaseRule, Contact, Trace
from shouwang.tracing.queries import catalogue, rulebook
from shouwang.tracing.queries import preview as previews
from shouwang.tracing.tests.desk_scene import contact

NINTH, TENTH, SECOND = "covid19-cn-9", "covid19-cn-10", "covid19-cn-2"


def _grades(case: Case) -> dict[str, str]:
    return {row.person.name: row.grade for row in Contact.objects.filter(case=case).select_related("person")}


def _changes(case: Case, cast: Cast, code: str) -> dict[str, tuple[str, str, str]]:
    found = previews.preview(cast.by("qiu"), case, code, at=NOON)
    return {change.person.name: (change.kind, change.before, change.after) for change in found.changes}


def test_the_pack_put_in_force_outside_its_dates_keeps_its_own_rule(traced: Case) -> None:
    found = rulebook.ruling(traced, NOON)
    assert (found.name, found.basis, found.second_ring) == ("nhc6", "pack", None)
    by_date = rulebook.edition_by_date(traced)
    assert by_date is not None and by_date.code == TENTH


def test_the_edition_of_the_day_judges_where_the_pack_is_in_its_time(traced: Case) -> None:
    traced.disease, traced.pack = "influenza", "influenza-seasonal"
    found = rulebook.ruling(traced, NOON)
    assert (found.name, found.basis) == ("influenza-cluster", "date")
    assert traced.onset_at is not None
    assert found.window.start == traced.onset_at - timedelta(days=1)


def test_a_preview_says_who_changes_and_writes_nothing(traced: Case, cast: Cast) -> None:
    before = _grades(traced)
    assert before == {"王蕾": "close", "赵宁": "close", "孟欣": "close", "欧阳静": "general"}
    assert _changes(traced, cast, NINTH) == {"欧阳静": ("changed", "general", "secondary")}
    assert _changes(traced, cast, TENTH) == {name: ("dropped", grade, "") for name, grade in before.items()}
    # The second edition looks at nothing before onset, Monday at six.
    later = _changes(traced, cast, SECOND)
    assert later["孟欣"] == ("dropped", "close", "")
    assert _grades(traced) == before
    assert not CaseRule.objects.exists() and Trace.objects.count() == 1


def test_what_newer_records_change_is_told_apart(traced: Case, cast: Cast) -> None:
    Contact.objects.filter(case=traced, person=cast.person["wang"]).delete()
    found = previews.preview(cast.by("qiu"), traced, NINTH, at=NOON)
    told = {change.person.name: (change.kind, change.by_records) for change in found.changes}
    assert told == {"王蕾": ("added", True), "欧阳静": ("changed", False)}


def test_reasons_of_a_dropped_person(traced: Case, cast: Cast) -> None:
    found = previews.preview(cast.by("qiu"), traced, SECOND, at=NOON)
    meng = next(change for change in found.changes if change.person.name == "孟欣")
    assert "时段之外" in meng.reason.zh and "outside the window" in meng.reason.en
    tenth = previews.preview(cast.by("qiu"), traced, TENTH, at=NOON)
    assert {change.reason.en for change in tenth.changes} == {"this edition does not determine contacts"}


def test_the_second_ring_names_the_link(traced: Case, cast: Cast) -> None:
    run = actions.apply_rule(traced, NINTH, reason="按第九版处置", by=cast.by("qiu"), at=NOON)
    assert (run.rule, run.rule_basis, run.links_traced) == (NINTH, "chosen", 3)
    assert run.rule_sha256 == catalogue.get_edition(NINTH).sha256
    ou = contact(traced, cast, "ou")
    assert (ou.grade, ou.grade_rank, ou.link) == ("secondary", 1, cast.person["zhao"])
    assert "经由 赵宁 2023010201" in ou.why_zh and "through 赵宁" in ou.why_en
    # From the lesson on Sunday morning: one night in the room the two share, not the one before.
    assert ou.seconds == 8 * 3600
    assert contact(traced, cast, "wang").link is None


def test_a_dismissed_contact_leads_to_nobody(traced: Case, cast: Cast) -> None:
    actions.dismiss(contact(traced, cast, "zhao"), reason="请假", by=cast.by("qiu"), at=NOON)
    run = actions.apply_rule(traced, NINTH, reason="第九版", by=cast.by("qiu"), at=NOON)
    assert run.links_traced == 2
    assert contact(traced, cast, "ou").grade == "general"


def test_decisions_stay_and_are_marked(traced: Case, cast: Cast) -> None:
    actions.confirm(contact(traced, cast, "meng"), by=cast.by("qiu"), at=NOON)
    found = previews.preview(cast.by("qiu"), traced, TENTH, at=NOON)
    kept = {change.person.name: (change.decided, change.kept) for change in found.changes}
    assert kept["孟欣"] == ("confirmed", True)
    assert kept["王蕾"] == ("", False)
    actions.apply_rule(traced, TENTH, reason="乙类乙管", by=cast.by("qiu"), at=NOON)
    assert _grades(traced) == {"孟欣": "close"}


def test_applying_needs_a_reason_and_is_audited(traced: Case, cast: Cast) -> None:
    with pytest.raises(BadInput):
        actions.apply_rule(traced, NINTH, reason="  ", by=cast.by("qiu"), at=NOON)
    with pytest.raises(NotFound):
        actions.apply_rule(traced, "nowhere", reason="x", by=cast.by("qiu"), at=NOON)
    with pytest.raises(BadInput) as refusal:
        actions.apply_rule(traced, "measles", reason="x", by=cast.by("qiu"), at=NOON)
    assert refusal.value.error_code == "rule_of_another_disease"
    with pytest.raises(NotFound):
        actions.apply_rule(traced, NINTH, reason="x", by=cast.by("fang"), at=NOON)
    assert not CaseRule.objects.exists()
    actions.apply_rule(traced, NINTH, reason="第九版", by=cast.by("qiu"), at=NOON)
    entry = AuditEntry.objects.get(verb="case.rule_chosen")
    assert entry.new is not None and (entry.new["edition"], entry.new["reason"]) == (NINTH, "第九版")
    again = rulebook.ruling(traced, NOON)
    assert (again.name, again.basis) == (NINTH, "chosen")


def test_the_last_negative_test_begins_the_window(traced: Case, cast: Cast) -> None:
    tested = NOON - timedelta(hours=20)  # Sunday at 16:00: after the lesson and the lunch
    found = previews.preview(cast.by("qiu"), traced, NINTH, at=NOON, last_negative=tested)
    assert found.proposed.window.start == tested
    assert {change.person.name for change in found.changes if change.kind == "dropped"} == {"赵宁", "孟欣", "欧阳静"}
    with pytest.raises(BadInput):
        previews.preview(cast.by("qiu"), traced, NINTH, at=NOON, last_negative=NOON + timedelta(hours=1))
    actions.apply_rule(traced, NINTH, reason="筛查发现", by=cast.by("qiu"), at=NOON, last_negative=tested)
    assert rulebook.ruling(traced, NOON).window.start == tested


def test_a_grade_given_by_a_person_needs_a_reason_and_outlives_a_trace(traced: Case, cast: Cast) -> None:
    qiu, ou = cast.by("qiu"), contact(traced, cast, "ou")
    for grade, reason in (("close", ""), ("nothing", "坐同桌")):
        with pytest.raises(BadInput):
            actions.regrade(ou, grade, reason=reason, by=qiu, at=NOON)
    done = actions.regrade(ou, "close", reason="同桌就餐", by=qiu, at=NOON, version=1)
    assert (done.grade, done.grade_rank, done.version) == ("close", 0, 2)
    with pytest.raises(Conflict):
        actions.regrade(ou, "general", reason="误", by=qiu, at=NOON, version=1)
    actions.trace_case(traced, by=qiu, at=NOON)
    assert contact(traced, cast, "ou").grade == "close"
    actions.regrade(ou, "", reason="核实后恢复", by=qiu, at=NOON)
    actions.trace_case(traced, by=qiu, at=NOON)
    assert contact(traced, cast, "ou").grade == "general"
    assert AuditEntry.objects.filter(verb="contact.regraded").count() == 2


def test_distance_and_separate_encounters(traced: Case, cast: Cast) -> None:
    rows = {name: contact(traced, cast, name) for name in ("wang", "zhao", "ou")}
    found = {name: (row.distance, row.meetings) for name, row in rows.items()}
    # Wang: the rest of Saturday's night, the two after it.
    assert found == {"wang": ("room", 3), "zhao": ("room", 1), "ou": ("hall", 1)}


@pytest.mark.parametrize(
    "last_negative", [NOON + timedelta(days=1), NOON - timedelta(days=90), datetime.fromisoformat("0001-01-01")]
)
def test_a_last_negative_test_lies_shortly_before_the_case(traced: Case, cast: Cast, last_negative: datetime) -> None:
    """One of the year 1 would open every day since."""
    with pytest.raises(BadInput) as refusal:
        previews.preview(cast.by("qiu"), traced, NINTH, at=NOON, last_negative=last_negative)
    assert refusal.value.field == "last_negative"
