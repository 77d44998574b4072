"""Accounts, roles and tokens from the command line."""

from __future__ import annotations

import secrets

import click

from shouwang.cli.common import actor, as_option, json_option, parse_day, print_json, table
from shouwang.core import clock
from shouwang.core.errors import NotFound
from shouwang.org import actions
from shouwang.org.models import Account, Grant, Organisation, Person


def _account(username: str) -> Account:
    found = Account.objects.filter(username=username).select_related("person").first()
    if found is None:
        raise NotFound
    return found


def _organisation(code: str) -> Organisation:
    found = Organisation.objects.filter(code=code).first()
    if found is None:
        raise NotFound
    return found


@click.group()
def account() -> None:
    """Accounts and their roles."""


@account.command("create")
@click.argument("username")
@click.option("--person", "number", help="Number of the person this account belongs to.")
@click.option("--role", type=click.Choice(Grant.Role.values), help="Grant a role at once.")
@click.option("--organisation", "code", help="Organisation (code) over whose subtree the role reaches.")
@click.option("--password", help="First password; one is invented and printed when none is given.")
@as_option
@json_option
def create(
    username: str,
    number: str | None,
    role: str | None,
    code: str | None,
    password: str | None,
    user: str | None,
    as_json: bool,
) -> None:
    """Create an account; its password must be changed at the first sign-in."""
    if (role is None) != (code is None):
        raise click.UsageError("--role and --organisation go together")
    by, now = actor(user), clock.now()
    person = None
    if number is not None:
        person = Person.objects.filter(number=number).first()
        if person is None:
            raise NotFound
    unit = _organisation(code) if code is not None else None
    chosen = password or secrets.token_urlsafe(12)
    made = actions.create_account(username=username, password=chosen, person=person, by=by, at=now)
    if role is not None and unit is not None:
        actions.grant_role(made, role=role, organisation=unit, since=clock.local_day(now), by=by, at=now)
    if as_json:
        print_json({"username": username, "password": None if password else chosen, "role": role, "organisation": code})
        return
    click.echo(f"{username}" + ("" if password else f"  first password: {chosen}"))


@account.command("grant")
@click.argument("username")
@click.argument("role", type=click.Choice(Grant.Role.values))
@click.argument("code")
@click.option("--from", "since", help="First day; default today.")
@click.option("--to", "until", help="Last day; default open.")
@as_option
def grant(username: str, role: str, code: str, since: str | None, until: str | None, user: str | None) -> None:
    """Give a role over an organisation's subtree."""
    end = parse_day(until) if until else None
    actions.grant_role(
        _account(username), role=role, organisation=_organisation(code), since=parse_day(since), until=end,
        by=actor(user), at=clock.now(),
    )  # fmt: skip
    click.echo(f"{username}: {role} over {code}")


@account.command("list")
def list_accounts() -> None:
    """Accounts with their roles (operator only)."""
    rows: list[list[object]] = []
    for found in Account.objects.prefetch_related("grants__organisation").order_by("username"):
        roles = ", ".join(f"{g.role}@{g.organisation.code}" for g in found.grants.all() if g.ends is None)
        rows.append([found.username, "yes" if found.is_active else "no", roles])
    table(["account", "active", "roles"], rows)


@click.group()
def token() -> None:
    """API tokens."""


@token.command("create")
@click.argument("username")
@click.option("--name", default="command line", show_default=True)
@click.option("--days", default=90, show_default=True, type=click.IntRange(1, 366))
@json_option
def create_token(username: str, name: str, days: int, as_json: bool) -> None:
    """Issue a token that may do what the account may do. It is shown once."""
    row, plain = actions.issue_token(_account(username), name=name, days=days, by=actor(None), at=clock.now())
    if as_json:
        print_json({"token": plain, "expires_at": row.expires_at})
    else:
        click.echo(plain)
