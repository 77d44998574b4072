"""What units are told about a round: once each, upward only while incomplete, and no name in any group."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from shouwang.core import clock
from shouwang.org.models import Person
from shouwang.outreach import queries
from shouwang.outreach.actions.planning import deliver_to_people
from shouwang.outreach.models import Delivery, Message, Round
from shouwang.outreach.queries.units import Listeners
from shouwang.outreach.rules import Purpose, notes_due

EVERY = timedelta(minutes=1)  # counting a million people by unit takes seconds: not at every pass
IN_GROUPS = (Purpose.DIGEST, Purpose.ALL_IN)
Told = tuple[int, Purpose, int | None]  # organisation, purpose, person (None: its group)


def note_units(*, at: datetime) -> int:
    """Make the notes of every running round that are due by now; how many were made."""
    running = Round.objects.filter(planned_at__isnull=False, ended_at__isnull=True, ends_at__gt=at)
    return sum(note_round(row.pk, at=at) for row in running if row.noted_at is None or row.noted_at <= at - EVERY)


@transaction.atomic
def note_round(round_id: int, *, at: datetime) -> int:
    """The notes of one round; how many were made. Running it twice makes none twice."""
    row = Round.objects.select_for_update().get(pk=round_id)
    counts = queries.unit_counts(row)
    known = Message.objects.filter(round=row, organisation__isnull=False)
    told = {(unit or 0, Purpose(purpose)) for unit, purpose in known.values_list("organisation", "purpose")}
    who = queries.listeners(counts, on=clock.local_day(at))
    timing, wanted = queries.timing(), []
    for unit, one in counts.items():
        heard = _heard_by(unit, told, who)
        while due := notes_due(
            roster=one.roster, missing=one.missing, due=row.due_at, at=at, timing=timing, told=heard
        ):
            notes = list(_addressed(unit, due[0], who))
            wanted += notes
            if notes:
                break
            heard = {*heard, due[0]}  # nobody to tell: the next step does not wait for them
    made = _write(row, [note for note in dict.fromkeys(wanted) if note[:2] not in told], who, at=at)
    Round.objects.filter(pk=row.pk).update(noted_at=at)
    return made


def _heard_by(unit: int, told: set[tuple[int, Purpose]], who: Listeners) -> set[Purpose]:
    """What has been said about this unit; notes to those above stand under the unit above, one for all below it."""
    heard: set[Purpose] = {
        purpose for one, purpose in told if one == unit and purpose not in (Purpose.ABOVE, Purpose.TOP)
    }
    for purpose, found in ((Purpose.ABOVE, who.above(unit)), (Purpose.TOP, who.top(unit))):
        if found is not None and (found[0], purpose) in told:
            heard.add(purpose)
    return heard


def _addressed(unit: int, purpose: Purpose, who: Listeners) -> Iterable[Told]:
    if purpose in IN_GROUPS:
        yield from ((unit, purpose, person) for person in who.of_unit(unit))
        if who.channels.get(unit):
            yield unit, purpose, None
    elif purpose is Purpose.DEPUTY and unit in who.deputy:
        yield unit, purpose, who.deputy[unit]
    elif purpose in (Purpose.ABOVE, Purpose.TOP):
        found = who.above(unit) if purpose is Purpose.ABOVE else who.top(unit)
        if found is not None:
            yield found[0], purpose, found[1]


def _write(row: Round, notes: list[Told], who: Listeners, *, at: datetime) -> int:
    made = [
        Message(
            round=row, organisation_id=unit, purpose=purpose.value, person_id=person, state=Message.State.OPEN,
            next_at=at, created_at=at,
        )
        for unit, purpose, person in notes
    ]  # fmt: skip
    if not made:
        return 0
    Message.objects.bulk_create(made, batch_size=1000)
    told = Message.objects.filter(round=row, created_at=at, organisation__isnull=False)
    homes = dict(Person.objects.filter(pk__in=told.values("person")).values_list("pk", "home_path"))
    deliver_to_people(row, [(m.pk, m.person_id, homes.get(m.person_id or 0, "")) for m in made], at=at)
    moment = queries.group_moment(at)
    to_groups = [
        Delivery(message=message, channel=channel, next_at=moment)
        for message in made
        if message.person_id is None
        for channel in who.channels.get(message.organisation_id or 0, ())
    ]
    Delivery.objects.bulk_create(to_groups, batch_size=1000)
    return len(made)
