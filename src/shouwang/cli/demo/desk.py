"""What stands on the desks of the demo: an interview, tests, calls, contacts shared out, somebody registered twice."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from shouwang.cases.laboratory import actions as laboratory
from shouwang.cases.laboratory.models import Purpose, Sample
from shouwang.cases.models import Case
from shouwang.checkins.models import CheckIn
from shouwang.checkins.rules import Answers
from shouwang.core import clock
from shouwang.core.scope import Actor
from shouwang.org import actions as org
from shouwang.org.models import Person, Place
from shouwang.tracing import actions as tracing
from shouwang.tracing.models import Contact, FollowUp
from shouwang.tracing.models_told import Statement
from shouwang.tracing.rules.interviews import Said
from shouwang.tracing.rules.unknowns import Sketch

Certainty = Statement.Certainty
LABORATORY = "市疾控中心检验科（虚构）"
ANSWERS = {
    "onset": "昨晚八点左右先觉得怕冷，夜里发烧，今早咳嗽。",
    "company": "这两天和室友一起上课、吃饭，别的时候在图书馆。",
    "travel": "昨天下午打车回校，手机支付，车牌没记住。",
    "mask": "上课戴，吃饭时没有戴。",
}


def the_tracer_asks(case: Case, *, by: Actor, at: datetime) -> None:
    """What the patient says: sure, about, and by hearsay; answers to the script; a driver nobody knows."""
    yesterday = clock.day_start(clock.local_day(at) - timedelta(days=1))
    canteen = Place.objects.filter(kind=Place.Kind.CANTEEN).order_by("path").first()
    library = Place.objects.filter(kind=Place.Kind.LIBRARY).order_by("path").first()
    met = [row.person for row in Contact.objects.filter(case=case).order_by("grade_rank", "-seconds")[:2]]
    others = Person.objects.filter(home=case.person.home, contact_of__isnull=True).exclude(pk=case.person_id)
    heard = list(others.order_by("number")[:1])
    told = (
        (12.0, 12.6, Certainty.SURE, canteen, "和室友同桌吃饭", met[:1], None),
        (15.0, 16.5, Certainty.ABOUT, library, "对面坐着同班同学", met[1:], 15),
        (19.0, 19.5, Certainty.HEARD, None, "室友说他也来过寝室", heard, None),
    )
    for start, end, certainty, place, company, with_them, off in told:
        said = Said(
            starts_at=yesterday + timedelta(hours=start),
            ends_at=yesterday + timedelta(hours=end),
            certainty=certainty,
            place=place.pk if place else None,
            place_text=place.name if place else "寝室",
            company=company,
            companions=tuple(person.pk for person in with_them),
            give_or_take=off,
        )
        tracing.interview.state(case, case.person, said, by=by, at=at)
    tracing.interview.answer(case, case.person, ANSWERS, by=by, at=at)
    rode = yesterday + timedelta(hours=14, minutes=20)
    driver = Sketch(
        "出租车司机，白色轿车", rode, rode + timedelta(minutes=25),
        "火车站至学校北门", "手机支付记录、平台订单",
    )  # fmt: skip
    tracing.unknowns.note(case, driver, by=by, at=at)
    tracing.trace_case(case, by=by, at=at)  # so that what was said counts


def the_laboratory_works(case: Case, *, by: Actor, at: datetime) -> None:
    """The patient's positive, five close contacts in one tube, and a test that still waits to be taken."""
    began = at - timedelta(hours=5)
    first = laboratory.order_test(case.person, method="pcr", case=case, ordered_at=began, by=by, at=at)
    _through(
        laboratory.take_sample([first], barcode="DEMO0001", taken_at=began, by=by, at=at), "positive", by=by, at=at
    )
    close = Contact.objects.filter(case=case, state=Contact.State.CONFIRMED).select_related("person").order_by("pk")
    tests = [
        laboratory.order_test(
            row.person, method="pcr", disease=case.disease, purpose=Purpose.CONTACT, ordered_at=began, by=by, at=at
        )
        for row in close[:6]
    ]
    if len(tests) > 1:
        pool = laboratory.take_sample(tests[:5], barcode="DEMO0002", capacity=5, taken_at=began, by=by, at=at)
        _through(pool, "negative", by=by, at=at)


def _through(sample: Sample, outcome: str, *, by: Actor, at: datetime) -> None:
    """Handed over, received, resulted, an hour apart."""
    names = {"giver": "采样护士", "taker": "转运员"}
    laboratory.hand_over(sample, handed_at=at - timedelta(hours=4), **names, by=by, at=at)
    laboratory.receive_sample(
        sample, laboratory=LABORATORY, giver="转运员", taker="收样员", received_at=at - timedelta(hours=3), by=by, at=at
    )
    laboratory.record_result(
        sample, outcome=outcome, laboratory=LABORATORY, resulted_at=at - timedelta(hours=1), by=by, at=at
    )


def contacts_are_called(*, by: Actor, at: datetime) -> int:
    """Six who are followed and have not been heard today: five answer, one does not."""
    heard = CheckIn.objects.filter(day=clock.local_day(at)).values("person")
    running = FollowUp.objects.filter(state=FollowUp.State.RUNNING).exclude(person__in=heard)
    rows = list(running.select_related("person").order_by("pk")[:6])
    for number, row in enumerate(rows):
        reached = number != 2
        tracing.record_call(
            row, how="phone", outcome="reached" if reached else "not_reached", client_key=f"demo-call-{row.pk}",
            answers=Answers(temperature_c=Decimal("36.5"), exposure=False) if reached else None,
            note="无不适，已告知每日测温两次" if reached else "两次无人接听", by=by, at=at,
        )  # fmt: skip
    return len(rows)


def the_desk_is_shared(case: Case, *, by: Actor, at: datetime) -> int:
    """Two tracers share what is still undecided."""
    return tracing.share_contacts(case, by=by, at=at).moving


def somebody_is_registered_twice(person: Person, *, by: Actor, at: datetime) -> None:
    """At the gate, as a visitor, in a hurry: same name, same birthday, another number."""
    if person.home is None:
        return
    org.add_person(
        number="V20260001", name=person.name, kind=Person.Kind.VISITOR, home=person.home, since=clock.local_day(at),
        phone=person.phone, born=person.born, by=by, at=at,
    )  # fmt: skip


def visitors_come(*, by: Actor, at: datetime) -> int:
    """Two are on the campus, one of them longer than expected; one has left; their number."""
    library = Place.objects.filter(kind=Place.Kind.LIBRARY).order_by("path").first()
    canteen = Place.objects.filter(kind=Place.Kind.CANTEEN).order_by("path").first()
    if library is None or canteen is None:
        return 0
    hour = timedelta(hours=1)
    told = (
        ("郑远来", "13800010001", library, at - hour, at + 2 * hour, None),
        ("钱送货", "13800010002", canteen, at - 2 * hour, at - hour, None),
        ("冯讲座", "13800010003", library, at - 20 * hour, at - 17 * hour, at - 17.5 * hour),
    )
    for number, (name, phone, place, starts_at, until, left_at) in enumerate(told):
        coming = tracing.visitors.Coming(name, phone, place.code, starts_at, until)
        tracing.visitors.register(coming, key=f"demo-{number}", by=by, at=at, left_at=left_at)
    return len(told)
