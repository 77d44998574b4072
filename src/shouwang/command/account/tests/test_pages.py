"""Pages, queue, home card and reminder of a matter, as each party finds them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from shouwang.command import home, queries
from shouwang.command.account import actions
from shouwang.command.account import queries as matters
from shouwang.command.account.models import Matter
from shouwang.command.account.tests.builders import (
    DAY,
    appealed,
    proposed,
    replied,
    second_leader,
    served,
    standing,
    upheld,
)
from shouwang.core.models import AuditEntry
from shouwang.org.tests.cast import NOON, Cast

SignIn = Callable[[str], Client]
HERE = "/command/accountability/"


@pytest.fixture(autouse=True)
def noon() -> object:
    with time_machine.travel(NOON, tick=False):
        yield


def text_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def test_from_the_form_to_the_decision(cast: Cast, sign_in: SignIn) -> None:
    su = sign_in("su")
    assert "信息工程学院" in text_of(su, f"{HERE}new/?unit=IE")
    body = {"step": "reminder", "about": "", "asked": "三日内报送值班表", "told": "三次督办后仍未报送", "source": ""}
    refused = su.post(f"{HERE}new/?unit=IE", body)
    assert refused.status_code == 422, "a fact has a source"
    made = su.post(f"{HERE}new/?unit=IE", {**body, "source": "督办记录"})
    row = Matter.objects.get()
    assert made.headers["Location"] == f"{HERE}{row.pk}/"
    assert sign_in("fang").get(f"{HERE}{row.pk}/").status_code == 404
    su.post(f"{HERE}{row.pk}/serve/")
    fang = sign_in("fang")
    page = text_of(fang, f"{HERE}{row.pk}/")
    assert "三次督办后仍未报送" in page and "督办记录" in page
    fact = row.facts.get()
    fang.post(f"{HERE}{row.pk}/contest/", {"fact": fact.pk, "text": "第二次就已经报了"})
    fang.post(f"{HERE}{row.pk}/reply/", {"text": "见上面的说明"})
    tang = sign_in("tang")
    assert "第二次就已经报了" in text_of(tang, f"{HERE}{row.pk}/")
    unanswered = tang.post(f"{HERE}{row.pk}/decide/", {"verdict": "upheld", "text": "事实清楚"})
    assert unanswered.status_code == 422 and "事实清楚" in unanswered.content.decode(), "what was typed stays"
    decision = {"verdict": "upheld", "text": "事实清楚", f"answer-{fact.pk}": "收文登记上没有"}
    assert tang.post(f"{HERE}{row.pk}/decide/", decision).status_code == 302
    assert "收文登记上没有" in text_of(sign_in("fang"), f"{HERE}{row.pk}/")


def test_lists_show_what_one_is_a_party_to(cast: Cast, sign_in: SignIn) -> None:
    row = replied(cast)
    link = f"{HERE}{row.pk}/"
    assert link in text_of(sign_in("su"), HERE)
    assert link in text_of(sign_in("fang"), f"{HERE}?show=mine")
    assert link in text_of(sign_in("tang"), f"{HERE}?show=decide")
    for stranger in ("lin", "xu", "admin"):
        client = sign_in(stranger)
        assert link not in text_of(client, HERE)
        assert client.get(link).status_code == 404
        assert client.post(f"{link}reply/", {"text": "我来说一句"}).status_code == 404


def test_another_side_is_refused(cast: Cast, sign_in: SignIn) -> None:
    row = replied(cast)
    assert sign_in("su").post(f"{HERE}{row.pk}/decide/", {"verdict": "upheld", "text": "事实清楚"}).status_code == 403
    assert sign_in("tang").post(f"{HERE}{row.pk}/forgive/").status_code == 404
    upheld_row = actions.decide(row, verdict="upheld", text="事实清楚", by=cast.by("tang"), at=NOON)
    second_leader(cast)
    again = sign_in("su").post(f"{HERE}{upheld_row.pk}/serve/")
    assert again.status_code == 409


def test_an_old_page_of_who_decided_in_favour(cast: Cast, sign_in: SignIn) -> None:
    """Who withdrew it is no party any more and is led to the list."""
    row = replied(cast)
    done = sign_in("tang").post(f"{HERE}{row.pk}/decide/", {"verdict": "withdrawn", "text": "登记有误"})
    assert done.headers["Location"] == HERE
    page = text_of(sign_in("fang"), f"{HERE}{row.pk}/")
    assert "值班表" not in page


def test_a_notice_is_printed_once_it_is_upheld(cast: Cast, sign_in: SignIn) -> None:
    row = replied(cast, proposed(cast, step="notice", urgent="当晚要用隔离床位"))
    su = sign_in("su")
    assert su.get(f"{HERE}{row.pk}/paper/").status_code == 404
    actions.decide(row, verdict="upheld", text="事实清楚", by=cast.by("tang"), at=NOON)
    page = text_of(su, f"{HERE}{row.pk}/paper/")
    assert "official" in page and "事实清楚" in page
    assert sign_in("xu").get(f"{HERE}{row.pk}/paper/").status_code == 404
    assert su.get(f"{HERE}{upheld(cast).pk}/paper/").status_code == 404, "a reminder is not printed"


def test_the_next_step_begins_with_the_facts_of_the_one_before(cast: Cast, sign_in: SignIn) -> None:
    row = standing(cast)
    with time_machine.travel(NOON + 31 * DAY, tick=False):
        page = text_of(sign_in("su"), f"{HERE}new/?previous={row.pk}")
    assert "三次督办后仍未报送隔离点值班表" in page and 'value="talk" selected' in page


def test_who_looked_at_a_matter_about_a_person(cast: Cast, sign_in: SignIn) -> None:
    row = served(cast, proposed(cast, person=cast.person["fang"]))
    text_of(sign_in("su"), f"{HERE}{row.pk}/")
    text_of(sign_in("fang"), f"{HERE}{row.pk}/")
    seen = AuditEntry.objects.filter(verb="matter.seen", subject=cast.person["fang"].pk)
    assert [entry.account for entry in seen] == [cast.account["su"].pk]


def test_offers_and_statistics_are_for_the_office_and_leaders(cast: Cast, sign_in: SignIn) -> None:
    upheld(cast)
    text_of(sign_in("su"), f"{HERE}offers/")
    page = text_of(sign_in("tang"), f"{HERE}statistics/")
    assert "方老师" not in page
    for who, path in (("tang", "offers/"), ("tang", "new/"), ("fang", "statistics/"), ("lin", "offers/")):
        assert sign_in(who).get(f"{HERE}{path}").status_code == 404


def test_home_and_queue(cast: Cast) -> None:
    row = served(cast)
    card = home.matter_card(cast.by("fang"))
    assert card is not None and [found.pk for found, _next in card["rows"]] == [row.pk]
    assert home.matter_card(cast.by("lin")) is None
    assert [item.kind for item in queries.work_of(cast.by("fang"), at=NOON).items] == ["matter"]
    assert "decide" not in {item.kind for item in queries.work_of(cast.by("tang"), at=NOON).items}
    actions.reply(row, text="值班表已经补报", by=cast.by("fang"), at=NOON)
    assert queries.work_of(cast.by("fang"), at=NOON).items == []
    assert [item.kind for item in queries.work_of(cast.by("tang"), at=NOON).items] == ["decide"]
    assert "decide" not in {item.kind for item in queries.work_of(cast.by("su"), at=NOON).items}


def test_an_appeal_waits_for_a_third_hand_alone(cast: Cast) -> None:
    second_leader(cast)
    appealed(cast)
    assert "decide" not in {item.kind for item in queries.work_of(cast.by("tang"), at=NOON).items}
    assert "decide" in {item.kind for item in queries.work_of(cast.by("gu"), at=NOON).items}


def test_a_long_queue_costs_no_query_each(cast: Cast, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    for _number in range(8):
        replied(cast)
    tang = cast.by("tang")
    with django_assert_max_num_queries(4):
        assert len(matters.to_decide(tang, on=NOON.date())) == 8
    with django_assert_max_num_queries(6):
        assert len(matters.matters_page(tang, "decide", None, at=NOON).rows) == 8
