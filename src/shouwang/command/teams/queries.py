"""Teams, secondments, proposals and service records within reach. Permission is asked at the fetch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from shouwang.command.mending.rules import Evidence
from shouwang.command.models import (
    ServiceEntry,
    Task,
    Team,
    TeamEvent,
    TeamMember,
    TeamProposal,
    TeamShift,
    TeamTask,
)
from shouwang.command.queries.answering import MANAGE, SIGN, Answered, answered_by, who_answers
from shouwang.command.queries.tasks import visible_tasks
from shouwang.command.rules import tasks as task_rules
from shouwang.command.teams import rules
from shouwang.core import audit, clock
from shouwang.core.errors import Forbidden, NotFound
from shouwang.core.paging import Page, keyset_page
from shouwang.core.scope import Actor
from shouwang.core.tree import EVERYTHING, ancestors, in_ranges, merge, subtree
from shouwang.isolation.queries import absences
from shouwang.org.models import Organisation, Person, Responsibility
from shouwang.org.queries import current

SHOWS = ("live", "forming", "standing", "over", "all")
LIVE = (rules.ASKED, rules.APPROVED)


def rules_now() -> rules.Rules:
    return rules.team_rules(settings.HOME)


# --- teams -----------------------------------------------------------------------------------------------------------


def decided_homes(by: Actor, answered: Answered, prefix: str = "home__") -> Q:
    """Rows whose home unit, or other unit at `prefix`, one decides for: units one answers for with all below them, and
    those one manages."""
    return in_ranges(f"{prefix}path", merge([*answered.ranges, *by.ranges(MANAGE)]))


def visible_teams(by: Actor, *, at: datetime) -> QuerySet[Team]:
    """Of units one manages, signs for or answers for; those one is, was or shall be in; those that ask for, or have,
    people of a unit one decides for."""
    answered = answered_by(by, on=clock.local_day(at))
    reach = merge([*by.ranges(MANAGE), *by.ranges(SIGN), *answered.ranges])
    if EVERYTHING in reach:
        return Team.objects.select_related("organisation")
    within = in_ranges("organisation__path", reach)
    seconded = TeamMember.objects.filter(team=OuterRef("pk"))
    if by.person_id is not None:
        within |= Q(Exists(seconded.filter(person=by.person_id).exclude(state=rules.WITHDRAWN)))
    if answered or by.holds(MANAGE):
        within |= Q(Exists(seconded.filter(decided_homes(by, answered), state__in=LIVE)))
    return Team.objects.filter(within).select_related("organisation")


def team_for(by: Actor, team_id: int, *, at: datetime) -> Team:
    """NotFound outside `visible_teams`."""
    row = visible_teams(by, at=at).filter(pk=team_id).first()
    if row is None:
        raise NotFound
    return row


def worked_team_for(by: Actor, team_id: int, *, at: datetime) -> Team:
    """One that the asker may work on, as its office or who leads it. NotFound where they may not know of it,
    Forbidden where they may only look."""
    row = team_for(by, team_id, at=at)
    if not sides(by, row, at=at):
        raise Forbidden(_("This step is somebody else's."), code="other_side")
    return row


def teams_page(by: Actor, show: str, cursor: str | None, *, at: datetime, size: int = 50) -> Page[Team]:
    """The newest first."""
    rows = visible_teams(by, at=at)
    if show == "over":
        rows = rows.filter(state=rules.DISSOLVED)
    elif show in (rules.FORMING, rules.STANDING):
        rows = rows.filter(state=show)
    elif show != "all":
        rows = rows.exclude(state=rules.DISSOLVED)
    return keyset_page(rows, ("-created_at", "-id"), cursor, size=size)


def leading(teams: Sequence[Team], *, on: date) -> dict[int, list[TeamMember]]:
    """Team → its leader and deputies of this day, the leader first. One query."""
    found: dict[int, list[TeamMember]] = {}
    rows = TeamMember.objects.filter(in_force(on), team__in=[team.pk for team in teams], role__in=rules.LEADING)
    for row in rows.select_related("person").order_by("-role", "id"):  # "leader" after "deputy" in the alphabet
        found.setdefault(row.team_id, []).append(row)
    return found


def in_force(on: date) -> Q:
    return Q(state=rules.APPROVED, starts__lte=on, ends__gte=on)


def has_leader(team: Team, *, on: date) -> bool:
    return TeamMember.objects.filter(in_force(on), team=team, role=rules.LEADER).exists()


def turn_of(team: Team, leaders: Sequence[TeamMember], *, on: date) -> rules.Turn | None:
    led = any(row.role == rules.LEADER for row in leaders)
    return rules.turn_of_team(team.state, has_leader=led, review_over=team.review_on < on)


def sides(by: Actor, team: Team, *, at: datetime) -> frozenset[str]:
    """Office: who manages directives over its unit. Lead: its leader and deputies of this day."""
    found = set()
    if by.holds(MANAGE, team.organisation.path):
        found.add(rules.OFFICE)
    leads = TeamMember.objects.filter(in_force(clock.local_day(at)), team=team, role__in=rules.LEADING)
    if by.person_id is not None and leads.filter(person=by.person_id).exists():
        found.add(rules.LEAD)
    return frozenset(found)


def answers_over(answered: Answered, unit: Organisation) -> bool:
    """Whether one answers for the unit or for one above it."""
    steps = set(ancestors(unit.path))
    return any(path in steps for path in (*answered.first.values(), *answered.deputy.values()))


def member_sides(by: Actor, row: TeamMember, of_team: frozenset[str], answered: Answered) -> frozenset[str]:
    """Sides of the team, and of the secondment: its home unit, the person themselves."""
    found = set(of_team)
    if by.holds(MANAGE, row.home.path) or answers_over(answered, row.home):
        found.add(rules.HOME)
    if by.person_id is not None and by.person_id == row.person_id:
        found.add(rules.SELF)
    return frozenset(found)


def asked_it(by: Actor, row: TeamMember) -> bool:
    """The same account, or the same person under another one. The operator of the machine has neither and is one."""
    if by.account_id == row.asked_by_id:
        return True
    return by.person_id is not None and by.person_id == row.asked_by_person_id


def who_decides(rows: Sequence[TeamMember], *, on: date) -> dict[int, Person]:
    """Secondment → who answers for its home unit, or else for the nearest above it: another than the person themselves
    where there is one. Whom nobody answers for is not in it. Two queries."""
    steps = {step for row in rows for step in ancestors(row.home.path)}
    if not steps:
        return {}
    answers = Responsibility.objects.filter(
        current(on), rank=Responsibility.Rank.FIRST, organisation__path__in=steps
    ).values_list("organisation__path", "person")  # fmt: skip
    by_path = dict(answers)
    people = Person.objects.in_bulk(set(by_path.values()))
    found = {}
    for row in rows:
        near = [by_path[step] for step in reversed(ancestors(row.home.path)) if step in by_path]
        other = next((person for person in near if person != row.person_id), near[0] if near else None)
        if other is not None:
            found[row.pk] = people[other]
    return found


def own_seat(by: Actor, row: TeamMember, decides: Person | None) -> bool:
    """Whether the asker would decide about themselves though somebody else can."""
    return by.person_id == row.person_id and decides is not None and decides.pk != row.person_id


def may_read_cannot(by: Actor, row: TeamMember, of_team: frozenset[str], answered: Answered, *, on: date) -> bool:
    """What stands in a person's way is for themselves, whoever leads the team and whoever answers for their home unit;
    for the office only where nobody answers for it up to the top."""
    if by.person_id == row.person_id and by.person_id is not None:
        return True
    if rules.LEAD in of_team or answers_over(answered, row.home):
        return True
    return by.holds(MANAGE, row.home.path) and not who_answers([row.home], on=on)


# --- one team whole --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seat:
    """A secondment as the asker sees it. `cannot` None: nothing was said, or it is not for the asker. `decides`: who
    answers for the home unit, while it is asked for; None where nobody does, or it is decided. `reason` of a decision
    or an end, for those it concerns: the home unit, the person, the office and who leads.
    """

    row: TeamMember
    turn: rules.Turn | None
    acts: list[rules.Act]
    cannot: str | None
    decides: Person | None
    reason: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A team whole. Whoever only decides for the home of one, or is only asked, sees who leads and those rows."""

    team: Team
    sides: frozenset[str]
    whole: bool
    leaders: list[TeamMember]
    turn: rules.Turn | None
    acts: list[rules.Act]
    seats: list[Seat]
    places: list[Any]
    given: list[TeamTask]
    shifts: list[TeamShift]
    records: list[ServiceEntry]
    events: list[TeamEvent]


def sheet(by: Actor, team: Team, *, at: datetime) -> Sheet:
    """Of a team the caller has fetched. A dozen queries at most."""
    on = clock.local_day(at)
    stands, answered = sides(by, team, at=at), answered_by(by, on=on)
    leaders = leading([team], on=on).get(team.pk, [])
    members = list(team.members.select_related("person", "home", "asked_by", "decided_by"))
    # Whoever served sees the whole again when it is over, not what happens between.
    serves = (rules.ENDED if team.state == rules.DISSOLVED else rules.APPROVED,)
    inside = any(row.person_id == by.person_id and row.state in serves for row in members)
    answering = answers_over(answered, team.organisation)
    whole = bool(stands) or inside or answering or by.holds(SIGN, team.organisation.path)
    if team.state == rules.DISSOLVED:
        leaders = [row for row in members if row.role in rules.LEADING and row.state == rules.ENDED]
    deciders = who_decides([row for row in members if row.state == rules.ASKED], on=on)
    seats = [_seat(by, row, stands, answered, on, deciders) for row in members]
    if not whole:
        seats = [seat for seat in seats if seat.row in leaders or _mine(by, seat.row, answered)]
    given, shifts, records, events = [], [], [], []
    if whole:
        related = ("task", "task__unit", "task__directive")
        given = list(team.given.select_related(*related))
        shifts = list(shifts_of(team)[:200])
        events = list(team.events.select_related("by__person", "person"))
    if stands or answering:
        records = list(ServiceEntry.objects.filter(member__team=team).select_related("person"))
    acts = [act for act in rules.TEAM_ACTS.values() if act.sides & stands and team.state in act.frm]
    places = list(team.places.select_related("place"))
    return Sheet(
        team, stands, whole, leaders, turn_of(team, leaders, on=on), acts, seats, places, given, shifts, records, events
    )


def seat_of(by: Actor, row: TeamMember, *, at: datetime) -> Seat:
    """One secondment as the asker sees it."""
    on = clock.local_day(at)
    deciders = who_decides([row] if row.state == rules.ASKED else [], on=on)
    return _seat(by, row, sides(by, row.team, at=at), answered_by(by, on=on), on, deciders)


def _seat(
    by: Actor, row: TeamMember, stands: frozenset[str], answered: Answered, on: date, deciders: Mapping[int, Person]
) -> Seat:
    own = member_sides(by, row, stands, answered)
    acts = [act for act in rules.MEMBER_ACTS.values() if act.sides & own and row.state in act.frm]
    decides = deciders.get(row.pk)
    asks = asked_it(by, row) and not (rules_now().limits.own_people and answers_over(answered, row.home))
    if asks or own_seat(by, row, decides):
        acts = [act for act in acts if act.name not in ("approve", "refuse")]
    told = row.cannot if row.cannot and may_read_cannot(by, row, stands, answered, on=on) else None
    reason = row.reason if own else ""
    return Seat(row, rules.MEMBER_TURNS.get(row.state), acts, told, decides, reason)


def _mine(by: Actor, row: TeamMember, answered: Answered) -> bool:
    own = by.person_id is not None and row.person_id == by.person_id
    return own or by.holds(MANAGE, row.home.path) or answers_over(answered, row.home)


def shifts_of(team: Team) -> QuerySet[TeamShift]:
    """The latest first."""
    rows = TeamShift.objects.filter(member__team=team).select_related("member__person", "place")
    return rows.order_by("-starts", "-id")


def member_for(team: Team, member_id: int) -> TeamMember:
    row = team.members.select_related("person", "home").filter(pk=member_id).first()
    if row is None:
        raise NotFound
    return row


def shift_for(team: Team, shift_id: int) -> TeamShift:
    row = shifts_of(team).filter(pk=shift_id).first()
    if row is None:
        raise NotFound
    return row


def given_for(team: Team, given_id: int) -> TeamTask:
    row = team.given.select_related("task").filter(pk=given_id).first()
    if row is None:
        raise NotFound
    return row


def open_tasks(team: Team) -> list[TeamTask]:
    """Given to it, not handed back, and not over."""
    rows = team.given.filter(released_at__isnull=True).exclude(task__state__in=task_rules.FINAL)
    return list(rows.select_related("task"))


# --- proposals -------------------------------------------------------------------------------------------------------


def proposals(by: Actor) -> QuerySet[TeamProposal]:
    """Open ones of units one manages, those with the most points first."""
    rows = TeamProposal.objects.filter(in_ranges("organisation__path", by.ranges(MANAGE)), state="open")
    return rows.select_related("organisation").order_by("-points", "organisation__path")


def proposal_for(by: Actor, proposal_id: int) -> TeamProposal:
    """Of any state: one that somebody else decided meanwhile is a conflict, not a secret."""
    rows = TeamProposal.objects.filter(in_ranges("organisation__path", by.ranges(MANAGE)))
    row = rows.select_related("organisation").filter(pk=proposal_id).first()
    if row is None:
        raise NotFound
    return row


def said(row: TeamProposal) -> list[str]:
    """Its evidence as sentences in the reader's language; a signal that the file no longer has by its code."""
    known = rules_now().by_code
    return [
        known[code].sentence.said(count, of) if code in known else f"{code}: {count} / {of}"
        for code, count, of in row.evidence
    ]


def evidence_of(load: rules.Load) -> list[Any]:
    def line(code: str, number: Evidence) -> list[Any]:
        return [code, number.count, number.of]

    return [line(code, number) for code, number in load.spoke]


# --- what waits for whom ---------------------------------------------------------------------------------------------


def to_decide(by: Actor, answered: Answered) -> QuerySet[TeamMember]:
    """Secondments asked for whose home unit one decides for, without those one asked for and may not decide."""
    rows = TeamMember.objects.filter(decided_homes(by, answered), state=rules.ASKED)
    mine = Q(pk__in=())
    if by.account_id is not None:
        mine |= Q(asked_by=by.account_id)
    if by.person_id is not None:
        mine |= Q(asked_by_person=by.person_id)
        rows = rows.exclude(person=by.person_id)  # where nobody else can, their first page tells them
    if rules_now().limits.own_people:
        mine &= ~in_ranges("home__path", answered.ranges)
    rows = rows.exclude(mine)
    return rows.select_related("team", "person", "home").order_by("starts", "id")


def to_lead_on(by: Actor, *, on: date) -> QuerySet[Team]:
    """Teams of units one manages that wait for the office: being formed, without a leader, past their review."""
    led = Exists(TeamMember.objects.filter(in_force(on), team=OuterRef("pk"), role=rules.LEADER))
    rows = Team.objects.filter(in_ranges("organisation__path", by.ranges(MANAGE))).exclude(state=rules.DISSOLVED)
    rows = rows.annotate(led=led).filter(Q(state=rules.FORMING) | Q(led=False) | Q(review_on__lt=on))
    return rows.select_related("organisation").order_by("review_on", "id")


def tasks_to_give(by: Actor, team: Team, *, at: datetime) -> QuerySet[Task]:
    """Open tasks within reach, of the team's unit and those below it, that no team has. The most urgent first."""
    with_one = Exists(TeamTask.objects.filter(task=OuterRef("pk"), released_at__isnull=True))
    rows = visible_tasks(by, answered_by(by, on=clock.local_day(at))).filter(~with_one)
    rows = rows.filter(in_ranges("unit__path", (subtree(team.organisation.path),)))
    return rows.exclude(state__in=task_rules.FINAL).order_by("due_at", "id")


# --- one's own, and service records ----------------------------------------------------------------------------------


def absent_until(by: Actor, person_id: int, *, at: datetime) -> date | None:
    """The last day of the person's absence; None where there is none, or the asker may not know of it."""
    row = absences(by, on=clock.local_day(at)).filter(pk=person_id).first()
    if row is None:
        return None
    audit.saw("absences.listed", "person", [person_id], by=by, at=at)
    days: list[date] = [day for name in ("order_until", "leave_until") if (day := vars(row)[name]) is not None]
    return max(days)


def to_answer(by: Actor, answered: Answered) -> QuerySet[ServiceEntry]:
    """Objections to service records that wait for somebody: not for the person, nor for whoever ended the service."""
    within = decided_homes(by, answered, "organisation__")
    rows = ServiceEntry.objects.filter(within, objected_at__isnull=False, answered_at__isnull=True)
    if by.account_id is not None:
        rows = rows.filter(~Q(written_by=by.account_id))
    if by.person_id is not None:
        rows = rows.exclude(person=by.person_id)
    return rows.select_related("organisation", "person", "member").order_by("objected_at", "id")


def name_and_seat(by: Actor) -> tuple[str, bool]:
    """The asker's name, and whether a team asks for them or has them: one query, for everybody's first page.
    NotFound for an account without a person."""
    live = TeamMember.objects.filter(person=OuterRef("pk"), state__in=LIVE)
    row = (
        Person.objects.filter(pk=by.person_id or 0).annotate(seated=Exists(live)).values_list("name", "seated").first()
    )
    if row is None:
        raise NotFound
    return row


def own_seats(by: Actor) -> list[TeamMember]:
    """Secondments of the asker that are asked for or in force, the next first. One query."""
    if by.person_id is None:
        return []
    rows = TeamMember.objects.filter(person=by.person_id, state__in=LIVE)
    return list(rows.select_related("team", "team__organisation", "home", "asked_by").order_by("starts", "id"))


def own_shifts(by: Actor, *, at: datetime, limit: int = 5) -> list[TeamShift]:
    """The asker's planned duty that is not over, the next first."""
    rows = TeamShift.objects.filter(member__person=by.person_id, state=rules.PLANNED, ends__gte=at)
    return list(rows.select_related("place", "member__team")[:limit])


def own_records(by: Actor) -> list[ServiceEntry]:
    if by.person_id is None:
        return []
    return list(ServiceEntry.objects.filter(person=by.person_id).select_related("organisation", "person"))


def own_record_for(by: Actor, record_id: int) -> ServiceEntry:
    row = next((row for row in own_records(by) if row.pk == record_id), None)
    if row is None:
        raise NotFound
    return row


def record_for(by: Actor, record_id: int, *, at: datetime) -> ServiceEntry:
    """A record of a unit one manages or answers for, to answer an objection."""
    answered = answered_by(by, on=clock.local_day(at))
    within = decided_homes(by, answered, "organisation__")
    row = ServiceEntry.objects.filter(within, pk=record_id).select_related("organisation", "person").first()
    if row is None:
        raise NotFound
    return row
