"""One test from its order to its result: the order of dates, the chain of custody, corrections, what is due."""

from __future__ import annotations

import pytest

from shouwang.cases.laboratory import actions, queries
from shouwang.cases.laboratory.models import SampleResult, Test
from shouwang.cases.laboratory.tests.scenes import HOUR, heard, ordered, resulted, taken
from shouwang.cases.tests.builders import opened
from shouwang.core.errors import BadInput, Conflict, Forbidden
from shouwang.core.models import AuditEntry
from shouwang.org.tests.cast import NOON, Cast


def test_from_order_to_result(cast: Cast) -> None:
    he, test = cast.by("he"), ordered(cast)
    assert (test.state, test.due_at) == ("ordered", NOON + 24 * HOUR)
    sample = actions.take_sample([test], barcode=" t-001 ", where="校医院", by=he, at=NOON + HOUR)
    test.refresh_from_db()
    assert (sample.barcode, test.state, test.due_at) == ("T-001", "taken", NOON + 7 * HOUR)
    actions.hand_over(sample, giver="何医生", taker="司机王", by=he, at=NOON + 2 * HOUR)
    actions.receive_sample(sample, laboratory="市疾控", giver="司机王", taker="李检验", by=he, at=NOON + 3 * HOUR)
    test.refresh_from_db()
    assert (test.state, test.received_at, test.due_at) == ("received", NOON + 3 * HOUR, NOON + 25 * HOUR)
    with heard("test.resulted") as told:
        resulted(cast, sample, "negative", value="未检出", resulted_at=NOON + 5 * HOUR, at=NOON + 6 * HOUR)
    test.refresh_from_db()
    assert (test.state, test.outcome, test.value, test.pool_of) == ("resulted", "negative", "未检出", 0)
    assert (test.resulted_at, test.told_at, test.due_at) == (NOON + 5 * HOUR, NOON + 6 * HOUR, None)
    assert [payload["tests"] for payload in told] == [[test.pk]]
    chain = [(row.giver, row.taker, row.at_laboratory) for row in sample.handovers.all()]
    assert chain == [("何医生", "司机王", False), ("司机王", "李检验", True)]
    verbs = set(
        AuditEntry.objects.filter(subject=test.person_id, kind__in=["test", "sample"]).values_list("verb", flat=True)
    )
    assert verbs == {"test.ordered", "test.taken", "sample.handed_over", "sample.received", "test.resulted"}
    assert not AuditEntry.objects.filter(verb="test.resulted", new__isnull=False).exists()


def test_dates_stand_in_order(cast: Cast) -> None:
    he, test = cast.by("he"), ordered(cast)
    for taken_at, code in ((NOON - HOUR, "out_of_order"), (NOON + 9 * HOUR, "in_future")):
        with pytest.raises(BadInput) as refused:
            actions.take_sample([test], barcode="T1", taken_at=taken_at, by=he, at=NOON + HOUR)
        assert refused.value.error_code == code
    sample = actions.take_sample([test], barcode="T1", by=he, at=NOON + 2 * HOUR)
    with pytest.raises(BadInput) as refused:
        actions.hand_over(sample, giver="甲", taker="乙", handed_at=NOON + HOUR, by=he, at=NOON + 3 * HOUR)
    assert refused.value.error_code == "out_of_order"
    actions.hand_over(sample, giver="甲", taker="乙", by=he, at=NOON + 4 * HOUR)
    with pytest.raises(BadInput):
        actions.receive_sample(
            sample, laboratory="市疾控", giver="乙", taker="丙", received_at=NOON + 3 * HOUR, by=he, at=NOON + 5 * HOUR
        )
    with pytest.raises(BadInput) as refused:
        resulted(cast, sample, "negative", resulted_at=NOON + HOUR, at=NOON + 5 * HOUR)
    assert (refused.value.error_code, refused.value.field) == ("out_of_order", "resulted_at")
    assert not SampleResult.objects.exists()


def test_a_chain_has_no_gaps_and_ends_at_the_laboratory(cast: Cast) -> None:
    he, sample = cast.by("he"), taken(cast)
    with pytest.raises(BadInput) as refused:
        actions.hand_over(sample, giver="何医生", taker="  ", by=he, at=NOON)
    assert refused.value.field == "taker"
    with pytest.raises(BadInput) as refused:
        actions.receive_sample(sample, laboratory="", giver="甲", taker="乙", by=he, at=NOON)
    assert refused.value.error_code == "laboratory_missing"
    actions.receive_sample(sample, laboratory="市疾控", giver="甲", taker="乙", by=he, at=NOON)
    with pytest.raises(Conflict):
        actions.hand_over(sample, giver="乙", taker="丙", by=he, at=NOON + HOUR)
    with pytest.raises(Conflict):
        actions.receive_sample(sample, laboratory="另一家", giver="乙", taker="丙", by=he, at=NOON + HOUR)


def test_a_result_is_corrected_only_as_a_new_version_with_a_reason(cast: Cast) -> None:
    sample = resulted(cast, taken(cast), "negative")
    with pytest.raises(BadInput) as refused:
        resulted(cast, sample, "positive")
    assert refused.value.error_code == "reason_missing"
    with pytest.raises(Conflict) as changed:
        resulted(cast, sample, "positive", reason="录入错误", version=0)
    assert changed.value.error_code == "result_changed"
    resulted(cast, sample, "positive", reason="录入错误", version=1)
    rows = list(sample.results.values_list("version", "outcome", "reason"))
    assert rows == [(1, "negative", ""), (2, "positive", "录入错误")]
    assert Test.objects.get().outcome == "positive"


def test_the_same_barcode_and_the_same_order_are_refused(cast: Cast) -> None:
    taken(cast, "lin")
    with pytest.raises(Conflict) as refused:
        taken(cast, "wang", barcode="t001")
    assert refused.value.error_code == "barcode_used"
    with pytest.raises(Conflict) as again:
        ordered(cast, "wang")
    assert again.value.error_code == "test_waiting"
    zhao = ordered(cast, "zhao")
    for barcode in ("", "甲乙", "A" * 41, "=cmd"):
        with pytest.raises(BadInput):
            actions.take_sample([zhao], barcode=barcode, by=cast.by("he"), at=NOON)
    with pytest.raises(BadInput) as unknown:
        ordered(cast, "zhao", method="horoscope")
    assert unknown.value.error_code == "method_unknown"
    with pytest.raises(BadInput):
        ordered(cast, "zhao", disease="plague")


def test_a_test_of_a_case_is_for_its_disease(cast: Cast) -> None:
    case = opened(cast)
    test = ordered(cast, case=case, disease="")
    assert (test.disease, test.purpose, queries.of_case(case)) == ("covid19", "case", [test])


def test_cancelling_ends_waiting_and_needs_a_reason(cast: Cast) -> None:
    test = ordered(cast)
    with pytest.raises(BadInput):
        actions.cancel_test(test, reason=" ", by=cast.by("he"), at=NOON)
    actions.cancel_test(test, reason="已在市医院检测", by=cast.by("he"), at=NOON)
    assert (test.state, test.due_at) == ("cancelled", None)
    sample = taken(cast)
    with pytest.raises(Conflict):
        actions.cancel_test(sample.tests.get(), reason="不需要", by=cast.by("he"), at=NOON)


@pytest.mark.parametrize("who", ["lin", "meng", "fang", "xu", "qiu", "su", "tang", "deng", "gu", "admin"])
def test_only_the_clinic_orders_takes_and_enters(cast: Cast, who: str) -> None:
    by, sample = cast.by(who), taken(cast, "wang")
    for act in (
        lambda: actions.order_test(cast.person["lin"], method="pcr", disease="covid19", by=by, at=NOON),
        lambda: actions.hand_over(sample, giver="甲", taker="乙", by=by, at=NOON),
        lambda: actions.record_result(sample, outcome="negative", by=by, at=NOON),
    ):
        with pytest.raises(Forbidden):
            act()


def test_turnaround_counts_what_is_known_of_all(cast: Cast) -> None:
    he = cast.by("he")
    for hours, who in enumerate(("lin", "wang", "zhao"), start=1):
        sample = taken(cast, who, barcode=f"T{hours}")
        if who != "zhao":
            resulted(cast, sample, "negative", resulted_at=NOON + hours * HOUR, at=NOON + 9 * HOUR)
    ordered(cast, "ou")
    found = queries.turnaround(he, NOON.date(), NOON.date(), at=NOON + 30 * HOUR)
    legs = {leg.name: (leg.known, leg.total, leg.median_hours, leg.p90_hours) for leg in found.legs}
    assert legs["take"] == (3, 4, 0.0, 0.0)
    assert legs["receive"] == (0, 4, None, None)
    assert legs["laboratory"] == (2, 4, 1.0, 2.0)
    assert found.overdue == 2
    late = queries.desk(he, queries.TestFilter("overdue"), at=NOON + 30 * HOUR)
    assert [test.person.name for test in late.rows] == ["赵宁", "欧阳静"]
    assert queries.desk_numbers(he, NOON + 30 * HOUR)["overdue"] == 2
