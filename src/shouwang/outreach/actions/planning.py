"""Stage one: who is reminded. Set-based, a slice of people a transaction, taken up again where it was left.

Nothing is sent here. A slice that was interrupted is undone whole; one person has one message a round, whatever runs
twice, because the database says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, IntegerField, Max, Q, QuerySet, Value
from django.db.models.fields import CharField, DateTimeField

from shouwang.checkins.rules.reminding import next_waking
from shouwang.core import audit, clock
from shouwang.core.bulk import update_many
from shouwang.core.retention import keep_days
from shouwang.core.scope import Actor
from shouwang.org.models import Person
from shouwang.outreach import owed, queries
from shouwang.outreach.models import Delivery, Message, Preference, Round

SLICE = 50_000  # people a transaction: about a second on two cores, and check-ins are taken in between


def make_rounds(day: date, *, at: datetime) -> list[Round]:
    """The rounds of a day, one a moment at which something falls due; made where they are not there yet.

    Something that is asked later than its round was made joins it, until the round is planned.
    """
    timing, found = queries.timing(), []
    for due_at, dues in owed.due_on(day).items():
        items = [{"key": due.key, "zh": due.zh, "en": due.en, "path": due.path} for due in dues[: owed.MOST_ITEMS]]
        row, made = Round.objects.get_or_create(
            due_at=due_at,
            defaults={
                "opens_at": min((due.opens for due in dues if due.opens is not None), default=timing.opens(due_at)),
                "ends_at": timing.ends(due_at),
                "items": items,
                "purge_on": day + timedelta(days=keep_days("message")),
            },
        )
        if not made and row.planned_at is None:
            _join(row, items)
        found.append(row)
    return found


def _join(row: Round, items: list[dict[str, str]]) -> None:
    known = {item["key"] for item in row.items}
    new = [item for item in items if item["key"] not in known]
    if new:
        row.items = [*row.items, *new][: owed.MOST_ITEMS]
        row.save(update_fields=["items"])


def plan_due(*, by: Actor, at: datetime) -> int:
    """Plan every round of today whose reminders have begun and are not over; the messages that were made."""
    made = 0
    for row in make_rounds(clock.local_day(at), at=at):
        if row.planned_at is None and row.opens_at <= at < row.ends_at:
            made += plan_round(row.pk, by=by, at=at)
    return made


def plan_round(round_id: int, *, by: Actor, at: datetime, size: int = SLICE) -> int:
    """Go through everybody who has not been gone through yet, `size` people a transaction; messages made."""
    made = 0
    while True:
        done, new = _plan_slice(round_id, by=by, at=at, size=size)
        made += new
        if done:
            return made


@transaction.atomic
def _plan_slice(round_id: int, *, by: Actor, at: datetime, size: int) -> tuple[bool, int]:
    row = Round.objects.select_for_update().get(pk=round_id)
    if row.planned_at is not None:
        return True, 0
    ahead = Person.objects.filter(pk__gt=row.watermark).order_by("pk").values_list("pk", flat=True)
    last = next(iter(ahead[size - 1 : size]), None)
    here = Q(pk__gt=row.watermark)
    if last is not None:
        here &= Q(pk__lte=last)
    new = remind(row, here, at=at)
    if last is None:
        row.planned_at = at
        last = ahead.last() or row.watermark
    row.watermark = last
    row.save(update_fields=["watermark", "planned_at"])
    if row.planned_at is not None:
        audit.record("reminders.planned", "round", row.pk, by=by, at=at, new={"due": row.due_at.isoformat()})
    return row.planned_at is not None, new


def remind(row: Round, here: Q, *, at: datetime) -> int:
    """One message to each person of `here` who owes something, can be reached and has none yet; how many were new.

    Must stand in a transaction that holds the round. Whoever has one already gets no second: what they owe besides is
    added to it.
    """
    moment = next_waking(at, queries.waking_of(None))
    last = Message.objects.aggregate(last=Max("pk"))["last"] or 0
    for bit in range(len(row.items)):
        _insert(queries.owing(row, bit).filter(here).filter(queries.reached()), row, 1 << bit, moment, at=at)
    _by_preference(row, here, at=at)
    Message.objects.filter(round=row, created_at=at, next_at__gte=row.ends_at).delete()
    # The round is held, so that nobody else writes messages of it meanwhile. Counting all it has would take longer with
    # every slice.
    return Message.objects.filter(round=row, pk__gt=last).count()


COLUMNS = ("round_id", "person_id", "purpose", "owed", "state", "next_at", "created_at")


def _insert(people: QuerySet[Person], row: Round, mask: int, moment: datetime, *, at: datetime) -> None:
    """INSERT … SELECT: no person passes through Python. On both databases the same statement."""
    state = Message.State.OPEN if moment <= at else Message.State.QUEUED
    chosen = people.order_by().values_list(
        Value(row.pk, output_field=IntegerField()),
        F("pk"),
        Value(Message.Purpose.REMINDER.value, output_field=CharField()),
        Value(mask, output_field=IntegerField()),
        Value(state.value, output_field=CharField()),
        Value(moment, output_field=DateTimeField()),
        Value(at, output_field=DateTimeField()),
    )
    sql, values = chosen.query.sql_with_params()
    table = connection.ops.quote_name(Message._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(COLUMNS)}) {sql} "
            "ON CONFLICT (round_id, person_id) WHERE organisation_id IS NULL "
            f"DO UPDATE SET owed = {table}.owed | excluded.owed",
            values,
        )


def _by_preference(row: Round, here: Q, *, at: datetime) -> None:
    """Own waking hours, and deliveries by mail, for the new messages of those who gave either."""
    people = Person.objects.filter(here)
    own = Preference.objects.filter(person__in=people.values("pk")) if here else Preference.objects.all()
    chosen = Message.objects.filter(
        round=row, organisation__isnull=True, created_at=at, person__in=own.values("person")
    )
    rows = list(chosen.values_list("pk", "person_id", "person__home_path"))
    if rows:
        deliver_to_people(row, rows, at=at)


AT_ONCE = 5_000  # keys in one statement; SQLite takes 32,766


def deliver_to_people(row: Round, rows: Sequence[tuple[int, int | None, str]], *, at: datetime) -> None:
    """Set the moment of each message (key, person, path of home) by its reader's hours, and queue their mail."""
    for begin in range(0, len(rows), AT_ONCE):
        _deliver(row, rows[begin : begin + AT_ONCE], at=at)


def _deliver(row: Round, rows: Sequence[tuple[int, int | None, str]], *, at: datetime) -> None:
    preferences = queries.preferences_of([person for _pk, person, _path in rows if person is not None])
    channels = queries.mail_channels()
    moments, deliveries = [], []
    for pk, person, path in rows:
        preference = preferences.get(person) if person is not None else None
        moment = next_waking(at, queries.waking_of(preference))
        moments.append((moment, Message.State.OPEN if moment <= at else Message.State.QUEUED, pk))
        channel = queries.mail_channel_for(path, channels) if preference and preference.by_mail else None
        if preference and preference.mail and channel and moment < row.ends_at:
            deliveries.append(Delivery(message_id=pk, channel=channel, address=preference.mail, next_at=moment))
    update_many(Message, ("next_at", "state"), moments)
    Delivery.objects.bulk_create(deliveries, ignore_conflicts=True, batch_size=1000)
