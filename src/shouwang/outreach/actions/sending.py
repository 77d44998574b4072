"""Stage two: sending what is due, at most once.

A bot has no key by which it would recognise a repetition. So `sending` is on disk before the channel is called; whoever
is killed in between leaves a delivery of which nobody knows whether it arrived. It is shown as `unknown` and never sent
again: the person has the message in the inbox, the unit on its page, and the next deadline has its own.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import translation

from shouwang.core import clock
from shouwang.core.retention import keep_days
from shouwang.org.models import Account
from shouwang.outreach import queries, sealed
from shouwang.outreach.models import Attempt, Channel, Delivery, Message, Round
from shouwang.outreach.rules import Outcome, after, next_free
from shouwang.outreach.sending.post import deliver
from shouwang.outreach.words import Said, say

log = logging.getLogger("shouwang.outreach")
LEASE = timedelta(seconds=60)  # longer than the longest call (`sending.http`)
BATCH = 50  # deliveries whose need is looked up together, just before they go
State = Delivery.State


@dataclass(slots=True)
class Sent:
    """What one pass did, by outcome; `closed` were no longer needed."""

    counts: dict[str, int] = field(default_factory=dict)

    def add(self, what: str, number: int = 1) -> None:
        if number:
            self.counts[what] = self.counts.get(what, 0) + number


def send_due(*, now: Callable[[], datetime] = clock.now, most: int = 5000) -> Sent:
    """Close what is done, open what waited for waking hours, and send what is due, as fast as each channel allows.

    Must not stand in a transaction of the caller's: what is about to be sent has to be on disk first.
    """
    done = Sent()
    done.add("unknown", _give_up_lost(now()))
    done.add("expired", expire(at=now()))
    done.add("closed", close_settled(at=now()))
    _open_waiting(now())
    for channel in Channel.objects.filter(closed_at__isnull=True, deliveries__state=State.QUEUED).distinct():
        _through(channel, now, most, done)
    return done


def close_settled(*, at: datetime) -> int:
    """Close reminders of running rounds whose person has done everything since. The intake of check-ins knows nothing
    of it; pages look for themselves."""
    closed = 0
    for row in Round.objects.filter(ended_at__isnull=True, opens_at__lte=at):
        open_ = queries.open_reminders(row)
        settled = open_.exclude(pk__in=open_.filter(queries.unsettled(row)).values("pk"))
        closed += Message.objects.filter(pk__in=settled.values("pk")).update(state=Message.State.CLOSED, closed_at=at)
    return closed


def expire(*, at: datetime) -> int:
    """End rounds that are over: what is open in them closes without having been done. Messages that expired."""
    ended = 0
    for row in Round.objects.filter(ended_at__isnull=True, ends_at__lte=at):
        with transaction.atomic():
            ways = Delivery.objects.filter(message__round=row, state=State.QUEUED)
            ways.update(state=State.EXPIRED, ended_at=at)
            waiting = Message.objects.filter(round=row, state__in=(Message.State.QUEUED, Message.State.OPEN))
            ended += waiting.update(state=Message.State.EXPIRED, closed_at=at)
            Round.objects.filter(pk=row.pk).update(ended_at=at)
    return ended


def _open_waiting(at: datetime) -> None:
    running = Round.objects.filter(ended_at__isnull=True)
    Message.objects.filter(round__in=running, state=Message.State.QUEUED, next_at__lte=at).update(
        state=Message.State.OPEN
    )


@transaction.atomic
def _give_up_lost(at: datetime) -> int:
    """Deliveries whose sender died: nobody knows, so nobody sends again."""
    lost = Delivery.objects.filter(state=State.SENDING, lease_until__lt=at)
    Attempt.objects.filter(delivery__in=lost, outcome="").update(outcome=Outcome.UNKNOWN.value, answer="interrupted")
    return lost.update(state=State.UNKNOWN, ended_at=at, lease_until=None, answer="interrupted")


def _through(channel: Channel, now: Callable[[], datetime], most: int, done: Sent) -> None:
    """Batches of one channel until nothing is due, its rate is used up, or it rests."""
    if fault := sealed.fault_of(channel):
        # Nothing leaves and nothing is lost: what waits goes out once the key is back, or ends with its round.
        log.error("channel %s: %s", channel.pk, fault)
        return
    tried = 0
    while tried < most:
        due = Delivery.objects.filter(channel=channel, state=State.QUEUED, next_at__lte=now())
        batch = list(
            due.select_related("message__round", "message__organisation", "channel").order_by("next_at", "pk")[:BATCH]
        )
        if not batch or not is_free(channel, now()):
            return
        needed = _needed(batch)
        unneeded = [one.pk for one in batch if one.pk not in needed]
        rows = Delivery.objects.filter(pk__in=unneeded, state=State.QUEUED)
        done.add("closed", rows.update(state=State.CLOSED, ended_at=now()))
        for delivery in batch:
            if delivery.pk not in needed:
                continue
            attempt = _claim(delivery, now())
            if attempt is None:
                return
            tried += 1
            done.add(_attempt(delivery, attempt, needed[delivery.pk], now))


def _needed(batch: Sequence[Delivery]) -> dict[int, Said]:
    """Deliveries that are still needed, with their words of this moment: asked again for each batch."""
    found: dict[int, Said] = {}
    languages = _languages(batch)
    left: dict[tuple[int, int], int] = {}
    for row in {one.message.round for one in batch}:
        owed = {
            one.message.person_id: one.message.owed
            for one in batch
            if one.message.round_id == row.pk and one.message.organisation_id is None and one.message.person_id
        }
        left |= {(row.pk, person): bits for person, bits in queries.still_owed(row, owed).items()}
    for one in batch:
        message, unit, counts = one.message, one.message.organisation, None
        if unit is None:
            message.owed = left.get((message.round_id, message.person_id or 0), 0)
            if not message.owed:
                continue
        else:
            counts = queries.counts_for(message)
            if (counts.missing == 0) != (message.purpose == Message.Purpose.ALL_IN):
                continue
        with translation.override(languages.get(message.person_id or 0) or settings.LANGUAGE_CODE):
            found[one.pk] = say(message, counts)
    return found


def _languages(batch: Sequence[Delivery]) -> dict[int, str]:
    people = [one.message.person_id for one in batch if one.message.person_id]
    rows = Account.objects.filter(person__in=people).values_list("person", "language")
    return {person: language for person, language in rows if person is not None}


def _recent(channel: Channel, at: datetime) -> list[datetime]:
    """Attempts of the last minute at this bot, also through other channels that lead to it."""
    rows: QuerySet[Attempt] = Attempt.objects.filter(channel__digest=channel.digest, at__gt=at - timedelta(minutes=1))
    return list(rows.order_by().values_list("at", flat=True))


def is_free(channel: Channel, at: datetime) -> bool:
    """Whether one more message may go through it at `at`."""
    if Channel.objects.filter(digest=channel.digest, paused_until__gt=at).exists():
        return False
    return next_free(_recent(channel, at), queries.limits_of(channel.kind), now=at) <= at


def hold(channel: Channel) -> None:
    """Hold the bot's rows until the transaction ends: two senders together keep its rate."""
    list(Channel.objects.select_for_update().filter(digest=channel.digest).order_by("pk").values_list("pk"))


@transaction.atomic
def _claim(delivery: Delivery, at: datetime) -> Attempt | None:
    """Write down that it is about to be sent; None when another sender has it, or the channel must wait."""
    hold(delivery.channel)
    if not is_free(delivery.channel, at):
        return None
    mine = Delivery.objects.filter(pk=delivery.pk, state=State.QUEUED)
    if not mine.update(state=State.SENDING, lease_until=at + LEASE, attempts=F("attempts") + 1):
        return None
    return write_attempt(delivery.channel, at, delivery=delivery)


def write_attempt(channel: Channel, at: datetime, **more: object) -> Attempt:
    purge_on = clock.local_day(at) + timedelta(days=keep_days("message"))
    return Attempt.objects.create(channel=channel, at=at, purge_on=purge_on, **more)


def _attempt(delivery: Delivery, attempt: Attempt, said: Said, now: Callable[[], datetime]) -> str:
    channel, limits = delivery.channel, queries.limits_of(delivery.channel.kind)
    answer = deliver(sealed.target_of(channel), said, address=delivery.address, limits=limits)
    at = now()
    step = after(answer.outcome, attempts=delivery.attempts + 1, limits=limits, at=at)
    with transaction.atomic():
        Attempt.objects.filter(pk=attempt.pk).update(outcome=answer.outcome.value, answer=answer.note)
        values: dict[str, object] = {"state": step.state, "lease_until": None, "answer": answer.note}
        values |= {"next_at": step.at} if step.at else {"ended_at": at}
        Delivery.objects.filter(pk=delivery.pk, state=State.SENDING).update(**values)
        if step.pause_until is not None:
            Channel.objects.filter(digest=channel.digest).update(paused_until=step.pause_until)
    return answer.outcome.value
