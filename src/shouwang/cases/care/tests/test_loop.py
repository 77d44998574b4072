"""From the first treatment to the way back, each step at its moment; what is refused; what the others are told."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from shouwang.cases import actions as cases
from shouwang.cases.care import actions, queries
from shouwang.cases.care.models import Care, Clearance, Complication, Referral, ReferralStep, Treatment, Visit
from shouwang.cases.care.tests.builders import DAY, HOUR, TODAY, care, code, discharge, refer, step, treat
from shouwang.cases.models import Case
from shouwang.checkins.actions import close_alert
from shouwang.checkins.models import SymptomAlert
from shouwang.checkins.tests.builders import fever, say
from shouwang.core import clock
from shouwang.core.errors import BadInput, Conflict, Forbidden, NotFound
from shouwang.core.models import AuditEntry
from shouwang.org.tests.cast import NOON, Cast

# --- first treatment -------------------------------------------------------------------------------------------------


def test_the_first_treatment_feeds_its_clock_and_follows_corrections(cast: Cast, ill: Case) -> None:
    cases.set_dates(ill, isolated_at=NOON, by=cast.by("he"), at=NOON)
    late = treat(cast, ill, when=NOON + 2 * HOUR)
    ill.refresh_from_db()
    assert ill.treated_at == NOON + 2 * HOUR
    early = treat(cast, ill, when=NOON + HOUR, at=NOON + 2 * HOUR)
    ill.refresh_from_db()
    assert ill.treated_at == NOON + HOUR
    fixed = actions.correct_treatment(
        early, happened_at=NOON + 90 * HOUR / 60, reason="看错时间", by=cast.by("he"), at=NOON + 3 * HOUR
    )
    ill.refresh_from_db()
    assert ill.treated_at == NOON + 90 * HOUR / 60
    actions.correct_treatment(fixed, withdraw=True, reason="记在别人名下", by=cast.by("he"), at=NOON + 3 * HOUR)
    ill.refresh_from_db()
    assert ill.treated_at == late.happened_at
    assert Treatment.objects.filter(care__case=ill).count() == 4, "history is kept"
    sheet = queries.sheet_of(care(ill), at=NOON + 3 * HOUR)
    assert [row.pk for row in sheet.treatments] == [late.pk]
    assert len(sheet.corrected) == 3
    assert [change.field for change in ill.date_changes.all()].count("treated_at") == 4


def test_a_date_entered_by_hand_stands_before_a_later_entry(cast: Cast, ill: Case) -> None:
    cases.set_dates(ill, treated_at=NOON - HOUR, by=cast.by("he"), at=NOON)
    treat(cast, ill)
    ill.refresh_from_db()
    assert ill.treated_at == NOON - HOUR


def test_in_treatment_at_the_hospital_is_a_first_treatment(cast: Cast, ill: Case) -> None:
    step(cast, refer(cast, ill), "in_treatment", NOON + HOUR)
    ill.refresh_from_db()
    assert ill.treated_at == NOON + HOUR


def test_an_entry_is_corrected_once_and_needs_a_reason(cast: Cast, ill: Case) -> None:
    row, by = treat(cast, ill), cast.by("he")
    with pytest.raises(BadInput) as refused:
        actions.correct_treatment(row, withdraw=True, reason=" ", by=by, at=NOON)
    assert code(refused) == "reason_missing"
    actions.correct_treatment(row, text="对乙酰氨基酚", reason="药名写错", by=by, at=NOON)
    with pytest.raises(Conflict) as again:
        actions.correct_treatment(row, text="布洛芬", reason="药名写错", by=by, at=NOON)
    assert code(again) == "entry_corrected"


# --- referral --------------------------------------------------------------------------------------------------------


def test_a_referral_keeps_the_hospital_as_it_was(cast: Cast, ill: Case, listed: Path) -> None:
    referral = refer(cast, ill, accompanied_by="何医生")
    listed.write_text("", encoding="utf-8")
    referral.refresh_from_db()
    assert (referral.hospital_name, referral.hospital_phone) == ("市传染病医院", "010-5550120")
    with pytest.raises(BadInput) as refused:
        step(cast, referral, "transferred", NOON)
        refer(cast, ill)
    assert code(refused) == "hospitals_none"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"hospital": "moon"}, "hospital_unknown"),
        ({"reason": ""}, "reason_missing"),
        ({"absent_until": None}, "leave_missing"),
        ({"absent_until": TODAY + 4000 * DAY}, "days_far"),
        ({"decided_at": NOON + HOUR}, "date_future"),
    ],
)
def test_what_a_referral_refuses(cast: Cast, ill: Case, more: dict[str, Any], expected: str) -> None:
    with pytest.raises(BadInput) as refused:
        refer(cast, ill, **more)
    assert code(refused) == expected
    assert not Referral.objects.exists()
    assert not Care.objects.exists(), "nothing half-written"


@pytest.mark.parametrize("text", ["[[hospitals]]\ncode = 1", "nonsense", '[[hospitals]]\ncode="a"\nname="b"'])
def test_a_broken_list_of_hospitals_is_a_typed_refusal(cast: Cast, ill: Case, listed: Path, text: str) -> None:
    listed.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput) as refused:
        refer(cast, ill)
    assert code(refused) == "hospitals_file"


def test_a_discarded_case_is_referred_nowhere(cast: Cast, ill: Case) -> None:
    cases.classify(ill, new="discarded", reason="阴性", by=cast.by("he"), at=NOON)
    with pytest.raises(Conflict) as refused:
        refer(cast, ill)
    assert code(refused) == "case_discarded"


def test_the_ambulance_log_and_its_correction(cast: Cast, ill: Case) -> None:
    referral = refer(cast, ill)
    now = NOON + 3 * HOUR
    step(cast, referral, "called", NOON + HOUR, at=now)
    left = step(cast, referral, "left", NOON + 2 * HOUR, at=now)
    with pytest.raises(BadInput) as refused:
        step(cast, referral, "arrived", NOON + 150 * HOUR / 60, at=now)
    assert code(refused) == "steps_out_of_order"
    assert "离校" in refused.value.sentence or "left" in refused.value.sentence
    actions.correct_step(left, happened_at=now, reason="抄错", by=cast.by("he"), at=now)
    step(cast, referral, "arrived", NOON + 150 * HOUR / 60, at=now)
    face = queries.sheet_of(care(ill), at=now).referrals[0]
    assert [row.what for row in face.steps] == ["called", "arrived", "left"]
    assert [row.pk for row in face.past] == [left.pk]
    with pytest.raises(BadInput) as same:
        actions.correct_step(face.steps[0], reason="没变", by=cast.by("he"), at=now)
    assert same.value.field == "what"


def test_a_second_hospital_waits_for_the_last_word_of_the_first(cast: Cast, ill: Case) -> None:
    referral = refer(cast, ill)
    with pytest.raises(Conflict) as refused:
        refer(cast, ill, hospital="first")
    assert code(refused) == "referral_open"
    step(cast, referral, "transferred", NOON + HOUR)
    assert queries.sheet_of(care(ill), at=NOON).next.code == "refer_on"
    assert refer(cast, ill, hospital="first", at=NOON + HOUR).hospital_name == "市第一人民医院"


# --- the hospital's link ---------------------------------------------------------------------------------------------


def answer(link: str, what: str, at: datetime) -> ReferralStep:
    return actions.answer_link(link, what=what, happened_at=None, told_by="急诊科 赵护士", at=at)


def test_the_link_answers_once_and_by_the_hospital(cast: Cast, ill: Case) -> None:
    referral = refer(cast, ill)
    old = actions.make_link(referral, by=cast.by("he"), at=NOON)
    link = actions.make_link(referral, by=cast.by("he"), at=NOON)
    with pytest.raises(BadInput) as replaced:
        answer(old, "received", NOON + HOUR)
    row = answer(link, "received", NOON + HOUR)
    assert (row.source, row.told_by, row.by) == ("link", "急诊科 赵护士", None)
    with pytest.raises(BadInput) as used:
        answer(link, "admitted", NOON + HOUR)
    assert code(replaced) == code(used) == "link_expired"
    fresh = actions.make_link(referral, by=cast.by("he"), at=NOON)
    with pytest.raises(BadInput) as late:
        answer(fresh, "admitted", NOON + actions.LINK_HOURS * HOUR)
    assert code(late) == "link_expired"


def test_a_refused_answer_leaves_the_link_good(cast: Cast, ill: Case) -> None:
    link = actions.make_link(refer(cast, ill), by=cast.by("he"), at=NOON)
    with pytest.raises(BadInput):
        actions.answer_link(link, what="called", happened_at=None, told_by="赵", at=NOON)
    with pytest.raises(BadInput) as nobody:
        actions.answer_link(link, what="received", happened_at=None, told_by=" ", at=NOON)
    assert nobody.value.field == "told_by"
    assert answer(link, "received", NOON).what == "received"


def test_nobody_here_answers_in_the_hospitals_name(cast: Cast, ill: Case) -> None:
    with pytest.raises(BadInput) as refused:
        actions.add_step(refer(cast, ill), what="received", source="link", by=cast.by("he"), at=NOON)
    assert code(refused) == "source_link"


# --- discharge, follow-up, complications -----------------------------------------------------------------------------


def test_a_discharge_dates_the_recovery_and_plans_the_visits(cast: Cast, ill: Case) -> None:
    treat(cast, ill)
    discharge(cast, ill, NOON + 2 * DAY)
    ill.refresh_from_db()
    assert ill.recovered_at == NOON + 2 * DAY
    visit = Visit.objects.get(care__case=ill)
    assert (visit.due_on, visit.assumed, visit.owner) == (TODAY + 5 * DAY, True, cast.account["he"])
    with pytest.raises(Conflict) as refused:
        discharge(cast, ill, NOON + 2 * DAY)
    assert code(refused) == "discharged_already"


def test_no_discharge_before_the_treatment_or_out_of_the_hospital(cast: Cast, ill: Case) -> None:
    treat(cast, ill)
    with pytest.raises(BadInput) as early:
        actions.discharge(
            ill, outcome="recovered", instructions="休息", happened_at=NOON - HOUR, by=cast.by("he"), at=NOON + HOUR
        )
    assert code(early) == "dates_out_of_order"
    refer(cast, ill)
    with pytest.raises(Conflict) as away_still:
        discharge(cast, ill, NOON + HOUR)
    assert code(away_still) == "referral_open"


def test_a_corrected_discharge_moves_what_nobody_has_visited_yet(cast: Cast, ill: Case) -> None:
    discharge(cast, ill, NOON + 2 * DAY)
    row = care(ill).discharges.get()
    actions.correct_discharge(row, happened_at=NOON + DAY, reason="早一天", by=cast.by("he"), at=NOON + 2 * DAY)
    assert Visit.objects.get(care__case=ill, void=False).due_on == TODAY + 4 * DAY
    newest = row.corrected_by
    actions.correct_discharge(newest, withdraw=True, reason="还没出院", by=cast.by("he"), at=NOON + 2 * DAY)
    assert (care(ill).state, care(ill).discharged_at) == ("open", None)
    assert not Visit.objects.filter(care__case=ill, void=False).exists()


def test_a_visit_that_reaches_nobody_stays_due(cast: Cast, ill: Case) -> None:
    discharge(cast, ill, NOON)
    visit, at = Visit.objects.get(), NOON + 3 * DAY
    assert list(queries.visits_due(cast.by("he"), on=clock.local_day(at))) == [visit]
    actions.record_visit(visit, finding="not_reached", by=cast.by("he"), at=at)
    assert (visit.done_at, visit.tries) == (None, 1)
    actions.record_visit(visit, finding="well", note_text="不发热", by=cast.by("he"), at=at)
    with pytest.raises(Conflict) as refused:
        actions.record_visit(visit, finding="well", by=cast.by("he"), at=at)
    assert code(refused) == "visit_over"
    assert not queries.visits_due(cast.by("he"), on=clock.local_day(at)).exists()


def test_symptoms_at_a_visit_take_care_up_again(cast: Cast, ill: Case) -> None:
    discharge(cast, ill, NOON)
    visit = Visit.objects.get()
    with pytest.raises(BadInput) as silent:
        actions.record_visit(visit, finding="symptoms", by=cast.by("he"), at=NOON + 3 * DAY)
    assert silent.value.field == "note"
    actions.record_visit(visit, finding="symptoms", note_text="再次发热", by=cast.by("he"), at=NOON + 3 * DAY)
    found = care(ill)
    assert (found.state, found.complications.get().source) == ("open", "visit")
    review = queries.review_of(found, back_on=TODAY + 4 * DAY, at=NOON + 3 * DAY)
    assert "reopened" in {line.code for line in review.unmet}


def test_without_staying_away_the_certificate_stands(cast: Cast, ill: Case) -> None:
    discharge(cast, ill, NOON)
    row = actions.clear(ill, back_on=TODAY, by=cast.by("he"), at=NOON)
    actions.report_complication(ill, symptoms="乏力", by=cast.by("he"), at=NOON + DAY)
    row.refresh_from_db()
    assert row.valid
    assert care(ill).state == "open"
    discharge(cast, ill, NOON + 2 * DAY)
    assert care(ill).state == "returned"


@pytest.mark.parametrize(("days", "reopened"), [(14, True), (15, False)])
def test_an_alert_takes_care_up_again_within_the_days_of_the_pack(
    cast: Cast, ill: Case, days: int, reopened: bool
) -> None:
    discharge(cast, ill, NOON)
    say(cast, "lin", fever("38.6", "cough"), at=NOON + days * DAY)
    assert SymptomAlert.objects.filter(person=ill.person).exists()
    assert Complication.objects.filter(care__case=ill, source="alert").exists() == reopened
    assert (care(ill).state == "open") == reopened


# --- the return ------------------------------------------------------------------------------------------------------


def test_conditions_are_kept_as_they_stood_in_both_languages(cast: Cast, ill: Case) -> None:
    by = cast.by("he")
    with pytest.raises(BadInput) as refused:
        actions.clear(ill, back_on=TODAY, by=by, at=NOON)
    assert (code(refused), refused.value.data["unmet"]) == ("return_reason", ["discharged"])
    assert not Clearance.objects.exists()
    row = actions.clear(ill, back_on=TODAY, reason="外院出院小结已看", by=by, at=NOON)
    assert row.reason == "外院出院小结已看"
    assert "-No discharge from treatment is on record." in row.lines_en.splitlines()
    assert row.lines_zh != row.lines_en
    with pytest.raises(Conflict) as twice:
        actions.clear(ill, back_on=TODAY, reason="再来", by=by, at=NOON)
    assert code(twice) == "clearance_valid"


def test_an_open_alert_asks_for_a_reason(cast: Cast, ill: Case) -> None:
    discharge(cast, ill, NOON)
    say(cast, "lin", fever("38.6", "cough"), at=NOON + 20 * DAY)
    at = NOON + 20 * DAY
    with pytest.raises(BadInput) as refused:
        actions.clear(ill, back_on=TODAY + 20 * DAY, by=cast.by("he"), at=at)
    assert refused.value.data["unmet"] == ["no_alert"]
    for alert in SymptomAlert.objects.filter(person=ill.person, state="open"):
        close_alert(alert, reason="已看", by=cast.by("he"), at=at)
    assert actions.clear(ill, back_on=TODAY + 20 * DAY, by=cast.by("he"), at=at).valid


@pytest.mark.parametrize("days", [-1, 400])
def test_a_day_of_return_that_cannot_be(cast: Cast, ill: Case, days: int) -> None:
    with pytest.raises(BadInput) as refused:
        actions.clear(ill, back_on=TODAY + days * DAY, reason="急", by=cast.by("he"), at=NOON)
    assert code(refused) == "days_invalid"


def test_what_a_code_tells_and_what_not(cast: Cast, ill: Case) -> None:
    by = cast.by("he")
    actions.set_leave(ill, first=TODAY, until=TODAY + 3 * DAY, by=by, at=NOON)
    discharge(cast, ill, NOON)
    row = actions.clear(ill, back_on=TODAY + DAY, by=by, at=NOON)
    text = queries.code_of(row)
    early = queries.verify(text, at=NOON)
    assert (early.state, early.name, early.good) == ("early", "林**", False)
    good = queries.verify(f" {text.lower()} ", at=NOON + DAY)
    assert (good.state, good.absent_from, good.back_on) == ("valid", TODAY, TODAY + DAY)
    assert queries.verify(text[:-1] + ("A" if text[-1] != "A" else "B"), at=NOON).state == "unknown"
    assert queries.verify("R-2026-0001", at=NOON) == queries.verify("", at=NOON)
    actions.revoke(row, reason="误发", absent_until=TODAY + 4 * DAY, by=by, at=NOON)
    assert queries.verify(text, at=NOON).state == "revoked"


# --- walls, trail, presence ------------------------------------------------------------------------------------------


def test_only_the_clinic_of_the_person_writes(cast: Cast, ill: Case) -> None:
    for who in ("qiu", "fang", "meng", "lin", "su"):
        with pytest.raises((Forbidden, NotFound)):
            actions.treat(ill, kind="other", place="clinic", text="药", by=cast.by(who), at=NOON)
        with pytest.raises(NotFound):
            queries.managed_case(cast.by(who), ill.pk)
    assert not Care.objects.exists()


def test_two_people_at_once(cast: Cast, ill: Case) -> None:
    by = cast.by("he")
    actions.set_medical(ill, allergies="青霉素", chronic="", version=0, by=by, at=NOON)
    with pytest.raises(Conflict) as refused:
        actions.set_medical(ill, allergies="无", chronic="", version=0, by=by, at=NOON)
    assert code(refused) == "version_conflict"
    assert care(ill).allergies == "青霉素"


def test_the_log_names_acts_and_never_what_ails_anybody(cast: Cast, ill: Case) -> None:
    by = cast.by("he")
    actions.set_medical(ill, allergies="青霉素", chronic="哮喘", by=by, at=NOON)
    step(cast, refer(cast, ill), "critical", NOON)
    treat(cast, ill)
    entries = AuditEntry.objects.filter(kind="care")
    assert {entry.verb for entry in entries} == {
        "care.medical_set", "care.leave_set", "care.referred", "care.step_added", "care.treated",
    }  # fmt: skip
    written = " ".join(str(entry.new) for entry in entries)
    assert not any(word in written for word in ("青霉素", "哮喘", "critical", "奥司他韦", "高热"))
    assert {entry.subject for entry in entries} == {ill.person_id}


def test_the_person_objects_and_somebody_else_answers(cast: Cast, ill: Case) -> None:
    treat(cast, ill)
    found = care(ill)
    with pytest.raises(Forbidden):
        actions.object_to_care(found, text="不对", by=cast.by("wang"), at=NOON)
    actions.object_to_care(found, text="药不是我的", by=cast.by("lin"), at=NOON)
    row = actions.object_to_care(found, text="药写错了人", by=cast.by("lin"), at=NOON)
    assert found.objections.count() == 1
    with pytest.raises(BadInput) as refused:
        actions.answer_care_objection(found, text="已更正", by=cast.by("he"), at=NOON)
    assert refused.value.field == "same_reason"
    actions.answer_care_objection(found, text="已更正", same_reason="只有一位医生值班", by=cast.by("he"), at=NOON)
    row.refresh_from_db()
    assert row.answer == "已更正" and row.same_reason
    with pytest.raises(Conflict):
        actions.answer_care_objection(found, text="再答", same_reason="x", by=cast.by("he"), at=NOON)
