"""From contact to case and back, whatever the road: nothing is lost, and no state is a dead end."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest
from django.test import Client

from shouwang.cases import actions as case_actions
from shouwang.cases import rules as case_rules
from shouwang.cases.models import Case, ClassificationChange
from shouwang.core.errors import ShouwangError
from shouwang.core.packs import get_pack
from shouwang.org.tests.cast import NOON, Cast
from shouwang.tracing import actions
from shouwang.tracing.models import Contact, FollowUp, TransmissionLink
from shouwang.tracing.queries import conversion
from shouwang.tracing.queries import following as follow_queries
from shouwang.tracing.tests.desk_scene import COVID, contact

SignIn = Callable[[str], Client]
WALKS, STEPS = 8, 14
CLASSES = ("suspected", "probable", "confirmed", "asymptomatic", "discarded")


def fall_ill(cast: Cast, at: datetime, classification: str = "suspected") -> Case:
    return case_actions.open_case(
        person=cast.person["wang"], pack=get_pack(COVID), classification=classification, reason="发热",
        onset_at=None if classification == "asymptomatic" else at - timedelta(hours=2), by=cast.by("he", at), at=at,
    )  # fmt: skip


def classify(cast: Cast, case: Case, new: str, at: datetime) -> None:
    case_actions.classify(case, new=new, reason="复核", by=cast.by("he", at), at=at)


def test_a_contact_that_becomes_a_case_is_linked_and_back_under_observation_when_discarded(
    cast: Cast, traced: Case
) -> None:
    by, wang = cast.by("qiu"), cast.person["wang"]
    held = actions.confirm(contact(traced, cast, "wang"), by=by, at=NOON)
    first = FollowUp.objects.get(person=wang)
    day = NOON + timedelta(days=2)
    case = fall_ill(cast, day)
    first.refresh_from_db()
    assert (first.state, first.became) == ("case", case)
    link = TransmissionLink.objects.get(case=case, infector=traced)
    assert (link.state, bool(link.certainty)) == ("proposed", True)
    assert [step.case for step in conversion.history(by, held) if step.case is not None] == [case]
    found = conversion.before(by, case)
    assert found is not None
    assert ([row.case for row in found.contacts], found.follow_up) == ([traced], first)
    classify(cast, case, "discarded", day + timedelta(hours=5))
    again = FollowUp.objects.get(person=wang, state="running")
    assert (again.resumes, again.ends_on, again.starts_on) == (first, first.ends_on, first.starts_on)
    classify(cast, case, "confirmed", day + timedelta(hours=6))
    again.refresh_from_db()
    assert (again.state, again.became) == ("case", case)
    words = [step.case for step in conversion.history(by, held) if step.case is not None]
    assert words == [case] * ClassificationChange.objects.filter(case=case).count()


def test_whose_exposure_is_over_is_not_observed_again(cast: Cast, traced: Case) -> None:
    actions.confirm(contact(traced, cast, "wang"), by=cast.by("qiu"), at=NOON)
    case = fall_ill(cast, NOON + timedelta(days=2))
    classify(cast, case, "discarded", NOON + timedelta(days=30))
    assert not FollowUp.objects.filter(state="running").exists()


def test_who_may_not_see_the_other_case_learns_a_number_alone(cast: Cast, traced: Case) -> None:
    actions.confirm(contact(traced, cast, "wang"), by=cast.by("qiu"), at=NOON)
    case = fall_ill(cast, NOON + timedelta(days=2))
    found = conversion.before(cast.by("fang"), case)
    assert found is not None
    assert (found.contacts, found.outside) == ([], 1)
    assert conversion.before(cast.by("he"), traced) is None
    steps = conversion.history(cast.by("fang"), contact(traced, cast, "wang"))
    assert all(step.case is None for step in steps)


@pytest.mark.parametrize("seed", range(WALKS))
def test_no_walk_between_contact_and_case_ends_dead_or_loses_anything(cast: Cast, traced: Case, seed: int) -> None:
    rng, at = random.Random(seed), NOON
    done: list[str] = []
    for _step in range(STEPS):
        at += timedelta(hours=rng.choice((1, 5, 9)))
        held = contact(traced, cast, "wang")
        own = Case.objects.filter(person=cast.person["wang"]).order_by("-pk").first()
        ways = ways_on(cast, held, own, at)
        assert ways, f"dead end after {done}"
        name = rng.choice(sorted(ways))
        before = (FollowUp.objects.count(), ClassificationChange.objects.count(), Contact.objects.count())
        ways[name]()
        done.append(name)
        after = (FollowUp.objects.count(), ClassificationChange.objects.count(), Contact.objects.count())
        assert all(new >= old for new, old in zip(after, before, strict=True)), done
        in_step(cast, traced, at, done)


def ways_on(cast: Cast, held: Contact, own: Case | None, at: datetime) -> dict[str, Callable[[], object]]:
    """Everything that the rules let somebody do from here."""
    by = cast.by("qiu", at)
    ways: dict[str, Callable[[], object]] = {}
    ways["trace"] = lambda: actions.trace_case(held.case, by=by, at=at)
    if held.state != "confirmed":
        ways["confirm"] = lambda: actions.confirm(held, by=by, at=at)
    if held.state != "dismissed":
        ways["dismiss"] = lambda: actions.dismiss(held, reason="请假", by=by, at=at)
    if held.state != "candidate":
        ways["reconsider"] = lambda: actions.reconsider(held, reason="再查", by=by, at=at)
    if own is None:
        ways["fall ill"] = lambda: fall_ill(cast, at)
        return ways
    for new in CLASSES:
        try:
            case_rules.check_transition(
                own.classification, new, closed=not own.is_open, onset_known=own.onset_at is not None
            )
        except ShouwangError:  # a step the rules refuse is no way
            continue
        ways[new] = partial(classify, cast, own, new, at)
    if own.is_open and own.classification != "suspected":
        ways["close"] = lambda: case_actions.close_case(own, reason="痊愈", by=cast.by("he", at), at=at)
    if not own.is_open and own.classification != "discarded":
        ways["reopen"] = lambda: case_actions.reopen_case(own, reason="复阳", by=cast.by("he", at), at=at)
    return ways


def in_step(cast: Cast, traced: Case, at: datetime, done: list[str]) -> None:
    """Who is a case is not followed; who is a confirmed contact whose exposure runs is; a link stands beside both."""
    wang = cast.person["wang"].pk
    running = FollowUp.objects.filter(person=wang, state="running").exists()
    held = contact(traced, cast, "wang")
    if wang in follow_queries.open_cases([wang], "covid19"):
        assert not running, done
    elif not Case.objects.filter(person=wang, closed_at__isnull=False).exclude(classification="discarded").exists():
        assert running == (held.state == "confirmed"), done
    own = Case.objects.filter(person=wang).exclude(classification="discarded").first()
    if own is not None and held.state == "confirmed":
        assert TransmissionLink.objects.filter(case=own, infector=traced).exists(), done


def test_page_and_api(cast: Cast, sign_in: SignIn, traced: Case) -> None:
    held = actions.confirm(contact(traced, cast, "wang"), by=cast.by("qiu"), at=NOON)
    case = fall_ill(cast, NOON)
    qiu = sign_in("qiu")
    assert case.number in qiu.get(f"/tracing/contacts/{held.pk}/").content.decode()
    steps = qiu.get(f"/api/v1/tracing/contacts/{held.pk}/history").json()
    assert {step["case"] for step in steps} == {None, case.number}
    assert sign_in("he").get(f"/api/v1/tracing/contacts/{held.pk}/history").status_code == 404
    assert traced.number in sign_in("he").get(f"/cases/{case.pk}/").content.decode()
