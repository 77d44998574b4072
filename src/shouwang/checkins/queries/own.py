"""The day of one person, as their own page shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from shouwang.checkins import rules
from shouwang.checkins.models import CheckIn, LatestCheckIn, Monitoring, SymptomAlert
from shouwang.checkins.queries.asking import level_on, protocols_of
from shouwang.checkins.rules import zones
from shouwang.checkins.rules.asking import Asking
from shouwang.core import clock
from shouwang.core.errors import BadInput, NotFound
from shouwang.core.scope import Actor
from shouwang.org.models import Person

ALERT_DAYS = 14


@dataclass(frozen=True, slots=True)
class OwnDay:
    """`today`: the last word about the person on this day; `last`: the newest entry of any day.

    `copies`: what "nothing changed" would send, None when there is nothing to copy or the last entry was not healthy;
    `why_not` then says so. `spells`: monitoring in force. `checks`: (done, asked) today for a monitored person, else
    None. `alerts`: open ones and those answered lately, newest first. `new`: the further questions that the last
    entry leaves open, the only ones to be highlighted. `asking`: how often everybody is asked here. `zone` is the clock
    by which the person lives, and `day` theirs. `slot`: which check-in of the day is asked, `again`: an earlier one is
    in and this one is not.
    """

    day: date
    person: Person
    today: CheckIn | None
    last: CheckIn | None
    copies: rules.Answers | None
    why_not: str
    spells: tuple[Monitoring, ...]
    checks: tuple[int, int] | None
    alerts: tuple[SymptomAlert, ...]
    protocols: rules.Protocols
    who: rules.Asked
    new: tuple[rules.Question, ...]
    asking: Asking
    zone: ZoneInfo
    slot: int
    again: bool

    @property
    def abroad(self) -> bool:
        """Whether their clock is another than the institution's."""
        return self.zone.key != clock.zone().key

    @property
    def needs_temperature(self) -> bool:
        return any(spell.temperature_required for spell in self.spells)

    @property
    def settled(self) -> bool:
        """Nothing more is asked of this person today."""
        if self.checks is not None and self.checks[0] < self.checks[1]:
            return False
        return self.today is not None and not self.again

    @property
    def due(self) -> time:
        """By when the check-in that is asked is expected, by the person's clock."""
        return self.asking.due_of(self.slot)


def own_day(by: Actor, *, at: datetime) -> OwnDay:
    """The page of whoever asks, at `at`. NotFound for accounts that belong to no person."""
    person = Person.objects.select_related("home", "own_zone").filter(pk=by.person_id or 0).first()
    if person is None:
        raise NotFound
    zone, day = zone_of(person), day_for(person, at)
    latest = LatestCheckIn.objects.filter(person=person).select_related("checkin").first()
    last = latest.checkin if latest else None
    protocols = protocols_of(day, person.home_path)
    spells = tuple(Monitoring.objects.filter(person=person, starts__lte=day, ends__gte=day).order_by("-checks_per_day"))
    who = rules.Asked(person.kind, person.situation, bool(spells))
    copies, why_not = _copies(last, day, protocols, who)
    checks = None
    if spells:
        checks = (CheckIn.objects.filter(person=person, day=day).count(), spells[0].checks_per_day)
    asking = protocols.form.asking(level_on(person.home_path, day))
    alerts = SymptomAlert.objects.filter(person=person, raised_at__gt=at - timedelta(days=ALERT_DAYS))
    return OwnDay(
        day=day,
        person=person,
        today=last if last and last.day == day else None,
        last=last,
        copies=copies,
        why_not=why_not,
        spells=spells,
        checks=checks,
        alerts=tuple(alerts.order_by("-raised_at", "-pk")),
        protocols=protocols,
        who=who,
        new=rules.new_to(last.extra if last and copies else {}, protocols.questions, who),
        asking=asking,
        zone=zone,
        slot=asking.part_at(at.astimezone(zone).time()),
        again=latest is not None and latest.day == day and latest.part < asking.part_at(at.astimezone(zone).time()),
    )


def home_of(by: Actor) -> str:
    """The path of one's home; "" for accounts that belong to no person."""
    return Person.objects.filter(pk=by.person_id or 0).values_list("home_path", flat=True).first() or ""


def zone_of(person: Person) -> ZoneInfo:
    """The clock by which the person lives now."""
    row = getattr(person, "own_zone", None)
    return ZoneInfo(row.zone) if row else clock.zone()


def day_for(person: Person, at: datetime) -> date:
    """The person's own calendar day of `at`."""
    row = getattr(person, "own_zone", None)
    return zones.day_of(at, ZoneInfo(row.zone), row.since, clock.zone()) if row else clock.local_day(at)


def _copies(
    last: CheckIn | None, day: date, protocols: rules.Protocols, who: rules.Asked
) -> tuple[rules.Answers | None, str]:
    previous = last.as_previous if last else None
    unchanged = rules.Answers(unchanged=True)
    try:
        return rules.copied(unchanged, previous, day=day, questions=protocols.questions, who=who), ""
    except BadInput as error:
        return None, error.sentence
