"""Two people at once: one is done, the other is refused with a reason, never both and never a fault."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, connections, transaction

from shouwang.command.models import BoardCell, Task, Team, TeamMember, TeamProposal, TeamTask
from shouwang.command.teams import actions, seconding
from shouwang.command.teams.tests.conftest import DAY, TODAY
from shouwang.command.tests.papers import issued, task_of
from shouwang.core.errors import Conflict
from shouwang.org.tests.cast import NOON, Cast

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def campus(transactional_db: None, cast: Cast) -> Cast:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one write at a time: there is nothing to race")
    return cast


def both(*acts: Callable[[], object]) -> list[str]:
    """What became of each when all begin in the same moment."""
    together = Barrier(len(acts))

    def run(act: Callable[[], object]) -> str:
        try:
            with transaction.atomic():
                together.wait(timeout=20)
                act()
            return "done"
        except Conflict as error:
            return error.error_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return sorted(pool.map(run, acts))


def made(cast: Cast, name: str, proposal: TeamProposal | None = None) -> Team:
    return actions.create_team(
        cast.org["IE"], kind="task", name=name, purpose="支援学院流调", review_on=TODAY + DAY, proposal=proposal,
        by=cast.by("su"), at=NOON,
    )  # fmt: skip


def test_one_person_asked_by_two_teams_leads_one(campus: Cast) -> None:
    teams = [made(campus, "甲专班"), made(campus, "乙专班")]

    def ask(team: Team) -> Callable[[], object]:
        return lambda: seconding.ask(
            team, campus.person["lin"], role="leader", starts=TODAY, ends=TODAY + DAY, by=campus.by("su"), at=NOON
        )

    assert both(*(ask(team) for team in teams)) == ["done", "leads_another"]
    assert TeamMember.objects.count() == 1


def test_one_name_and_one_proposal_make_one_team(campus: Cast) -> None:
    assert both(lambda: made(campus, "专班"), lambda: made(campus, "专班")) == ["done", "team_name_taken"]
    proposal = TeamProposal.objects.create(
        organisation=campus.org["IE"], points=3, found_at=NOON, seen_at=NOON, purge_on=TODAY
    )
    assert both(lambda: made(campus, "甲专班", proposal), lambda: made(campus, "乙专班", proposal)) == [
        "done",
        "proposal_over",
    ]
    assert Team.objects.filter(proposal=proposal).count() == 1


def test_one_task_is_with_one_team(campus: Cast) -> None:
    task: Task = task_of(campus, issued(campus), "IE")
    teams = [made(campus, "甲专班"), made(campus, "乙专班")]

    def give(team: Team) -> Callable[[], object]:
        return lambda: actions.give_task(team, task, by=campus.by("su"), at=NOON)

    assert both(*(give(team) for team in teams)) == ["done", "task_with_team"]
    assert TeamTask.objects.count() == 1


def test_two_rounds_of_the_rules_find_a_unit_once(campus: Cast) -> None:
    BoardCell.objects.create(path=campus.org["CS2301"].path, roster=30, cases_open=3, contacts_close=12)
    assert both(lambda: actions.sweep_teams(at=NOON), lambda: actions.sweep_teams(at=NOON)) == ["done", "done"]
    assert TeamProposal.objects.filter(state="open").count() == 1
