"""No reachable state of a team, a secondment or a duty is without an owner and a next step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.command.mending.rules import Evidence
from shouwang.command.models import Team, TeamMember, TeamShift
from shouwang.command.teams import rules
from shouwang.core.errors import BadInput, Conflict, Forbidden, ShouwangError
from shouwang.org.tests.cast import NOON

KNOWN = rules.read_rules(rules.SHIPPED.read_bytes())
LIMITS, TODAY, DAY = KNOWN.limits, date(2026, 3, 2), timedelta(days=1)
SIDES = (rules.OFFICE, rules.LEAD, rules.HOME, rules.SELF)


def reached(acts: Mapping[str, rules.Act], start: str) -> set[str]:
    found = {start}
    while True:
        more = {act.after or state for act in acts.values() for state in found if state in act.frm}
        if more <= found:
            return found
        found |= more


def test_every_state_is_reached_and_known() -> None:
    assert reached(rules.TEAM_ACTS, rules.FORMING) == set(rules.STATES) == set(Team.State.values)
    assert reached(rules.MEMBER_ACTS, rules.ASKED) == set(rules.MEMBER_STATES) == set(TeamMember.State.values)
    assert reached(rules.SHIFT_ACTS, rules.PLANNED) | {rules.UNSAID} == set(TeamShift.State.values)


@given(st.sampled_from(rules.STATES), st.booleans(), st.booleans())
def test_a_living_team_has_an_owner_who_can_act(state: str, led: bool, over: bool) -> None:
    turn = rules.turn_of_team(state, has_leader=led, review_over=over)
    acts = [act for act in rules.TEAM_ACTS.values() if state in act.frm]
    if state == rules.DISSOLVED:
        assert turn is None and not acts
        return
    assert turn is not None and str(turn.next_step)
    assert any(turn.side in act.sides for act in acts)
    assert led or turn.side == rules.OFFICE, "nobody leads it: then the office moves"
    assert any(act.after == rules.DISSOLVED and rules.OFFICE in act.sides for act in acts), "it can always end"


@given(st.sampled_from(rules.MEMBER_STATES))
def test_a_secondment_has_an_owner_until_it_is_over(state: str) -> None:
    turn = rules.MEMBER_TURNS.get(state)
    acts = [act for act in rules.MEMBER_ACTS.values() if state in act.frm]
    assert (turn is None) == (state in rules.FINAL) == (not acts)
    if turn is not None:
        assert any(turn.side in act.sides for act in acts)
        assert any(rules.SELF in act.sides for act in acts), "the person can always say that they cannot"


@given(
    st.sampled_from([rules.TEAM_ACTS, rules.MEMBER_ACTS, rules.SHIFT_ACTS]), st.text(max_size=12),
    st.sampled_from([*rules.STATES, *rules.MEMBER_STATES, rules.PLANNED, rules.DONE]),
    st.frozensets(st.sampled_from(SIDES)), st.text(max_size=30), st.data(),
)  # fmt: skip
def test_an_act_is_done_by_its_side_in_its_state_with_its_words(
    acts: Mapping[str, rules.Act], name: str, state: str, sides: frozenset[str], text: str, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from([*acts, name]))
    try:
        act = rules.check_act(acts, name, state, sides=sides, text=text)
    except ShouwangError:
        return
    assert act.sides & sides and state in act.frm
    assert not act.says or len(text.strip()) >= 4
    assert name != "cannot" or rules.SELF in sides
    assert name not in ("approve", "refuse") or rules.HOME in sides


@given(st.booleans(), st.booleans(), st.booleans(), st.booleans())
def test_who_asked_decides_only_for_their_own_people_where_the_rules_say_so(
    asked: bool, own_unit: bool, own_people: bool, own_seat: bool
) -> None:
    given_ = {"asked_it": asked, "own_unit": own_unit, "own_people": own_people, "own_seat": own_seat}
    if own_seat or (asked and not (own_unit and own_people)):
        with pytest.raises(Forbidden) as refused:
            rules.check_decider(**given_)
        assert refused.value.error_code == ("own_seat" if own_seat else "own_asking")
    else:
        rules.check_decider(**given_)


@given(st.integers(-400, 400), st.integers(-400, 400))
def test_accepted_dates_lie_in_order_and_near(first: int, last: int) -> None:
    starts, ends = TODAY + first * DAY, TODAY + last * DAY
    try:
        rules.check_dates(starts, ends, today=TODAY, limits=LIMITS)
    except BadInput as error:
        assert error.field in ("starts", "ends")
        return
    assert starts <= ends and ends >= TODAY
    assert -LIMITS.back_days <= first <= LIMITS.ahead_days and last - first < LIMITS.longest_days


@pytest.mark.parametrize(
    ("first", "last", "code"),
    [
        (3, 2, "end_before_start"),
        (-3, -1, "already_over"),
        (-8, 2, "too_long_ago"),
        (91, 92, "too_far_ahead"),
        (0, 180, "too_long"),
    ],
)
def test_each_wrong_date_has_its_own_word(first: int, last: int, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        rules.check_dates(TODAY + first * DAY, TODAY + last * DAY, today=TODAY, limits=LIMITS)
    assert refused.value.error_code == code


@given(st.integers(-10, 30), st.one_of(st.none(), st.integers(-10, 30)))
def test_nobody_begins_while_they_are_absent(first: int, until: int | None) -> None:
    absent = None if until is None else TODAY + until * DAY
    try:
        rules.check_present(TODAY + first * DAY, absent_until=absent, today=TODAY)
    except Conflict:
        assert until is not None and first <= max(until, 0)
        return
    assert until is None or first > max(until, 0)


days = st.integers(0, 30).map(lambda n: TODAY + n * DAY)
spells = st.tuples(days, days).map(lambda pair: (min(pair), max(pair)))


@given(spells, st.lists(spells, max_size=4))
def test_two_teams_led_at_once_are_refused(asked: rules.Spell, leads: list[rules.Spell]) -> None:
    shared = any(
        {asked[0] + n * DAY for n in range((asked[1] - asked[0]).days + 1)}
        & {low + n * DAY for n in range((high - low).days + 1)}
        for low, high in leads
    )
    if shared:
        with pytest.raises(Conflict):
            rules.check_leads_one(asked, leads)
    else:
        rules.check_leads_one(asked, leads)


@given(st.integers(-48, 48), st.integers(-48, 48))
def test_accepted_duty_is_short_and_within_the_secondment(first: int, hours: int) -> None:
    starts = NOON + timedelta(hours=first)
    ends = starts + timedelta(hours=hours)
    within = (TODAY, TODAY + DAY)
    try:
        rules.check_shift(starts, ends, days=(starts.date(), ends.date()), within=within, limits=LIMITS)
    except BadInput as error:
        assert error.field in ("starts", "ends")
        return
    assert timedelta(0) < ends - starts <= timedelta(hours=LIMITS.shift_hours)
    assert within[0] <= starts.date() and ends.date() <= within[1]


@given(st.sampled_from([*rules.SHIFT_ACTS]), st.integers(-5, 5), st.booleans())
def test_nobody_confirms_their_own_duty_nor_what_has_not_begun(name: str, hours: int, own: bool) -> None:
    starts: datetime = NOON + timedelta(hours=hours)
    try:
        rules.check_said(name, starts=starts, now=NOON, own=own)
    except (Conflict, Forbidden):
        return
    assert name == "cancel" or (starts <= NOON and not own)


@pytest.mark.parametrize(
    ("left", "home", "code"), [(TODAY, True, "person_left"), (None, False, "no_home")]
)  # fmt: skip
def test_who_left_or_belongs_nowhere_is_not_asked(left: date | None, home: bool, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        rules.check_person(left_on=left, has_home=home, today=TODAY)
    assert (refused.value.error_code, refused.value.field) == (code, "person")


# --- signals ---------------------------------------------------------------------------------------------------------


@given(st.dictionaries(st.sampled_from(rules.CODES), st.integers(0, 50)), st.integers(0, 2))
def test_a_proposal_needs_points_and_no_team(counted: dict[str, int], teams: int) -> None:
    numbers = {code: Evidence(n, 100) for code, n in counted.items()}
    load = rules.load_of(KNOWN, numbers)
    assert load.points == sum(KNOWN.by_code[code].points for code, _n in load.spoke)
    assert all(number.count >= KNOWN.by_code[code].at_least for code, number in load.spoke)
    assert rules.proposes(KNOWN, load, teams=teams) == (teams == 0 and load.points >= KNOWN.needed)
    more = rules.load_of(KNOWN, {code: Evidence(number.count + 1, 100) for code, number in numbers.items()})
    assert more.points >= load.points, "more load never speaks less for a team"


def test_the_shipped_signals_are_whole() -> None:
    assert {signal.code for signal in KNOWN.signals} == set(rules.CODES)
    text = rules.SHIPPED.read_text(encoding="utf-8")
    for signal in KNOWN.signals:
        source = KNOWN.source_of(signal)
        assert "{count}" in signal.sentence.zh and "{of}" in signal.sentence.en and source.text.zh
        assert "ssumption" in source.text.en, "a number without a source says so"
    assert text.count("# assumption") == len(rules.Limits.__struct_fields__)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace('code = "cases_open"', 'code = "cases"', 1), "cases"),
        (lambda text: text.replace('code = "cases_open"', 'code = "contacts_close"', 1), "contacts_close"),
        (lambda text: text.replace('source = "assumed"', 'source = "nowhere"', 1), "nowhere"),
        (lambda text: text.replace("at_least = 2", "at_least = 0", 1), "at_least"),
        (lambda text: text.replace("longest_days", "longest", 1), "longest"),
        (lambda text: text + "\n[[signals", ""),
    ],
)
def test_a_broken_file_is_a_typed_refusal(change: Callable[[str], str], said: str) -> None:
    with pytest.raises(BadInput) as refused:
        rules.read_rules(change(rules.SHIPPED.read_text(encoding="utf-8")).encode())
    assert refused.value.error_code == "teams_file" and said in refused.value.sentence
