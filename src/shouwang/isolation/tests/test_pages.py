"""The pages in a browser: what the person reads, what the desk does, who is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from shouwang.core.models import AuditEntry
from shouwang.core.scope import system_actor
from shouwang.isolation import actions
from shouwang.isolation.models import Order
from shouwang.isolation.tests.scenes import healthy_days, make_case, make_contact
from shouwang.org.actions import assign_responsibility
from shouwang.org.models import Person
from shouwang.org.tests.cast import NOON, SINCE, Cast

Enter = Callable[[str], Client]


@pytest.fixture
def order(cast: Cast) -> Order:
    Person.objects.filter(pk=cast.person["fang"].pk).update(phone="0311-5550100")
    found = actions.order_for_contact(make_contact(cast, make_case(cast, "lin"), "wang"), by=cast.by("qiu"), at=NOON)
    assert found is not None
    return found


def text(response: object) -> str:
    return response.content.decode()  # type: ignore[attr-defined,no-any-return]


def test_the_person_reads_until_when_why_where_and_whom_to_call(cast: Cast, sign_in: Enter, order: Order) -> None:
    page = text(sign_in("wang").get(reverse("isolation:mine")))
    assert "同住一间宿舍" in page and "第四十条" in page and "2026年3月15日" in page
    assert "方老师" in page and "tel:0311-5550100" in page
    assert "Q-2026-0001" in page and "林晓" not in page
    english = text(sign_in("wang").get(reverse("isolation:mine"), headers={"accept-language": "en"}))
    assert "shared a dormitory room" in english and "15 March 2026" in english


def test_everybody_has_the_page_and_most_have_nothing_on_it(sign_in: Enter, order: Order) -> None:
    for name in ("ou", "fang", "he", "admin"):
        response = sign_in(name).get(reverse("isolation:mine"))
        assert response.status_code == 200 and "Q-2026-0001" not in text(response)


def test_acknowledge_and_object(cast: Cast, sign_in: Enter, order: Order) -> None:
    browser = sign_in("wang")
    assert browser.post(reverse("isolation:acknowledge", args=[order.pk])).status_code == 302
    order.refresh_from_db()
    assert order.state == "acknowledged"
    empty = browser.post(reverse("isolation:object", args=[order.pk]), {"text": " "})
    assert empty.status_code == 422 and not order.objections.exists()
    assert browser.post(reverse("isolation:object", args=[order.pk]), {"text": "那天我在家"}).status_code == 302
    assert "那天我在家" in text(browser.get(reverse("isolation:mine")))
    for name in ("ou", "he"):
        assert sign_in(name).post(reverse("isolation:acknowledge", args=[order.pk])).status_code == 404
        assert sign_in(name).post(reverse("isolation:object", args=[order.pk]), {"text": "x"}).status_code == 404


def test_the_home_page_begins_with_the_order(sign_in: Enter, order: Order) -> None:
    page = text(sign_in("wang").get(reverse("web:home")))
    assert reverse("isolation:mine") in page and 'id="home-order"' in page
    assert 'id="home-order"' not in text(sign_in("ou").get(reverse("web:home")))
    assert 'id="home-orders"' in text(sign_in("he").get(reverse("web:home")))
    assert 'id="home-orders"' not in text(sign_in("fang").get(reverse("web:home")))


@pytest.mark.parametrize("name", ["isolation:list", "isolation:rooms"])
def test_the_desk_and_the_rooms_are_for_who_manages_isolation(
    cast: Cast, sign_in: Enter, order: Order, name: str
) -> None:
    assert sign_in("he").get(reverse(name)).status_code == 200
    for other in ("fang", "su", "tang", "deng", "gu", "wang", "admin"):
        assert sign_in(other).get(reverse(name)).status_code == 404


def test_the_desk_is_audited_and_pages_cost_a_fixed_number_of_queries(
    cast: Cast, sign_in: Enter, order: Order, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    case = make_case(cast, "zhao")
    for name in ("ou", "meng", "deng", "gu"):
        actions.order_for_contact(make_contact(cast, case, name), by=system_actor(), at=NOON)
    browser = sign_in("he")
    person, counsellor = sign_in("wang"), sign_in("fang")
    with django_assert_max_num_queries(10):
        assert "王蕾" in text(browser.get(reverse("isolation:list")))
    assert AuditEntry.objects.filter(verb="orders.listed", subject=cast.person["wang"].pk, is_read=True).exists()
    with django_assert_max_num_queries(18):
        assert browser.get(reverse("isolation:order", args=[order.pk])).status_code == 200
    assert AuditEntry.objects.filter(verb="order.seen", subject=cast.person["wang"].pk, is_read=True).exists()
    with django_assert_max_num_queries(17):
        assert browser.get(reverse("isolation:rooms")).status_code == 200
    with django_assert_max_num_queries(14):
        assert person.get(reverse("isolation:mine")).status_code == 200
    with django_assert_max_num_queries(9):
        assert counsellor.get(reverse("isolation:absent")).status_code == 200


def test_filters_and_fragments(cast: Cast, sign_in: Enter, order: Order) -> None:
    browser = sign_in("he")
    fragment = browser.get(reverse("isolation:list"), {"show": "unplaced", "q": "王"}, headers={"hx-request": "true"})
    assert "王蕾" in text(fragment) and "<html" not in text(fragment)
    assert "王蕾" not in text(browser.get(reverse("isolation:list"), {"show": "past"}))
    assert browser.get(reverse("isolation:list"), {"show": "nonsense", "kind": "x"}).status_code == 200
    assert browser.get(reverse("isolation:list"), {"cursor": "nonsense"}).status_code == 400


def test_an_order_page_for_clinic_and_tracer_and_nobody_else(cast: Cast, sign_in: Enter, order: Order) -> None:
    url = reverse("isolation:order", args=[order.pk])
    clinic = text(sign_in("he").get(url))
    assert 'name="room"' in clinic and 'name="address"' in clinic
    tracer = text(sign_in("qiu").get(url))
    assert "王蕾" in tracer and 'name="room"' not in tracer and 'name="reason"' not in tracer
    for name in ("fang", "su", "tang", "deng", "gu", "wang", "lin", "admin"):
        assert sign_in(name).get(url).status_code == 404
    assert Client().get(url).status_code == 302


def test_the_clinic_gives_a_room_a_home_and_an_end(cast: Cast, sign_in: Enter, order: Order) -> None:
    browser = sign_in("he")
    here = reverse("isolation:order", args=[order.pk])
    answer = browser.post(
        reverse("isolation:assign", args=[order.pk]), {"room": cast.place["ISO-1"].pk, "version": order.version}
    )
    assert answer.status_code == 302 and answer["Location"] == here
    order.refresh_from_db()
    stale = browser.post(reverse("isolation:stay_home", args=[order.pk]), {"address": "家属楼", "version": 1})
    assert stale.status_code == 409
    bad = browser.post(reverse("isolation:stay_home", args=[order.pk]), {"address": "", "version": order.version})
    assert bad.status_code == 422
    browser.post(reverse("isolation:stay_home", args=[order.pk]), {"address": "家属楼 3-201", "version": order.version})
    order.refresh_from_db()
    assert (order.where, order.address) == ("home", "家属楼 3-201")
    silent = browser.post(reverse("isolation:end", args=[order.pk]), {"reason": "", "version": order.version})
    order.refresh_from_db()
    assert silent.status_code == 422 and order.in_force
    browser.post(reverse("isolation:end", args=[order.pk]), {"reason": "转院治疗", "version": order.version})
    order.refresh_from_db()
    assert (order.state, order.end_reason) == ("ended", "转院治疗")


def test_release_by_rule_from_the_page(cast: Cast, sign_in: Enter, order: Order, noon: time_machine.Traveller) -> None:
    healthy_days(cast, "wang", date(2026, 3, 3), date(2026, 3, 15))
    noon.move_to(NOON + timedelta(days=14))
    browser = sign_in("he")
    page = text(browser.get(reverse("isolation:order", args=[order.pk])))
    assert 'name="reason"' not in page
    browser.post(reverse("isolation:end", args=[order.pk]), {"version": order.version})
    order.refresh_from_db()
    assert order.end_code == "by_rule"


@pytest.mark.parametrize("verb", ["assign", "stay_home", "end", "answer"])
def test_writes_of_the_desk_are_refused_to_others(cast: Cast, sign_in: Enter, order: Order, verb: str) -> None:
    url = reverse(f"isolation:{verb}", args=[order.pk])
    data = {"room": cast.place["ISO-1"].pk, "address": "x", "reason": "x", "answer": "x", "version": order.version}
    for name in ("fang", "su", "wang", "deng"):
        assert sign_in(name).post(url, data).status_code == 404
    assert sign_in("qiu").post(url, data).status_code == 403
    assert sign_in("he").get(url).status_code == 405
    order.refresh_from_db()
    assert (order.state, order.where, order.version) == ("served", "unassigned", 1)


def test_the_proposed_room_is_accepted_from_the_facility_page(cast: Cast, sign_in: Enter, order: Order) -> None:
    browser = sign_in("he")
    page = text(browser.get(reverse("isolation:rooms")))
    assert "王蕾" in page and "东苑1号房" in page
    url = reverse("isolation:place", args=[order.pk])
    assert browser.post(url, {"room": "x", "version": 1}).status_code == 400
    assert browser.post(url, {"room": cast.place["ISO-1"].pk, "version": 1}).status_code == 302
    assert order.stays.get().room == cast.place["ISO-1"]
    assert sign_in("fang").post(url, {"room": cast.place["ISO-2"].pk, "version": 2}).status_code == 404


def test_a_full_room_is_refused_on_the_page(cast: Cast, sign_in: Enter, order: Order) -> None:
    other = actions.order_for_contact(make_contact(cast, make_case(cast, "zhao"), "ou"), by=cast.by("qiu"), at=NOON)
    assert other is not None
    actions.assign_room(other, cast.place["ISO-1"], by=cast.by("he"), at=NOON)
    data = {"room": cast.place["ISO-1"].pk, "version": 1}
    assert sign_in("he").post(reverse("isolation:place", args=[order.pk]), data).status_code == 409
    assert not order.stays.exists()


def test_an_objection_is_answered_and_the_person_reads_it(cast: Cast, sign_in: Enter, order: Order) -> None:
    actions.object_to(order, text="那天我在家", by=cast.by("wang"), at=NOON)
    browser = sign_in("he")
    assert "那天我在家" in text(browser.get(reverse("isolation:order", args=[order.pk])))
    assert browser.post(reverse("isolation:answer", args=[order.pk]), {"answer": ""}).status_code == 422
    browser.post(reverse("isolation:answer", args=[order.pk]), {"answer": "已核对门禁记录，当晚您在宿舍"})
    assert "已核对门禁记录" in text(sign_in("wang").get(reverse("isolation:mine")))


def test_the_counsellor_reads_who_is_absent_and_not_why(cast: Cast, sign_in: Enter, order: Order) -> None:
    page = text(sign_in("fang").get(reverse("isolation:absent")))
    assert "王蕾" in page and "2026-03-15" in page
    for word in ("同住一间宿舍", "Q-2026", "隔离医学观察", "新型冠状病毒", "T-0"):
        assert word not in page
    assert "王蕾" not in text(sign_in("xu").get(reverse("isolation:absent")))
    for name in ("wang", "meng", "tang", "admin", "deng", "gu"):
        assert sign_in(name).get(reverse("isolation:absent")).status_code == 404
    assert AuditEntry.objects.filter(verb="absences.listed", subject=cast.person["wang"].pk).exists()


def test_whom_to_call_in_a_facility(cast: Cast, sign_in: Enter, order: Order) -> None:
    by = system_actor()
    assign_responsibility(place=cast.place["ISO"], person=cast.person["gu"], on=SINCE, by=by, at=NOON)
    assign_responsibility(place=cast.place["CLINIC"], person=cast.person["he"], on=SINCE, by=by, at=NOON)
    actions.assign_room(order, cast.place["ISO-2"], by=cast.by("he"), at=NOON)
    page = text(sign_in("wang").get(reverse("isolation:mine")))
    assert "东苑2号房" in page and "顾师傅" in page and "何医生" in page and "方老师" in page


def test_the_case_page_shows_its_orders(cast: Cast, sign_in: Enter, order: Order) -> None:
    assert order.case is not None
    page = text(sign_in("he").get(reverse("cases:case", args=[order.case.pk])))
    assert "isolation" in page and AuditEntry.objects.exists()
