"""Secondments, duty and service records: who serves in a team, when, and what it came to."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from shouwang.command.models import (
    ServiceEntry,
    Team,
    TeamEvent,
    TeamMember,
    TeamPlace,
    TeamShift,
    TeamTask,
)
from shouwang.command.queries.answering import MANAGE, answered_by
from shouwang.command.rules import tasks as task_rules
from shouwang.command.teams import queries, rules
from shouwang.core import audit, clock
from shouwang.core.errors import BadInput, Conflict, Forbidden
from shouwang.core.retention import keep_days
from shouwang.core.scope import Actor
from shouwang.org.models import Person, Place

RELATED = ("team", "team__organisation", "person", "home")


def note(team: Team, act: str, text: str = "", *, person: int | None = None, by: Actor, at: datetime) -> None:
    """One line of what happened to a team."""
    TeamEvent.objects.create(
        team=team, at=at, act=act, text=text[: rules.LONGEST], by_id=by.account_id, person_id=person
    )  # fmt: skip


def rules_limits() -> rules.Limits:
    return queries.rules_now().limits


# --- secondments -----------------------------------------------------------------------------------------------------


def ask(
    team: Team, person: Person, *, role: str, starts: date, ends: date, text: str = "", by: Actor, at: datetime
) -> TeamMember:
    """Ask for a person; their home unit decides. For the office or whoever leads the team.

    BadInput for a role, dates or a person that cannot be; Conflict where the person is in the team already (`in_team`),
    another leads it (`led_already`), or they lead another team in these days (`leads_another`), or are absent when it
    begins (`person_absent`), as far as the asker may know.
    """
    # Before the transaction, so that who read of an absence is recorded even where it is the reason of a refusal.
    absent = queries.absent_until(by, person.pk, at=at)
    with transaction.atomic():
        return _ask(team, person, role, (starts, ends), text, absent, by=by, at=at)


def _ask(
    team: Team,
    person: Person,
    role: str,
    spell: rules.Spell,
    text: str,
    absent: date | None,
    *,
    by: Actor,
    at: datetime,
) -> TeamMember:
    starts, ends = spell
    team = Team.objects.select_for_update(of=("self",)).select_related("organisation").get(pk=team.pk)
    if not queries.sides(by, team, at=at):
        raise Forbidden(_("This step is somebody else's."), code="other_side")
    if team.state == rules.DISSOLVED:
        raise Conflict(_("The team is dissolved."), code="team_state")
    if role not in TeamMember.Role.values:
        raise BadInput(_("There is no such role: %(role)s."), code="role_unknown", field="role", role=role)
    text = rules.check_words(text, least=0)
    today = clock.local_day(at)
    rules.check_dates(starts, ends, today=today, limits=rules_limits())
    # Two teams at once for one person: the second waits here and then sees the first.
    person = Person.objects.select_for_update(of=("self",)).select_related("home").get(pk=person.pk)
    rules.check_person(left_on=person.left_on, has_home=person.home is not None, today=today)
    assert person.home is not None
    rules.check_present(starts, absent_until=absent, today=today)
    live = team.members.filter(state__in=queries.LIVE)
    if live.filter(person=person).exists():
        raise Conflict(_("This person is in the team, or asked for, already."), code="in_team", field="person")
    if role == rules.LEADER and live.filter(role=rules.LEADER).exists():
        raise Conflict(_("The team has a leader, or one is asked for."), code="led_already", field="role")
    if role == rules.LEADER:
        _check_leads_one(person, (starts, ends))
    row = TeamMember.objects.create(
        team=team, person=person, role=role, home=person.home, starts=starts, ends=ends, asked_at=at,
        asked_by_id=by.account_id, asked_by_person_id=by.person_id, note=text,
    )  # fmt: skip
    note(team, "asked", text, person=person.pk, by=by, at=at)
    new = {"team": team.pk, "role": role, "starts": str(starts), "ends": str(ends)}
    audit.record("secondment.asked", "secondment", row.pk, by=by, at=at, subject=person.pk, new=new)
    return row


def _check_leads_one(person: Person, spell: rules.Spell, but: int | None = None) -> None:
    rows = TeamMember.objects.filter(person=person, role=rules.LEADER, state__in=queries.LIVE)
    if but is not None:
        rows = rows.exclude(pk=but)
    rules.check_leads_one(spell, list(rows.values_list("starts", "ends")))


def act_on_member(row: TeamMember, name: str, *, text: str = "", by: Actor, at: datetime) -> TeamMember:
    """One step of a secondment (`rules.MEMBER_ACTS`).

    Forbidden (`own_asking`) where whoever asked decides too, (`own_seat`) about oneself where another can; BadInput
    without the words a step needs, also for an approval against what the person said. "cannot" leads an approved one
    back to the home unit. What the person says stands on the row alone: neither in the trail nor in the audit.
    """
    absent = queries.absent_until(by, row.person_id, at=at) if name == "approve" else None
    with transaction.atomic():
        return _act_on_member(row, name, text, absent, by=by, at=at)


def _act_on_member(
    row: TeamMember, name: str, text: str, absent: date | None, *, by: Actor, at: datetime
) -> TeamMember:
    row = TeamMember.objects.select_for_update(of=("self",)).select_related(*RELATED).get(pk=row.pk)
    on, team = clock.local_day(at), row.team
    answered = answered_by(by, on=on)
    stands = queries.member_sides(by, row, queries.sides(by, team, at=at), answered)
    act = rules.check_act(rules.MEMBER_ACTS, name, row.state, sides=stands, text=text)
    text, old = text.strip(), row.state
    served = row.decided_at is not None  # it was approved before, until the person said that they cannot
    if name in ("approve", "refuse"):
        own = queries.answers_over(answered, row.home)
        decides = queries.who_decides([row], on=on).get(row.pk)
        rules.check_decider(
            asked_it=queries.asked_it(by, row), own_unit=own, own_people=rules_limits().own_people,
            own_seat=queries.own_seat(by, row, decides),
        )  # fmt: skip
        if name == "approve" and row.cannot_at is not None:
            rules.check_words(text)  # decided against what the person said: with a reason
        row.decided_at, row.decided_by_id, row.reason = at, by.account_id, text
    if name == "approve":
        person = Person.objects.select_for_update(of=("self",)).get(pk=row.person_id)
        rules.check_person(left_on=person.left_on, has_home=True, today=on)
        rules.check_present(row.starts, absent_until=absent, today=on)
        if row.role == rules.LEADER:
            _check_leads_one(person, (row.starts, row.ends), but=row.pk)
    if name == "cannot":
        row.cannot, row.cannot_at = text, at
    assert act.after is not None
    row.state = act.after
    if name in ("refuse", "withdraw") and served:
        row.state = rules.ENDED
    if row.state == rules.ENDED:
        _end(row, by=by, at=at)
    if name in ("withdraw", "end"):
        row.reason = text
    row.save()
    # Reasons stand on the row, where not everybody in the team reads them: they may repeat what the person said.
    note(team, name, person=row.person_id, by=by, at=at)
    new = {"state": row.state, "team": team.pk}
    audit.record(
        f"secondment.{name}", "secondment", row.pk, by=by, at=at, subject=row.person_id, old={"state": old}, new=new
    )  # fmt: skip
    return row


def _end(row: TeamMember, *, by: Actor, at: datetime) -> None:
    """Its last day is today or earlier; open duty is closed, and the service record written where it had begun."""
    today = clock.local_day(at)
    row.state, row.ended_at = rules.ENDED, at
    for shift in row.shifts.filter(state=rules.PLANNED):
        shift.state = rules.closing_state(shift.starts, now=at)
        shift.save(update_fields=["state"])
    if row.starts <= today:
        row.ends = min(row.ends, today)
        _write_record(row, by=by, at=at)


def _write_record(row: TeamMember, *, by: Actor, at: datetime) -> ServiceEntry:
    shifts = list(row.shifts.all())
    done = [shift for shift in shifts if shift.state == rules.DONE]
    # Of the team's tasks those that were verified while the person was in it.
    first, _next = clock.day_bounds(row.starts)
    _first, last = clock.day_bounds(row.ends)
    verified = TeamTask.objects.filter(
        team=row.team, task__state=task_rules.VERIFIED, task__changed_at__gte=first, task__changed_at__lt=last,
        given_at__lte=F("task__changed_at"),
    ).exclude(outcome__in=(TeamTask.Outcome.BACK, TeamTask.Outcome.OBSTACLE))  # fmt: skip
    made = ServiceEntry.objects.create(
        member=row, person=row.person, organisation=row.team.organisation, team_name=row.team.name,
        team_name_en=row.team.name_en, role=row.role, starts=row.starts, ends=row.ends, shifts_done=len(done),
        shifts_absent=sum(shift.state == rules.ABSENT for shift in shifts),
        shifts_unsaid=sum(shift.state == rules.UNSAID for shift in shifts),
        minutes_done=sum(int((shift.ends - shift.starts).total_seconds() // 60) for shift in done),
        tasks_verified=verified.count(), written_at=at, written_by_id=by.account_id,
        purge_on=clock.local_day(at) + timedelta(days=keep_days("service")),
    )  # fmt: skip
    audit.record("service.written", "service", made.pk, by=by, at=at, subject=row.person_id)
    return made


def close_all(team: Team, *, by: Actor, at: datetime) -> None:
    """Every secondment of a team that is dissolved, inside the caller's transaction."""
    rows = team.members.select_for_update(of=("self",)).select_related(*RELATED).filter(state__in=queries.LIVE)
    for row in rows:
        _close(row, by=by, at=at)


def close_over(*, by: Actor, at: datetime) -> int:
    """Secondments past their last day, and of people who left, inside the caller's transaction: approved ones end,
    others are withdrawn."""
    rows, on = TeamMember.objects.select_for_update(of=("self",)).select_related(*RELATED), clock.local_day(at)
    over = list(rows.filter(Q(ends__lt=on) | Q(person__left_on__lte=on), state__in=queries.LIVE)[:500])
    for row in over:
        _close(row, by=by, at=at)
        note(row.team, "end" if row.state == rules.ENDED else "withdraw", person=row.person_id, by=by, at=at)
    return len(over)


def _close(row: TeamMember, *, by: Actor, at: datetime) -> None:
    old = row.state
    if row.state == rules.APPROVED or row.decided_at is not None:
        _end(row, by=by, at=at)
    else:
        row.state = rules.WITHDRAWN
    row.save()
    verb = "secondment.end" if row.state == rules.ENDED else "secondment.withdraw"
    audit.record(
        verb, "secondment", row.pk, by=by, at=at, subject=row.person_id, old={"state": old}, new={"state": row.state}
    )  # fmt: skip


# --- duty ------------------------------------------------------------------------------------------------------------


def plan_shift(
    row: TeamMember, place: Place, *, starts: datetime, ends: datetime, by: Actor, at: datetime
) -> TeamShift:
    """A member stands at a place of the team, from–to. For the office or whoever leads it.

    BadInput for times that cannot be or a place that is not the team's; Conflict (`shift_clash`) where the person is
    on duty for any team in that time.
    """
    absent = queries.absent_until(by, row.person_id, at=at)
    with transaction.atomic():
        return _plan_shift(row, place, starts, ends, absent, by=by, at=at)


def _plan_shift(
    row: TeamMember, place: Place, starts: datetime, ends: datetime, absent: date | None, *, by: Actor, at: datetime
) -> TeamShift:
    row = TeamMember.objects.select_for_update(of=("self",)).select_related(*RELATED).get(pk=row.pk)
    if not queries.sides(by, row.team, at=at):
        raise Forbidden(_("This step is somebody else's."), code="other_side")
    if row.state != rules.APPROVED:
        raise Conflict(_("The home unit of this person has not agreed, or the secondment is over."), code="team_state")
    starts, ends = clock.aware(starts), clock.aware(ends)
    days = (clock.local_day(starts), clock.local_day(ends))
    rules.check_shift(starts, ends, days=days, within=(row.starts, row.ends), limits=rules_limits())
    if not TeamPlace.objects.filter(team=row.team_id, place=place).exists():
        raise BadInput(_("This is not a place of the team."), code="place_not_of_team", field="place")
    Person.objects.select_for_update(of=("self",)).get(pk=row.person_id)
    rules.check_present(days[0], absent_until=absent, today=clock.local_day(at))
    others = TeamShift.objects.filter(member__person=row.person_id, starts__lt=ends, ends__gt=starts)
    if others.exclude(state=rules.CANCELLED).exists():
        raise Conflict(_("The person is on duty in this time already."), code="shift_clash", field="starts")
    made = TeamShift.objects.create(member=row, place=place, starts=starts, ends=ends, planned_by_id=by.account_id)
    new = {"member": row.pk, "place": place.code, "starts": starts.isoformat(), "ends": ends.isoformat()}
    audit.record("team_shift.planned", "team_shift", made.pk, by=by, at=at, subject=row.person_id, new=new)
    return made


@transaction.atomic
def act_on_shift(shift: TeamShift, name: str, *, text: str = "", by: Actor, at: datetime) -> TeamShift:
    """Done, absent (with a reason) or cancelled. Not by the person themselves; not before it began."""
    rows = TeamShift.objects.select_for_update(of=("self",)).select_related(
        "member__team__organisation", "member__person"
    )
    shift = rows.get(pk=shift.pk)
    member = shift.member
    stands = queries.sides(by, member.team, at=at)
    act = rules.check_act(rules.SHIFT_ACTS, name, shift.state, sides=stands, text=text)
    own = by.person_id is not None and by.person_id == member.person_id
    rules.check_said(name, starts=shift.starts, now=at, own=own)
    assert act.after is not None
    old, shift.state = shift.state, act.after
    shift.reason, shift.said_by_id = text.strip(), by.account_id
    shift.save()
    audit.record(
        f"team_shift.{name}", "team_shift", shift.pk, by=by, at=at, subject=member.person_id, old={"state": old},
        new={"state": shift.state},
    )  # fmt: skip
    return shift


# --- service records -------------------------------------------------------------------------------------------------


@transaction.atomic
def object_to(row: ServiceEntry, *, text: str, by: Actor, at: datetime) -> ServiceEntry:
    """The person says what is wrong with their record, once. Conflict (`objected`) when they have."""
    if by.person_id is None or by.person_id != row.person_id:
        raise Forbidden(_("Only the person themselves objects to their record."), code="other_side")
    text = rules.check_words(text)
    row = ServiceEntry.objects.select_for_update().get(pk=row.pk)
    if row.objected_at is not None:
        raise Conflict(_("You have objected already."), code="objected")
    row.objection, row.objected_at = text, at
    row.save(update_fields=["objection", "objected_at"])
    audit.record("service.objected", "service", row.pk, by=by, at=at, subject=row.person_id)
    return row


@transaction.atomic
def answer_objection(row: ServiceEntry, *, text: str, by: Actor, at: datetime) -> ServiceEntry:
    """Another hand answers: neither the person nor whoever ended the secondment. For who manages or answers for the
    team's unit. The numbers stay as they were written; what is right stands in the answer."""
    answered = answered_by(by, on=clock.local_day(at))
    path = row.organisation.path
    if not (by.holds(MANAGE, path) or queries.answers_over(answered, row.organisation)):
        raise Forbidden(_("This step is somebody else's."), code="other_side")
    if by.person_id == row.person_id or (by.account_id is not None and by.account_id == row.written_by_id):
        raise Forbidden(_("Somebody else answers: it is your own record, or you ended it."), code="own_work")
    text = rules.check_words(text)
    row = ServiceEntry.objects.select_for_update(of=("self",)).get(pk=row.pk)
    if row.objected_at is None or row.answered_at is not None:
        raise Conflict(_("There is no objection to answer."), code="team_state")
    row.answer, row.answered_at, row.answered_by_id = text, at, by.account_id
    row.save(update_fields=["answer", "answered_at", "answered_by"])
    audit.record("service.answered", "service", row.pk, by=by, at=at, subject=row.person_id)
    return row
