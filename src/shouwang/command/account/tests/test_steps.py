"""A matter from proposal to its end: who does what, what each may see, what remains."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shouwang.command.account import actions, facts, queries, rules
from shouwang.command.account.models import Matter, MatterEvent, MatterFact
from shouwang.command.account.tests.builders import (
    DAY,
    HOUR,
    TOLD,
    appealed,
    proposed,
    replied,
    second_leader,
    served,
    standing,
    upheld,
)  # fmt: skip
from shouwang.core.errors import BadInput, Conflict, Forbidden, NotFound
from shouwang.core.models import AuditEntry
from shouwang.core.scope import system_actor
from shouwang.org.models import Grant, Responsibility
from shouwang.org.queries import audit as log
from shouwang.org.tests.cast import NOON, SINCE, Cast

ON = NOON.date()


def seen(cast: Cast, who: str) -> set[int]:
    return set(queries.visible_matters(cast.by(who), on=ON).values_list("pk", flat=True))


def test_the_whole_way(cast: Cast) -> None:
    second_leader(cast)
    row = appealed(cast)
    assert (row.state, row.decided_by, row.reply_due) == ("appealed", cast.account["tang"], NOON + 3 * DAY)
    done = actions.decide_appeal(row, verdict="upheld", text="核对过，维持", by=cast.by("gu"), at=NOON)
    assert (done.state, done.due_at, done.expires_at) == ("stands", NOON + 90 * DAY, NOON + 90 * DAY)
    assert [event.act for event in done.events.all()] == [
        "propose", "serve", "reply", "decide", "appeal", "decide_appeal",
    ]  # fmt: skip
    verbs = set(AuditEntry.objects.filter(kind="matter").values_list("verb", flat=True))
    assert verbs == {f"matter.{event.act}" for event in done.events.all()}


def test_only_parties_learn_of_it(cast: Cast) -> None:
    row = proposed(cast)
    assert [who for who in cast.account if row.pk in seen(cast, who)] == ["su"], "not before it is served"
    served(cast, row)
    assert [who for who in cast.account if row.pk in seen(cast, who)] == ["fang", "su"]
    replied_row = actions.reply(row, text="值班表已经补报", by=cast.by("fang"), at=NOON)
    assert [who for who in cast.account if row.pk in seen(cast, who)] == ["fang", "su", "tang"], "to be decided"
    actions.decide(replied_row, verdict="upheld", text="事实清楚", by=cast.by("tang"), at=NOON)
    second_leader(cast)
    assert [who for who in cast.account if row.pk in seen(cast, who)] == ["fang", "su", "tang"]
    for stranger in ("lin", "xu", "gu", "he", "admin"):
        with pytest.raises(NotFound):
            queries.matter_for(cast.by(stranger), row.pk, on=ON)


def test_a_matter_about_a_person_is_theirs_alone(cast: Cast) -> None:
    Responsibility.objects.create(organisation=cast.org["IE"], person=cast.person["he"], rank="deputy", starts=SINCE)
    row = served(cast, proposed(cast, person=cast.person["he"]))
    assert [who for who in cast.account if row.pk in seen(cast, who)] == ["he", "su"]
    with pytest.raises(Forbidden):
        actions.reply(row, text="替他说一句话", by=cast.by("fang"), at=NOON)
    assert actions.reply(row, text="值班表已经补报", by=cast.by("he"), at=NOON).state == "replied"


def test_it_is_about_whoever_answers_and_never_about_a_student(cast: Cast) -> None:
    with pytest.raises(BadInput) as refused:
        proposed(cast, person=cast.person["xu"])
    assert refused.value.error_code == "not_answering"
    Responsibility.objects.create(
        organisation=cast.org["CS2301"], person=cast.person["meng"], rank="first", starts=SINCE
    )
    with pytest.raises(BadInput):
        proposed(cast, unit=cast.org["CS2301"], person=cast.person["meng"])
    row = served(cast, proposed(cast, unit=cast.org["CS2301"]))
    assert row.pk in seen(cast, "meng"), "the class monitor answers for the class as a unit"


def test_where_nobody_answers_the_nearest_above_does(cast: Cast) -> None:
    row = served(cast, proposed(cast, unit=cast.org["CS2302"]))
    assert queries.concerned_units(cast.by("fang"), on=ON) == sorted([cast.org["IE"].pk, cast.org["CS2302"].pk])
    assert actions.reply(row, text="班级暂无责任人，已指定", by=cast.by("fang"), at=NOON).state == "replied"
    with pytest.raises(Conflict) as refused:
        served(cast, proposed(cast, unit=cast.org["FL"]))
    assert refused.value.error_code == "nobody_answers"


def test_a_person_proposes_never_the_program(cast: Cast) -> None:
    with pytest.raises(Forbidden):
        actions.propose(
            cast.org["IE"], step="reminder", asked="三日内报送", told=[TOLD], by=system_actor(), at=NOON
        )  # fmt: skip
    with pytest.raises(Forbidden):
        actions.propose(cast.org["IE"], step="reminder", asked="三日内报送", told=[TOLD], by=cast.by("tang"), at=NOON)
    with pytest.raises(BadInput) as refused:
        actions.propose(cast.org["IE"], step="reminder", asked="三日内报送", by=cast.by("su"), at=NOON)
    assert refused.value.error_code == "facts_missing"


def test_nobody_proposes_or_decides_in_their_own_matter(cast: Cast) -> None:
    row = replied(cast)
    with pytest.raises(Forbidden):
        actions.decide(row, verdict="upheld", text="事实清楚", by=cast.by("su"), at=NOON)
    Responsibility.objects.filter(organisation=cast.org["IE"]).update(person=cast.person["tang"])
    with pytest.raises(Forbidden):
        actions.decide(row, verdict="withdrawn", text="我看没问题", by=cast.by("tang"), at=NOON)
    Responsibility.objects.filter(organisation=cast.org["IE"]).update(person=cast.person["su"])
    with pytest.raises(Forbidden) as refused:
        proposed(cast)
    assert refused.value.error_code == "own_matter"


def test_what_is_proposed_about_oneself_is_read_when_it_is_served(cast: Cast) -> None:
    row = proposed(cast)
    Responsibility.objects.filter(organisation=cast.org["IE"]).update(person=cast.person["su"])
    assert row.pk not in seen(cast, "su")


def test_two_deciders_at_once(cast: Cast) -> None:
    second_leader(cast)
    row = replied(cast)
    stale = Matter.objects.get(pk=row.pk)
    actions.decide(row, verdict="upheld", text="事实清楚", by=cast.by("tang"), at=NOON)
    with pytest.raises(Conflict) as refused:
        actions.decide(stale, verdict="withdrawn", text="事实有误", by=cast.by("gu"), at=NOON)
    assert refused.value.error_code == "matter_state"
    assert Matter.objects.get(pk=row.pk).decided_by == cast.account["tang"]


def test_a_notice_is_not_decided_before_the_reply_or_its_time(cast: Cast) -> None:
    row = served(cast, proposed(cast, step="notice", urgent="当晚要用隔离床位"))
    with pytest.raises(Conflict):
        actions.decide(row, verdict="upheld", text="事实清楚", by=cast.by("tang"), at=NOON + 7 * DAY - HOUR)
    done = actions.decide(
        row, verdict="upheld", text="未见回复，事实清楚", by=cast.by("tang", NOON + 7 * DAY), at=NOON + 7 * DAY
    )  # fmt: skip
    assert done.state == "decided"
    assert [event.act for event in done.events.all()] == ["propose", "serve", "time", "decide"], "no sweeper needed"


def test_a_late_reply_is_read_until_it_is_decided(cast: Cast) -> None:
    row = served(cast)
    assert actions.sweep_matters(at=NOON + 3 * DAY) == 1
    row.refresh_from_db()
    assert row.state == "overdue"
    assert actions.reply(row, text="出差刚回，值班表已补", by=cast.by("fang"), at=NOON + 4 * DAY).state == "replied"


def test_the_next_step_stands_on_the_same_facts(cast: Cast) -> None:
    with pytest.raises(BadInput) as refused:
        proposed(cast, step="talk")
    assert refused.value.error_code == "step_too_high"
    under_appeal = upheld(cast)
    with pytest.raises(BadInput):
        proposed(cast, step="talk", previous=under_appeal)
    actions.sweep_matters(at=NOON + 30 * DAY)
    under_appeal.refresh_from_db()
    at = NOON + 31 * DAY
    talk = actions.propose(
        cast.org["IE"], step="talk", asked="当面说明原因", previous=under_appeal, by=cast.by("su", at), at=at
    )
    assert [fact.words for fact in talk.facts.all()] == [TOLD.words]
    with pytest.raises(BadInput):
        proposed(cast, unit=cast.org["CS2301"], step="talk", previous=under_appeal, at=at)


def test_a_talk_is_decided_after_it_was_held(cast: Cast) -> None:
    row = replied(cast, proposed(cast, step="talk", urgent="当晚要用隔离床位"))
    with pytest.raises(Conflict) as refused:
        actions.decide(row, verdict="upheld", text="事实清楚", by=cast.by("tang"), at=NOON)
    assert refused.value.error_code == "talk_missing"
    actions.note_talk(row, text="当面说明了情况", by=cast.by("su"), at=NOON)
    assert actions.decide(row, verdict="upheld", text="事实清楚", by=cast.by("tang"), at=NOON).talk == "当面说明了情况"


def test_whoever_held_the_talk_does_not_decide(cast: Cast) -> None:
    Grant.objects.create(account=cast.account["tang"], role="office", organisation=cast.org["WCU"], starts=SINCE)
    row = replied(cast, proposed(cast, step="talk", urgent="当晚要用隔离床位"))
    actions.note_talk(row, text="当面说明了情况", by=cast.by("tang"), at=NOON)
    with pytest.raises(Forbidden):
        actions.decide(row, verdict="upheld", text="事实清楚", by=cast.by("tang"), at=NOON)


def test_a_fact_that_is_wrong_is_answered(cast: Cast) -> None:
    row = served(cast)
    fact = row.facts.get()
    with pytest.raises(Forbidden):
        actions.contest(row, fact.pk, text="报过一次的", by=cast.by("su"), at=NOON)
    with pytest.raises(NotFound):
        actions.contest(row, fact.pk + 1, text="报过一次的", by=cast.by("fang"), at=NOON)
    actions.contest(row, fact.pk, text="第二次就已经报了", by=cast.by("fang"), at=NOON)
    row = actions.reply(row, text="见上面的说明", by=cast.by("fang"), at=NOON)
    with pytest.raises(BadInput):
        actions.decide(row, verdict="upheld", text="事实清楚", by=cast.by("tang"), at=NOON)
    answers = {fact.pk: "收文登记上没有"}
    done = actions.decide(row, verdict="upheld", text="事实清楚", answers=answers, by=cast.by("tang"), at=NOON)
    assert done.facts.get().answer == "收文登记上没有"
    assert done.facts.get().words == TOLD.words, "the fact itself is not rewritten"


def test_an_appeal_goes_to_a_third_hand(cast: Cast) -> None:
    row = appealed(cast)
    for who in ("su", "tang", "fang"):
        with pytest.raises(Forbidden):
            actions.decide_appeal(row, verdict="upheld", text="核对过，维持", by=cast.by(who), at=NOON)
    second_leader(cast)
    actions.decide_appeal(row, verdict="upheld", text="核对过，维持", by=cast.by("gu"), at=NOON)


def test_an_appeal_goes_up_where_somebody_is_there(cast: Cast) -> None:
    """He and Gu lead the college; Tang leads the university."""
    second_leader(cast, "he", "IE")
    second_leader(cast, "gu", "IE")
    row = actions.decide(replied(cast), verdict="upheld", text="事实清楚", by=cast.by("he"), at=NOON)
    row = actions.appeal(row, text="值班表前一天已报", by=cast.by("fang"), at=NOON)
    with pytest.raises(Forbidden):
        actions.decide_appeal(row, verdict="upheld", text="核对过，维持", by=cast.by("gu"), at=NOON)
    assert (
        actions.decide_appeal(row, verdict="upheld", text="核对过，维持", by=cast.by("tang"), at=NOON).state == "stands"
    )


def nothing_remains(row: Matter) -> None:
    row = Matter.objects.get(pk=row.pk)
    assert not any(getattr(row, name) for name in actions.WORDS)
    assert not any(getattr(row, f"{name}_id") for name in actions.HANDS)
    assert not MatterFact.objects.filter(matter=row).exists()
    assert not MatterEvent.objects.filter(matter=row).exists()


def test_withdrawn_on_appeal_nothing_remains_but_that_it_was(cast: Cast) -> None:
    second_leader(cast)
    row = actions.decide_appeal(appealed(cast), verdict="withdrawn", text="登记有误", by=cast.by("gu"), at=NOON)
    assert (row.state, row.ending, row.ended_at) == ("withdrawn", "appeal", NOON)
    nothing_remains(row)
    assert seen(cast, "fang") == {row.pk}, "whom it concerned reads that it was withdrawn"
    assert seen(cast, "gu") == set()
    words = AuditEntry.objects.filter(kind="matter").values_list("new", "old")
    assert all(set(new or ()) == set(old or ()) == {"state"} for new, old in words), "the audit keeps no words either"


@pytest.mark.parametrize("days", [0, 13, 14])
def test_after_some_days_nobody_is_named_by_what_was_withdrawn(cast: Cast, days: int) -> None:
    row = replied(cast, proposed(cast, person=cast.person["fang"]))
    actions.decide(row, verdict="withdrawn", text="登记有误", by=cast.by("tang"), at=NOON)
    actions.sweep_matters(at=NOON + days * DAY)
    row = Matter.objects.get(pk=row.pk)
    assert (row.person is None) is (days == 14)
    assert (row.about, row.state) == ("person", "withdrawn")


def test_what_is_not_decided_in_time_is_withdrawn(cast: Cast) -> None:
    for start, row in (("proposed", proposed(cast)), ("replied", replied(cast)), ("appealed", appealed(cast))):
        assert row.due_at is not None, start
        late = row.due_at
        with pytest.raises((Conflict, Forbidden)):
            actions.serve(row, by=cast.by("su", late), at=late)
        actions.sweep_matters(at=late)
        row.refresh_from_db()
        assert (row.state, row.ending) == ("withdrawn", "silence"), start
        nothing_remains(row)


def test_it_expires(cast: Cast) -> None:
    row = standing(cast, proposed(cast, person=cast.person["fang"]))
    assert (row.state, row.due_at) == ("stands", NOON + 90 * DAY)
    assert actions.sweep_matters(at=NOON + 90 * DAY - timedelta(seconds=1)) == 0
    assert actions.sweep_matters(at=NOON + 90 * DAY) == 1
    row.refresh_from_db()
    assert (row.state, row.ending, row.person, row.due_at) == ("expired", "time", None, None)
    nothing_remains(row)
    assert actions.sweep_matters(at=NOON + 900 * DAY) == 0


def test_the_office_lifts_it_early(cast: Cast) -> None:
    row = actions.take_back(standing(cast), text="已经整改到位", by=cast.by("su"), at=NOON + 31 * DAY)
    assert (row.state, row.ending) == ("withdrawn", "taken_back")
    with pytest.raises(Forbidden):
        actions.take_back(served(cast), text="我撤了它吧", by=cast.by("fang"), at=NOON)


def test_own_words_hold_no_numbers_of_people_or_cases() -> None:
    for words in ("CV-2026-0001 报告迟了", "2023010101 没有申报", "打13800001234没人接"):
        with pytest.raises(BadInput) as refused:
            facts.told(words, "值班记录")
        assert refused.value.error_code == "fact_names"
    with pytest.raises(BadInput) as refused:
        facts.told("三次督办后仍未报送", " ")
    assert refused.value.error_code == "fact_source"


def test_sides_are_named_for_nobody_else(cast: Cast) -> None:
    row = replied(cast)
    assert queries.sides(cast.by("lin"), row, on=ON) == frozenset()
    assert queries.sides(cast.by("fang"), row, on=ON) == {rules.SUBJECT}
    assert queries.sides(cast.by("su"), row, on=ON) == {rules.OFFICE}
    assert queries.sides(cast.by("tang"), row, on=ON) == {rules.DECIDER}


def test_what_was_withdrawn_about_a_person_is_read_by_them_alone(cast: Cast) -> None:
    row = replied(cast, proposed(cast, person=cast.person["fang"]))
    actions.decide(row, verdict="withdrawn", text="登记有误", by=cast.by("tang"), at=NOON)
    assert [who for who in cast.account if row.pk in seen(cast, who)] == ["fang"]
    actions.sweep_matters(at=NOON + 14 * DAY)
    assert [who for who in cast.account if row.pk in seen(cast, who)] == ["su"], "as a number, without a name"


def test_whether_there_are_hands_enough(cast: Cast) -> None:
    row = proposed(cast)
    assert queries.judges_left(row, on=ON) == 1
    second_leader(cast)
    second_leader(cast, "fang", "IE")
    assert queries.judges_left(row, on=ON) == 2, "not Fang, whom it concerns, nor Su, who proposed it"


def test_the_audit_log_tells_nobody_else_whom_it_concerns(cast: Cast) -> None:
    row = proposed(cast, person=cast.person["fang"])
    fang, admin = cast.by("fang"), cast.by("admin")
    assert "matter" not in {line.kind for line in log.seen_page(fang)[1]}, "not before it is served"
    replied(cast, row)
    mine = [line for line in log.seen_page(fang)[1] if line.kind == "matter"]
    assert {line.verb for line in mine} == {"matter.serve", "matter.reply"}
    _page, lines = log.audit_page(admin, log.AuditFilter(kind="matter"))
    assert len(lines) == 3
    assert not any(line.about or line.object or line.who == "方老师" or line.new for line in lines)
    _page, lines = log.audit_page(admin, log.AuditFilter(number="T0001"))
    assert not any(line.kind == "matter" for line in lines)
    _page, lines = log.audit_page(admin, log.AuditFilter(account="fang"))
    assert not any(line.kind == "matter" for line in lines)
