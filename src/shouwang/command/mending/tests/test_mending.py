"""From a rule that fires to what was learnt: findings, corrections that somebody else verifies, weak points."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.test import Client
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from shouwang.cases import actions as cases
from shouwang.cases.models import Clock
from shouwang.command import actions as command
from shouwang.command import queries as command_queries
from shouwang.command.mending import actions, queries, rules
from shouwang.command.mending.facts import facts
from shouwang.command.models import Correction, GapFinding, WeakPoint
from shouwang.command.queries.answering import Answered, answered_by
from shouwang.core.errors import BadInput, Conflict, Forbidden, NotFound, ShouwangError
from shouwang.core.models import AuditEntry
from shouwang.core.packs import get_pack
from shouwang.org.models import Responsibility
from shouwang.org.tests.cast import NOON, Cast

SignIn = Callable[[str], Client]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOW = timedelta(0)


def sweep(at: datetime) -> int:
    return actions.sweep_gaps(at=at, every=NOW)


@pytest.fixture
def late(cast: Cast) -> datetime:
    """A case of Lin's, class CS2301 of IE, whose clocks have run out; the moment after."""
    cases.open_case(
        person=cast.person["lin"], pack=get_pack("covid19-2020-6"), classification="suspected", reason="发热",
        onset_at=NOON - HOUR, by=cast.by("he"), at=NOON,
    )  # fmt: skip
    at = NOON + 20 * DAY
    assert Clock.objects.filter(due_at__lt=at, ended_at__isnull=True).exists()
    return at


def finding(code: str, unit: str) -> GapFinding:
    return GapFinding.objects.get(code=code, organisation__code=unit, ended_at__isnull=True)


def mended(cast: Cast, row: Correction, at: datetime) -> Correction:
    actions.act(row, "done", text="已逐项补齐", by=cast.by("fang", at), at=at)
    return actions.act(row, "verify", by=cast.by("su", at), at=at)


# --- findings --------------------------------------------------------------------------------------------------------


def test_a_gap_is_told_to_the_unit_below_the_institution(cast: Cast, late: datetime) -> None:
    assert sweep(late) > 0
    row = finding("clocks_late", "IE")
    assert (row.severity, row.count) == ("danger", row.of)
    assert not GapFinding.objects.filter(code="clocks_late", organisation__code="CS2301").exists()
    [gap] = [gap for gap in queries.open_gaps(cast.by("su")) if gap.finding == row]
    assert str(row.count) in gap.sentence and gap.proposal
    assert sweep(late) == 0, "the same again changes nothing"
    assert GapFinding.objects.filter(code="clocks_late", ended_at__isnull=True).count() == 1


def test_the_sweeper_looks_every_five_minutes(cast: Cast, late: datetime) -> None:
    assert actions.sweep_gaps(at=late) > 0
    GapFinding.objects.all().delete()
    assert actions.sweep_gaps(at=late + timedelta(minutes=4)) == 0
    assert actions.sweep_gaps(at=late + timedelta(minutes=5)) > 0


def test_what_is_counted_equals_its_own_list(cast: Cast, late: datetime) -> None:
    command.refresh_board(at=late)
    found = facts(late)
    unmet = Clock.objects.filter(ended_at__isnull=True, case__closed_at__isnull=True, due_at__lt=late).count()
    assert found["clocks_late"][cast.org["IE"].pk].count == unmet
    bare = 0
    for unit in cast.org.values():
        if unit.path.startswith(cast.org["FL"].path):
            bare += not Responsibility.objects.filter(organisation=unit, rank="first").exists()
    assert found["uncovered_units"].get(cast.org["FL"].pk, rules.Evidence(0)).count == bare


def test_a_gap_that_goes_ends_and_one_that_comes_back_is_a_recurrence(cast: Cast, late: datetime) -> None:
    sweep(late)
    first = finding("clocks_late", "IE")
    made = actions.open_correction(first, by=cast.by("su", late), at=late)
    mended(cast, made, late + HOUR)
    clocks = list(Clock.objects.filter(ended_at__isnull=True).values_list("pk", flat=True))
    Clock.objects.filter(pk__in=clocks).update(ended_at=late)
    command.refresh_board(at=late + 2 * HOUR)
    sweep(late + 2 * HOUR)
    first.refresh_from_db()
    assert first.ended_at == late + 2 * HOUR
    Clock.objects.filter(pk__in=clocks).update(ended_at=None)
    sweep(late + 3 * HOUR)
    again = finding("clocks_late", "IE")
    assert again.recurrence_of == first
    item = next(item for item in queries.learnt(cast.by("su", late)) if item.code == "clocks_late")
    assert (item.found, item.verified, item.came_back, item.median_hours) == (2, 1, 1, 1.0)


def test_a_correction_opens_by_itself_only_when_the_gap_lasts(cast: Cast, late: datetime) -> None:
    sweep(late)
    row = finding("clocks_late", "IE")
    rule = queries.rules_now().by_code["clocks_late"]
    assert rule.persists is not None and not row.corrections.exists()
    sweep(late + timedelta(minutes=rule.persists))
    made = row.corrections.get()
    assert (made.opened_by, made.due_at) == (None, late + timedelta(minutes=rule.persists, hours=rule.hours))
    actions.act(made, "drop", text="误报，时钟设置不当", by=cast.by("su", late), at=late + 2 * HOUR)
    sweep(late + 9 * HOUR)
    assert row.corrections.count() == 1, "one that somebody dropped stays dropped"


# --- corrections -----------------------------------------------------------------------------------------------------


def test_somebody_else_verifies(cast: Cast, late: datetime) -> None:
    sweep(late)
    made = actions.open_correction(finding("clocks_late", "IE"), by=cast.by("su", late), at=late)
    with pytest.raises(Forbidden):
        actions.act(made, "verify", by=cast.by("lin", late), at=late)
    with pytest.raises(Conflict):
        actions.act(made, "verify", by=cast.by("su", late), at=late)
    actions.act(made, "done", text="已逐项补齐", by=cast.by("fang", late), at=late)
    with pytest.raises(Forbidden):
        actions.act(made, "verify", by=cast.by("fang", late), at=late)
    back = actions.act(made, "send_back", text="还差一项", by=cast.by("su", late), at=late)
    assert (back.state, back.done_at) == ("open", None)
    actions.act(made, "done", text="这回齐了", by=cast.by("fang", late), at=late + HOUR)
    assert actions.act(made, "verify", by=cast.by("su", late), at=late + HOUR).state == "verified"
    with pytest.raises(Conflict):
        actions.act(made, "note", text="晚了一步", by=cast.by("fang", late), at=late + HOUR)
    assert [event.act for event in queries.events_of(made)] == ["opened", "done", "send_back", "done", "verify"]


def test_who_leads_two_sides_does_not_verify_their_own(cast: Cast, late: datetime) -> None:
    """Su runs the office and is made answerable for IE: then somebody else of the office looks."""
    sweep(late)
    made = actions.open_correction(finding("clocks_late", "IE"), by=cast.by("su", late), at=late)
    Responsibility.objects.filter(organisation=cast.org["IE"], rank="first").update(person=cast.person["su"])
    actions.act(made, "done", text="已处理完毕", by=cast.by("su", late), at=late)
    with pytest.raises(Forbidden):
        actions.act(made, "verify", by=cast.by("su", late), at=late)
    assert list(queries.to_verify(cast.by("su", late), _answered(cast, "su", late))) == []


def _answered(cast: Cast, who: str, at: datetime) -> Answered:
    return answered_by(cast.by(who, at), on=at.date())


def test_it_waits_in_the_work_of_whoever_answers_then_of_the_office(cast: Cast, late: datetime) -> None:
    sweep(late)
    made = actions.open_correction(finding("clocks_late", "IE"), by=cast.by("su", late), at=late)
    work = command_queries.work_of(cast.by("fang", late), at=late)
    assert [(item.kind, item.id) for item in work.items if item.kind == "mend"] == [("mend", made.pk)]
    assert "mend" not in {item.kind for item in command_queries.work_of(cast.by("xu", late), at=late).items}
    actions.act(made, "done", text="已逐项补齐", by=cast.by("fang", late), at=late)
    office = command_queries.work_of(cast.by("su", late), at=late)
    assert [item.id for item in office.items if item.kind == "check"] == [made.pk]


def test_where_nobody_answers_the_office_mends_and_somebody_else_looks(cast: Cast, late: datetime) -> None:
    Responsibility.objects.all().delete()
    sweep(late)
    made = actions.open_correction(finding("clocks_late", "IE"), by=cast.by("su", late), at=late)
    work = command_queries.work_of(cast.by("su", late), at=late)
    assert made.pk in [item.id for item in work.items if item.kind == "mend"]
    actions.act(made, "done", text="已处理完毕", by=cast.by("su", late), at=late)
    with pytest.raises(Forbidden):
        actions.act(made, "verify", by=cast.by("su", late), at=late)


def test_the_proposal_is_read_in_ones_own_language(cast: Cast, late: datetime) -> None:
    sweep(late)
    made = actions.open_correction(finding("clocks_late", "IE"), by=cast.by("su", late), at=late)
    titles = set()
    for language in ("zh-hans", "en"):
        with translation.override(language):
            titles.add(made.title)
    assert len(titles) == 2 and all(titles)


def test_only_within_reach(cast: Cast, late: datetime, sign_in: SignIn) -> None:
    sweep(late)
    row = finding("clocks_late", "IE")
    made = actions.open_correction(row, by=cast.by("su", late), at=late)
    xu = cast.by("xu", late)
    for ask in (
        lambda: queries.finding_for(xu, row.pk),
        lambda: queries.correction_for(xu, made.pk, at=late),
    ):
        with pytest.raises(NotFound):
            ask()
    with pytest.raises(Forbidden):
        actions.open_correction(finding("uncovered_units", "IE"), by=cast.by("fang", late), at=late)
    assert sign_in("lin").get("/command/gaps/").status_code == 404


@pytest.mark.parametrize("hours", [-1, 24 * 93])
def test_more_time_lies_ahead_and_within_a_quarter(cast: Cast, late: datetime, hours: int) -> None:
    sweep(late)
    made = actions.open_correction(finding("clocks_late", "IE"), by=cast.by("su", late), at=late)
    with pytest.raises(BadInput) as refused:
        actions.act(made, "extend", text="等物资到位", due_at=late + hours * HOUR, by=cast.by("su", late), at=late)
    assert refused.value.field == "due_at"
    moved = actions.act(made, "extend", text="等物资到位", due_at=late + DAY, by=cast.by("su", late), at=late)
    assert moved.due_at == late + DAY


# --- weak points -----------------------------------------------------------------------------------------------------


def test_told_without_a_name_nothing_says_who(cast: Cast) -> None:
    lin = cast.by("lin")
    row, code = actions.tell(
        cast.org["WCU"], text="食堂洗手池没有水", where="第一食堂", anonymous=True, by=lin, at=NOON
    )
    row.refresh_from_db()
    assert (row.account, row.day.isoformat()) == (None, "2026-03-02")
    kept = json.dumps(
        [list(WeakPoint.objects.values()), list(AuditEntry.objects.filter(kind="weak_point").values())], default=str
    )
    for trace in (str(cast.person["lin"].number), cast.account["lin"].username, code, "2026-03-02 04:00"):
        assert f'"{trace}"' not in kept, trace
    assert not AuditEntry.objects.filter(verb="weak_point.told").exists(), "its number would tell the minute"
    found = queries.point_by_code(f" {code.lower()} ")
    assert found == row
    assert queries.point_by_code(code[:-1] + ("A" if code[-1] != "A" else "B")) is None


def test_a_weak_point_becomes_a_correction_and_its_teller_reads_the_end(cast: Cast) -> None:
    row, code = actions.tell(cast.org["WCU"], text="食堂洗手池没有水", anonymous=True, by=cast.by("lin"), at=NOON)
    su = cast.by("su")
    made = actions.take_point(row, unit=cast.org["IE"], text="修好洗手池", due_at=NOON + DAY, by=su, at=NOON)
    with pytest.raises(Conflict):
        actions.answer_point(row, answer="已有人处理", by=su, at=NOON)
    mended(cast, made, NOON + HOUR)
    found = queries.point_by_code(code)
    assert found is not None and (found.state, found.answer) == ("answered", "已逐项补齐")


def test_telling_too_often_is_refused_without_keeping_who(cast: Cast) -> None:
    for k in range(actions.A_DAY):
        actions.tell(cast.org["WCU"], text=f"第{k}处扶手松动", anonymous=True, by=cast.by("lin"), at=NOON)
    with pytest.raises(Conflict) as refused:
        actions.tell(cast.org["WCU"], text="又一处扶手松动", anonymous=True, by=cast.by("lin"), at=NOON)
    assert refused.value.error_code == "told_often"
    actions.tell(cast.org["WCU"], text="路灯不亮", anonymous=False, by=cast.by("wang"), at=NOON)
    assert [point.text for point in queries.own_points(cast.by("wang"))] == ["路灯不亮"]


# --- pages, files ----------------------------------------------------------------------------------------------------


def test_the_whole_way_by_the_pages(cast: Cast, late: datetime, sign_in: SignIn) -> None:
    sweep(late)
    row = finding("clocks_late", "IE")
    with time_machine.travel(late, tick=False):
        su, fang = sign_in("su"), sign_in("fang")
        assert "四早时钟超时" in su.get("/command/gaps/").content.decode()
        opened = su.post(f"/command/gaps/{row.pk}/", {"text": ""})
        page = opened.headers["Location"]
        assert fang.get(page).status_code == 200
        assert fang.post(f"{page}done/", {"text": "x"}).status_code in (400, 422)
        assert fang.post(f"{page}done/", {"text": "已逐项补齐"}).status_code == 302
        assert su.post(f"{page}verify/").status_code == 302
        text = su.get("/command/gaps/learnt/").content.decode()
        assert "已逐项补齐" in text
        file = su.get("/command/gaps/learnt/file/").content.decode("utf-8-sig")
        assert "clocks_late" in file and "已逐项补齐" in file
    assert Correction.objects.get().state == "verified"


def test_telling_by_the_page(cast: Cast, sign_in: SignIn) -> None:
    lin, su = sign_in("lin"), sign_in("su")
    unit = cast.org["CS2301"].pk
    assert lin.post("/command/weak-points/", {"text": "", "unit": unit}).status_code == 422
    told = lin.post("/command/weak-points/", {"text": "宿舍门禁坏了", "unit": unit, "anonymous": "on"})
    point = WeakPoint.objects.get()
    assert told.status_code == 200 and point.account is None
    assert "宿舍门禁坏了" in su.get("/command/weak-points/all/").content.decode()
    assert "宿舍门禁坏了" in su.get("/command/weak-points/all/?show=waiting").content.decode()
    listed = su.get("/api/v1/command/weak-points?waiting=true").json()
    assert [row["text"] for row in listed["items"]] == ["宿舍门禁坏了"] and listed["next"] is None
    page = f"/command/weak-points/{point.pk}/"
    assert su.get(page).status_code == 200
    assert su.post(page, {"answer": "已报修，明日到场"}).status_code == 302
    point.refresh_from_db()
    assert point.state == "answered"
    assert lin.get(page).status_code == 404


def test_a_weak_point_is_given_to_a_unit_by_its_code(cast: Cast, sign_in: SignIn) -> None:
    row, _code = actions.tell(cast.org["WCU"], text="食堂洗手池没有水", anonymous=True, by=cast.by("lin"), at=NOON)
    su, page = sign_in("su"), f"/command/weak-points/{row.pk}/"
    given = {"text": "修好洗手池", "due_at": "2026-03-03T18:00"}
    refused = su.post(page, {**given, "unit": "NOWHERE"})
    assert refused.status_code == 422 and "unit" in refused.context["take"].errors
    assert su.post(page, {**given, "unit": "IE"}).status_code == 302
    assert Correction.objects.get().organisation == cast.org["IE"]


def test_the_lists_ask_the_same_whatever_is_there(
    cast: Cast, late: datetime, sign_in: SignIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    sweep(late)
    client = sign_in("su")
    client.get("/command/gaps/")
    with django_assert_max_num_queries(14):
        client.get("/command/gaps/")


# --- rules -----------------------------------------------------------------------------------------------------------


def test_the_shipped_rules_are_whole() -> None:
    found = rules.read_rules(rules.SHIPPED.read_bytes())
    assert {rule.code for rule in found.rules} == set(rules.CODES)
    for rule in found.rules:
        assert "{count}" in rule.sentence.zh and found.source_of(rule).text.zh and found.source_of(rule).text.en


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace("clocks_late", "clock_late", 1), "clock_late"),
        (lambda text: text.replace('code = "silent"', 'code = "unplaced"', 1), "unplaced"),
        (lambda text: text.replace('source = "assumed"', 'source = "nowhere"', 1), "nowhere"),
        (lambda text: text.replace("at_least = 1", "at_least = 0", 1), "at_least"),
        (lambda text: text + "\n[[rules", ""),
    ],
)
def test_a_broken_file_of_rules_is_a_typed_refusal(change: Callable[[str], str], said: str) -> None:
    with pytest.raises(BadInput) as refused:
        rules.read_rules(change(rules.SHIPPED.read_text(encoding="utf-8")).encode())
    assert refused.value.error_code == "gaps_file" and said in refused.value.sentence


@given(
    st.sampled_from(sorted(rules.ACTS)), st.sampled_from([state.value for state in Correction.State]),
    st.frozensets(st.sampled_from([rules.UNIT, rules.OFFICE])), st.booleans(), st.text(max_size=20),
)  # fmt: skip
def test_no_state_is_a_dead_end_and_nobody_verifies_their_own(
    name: str, state: str, sides: frozenset[str], own: bool, text: str
) -> None:
    assert (state in rules.STANDING) != (state in rules.FINAL)
    try:
        found = rules.check_act(name, state, sides=sides, own_work=own, text=text)
    except ShouwangError:
        return
    assert found.side in sides and state in found.frm and state not in rules.FINAL
    assert not (name == "verify" and own)


def test_a_file_of_the_institution_replaces_the_shipped_one(cast: Cast, own_home: Path, late: datetime) -> None:
    text = rules.SHIPPED.read_text(encoding="utf-8").replace("at_least = 1", "at_least = 99", 1)
    (own_home / "gaps.toml").write_text(text, encoding="utf-8")
    sweep(late)
    assert not GapFinding.objects.filter(code="clocks_late").exists()


def test_what_people_tell_is_listed_page_by_page(cast: Cast) -> None:
    for number in range(3):
        actions.tell(cast.org["WCU"], text=f"第{number}件要修的事", anonymous=True, by=cast.by("lin"), at=NOON)
    first = queries.points_page(cast.by("su"), size=2)
    second = queries.points_page(cast.by("su"), first.next, size=2)
    assert [len(first.rows), len(second.rows)] == [2, 1] and second.next is None
    actions.answer_point(first.rows[0], answer="已经修好", by=cast.by("su"), at=NOON)
    assert len(queries.points_page(cast.by("su"), waiting=True).rows) == 2
    with pytest.raises(NotFound):
        queries.points_page(cast.by("lin"))
