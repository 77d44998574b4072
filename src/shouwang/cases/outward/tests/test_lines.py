"""The line list: who sees which lines, filters, unknown as unknown, the file equal to the page, recorded."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from shouwang.cases import actions as case_actions
from shouwang.cases import queries as case_queries
from shouwang.cases.models import Case
from shouwang.cases.outward import actions, queries
from shouwang.cases.reactions import on_people_changed
from shouwang.cases.tests.builders import DAY, FLU, HOUR, opened
from shouwang.cases.tests.test_scope import clinic_of
from shouwang.core.errors import BadInput, Forbidden
from shouwang.core.files.tables import read_table
from shouwang.core.models import AuditEntry
from shouwang.core.scope import Actor, system_actor
from shouwang.org import actions as org
from shouwang.org.tests.cast import NOON, SINCE, Cast

SignIn = Callable[[str], Client]
TODAY = date(2026, 3, 2)
PAGE, FILE = "/cases/lines/", "/cases/lines/file/"


@pytest.fixture(autouse=True)
def english(settings: object) -> Iterator[None]:
    settings.LANGUAGE_CODE = "en"  # type: ignore[attr-defined]
    with translation.override("en"):
        yield


def numbers(by: Actor, **words: object) -> list[object]:
    wanted = queries.line_filter(by, **words)  # type: ignore[arg-type]
    return [line.values[0] for line in queries.lines(by, wanted, on=TODAY).rows]


def test_the_same_cases_as_everywhere_newest_first(cast: Cast) -> None:
    for k, who in enumerate(("lin", "ou", "zhao")):
        opened(cast, who, at=NOON + k * HOUR)
    for by in (cast.by("he"), cast.by("qiu"), clinic_of(cast, "IE"), clinic_of(cast, "EN2301")):
        assert numbers(by) == [case.number for case in case_queries.visible_cases(by)]
    assert numbers(clinic_of(cast, "IE")) == ["COV-2026-0003", "COV-2026-0001"]


def test_a_guest_is_in_reach_and_a_case_moves_with_its_person(cast: Cast) -> None:
    case, by = opened(cast, "ou"), clinic_of(cast, "IE")
    assert numbers(by) == []
    org.join(cast.person["ou"], organisation=cast.org["IE"], since=SINCE, by=system_actor(), at=NOON)
    assert numbers(by) == [case.number]
    lin = cast.person["lin"]
    mine = opened(cast, "lin")
    type(lin).objects.filter(pk=lin.pk).update(home=cast.org["EN2301"], home_path=cast.org["EN2301"].path)
    on_people_changed([lin.pk], system_actor(), NOON)
    assert Case.objects.get(pk=mine.pk).home_path == cast.org["EN2301"].path
    assert numbers(clinic_of(cast, "CS2301")) == []


def test_filters(cast: Cast) -> None:
    by = cast.by("he")
    lin = opened(cast, "lin", classification="confirmed", onset_at=NOON - DAY)
    ou = opened(cast, "ou", onset_at=NOON - 3 * DAY, onset_day_only=True)
    meng = opened(cast, "meng", pack=FLU)
    assert numbers(by, disease="covid19", classification="suspected") == [ou.number]
    assert numbers(by, pack=FLU) == [meng.number]
    assert numbers(by, unit="FL") == [ou.number]
    assert numbers(by, place="D1-101") == [lin.number]
    assert set(numbers(by, place="D1")) == {lin.number, ou.number}
    assert numbers(by, moment="onset", first=TODAY - timedelta(days=1)) == [lin.number]
    assert numbers(by, moment="onset", last=TODAY - timedelta(days=2)) == [ou.number]
    assert numbers(by, moment="onset", missing=True) == [meng.number]
    assert numbers(by, moment="confirmed", first=TODAY, last=TODAY) == [lin.number]
    assert numbers(by, moment="confirmed", missing=True) == [meng.number, ou.number]
    assert len(numbers(by, moment="reported", missing=True)) == 3


@pytest.mark.parametrize(
    "words, field",
    [
        ({"moment": "born"}, "moment"),
        ({"classification": "ill"}, "classification"),
        ({"unit": "NOWHERE"}, "unit"),
        ({"place": "NOWHERE"}, "place"),
        ({"first": TODAY, "last": TODAY - timedelta(days=1)}, "last"),
        ({"first": TODAY, "missing": True}, "missing"),
    ],
)
def test_what_cannot_be_filtered_by_is_named(cast: Cast, sign_in: SignIn, words: dict[str, object], field: str) -> None:
    with pytest.raises(BadInput) as caught:
        queries.line_filter(cast.by("he"), **words)  # type: ignore[arg-type]
    assert caught.value.field == field
    sent = {name: "on" if value is True else str(value) for name, value in words.items()}
    assert sign_in("he").get(PAGE, sent).status_code == 422


def test_a_unit_out_of_reach_is_not_known(cast: Cast) -> None:
    with pytest.raises(BadInput):
        numbers(clinic_of(cast, "IE"), unit="FL")


def test_unknown_stays_unknown_and_a_day_a_day(cast: Cast) -> None:
    case = opened(cast, "lin", onset_at=NOON - DAY, onset_day_only=True)
    (line,) = queries.lines(cast.by("he"), queries.LineFilter(), on=TODAY).rows
    found = line.as_dict()
    assert (found["number"], found["onset"], found["reported"]) == (case.number, date(2026, 3, 1), None)
    assert (found["age"], found["confirmed"], found["sex"]) == (None, None, None)
    assert "101" in str(found["residence"])


def test_names_only_for_who_may_and_asks(cast: Cast) -> None:
    opened(cast, "lin")
    tracer, clinic = cast.by("qiu"), clinic_of(cast, "IE")
    (masked,) = queries.lines(tracer, queries.LineFilter(), on=TODAY).rows
    (named,) = queries.lines(tracer, queries.LineFilter(), full=True, on=TODAY).rows
    assert masked.values[1:3] == ("202*****01", "林〇") and named.values[1:3] == ("2023010101", "林晓")
    with pytest.raises(Forbidden):
        queries.lines(clinic, queries.LineFilter(), full=True, on=TODAY)


def test_pages_follow_on_and_the_export_reads_all(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    for who in ("lin", "wang", "meng", "zhao", "ou"):
        opened(cast, who)
    by, wanted = cast.by("he"), queries.LineFilter()
    first = queries.lines(by, wanted, size=2, on=TODAY)
    second = queries.lines(by, wanted, size=2, cursor=first.next or "", on=TODAY)
    monkeypatch.setattr(queries, "ROWS_A_READ", 2)
    every = list(queries.every_line(by, wanted, full=False, on=TODAY))
    assert every[:4] == [*first.rows, *second.rows] and len(every) == 5


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_file_is_the_page(cast: Cast, sign_in: SignIn, form: str) -> None:
    opened(cast, "lin", onset_at=NOON - DAY)
    opened(cast, "ou", classification="confirmed")
    client = sign_in("he")
    answer = client.get(FILE, {"form": form, "classification": "confirmed"})
    assert answer["X-Row-Count"] == "1"
    content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    table = read_table(io.BytesIO(content), name=f"lines.{form}")
    (line,) = queries.lines(cast.by("he"), queries.LineFilter(classification="confirmed"), on=TODAY).rows
    if form == "csv":
        (header, row) = csv.reader(io.StringIO(content.decode("utf-8-sig")))
        assert header == [str(word) for word in queries.HEADER]
        assert [re.sub(r"(\d\d:\d\d):\d\d$", r"\1", cell) for cell in row] == line.texts()
    assert len(list(table.rows)) == 1
    page = client.get(PAGE, {"classification": "confirmed"}).content.decode()
    assert all(text in page for text in line.texts() if text)
    assert "1 case" in page and "missing" in page


def test_the_log_knows_who_took_what_and_no_class(cast: Cast) -> None:
    opened(cast, "lin", classification="confirmed")
    by, wanted = cast.by("qiu"), queries.line_filter(cast.by("qiu"), classification="confirmed", unit="IE")
    assert actions.export_lines(io.BytesIO(), wanted, form="csv", by=by, at=NOON) == 1
    entry = AuditEntry.objects.get(verb="case.exported")
    assert entry.new == {"form": "csv", "rows": 1, "masked": True, "filters": ["classification", "unit"]}
    assert AuditEntry.objects.get(verb="case.in_export").subject == cast.person["lin"].pk


@pytest.mark.parametrize("who", ["lin", "meng", "fang", "su", "tang", "deng", "gu", "admin"])
def test_nobody_else(cast: Cast, sign_in: SignIn, who: str) -> None:
    opened(cast, "lin")
    client = sign_in(who)
    assert {client.get(PAGE).status_code, client.get(FILE).status_code} <= {403, 404}
    with pytest.raises(Forbidden):
        actions.export_lines(io.BytesIO(), queries.LineFilter(), form="csv", by=cast.by(who), at=NOON)
    assert not AuditEntry.objects.filter(verb="case.exported").exists()


def test_another_form_is_refused(cast: Cast) -> None:
    with pytest.raises(BadInput) as caught:
        actions.export_lines(io.BytesIO(), queries.LineFilter(), form="pdf", by=cast.by("he"), at=NOON)
    assert caught.value.field == "form"


def test_the_same_by_api(cast: Cast, sign_in: SignIn) -> None:
    opened(cast, "lin", onset_at=NOON - DAY)
    client = sign_in("he")
    body = client.get("/api/v1/cases/lines?moment=onset&first=2026-03-01").json()
    assert body["total"] == 1 and body["items"][0]["number"] == "COV-2026-0001" and body["items"][0]["reported"] is None
    assert client.get("/api/v1/cases/lines/file?form=csv")["X-Row-Count"] == "1"
    assert client.get("/api/v1/cases/lines?moment=never").status_code == 400


def test_an_empty_list_says_so_and_costs_few_queries(
    cast: Cast, sign_in: SignIn, django_assert_max_num_queries: object
) -> None:
    client = sign_in("he")
    assert "No case within your reach" in client.get(PAGE).content.decode()
    for who in ("lin", "wang", "zhao"):
        opened(cast, who)
    with django_assert_max_num_queries(20):  # type: ignore[operator]
        client.get(PAGE)


def test_a_discarded_case_stays_in_the_list(cast: Cast) -> None:
    case = opened(cast, "lin")
    case_actions.classify(case, new="discarded", reason="阴性", by=cast.by("he"), at=NOON)
    assert numbers(cast.by("he"), classification="discarded") == [case.number]


@given(born=st.dates(date(1900, 1, 1), date(2030, 1, 1)), day=st.dates(date(1900, 1, 1), date(2030, 1, 1)))
def test_age_counts_completed_years(born: date, day: date) -> None:
    age = queries.age_on(born, day)
    if born > day:
        assert age is None
    else:
        assert age is not None and age >= 0 and age * 365 <= (day - born).days < (age + 1) * 366
