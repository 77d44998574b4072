"""Tracing a case: who is written as a contact, with what grade and evidence, and what a second run does."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from unittest import mock

import pytest

from shouwang.cases import actions as cases
from shouwang.cases.models import Case
from shouwang.core import events
from shouwang.core.errors import Conflict, Forbidden
from shouwang.core.models import AuditEntry
from shouwang.core.packs import get_pack
from shouwang.core.scope import Actor
from shouwang.org.tests.cast import NOON, Cast
from shouwang.tracing import actions
from shouwang.tracing.models import Contact, Trace
from shouwang.tracing.queries import judging
from shouwang.tracing.tests.conftest import Write, unix

HEAD = "学号,场所,开始时间,结束时间\n"
LIN, WANG, MENG, ZHAO = "2023010101", "2023010102", "2023010103", "2023010201"
ONSET = datetime(2026, 3, 1, 1, 0, tzinfo=UTC)


@pytest.fixture
def case(cast: Cast, operator: Actor, write: Write) -> Case:
    """Lin, ill since Sunday morning; a lunch with Meng, a short one with Zhao, nights with Wang."""
    rows = f"{LIN},C1,2026-02-28 12:00,2026-02-28 12:30\n{MENG},C1,2026-02-28 12:10,2026-02-28 13:00\n"
    rows += f"{ZHAO},C1,2026-02-28 12:29:30,2026-02-28 13:00\n"
    path = write("v.csv", HEAD + rows)
    actions.import_presence(path, source_format="visits", by=operator, at=NOON)
    actions.build_days(date(2026, 2, 27), date(2026, 3, 2), by=operator, at=NOON)
    return cases.open_case(
        person=cast.person["lin"], pack=get_pack("covid19-2020-6"), classification="confirmed", onset_at=ONSET,
        reason="核酸阳性", by=cast.by("he"), at=NOON,
    )  # fmt: skip


def _contacts(case: Case) -> dict[str, tuple[str, int]]:
    rows = Contact.objects.filter(case=case).select_related("person")
    return {row.person.number: (row.grade, row.seconds) for row in rows}


def test_contacts_with_grade_evidence_and_reason(case: Case, cast: Cast) -> None:
    trace = actions.trace_case(case, by=cast.by("qiu"), at=NOON)
    # Window: two days before onset (27 February, 09:00) until noon of 2 March.
    assert (trace.window_start, trace.window_end) == (ONSET - timedelta(days=2), NOON)
    assert (trace.rule, trace.pack, trace.found, trace.days_missing) == ("nhc6", "covid19-2020-6", 3, [])
    assert trace.visits_searched > 0
    nights = 3 * 8 * 3600  # 27, 28 February and 1 March
    assert _contacts(case) == {WANG: ("close", nights), MENG: ("general", 1200), ZHAO: ("general", 30)}
    meng = Contact.objects.get(person__number=MENG)
    start, end = unix("2026-02-28 12:10"), unix("2026-02-28 12:30")
    assert meng.evidence == [[cast.place["C1"].pk, start, end, 4, 4]]
    assert (meng.encounters, meng.days) == (1, {"2026-02-28": 1200})
    assert meng.why_zh == "同一场所时间重叠，未达到密接标准：第一食堂，1 天共 20 分钟"
    assert (meng.state, meng.grade_rank, meng.purge_on) == ("candidate", 1, date(2026, 3, 2) + timedelta(days=180))
    wang = Contact.objects.get(person__number=WANG)
    assert wang.why_zh == "同住一间宿舍：一号楼101，4 天共 1440 分钟"
    case.refresh_from_db()
    assert case.traced_at == NOON
    entry = AuditEntry.objects.get(verb="case.traced")
    assert (entry.subject, entry.label, (entry.new or {})["found"]) == (case.person_id, "qiu", 3)


def test_a_second_run_keeps_decisions(case: Case, cast: Cast, operator: Actor, write: Write) -> None:
    by = cast.by("qiu")
    first = actions.trace_case(case, by=by, at=NOON)
    Contact.objects.filter(person__number=MENG).update(state="confirmed", decision_reason="电话核实", version=2)
    Contact.objects.filter(person__number=ZHAO).update(state="dismissed", decision_reason="当天不在校", version=2)
    # More of the lunch with Meng comes in, and the windows no longer reaches Wang's nights nor Zhao.
    more = write("w.csv", f"{HEAD}{MENG},C1,2026-02-28 12:00,2026-02-28 12:10\n")
    actions.import_presence(more, source_format="visits", by=operator, at=NOON)
    with mock.patch("shouwang.cases.queries.infectious_window") as window:
        window.return_value = (
            datetime(2026, 2, 28, 3, 0, tzinfo=UTC), datetime(2026, 2, 28, 4, 25, tzinfo=UTC)
        )  # fmt: skip
        second = actions.trace_case(case, by=by, at=NOON + timedelta(hours=1))
    assert second.found == 1
    rows = {row.person.number: row for row in Contact.objects.select_related("person")}
    assert set(rows) == {MENG, ZHAO}  # Wang was only a candidate
    meng, zhao = rows[MENG], rows[ZHAO]
    assert (meng.state, meng.decision_reason, meng.version, meng.seconds, meng.trace) == (
        "confirmed", "电话核实", 2, 1500, second,
    )  # fmt: skip
    assert (zhao.state, zhao.seconds, zhao.trace) == ("dismissed", 30, first)
    entry = AuditEntry.objects.filter(verb="case.traced").order_by("id").last()
    assert entry is not None and (entry.new or {})["vanished"] == 1
    case.refresh_from_db()
    assert case.traced_at == NOON  # the first run stopped the clock


def test_running_twice_changes_nothing_but_the_trace(case: Case, cast: Cast) -> None:
    actions.trace_case(case, by=cast.by("qiu"), at=NOON)
    before = list(Contact.objects.order_by("pk").values("pk", "seconds", "evidence", "why_zh", "state"))
    actions.trace_case(case, by=cast.by("qiu"), at=NOON)
    assert list(Contact.objects.order_by("pk").values("pk", "seconds", "evidence", "why_zh", "state")) == before
    assert Trace.objects.count() == 2


def test_who_may_trace(case: Case, cast: Cast) -> None:
    for name in ("he", "fang", "su", "lin", "tang"):
        with pytest.raises(Forbidden):
            actions.trace_case(case, by=cast.by(name), at=NOON)
    assert not Trace.objects.exists()


def test_a_closed_case_is_not_traced(case: Case, cast: Cast) -> None:
    Case.objects.filter(pk=case.pk).update(closed_at=NOON)
    case.refresh_from_db()
    with pytest.raises(Conflict):
        actions.trace_case(case, by=cast.by("qiu"), at=NOON)


def test_isolated_before_it_was_infectious(case: Case, cast: Cast) -> None:
    Case.objects.filter(pk=case.pk).update(isolated_at=ONSET - timedelta(days=3))
    case.refresh_from_db()
    trace = actions.trace_case(case, by=cast.by("qiu"), at=NOON)
    assert (trace.found, trace.window_start) == (0, trace.window_end)


def test_days_without_records_are_named(case: Case, cast: Cast, operator: Actor) -> None:
    from shouwang.tracing.models import PresenceDay

    PresenceDay.objects.filter(day=date(2026, 2, 27)).delete()
    trace = actions.trace_case(case, by=cast.by("qiu"), at=NOON)
    assert trace.days_missing == ["2026-02-27"]


def test_the_event_and_undoing(case: Case, cast: Cast) -> None:
    told: list[dict[str, Any]] = []

    def listen(**payload: Any) -> None:
        told.append(payload)

    def fail(**payload: Any) -> None:
        raise OSError("the wiring broke")

    with mock.patch.dict(events._handlers, {"case.traced": [listen]}):
        trace = actions.trace_case(case, by=cast.by("qiu"), at=NOON)
    assert [(payload["case"], payload["trace"]) for payload in told] == [(case, trace)]
    Contact.objects.all().delete()
    with mock.patch.dict(events._handlers, {"case.traced": [fail]}), pytest.raises(OSError, match="wiring"):
        actions.trace_case(case, by=cast.by("qiu"), at=NOON)
    assert not Contact.objects.exists()


def test_evidence_is_cut_to_the_longest(case: Case, cast: Cast, operator: Actor, write: Write) -> None:
    rows = ""
    for minute in range(12):
        rows += f"{LIN},LIB,2026-02-28 15:{minute:02d}:00,2026-02-28 15:{minute:02d}:{10 + minute}\n"
        rows += f"{MENG},LIB,2026-02-28 15:{minute:02d}:00,2026-02-28 15:{minute:02d}:59\n"
    actions.import_presence(write("w.csv", HEAD + rows), source_format="visits", by=operator, at=NOON)
    with mock.patch.object(judging, "EVIDENCE_LIMIT", 5):
        actions.trace_case(case, by=cast.by("qiu"), at=NOON)
    meng = Contact.objects.get(person__number=MENG)
    assert (meng.encounters, len(meng.evidence)) == (13, 5)
    assert meng.encounters - len(meng.evidence) == 8  # what is left out can be told
    lengths = [end - start for _place, start, end, _case, _contact in meng.evidence]
    assert sorted(lengths) == [18, 19, 20, 21, 1200]
    assert [row[1] for row in meng.evidence] == sorted(row[1] for row in meng.evidence)


def test_queries_do_not_grow_with_contacts(case: Case, cast: Cast, django_assert_max_num_queries: Any) -> None:
    by = cast.by("qiu")
    actions.trace_case(case, by=by, at=NOON)
    with mock.patch.dict(events._handlers, {"case.traced": []}), django_assert_max_num_queries(16):
        actions.trace_case(case, by=by, at=NOON)
