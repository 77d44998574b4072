"""The situation report: numbers equal to what is there, unknown apart from zero, no name for who leads."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import docx
import pytest

from shouwang.cases import actions as cases
from shouwang.checkins import actions as checkins
from shouwang.checkins.models import SymptomAlert
from shouwang.checkins.rules import Answers
from shouwang.command import actions, queries
from shouwang.command.models import SituationReport
from shouwang.core import packs
from shouwang.core.errors import BadInput, Forbidden, NotFound
from shouwang.core.models import AuditEntry
from shouwang.core.scope import system_actor
from shouwang.org.tests.cast import NOON, PEOPLE
from shouwang.tracing.models import Contact, Trace

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django import DjangoAssertNumQueries

    from shouwang.org.tests.cast import Cast

TODAY = NOON.date()
QUERIES_OF_A_PAGE = 60


@pytest.fixture
def story(cast: Cast) -> Cast:
    """Lin is ill and a confirmed case; Wang, a close contact, waits; Meng and Fang are well; Zhao by proxy."""
    by = system_actor("tests")
    early = NOON - timedelta(hours=4)

    def said(name: str, answers: Answers, **more: Any) -> None:
        checkins.submit(
            person=cast.person[name], answers=answers, client_key=f"t-{name}-{len(more)}", by=by, at=early, **more
        )

    said("lin", Answers(symptoms=("fever",), temperature_c=Decimal("38.6"), exposure=False))
    for name in ("meng", "fang", "ou"):
        said(name, Answers(exposure=False))
    said("zhao", Answers(exposure=False), source="proxy", proxy_reason="手机丢失")
    alert = SymptomAlert.objects.get(person=cast.person["lin"])
    case = cases.open_case(
        person=cast.person["lin"], pack=packs.get_pack("covid19-2020-6"), classification="suspected",
        onset_at=early - timedelta(days=1), reason="发热", alert=alert, by=cast.by("he"), at=early,
    )  # fmt: skip
    cases.classify(case, new="confirmed", reason="核酸阳性", by=cast.by("he"), at=NOON)
    trace = Trace.objects.create(
        case=case, at=NOON, window_start=early, window_end=NOON, rule="nhc6", pack="covid19-2020-6",
        visits_searched=10, elapsed_us=5, found=1,
    )  # fmt: skip
    Contact.objects.create(
        case=case, trace=trace, person=cast.person["wang"], found_at=NOON, seconds=3600, encounters=1, first_at=early,
        last_at=NOON, grade="close", grade_rank=0, why_zh="同住", why_en="shared a room", purge_on=TODAY,
    )  # fmt: skip
    return cast


def value(cast: Cast, key: str, code: str = "WCU", name: str = "tang") -> int | None:
    return queries.figures(cast.by(name), cast.org[code], TODAY, NOON).values[key]


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("roster", len(PEOPLE)), ("self", 4), ("proxy", 1), ("clinic", 0), ("checked_in", 5),
        ("unknown", len(PEOPLE) - 5), ("symptomatic", 1), ("alerts_open", 0), ("cases_open", 1),
        ("cases_confirmed", 1), ("cases_suspected", 0), ("contacts_found", 1), ("contacts_close", 1),
        ("contacts_waiting", 1), ("isolated", 1), ("quarantined", 0), ("beds", 2), ("beds_free", 2),
    ],
)  # fmt: skip
def test_each_figure_is_what_is_there(story: Cast, key: str, expected: int) -> None:
    assert value(story, key) == expected


def test_a_unit_counts_its_own_people_only(story: Cast) -> None:
    assert value(story, "roster", "FL") == 2
    assert value(story, "cases_open", "FL") is None  # two people: too few for a number about health
    assert value(story, "checked_in", "FL") == 1


def test_units_add_up_and_hide_small_groups(story: Cast) -> None:
    found = queries.figures(story.by("tang"), story.org["WCU"], TODAY, NOON)
    units = {unit["title"]: unit for unit in found.units}
    assert units["信息工程学院"]["roster"] == 5
    assert units["信息工程学院"]["symptomatic"] == 1
    ie = queries.figures(story.by("tang"), story.org["IE"], TODAY, NOON)
    classes = {unit["title"]: unit for unit in ie.units}
    assert classes["计科2301班"]["symptomatic"] == "<5"
    assert sum(unit["checked_in"] for unit in found.units) <= 5


def test_yesterday_is_compared_at_the_same_hour(story: Cast) -> None:
    found = queries.figures(story.by("tang"), story.org["WCU"], TODAY, NOON)
    assert found.before["cases_open"] == 0
    assert found.change("cases_open") == 1
    # who had beds yesterday is not kept: unknown, not 0
    assert found.before["beds_free"] is None and found.change("beds_free") is None


def test_a_day_to_come_is_refused(story: Cast) -> None:
    with pytest.raises(BadInput):
        queries.figures(story.by("tang"), story.org["WCU"], TODAY + timedelta(days=1), NOON)


@pytest.mark.parametrize("name", ["lin", "meng", "deng", "gu", "admin"])
def test_without_the_right_there_is_no_report(story: Cast, sign_in: Callable[[str], Client], name: str) -> None:
    with pytest.raises(NotFound):
        queries.figures(story.by(name), story.org["WCU"], TODAY, NOON)
    client = sign_in(name)
    for address in ("/command/report/", "/command/report.docx", "/command/report.json", "/api/v1/command/report"):
        assert client.get(address).status_code == 404, address


def test_a_counsellor_sees_the_report_of_the_own_college_only(story: Cast, sign_in: Callable[[str], Client]) -> None:
    client = sign_in("xu")
    assert client.get("/command/report/").status_code == 200
    assert client.get(f"/command/report/?unit={story.org['IE'].pk}").status_code == 404
    assert client.get("/api/v1/command/report?organisation=IE").status_code == 404


def test_no_page_of_the_leader_names_anybody(story: Cast, sign_in: Callable[[str], Client]) -> None:
    leader = sign_in("tang")
    pages = ["/", "/command/report/", "/command/report/?screen=1", "/command/places/", "/command/report.json"]
    pages += [f"/command/places/{story.place['D1'].pk}/", f"/command/report/?unit={story.org['CS2301'].pk}"]
    names = [title for name, _number, title, *_rest in PEOPLE if name != "tang"]
    numbers = [number for _name, number, *_rest in PEOPLE]
    for page in pages:
        answer = leader.get(page)
        assert answer.status_code == 200, page
        text = answer.content.decode()
        assert not [who for who in (*names, *numbers) if who in text], page


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_word_holds_the_numbers(story: Cast, sign_in: Callable[[str], Client], language: str) -> None:
    client = sign_in("su")
    answer = client.get("/command/report.docx", headers={"accept-language": language})
    assert answer.status_code == 200
    document = docx.Document(io.BytesIO(answer.content))
    cells = [[cell.text for cell in row.cells] for table in document.tables for row in table.rows]
    label = "在管病例" if language == "zh-hans" else "Open cases"
    row = next(cells_ for cells_ in cells if cells_[0] == label)
    assert row[1] == "1" and str(len(PEOPLE)) in row[2]
    text = "\n".join(paragraph.text for paragraph in document.paragraphs)
    assert "2026-03-02 12:00" in text


def test_json_on_page_and_api_agree(story: Cast, sign_in: Callable[[str], Client]) -> None:
    client = sign_in("su")
    page = client.get("/command/report.json", headers={"accept-language": "en"}).json()
    api = client.get("/api/v1/command/report", headers={"accept-language": "en"}).json()
    assert page == api
    assert page["figures"]["cases_open"] == {
        "label": "Open cases", "value": 1, "of": "roster", "denominator": len(PEOPLE), "change": 1,
    }  # fmt: skip


def test_issuing_keeps_versions(story: Cast, sign_in: Callable[[str], Client]) -> None:
    office = sign_in("su")
    first = office.post("/command/report/issue/")
    second = office.post("/command/report/issue/")
    assert first.status_code == second.status_code == 302
    rows = list(SituationReport.objects.order_by("version"))
    assert [row.version for row in rows] == [1, 2]
    assert rows[0].figures["figures"]["cases_open"]["value"] == 1
    assert AuditEntry.objects.filter(verb="report.issued").count() == 2
    shown = office.get(second.headers["Location"])
    assert shown.status_code == 200
    assert json.dumps(rows[0].figures, ensure_ascii=False)


def test_the_leader_does_not_issue(story: Cast, sign_in: Callable[[str], Client]) -> None:
    assert sign_in("tang").post("/command/report/issue/").status_code == 403
    with pytest.raises(Forbidden):
        actions.issue_report(organisation=story.org["WCU"], day=TODAY, by=story.by("tang"), at=NOON)
    assert not SituationReport.objects.exists()


@pytest.mark.parametrize("query", ["?day=yesterday", "?unit=x", "?day=2026-13-01"])
def test_a_damaged_address_is_a_typed_refusal(story: Cast, sign_in: Callable[[str], Client], query: str) -> None:
    assert sign_in("su").get(f"/command/report/{query}").status_code == 400


def test_queries_of_the_page_are_bounded(
    story: Cast, sign_in: Callable[[str], Client], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = sign_in("tang")
    client.get("/command/report/")
    with django_assert_max_num_queries(QUERIES_OF_A_PAGE):
        assert client.get("/command/report/").status_code == 200
