"""Contacts whom nobody knows yet: noted, identified into real contacts that later traces keep, or given up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from shouwang.cases.models import Case
from shouwang.core import purging
from shouwang.core.errors import BadInput, Conflict, NotFound
from shouwang.core.models import AuditEntry
from shouwang.org.tests.cast import NOON, Cast
from shouwang.tracing import actions, queries
from shouwang.tracing.models import Contact
from shouwang.tracing.models_told import UnknownContact
from shouwang.tracing.queries import unknowns
from shouwang.tracing.rules.unknowns import LONGEST, Sketch, check_span
from shouwang.tracing.tests.conftest import unix
from shouwang.tracing.tests.desk_scene import contact
from shouwang.tracing.tests.test_interview import moment

SignIn = Callable[[str], Client]
LATER = NOON + timedelta(hours=1)
TAXI = Sketch("出租车司机，沪A", moment("14:20"), None, "校外", "支付记录")


def note(cast: Cast, case: Case, sketch: Sketch = TAXI) -> UnknownContact:
    return actions.unknowns.note(case, sketch, by=cast.by("qiu"), at=LATER)


def test_an_identified_person_becomes_a_contact_that_later_traces_keep(cast: Cast, traced: Case) -> None:
    row, by = note(cast, traced), cast.by("qiu")
    assert [line.unknown for line in queries.desk(by)] == [1]
    with pytest.raises(BadInput) as refused:
        actions.unknowns.identify(row, cast.person["gu"], by=by, at=LATER)
    assert refused.value.field == "ends_at"
    done = actions.unknowns.identify(row, cast.person["gu"], ends_at=moment("14:50"), by=by, at=LATER, version=1)
    found = contact(traced, cast, "gu")
    assert (done.state, done.contact, done.version) == ("identified", found, 2)
    assert (found.state, found.seconds, found.override) == ("candidate", 1800, "")
    assert found.evidence == [[-1, unix("2026-03-01 14:20"), unix("2026-03-01 14:50"), 7, 7]]
    actions.trace_case(traced, by=by, at=LATER + timedelta(hours=1))
    assert contact(traced, cast, "gu").pk == found.pk
    assert [line.unknown for line in queries.desk(by)] == [0]
    with pytest.raises(Conflict):
        actions.unknowns.give_up(done, reason="x", by=by, at=LATER)
    verbs = AuditEntry.objects.filter(kind="unknown_contact").order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["unknown.noted", "unknown.identified"]


def test_beyond_the_rule_they_are_a_contact_by_a_persons_word(cast: Cast, traced: Case) -> None:
    long_ago = moment("14:20") - timedelta(days=9)  # before the window of the case
    row = note(cast, traced, Sketch("同车乘客", long_ago, long_ago + timedelta(minutes=30)))
    actions.unknowns.identify(row, cast.person["gu"], by=cast.by("qiu"), at=LATER)
    found = contact(traced, cast, "gu")
    assert (found.grade, found.override, bool(found.override_reason)) == ("general", "general", True)
    actions.trace_case(traced, by=cast.by("qiu"), at=LATER)
    assert Contact.objects.filter(pk=found.pk).exists()


def test_giving_up_needs_a_reason_and_can_be_mended(cast: Cast, traced: Case) -> None:
    row, by = note(cast, traced), cast.by("qiu")
    for reason in ("", " ", "x" * 301):
        with pytest.raises(BadInput):
            actions.unknowns.give_up(row, reason=reason, by=by, at=LATER)
    gone = actions.unknowns.give_up(row, reason="平台查无此单", by=by, at=LATER)
    assert (gone.state, gone.reason) == ("not_found", "平台查无此单")
    with pytest.raises(Conflict):
        actions.unknowns.identify(gone, cast.person["gu"], ends_at=moment("14:50"), by=by, at=LATER, version=1)
    again = actions.unknowns.identify(gone, cast.person["gu"], ends_at=moment("14:50"), by=by, at=LATER, version=2)
    assert again.state == "identified"


def test_walls_and_purge(cast: Cast, traced: Case) -> None:
    row = note(cast, traced)
    for who in ("he", "fang", "lin", "su"):
        with pytest.raises(NotFound):
            unknowns.unknown_for(cast.by(who), row.pk)
        with pytest.raises(NotFound):
            actions.unknowns.note(traced, TAXI, by=cast.by(who), at=LATER)
    with pytest.raises(BadInput):
        actions.unknowns.identify(row, cast.person["lin"], ends_at=moment("14:50"), by=cast.by("qiu"), at=LATER)
    assert purging.purge(on=row.purge_on, at=NOON)["unknown_contact"] == 1


@given(st.integers(-100, 3), st.one_of(st.none(), st.integers(-100, 3)))
def test_a_span_is_kept_exactly_when_it_has_passed_and_is_short(start: int, end: int | None) -> None:
    begin = NOON + timedelta(hours=start)
    finish = None if end is None else NOON + timedelta(hours=end)
    sound = begin <= NOON and (finish is None or begin < finish <= min(NOON, begin + LONGEST))
    if sound:
        check_span(begin, finish, at=NOON)
    else:
        with pytest.raises(BadInput):
            check_span(begin, finish, at=NOON)


def test_pages(cast: Cast, sign_in: SignIn, traced: Case) -> None:
    qiu, address = sign_in("qiu"), f"/tracing/cases/{traced.pk}/unknown/"
    assert qiu.get(address).status_code == 200
    assert qiu.post(address, {"description": "", "starts_at": "2026-03-01T14:20"}).status_code == 422
    body = {"description": "出租车司机", "starts_at": "2026-03-01T14:20", "find_by": "支付记录"}
    assert qiu.post(address, body).status_code == 302
    row = UnknownContact.objects.get()
    assert "出租车司机" in qiu.get(f"/tracing/cases/{traced.pk}/").content.decode()
    sheet = f"/tracing/unknown/{row.pk}/"
    assert qiu.get(sheet).status_code == 200
    assert qiu.post(f"{sheet}identify/", {"person": "999"}).status_code == 422
    assert qiu.post(f"{sheet}give-up/", {"reason": ""}).status_code == 400
    assert qiu.post(f"{sheet}give-up/", {"reason": "查无此人", "version": 1}).status_code == 302
    done = qiu.post(f"{sheet}identify/", {"person": "T0008", "ends_at": "2026-03-01T14:50", "version": 2})
    assert done.status_code == 302
    assert qiu.get(done.headers["Location"]).status_code == 200
    assert qiu.get(sheet).status_code == 200
    assert sign_in("he").get(sheet).status_code == 404
