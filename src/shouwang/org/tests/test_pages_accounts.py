"""Accounts, roles, tokens and the audit log: nobody reaches further than their part of the tree."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from shouwang.core.errors import Conflict, Forbidden
from shouwang.core.models import AuditEntry
from shouwang.core.scope import system_actor
from shouwang.org import actions, queries
from shouwang.org.models import Account, ApiToken, Grant
from shouwang.org.queries.audit import AuditFilter
from shouwang.org.tests.cast import NOON, SINCE, Cast

SignIn = Callable[[str], Client]
DAY = NOON.date()
BY = system_actor("tests")


def get(client: Client, name: str, *args: object, **query: str) -> tuple[int, str]:
    response = client.get(reverse(f"org:{name}", args=args), query)
    return response.status_code, response.content.decode()


@pytest.fixture
def college_admin(cast: Cast) -> str:
    """Fang also administers accounts of Information Engineering, and of nothing else."""
    actions.grant_role(
        cast.account["fang"], role="administrator", organisation=cast.org["IE"], since=SINCE, by=BY, at=NOON
    )
    return "fang"


def test_only_account_managers_list_accounts_and_only_theirs(cast: Cast, sign_in: SignIn, college_admin: str) -> None:
    assert get(sign_in("su"), "accounts")[0] == 403
    assert get(sign_in("lin"), "accounts")[0] == 403
    status, page = get(sign_in(college_admin), "accounts")
    assert (status, ">lin<" in page, ">xu<" in page, ">admin<" in page) == (200, True, False, False)
    assert get(sign_in(college_admin), "account", cast.account["xu"].pk)[0] == 404
    assert ">he<" in get(sign_in("admin"), "accounts", role="clinic")[1]
    assert ">lin<" not in get(sign_in("admin"), "accounts", role="clinic")[1]


def test_an_account_is_made_with_a_password_shown_once(cast: Cast, sign_in: SignIn) -> None:
    person = actions.add_person(
        number="2023019999", name="新同学", kind="student", home=cast.org["CS2301"], since=SINCE, by=BY, at=NOON
    )
    admin = sign_in("admin")
    response = admin.post(reverse("org:new_account"), {"number": person.number, "username": ""})
    found = re.search(r'<code id="one-time">([^<]+)</code>', response.content.decode())
    assert found is not None
    account = Account.objects.get(person=person)
    assert account.username == person.number
    assert account.check_password(found[1])
    assert account.must_change_password
    assert found[1] not in get(admin, "account", account.pk)[1]
    entry = AuditEntry.objects.get(verb="account.created", subject=person.pk)
    assert found[1] not in str(entry.new)
    again = admin.post(reverse("org:new_account"), {"number": person.number, "username": "other"})
    assert again.status_code == 422
    assert admin.post(reverse("org:new_account"), {"number": "", "username": ""}).status_code == 422
    assert admin.post(reverse("org:new_account"), {"number": "NOBODY", "username": ""}).status_code == 422


def test_roles_are_given_and_withdrawn_at_once(cast: Cast, sign_in: SignIn) -> None:
    admin, lin = sign_in("admin"), cast.account["lin"]
    where = reverse("org:grant", args=[lin.pk])
    values = {"grant-role": "monitor", "grant-organisation": "CS2301", "grant-since": "2026-03-02", "grant-until": ""}
    assert admin.post(where, values).status_code == 302
    assert cast.by("lin").holds("people.view", cast.org["CS2301"].path)
    given = Grant.objects.get(account=lin)
    assert admin.post(reverse("org:revoke", args=[lin.pk, given.pk])).status_code == 302
    assert not cast.by("lin").holds("people.view")
    verbs = AuditEntry.objects.filter(subject=cast.person["lin"].pk, verb__startswith="role.").order_by("id")
    assert [entry.verb for entry in verbs] == ["role.granted", "role.revoked"]
    assert admin.post(where, {**values, "grant-role": "king"}).status_code == 422
    assert admin.post(where, {**values, "grant-organisation": "NOWHERE"}).status_code == 422
    assert admin.post(where, {**values, "grant-until": "2026-01-01"}).status_code == 422


def test_an_old_role_ends_yesterday_and_stays_in_history(cast: Cast) -> None:
    given = cast.account["he"].grants.get()
    actions.revoke_role(given, on=DAY - timedelta(days=1), by=cast.by("admin"), at=NOON)
    assert not cast.by("he").holds("case.view")
    assert cast.account["he"].grants.get().ends == DAY - timedelta(days=1)


def test_nobody_gives_themselves_a_role_nor_beyond_their_reach(cast: Cast, sign_in: SignIn, college_admin: str) -> None:
    values = {"grant-role": "clinic", "grant-organisation": "WCU", "grant-since": "2026-03-02"}
    own = reverse("org:grant", args=[cast.account["admin"].pk])
    assert sign_in("admin").post(own, values).status_code == 403
    other = reverse("org:grant", args=[cast.account["lin"].pk])
    assert sign_in(college_admin).post(other, values).status_code == 422  # WCU is beyond reach
    assert not Grant.objects.filter(account=cast.account["lin"]).exists()
    with pytest.raises(Forbidden):
        actions.grant_role(
            cast.account["lin"], role="clinic", organisation=cast.org["WCU"], since=DAY, by=cast.by("fang"), at=NOON
        )


def test_a_college_administrator_cannot_take_over_an_account_of_the_whole(
    cast: Cast, sign_in: SignIn, college_admin: str
) -> None:
    lin = cast.account["lin"]
    actions.grant_role(lin, role="clinic", organisation=cast.org["WCU"], since=SINCE, by=BY, at=NOON)
    client = sign_in(college_admin)
    assert client.post(reverse("org:reset", args=[lin.pk])).status_code == 403
    assert client.post(reverse("org:activate", args=[lin.pk]), {"active": "0"}).status_code == 403
    lin.refresh_from_db()
    assert lin.is_active
    wang = cast.account["wang"]
    response = client.post(reverse("org:reset", args=[wang.pk]))
    found = re.search(r'<code id="one-time">([^<]+)</code>', response.content.decode())
    wang.refresh_from_db()
    assert found is not None
    assert wang.check_password(found[1])
    assert AuditEntry.objects.filter(verb="account.password_reset", subject=cast.person["wang"].pk).count() == 1


def test_accounts_are_closed_and_opened_but_not_ones_own(cast: Cast, sign_in: SignIn) -> None:
    admin, lin = sign_in("admin"), cast.account["lin"]
    assert admin.post(reverse("org:activate", args=[lin.pk]), {"active": "0"}).status_code == 302
    lin.refresh_from_db()
    assert not lin.is_active
    assert admin.post(reverse("org:activate", args=[lin.pk]), {"active": "1"}).status_code == 302
    lin.refresh_from_db()
    assert lin.is_active
    assert admin.post(reverse("org:activate", args=[cast.account["admin"].pk]), {"active": "0"}).status_code == 403
    verbs = list(AuditEntry.objects.filter(object=str(lin.pk), kind="account").values_list("verb", flat=True))
    assert verbs == ["account.opened", "account.closed"]


def test_a_second_account_for_one_person_is_refused(cast: Cast) -> None:
    with pytest.raises(Conflict):
        actions.create_account(username="x", password="watch-and-help-9", person=cast.person["lin"], by=BY, at=NOON)


def test_tokens_are_shown_once_and_revoked(cast: Cast, sign_in: SignIn) -> None:
    lin = sign_in("lin")
    response = lin.post(reverse("org:tokens"), {"name": "script", "days": "30"})
    found = re.search(r'<code id="new-token">(sw_[^<]+)</code>', response.content.decode())
    assert found is not None
    token = ApiToken.objects.get(account=cast.account["lin"])
    assert found[1] not in get(lin, "tokens")[1]
    assert sign_in("wang").post(reverse("org:revoke_token", args=[token.pk])).status_code == 404
    assert lin.post(reverse("org:revoke_token", args=[token.pk])).status_code == 302
    token.refresh_from_db()
    assert token.revoked_at == NOON
    assert lin.post(reverse("org:tokens"), {"name": "script", "days": "1000"}).status_code == 422
    assert lin.post(reverse("org:tokens"), {"name": "", "days": "30"}).status_code == 422


def test_the_audit_log_narrows_and_stays_within_reach(cast: Cast, sign_in: SignIn) -> None:
    actions.correct_person(cast.person["lin"], phone="1", by=cast.by("admin"), at=NOON)
    actions.correct_person(cast.person["ou"], phone="2", by=cast.by("admin"), at=NOON)
    office = sign_in("su")
    status, page = get(office, "audit", number="2023010101", kind="person", reads="writes")
    assert (status, "林晓" in page, "欧阳静" in page) == (200, True, False)
    assert get(office, "audit", number="NOBODY")[0] == 422
    assert get(office, "audit", account="nobody-here")[0] == 422
    assert get(sign_in("fang"), "audit")[0] == 403
    actions.grant_role(cast.account["xu"], role="office", organisation=cast.org["FL"], since=SINCE, by=BY, at=NOON)
    _page, lines = queries.audit_page(cast.by("xu"), AuditFilter())
    assert {line.about for line in lines} == {"欧阳静", "徐老师"}
    assert get(sign_in("xu"), "audit", number="2023010101")[0] == 422


def test_every_verb_of_org_has_words(cast: Cast) -> None:
    from shouwang.core import verbs

    assert set(AuditEntry.objects.values_list("verb", flat=True)) <= verbs.known()
