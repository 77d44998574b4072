"""Mass-testing days: the list from the roster, who is excused, who was taken, the end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from shouwang.cases.laboratory import rules
from shouwang.cases.laboratory.actions.common import (
    ORDER,
    check_disease,
    due_of,
    purge_on,
    require_over,
    short,
)
from shouwang.cases.laboratory.actions.taking import take_sample
from shouwang.cases.laboratory.data import laboratory, method_of
from shouwang.cases.laboratory.models import DayMember, Purpose, Sample, Test, TestDay
from shouwang.checkins.models import Excuse
from shouwang.core import audit, clock
from shouwang.core.bulk import insert_many
from shouwang.core.errors import BadInput, Conflict, Forbidden
from shouwang.core.scope import Actor
from shouwang.core.tree import in_ranges, subtree
from shouwang.org.models import Organisation, Person

SEES_REASONS = "checkin.view"  # why somebody was not tested is health data; who was not, is not
AHEAD = timedelta(days=60)  # assumption: nobody plans mass testing further ahead; a slip of the keyboard
# Where somebody lives decides who need not come; what an excuse from the check-in says about a test.
AWAY = (Person.Situation.OFF_CAMPUS, Person.Situation.ABROAD, Person.Situation.INTERN)
EXCUSES = {
    Excuse.Code.LEAVE: DayMember.Why.LEAVE,
    Excuse.Code.HOSPITAL: DayMember.Why.ILL,
    Excuse.Code.INTERN: DayMember.Why.AWAY,
    Excuse.Code.ABROAD: DayMember.Why.AWAY,
    Excuse.Code.EXERCISE: DayMember.Why.AWAY,
}
Member = DayMember.State


@transaction.atomic
def make_day(
    organisation: Organisation,
    *,
    day: date,
    method: str,
    disease: str,
    capacity: int = 1,
    title: str = "",
    by: Actor,
    at: datetime,
) -> TestDay:
    """Everybody below `organisation` is to be tested on `day`. Needs test.order there. Conflict when it stands."""
    by.require(ORDER, organisation.path)
    chosen = method_of(method)
    check_disease(disease, at=at)
    if capacity not in laboratory().pools.capacities or (capacity > 1 and not chosen.pools):
        raise BadInput(_("This test is not made from pooled samples."), code="not_pooled", field="capacity")
    today = clock.local_day(at)
    if not today <= day <= today + AHEAD:
        raise BadInput(
            _("A testing day lies between today and sixty days from now."), code="day_out_of_range", field="day"
        )
    if TestDay.objects.filter(organisation=organisation, day=day, method=method, disease=disease).exists():
        raise Conflict(_("This testing day has been made already."), code="day_exists", field="day")
    row = TestDay.objects.create(
        organisation=organisation, path=organisation.path, day=day, method=method, disease=disease, capacity=capacity,
        title=short(title, "title") or f"{organisation.name} {day:%m-%d}", made_at=at, made_by_id=by.account_id,
        synced_at=at, purge_on=max(purge_on(at), day + timedelta(days=1)),
    )  # fmt: skip
    sync_day(row, at=at)
    new = {"unit": organisation.code, "day": str(day)}
    audit.record("test_day.made", "test_day", row.pk, by=by, at=at, new=new)
    return row


def sync_day(day: TestDay, *, at: datetime) -> None:
    """Bring the list of an open day into step with the roster: who came is added, who left and was not taken goes;
    who is away or excused from the check-in that day is excused, until somebody says otherwise. Set-based."""
    with transaction.atomic():
        locked = TestDay.objects.select_for_update().get(pk=day.pk)
        if not locked.is_open:
            return
        there = dict(locked.members.values_list("person_id", "state"))
        people = _roster(locked).values_list("pk", "home_id", "home_path", "situation")
        roster = {pk: (home, path, situation) for pk, home, path, situation in people}
        gone = [pk for pk, state in there.items() if pk not in roster and state != Member.TAKEN]
        for start in range(0, len(gone), 5000):
            locked.members.filter(person_id__in=gone[start : start + 5000]).delete()
        excused = _excused(locked.day)
        insert_many(
            DayMember,
            ("day", "person", "home", "home_path", "state", "why"),
            (
                (locked.pk, pk, home, path, Member.EXCUSED if why else Member.WAITING, why)
                for pk, (home, path, situation) in roster.items()
                if pk not in there
                for why in [DayMember.Why.AWAY if situation in AWAY else excused.get(pk, "")]
            ),
        )
        TestDay.objects.filter(pk=locked.pk).update(synced_at=at)


def sync_open_days(*, at: datetime) -> int:
    """For the sweeper: every open day, today's or ahead, not brought up to date for an hour. Returns how many were."""
    rows = TestDay.objects.filter(closed_at__isnull=True, day__gte=clock.local_day(at))
    stale = list(rows.exclude(synced_at__gt=at - timedelta(hours=1)))
    for row in stale:
        sync_day(row, at=at)
    return len(stale)


def _roster(day: TestDay) -> QuerySet[Person]:
    return Person.objects.filter(in_ranges("home_path", [subtree(day.path)]), left_on__isnull=True)


def _excused(day: date) -> dict[int, str]:
    rows = Excuse.objects.filter(starts__lte=day, ends__gte=day, code__in=list(EXCUSES))
    return {person: str(EXCUSES[Excuse.Code(code)]) for person, code in rows.values_list("person_id", "code")}


@transaction.atomic
def take_on_day(
    day: TestDay,
    *,
    barcode: str,
    numbers: Sequence[str],
    taken_at: datetime | None = None,
    where: str = "",
    by: Actor,
    at: datetime,
) -> Sample:
    """At the station: these people's swabs go into the tube `barcode`. Whoever is excused and comes is taken too.

    Conflict for somebody already taken; BadInput naming a number that is not on the list.
    """
    locked = TestDay.objects.select_for_update().get(pk=day.pk)
    if not locked.is_open:
        raise Conflict(_("This testing day is closed."), code="day_closed")
    members = _members(locked, numbers, at)
    require_over(by, [member.person_id for member in members], ORDER)
    # Mass testing is ordered with the day itself; whoever joins the list later is ordered when they do.
    ordered = min(locked.made_at, at)
    tests = [
        Test.objects.create(
            person_id=member.person_id, day=locked, purpose=Purpose.MASS, method=locked.method,
            disease=locked.disease, ordered_at=ordered, ordered_by_id=locked.made_by_id,
            due_at=due_of(locked.method, rules.Moments(ordered)), purge_on=locked.purge_on,
        )
        for member in members
    ]  # fmt: skip
    sample = take_sample(tests, barcode=barcode, capacity=locked.capacity, taken_at=taken_at, where=where, by=by, at=at)
    DayMember.objects.filter(pk__in=[member.pk for member in members]).update(state=Member.TAKEN, why="", note="")
    return sample


def _members(day: TestDay, numbers: Sequence[str], at: datetime) -> list[DayMember]:
    wanted = list(dict.fromkeys(number.strip() for number in numbers if number.strip()))
    sound = [number for number in wanted if number.isprintable()]
    if not wanted:
        raise BadInput(_("Say whose sample this is."), code="nobody_named", field="numbers")
    if len(wanted) > day.capacity:
        sentence = _("This tube is for %(capacity)s people; %(number)s would be in it. Take another tube.")
        raise Conflict(sentence, code="tube_full", field="numbers", capacity=day.capacity, number=len(wanted))
    if day.members.filter(person__number__in=sound).count() < len(wanted):
        sync_day(day, at=at)  # somebody who came to the unit since the list was made
    rows = day.members.select_for_update(of=("self",)).filter(person__number__in=sound).select_related("person")
    found = {row.person.number: row for row in rows}
    for number in wanted:
        if number not in found:
            sentence = _("%(number)s is not on the list of this day.")
            raise BadInput(sentence, code="not_on_list", field="numbers", number=number[:40])
        if found[number].state == Member.TAKEN:
            sentence = _("%(number)s has been taken already on this day.")
            raise Conflict(sentence, code="already_taken", field="numbers", number=number)
    return [found[number] for number in wanted]


@transaction.atomic
def note_reason(
    member: DayMember, *, why: str, note: str = "", excuse: bool = False, by: Actor, at: datetime
) -> DayMember:
    """Why somebody was not tested; `excuse`: they need not come. An empty `why` takes it back. Needs checkin.view."""
    member.refresh_from_db(from_queryset=DayMember.objects.select_for_update(of=("self",)).select_related("day"))
    if not by.holds(SEES_REASONS, member.home_path):
        raise Forbidden(data_right=SEES_REASONS)
    if member.state == Member.TAKEN:
        raise Conflict(_("This person has been taken meanwhile."), code="already_taken")
    if why not in ("", *DayMember.Why.values):
        raise BadInput(_("Unknown reason %(value)s."), field="why", value=why[:20])
    text = short(note, "note", 200)
    if why == DayMember.Why.OTHER and not text:
        raise BadInput(_("Say which other reason it is."), code="reason_missing", field="note")
    if excuse and not why:
        raise BadInput(_("Say why, in a few words."), code="reason_missing", field="why")
    member.why, member.note = why, text if why else ""
    member.state = Member.EXCUSED if excuse else Member.WAITING
    member.save(update_fields=["why", "note", "state"])
    audit.record("test_day.noted", "test_day", member.day_id, by=by, at=at, subject=member.person_id)
    return member


@transaction.atomic
def close_day(day: TestDay, *, by: Actor, at: datetime) -> TestDay:
    """Nobody else is taken; who still waits is absent. Needs test.order. Closing twice changes nothing."""
    day.refresh_from_db(from_queryset=TestDay.objects.select_for_update())
    by.require(ORDER, day.path)
    if not day.is_open:
        return day
    if clock.local_day(at) < day.day:
        raise BadInput(_("This day has not come yet."), code="day_ahead", field="day")
    sync_day(day, at=at)
    TestDay.objects.filter(pk=day.pk).update(closed_at=at)
    day.refresh_from_db()
    audit.record("test_day.closed", "test_day", day.pk, by=by, at=at)
    return day
