"""The row of the lists for everybody on the roster: made, moved and removed set-based, whatever happens to people."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date, datetime
from functools import cache
from typing import Any

from django.db import transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from shouwang.checkins import rules
from shouwang.checkins.models import CheckIn, Excuse, LatestCheckIn, Stirred
from shouwang.checkins.queries.asking import OnDay, protocols_on
from shouwang.checkins.queries.own import zone_of
from shouwang.core import clock
from shouwang.core.bulk import insert_many, update_many
from shouwang.core.scope import Actor
from shouwang.org.models import Person

IDS_A_STATEMENT = 5000  # below the parameter limits of both databases


def latest_row(checkin: CheckIn, words: int, part: int) -> LatestCheckIn:
    """The row that makes `checkin` its person's newest word; `words` are `rules.said` of its day, `part` the slot in
    which it was said. Where the person has
    a row already, `LatestCheckIn.HEARD` alone is overwritten: place and excuse are not the check-in's to say."""
    return LatestCheckIn(
        person_id=checkin.person_id,
        home_path=checkin.person.home_path,
        number=checkin.person.number,
        checkin=checkin,
        day=checkin.day,
        at=checkin.at,
        source=checkin.source,
        symptomatic=checkin.symptomatic,
        severity=checkin.severity,
        rank=rules.RANK[checkin.severity],
        words=words,
        conflicting=rules.conflicting(words),
        part=part,
    )


def people_changed(people: Collection[int], by: Actor, at: datetime) -> None:
    """People were added, moved, corrected or have left: "people.changed" of org."""
    sync_standings(people, at=at)


@transaction.atomic
def people_merged(people: Collection[int], by: Actor, at: datetime) -> None:
    """Two records became one, or two again: what was said stands with another person, so both rows are made anew."""
    LatestCheckIn.objects.filter(pk__in=list(people)).delete()
    sync_standings(people, at=at)


@transaction.atomic
def sync_standings(ids: Collection[int] | None = None, *, at: datetime) -> int:
    """Give everybody on the roster their row with the place they have now, take it from who has left. `ids`: only
    those people; None: everybody. Returns the number of rows changed; safe to call at any time."""
    day = clock.local_day(at)
    if ids is None:
        return _sync(Person.objects.all(), LatestCheckIn.objects.all(), day)
    return sum(
        _sync(Person.objects.filter(pk__in=part), LatestCheckIn.objects.filter(pk__in=part), day) for part in parts(ids)
    )


def _sync(people: QuerySet[Person], rows: QuerySet[LatestCheckIn], day: date) -> int:
    gone = list(rows.filter(person__left_on__lte=day).values_list("pk", flat=True))
    elsewhere = ~Q(home_path=F("person__home_path")) | ~Q(number=F("person__number"))
    moved = list(rows.filter(elsewhere).values_list("pk", flat=True))
    on_roster = Q(left_on__isnull=True) | Q(left_on__gt=day)
    lacking = people.filter(on_roster, latest_checkin__isnull=True)
    made = list(lacking.order_by().values_list("pk", "home_path", "number"))
    for part in parts(gone):
        LatestCheckIn.objects.filter(pk__in=part).delete()
    for part in parts(moved):
        person = Person.objects.filter(pk=OuterRef("pk"))
        LatestCheckIn.objects.filter(pk__in=part).update(
            home_path=Subquery(person.values("home_path")[:1]), number=Subquery(person.values("number")[:1])
        )
    if made:
        _make(made, day)
    stir([*gone, *moved, *(pk for pk, _path, _number in made)])
    return len(gone) + len(moved) + len(made)


def _make(people: list[tuple[int, str, str]], day: date) -> None:
    """Rows for people who have none; who comes back brings along what is still on record about them. Some thousand at
    a time: a city's check-ins of two weeks do not fit into memory."""
    asked = cache(protocols_on)
    place = {row[0]: row for row in people}
    for part in parts(place):
        heard: dict[int, list[CheckIn]] = {}
        said = CheckIn.objects.filter(person_id__in=part).select_related("person__own_zone").order_by("at", "pk")
        for row in said:
            heard.setdefault(row.person_id, []).append(row)
        insert_many(LatestCheckIn, ("person", "home_path", "number"), (place[pk] for pk in part if pk not in heard))
        LatestCheckIn.objects.bulk_create([_remembered(rows, asked) for rows in heard.values()], batch_size=500)
    renew_excuses(place, on=day)


def _remembered(rows: list[CheckIn], asked: Callable[[date], OnDay]) -> LatestCheckIn:
    newest, words = rows[-1], 0
    for row in rows:
        if row.day == newest.day:
            words = rules.said(words, row.source, symptomatic=row.symptomatic)
    slots = asked(newest.day).of(newest.person.home_path).form.slots
    return latest_row(newest, words, rules.slot_of(slots, newest.at.astimezone(zone_of(newest.person)).time()))


@transaction.atomic
def renew_excuses(ids: Collection[int] | None = None, *, on: date) -> int:
    """Copy the excuse in force on `on` (the longest, where there are several) into the rows of the lists; an expired
    one is taken out. `ids`: only those people. Returns the number of rows changed."""
    excuses = Excuse.objects.filter(starts__lte=on, ends__gte=on).order_by("ends", "pk")
    rows = LatestCheckIn.objects.filter(excused_until__isnull=False)
    wanted: dict[int, tuple[date | None, str]] = {}
    standing: dict[int, tuple[date | None, str]] = {}
    for part in [None] if ids is None else parts(ids):
        narrow: dict[str, Any] = {} if part is None else {"person_id__in": part}
        wanted |= {
            pk: (ends, code) for pk, ends, code in excuses.filter(**narrow).values_list("person", "ends", "code")
        }
        standing |= {
            pk: (until, code)
            for pk, until, code in rows.filter(**narrow).values_list("pk", "excused_until", "excused_code")
        }
    nobody: tuple[date | None, str] = (None, "")
    changed = [pk for pk in wanted.keys() | standing.keys() if wanted.get(pk, nobody) != standing.get(pk, nobody)]
    update_many(LatestCheckIn, ("excused_until", "excused_code"), ((*wanted.get(pk, nobody), pk) for pk in changed))
    stir(changed)
    return len(changed)


def forget(on: date) -> None:
    """Before check-ins are purged: whose newest word goes is as if never heard."""
    rows = LatestCheckIn.objects.filter(checkin__purge_on__lte=on)
    with transaction.atomic():
        ids = list(rows.values_list("pk", flat=True))
        blank = {
            "checkin": None,
            "day": rules.NEVER,
            "at": None,
            "source": "",
            "words": 0,
            "conflicting": False,
            "part": 0,
        }
        for part in parts(ids):
            LatestCheckIn.objects.filter(pk__in=part).update(**blank, symptomatic=False, severity="none", rank=0)
        stir(ids)


def stir(ids: Iterable[int]) -> None:
    """Note that these people must be counted anew: anything but a check-in has changed where they stand."""
    insert_many(Stirred, ("person",), ((pk,) for pk in ids))


def parts(ids: Collection[int]) -> Iterator[list[int]]:
    ordered = sorted(ids)
    for start in range(0, len(ordered), IDS_A_STATEMENT):
        yield ordered[start : start + IDS_A_STATEMENT]
