"""What people decide about being reached, and the reminder somebody sends their unit now."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shouwang.core import audit, clock
from shouwang.core.errors import BadInput, Conflict, NotFound
from shouwang.core.scope import Actor
from shouwang.core.tree import in_ranges, subtree
from shouwang.org.models import Organisation, Person
from shouwang.org.queries import reachable
from shouwang.outreach import queries
from shouwang.outreach.actions.planning import make_rounds, remind
from shouwang.outreach.models import Message, Preference, Round
from shouwang.outreach.queries.rounds import STATUS


@transaction.atomic
def set_preference(
    *, mail: str = "", by_mail: bool = False, zone: str = "", wakes: time | None = None, sleeps: time | None = None,
    by: Actor, at: datetime,
) -> Preference:  # fmt: skip
    """One's own: whether also by mail, and the hours in which one may be disturbed. NotFound for who is no person.

    BadInput names the field. The audit entry does not hold the address.
    """
    if by.person_id is None:
        raise NotFound
    mail = mail.strip()
    if mail:
        try:
            validate_email(mail)
        except ValidationError as error:
            raise BadInput(_("This is no mail address."), field="mail") from error
    if by_mail and not mail:
        raise BadInput(_("To which address? Enter one, or leave mail off."), field="mail")
    if zone and zone not in queries.zones():
        raise BadInput(_("There is no time zone “%(value)s”. Choose one of the list."), field="zone", value=zone[:40])
    if (wakes is None) != (sleeps is None):
        raise BadInput(_("Enter both hours, or neither."), field="sleeps")
    for name, hour in (("wakes", wakes), ("sleeps", sleeps)):
        if hour is not None and hour.tzinfo is not None:
            raise BadInput(_("Enter a local hour; the time zone has its own field."), field=name)
    if wakes is not None and wakes == sleeps:
        raise BadInput(_("The two hours must differ."), field="sleeps")
    values = {"mail": mail, "by_mail": by_mail, "zone": zone, "wakes": wakes, "sleeps": sleeps, "updated_at": at}
    row, _made = Preference.objects.update_or_create(person_id=by.person_id, defaults=values)
    audit.record("preference.set", "person", by.person_id, by=by, at=at, subject=by.person_id)
    return row


@dataclass(frozen=True, slots=True)
class Reminded:
    """`new` messages were made now; `already` had one; `unreachable` owe something and cannot be reached by us."""

    round: Round
    new: int
    already: int
    unreachable: int


@transaction.atomic
def remind_unit(unit: Organisation | None, *, by: Actor, at: datetime) -> Reminded:
    """Remind whoever of a unit (None: all within reach) still owes something of today's next deadline, now.

    Nobody gets a second message for the same deadline, whoever asks and however often. Needs checkin.status. Conflict
    when nothing is asked today, or reminders for its last deadline are over.
    """
    by.require(STATUS, unit.path if unit else None)
    here = reachable(by, STATUS)
    if unit is not None:
        here &= in_ranges("home_path", [subtree(unit.path)])
    done = _remind(here, at=at)
    where = unit.code if unit else ""
    audit.record("reminders.asked", "round", done.round.pk, by=by, at=at, new={"where": where, "new": done.new})
    return done


@transaction.atomic
def remind_people(people: Collection[int], *, by: Actor, at: datetime) -> Reminded:
    """As `remind_unit`, for chosen people, of whom only those within reach of `by` are reminded."""
    done = _remind(reachable(by, STATUS) & Q(pk__in=people), at=at)
    audit.record("reminders.asked", "round", done.round.pk, by=by, at=at, new={"where": "", "new": done.new})
    return done


def _remind(here: Q, *, at: datetime) -> Reminded:
    today = [row for row in make_rounds(clock.local_day(at), at=at) if row.ends_at > at]
    if not today:
        raise Conflict(_("No deadline is ahead today, so there is nothing to remind of."), code="nothing_due")
    row = Round.objects.select_for_update().get(pk=today[0].pk)
    owing = Person.objects.filter(here).filter(queries.owing_any(row, here))
    had = Message.objects.filter(round=row, organisation__isnull=True, person__in=owing.values("pk")).count()
    unreachable = owing.exclude(queries.reached()).count()
    new = remind(row, here & Q(pk__isnull=False), at=at)
    return Reminded(row, new, had, unreachable)
