"""Statements of an interview: versions, walls, what the trace makes of them, and an oracle for the overlay."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shouwang.cases import actions as case_actions
from shouwang.cases.models import Case
from shouwang.core import clock, purging
from shouwang.core.errors import BadInput, Conflict, NotFound
from shouwang.core.models import AuditEntry
from shouwang.epi.tests.oracle import Met, Pair, Visit, encounters, seconds_of
from shouwang.org.tests.cast import NOON, Cast
from shouwang.tracing import actions, queries
from shouwang.tracing.models import Contact, PresenceDay
from shouwang.tracing.models_told import Statement
from shouwang.tracing.queries import explaining, interviews
from shouwang.tracing.rules.interviews import Said
from shouwang.tracing.tests.conftest import unix
from shouwang.tracing.tests.desk_scene import contact

SignIn = Callable[[str], Client]
LATER = NOON + timedelta(hours=1)


def moment(text: str) -> datetime:
    return datetime.fromtimestamp(unix(f"2026-03-01 {text}"), tz=UTC)


def said(cast: Cast, start: str, end: str, where: str = "", certainty: str = "sure", *company: str) -> Said:
    place = cast.place[where].pk if where in cast.place else None
    people = tuple(cast.person[who].pk for who in company)
    return Said(moment(start), moment(end), certainty, place, where, "", people)


def enter(cast: Cast, case: Case, what: Said, who: str = "lin", at: datetime = LATER) -> Statement:
    return actions.interview.state(case, cast.person[who], what, by=cast.by("qiu"), at=at)


def test_a_statement_counts_with_the_next_trace_and_evidence_says_how_sure(cast: Cast, traced: Case) -> None:
    before = list(PresenceDay.objects.values_list("day", "version", "stale_since"))
    enter(cast, traced, said(cast, "12:20", "12:30", "C1", "about"))
    assert interviews.newer_than_trace(traced) == 1
    actions.trace_case(traced, by=cast.by("qiu"), at=LATER + timedelta(minutes=1))
    assert interviews.newer_than_trace(traced) == 0
    ou = contact(traced, cast, "ou")
    assert ou.seconds == 25 * 60  # 12:05 to 12:20 by record, to 12:30 by what was said
    sources = {source for row in explaining.explain(ou).encounters for source in row.sources}
    assert "interview: about" in sources or "访谈（大概）" in sources
    assert list(PresenceDay.objects.values_list("day", "version", "stale_since")) == before


def test_company_without_a_place_is_a_contact(cast: Cast, traced: Case) -> None:
    enter(cast, traced, said(cast, "18:00", "19:00", "校外火锅店", "sure", "xu"))
    actions.trace_case(traced, by=cast.by("qiu"), at=LATER)
    row = contact(traced, cast, "xu")
    assert (row.seconds, row.grade, row.evidence) == (3600, "general", [[-1, unix("2026-03-01 18:00"),
                                                      unix("2026-03-01 19:00"), 6, 6]])  # fmt: skip
    assert explaining.explain(row).encounters[0].place in {"named as company", "自述同行"}


def test_company_at_a_known_place_was_there(cast: Cast, traced: Case) -> None:
    enter(cast, traced, said(cast, "15:00", "16:00", "T1-201", "heard", "xu"))
    actions.trace_case(traced, by=cast.by("qiu"), at=LATER)
    row = contact(traced, cast, "xu")
    # a lesson's length in one classroom, but by hearsay alone
    assert (row.seconds, row.grade, row.possible_grade) == (3600, "unsure", "close")
    assert {tuple(item[3:]) for item in row.evidence} == {(8, 8)}


def test_a_correction_keeps_the_old_version_and_only_the_new_one_counts(cast: Cast, traced: Case) -> None:
    by = cast.by("qiu")
    first = enter(cast, traced, said(cast, "15:00", "16:00", "T1-201", "sure", "xu"))
    with pytest.raises(BadInput):
        actions.interview.correct(first, said(cast, "15:00", "15:10", "C1"), reason=" ", by=by, at=LATER)
    second = actions.interview.correct(
        first, said(cast, "15:00", "15:10", "C1"), reason="记错", by=by, at=LATER, version=1
    )
    first.refresh_from_db()
    assert (first.state, second.state, second.version, second.series) == ("replaced", "standing", 2, first.series)
    with pytest.raises(Conflict):
        actions.interview.withdraw(first, reason="旧", by=by, at=LATER)
    with pytest.raises(Conflict):
        actions.interview.withdraw(second, reason="旧", by=by, at=LATER, version=1)
    actions.trace_case(traced, by=by, at=LATER)
    assert not Contact.objects.filter(person=cast.person["xu"]).exists()
    found = AuditEntry.objects.filter(kind="statement", is_read=False).order_by("id").values_list("verb", flat=True)
    assert list(found) == ["statement.entered", "statement.corrected"]


def test_a_deleted_statement_needs_a_reason_and_counts_no_more(cast: Cast, traced: Case) -> None:
    row, by = enter(cast, traced, said(cast, "18:00", "19:00", "", "sure", "xu")), cast.by("qiu")
    with pytest.raises(BadInput) as refused:
        actions.interview.withdraw(row, reason="  ", by=by, at=LATER)
    assert refused.value.field == "reason"
    actions.interview.withdraw(row, reason="认错人", by=by, at=LATER)
    actions.trace_case(traced, by=by, at=LATER)
    assert not Contact.objects.filter(person=cast.person["xu"]).exists()
    told = interviews.telling(by, traced, cast.person["lin"], LATER)
    assert (told.rows, [one.reason for one in told.earlier]) == ([], ["认错人"])


def test_only_people_of_an_open_case_are_asked(cast: Cast, traced: Case) -> None:
    what = said(cast, "15:00", "16:00", "C1")
    enter(cast, traced, what, "zhao")
    for who, by in (("xu", "qiu"), ("lin", "he"), ("lin", "fang")):
        with pytest.raises(NotFound):
            actions.interview.state(traced, cast.person[who], what, by=cast.by(by), at=LATER)
    case_actions.close_case(traced, reason="痊愈", by=cast.by("he"), at=LATER)
    with pytest.raises(NotFound):
        enter(cast, traced, what)
    with pytest.raises(NotFound):
        interviews.statement_for(cast.by("qiu"), Statement.objects.get().pk)


def test_a_contradiction_names_the_record_and_holes_are_shown(cast: Cast, traced: Case) -> None:
    # 08:00 to 09:40 a record puts Lin into the classroom; the building around it is no contradiction.
    wrong = enter(cast, traced, said(cast, "09:00", "10:00", "LIB"))
    enter(cast, traced, said(cast, "08:00", "08:30", "T1"))
    enter(cast, traced, said(cast, "08:00", "08:30", "在楼下"))
    told = interviews.telling(cast.by("qiu"), traced, cast.person["lin"], LATER)
    assert [(c.statement.pk, c.start, c.end, c.expected) for c in told.clashes] == [
        (wrong.pk, moment("09:00"), moment("09:40"), False)
    ]
    assert (moment("10:00"), moment("12:00")) in told.uncovered
    of_contact = interviews.telling(cast.by("qiu"), traced, cast.person["zhao"], LATER)
    assert (of_contact.clashes, of_contact.uncovered) == ([], [])


def test_statements_go_on_their_purge_date(cast: Cast, traced: Case) -> None:
    row = enter(cast, traced, said(cast, "15:00", "16:00", "C1"))
    assert purging.purge(on=row.purge_on - timedelta(days=1), at=NOON)["statement"] == 0
    assert purging.purge(on=row.purge_on, at=NOON)["statement"] == 1


def test_pages(cast: Cast, sign_in: SignIn, traced: Case) -> None:
    qiu, address = sign_in("qiu"), f"/tracing/cases/{traced.pk}/interview/"
    body = {"starts_at": "2026-03-01T09:00", "ends_at": "2026-03-01T10:00", "where": "图书馆", "certainty": "sure",
            "companions": "2023020101，T0002"}  # fmt: skip
    assert qiu.post(address, body).status_code == 302
    row = Statement.objects.get()
    assert (row.place, row.companions.count(), row.person) == (cast.place["LIB"], 2, cast.person["lin"])
    shown = qiu.get(address).content.decode()
    assert "tone-edge-danger" in shown  # at that hour a record says the classroom
    assert qiu.get(f"/tracing/cases/{traced.pk}/timeline/").status_code == 200
    assert qiu.get(f"{address}?person=T0002").status_code == 404
    assert qiu.get(f"{address}?person=2023010201").status_code == 200
    bad: list[dict[str, Any]] = [{**body, "companions": "999"}, {**body, "ends_at": "2026-03-01T08:00"},
                                 {**body, "certainty": "?"}, {**body, "starts_at": ""}]  # fmt: skip
    for wrong in bad:
        assert qiu.post(address, wrong).status_code == 422
    correct = f"/tracing/statements/{row.pk}/correct/"
    assert qiu.get(correct).status_code == 200
    assert qiu.post(correct, {**body, "where": "C1", "version": 1}).status_code == 422
    assert qiu.post(correct, {**body, "where": "C1", "version": 1, "reason": "记错"}).status_code == 302
    newest = Statement.objects.get(state="standing")
    assert qiu.post(f"/tracing/statements/{newest.pk}/withdraw/", {"reason": ""}).status_code == 400
    assert qiu.post(f"/tracing/statements/{newest.pk}/withdraw/", {"reason": "认错"}).status_code == 302
    for who in ("lin", "he", "fang", "su"):
        assert sign_in(who).get(address).status_code == 404
    assert AuditEntry.objects.filter(verb="statement.read", is_read=True).exists()


PEOPLE, PLACES = ("lin", "wang", "meng", "zhao"), ("C1", "LIB", "T1-201")
HOUR = 3600
EPOCH = unix("2026-02-28 00:00")
span = st.tuples(st.integers(0, 60), st.integers(1, 20))
told_rows = st.lists(
    st.tuples(st.sampled_from(PEOPLE), span, st.sampled_from([*PLACES, None]),
              st.sets(st.sampled_from(PEOPLE), max_size=2), st.sampled_from(["sure", "about", "heard"])), max_size=6,
)  # fmt: skip
SOURCE = {"sure": 6, "about": 7, "heard": 8}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(rows=told_rows, window=span)
def test_the_overlay_is_what_a_look_at_all_pairs_finds(cast: Cast, traced: Case, rows: Any, window: Any) -> None:
    """Statements alone, on days without segments: every overlap, every second, cut at midnights."""
    visits: list[Visit] = []
    pairs: list[Pair] = []
    midnights = clock.midnights(date(2026, 2, 28), date(2026, 3, 3))
    with transaction.atomic():
        PresenceDay.objects.all().delete()
        for who, (start, length), place, company, certainty in rows:
            low, high = EPOCH + start * HOUR, EPOCH + (start + length) * HOUR
            others = [other for other in sorted(company) if other != who]
            row = Statement.objects.create(
                case=traced, person=cast.person[who], series=f"{who}{Statement.objects.count()}",
                place_text=place or "外面", place=cast.place[place] if place else None, certainty=certainty,
                entered_at=LATER, purge_on=LATER.date(), starts_at=datetime.fromtimestamp(low, tz=UTC),
                ends_at=datetime.fromtimestamp(high, tz=UTC),
            )  # fmt: skip
            row.companions.set([cast.person[other].pk for other in others])
            cuts = sorted({low, high, *(edge for edge in midnights if low < edge < high)})
            for begin, end in pairwise(cuts):
                if place:
                    visits += [Visit(cast.place[place].pk, begin, end, cast.person[p].pk, SOURCE[certainty])
                               for p in (who, *others)]  # fmt: skip
                else:
                    pairs += [Pair(cast.person[who].pk, cast.person[other].pk, begin, end, SOURCE[certainty])
                              for other in others]  # fmt: skip
        bounds = (EPOCH + window[0] * HOUR, EPOCH + sum(window) * HOUR)
        lin = cast.person["lin"].pk
        answer = queries.trace_person(lin, window_start=bounds[0], window_end=bounds[1])
        transaction.set_rollback(True)
    expected = encounters(visits, pairs, lin, bounds)
    met, owner = answer.encounters, answer.contacts.person.repeat(answer.contacts.encounters)
    columns = (c.tolist() for c in (owner, met.place, met.start, met.end, met.source_case, met.source_contact))
    assert sorted(Met(*row) for row in zip(*columns, strict=True)) == expected
    assert dict(zip(answer.contacts.person.tolist(), answer.contacts.seconds.tolist(), strict=True)) == seconds_of(
        expected
    )
