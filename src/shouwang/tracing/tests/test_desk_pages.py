"""The tracer's pages: what they show, whom they turn away, what bad input gets, and how many queries they cost."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from shouwang.cases import actions as case_actions
from shouwang.cases.models import Case
from shouwang.core.models import AuditEntry
from shouwang.org.tests.cast import NOON, Cast
from shouwang.tracing.models import Contact
from shouwang.tracing.tests.desk_scene import contact, ill, many_contacts

SignIn = Callable[[str], Client]
STRANGERS = ["lin", "meng", "fang", "xu", "tang", "deng"]


def chart_of(response: Any, name: str) -> Any:
    found = re.search(rf'<script id="{name}" type="application/json">(.*?)</script>', response.content.decode())
    assert found is not None
    return json.loads(found[1])


def pages(case: Case, cast: Cast) -> list[str]:
    base = f"/tracing/cases/{case.pk}/"
    place = cast.place["T1-201"].pk
    who = contact(case, cast, "zhao").pk
    return [base, f"{base}network/", f"{base}timeline/", f"{base}places/", f"{base}places/{place}/",
            f"/tracing/contacts/{who}/"]  # fmt: skip


def test_a_tracer_opens_every_page(cast: Cast, sign_in: SignIn, traced: Case) -> None:
    qiu = sign_in("qiu")
    for path in ["/tracing/", *pages(traced, cast), "/tracing/presence/"]:
        response = qiu.get(path)
        assert response.status_code == 200, path
        assert response.headers["Content-Type"].startswith("text/html")
    reads = set(AuditEntry.objects.filter(is_read=True, account=cast.account["qiu"].pk).values_list("verb", flat=True))
    assert {
        "case.listed",
        "contact.listed",
        "contact.network",
        "presence.read",
        "contact.place",
        "contact.evidence",
    } <= (reads)


@pytest.mark.parametrize("who", STRANGERS)
def test_nobody_else_learns_that_there_is_a_case(cast: Cast, sign_in: SignIn, traced: Case, who: str) -> None:
    client = sign_in(who)
    assert [client.get(path).status_code for path in pages(traced, cast)] == [404] * 6
    assert client.get("/tracing/").status_code == 403
    assert client.get("/tracing/presence/").status_code == 403
    assert client.get("/tracing/presence/import/").status_code == 403
    zhao = contact(traced, cast, "zhao").pk
    for path in (f"contacts/{zhao}/confirm/", f"contacts/{zhao}/dismiss/", f"contacts/{zhao}/reconsider/",
                 f"cases/{traced.pk}/trace/", f"cases/{traced.pk}/confirm-close/"):  # fmt: skip
        assert client.post(f"/tracing/{path}", {"reason": "x"}).status_code == 404
    assert not Contact.objects.exclude(state="candidate").exists()


def test_a_closed_case_is_gone(cast: Cast, sign_in: SignIn, traced: Case) -> None:
    paths = pages(traced, cast)
    case_actions.close_case(traced, reason="痊愈", by=cast.by("he"), at=NOON + timedelta(minutes=1))
    assert {sign_in("qiu").get(path).status_code for path in paths} == {404}


def test_tracing_from_the_desk(cast: Cast, sign_in: SignIn, traced: Case) -> None:
    case = ill(cast, "ou")
    response = sign_in("qiu").post(f"/tracing/cases/{case.pk}/trace/", follow=True)
    assert response.status_code == 200
    assert Contact.objects.filter(case=case).exists()


def test_deciding_by_htmx_swaps_the_row(cast: Cast, sign_in: SignIn, traced: Case) -> None:
    qiu, zhao = sign_in("qiu"), contact(traced, cast, "zhao")
    htmx = {"HX-Request": "true"}
    response = qiu.post(f"/tracing/contacts/{zhao.pk}/confirm/", {"version": 1}, headers=htmx)
    assert response.status_code == 200
    assert f'id="contact-{zhao.pk}"' in response.content.decode()
    assert "<html" not in response.content.decode()
    stale = qiu.post(f"/tracing/contacts/{zhao.pk}/dismiss/", {"version": 1, "reason": "缺课"}, headers=htmx)
    assert stale.status_code == 409
    back = qiu.post(f"/tracing/contacts/{zhao.pk}/reconsider/", {"version": 2, "reason": "点错"}, headers=htmx)
    assert back.status_code == 200
    assert contact(traced, cast, "zhao").state == "candidate"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("dismiss", {}),
        ("dismiss", {"reason": "   "}),
        ("dismiss", {"reason": "x" * 301}),
        ("dismiss", {"reason": "x\x00"}),
        ("dismiss", {"reason": "x", "version": "9" * 5000}),
        ("confirm", {"version": "soon"}),
        ("confirm", {"version": "-1"}),
        ("reconsider", {"reason": ""}),
    ],
)
def test_bad_decisions_are_refused(cast: Cast, sign_in: SignIn, traced: Case, path: str, body: dict[str, str]) -> None:
    zhao = contact(traced, cast, "zhao")
    response = sign_in("qiu").post(f"/tracing/contacts/{zhao.pk}/{path}/", body, headers={"HX-Request": "true"})
    assert response.status_code in (400, 422)
    zhao.refresh_from_db()
    assert (zhao.state, zhao.version) == ("candidate", 1)


@pytest.mark.parametrize(
    "query", ["state=wished", "page=bm9uc2Vuc2U", "grade=" + "x" * 30, "q=" + "x" * 90, "q=%00", "page=%00"]
)
def test_bad_filters_are_refused(cast: Cast, sign_in: SignIn, traced: Case, query: str) -> None:
    assert sign_in("qiu").get(f"/tracing/cases/{traced.pk}/?{query}").status_code == 400


@pytest.mark.parametrize("query", ["by=moon", "grade=worst"])
def test_unknown_drawings_are_refused(cast: Cast, sign_in: SignIn, traced: Case, query: str) -> None:
    assert sign_in("qiu").get(f"/tracing/cases/{traced.pk}/network/?{query}").status_code == 400


@pytest.mark.parametrize("path", ["cases/{big}/", "contacts/{big}/", "cases/{case}/places/{big}/"])
def test_impossible_ids_are_not_found(cast: Cast, sign_in: SignIn, traced: Case, path: str) -> None:
    address = path.format(big=10**30, case=traced.pk)
    assert sign_in("qiu").get(f"/tracing/{address}").status_code == 404


def test_confirming_all_close_contacts(cast: Cast, sign_in: SignIn, traced: Case) -> None:
    qiu, address = sign_in("qiu"), f"/tracing/cases/{traced.pk}/confirm-close/"
    for ticked in ("x", "0", "9" * 40, str(10**6)):
        assert qiu.post(address, {"contact": ticked}).status_code == 404
    assert not Contact.objects.exclude(state="candidate").exists()
    assert qiu.post(address).status_code == 302
    states = dict(Contact.objects.values_list("person__name", "state"))
    assert states == {"王蕾": "confirmed", "赵宁": "confirmed", "孟欣": "confirmed", "欧阳静": "candidate"}


def test_the_network_draws_close_contacts_first(cast: Cast, sign_in: SignIn, traced: Case) -> None:
    qiu, base = sign_in("qiu"), f"/tracing/cases/{traced.pk}/network/"
    close = chart_of(qiu.get(base), "network-data")
    people = [node for node in close["nodes"] if "contact" in node]
    assert {node["label"] for node in people} == {"王蕾", "赵宁", "孟欣"}
    assert all(node["href"] == f"/tracing/contacts/{node['contact']}/" for node in people)
    groups = {node["label"] for node in close["nodes"] if node["category"] == "group"}
    assert groups == {"计科2301班 · 2", "计科2302班 · 1"}
    everybody = chart_of(qiu.get(base, {"grade": "all", "by": "place"}), "network-data")
    groups = {node["label"] for node in everybody["nodes"] if node["category"] == "group"}
    assert groups == {"一号楼101 · 1", "一教201 · 2", "第一食堂 · 1"}
    ids = {node["id"] for node in everybody["nodes"]}
    assert all(link["source"] in ids and link["target"] in ids for link in everybody["links"])


def test_the_timeline_shows_the_cases_own_records(cast: Cast, sign_in: SignIn, traced: Case) -> None:
    response = sign_in("qiu").get(f"/tracing/cases/{traced.pk}/timeline/")
    items = chart_of(response, "timeline-data")["items"]
    assert {item["lane"] for item in items} == {"一号楼101", "一教201", "第一食堂"}
    lesson = next(item for item in items if item["lane"] == "一教201")
    assert (lesson["start"], lesson["end"]) == ("2026-03-01T08:00:00", "2026-03-01T09:40:00")
    # the night over midnight is one record
    assert ("2026-02-28T22:30:00", "2026-03-01T06:30:00") in {(item["start"], item["end"]) for item in items}


def test_a_place_shows_who_was_met_there(cast: Cast, sign_in: SignIn, traced: Case) -> None:
    qiu = sign_in("qiu")
    text = qiu.get(f"/tracing/cases/{traced.pk}/places/{cast.place['T1-201'].pk}/")
    assert {item["lane"] for item in chart_of(text, "place-data")["items"]} == {"林晓", "赵宁", "孟欣"}
    assert "欧阳静" not in text.content.decode()
    empty = qiu.get(f"/tracing/cases/{traced.pk}/places/{cast.place['LIB'].pk}/")
    assert empty.status_code == 200
    assert "place-data" not in empty.content.decode()


def test_evidence_adds_up(cast: Cast, sign_in: SignIn, traced: Case) -> None:
    response = sign_in("qiu").get(f"/tracing/contacts/{contact(traced, cast, 'zhao').pk}/")
    text = response.content.decode()
    assert "03-01 08:00 – 09:40" in text
    assert "100.0" in text


def test_five_hundred_contacts_cost_no_more(
    cast: Cast,
    sign_in: SignIn,
    traced: Case,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    many_contacts(traced, cast, 500)
    qiu = sign_in("qiu")
    base = f"/tracing/cases/{traced.pk}/"
    for path in (base, f"{base}?state=candidate&grade=close", f"{base}network/?grade=all", f"{base}places/",
                 f"{base}places/{cast.place['T1-201'].pk}/", "/tracing/"):  # fmt: skip
        with django_assert_max_num_queries(30):
            assert qiu.get(path).status_code == 200


def test_a_file_is_imported_by_the_page(cast: Cast, sign_in: SignIn) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    from shouwang.tracing.tests.desk_scene import VISITS

    su, address = sign_in("su"), "/tracing/presence/import/"

    def send(data: bytes, name: str = "visits.csv", kind: str = "visits") -> Any:
        return su.post(address, {"file": SimpleUploadedFile(name, data), "source_format": kind, "step": "20"})

    done = send(VISITS.encode())
    assert done.status_code == 200
    assert "5" in re.sub(r"<[^>]+>", " ", done.content.decode())
    assert send(VISITS.encode()).status_code == 302
    assert send(b"\x89PNG\r\n\x1a\n" + bytes(64), "cat.csv").status_code == 422
    assert send(VISITS.encode(), kind="gossip").status_code == 422
    assert su.post(address, {}).status_code == 422


def test_a_decision_renews_the_table_of_grades(cast: Cast, sign_in: SignIn, traced: Case) -> None:
    contact = Contact.objects.get(person=cast.person["wang"])
    answer = sign_in("qiu").post(
        f"/tracing/contacts/{contact.pk}/confirm/", {"version": contact.version}, headers={"HX-Request": "true"}
    )
    text = answer.content.decode()
    assert f'id="contact-{contact.pk}"' in text
    assert 'id="grade-counts" hx-swap-oob="true"' in text and 'id="confirm-close" hx-swap-oob="true"' in text
    counts = text[text.index('id="grade-counts"') :]
    assert counts.index('<td class="num">2</td>') < counts.index('<td class="num">1</td>')  # two to decide, one done


def test_those_ticked_are_decided_together(cast: Cast, sign_in: SignIn, traced: Case) -> None:
    qiu, address = sign_in("qiu"), f"/tracing/cases/{traced.pk}/decide/"
    by_name = dict(Contact.objects.values_list("person__name", "pk"))
    assert (
        f'form="ticked" name="contact" value="{by_name["王蕾"]}"'
        in qiu.get(f"/tracing/cases/{traced.pk}/").content.decode()
    )
    assert qiu.post(address, {"what": "confirm"}).status_code == 400
    assert qiu.post(address, {"what": "dismiss", "contact": [by_name["赵宁"]]}).status_code == 400  # no reason
    assert qiu.post(address, {"what": "confirm", "contact": ["x"]}).status_code == 404
    assert not Contact.objects.exclude(state="candidate").exists()
    assert qiu.post(address, {"what": "confirm", "contact": [by_name["王蕾"]]}).status_code == 302
    values = {"what": "dismiss", "contact": [by_name["赵宁"], by_name["孟欣"]], "reason": "当天请假"}
    assert qiu.post(address, values).status_code == 302
    states = dict(Contact.objects.values_list("person__name", "state"))
    assert states == {"王蕾": "confirmed", "赵宁": "dismissed", "孟欣": "dismissed", "欧阳静": "candidate"}
