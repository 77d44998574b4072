"""Control measures: declared with a level as previewed, stricter only, reviewed, ended; what follows them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from shouwang.checkins.queries import asking_on
from shouwang.command import actions as command
from shouwang.command.actions import control as actions
from shouwang.command.models import ControlMeasure, ReportPlan
from shouwang.command.queries import control as queries
from shouwang.command.queries.daily import plans_on
from shouwang.command.rules import control as rules
from shouwang.core.errors import BadInput, Conflict, Forbidden, NotFound
from shouwang.org.tests.cast import NOON, Cast

SignIn = Callable[[str], Client]
TODAY = date(2026, 3, 2)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
REVIEW = TODAY + 14 * DAY
BASIS = "省一级响应公告"


def declare(cast: Cast, level: int, *, code: str = "WCU", at: datetime = NOON, **more: Any) -> None:
    actions.declare_with_measures(
        organisation=cast.org[code], level=level, basis=BASIS, review_on=REVIEW, by=cast.by("su"), at=at, **more
    )  # fmt: skip


def held(cast: Cast, code: str, at: datetime = NOON) -> dict[str, str]:
    return {row.kind: row.value for row in queries.measures_at(cast.org[code].path, at)}


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_what_the_preview_says_is_what_happens(cast: Cast, level: int) -> None:
    declare(cast, 2, at=NOON - DAY)
    seen = queries.preview(cast.by("su"), cast.org["WCU"], level, NOON)
    before = held(cast, "WCU")
    assert {row.kind: row.before for row in seen.changes if row.before} == before
    declare(cast, level)
    assert held(cast, "CS2301") == {row.kind: row.after for row in seen.changes if row.after}
    assert asking_on(TODAY, cast.org["CS2301"].path).cadence == seen.cadence[1]
    assert seen.people >= len(cast.person) - 1 and seen.units == len(cast.org)


def test_a_level_switches_daily_reports_and_its_end_switches_them_off(cast: Cast) -> None:
    declare(cast, 1)
    plan = ReportPlan.objects.get()
    assert (plan.deadlines, plan.until) == ({"class": "10:00", "college": "16:00"}, REVIEW)
    assert asking_on(TODAY, cast.org["CS2301"].path).cadence == "daily"
    command.end_level(organisation=cast.org["WCU"], reason="解除一级响应", by=cast.by("su"), at=NOON + HOUR)
    assert held(cast, "CS2301", NOON + HOUR) == {}
    assert not any(plan for _ranges, plan in plans_on(TODAY + DAY))
    assert {row.end_reason for row in ControlMeasure.objects.all()} == {"解除一级响应"}


def test_what_is_left_out_or_chosen_otherwise(cast: Cast) -> None:
    declare(cast, 1, kinds=["masks", "gatherings"], values={"gatherings": "10"})
    assert held(cast, "WCU") == {"masks": "everywhere", "gatherings": "10"}
    declare(cast, 3, at=NOON + HOUR, kinds=["masks"])
    assert held(cast, "WCU", NOON + HOUR) == {"masks": "indoors"}
    ended = ControlMeasure.objects.filter(ends_at__isnull=False)
    assert {row.kind for row in ended} == {"masks", "gatherings"}


def test_a_level_keeps_what_was_declared_by_itself(cast: Cast) -> None:
    one(cast, "other", "每日室内通风两次")
    one(cast, "visitors", "none")
    declare(cast, 4)
    assert held(cast, "WCU")["visitors"] == "registered", "a measure of the level takes its kind over"
    assert "每日室内通风两次" in [row.value for row in queries.measures_at(cast.org["WCU"].path, NOON)]


def one(cast: Cast, kind: str, value: str, *, code: str = "WCU", **more: Any) -> ControlMeasure:
    given: dict[str, Any] = {"reason": "人多的地方风险高", "basis": BASIS, "review_on": REVIEW, **more}
    return actions.declare_measure(
        organisation=cast.org[code], kind=kind, value=value, by=cast.by("su"), at=NOON, **given
    )  # fmt: skip


def test_below_only_something_stricter(cast: Cast) -> None:
    one(cast, "gatherings", "30")
    with pytest.raises(BadInput) as refused:
        one(cast, "gatherings", "31", code="IE")
    assert refused.value.error_code == "measure_laxer"
    one(cast, "gatherings", "10", code="IE")
    assert (held(cast, "CS2301")["gatherings"], held(cast, "EN2301")["gatherings"]) == ("10", "30")
    one(cast, "gatherings", "0")
    assert held(cast, "CS2301")["gatherings"] == "0", "what is stricter above holds below"


def test_a_level_below_leaves_out_what_would_be_laxer(cast: Cast) -> None:
    one(cast, "masks", "everywhere")
    seen = queries.preview(cast.by("su"), cast.org["IE"], 3, NOON)
    assert seen.refused == {"masks": rules.said("masks", "everywhere")}
    declare(cast, 3, code="IE")
    assert held(cast, "CS2301")["masks"] == "everywhere"
    assert not ControlMeasure.objects.filter(organisation=cast.org["IE"], kind="masks").exists()
    with pytest.raises(BadInput):
        declare(cast, 3, code="IE", values={"masks": "none"})


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"kind": "masks", "value": "sometimes"}, "value"),
        ({"kind": "gatherings", "value": "-1"}, "value"),
        ({"kind": "gatherings", "value": "三十"}, "value"),
        ({"kind": "reports", "value": "class=25:00"}, "value"),
        ({"kind": "hats", "value": "all"}, "kind"),
        ({"kind": "masks", "value": "indoors", "reason": " "}, "reason"),
        ({"kind": "masks", "value": "indoors", "basis": ""}, "basis"),
        ({"kind": "masks", "value": "indoors", "review_on": TODAY}, "review_on"),
        ({"kind": "masks", "value": "indoors", "review_on": TODAY + 93 * DAY}, "review_on"),
    ],
)
def test_what_a_measure_refuses(cast: Cast, more: dict[str, str], field: str) -> None:
    with pytest.raises(BadInput) as refused:
        one(cast, **more)
    assert refused.value.field == field
    assert not ControlMeasure.objects.exists()


def test_reviewed_kept_and_ended(cast: Cast) -> None:
    row = one(cast, "masks", "indoors")
    later = NOON + 15 * DAY
    kept = actions.extend_measure(
        row, review_on=TODAY + 30 * DAY, reason="本地仍有病例", by=cast.by("su", later), at=later
    )  # fmt: skip
    assert kept.review_on == TODAY + 30 * DAY
    done = actions.end_measure(row, reason="连续十四天无病例", by=cast.by("su", later), at=later)
    assert done.ends_at == later and held(cast, "WCU", later) == {}
    with pytest.raises(Conflict):
        actions.end_measure(row, reason="再结束一次", by=cast.by("su", later), at=later)


def test_only_who_may_declare(cast: Cast) -> None:
    row = one(cast, "masks", "indoors")
    for who in ("fang", "tang", "lin"):
        with pytest.raises((Forbidden, NotFound)):
            queries.preview(cast.by(who), cast.org["WCU"], 1, NOON)
        with pytest.raises(NotFound):
            queries.measure_for(cast.by(who), row.pk)


# --- pages -----------------------------------------------------------------------------------------------------------


def test_everybody_reads_what_holds_and_why(cast: Cast, sign_in: SignIn, client: Client) -> None:
    one(cast, "gatherings", "10", code="IE")
    one(cast, "masks", "indoors")
    mine = sign_in("lin").get("/command/measures/").content.decode()
    assert "最多 10 人" in mine and "人多的地方风险高" in mine and BASIS in mine
    stranger = client.get("/command/measures/").content.decode()
    assert "室内" in stranger and "最多 10 人" not in stranger, "of the topmost organisation"
    assert client.get("/command/measures/?unit=NOWHERE").status_code == 404


def test_declaring_by_the_pages(cast: Cast, sign_in: SignIn) -> None:
    su, unit = sign_in("su"), cast.org["WCU"].pk
    page = su.get(f"/command/level/preview/?unit={unit}&level=1")
    assert page.status_code == 200 and "聚集" in page.content.decode()
    assert not ControlMeasure.objects.exists(), "looking changes nothing"
    values = {"level": 1, "basis": BASIS, "review_on": REVIEW.isoformat(), "kinds": ["masks", "gatherings"],
              "value_masks": "indoors", "value_gatherings": "5"}  # fmt: skip
    assert su.post(f"/command/level/preview/?unit={unit}", {**values, "basis": ""}).status_code == 422
    assert su.post(f"/command/level/preview/?unit={unit}", values).status_code == 302
    assert held(cast, "WCU") == {"masks": "indoors", "gatherings": "5"}
    one_more = {"kind": "other", "value": "每日通风两次", "reason": "通风减少室内病毒", "basis": BASIS,
                "review_on": REVIEW.isoformat()}  # fmt: skip
    assert su.post(f"/command/measures/control/?unit={unit}", {**one_more, "value": "风"}).status_code == 422
    assert su.post(f"/command/measures/control/?unit={unit}", one_more).status_code == 302
    row = ControlMeasure.objects.get(kind="other")
    assert su.post(f"/command/measures/{row.pk}/end/", {"reason": "天气转暖"}).status_code == 302
    assert "天气转暖" in su.get(f"/command/measures/control/?unit={unit}").content.decode()


# --- rules -----------------------------------------------------------------------------------------------------------

ORDERED = [kind for kind in rules.KINDS if kind in rules.VALUES or kind == rules.GATHERINGS]


@st.composite
def in_force(draw: st.DrawFn) -> rules.InForce:
    kind = draw(st.sampled_from(ORDERED))
    values = st.integers(0, rules.MOST_PEOPLE).map(str)
    value = draw(values if kind == rules.GATHERINGS else st.sampled_from(list(rules.VALUES[kind])))
    return rules.InForce(kind, value, "0001" * draw(st.integers(1, 4)))


@given(st.lists(in_force(), max_size=12))
def test_the_strictest_holds_and_nothing_laxer_is_taken(measures: list[rules.InForce]) -> None:
    found = rules.strictest(measures)
    assert set(found) == {row.kind for row in measures}
    for row in measures:
        best = found[row.kind]
        assert rules.strictness(row.kind, best.value) >= rules.strictness(row.kind, row.value)
        laxer = rules.strictness(row.kind, row.value) < rules.strictness(row.kind, best.value)
        if laxer:
            with pytest.raises(BadInput):
                rules.check_not_laxer(row.kind, row.value, found)
        else:
            rules.check_not_laxer(row.kind, row.value, found)


@given(st.dictionaries(st.sampled_from(ORDERED), st.just("a")), st.dictionaries(st.sampled_from(ORDERED), st.just("b")))
def test_every_kind_of_either_side_is_told_once(now: dict[str, str], then: dict[str, str]) -> None:
    found = rules.changes(now, then)
    assert [row.kind for row in found] == [kind for kind in rules.KINDS if kind in now or kind in then]
    assert {row.kind for row in found if row.what == "ends"} == set(now) - set(then)
    assert {row.kind for row in found if row.what == "starts"} == set(then) - set(now)


def test_the_shipped_levels_are_whole_and_stricter_upwards() -> None:
    found = rules.read_levels(rules.SHIPPED.read_bytes())
    for kind in ORDERED:
        steps = [next((plan.value for plan in found.of(level) if plan.kind == kind), None) for level in (4, 3, 2, 1)]
        grades = [rules.strictness(kind, value) for value in steps if value is not None]
        assert grades == sorted(grades), kind


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace('value = "everywhere"', 'value = "always"', 1), "masks"),
        (lambda text: text.replace("levels = [2, 3]", "levels = [1, 2, 3]", 1), "masks"),
        (lambda text: text.replace('source = "assumed"', 'source = "nowhere"', 1), "nowhere"),
        (lambda text: text.replace("levels = [1]", "levels = [5]", 1), "levels"),
    ],
)
def test_a_broken_file_of_levels_is_a_typed_refusal(change: Callable[[str], str], said: str) -> None:
    with pytest.raises(BadInput) as refused:
        rules.read_levels(change(rules.SHIPPED.read_text(encoding="utf-8")).encode())
    assert refused.value.error_code == "levels_file" and said in refused.value.sentence


def test_a_file_of_the_institution_replaces_the_shipped_one(cast: Cast, own_home: Path) -> None:
    text = rules.SHIPPED.read_text(encoding="utf-8").replace('value = "everywhere"', 'value = "indoors"', 1)
    (own_home / "levels.toml").write_text(text, encoding="utf-8")
    declare(cast, 1)
    assert held(cast, "WCU")["masks"] == "indoors"
