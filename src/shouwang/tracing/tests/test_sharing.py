"""Undecided contacts shared among tracers by load, kept when shared again, taken back from whoever is absent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from shouwang.cases.models import Case
from shouwang.core.errors import BadInput, Forbidden, NotFound
from shouwang.core.models import AuditEntry
from shouwang.org.models import Account, Grant, Person
from shouwang.org.tests.cast import NOON, SINCE, Cast
from shouwang.tracing import actions
from shouwang.tracing.models import Contact
from shouwang.tracing.queries import sharing
from shouwang.tracing.rules.sharing import Waiting, propose
from shouwang.tracing.tests.desk_scene import contact, many_contacts

SignIn = Callable[[str], Client]
LATER = NOON + timedelta(hours=1)


@pytest.fixture
def second(cast: Cast) -> Person:
    """Gu traces too from today on."""
    Grant.objects.create(account=cast.account["gu"], role="tracer", organisation=cast.org["WCU"], starts=SINCE)
    return cast.person["gu"]


@given(
    st.lists(st.sampled_from([None, 1, 2, 3, 4]), max_size=40),
    st.sets(st.sampled_from([1, 2, 3]), min_size=1),
    st.dictionaries(st.sampled_from([1, 2, 3]), st.integers(0, 9)),
)
def test_sharing_takes_nothing_away_levels_the_load_and_comes_to_rest(
    held: list[int | None], among: set[int], before: dict[int, int]
) -> None:
    able = {1, 2, 3}  # 4 may not decide any more
    waiting = [Waiting(k, tracer) for k, tracer in enumerate(held)]
    loads = {who: before.get(who, 0) + held.count(who) for who in able}
    found = propose(waiting, among, able, loads)
    moved = found.moves
    assert {one.contact for one in waiting if one.tracer in (None, 4)} == set(moved)
    assert set(moved.values()) <= among
    given_to = [portion for portion in found.portions if portion.given]
    for taker in given_to:
        assert all(taker.after <= other.after + 1 for other in found.portions)
    again = [Waiting(one.contact, moved.get(one.contact, one.tracer)) for one in waiting]
    fresh = {who: loads[who] + sum(to == who for to in moved.values()) for who in able}
    assert propose(again, among, able, fresh).moves == {}


def test_a_case_is_shared_by_load_and_shared_again_nothing_moves(cast: Cast, traced: Case, second: Person) -> None:
    by, qiu = cast.by("qiu"), cast.person["qiu"]
    shown = sharing.proposal(by, traced, None, on=NOON.date())
    waiting = Contact.objects.filter(case=traced, state="candidate").count()
    assert (shown.waiting, shown.moving) == (waiting, waiting)
    assert not Contact.objects.filter(tracer__isnull=False).exists()  # shown, not written
    done = actions.share_contacts(traced, by=by, at=LATER)
    assert done.moving == waiting
    loads = sharing.loads([qiu.pk, second.pk])
    assert sum(loads.values()) == waiting
    assert max(loads.values()) - min(loads.values()) <= 1
    held = dict(Contact.objects.values_list("pk", "tracer"))
    assert actions.share_contacts(traced, by=by, at=LATER).moving == 0
    actions.trace_case(traced, by=by, at=LATER)
    assert dict(Contact.objects.values_list("pk", "tracer")) == held
    assert list(AuditEntry.objects.filter(verb="contact.shared").values_list("subject", flat=True)) == [
        traced.person_id
    ]


def test_the_absent_lose_what_they_had_not_decided_and_others_get_it(cast: Cast, traced: Case, second: Person) -> None:
    by = cast.by("qiu")
    actions.share_contacts(traced, [second.pk], by=by, at=LATER)
    decided = contact(traced, cast, "wang")
    actions.dismiss(decided, reason="请假", by=by, at=LATER)
    left = sharing.queue_of(by, second.pk).count()
    for reason in ("", "x" * 301):
        with pytest.raises(BadInput):
            actions.take_back(second, reason=reason, by=by, at=LATER)
    assert actions.take_back(second, reason="病假", by=by, at=LATER) == left > 0
    assert actions.take_back(second, reason="病假", by=by, at=LATER) == 0
    decided.refresh_from_db()
    assert decided.tracer == second  # history of what was decided stays
    entry = AuditEntry.objects.get(verb="contact.taken_back")
    assert entry.new is not None
    assert (entry.subject, entry.new["contacts"], entry.new["reason"]) == (traced.person_id, left, "病假")
    Account.objects.filter(person=second).update(is_active=False)
    assert actions.share_contacts(traced, by=by, at=LATER).moving == left
    assert sharing.queue_of(by, cast.person["qiu"].pk).count() == left


def test_who_may_not_decide_any_more_loses_it_with_the_next_sharing(cast: Cast, traced: Case, second: Person) -> None:
    actions.share_contacts(traced, [second.pk], by=cast.by("qiu"), at=LATER)
    Grant.objects.filter(account=cast.account["gu"], role="tracer").delete()
    done = actions.share_contacts(traced, by=cast.by("qiu"), at=LATER)
    assert done.moving == done.waiting > 0


def test_strangers_and_nobody_chosen(cast: Cast, traced: Case) -> None:
    for who in ("he", "fang", "lin", "su"):
        with pytest.raises(NotFound):
            actions.share_contacts(traced, by=cast.by(who), at=LATER)
        with pytest.raises(Forbidden):
            actions.take_back(cast.person["qiu"], reason="x", by=cast.by(who), at=LATER)
    for among in ([], [cast.person["lin"].pk]):
        with pytest.raises(BadInput) as refused:
            actions.share_contacts(traced, among, by=cast.by("qiu"), at=LATER)
        assert refused.value.field == "among"


def test_pages(
    cast: Cast, sign_in: SignIn, traced: Case, second: Person, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    many_contacts(traced, cast, 120)
    qiu, address = sign_in("qiu"), f"/tracing/cases/{traced.pk}/share/"
    assert qiu.get(address).context["shared"].moving > 120
    assert qiu.get(f"{address}?among={second.pk}").context["shared"].lines[0][0] == second
    assert qiu.get(f"{address}?among=x").status_code == 404
    assert qiu.post(address, {}).status_code == 400
    assert qiu.post(address, {"among": [cast.person["qiu"].pk, second.pk]}).status_code == 302
    with django_assert_max_num_queries(30):
        page = qiu.get("/tracing/queue/")
    assert page.status_code == 200
    assert all(row.tracer == cast.person["qiu"] for row in page.context["page"].rows)
    assert qiu.post("/tracing/queue/take-back/", {"tracer": second.pk, "reason": "病假"}).status_code == 302
    assert not Contact.objects.filter(tracer=second).exists()
    assert qiu.post("/tracing/queue/take-back/", {"tracer": second.pk, "reason": "病假"}).status_code == 404
    assert sign_in("he").get("/tracing/queue/").status_code == 403


def test_api(cast: Cast, sign_in: SignIn, traced: Case, second: Person) -> None:
    qiu, base = sign_in("qiu"), "/api/v1/tracing"
    share = f"{base}/cases/{traced.pk}/share"
    shown = qiu.post(share, {"among": ["T0004"]}, content_type="application/json").json()
    assert shown["moving"] == shown["tracers"][0]["given"] > 0
    wrong = qiu.post(share, {"among": ["2023010101"]}, content_type="application/json")
    assert (wrong.status_code, wrong.json()["code"]) == (400, "not_able")
    assert qiu.get(f"{base}/queue").json() == []
    assert qiu.post(share, {"among": ["T0004"], "apply": True}, content_type="application/json").status_code == 200
    assert {row["tracer"] for row in qiu.get(f"{base}/queue").json()} == {"T0004"}
    body = {"tracer": "T0004", "reason": "出差"}
    assert qiu.post(f"{base}/queue/take-back", body, content_type="application/json").json() == shown["moving"]
