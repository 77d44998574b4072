"""A team: creating it, letting it stand, its places and tasks, dissolving it; what the rules propose."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shouwang.command.models import (
    GapSweep,
    Task,
    Team,
    TeamPlace,
    TeamProposal,
    TeamTask,
)
from shouwang.command.queries.answering import MANAGE, answered_by
from shouwang.command.queries.answering import sides as task_sides
from shouwang.command.rules import tasks as task_rules
from shouwang.command.teams import facts, queries, rules, seconding
from shouwang.command.teams.seconding import note, rules_limits
from shouwang.core import audit, clock
from shouwang.core.errors import BadInput, Conflict, Forbidden
from shouwang.core.retention import keep_days
from shouwang.core.scope import Actor, system_actor
from shouwang.org.models import Organisation, Place

RULE = system_actor("team rules")


def _purge_on(at: datetime) -> date:
    return clock.local_day(at) + timedelta(days=keep_days("team"))


@transaction.atomic
def create_team(
    organisation: Organisation, *, kind: str, name: str, name_en: str = "", purpose: str, review_on: date,
    proposal: TeamProposal | None = None, by: Actor, at: datetime,
) -> Team:  # fmt: skip
    """A team that is being formed. Needs directive.manage over the unit.

    BadInput for a name, purpose or review that cannot be; Conflict (`team_name_taken`) for a name that a living team
    of the unit has, (`proposal_over`) for a proposal that somebody decided or that is of another unit.
    """
    by.require(MANAGE, organisation.path)
    limits = rules_limits()
    if kind not in Team.Kind.values:
        raise BadInput(_("There is no such kind of team: %(kind)s."), code="kind_unknown", field="kind", kind=kind)
    name = rules.check_words(name, "name", least=2, longest=80)
    name_en = rules.check_words(name_en, "name_en", least=0, longest=120)
    purpose = rules.check_words(purpose, "purpose")
    rules.check_review(review_on, today=clock.local_day(at), limits=limits)
    # Two at once with one name: the second waits here and then sees the first.
    Organisation.objects.select_for_update(of=("self",)).get(pk=organisation.pk)
    if Team.objects.filter(organisation=organisation, name=name).exclude(state=rules.DISSOLVED).exists():
        raise Conflict(_("A team of this unit has this name already."), code="team_name_taken", field="name")
    taken = _take(proposal, organisation, by=by, at=at) if proposal is not None else None
    team = Team.objects.create(
        organisation=organisation, kind=kind, name=name, name_en=name_en, purpose=purpose, proposal=taken,
        created_at=at, created_by_id=by.account_id, review_on=review_on, purge_on=_purge_on(at),
    )  # fmt: skip
    note(team, "created", by=by, at=at)
    new = {"unit": organisation.code, "kind": kind, "proposal": taken.pk if taken else None}
    audit.record("team.created", "team", team.pk, by=by, at=at, new=new)
    return team


def _locked(team: Team) -> Team:
    return Team.objects.select_for_update(of=("self",)).select_related("organisation").get(pk=team.pk)


@transaction.atomic
def act_on_team(
    team: Team, name: str, *, text: str = "", review_on: date | None = None, obstacles: Collection[int] = (),
    by: Actor, at: datetime,
) -> Team:  # fmt: skip
    """One step of `rules.TEAM_ACTS`. `review_on` for "review"; for "dissolve" `text` is the summary and `obstacles` are
    ids of tasks that remain open and are named as such.

    Conflict (`no_leader`) where nobody leads it, (`team_tasks_open`) naming the tasks that are neither over, handed
    back nor named. Dissolving ends its secondments and open duty, and writes the service records.
    """
    team = _locked(team)
    on = clock.local_day(at)
    limits = rules_limits()
    ending = name == "dissolve"
    act = rules.check_act(
        rules.TEAM_ACTS, name, team.state, sides=queries.sides(by, team, at=at), text=text,
        least=limits.summary_min if ending else 4, longest=rules.SUMMARY_LONGEST if ending else rules.LONGEST,
    )  # fmt: skip
    old = {"state": team.state}
    if name == "stand":
        rules.check_leader(queries.has_leader(team, on=on))
        team.since = on
    if name == "review":
        if review_on is None:
            raise BadInput(_("Choose the next day of review."), code="review_invalid", field="review_on")
        rules.check_review(review_on, today=on, limits=limits)
        team.review_on = review_on
    if ending:
        _release_tasks(team, obstacles, at=at)
        seconding.close_all(team, by=by, at=at)
        team.summary, team.dissolved_at, team.dissolved_by_id = text.strip(), at, by.account_id
    if act.after is not None:
        team.state = act.after
    team.save()
    note(team, name, text.strip(), by=by, at=at)
    audit.record(f"team.{name}", "team", team.pk, by=by, at=at, old=old, new={"state": team.state})
    return team


def _release_tasks(team: Team, obstacles: Collection[int], *, at: datetime) -> None:
    """Conflict (`team_tasks_open`) naming what is still open and not among `obstacles` (ids of tasks)."""
    left = queries.open_tasks(team)
    unsaid = [row for row in left if row.task_id not in set(obstacles)]
    if unsaid:
        raise Conflict(
            _("Tasks are still open: %(tasks)s. Hand them back, or name them as obstacles."), code="team_tasks_open",
            field="obstacles", tasks="、".join(f"#{row.task_id} {row.task.text[:60]}" for row in unsaid),
            ids=[row.task_id for row in unsaid],
        )  # fmt: skip
    named = [row.pk for row in left]
    team.given.filter(pk__in=named).update(outcome=TeamTask.Outcome.OBSTACLE, released_at=at)
    team.given.filter(released_at__isnull=True).update(outcome=TeamTask.Outcome.OVER, released_at=at)


def _living(team: Team, by: Actor, at: datetime) -> Team:
    """The team, locked, for one of its office or who leads it. Forbidden for others, Conflict when it is dissolved."""
    team = _locked(team)
    if not queries.sides(by, team, at=at):
        raise Forbidden(_("This step is somebody else's."), code="other_side")
    if team.state == rules.DISSOLVED:
        raise Conflict(_("The team is dissolved."), code="team_state")
    return team


# --- places and tasks ------------------------------------------------------------------------------------------------


@transaction.atomic
def add_place(team: Team, place: Place, *, by: Actor, at: datetime) -> TeamPlace:
    """A place where it works; one it has already is the same row."""
    team = _living(team, by, at)
    row, made = TeamPlace.objects.get_or_create(team=team, place=place)
    if made:
        note(team, "place_added", place.title, by=by, at=at)
        audit.record("team.place_added", "team", team.pk, by=by, at=at, new={"place": place.code})
    return row


@transaction.atomic
def remove_place(team: Team, place: Place, *, by: Actor, at: datetime) -> None:
    """Duty that was planned there stays planned."""
    team = _living(team, by, at)
    gone, _tables = TeamPlace.objects.filter(team=team, place=place).delete()
    if gone:
        note(team, "place_removed", place.title, by=by, at=at)
        audit.record("team.place_removed", "team", team.pk, by=by, at=at, old={"place": place.code})


@transaction.atomic
def give_task(team: Team, task: Task, *, by: Actor, at: datetime) -> TeamTask:
    """Have a team work on a task: who leads it may then act for the task's unit. For the team's office or leader who
    also stands on one side of the task. Conflict where it is over, or with a team already (`task_with_team`)."""
    team = _living(team, by, at)
    rows = Task.objects.select_for_update(of=("self",))
    task = rows.select_related("unit", "directive__organisation", "parent__unit").get(pk=task.pk)
    if not task_sides(by, answered_by(by, on=clock.local_day(at)), task):
        raise Forbidden(_("You stand on neither side of this task."), code="other_side")
    if task.state in task_rules.FINAL:
        raise Conflict(_("The task is over."), code="task_over", field="task")
    if TeamTask.objects.filter(task=task, released_at__isnull=True).exists():
        raise Conflict(_("A team has this task already."), code="task_with_team", field="task")
    row = TeamTask.objects.create(team=team, task=task, given_at=at, given_by_id=by.account_id)
    note(team, "task_given", task.text, by=by, at=at)
    audit.record("team.task_given", "team", team.pk, by=by, at=at, new={"task": task.pk})
    return row


@transaction.atomic
def hand_back(row: TeamTask, *, reason: str, by: Actor, at: datetime) -> TeamTask:
    """The team works on it no longer; the task stays with its unit. Conflict when it was released already."""
    team = _living(row.team, by, at)
    reason = rules.check_words(reason, "reason")
    row = TeamTask.objects.select_for_update(of=("self",)).select_related("task").get(pk=row.pk)
    if row.released_at is not None:
        raise Conflict(_("It was handed back already."), code="team_state")
    row.outcome, row.released_at, row.reason = TeamTask.Outcome.BACK, at, reason
    row.save()
    note(team, "task_back", f"{row.task.text}：{reason}", by=by, at=at)
    audit.record("team.task_back", "team", team.pk, by=by, at=at, old={"task": row.task_id})
    return row


# --- proposals -------------------------------------------------------------------------------------------------------


@transaction.atomic
def sweep_teams(*, at: datetime) -> int:
    """End what is past its last day, then judge every unit; how many secondments ended and proposals came or went.

    Of two at once one waits for the other and then finds nothing to change.
    """
    GapSweep.objects.get_or_create(pk=1)
    GapSweep.objects.select_for_update().get(pk=1)
    return seconding.close_over(by=RULE, at=at) + _propose(at)


def _propose(at: datetime) -> int:
    known, counted, teams = queries.rules_now(), facts.counted(at), facts.teams_by_unit(at)
    there = {row.organisation_id: row for row in TeamProposal.objects.filter(state=TeamProposal.State.OPEN)}
    quiet = set(
        TeamProposal.objects.filter(
            state=TeamProposal.State.DISMISSED, until__gte=clock.local_day(at)
        ).values_list("organisation", flat=True)
    )  # fmt: skip
    changed = 0
    wanted: set[int] = set()
    for unit, numbers in sorted(counted.items()):
        load = rules.load_of(known, numbers)
        if unit in quiet or not rules.proposes(known, load, teams=teams[unit]):
            continue
        wanted.add(unit)
        row = there.get(unit)
        if row is None:
            changed += _found(unit, load, known.version, at)
        else:
            row.points, row.evidence, row.rules, row.seen_at = (
                load.points, queries.evidence_of(load), known.version, at,
            )  # fmt: skip
            row.save(update_fields=["points", "evidence", "rules", "seen_at"])
    for unit, row in there.items():
        if unit not in wanted:
            row.state, row.decided_at = TeamProposal.State.GONE, at
            row.save(update_fields=["state", "decided_at"])
            audit.record("team_proposal.gone", "team_proposal", row.pk, by=RULE, at=at)
            changed += 1
    return changed


def _found(unit: int, load: rules.Load, version: str, at: datetime) -> int:
    row = TeamProposal.objects.create(
        organisation_id=unit, points=load.points, evidence=queries.evidence_of(load), rules=version, found_at=at,
        seen_at=at, purge_on=_purge_on(at),
    )  # fmt: skip
    audit.record("team_proposal.found", "team_proposal", row.pk, by=RULE, at=at, new={"points": load.points})
    return 1


def _open_proposal(row: TeamProposal) -> TeamProposal:
    row = TeamProposal.objects.select_for_update(of=("self",)).select_related("organisation").get(pk=row.pk)
    if row.state != TeamProposal.State.OPEN:
        raise Conflict(_("This proposal is decided already, or no longer needed."), code="proposal_over")
    return row


def _take(row: TeamProposal, organisation: Organisation, *, by: Actor, at: datetime) -> TeamProposal:
    row = _open_proposal(row)
    if not organisation.path.startswith(row.organisation.path):
        raise Conflict(_("The proposal is for another unit."), code="proposal_over", field="unit")
    row.state, row.decided_at, row.decided_by_id = TeamProposal.State.TAKEN, at, by.account_id
    row.save()
    audit.record("team_proposal.taken", "team_proposal", row.pk, by=by, at=at)
    return row


@transaction.atomic
def dismiss(row: TeamProposal, *, reason: str, by: Actor, at: datetime) -> TeamProposal:
    """No team for now: silent for `dismiss_days`, then judged anew. Needs directive.manage over the unit."""
    by.require(MANAGE, row.organisation.path)
    reason = rules.check_words(reason, "reason")
    row = _open_proposal(row)
    row.state, row.reason, row.decided_at, row.decided_by_id = TeamProposal.State.DISMISSED, reason, at, by.account_id
    row.until = clock.local_day(at) + timedelta(days=rules_limits().dismiss_days)
    row.save()
    audit.record("team_proposal.dismissed", "team_proposal", row.pk, by=by, at=at, new={"until": str(row.until)})
    return row
