"""Who sends: HTTP Basic with the account's password or one of its API tokens, or a bearer token."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from shouwang.core import clock
from shouwang.core.errors import ShouwangError
from shouwang.core.http import Request, acting, client_address
from shouwang.core.scope import NOBODY, Actor
from shouwang.org import actions as org
from shouwang.org.models import Account
from shouwang.org.queries import account_to_sign_in, actor_for, address_rests_until, token_by_hash
from shouwang.surveys.openrosa.answers import refusal, response

P = ParamSpec("P")
MOUTH = "collect"
REALM = 'Basic realm="shouwang", charset="UTF-8"'
REMEMBERED = 300  # seconds a password that was right is not hashed again: Collect sends it with every request


def authorised(
    view: Callable[Concatenate[Request, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Only with credentials in the header; sessions are not looked at. Refusals are answered as OpenRosa has them."""

    @csrf_exempt
    @wraps(view)
    def inner(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        account = _account(request)
        if account is None or account.must_change_password:
            answer = refusal(_("Sign in with your number and password, or your number and an API token."), 401)
            answer["WWW-Authenticate"] = REALM
            return answer
        address = client_address(request)
        acting(request, actor_for(account, at=clock.now(), mouth=MOUTH, address=address))
        try:
            answer = view(cast(Request, request), *args, **kwargs)
        except ShouwangError as error:
            return refusal(error.sentence, error.status)
        return response(answer)

    return inner  # type: ignore[return-value]  # as in core.http: functools' own type hides the signature


def _account(request: HttpRequest) -> Account | None:
    scheme, _space, rest = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return _by_token(rest.strip())
    if scheme.lower() != "basic":
        return None
    try:
        name, mark, secret = base64.b64decode(rest.strip(), validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    if not mark or len(secret) > 256:
        return None
    by_token = _by_token(secret)
    if by_token is not None:
        return by_token if by_token.username == name else None
    return _by_password(name, secret, client_address(request))


def _by_token(token: str) -> Account | None:
    at = clock.now()
    found = token_by_hash(hashlib.sha256(token.encode()).hexdigest(), at=at)
    if found is None:
        return None
    org.token_used(found, on=clock.local_day(at))
    return found.account


def _by_password(name: str, secret: str, address: str) -> Account | None:
    """As on the sign-in page: wrong passwords are counted, and after too many the account rests."""
    at = clock.now()
    if address_rests_until(address, at=at):
        return None
    account = account_to_sign_in(name)
    if account is None:
        org.address_failed(address, at=at)
        return None
    if account.locked_until is not None and account.locked_until > at:
        return None
    key = "openrosa:" + hashlib.sha256(f"{account.pk}:{account.password}:{secret}".encode()).hexdigest()
    if cache.get(key):
        return account
    if not account.check_password(secret):
        org.address_failed(address, at=at)
        org.sign_in_failed(account, by=_stranger(address), at=at)
        return None
    cache.set(key, True, REMEMBERED)
    return account


def _stranger(address: str) -> Actor:
    return Actor(account_id=None, person_id=None, label=NOBODY.label, mouth=MOUTH, address=address)
