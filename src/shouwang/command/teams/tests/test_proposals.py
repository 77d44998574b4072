"""What the rules propose: from which load on, once, silent when dismissed, gone with its reason; and as a gap."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from shouwang.command.mending import actions as mending
from shouwang.command.models import BoardCell, GapFinding, Team, TeamProposal
from shouwang.command.teams import actions, facts, queries
from shouwang.command.teams.tests.conftest import DAY, TODAY
from shouwang.core.errors import BadInput, Conflict, Forbidden, NotFound
from shouwang.org.tests.cast import NOON, Cast

LOAD = {"cases_open": 3, "contacts_found": 40, "contacts_close": 12, "contacts_waiting": 6}


@pytest.fixture
def loaded(cast: Cast) -> None:
    """Cases and contacts of the class CS2301 as the board keeps them: told to the college IE."""
    BoardCell.objects.update_or_create(
        path=cast.org["CS2301"].path, defaults={"roster": 30, **LOAD}
    )  # fmt: skip


@pytest.fixture
def proposed(cast: Cast, loaded: None) -> TeamProposal:
    assert actions.sweep_teams(at=NOON) == 1
    return TeamProposal.objects.get()


def test_the_numbers_are_told_to_the_unit_below_the_institution(cast: Cast, proposed: TeamProposal) -> None:
    assert proposed.organisation == cast.org["IE"]
    numbers = {code: (count, of) for code, count, of in proposed.evidence}
    assert numbers == {"cases_open": (3, 30), "contacts_close": (12, 40), "contacts_waiting": (6, 12)}
    assert (proposed.points, proposed.seen_at) == (6, NOON)
    assert "3 名在管病例（在册 30 人）" in queries.said(proposed)
    assert [row.pk for row in queries.proposals(cast.by("su"))] == [proposed.pk]


def test_the_same_again_changes_only_its_time(cast: Cast, proposed: TeamProposal) -> None:
    BoardCell.objects.filter(path=cast.org["CS2301"].path).update(cases_open=4)
    assert actions.sweep_teams(at=NOON + timedelta(minutes=5)) == 0
    proposed.refresh_from_db()
    assert proposed.evidence[0] == ["cases_open", 4, 30] and proposed.found_at == NOON < proposed.seen_at
    with pytest.raises(IntegrityError), transaction.atomic():
        TeamProposal.objects.create(
            organisation=proposed.organisation, points=3, found_at=NOON, seen_at=NOON, purge_on=TODAY
        )  # fmt: skip


def test_it_goes_when_the_load_sinks_or_a_team_is_formed_below(cast: Cast, proposed: TeamProposal) -> None:
    actions.create_team(
        cast.org["CS2301"], kind="task", name="班级专班", purpose="支援班级", review_on=TODAY + DAY, by=cast.by("su"),
        at=NOON,
    )  # fmt: skip
    assert facts.teams_by_unit(NOON) == {cast.org["IE"].pk: 1}
    assert actions.sweep_teams(at=NOON) == 1
    proposed.refresh_from_db()
    assert proposed.state == "gone"


def test_a_team_is_made_of_it_once(cast: Cast, proposed: TeamProposal) -> None:
    def make(name: str, unit: str = "IE") -> Team:
        return actions.create_team(
            cast.org[unit], kind="task", name=name, purpose="支援流调", review_on=TODAY + DAY, proposal=proposed,
            by=cast.by("su"), at=NOON,
        )  # fmt: skip

    with pytest.raises(Conflict):
        make("别的学院", "FL")
    made = make("流调专班")
    proposed.refresh_from_db()
    assert (made.proposal, proposed.state) == (proposed, "taken")
    with pytest.raises(Conflict) as refused:
        make("又一个专班")
    assert refused.value.error_code == "proposal_over" and Team.objects.count() == 1


def test_dismissed_with_a_reason_it_is_silent_for_some_days(cast: Cast, proposed: TeamProposal) -> None:
    su = cast.by("su")
    with pytest.raises(Forbidden):
        actions.dismiss(proposed, reason="学院人手足够", by=cast.by("fang"), at=NOON)
    with pytest.raises(BadInput):
        actions.dismiss(proposed, reason="否", by=su, at=NOON)
    done = actions.dismiss(proposed, reason="学院人手足够", by=su, at=NOON)
    assert done.until == TODAY + queries.rules_now().limits.dismiss_days * DAY
    with pytest.raises(Conflict):
        actions.dismiss(proposed, reason="再次驳回", by=su, at=NOON)
    assert actions.sweep_teams(at=NOON + 3 * DAY) == 0
    assert actions.sweep_teams(at=NOON + 4 * DAY) == 1, "judged anew"
    assert TeamProposal.objects.filter(state="open").count() == 1


def test_only_who_manages_the_unit_sees_it(cast: Cast, proposed: TeamProposal) -> None:
    for name in ("fang", "xu", "tang", "lin"):
        assert not queries.proposals(cast.by(name)).exists()
        with pytest.raises(NotFound):
            queries.proposal_for(cast.by(name), proposed.pk)


def test_a_hotspot_without_a_team_is_a_gap_until_somebody_decides(
    cast: Cast, loaded: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mending, "refresh_board", lambda *, at: None)  # it would count the true, empty board
    mending.sweep_gaps(at=NOON)
    gap = GapFinding.objects.get(code="hotspots")
    assert (gap.organisation, gap.count, gap.of) == (cast.org["IE"], 1, 1)
    actions.dismiss(TeamProposal.objects.get(), reason="学院人手足够", by=cast.by("su"), at=NOON)
    mending.sweep_gaps(at=NOON + timedelta(minutes=5))
    gap.refresh_from_db()
    assert gap.ended_at is not None
