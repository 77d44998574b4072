"""The pages of a case's rule and of the explanation: what they show, record, and whom they turn away."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from shouwang.cases.models import Case
from shouwang.core.models import AuditEntry
from shouwang.org.tests.cast import Cast
from shouwang.tracing.models import Contact
from shouwang.tracing.tests.desk_scene import contact, many_contacts

SignIn = Callable[[str], Client]


def _text(client: Client, path: str, **query: str) -> str:
    response = client.get(path, query)
    assert response.status_code == 200, response.content.decode()[:500]
    return response.content.decode()


def test_from_a_preview_to_the_rule_applied(cast: Cast, sign_in: SignIn, traced: Case) -> None:
    qiu, page = sign_in("qiu"), f"/tracing/cases/{traced.pk}/rule/"
    assert "第十版" in _text(qiu, page)
    shown = _text(qiu, page, edition="covid19-cn-9")
    assert "欧阳静" in shown and "经由 赵宁" in shown and "等级将变更" in shown
    assert not Contact.objects.filter(grade="secondary").exists()
    assert AuditEntry.objects.filter(verb="contact.rule_previewed", is_read=True).count() == 2
    silent = qiu.post(f"{page}apply/", {"edition": "covid19-cn-9"})
    assert silent.status_code == 400
    done = qiu.post(f"{page}apply/", {"edition": "covid19-cn-9", "reason": "按第九版"}, follow=True)
    assert "第九版" in done.content.decode() and "经由 赵宁" in done.content.decode()
    assert "按第九版" in _text(qiu, page)


def test_the_last_negative_test_is_carried_through_the_preview(sign_in: SignIn, traced: Case) -> None:
    page = f"/tracing/cases/{traced.pk}/rule/"
    shown = _text(sign_in("qiu"), page, edition="covid19-cn-9", last_negative="2026-03-01T16:00")
    assert 'name="last_negative" value="2026-03-01T16:00:00"' in shown and "将移出" in shown
    assert sign_in("qiu").get(page, {"edition": "covid19-cn-9", "last_negative": "when"}).status_code == 400


def test_search_and_explain(cast: Cast, sign_in: SignIn, traced: Case) -> None:
    qiu, page = sign_in("qiu"), f"/tracing/cases/{traced.pk}/why/"
    assert "?person=2023020101" in _text(qiu, page, q="欧阳")
    assert "没有以此开头" in _text(qiu, page, q="无此人")
    shown = _text(qiu, page, person="2023020101")
    assert "一般接触者" in shown and "未在此类场所共处" in shown and "第一食堂" in shown
    assert "没有记录不等于不在场" in _text(qiu, page, person="T0001")
    read = AuditEntry.objects.filter(verb="contact.explained", is_read=True, subject=cast.person["ou"].pk)
    assert read.count() == 1
    assert qiu.get(page, {"person": "2029999999"}).status_code == 404


def test_another_grade_from_the_explanation(cast: Cast, sign_in: SignIn, traced: Case) -> None:
    qiu, ou = sign_in("qiu"), contact(traced, cast, "ou")
    path = f"/tracing/contacts/{ou.pk}/grade/"
    assert qiu.post(path, {"grade": "close", "reason": ""}).status_code == 400
    done = qiu.post(path, {"grade": "close", "reason": "同桌就餐", "version": "1"}, follow=True)
    assert "人工指定等级：同桌就餐" in done.content.decode()


@pytest.mark.parametrize("who", ["lin", "fang", "xu", "he"])
def test_nobody_else_is_told(sign_in: SignIn, traced: Case, who: str) -> None:
    base = f"/tracing/cases/{traced.pk}"
    assert [sign_in(who).get(f"{base}/{page}/").status_code for page in ("rule", "why")] == [404, 404]


def test_queries_do_not_grow_with_the_contacts(
    cast: Cast, sign_in: SignIn, traced: Case, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    many_contacts(traced, cast, 60)
    qiu = sign_in("qiu")
    for path, query in (("rule", {"edition": "covid19-cn-9"}), ("why", {"person": "2023010103"})):
        with django_assert_max_num_queries(30):
            _text(qiu, f"/tracing/cases/{traced.pk}/{path}/", **query)
