"""The pages of people: who sees what, what is recorded, what may be changed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from shouwang.core.models import AuditEntry
from shouwang.core.scope import system_actor
from shouwang.org import actions, queries
from shouwang.org.models import Person
from shouwang.org.queries import PeopleFilter
from shouwang.org.tests.cast import NOON, SINCE, Cast

SignIn = Callable[[str], Client]


def body(client: Client, name: str, *args: object, status: int = 200, **query: str) -> str:
    response = client.get(reverse(f"org:{name}", args=args), query)
    assert response.status_code == status
    return response.content.decode()


def test_the_list_shows_whom_one_may_see(sign_in: SignIn) -> None:
    page = body(sign_in("fang"), "people")
    assert "林晓" in page
    assert "欧阳静" not in page
    assert "2023010101" in page


@pytest.mark.parametrize("name", ["lin", "tang", "deng"])
def test_who_sees_nobody_gets_no_list(sign_in: SignIn, name: str) -> None:
    body(sign_in(name), "people", status=403)


def test_signed_out_goes_to_the_login(client: Client, db: None) -> None:
    for name in ("people", "me", "seen", "tree", "places", "responsibility", "accounts", "tokens", "audit", "imports"):
        response = client.get(reverse(f"org:{name}"))
        assert (response.status_code, "/login/" in response["Location"]) == (302, True)


def test_the_list_narrows_by_text_unit_kind_and_situation(cast: Cast, sign_in: SignIn) -> None:
    admin = sign_in("admin")
    assert "林晓" in body(admin, "people", q="20230101")
    assert "方老师" not in body(admin, "people", q="20230101")
    assert "赵宁" not in body(admin, "people", unit="CS2301")
    assert "邓师傅" in body(admin, "people", kind="worker")
    actions.set_situation(cast.person["ou"], situation="abroad", on=NOON.date(), by=system_actor(), at=NOON)
    abroad = body(admin, "people", situation="abroad")
    assert ("欧阳静" in abroad, "林晓" in abroad) == (True, False)
    body(sign_in("fang"), "people", unit="EN2301", status=404)
    body(admin, "people", cursor="nonsense", status=400)


def test_a_fragment_is_only_the_rows(sign_in: SignIn) -> None:
    response = sign_in("fang").get(reverse("org:people"), headers={"HX-Request": "true"})
    assert b"<html" not in response.content
    assert "林晓".encode() in response.content


def test_pages_follow_each_other_without_gap_or_repeat(cast: Cast) -> None:
    by = cast.by("admin")
    seen: list[str] = []
    cursor = ""
    while True:
        page = queries.people_page(by, PeopleFilter(), cursor=cursor, size=4)
        seen += [person.number for person in page.rows]
        if page.next is None:
            break
        cursor = page.next
    assert len(seen) == len(set(seen)) == len(cast.person)


def test_the_list_costs_a_fixed_number_of_queries(
    sign_in: SignIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = sign_in("fang")
    with django_assert_max_num_queries(9):
        client.get(reverse("org:people"), headers={"HX-Request": "true"})


@pytest.mark.skipif(connection.vendor != "sqlite", reason="reads the plan as SQLite words it")
def test_a_restricted_list_is_one_range_of_the_index(cast: Cast) -> None:
    rows = queries.filtered_people(cast.by("fang"), PeopleFilter()).order_by("home_path", "number")
    sql, values = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}", values)
        plan = " / ".join(str(row[-1]) for row in cursor.fetchall())
    assert "person_home" in plan
    assert "SCAN" not in plan
    assert "TEMP B-TREE" not in plan


def test_a_guest_member_is_in_the_list_too(cast: Cast) -> None:
    actions.join(cast.person["ou"], organisation=cast.org["IE"], since=SINCE, by=system_actor(), at=NOON)
    listed = queries.filtered_people(cast.by("fang"), PeopleFilter())
    assert {person.name for person in listed} == {"林晓", "王蕾", "孟欣", "赵宁", "方老师", "欧阳静"}


def test_a_person_page_is_recorded_and_hides_the_telephone_from_monitors(cast: Cast, sign_in: SignIn) -> None:
    lin = cast.person["lin"]
    actions.correct_person(lin, phone="13800000001", by=system_actor(), at=NOON)
    assert "13800000001" in body(sign_in("fang"), "person", lin.pk)
    assert "13800000001" not in body(sign_in("meng"), "person", lin.pk)
    assert "13800000001" not in body(sign_in("su"), "person", lin.pk)
    body(sign_in("xu"), "person", lin.pk, status=404)
    looked = AuditEntry.objects.filter(verb="person.seen", subject=lin.pk, is_read=True)
    assert {entry.label for entry in looked} == {"fang", "meng", "su"}


def test_my_data_and_who_saw_it(cast: Cast, sign_in: SignIn) -> None:
    lin = sign_in("lin")
    assert "计科2301班" in body(lin, "me")
    body(sign_in("fang"), "person", cast.person["lin"].pk)
    page = body(lin, "seen")
    assert "方老师" in page
    assert "信息工程学院" in page
    assert "person.seen" not in page
    assert lin.get(reverse("org:person", args=[cast.person["lin"].pk])).status_code == 302
    assert not AuditEntry.objects.filter(verb="person.seen", account=cast.account["lin"].pk).exists()


def test_who_answers_for_a_unit_and_a_place_sees_both_on_the_own_page(cast: Cast, sign_in: SignIn) -> None:
    actions.assign_responsibility(
        place=cast.place["LIB"], person=cast.person["fang"], on=NOON.date(), by=system_actor(), at=NOON
    )
    page = body(sign_in("fang"), "me")
    assert "图书馆" in page
    assert "信息工程学院" in page
    assert "图书馆" in body(sign_in("admin"), "person", cast.person["fang"].pk)


def test_health_values_are_not_in_who_saw_my_data(cast: Cast, sign_in: SignIn) -> None:
    from django.db import transaction

    from shouwang.core import audit

    with transaction.atomic():
        audit.record(
            "contact.confirmed", "contact", 1, by=cast.by("qiu"), at=NOON, subject=cast.person["lin"].pk,
            new={"case": "SW-SECRET"},
        )  # fmt: skip
    assert "SW-SECRET" not in body(sign_in("lin"), "seen")
    assert "SW-SECRET" not in body(sign_in("su"), "audit")


def change(client: Client, person: Person, what: str, **values: str) -> int:
    data = {f"{what}-{key}": value for key, value in values.items()}
    return client.post(reverse("org:change_person", args=[person.pk, what]), data).status_code


def test_an_administrator_moves_houses_situates_corrects_and_ends(cast: Cast, sign_in: SignIn) -> None:
    admin, lin = sign_in("admin"), cast.person["lin"]
    assert change(admin, lin, "move", organisation="CS2302", on="2026-03-02") == 302
    assert change(admin, lin, "residence", place="D1-102", on="2026-03-02") == 302
    assert change(admin, lin, "situation", situation="intern", on="2026-03-02") == 302
    assert change(admin, lin, "correct", name="林小", phone="139", card="") == 302
    lin.refresh_from_db()
    assert (lin.home, lin.situation, lin.name, lin.phone) == (cast.org["CS2302"], "intern", "林小", "139")
    assert lin.residences.get(ends__isnull=True).place == cast.place["D1-102"]
    assert change(admin, lin, "leave", on="2026-03-02") == 302
    lin.refresh_from_db()
    assert str(lin.left_on) == "2026-03-02"
    verbs = set(
        AuditEntry.objects.filter(subject=lin.pk, account=cast.account["admin"].pk).values_list("verb", flat=True)
    )
    assert verbs >= {
        "person.moved",
        "person.residence_changed",
        "person.situation_changed",
        "person.corrected",
        "person.left",
    }


def test_changes_refuse_wrong_roles_and_bad_input(cast: Cast, sign_in: SignIn) -> None:
    lin, admin = cast.person["lin"], sign_in("admin")
    for name in ("fang", "su", "lin"):
        assert change(sign_in(name), lin, "move", organisation="CS2302", on="2026-03-02") in {403, 404}
    assert change(admin, lin, "move", organisation="NOWHERE", on="2026-03-02") == 422
    assert change(admin, lin, "move", organisation="CS2302", on="never") == 422
    assert change(admin, lin, "move", organisation="CS2302", on="2020-01-01") == 422
    assert change(admin, lin, "correct", name="  ") == 422
    assert change(admin, lin, "gossip", name="x") == 404
    lin.refresh_from_db()
    assert (lin.home, lin.name) == (cast.org["CS2301"], "林晓")
