"""A tracer's decisions: idempotent, versioned, audited, and what follows from them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shouwang.cases import actions as case_actions
from shouwang.cases.models import Case
from shouwang.core.errors import BadInput, Conflict, NotFound
from shouwang.core.models import AuditEntry
from shouwang.core.tree import subtree
from shouwang.isolation.models import Order
from shouwang.org.tests.cast import NOON, Cast
from shouwang.tracing import actions, queries
from shouwang.tracing.models import Contact
from shouwang.tracing.queries import contacts as contact_queries
from shouwang.tracing.tests.desk_scene import contact, ill, many_contacts

LATER = NOON + timedelta(hours=1)


def orders_of(cast: Cast, who: str) -> list[str]:
    return list(Order.objects.filter(person=cast.person[who]).order_by("pk").values_list("state", flat=True))


def verbs(row: Contact) -> list[str]:
    found = AuditEntry.objects.filter(kind="contact", object=str(row.pk), is_read=False).order_by("id")
    return list(found.values_list("verb", flat=True))


def test_the_trace_finds_and_grades_them(cast: Cast, traced: Case) -> None:
    rows = queries.contacts_of(cast.by("qiu"), traced)
    assert [(row.person.name, row.grade, row.seconds // 60) for row in rows] == [
        ("王蕾", "close", 990),  # nights are 22:30–06:30; the window opens at 06:00 of the first
        ("赵宁", "close", 100),
        ("孟欣", "close", 80),
        ("欧阳静", "general", 15),
    ]
    assert {row.state for row in rows} == {"candidate"}
    assert not Order.objects.exists() or orders_of(cast, "zhao") == []


def test_confirming_serves_an_order_once(cast: Cast, traced: Case) -> None:
    zhao, by = contact(traced, cast, "zhao"), cast.by("qiu")
    done = actions.confirm(zhao, by=by, at=LATER, version=1)
    assert (done.state, done.version, done.decided_at, done.decided_by) == ("confirmed", 2, LATER, cast.account["qiu"])
    again = actions.confirm(zhao, by=by, at=LATER + timedelta(hours=1), version=1)
    assert (again.version, again.decided_at) == (2, LATER)
    assert verbs(zhao) == ["contact.confirmed"]
    assert len(orders_of(cast, "zhao")) == 1
    entry = AuditEntry.objects.get(verb="contact.confirmed")
    assert entry.new is not None
    assert (entry.subject, entry.old, entry.new["case"]) == (cast.person["zhao"].pk, {"state": "candidate"}, traced.pk)


def test_a_general_contact_gets_no_order(cast: Cast, traced: Case) -> None:
    actions.confirm(contact(traced, cast, "ou"), by=cast.by("qiu"), at=LATER)
    assert orders_of(cast, "ou") == []


def test_dismissing_needs_a_reason(cast: Cast, traced: Case) -> None:
    zhao = contact(traced, cast, "zhao")
    for reason in ("", "   ", "x" * 301):
        with pytest.raises(BadInput) as refused:
            actions.dismiss(zhao, reason=reason, by=cast.by("qiu"), at=LATER)
        assert refused.value.field == "reason"
    zhao.refresh_from_db()
    assert (zhao.state, zhao.version, verbs(zhao)) == ("candidate", 1, [])
    done = actions.dismiss(zhao, reason=" 当天缺课 ", by=cast.by("qiu"), at=LATER)
    assert (done.state, done.decision_reason) == ("dismissed", "当天缺课")


def test_dismissing_after_confirming_withdraws_the_order(cast: Cast, traced: Case) -> None:
    zhao = contact(traced, cast, "zhao")
    actions.confirm(zhao, by=cast.by("qiu"), at=LATER)
    actions.dismiss(zhao, reason="卡外借", by=cast.by("qiu"), at=LATER)
    assert orders_of(cast, "zhao") == ["withdrawn"]


def test_taking_back_withdraws_the_order_and_waits_again(cast: Cast, traced: Case) -> None:
    zhao, by = contact(traced, cast, "zhao"), cast.by("qiu")
    actions.confirm(zhao, by=by, at=LATER)
    with pytest.raises(BadInput):
        actions.reconsider(zhao, reason=" ", by=by, at=LATER)
    done = actions.reconsider(zhao, reason="点错", by=by, at=LATER)
    assert (done.state, done.decided_at, done.decided_by_id) == ("candidate", None, None)
    assert orders_of(cast, "zhao") == ["withdrawn"]
    assert verbs(zhao) == ["contact.confirmed", "contact.reconsidered"]
    actions.confirm(zhao, by=by, at=LATER)
    assert orders_of(cast, "zhao")[-1] != "withdrawn"


def test_two_tracers_at_once(cast: Cast, traced: Case) -> None:
    """The second, who saw the undecided row, is told what the first decided; nothing is overwritten."""
    zhao = contact(traced, cast, "zhao")
    actions.dismiss(zhao, reason="缺课", by=cast.by("qiu"), at=LATER, version=1)
    with pytest.raises(Conflict):
        actions.confirm(zhao, by=cast.by("qiu"), at=LATER, version=1)
    zhao.refresh_from_db()
    assert (zhao.state, verbs(zhao), orders_of(cast, "zhao")) == ("dismissed", ["contact.dismissed"], [])


def test_confirming_many_is_all_or_none(cast: Cast, traced: Case) -> None:
    by = cast.by("qiu")
    wang, zhao, meng = (contact(traced, cast, who) for who in ("wang", "zhao", "meng"))
    with pytest.raises(NotFound):
        actions.confirm_many(traced, [wang.pk, zhao.pk, 987654], by=by, at=LATER)
    assert not Contact.objects.exclude(state="candidate").exists()
    actions.dismiss(meng, reason="缺课", by=by, at=LATER)
    done = actions.confirm_many(traced, [wang.pk, zhao.pk, zhao.pk, meng.pk], by=by, at=LATER)
    assert {row.person.name for row in done} == {"王蕾", "赵宁"}
    assert contact(traced, cast, "meng").state == "dismissed"
    assert AuditEntry.objects.filter(verb="contact.confirmed").count() == 2
    assert [len(orders_of(cast, who)) for who in ("wang", "zhao", "meng")] == [1, 1, 0]
    assert actions.confirm_many(traced, [wang.pk], by=by, at=LATER) == []


def test_tracing_again_keeps_decisions(cast: Cast, traced: Case) -> None:
    by = cast.by("qiu")
    actions.dismiss(contact(traced, cast, "zhao"), reason="缺课", by=by, at=LATER)
    actions.trace_case(traced, by=by, at=LATER)
    found = contact(traced, cast, "zhao")
    assert (found.state, found.decision_reason, found.version) == ("dismissed", "缺课", 2)


@pytest.mark.parametrize("who", ["lin", "wang", "meng", "fang", "xu", "he", "su", "tang", "deng", "gu", "admin"])
def test_only_tracers_see_and_decide(cast: Cast, traced: Case, who: str) -> None:
    by, zhao = cast.by(who), contact(traced, cast, "zhao")
    with pytest.raises(NotFound):
        queries.case_to_trace(by, traced.pk)
    with pytest.raises(NotFound):
        queries.contacts_of(by, traced)
    with pytest.raises(NotFound):
        queries.contact_for(by, zhao.pk)
    for act in (
        lambda: actions.confirm(zhao, by=by, at=LATER),
        lambda: actions.dismiss(zhao, reason="x", by=by, at=LATER),
        lambda: actions.reconsider(zhao, reason="x", by=by, at=LATER),
        lambda: actions.confirm_many(traced, [zhao.pk], by=by, at=LATER),
    ):
        with pytest.raises(NotFound):
            act()
    assert contact_queries.desk(by) == []
    assert not Contact.objects.exclude(state="candidate").exists()


def test_a_closed_case_is_closed_to_tracers(cast: Cast, traced: Case) -> None:
    zhao = contact(traced, cast, "zhao")
    case_actions.close_case(traced, reason="痊愈出院", by=cast.by("he"), at=LATER)
    by = cast.by("qiu")
    with pytest.raises(NotFound):
        queries.contacts_of(by, traced)
    with pytest.raises(NotFound):
        queries.contact_for(by, zhao.pk)
    with pytest.raises(NotFound):
        actions.confirm(zhao, by=by, at=LATER)


def test_filters(cast: Cast, traced: Case) -> None:
    by = cast.by("qiu")

    def names(**wanted: str) -> list[str]:
        return [row.person.name for row in queries.contacts_of(by, traced, queries.ContactFilter(**wanted))]

    assert names(grade="general") == ["欧阳静"]
    assert names(text="2302") == ["赵宁"]
    assert names(text="20230101") == ["王蕾", "孟欣"]
    assert names(text="欧") == ["欧阳静"]
    assert names(state="confirmed") == []
    assert names(grade="close", text="nobody") == []


def test_pages_hold_everybody_once(cast: Cast, traced: Case) -> None:
    many_contacts(traced, cast, 120)
    by, cursor, seen = cast.by("qiu"), None, []
    while True:
        page = queries.contact_page(by, traced, queries.ContactFilter(), cursor)
        seen += [(row.grade_rank, -row.seconds, row.pk) for row in page.rows]
        cursor = page.next
        if cursor is None:
            break
    assert len(seen) == 124
    assert seen == sorted(set(seen))


def test_the_desk_counts(cast: Cast, traced: Case) -> None:
    by = cast.by("qiu")
    actions.confirm(contact(traced, cast, "wang"), by=by, at=LATER)
    actions.dismiss(contact(traced, cast, "ou"), reason="未到", by=by, at=LATER)
    (row,) = queries.desk(by)
    assert (row.case, row.total, row.close, row.waiting) == (traced, 3, 3, 2)
    assert row.last_trace is not None
    second = ill(cast, "ou")
    first, last = queries.desk(by)
    assert (first.case, first.last_trace, last.case) == (second, None, traced)


def test_day_figures_count_people_as_one_counts_by_hand(cast: Cast, traced: Case) -> None:
    by = cast.by("qiu")
    actions.confirm(contact(traced, cast, "wang"), by=by, at=LATER)
    actions.dismiss(contact(traced, cast, "zhao"), reason="缺课", by=by, at=LATER)
    ranges = (subtree(cast.org["IE"].path),)
    at = LATER + timedelta(hours=1)
    figures = queries.day_figures(ranges, NOON.date(), at)
    standing = [
        row
        for row in Contact.objects.select_related("person")
        if row.state != "dismissed" and row.person.home_path.startswith(cast.org["IE"].path)
    ]
    assert figures["contacts_found"] == len(standing) == 2
    assert figures["contacts_close"] == sum(row.grade == "close" for row in standing) == 2
    assert (figures["contacts_general"], figures["contacts_new"], figures["cases_traced"]) == (0, 2, 1)
    everybody = queries.day_figures((subtree(cast.org["WCU"].path),), NOON.date(), at)
    assert (everybody["contacts_found"], everybody["contacts_general"]) == (3, 1)
    # before the decisions, Zhao still counted
    assert queries.day_figures(ranges, NOON.date(), NOON)["contacts_found"] == 3
    tomorrow = NOON.date() + timedelta(days=1)
    assert set(queries.day_figures(ranges, tomorrow, at).values()) == {None}
