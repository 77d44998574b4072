"""Follow-ups from the confirmed contact to the last check: begun, handed on, called, completed, ended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from shouwang.cases import actions as case_actions
from shouwang.cases.models import Case
from shouwang.checkins import actions as checkins
from shouwang.checkins.models import CheckIn, Monitoring, SymptomAlert
from shouwang.checkins.rules import Answers
from shouwang.core.errors import BadInput, Conflict, Forbidden, NotFound
from shouwang.core.models import AuditEntry
from shouwang.core.packs import get_pack
from shouwang.org import actions as org
from shouwang.org.models import Grant, Person, Responsibility
from shouwang.org.tests.cast import NOON, SINCE, Cast
from shouwang.tracing import actions
from shouwang.tracing.models import FollowUp, FollowUpCall
from shouwang.tracing.queries import following as queries
from shouwang.tracing.tests.desk_scene import COVID, contact

SignIn = Callable[[str], Client]
pytestmark = pytest.mark.django_db
WELL = Answers(temperature_c=Decimal("36.5"), exposure=False)
ENDS = date(2026, 3, 16)  # fourteen days after 2 March, the morning of the last night together


@pytest.fixture
def followed(cast: Cast, traced: Case) -> FollowUp:
    """Wang, who shares Lin's room, is confirmed; Fang answers for the class."""
    org.assign_responsibility(
        organisation=cast.org["CS2301"], person=cast.person["fang"], on=SINCE, by=cast.by("admin"), at=NOON
    )
    actions.confirm(contact(traced, cast, "wang"), by=cast.by("qiu"), at=NOON)
    return FollowUp.objects.get(person=cast.person["wang"])


def check_in(cast: Cast, who: str, at: datetime, answers: Answers = WELL) -> CheckIn:
    return checkins.submit(
        person=cast.person[who], answers=answers, client_key=f"{who}-{at.isoformat()}", by=cast.by(who, at), at=at
    )


def later(days: int, hours: int = 0) -> datetime:
    return NOON + timedelta(days=days, hours=hours)


def test_a_confirmed_contact_is_followed_by_who_answers_for_them(cast: Cast, followed: FollowUp) -> None:
    assert (followed.starts_on, followed.ends_on, followed.checks_per_day) == (date(2026, 3, 2), ENDS, 2)
    assert followed.assigned_id == cast.person["fang"].pk and followed.assigned_by is None
    spell = Monitoring.objects.get(reference=followed.reference)
    assert (spell.person_id, spell.ends, spell.checks_per_day) == (followed.person_id, ENDS, 2)
    assert AuditEntry.objects.filter(verb="followup.begun", subject=followed.person_id).count() == 1


def test_again_changes_nothing_and_keeps_who_was_asked(cast: Cast, traced: Case, followed: FollowUp) -> None:
    actions.hand_over(followed, cast.person["he"], by=cast.by("fang"), at=NOON)
    before = FollowUp.objects.values().get(pk=followed.pk)
    assert actions.sync_all(by=cast.by("qiu"), at=later(1)) == 1
    actions.trace_case(traced, by=cast.by("qiu"), at=later(1))
    after = FollowUp.objects.values().get(pk=followed.pk)
    assert after == before


def test_a_dismissed_contact_is_followed_no_longer(cast: Cast, traced: Case, followed: FollowUp) -> None:
    actions.dismiss(contact(traced, cast, "wang"), reason="当晚不在宿舍", by=cast.by("qiu"), at=later(1))
    followed.refresh_from_db()
    assert followed.state == "withdrawn" and followed.ended_at == later(1)
    assert Monitoring.objects.get(reference=followed.reference).ends == date(2026, 3, 3)


def test_who_falls_ill_is_a_case_and_followed_no_longer(cast: Cast, followed: FollowUp) -> None:
    case_actions.open_case(
        person=cast.person["wang"], pack=get_pack(COVID), classification="suspected", reason="发热", by=cast.by("he"),
        at=later(2),
    )  # fmt: skip
    followed.refresh_from_db()
    assert followed.state == "case"


def test_a_discarded_case_frees_and_one_taken_up_again_binds(cast: Cast, traced: Case, followed: FollowUp) -> None:
    by = cast.by("he")
    case_actions.classify(traced, new="discarded", reason="两次阴性", by=by, at=later(1))
    followed.refresh_from_db()
    assert followed.state == "withdrawn"
    case_actions.classify(traced, new="confirmed", reason="复检阳性", by=by, at=later(2))
    running = FollowUp.objects.get(person=cast.person["wang"], state="running")
    assert running.ends_on == ENDS and running.assigned_id == cast.person["fang"].pk


def test_it_ends_with_a_successful_last_check_and_not_before(cast: Cast, followed: FollowUp) -> None:
    for day in range(14):
        check_in(cast, "wang", later(day))
        actions.sweep_follow_ups(at=later(day, 1))
    followed.refresh_from_db()
    assert followed.state == "running"
    actions.sweep_follow_ups(at=later(15))
    followed.refresh_from_db()
    assert followed.state == "running"  # silent on the last day
    check_in(cast, "wang", later(15, 1))
    assert actions.sweep_follow_ups(at=later(15, 2)) == {"completed": 1, "handed_on": 0}
    followed.refresh_from_db()
    assert followed.state == "completed" and followed.ended_by is None
    assert actions.sync_all(by=cast.by("qiu"), at=later(15, 3)) == 0  # not begun anew for the same days


def test_a_fever_on_the_last_day_ends_nothing(cast: Cast, followed: FollowUp) -> None:
    check_in(cast, "wang", later(14), Answers(temperature_c=Decimal("38.4"), symptoms=("cough",), exposure=False))
    actions.sweep_follow_ups(at=later(15))
    followed.refresh_from_db()
    assert followed.state == "running"
    (line,) = queries.lines([followed], today=date(2026, 3, 17))
    assert line.closing == "last_unwell"


def test_a_silent_day_goes_to_the_deputy_then_upwards_once_each(cast: Cast, followed: FollowUp) -> None:
    admin = cast.by("admin")
    org.assign_responsibility(
        organisation=cast.org["CS2301"], person=cast.person["he"], rank="deputy", on=SINCE, by=admin, at=NOON
    )
    org.assign_responsibility(organisation=cast.org["WCU"], person=cast.person["qiu"], on=SINCE, by=admin, at=NOON)
    # Su answers for the college and holds no right to follow anybody: she is never asked.
    org.assign_responsibility(organisation=cast.org["IE"], person=cast.person["su"], on=SINCE, by=admin, at=NOON)
    asked = []
    for day in range(1, 6):
        for again in range(2):
            actions.sweep_follow_ups(at=later(day, again))
        followed.refresh_from_db()
        assert followed.assigned is not None
        asked.append(followed.assigned.name)
    # 3 March is the first whole day of silence; on the 5th nobody further is left, and the last stays asked.
    assert asked == ["方老师", "何医生", "邱追踪", "邱追踪", "邱追踪"]
    assert AuditEntry.objects.filter(verb="followup.handed_on").count() == 2


def test_a_call_enters_what_they_said_and_triage_sees_it(cast: Cast, followed: FollowUp) -> None:
    said = Answers(temperature_c=Decimal("38.2"), symptoms=("cough",))
    call = actions.record_call(
        followed, how="phone", outcome="reached", client_key="call-0001", answers=said, by=cast.by("qiu"), at=later(1)
    )
    again = actions.record_call(
        followed, how="phone", outcome="reached", client_key="call-0001", answers=said, by=cast.by("qiu"), at=later(1)
    )
    assert again == call and FollowUpCall.objects.count() == 1
    entered = CheckIn.objects.get(client_key="call-0001")
    assert (entered.source, entered.receipt, entered.severity) == ("proxy", call.receipt, "high")
    assert SymptomAlert.objects.filter(person=cast.person["wang"], state="open").exists()


def test_whom_one_does_not_reach_says_nothing(cast: Cast, followed: FollowUp) -> None:
    by = cast.by("fang")
    done = actions.record_call(followed, how="phone", outcome="not_reached", client_key="k" * 8, by=by, at=NOON)
    assert done.receipt == "" and not CheckIn.objects.exists()
    with pytest.raises(BadInput):
        actions.record_call(followed, how="phone", outcome="refused", client_key="m" * 8, answers=WELL, by=by, at=NOON)
    with pytest.raises(BadInput):
        actions.record_call(followed, how="phone", outcome="reached", client_key="n" * 8, by=by, at=NOON)
    with pytest.raises(BadInput):
        actions.record_call(followed, how="pigeon", outcome="refused", client_key="o" * 8, by=by, at=NOON)
    assert FollowUpCall.objects.count() == 1


@pytest.mark.parametrize("who", ["meng", "xu", "su", "deng", "tang", "admin", "wang"])
def test_nobody_else_follows_or_sees(cast: Cast, followed: FollowUp, who: str) -> None:
    by = cast.by(who)
    with pytest.raises(NotFound):
        queries.follow_up_for(by, followed.pk)
    with pytest.raises(Forbidden):
        actions.record_call(followed, how="phone", outcome="refused", client_key="p" * 8, by=by, at=NOON)
    with pytest.raises(Forbidden):
        actions.hand_over(followed, None, by=by, at=NOON)
    with pytest.raises(Forbidden):
        actions.end_follow_up(followed, reason="x", by=by, at=NOON)


def test_handing_over_to_somebody_who_may_not_is_refused(cast: Cast, followed: FollowUp) -> None:
    for who in ("meng", "xu", "su"):
        with pytest.raises(BadInput):
            actions.hand_over(followed, cast.person[who], by=cast.by("fang"), at=NOON)
    with pytest.raises(Conflict):
        actions.hand_over(followed, None, by=cast.by("fang"), at=NOON, version=99)
    assert actions.hand_over(followed, cast.person["qiu"], by=cast.by("fang"), at=NOON).assigned_id


def test_ended_by_decision_keeps_the_reason_and_does_not_begin_again(cast: Cast, followed: FollowUp) -> None:
    with pytest.raises(BadInput):
        actions.end_follow_up(followed, reason=" ", by=cast.by("fang"), at=later(3))
    actions.end_follow_up(followed, reason="转至外地由当地随访", by=cast.by("fang"), at=later(3))
    followed.refresh_from_db()
    assert (followed.state, followed.end_reason) == ("ended", "转至外地由当地随访")
    assert actions.sync_all(by=cast.by("qiu"), at=later(4)) == 0
    with pytest.raises(Conflict):
        actions.record_call(
            followed, how="phone", outcome="refused", client_key="q" * 8, by=cast.by("fang"), at=later(4)
        )


def test_those_nobody_looks_after_are_shared_out(cast: Cast, traced: Case) -> None:
    """Nobody answers for the class and there is no tracer: the follow-up waits in a list until it is shared out."""
    qiu, clinic = cast.by("qiu"), cast.by("he")
    Responsibility.objects.all().delete()
    Grant.objects.filter(role="tracer").delete()
    actions.confirm(contact(traced, cast, "wang"), by=qiu, at=NOON)
    row = FollowUp.objects.get()
    assert row.assigned is None
    today = date(2026, 3, 2)
    assert queries.counts(clinic, mine=False, today=today)["nobody"] == 1
    rows = list(queries.shared_out_of(clinic, today=today))
    among = [cast.person["xu"], cast.person["he"]]  # Xu cares for another college
    assert actions.share_out(rows, among, by=clinic, at=NOON) == 1
    row.refresh_from_db()
    assert row.assigned_id == cast.person["he"].pk


def test_where_nobody_answers_a_tracer_is_asked(cast: Cast, traced: Case) -> None:
    Responsibility.objects.all().delete()
    actions.confirm(contact(traced, cast, "wang"), by=cast.by("qiu"), at=NOON)
    assert FollowUp.objects.get().assigned_id == cast.person["qiu"].pk


def test_the_lists_are_what_they_say(cast: Cast, followed: FollowUp) -> None:
    by, tuesday = cast.by("qiu"), date(2026, 3, 3)
    found = queries.counts(by, mine=False, today=tuesday)
    assert found == {"due": 1, "silent": 0, "unwell": 0, "over": 0, "nobody": 0, "running": 1}
    for hours in (0, 6):
        check_in(cast, "wang", later(1, hours))
    assert queries.counts(by, mine=False, today=tuesday)["due"] == 0
    thursday = date(2026, 3, 5)
    assert queries.counts(by, mine=False, today=thursday)["silent"] == 1
    for show in queries.SHOWS:
        page = queries.follow_up_page(by, queries.FollowUpFilter(show), None, today=thursday)
        listed = queries.counts(by, mine=False, today=thursday).get(show, 0)
        assert len(page.rows) == listed, show


def test_the_pages_and_what_they_do(cast: Cast, sign_in: SignIn, followed: FollowUp, noon: Any) -> None:
    fang = sign_in("fang")
    listing = fang.get("/tracing/follow-ups/").content.decode()
    assert "王蕾" in listing and "0 / 2" in listing
    base = f"/tracing/follow-ups/{followed.pk}/"
    assert "末次接触" in fang.get(base).content.decode()
    bad = fang.post(f"{base}call/", {"client_key": "page-1", "how": "phone", "outcome": "reached"})
    assert bad.status_code == 422 and not CheckIn.objects.exists()
    good = {"client_key": "page-1", "how": "phone", "outcome": "reached", "topic": "well", "temperature_c": "36.4"}
    assert fang.post(f"{base}call/", good).status_code == 302
    assert CheckIn.objects.get().person == cast.person["wang"]
    assert fang.post(f"{base}hand-over/", {"to": cast.person["qiu"].pk, "version": 1}).status_code == 302
    assert fang.post(f"{base}end/", {"reason": "", "version": 2}).status_code == 400
    assert fang.post(f"{base}end/", {"reason": "已出国", "version": 2}).status_code == 302
    followed.refresh_from_db()
    assert followed.state == "ended" and followed.assigned == cast.person["qiu"]
    assert "已出国" in fang.get(base).content.decode()
    reads = set(AuditEntry.objects.filter(is_read=True, account=cast.account["fang"].pk).values_list("verb", flat=True))
    assert {"followup.listed", "followup.read"} <= reads
    assert sign_in("xu").get(base).status_code == 404
    assert sign_in("su").get("/tracing/follow-ups/").status_code == 403


def test_hostile_addresses_get_typed_errors(cast: Cast, sign_in: SignIn, followed: FollowUp) -> None:
    qiu = sign_in("qiu")
    assert qiu.get("/tracing/follow-ups/?show=everything").status_code == 400
    assert qiu.get("/tracing/follow-ups/?page=nonsense").status_code == 400
    assert qiu.post("/tracing/follow-ups/share/", {"among": "x"}).status_code == 400
    assert qiu.post("/tracing/follow-ups/share/", {}).status_code == 400
    assert qiu.post(f"/tracing/follow-ups/{followed.pk}/hand-over/", {"to": "9" * 30}).status_code in (400, 422)


def test_it_is_purged_after_its_day_and_never_while_it_runs(followed: FollowUp) -> None:
    from shouwang.tracing.purging import due_follow_ups

    long_after = followed.purge_on + timedelta(days=1)
    assert not due_follow_ups(long_after).exists()
    FollowUp.objects.update(state="completed")
    assert due_follow_ups(long_after).exists() and not due_follow_ups(followed.ends_on).exists()


def test_unknown_people_do_not_break_the_sweep(cast: Cast, followed: FollowUp) -> None:
    """Who left the roster has nobody above them: the follow-up stays with whom it has and is listed."""
    Person.objects.filter(pk=followed.person_id).update(home=None, home_path="")
    assert actions.sweep_follow_ups(at=later(2)) == {"completed": 0, "handed_on": 0}


def test_the_person_reads_what_is_on_record_of_them(cast: Cast, sign_in: SignIn, followed: FollowUp, noon: Any) -> None:
    by = cast.by("fang")
    actions.record_call(
        followed, how="phone", outcome="not_reached", client_key="r" * 8, note="电话关机", by=by, at=NOON
    )
    actions.end_follow_up(followed, reason="已离校", by=by, at=later(1))
    page = sign_in("wang").get("/tracing/follow-ups/mine/").content.decode()
    assert "方老师" in page and "电话关机" in page and "已离校" in page
    assert "林晓" not in page  # who the case is stays unsaid
    assert "电话关机" not in sign_in("lin").get("/tracing/follow-ups/mine/").content.decode()


def test_whoever_still_has_somebody_to_hear_is_reminded_and_told_no_name(cast: Cast, followed: FollowUp) -> None:
    from shouwang.web.reminding import PeopleToCall

    tuesday, calls = date(2026, 3, 3), PeopleToCall()
    (due,) = calls.due_on(tuesday)
    assert (due.zh, due.path) == ("今天要联系的人", "/tracing/follow-ups/")
    assert list(calls.owing(due.key, due.at)) == [cast.person["fang"]]
    ask: dict[str, Any] = {"until": due.at, "reached": True, "already": False}
    facts = calls.facts(due.key, due.at, cast.person["fang"], **ask)
    assert (facts.asked, facts.heard) == (True, False)
    for hours in (-3, 2):
        check_in(cast, "wang", later(1, hours))
    assert not calls.owing(due.key, due.at).exists()
    assert calls.facts(due.key, due.at, cast.person["fang"], **ask).heard
    assert not calls.facts(due.key, due.at, cast.person["he"], **ask).asked
    assert calls.due_on(date(2026, 4, 1)) == ()
