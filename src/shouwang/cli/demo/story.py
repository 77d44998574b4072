"""What happens on the demo campus: days of check-ins, four earlier cases, three of them one chain, and this morning."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np

from shouwang.cases import actions as cases
from shouwang.cases.models import Case, Classification
from shouwang.checkins import actions as checkins
from shouwang.checkins.models import Monitoring, SymptomAlert
from shouwang.checkins.rules import Answers
from shouwang.cli.demo.stage import PACK, Stage
from shouwang.command.actions import control
from shouwang.core import clock, packs
from shouwang.core.scope import Actor, system_actor
from shouwang.isolation import actions as isolation
from shouwang.isolation import queries as isolation_queries
from shouwang.isolation.models import Order
from shouwang.org.models import Account, Person
from shouwang.org.queries import actor_for
from shouwang.tracing import actions as tracing
from shouwang.tracing.models import Contact, Trace, TransmissionLink

SHARE_SELF, SHARE_PROXY = 0.93, 0.02  # the rest has not been heard of; nobody fills in 100 %
SHARE_UNWELL = 0.0015
HISTORY_DAYS = 2  # days of check-ins before today
BASIS = "演示：依据《中华人民共和国传染病防治法》及上级一级响应公告（虚构）"


@dataclass
class Happened:
    """What the last lines of the demo tell."""

    checkins: int = 0
    alerts: int = 0
    checkin_seconds: float = 0.0
    traces: list[Trace] = field(default_factory=list)
    confirmed: int = 0
    orders: int = 0
    case: Case | None = None


def actor(username: str, at: datetime) -> Actor:
    return actor_for(Account.objects.get(username=username), at=at)


def declare_level(stage: Stage, *, at: datetime) -> None:
    # Lessons go on in this story, and colleges are asked for their reports by its directive.
    control.declare_with_measures(
        organisation=stage.university,
        level=1,
        kinds=("masks", "outings", "gatherings", "visitors"),
        basis=BASIS,
        review_on=clock.local_day(at) + timedelta(days=14),
        by=actor("office", at),
        at=at,
    )


def a_day_of_checkins(seed: int, *, from_: datetime, until: datetime, happened: Happened) -> None:
    """Everybody's check-in of one day, said between two moments. A few are unwell, some are not heard of."""
    day = clock.local_day(until)
    rng = np.random.default_rng([seed, 5, day.toordinal()])
    people = list(Person.objects.filter(left_on__isnull=True).order_by("pk"))
    draw, unwell = rng.random(len(people)), rng.random(len(people)) < SHARE_UNWELL
    seconds = rng.integers(0, max(1, int((until - from_).total_seconds())), len(people))
    watched = set(Monitoring.objects.filter(starts__lte=day, ends__gte=day).values_list("person_id", flat=True))
    entries = []
    for index, person in enumerate(people):
        if draw[index] > SHARE_SELF + SHARE_PROXY:
            continue
        proxy = draw[index] > SHARE_SELF
        entries.append(
            checkins.Entry(
                person=person,
                answers=_said(rng, unwell=bool(unwell[index]), watched=person.pk in watched),
                client_key=f"demo-{day}-{person.pk}",
                source="proxy" if proxy else "self",
                proxy_reason="手机无信号，班长电话询问" if proxy else "",
                said_at=from_ + timedelta(seconds=int(seconds[index])),
            )
        )
    started = time.perf_counter()
    for start in range(0, len(entries), 5000):
        result = checkins.submit_many(entries[start : start + 5000], by=system_actor("demo"), at=until)
        refused = [row.error for row in result.rows if row.error is not None]
        if refused:
            raise RuntimeError(f"{len(refused)} demo check-ins were refused: {refused[0]}")
        happened.alerts += len(result.alerts)
    happened.checkin_seconds += time.perf_counter() - started
    happened.checkins += len(entries)


UNWELL = [
    (("runny_nose",), None),
    (("sore_throat",), "36.9"),
    (("cough",), "37.0"),
    (("fever", "cough"), "37.8"),
    (("diarrhoea", "fatigue"), "36.8"),
]


def _said(rng: np.random.Generator, *, unwell: bool, watched: bool) -> Answers:
    """What one person says: the watched take their temperature, the unwell name what they feel."""
    if unwell:
        return _unwell(rng, watched=watched)
    measured = Decimal(f"{36.1 + 0.1 * int(rng.integers(0, 9)):.1f}") if watched else None
    return Answers(temperature_c=measured, exposure=False)


def _unwell(rng: np.random.Generator, *, watched: bool) -> Answers:
    symptoms, temperature = UNWELL[int(rng.choice(len(UNWELL), p=[0.4, 0.25, 0.2, 0.05, 0.1]))]
    return Answers(symptoms=symptoms, temperature_c=Decimal(temperature) if temperature else None, exposure=False)


def falls_ill(patient: Person, *, by: Actor, at: datetime) -> SymptomAlert:
    """The patient says so on their phone; triage raises the alert."""
    checkins.submit(
        person=patient,
        answers=Answers(
            symptoms=("fever", "cough"), temperature_c=Decimal("38.4"), exposure=False, note="昨晚开始发烧、咳嗽"
        ),
        client_key=f"demo-ill-{patient.pk}",
        by=by,
        at=at,
    )
    return SymptomAlert.objects.filter(person=patient, state=SymptomAlert.State.OPEN).latest("raised_at")


def the_clinic_acts(alert: SymptomAlert, *, onset: datetime, by: Actor, at: datetime) -> Case:
    """Suspected at once, confirmed by test, reported and treated."""
    case = cases.open_case(
        person=alert.person,
        pack=packs.get_pack(PACK),
        classification=Classification.SUSPECTED,
        onset_at=onset,
        reason="发热 38.4 ℃ 伴咳嗽",
        alert=alert,
        by=by,
        at=at,
    )
    cases.set_dates(case, reported_at=at + timedelta(minutes=25), treated_at=at + timedelta(minutes=40), by=by,
                    at=at + timedelta(minutes=40))  # fmt: skip
    cases.classify(case, new=Classification.CONFIRMED, reason="核酸检测阳性", by=by, at=at + timedelta(minutes=45))
    return case


def the_tracer_acts(case: Case, happened: Happened, *, by: Actor, at: datetime) -> list[Contact]:
    """Trace, then confirm every close contact but one, who was absent from the lesson."""
    trace = tracing.trace_case(case, by=by, at=at)
    happened.traces.append(trace)
    close = list(Contact.objects.filter(case=case, grade="close").order_by("-seconds", "pk"))
    if not close:
        return []
    absent, rest = close[-1], close[:-1]
    done = tracing.confirm_many(case, [contact.pk for contact in rest], by=by, at=at)
    tracing.dismiss(absent, reason="当天请假，未到教室（任课教师证实）", by=by, at=at)
    happened.confirmed += len(done)
    return done


def rooms_are_found(case: Case, *, limit: int | None, by: Actor, at: datetime) -> int:
    """Beds for the case and its contacts, as far as there are beds (or up to `limit`)."""
    orders = Order.objects.filter(case=case, where=Order.Where.UNASSIGNED, ended_at__isnull=True).order_by("pk")
    placed = 0
    for order in orders if limit is None else orders[:limit]:
        room = isolation_queries.propose_room(order, at=at)
        if room is None:
            break
        isolation.assign_room(order, room, by=by, at=at)
        placed += 1
    return placed


def an_earlier_case(
    person: Person, days_ago: int, happened: Happened, *, now: datetime, on_time: bool, note: Callable[[str], None]
) -> Case:
    """A whole case some days back, each step at its own moment; `on_time` False lets its clocks run late."""
    morning = clock.day_start(clock.local_day(now) - timedelta(days=days_ago)) + timedelta(hours=8, minutes=20)
    alert = falls_ill(person, by=system_actor("demo"), at=morning)
    seen = morning + timedelta(hours=1 if on_time else 5)
    case = the_clinic_acts(alert, onset=morning - timedelta(hours=14), by=actor("clinic", seen), at=seen)
    traced = seen + timedelta(hours=2 if on_time else 27)
    the_tracer_acts(case, happened, by=actor("tracer", traced), at=min(traced, now))
    placed = rooms_are_found(case, limit=30, by=actor("clinic", traced), at=min(traced + timedelta(hours=1), now))
    note(f"{case.number}: {placed} rooms")
    return case


def next_of(case: Case) -> Person:
    """Who falls ill next: the close contact who was with the case longest and is neither a case nor of the cast."""
    close = Contact.objects.filter(case=case, grade="close", person__account__isnull=True, person__cases__isnull=True)
    return close.select_related("person").order_by("-seconds", "pk")[0].person


def the_tracer_says_who_infected_whom(first: Case, second: Case, *, by: Actor, at: datetime) -> None:
    """The first came back with it, the second is a link the rule proposed; the third is left for you to decide."""
    tracing.add_link(first, origin="imported", reason="发病前三天由外地返校（本人陈述，车票核实）", by=by, at=at)
    link = TransmissionLink.objects.get(case=second, infector=first)
    tracing.accept_link(link, reason="同住一室，发病间隔相符", by=by, at=at)


def this_morning(patient: Person, happened: Happened, *, now: datetime) -> Case:
    """Student → clinic → tracer → quarantine, each as themselves, at this very moment."""
    alert = falls_ill(patient, by=actor("student", now), at=now - timedelta(minutes=58))
    onset = clock.day_start(clock.local_day(now)) - timedelta(hours=4)
    case = the_clinic_acts(alert, onset=onset, by=actor("clinic", now), at=now - timedelta(minutes=50))
    the_tracer_acts(case, happened, by=actor("tracer", now), at=now)
    rooms_are_found(case, limit=5, by=actor("clinic", now), at=now)
    happened.case = case
    return case


def the_clinic_works_off_its_queue(*, by: Actor, at: datetime) -> int:
    """The mildest third of the open alerts is closed with a reason; the rest waits for you."""
    rows = list(SymptomAlert.objects.filter(state=SymptomAlert.State.OPEN).order_by("rank", "pk"))
    closed = rows[: len(rows) // 3]
    for alert in closed:
        checkins.close_alert(alert, reason="电话复核：轻微不适，已就诊，无发热", by=by, at=at)
    return len(closed)
