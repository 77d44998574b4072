"""Who can be reached, how, and when: facts that planning, sending and explaining share."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from shouwang.checkins.rules.reminding import Waking, next_waking
from shouwang.core import clock
from shouwang.core.tree import in_ranges, subtree
from shouwang.org.models import Account, Person
from shouwang.outreach.models import Channel, Message, Preference, Round
from shouwang.outreach.owed import contributor_of


def reached() -> Q:
    """People with an inbox (an account in use), or with a mail address they gave and a mail channel above them."""
    inbox = Q(Exists(Account.objects.filter(person=OuterRef("pk"), is_active=True)))
    channels = mail_channels()
    if not channels:
        return inbox
    mail = Exists(Preference.objects.filter(person=OuterRef("pk"), by_mail=True).exclude(mail=""))
    covered = in_ranges("home_path", [subtree(row.organisation.path) for row in channels])
    return inbox | (covered & Q(mail))


@cache
def zones() -> tuple[str, ...]:
    """Names of time zones somebody may choose, in order."""
    return tuple(sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/")))


def waking_of(preference: Preference | None) -> Waking:
    """Somebody's own waking hours, or the assumption for everybody."""
    zone = ZoneInfo(preference.zone) if preference and preference.zone else clock.zone()
    if preference is None or preference.wakes is None or preference.sleeps is None:
        return Waking(zone)
    return Waking(zone, preference.wakes, preference.sleeps)


def preferences_of(person_ids: Collection[int]) -> dict[int, Preference]:
    return {row.person_id: row for row in Preference.objects.filter(person_id__in=person_ids)}


def mail_channels() -> list[Channel]:
    """Mail channels in use, those of larger units first: the nearest above somebody is the last that covers them."""
    rows = Channel.objects.filter(kind=Channel.Kind.MAIL, closed_at__isnull=True).select_related("organisation")
    return sorted(rows, key=lambda row: (len(row.organisation.path), row.pk))


def mail_channel_for(path: str, channels: list[Channel]) -> Channel | None:
    """The mail channel of the nearest unit above `path`."""
    covering = [row for row in channels if path.startswith(row.organisation.path)]
    return covering[-1] if covering else None


def owing(round_: Round, bit: int) -> QuerySet[Person]:
    """Everybody who still owes one item of a round; nobody when no room asks for it any more."""
    key = round_.items[bit]["key"]
    contributor = contributor_of(key)
    return contributor.owing(key, round_.due_at) if contributor else Person.objects.none()


def owing_any(round_: Round, among: Q | None = None) -> Q:
    """Condition: the person still owes some item of the round. Of a few people say `among` them, or the database
    gathers everybody who owes something first."""
    condition = Q(pk__in=())
    for bit in range(len(round_.items)):
        people = owing(round_, bit)
        condition |= Q(pk__in=(people.filter(among) if among else people).values("pk"))
    return condition


def among(round_: Round) -> Q:
    """Condition: people whose units are told of a round; empty for everybody's."""
    found = [(contributor_of(item["key"]), item["key"]) for item in round_.items]
    parts = [contributor.among(key, round_.due_at) for contributor, key in found if contributor]
    condition = Q(pk__in=())
    for part in parts:
        if not part:
            return Q()
        condition |= part
    return condition


def still_owed(round_: Round, owed: Mapping[int, int]) -> dict[int, int]:
    """Of person -> owed bits, what is owed at this moment: one query an item."""
    left = dict.fromkeys(owed, 0)
    for bit in range(len(round_.items)):
        mask = 1 << bit
        asked = [person for person, bits in owed.items() if bits & mask]
        if asked:
            for person in owing(round_, bit).filter(pk__in=asked).values_list("pk", flat=True):
                left[person] |= mask
    return left


def unsettled(round_: Round) -> Q:
    """Condition on messages: some of what the reminder asked is still owed."""
    condition = Q(pk__in=())
    for bit in range(len(round_.items)):
        asked = Q(**{f"bit{bit}__gt": 0})
        condition |= asked & Q(person__in=owing(round_, bit).values("pk"))
    return condition


def open_reminders(round_: Round) -> QuerySet[Message]:
    """Reminders of a round that are neither done nor over."""
    states = (Message.State.QUEUED, Message.State.OPEN)
    rows = Message.objects.filter(round=round_, organisation__isnull=True, state__in=states)
    bits = {f"bit{bit}": F("owed").bitand(1 << bit) for bit in range(len(round_.items))}
    return rows.annotate(**bits)


def group_moment(at: datetime) -> datetime:
    """When a group may be spoken to: the waking hours assumed for everybody."""
    return next_waking(at, waking_of(None))
