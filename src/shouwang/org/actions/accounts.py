"""Accounts: signing in, passwords, roles, API tokens."""

from __future__ import annotations

import hashlib
import secrets
from datetime import date, datetime, timedelta

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shouwang.core import audit, clock, events
from shouwang.core.errors import BadInput, Conflict, Forbidden
from shouwang.core.scope import Actor
from shouwang.org import rules
from shouwang.org.models import Account, AddressTries, ApiToken, Grant, Organisation, Person
from shouwang.org.queries.accounts import address_key, reaches_whole_account


@transaction.atomic
def create_account(
    *, username: str, password: str, person: Person | None = None, must_change: bool = True, by: Actor, at: datetime
) -> Account:
    """An account, usually of a person. The first password is to be changed at first sign-in."""
    by.require("account.manage", person.home_path if person else None)
    username = username.strip()
    if not username:
        raise BadInput(_("An account needs a user name."), field="username")
    if person is not None and Account.objects.filter(person=person).exists():
        raise Conflict(_("%(name)s already has an account."), field="person", name=person.name)
    _check_password(password, None)
    account = Account(username=username, person=person, must_change_password=must_change, created_at=at)
    account.set_password(password)
    try:
        with transaction.atomic():
            account.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict(_("The user name %(value)s is already used."), field="username", value=username) from error
    audit.record("account.created", "account", account.pk, by=by, at=at, subject=account.person_id)
    return account


@transaction.atomic
def change_password(account: Account, *, old: str, new: str, by: Actor, at: datetime) -> Account:
    """One's own password. BadInput when the old one is wrong or the new one too weak."""
    if by.account_id != account.pk:
        raise Forbidden
    if not account.check_password(old):
        raise BadInput(_("The present password is not right."), field="old")
    _check_password(new, account)
    account.set_password(new)
    account.must_change_password = False
    account.save(update_fields=["password", "must_change_password"])
    audit.record("account.password_changed", "account", account.pk, by=by, at=at, subject=account.person_id)
    events.publish("account.secured", account=account, by=by, at=at)
    return account


def _check_password(password: str, account: Account | None) -> None:
    try:
        validate_password(password, account)
    except ValidationError as error:
        raise BadInput(" ".join(error.messages).replace("%", "%%"), field="new", code="password_weak") from error


@transaction.atomic
def grant_role(
    account: Account,
    *,
    role: str,
    organisation: Organisation,
    since: date,
    until: date | None = None,
    by: Actor,
    at: datetime,
) -> Grant:
    """`role` over the organisation's subtree. Needs account.manage there. Granting the same again changes nothing."""
    by.require("account.manage", organisation.path)
    if by.account_id == account.pk:
        raise Forbidden(_("Nobody gives a role to themselves. Ask another administrator."), code="own_account")
    if role not in Grant.Role.values:
        raise BadInput(_("Unknown role %(value)s."), field="role", value=role)
    if until is not None and until < since:
        raise BadInput(_("The end lies before the beginning."), field="until")
    grant, made = Grant.objects.get_or_create(
        account=account, role=role, organisation=organisation, ends=until, defaults={"starts": since}
    )
    if made:
        new = {"role": role, "organisation": organisation.code, "until": str(until) if until else None}
        audit.record("role.granted", "account", account.pk, by=by, at=at, subject=account.person_id, new=new)
    return grant


@transaction.atomic
def revoke_role(grant: Grant, *, on: date, by: Actor, at: datetime) -> Grant:
    """The role ends on a day (that day included); one that begins only after it is taken back entirely, and one that
    has ended by then stays as it is."""
    by.require("account.manage", grant.organisation.path)
    if grant.ends is not None and grant.ends <= on:
        return grant
    account_id, person_id, new = grant.account_id, grant.account.person_id, {"role": grant.role, "ends": str(on)}
    if on < grant.starts:
        grant.delete()
    else:
        grant.ends = on
        grant.save(update_fields=["ends"])
    new["organisation"] = grant.organisation.code
    audit.record("role.revoked", "account", account_id, by=by, at=at, subject=person_id, new=new)
    return grant


@transaction.atomic
def reset_password(account: Account, *, by: Actor, at: datetime) -> str:
    """A new one-time password, returned once and to be changed at the next sign-in.

    Sessions and API tokens end: whoever had the old password may have made them.

    Needs account.manage over the person and over every unit in which the account has a role.
    """
    _require_whole(account, by=by, at=at)
    password = secrets.token_urlsafe(12)
    account.set_password(password)
    account.must_change_password, account.failed_logins, account.locked_until = True, 0, None
    account.save(update_fields=["password", "must_change_password", "failed_logins", "locked_until"])
    ApiToken.objects.filter(account=account, revoked_at__isnull=True).update(revoked_at=at)
    audit.record("account.password_reset", "account", account.pk, by=by, at=at, subject=account.person_id)
    events.publish("account.secured", account=account, by=by, at=at)
    return password


@transaction.atomic
def set_active(account: Account, *, active: bool, by: Actor, at: datetime) -> Account:
    """Close an account or open it again. Needs what `reset_password` needs; nobody closes their own."""
    _require_whole(account, by=by, at=at)
    if account.is_active == active:
        return account
    account.is_active = active
    account.save(update_fields=["is_active"])
    verb = "account.opened" if active else "account.closed"
    audit.record(verb, "account", account.pk, by=by, at=at, subject=account.person_id)
    if not active:
        events.publish("account.secured", account=account, by=by, at=at)
    return account


def _require_whole(account: Account, *, by: Actor, at: datetime) -> None:
    if by.account_id == account.pk:
        raise Forbidden(_("This cannot be done to one's own account."), code="own_account")
    if not reaches_whole_account(by, account, on=clock.local_day(at)):
        raise Forbidden(
            _("This account has a role beyond the units you manage. Ask the administrator above."), code="beyond_reach"
        )


@transaction.atomic
def sign_in_failed(account: Account, *, by: Actor, at: datetime) -> Account:
    """One wrong password more; after too many the account rests (`rules.after_failed_login`).

    Counted on the locked row: guesses that arrive together are each one more.
    """
    account = Account.objects.select_for_update().get(pk=account.pk)
    if account.locked_until is not None and account.locked_until > at:
        return account
    decision = rules.after_failed_login(account.failed_logins, now=at)
    account.failed_logins = decision.failed_logins
    account.locked_until = decision.locked_until or account.locked_until
    account.save(update_fields=["failed_logins", "locked_until"])
    audit.record("account.sign_in_failed", "account", account.pk, by=by, at=at, subject=account.person_id)
    return account


@transaction.atomic
def address_failed(address: str, *, at: datetime) -> AddressTries | None:
    """One wrong password more from this address, whatever the name (`rules.after_failed_address`). None: no address.

    No audit entry: the account's is written by `sign_in_failed`, and a name nobody has is nobody's history.
    """
    key = address_key(address)
    if not key:
        return None
    due = clock.local_day(at) + timedelta(days=1)
    AddressTries.objects.get_or_create(address=key, defaults={"since": at, "purge_on": due})
    row = AddressTries.objects.select_for_update().get(address=key)
    decision = rules.after_failed_address(row.failed, row.since, now=at)
    row.failed, row.since, row.purge_on = decision.failed, decision.since, due
    row.rests_until = decision.rests_until or row.rests_until
    row.save(update_fields=["failed", "since", "rests_until", "purge_on"])
    return row


def token_used(token: ApiToken, *, on: date) -> None:
    """Remember the day on which a token was last used: one write a day for each token, whatever it is used for."""
    if token.last_used_on is None or token.last_used_on < on:
        older = Q(last_used_on__isnull=True) | Q(last_used_on__lt=on)
        ApiToken.objects.filter(older, pk=token.pk).update(last_used_on=on)


@transaction.atomic
def sign_in_succeeded(account: Account, *, by: Actor, at: datetime) -> Account:
    """Signed in: the count of wrong passwords starts again. An account that has come to rest meanwhile stays so."""
    account = Account.objects.select_for_update().get(pk=account.pk)
    if account.locked_until is not None and account.locked_until > at:
        return account
    account.failed_logins, account.locked_until, account.last_login = 0, None, at
    account.save(update_fields=["failed_logins", "locked_until", "last_login"])
    audit.record("account.signed_in", "account", account.pk, by=by, at=at, subject=account.person_id)
    return account


@transaction.atomic
def set_language(account: Account, *, language: str, by: Actor, at: datetime) -> Account:
    """The language this account reads; remembered on every device."""
    if by.account_id != account.pk:
        raise Forbidden
    if language not in dict(settings.LANGUAGES):
        raise BadInput(_("Unknown language %(value)s."), field="language", value=language)
    old, account.language = account.language, language
    account.save(update_fields=["language"])
    audit.record("account.language", "account", account.pk, by=by, at=at, old={"language": old})
    return account


@transaction.atomic
def issue_token(account: Account, *, name: str, days: int, by: Actor, at: datetime) -> tuple[ApiToken, str]:
    """A bearer token for the API, shown once. Its holder may do what the account may do.

    So only the account itself asks for one, or whoever owns the machine: an administrator who could would read
    health data in the name of the clinic.
    """
    if by.account_id != account.pk and not by.everything:
        raise Forbidden(_("Only the account itself can have a token issued."), code="not_own_account")
    if not 1 <= days <= 366:
        raise BadInput(_("A token lives for 1 to 366 days."), field="days")
    plain = "sw_" + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        account=account,
        name=name,
        sha256=hashlib.sha256(plain.encode()).hexdigest(),
        created_at=at,
        expires_at=at + timedelta(days=days),
    )
    audit.record("token.issued", "account", account.pk, by=by, at=at, subject=account.person_id, new={"name": name})
    return token, plain


@transaction.atomic
def revoke_token(token: ApiToken, *, by: Actor, at: datetime) -> ApiToken:
    """The token stops working at once."""
    if by.account_id != token.account_id:
        by.require("account.manage", token.account.person.home_path if token.account.person else None)
    token.revoked_at = at
    token.save(update_fields=["revoked_at"])
    audit.record("token.revoked", "account", token.account_id, by=by, at=at, new={"name": token.name})
    return token
