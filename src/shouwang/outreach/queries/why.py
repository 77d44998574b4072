"""Why somebody is (not) reminded, for every deadline that is kept: the rule itself answers, with the facts of then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from shouwang.checkins.rules.reminding import Code, Waking, Window, decide
from shouwang.core import clock
from shouwang.core.scope import Actor
from shouwang.org.models import Person
from shouwang.org.queries import person_for
from shouwang.outreach.models import Delivery, Message, Round
from shouwang.outreach.owed import contributor_of
from shouwang.outreach.queries.people import preferences_of, reached, waking_of
from shouwang.outreach.queries.rounds import STATUS
from shouwang.outreach.words import asked, item_name

ROUNDS = 14


@dataclass(frozen=True, slots=True)
class Explained:
    """One deadline and one person. `lines`: item and sentence, an item each; `message` what was made, if any."""

    round: Round
    message: Message | None
    deliveries: Sequence[Delivery]
    lines: Sequence[tuple[str, Code, str]]


def told_of_reminders(person: Person, at: datetime) -> list[str]:
    """Sentences about the newest deadline, for the page of a room below that has asked its own permission."""
    return [sentence for explained in _all(person, at, 1) for _item, _code, sentence in explained.lines]


def why(by: Actor, person_id: int, *, at: datetime) -> tuple[Person, list[Explained]]:
    """For oneself, or a person within reach of checkin.status; the newest deadline first. NotFound otherwise.

    Before a round is planned the rule speaks of now; afterwards, of the moment at which it was planned. What a person
    answered stands in no line.
    """
    person = person_for(by, person_id, right=STATUS)
    return person, _all(person, at, ROUNDS)


def _all(person: Person, at: datetime, most: int) -> list[Explained]:
    rounds = list(Round.objects.order_by("-due_at")[:most])
    messages = {
        row.round_id: row
        for row in Message.objects.filter(person=person, organisation__isnull=True, round__in=rounds)
        .select_related("round")
        .prefetch_related("deliveries__channel")
    }
    waking = waking_of(preferences_of([person.pk]).get(person.pk))
    can = Person.objects.filter(reached(), pk=person.pk).exists()
    return [_explained(row, messages.get(row.pk), person, can, waking, at) for row in rounds]


def _explained(
    row: Round, message: Message | None, person: Person, can: bool, waking: Waking, at: datetime
) -> Explained:
    window, moment = Window(row.opens_at, row.due_at, row.ends_at), min(row.planned_at or at, at)
    mine = asked(row, message.owed) if message else []
    lines = []
    for item in row.items:
        contributor = contributor_of(item["key"])
        if contributor is None:
            continue
        if message is not None and item in mine:
            lines.append((item_name(item), Code.REMIND, _sentence(message)))
            continue
        facts = contributor.facts(item["key"], row.due_at, person, until=moment, reached=can, already=False)
        verdict = decide(facts, window, at=moment, waking=waking)
        late = row.planned_at is not None and verdict.code in (Code.REMIND, Code.LATER)
        said = _("Not reminded: this came to be owed, or this person to be reachable, after the round was planned.")
        lines.append((item_name(item), verdict.code, said if late else verdict.sentence))
    return Explained(row, message, list(message.deliveries.all()) if message else (), lines)


def _sentence(message: Message) -> str:
    at = f"{message.next_at.astimezone(clock.zone()):%Y-%m-%d %H:%M}"
    match message.state:
        case Message.State.QUEUED:
            return _("Will be reminded at %(at)s, when this person's waking hours begin.") % {"at": at}
        case Message.State.CLOSED if message.closed_at is not None and message.closed_at < message.next_at:
            return _("Not reminded: it was done before this person's waking hours began at %(at)s.") % {"at": at}
        case Message.State.CLOSED:
            return _("Was reminded at %(at)s; done since, so the message is closed.") % {"at": at}
        case Message.State.EXPIRED:
            return _("Was to be reminded at %(at)s; the time for this deadline is over.") % {"at": at}
        case _:
            return _("Was reminded at %(at)s; the message is open.") % {"at": at}
