"""Accounts and their roles, within the reach of `account.manage`; one's own tokens."""

from __future__ import annotations

from datetime import date, datetime
from ipaddress import ip_address, ip_network

from django.db.models import Prefetch, Q, QuerySet

from shouwang.core.errors import NotFound
from shouwang.core.paging import Page, keyset_page
from shouwang.core.scope import Actor
from shouwang.core.tree import covers, in_ranges
from shouwang.org.models import Account, AddressTries, ApiToken, Grant
from shouwang.org.queries.people import covers_all
from shouwang.org.queries.scope import current

RIGHT = "account.manage"


def visible_accounts(by: Actor, *, on: date) -> QuerySet[Account]:
    """Accounts of people within reach; an account of no person by a role it holds there, or for who reaches all."""
    ranges = by.ranges(RIGHT)
    if not ranges:
        return Account.objects.none()
    accounts = Account.objects.all()
    if covers_all(by, RIGHT):
        return accounts
    granted = Grant.objects.filter(current(on), in_ranges("organisation__path", ranges)).values("account_id")
    return accounts.filter(in_ranges("person__home_path", ranges) | Q(person__isnull=True, pk__in=granted))


def accounts_page(by: Actor, *, on: date, text: str = "", role: str = "", cursor: str = "") -> Page[Account]:
    """One page of accounts by user name with the roles in force. Three queries."""
    by.require(RIGHT)
    accounts = visible_accounts(by, on=on)
    if text:
        accounts = accounts.filter(Q(username__istartswith=text) | Q(person__name__startswith=text))
    if role:
        accounts = accounts.filter(pk__in=Grant.objects.filter(current(on), role=role).values("account_id"))
    grants = Prefetch("grants", Grant.objects.filter(current(on)).select_related("organisation"), to_attr="in_force")
    listed = accounts.select_related("person", "person__home").prefetch_related(grants)
    return keyset_page(listed, ("username",), cursor)


def account_for(by: Actor, account_id: int, *, on: date) -> Account:
    """One account within reach. NotFound otherwise."""
    account = visible_accounts(by, on=on).filter(pk=account_id).select_related("person", "person__home").first()
    if account is None:
        raise NotFound
    return account


def grants_of(account: Account) -> list[Grant]:
    """Every role the account has or had, those in force first."""
    return list(account.grants.select_related("organisation").order_by("ends", "-starts", "-id"))


def grant_for(by: Actor, account: Account, grant_id: int) -> Grant:
    """A role of this account over an organisation within reach of `account.manage`."""
    grant = account.grants.filter(pk=grant_id).select_related("organisation").first()
    if grant is None or not by.holds(RIGHT, grant.organisation.path):
        raise NotFound
    return grant


def reaches_whole_account(by: Actor, account: Account, *, on: date) -> bool:
    """Whether `by` manages the person and every organisation in which the account has a role: only then may it be
    given a new password or closed, or an administrator of one college could take over an account of the whole."""
    ranges = by.ranges(RIGHT)
    paths = list(Grant.objects.filter(current(on), account=account).values_list("organisation__path", flat=True))
    if account.person is not None:
        paths.append(account.person.home_path)
    elif not paths:
        return covers_all(by, RIGHT)
    return all(covers(ranges, path) for path in paths)


def own_tokens(by: Actor, *, at: datetime) -> list[ApiToken]:
    """The asker's tokens, living ones first."""
    tokens = list(ApiToken.objects.filter(account=by.account_id).order_by("-created_at"))
    return sorted(tokens, key=lambda token: token.revoked_at is not None or token.expires_at <= at)


def own_token(by: Actor, token_id: int) -> ApiToken:
    token = ApiToken.objects.filter(account=by.account_id, pk=token_id).select_related("account").first()
    if token is None or by.account_id is None:
        raise NotFound
    return token


def address_key(address: str) -> str:
    """What tries are counted by: the address; of IPv6 its /64 network, which one machine may have for itself."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return ""
    return str(ip_network((parsed, 64), strict=False)) if parsed.version == 6 else str(parsed)


def address_rests_until(address: str, *, at: datetime) -> datetime | None:
    """Until when nobody signs in from this address; None when they may."""
    row = AddressTries.objects.filter(address=address_key(address), rests_until__gt=at).first()
    return row.rests_until if row is not None else None
