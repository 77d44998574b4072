"""Who is reminded, when, and why not: the rule, and the same rule as a condition over many people."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db.models import Exists, OuterRef
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from shouwang.checkins.models import CheckIn, LatestCheckIn, Monitoring
from shouwang.checkins.queries import reminders
from shouwang.checkins.rules.asking import Asking, Cadence
from shouwang.checkins.rules.reminding import Code, Facts, Verdict, Waking, Window, decide, next_waking, standing
from shouwang.core.tree import Regions
from shouwang.org.models import Account, Membership, Person
from shouwang.org.tests.cast import NOON, Cast

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
TODAY = date(2026, 3, 2)
DAY = Waking(SHANGHAI)
OWES = Facts(left=False, asked=True, heard=False, already=False, reached=True)


def local(hour: int, minute: int = 0, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime(2026, 3, 2, hour, minute, tzinfo=zone)


WINDOW = Window(local(9), local(10), local(14))


@pytest.mark.parametrize(
    ("facts", "at", "waking", "code"),
    [
        (OWES, local(9), DAY, Code.REMIND),
        (OWES, local(8, 59), DAY, Code.TOO_EARLY),
        (OWES, local(13, 59), DAY, Code.REMIND),
        (OWES, local(14), DAY, Code.TOO_LATE),
        (OWES, local(9), Waking(SHANGHAI, time(11), time(23)), Code.LATER),
        (OWES, local(9), Waking(SHANGHAI, time(14), time(23)), Code.ASLEEP),
        (OWES, local(9), Waking(BERLIN), Code.ASLEEP),  # 02:00 there
        (OWES, local(13, 30), Waking(BERLIN), Code.ASLEEP),  # 06:30 there, and at 07:00 it is over
        (Facts(True, True, False, False, True), local(9), DAY, Code.LEFT),
        (Facts(False, False, False, False, True), local(9), DAY, Code.NOT_ASKED),
        (Facts(False, True, False, False, True, "leave"), local(9), DAY, Code.EXCUSED),
        (Facts(False, True, True, False, True), local(9), DAY, Code.HEARD),
        (Facts(False, True, False, True, True), local(9), DAY, Code.ALREADY),
        (Facts(False, True, False, False, False), local(9), DAY, Code.NO_CHANNEL),
        (Facts(False, True, True, True, False), local(15), DAY, Code.HEARD),  # the person's facts come first
    ],
)
def test_each_answer_has_its_reason(facts: Facts, at: datetime, waking: Waking, code: Code) -> None:
    verdict = decide(facts, WINDOW, at=at, waking=waking)
    assert verdict.code is code
    assert (verdict.at is not None) == (code in (Code.REMIND, Code.LATER))
    for language in ("zh-hans", "en"):
        with translation.override(language):
            assert verdict.sentence
            assert "%(" not in verdict.sentence


def test_the_sentence_names_the_moment_in_the_readers_zone() -> None:
    verdict = decide(OWES, WINDOW, at=local(9), waking=Waking(SHANGHAI, time(11), time(23)))
    with translation.override("en"):
        assert "2026-03-02 11:00" in verdict.sentence
    assert isinstance(verdict, Verdict)


def test_night_workers_wake_over_midnight() -> None:
    night = Waking(SHANGHAI, time(15), time(7))
    assert next_waking(local(23), night) == local(23)
    assert next_waking(local(6, 59), night) == local(6, 59)
    assert next_waking(local(7), night) == local(15)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)),  # noqa: DTZ001 (made aware below)
    st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Asia/Kolkata"]),
    st.times(),
    st.times(),
)
def test_a_reminder_never_falls_outside_waking_hours(moment: datetime, zone: str, since: time, until: time) -> None:
    since, until = since.replace(second=0, microsecond=0), until.replace(second=0, microsecond=0)
    if since == until:
        return
    at, waking = moment.replace(tzinfo=UTC), Waking(ZoneInfo(zone), since, until)
    found = next_waking(at, waking)
    assert at <= found <= at + timedelta(hours=25)
    here = found.astimezone(waking.zone)
    gap = here.utcoffset() != at.astimezone(waking.zone).utcoffset()  # clocks changed in between
    awake = since <= here.time() < until if since < until else here.time() >= since or here.time() < until
    assert awake or gap


def many_people(cast: Cast, chance: random.Random) -> list[Person]:
    """Sixty people in all kinds of states."""
    people = Person.objects.bulk_create(
        Person(
            number=f"R{k}", name=f"某{k}", home=cast.org["CS2301"], home_path=cast.org["CS2301"].path,
            left_on=chance.choice([None, None, TODAY - timedelta(days=1), TODAY, TODAY + timedelta(days=1)]),
        )
        for k in range(60)
    )  # fmt: skip
    for person in people:
        if chance.random() < 0.8:
            Account.objects.create(
                username=person.number, person=person, created_at=NOON, is_active=chance.random() < 0.9
            )
        if chance.random() < 0.3:
            Monitoring.objects.create(
                person=person, starts=TODAY, ends=TODAY, checks_per_day=1, temperature_required=False, reason="x",
                reference=person.number,
            )  # fmt: skip
        if chance.random() < 0.6:
            day = TODAY - timedelta(days=chance.choice([0, 0, 1, 3]))
            at = NOON - timedelta(days=(TODAY - day).days, hours=1)
            row = CheckIn.objects.create(person=person, day=day, at=at, client_key=person.number, purge_on=day)
            LatestCheckIn.objects.update_or_create(
                person=person, defaults={"checkin": row, "day": day, "at": at, "source": "self"}
            )
    return people


DUE = time(10)


@pytest.mark.parametrize("cadence", [Cadence.DAILY, Cadence.WEEKLY, Cadence.UNWELL_ONLY])
def test_the_condition_agrees_with_the_rule(cast: Cast, monkeypatch: pytest.MonkeyPatch, cadence: Cadence) -> None:
    asking = Asking(cadence, DUE, weekday=3)  # a Thursday; TODAY is a Monday
    monkeypatch.setattr(reminders, "asking_regions", lambda day: Regions({"": asking}))
    people = many_people(cast, random.Random(20260302))
    has_account = Exists(Account.objects.filter(person=OuterRef("pk"), is_active=True))
    reminded = Exists(Membership.objects.filter(person=OuterRef("pk"), primary=False))
    for person in people[::7]:
        Membership.objects.create(person=person, organisation=cast.org["IE"], primary=False, starts=TODAY)
    everybody = Person.objects.filter(pk__in=[person.pk for person in people])
    found = dict(
        reminders.with_code(everybody, TODAY, reached=has_account, already=reminded).values_list("pk", "remind_code")
    )
    reached, already = (set(everybody.filter(one).values_list("pk", flat=True)) for one in (has_account, reminded))
    by_rule = {
        person.pk: standing(
            reminders.facts_of(person, TODAY, until=NOON, reached=person.pk in reached, already=person.pk in already)
        )
        for person in people
    }
    assert found == {pk: code.value for pk, code in by_rule.items()}
    wanted = {Code.REMIND, Code.LEFT, Code.HEARD, Code.NO_CHANNEL, Code.ALREADY}
    assert set(by_rule.values()) == wanted | ({Code.NOT_ASKED} if cadence is not Cadence.DAILY else set())
    owing = set(reminders.owing(TODAY).filter(pk__in=by_rule).values_list("pk", flat=True))
    assert owing == {pk for pk, code in by_rule.items() if code in (Code.REMIND, Code.NO_CHANNEL, Code.ALREADY)}


def test_nobody_is_expected_only_when_nobody_is_asked(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    assert reminders.deadlines(TODAY)
    nobody = Regions({"": Asking(Cadence.UNWELL_ONLY, DUE)})
    monkeypatch.setattr(reminders, "asking_regions", lambda day: nobody)
    assert not reminders.deadlines(TODAY)
    Monitoring.objects.create(
        person=cast.person["lin"], starts=TODAY, ends=TODAY, checks_per_day=1, temperature_required=False, reason="x",
        reference="r",
    )  # fmt: skip
    assert reminders.deadlines(TODAY)
