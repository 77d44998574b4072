"""Who calls the API: a signed-in session, or a bearer token. Either way an `Actor` whose mouth is "api"."""

from __future__ import annotations

import hashlib
from typing import Any

from django.http import HttpRequest
from ninja.security import APIKeyCookie, HttpBearer

from shouwang.core import clock
from shouwang.core.http import acting, client_address
from shouwang.core.scope import API, Actor
from shouwang.org.actions import token_used
from shouwang.org.queries import actor_for, token_by_hash


class ApiRequest(HttpRequest):
    """A request that passed one of the authenticators below."""

    actor: Actor


class SessionAuth(APIKeyCookie):
    """The session of the web pages; unsafe methods must carry the CSRF token."""

    param_name = "sessionid"

    def __init__(self) -> None:
        super().__init__(csrf=True)

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        if not request.user.is_authenticated or request.user.must_change_password:
            return None
        address = client_address(request)
        return acting(request, actor_for(request.user, at=clock.now(), mouth=API, address=address))


class TokenAuth(HttpBearer):
    """`Authorization: Bearer sw_…`, issued by `shouwang token` or on the page "API tokens"."""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        now = clock.now()
        found = token_by_hash(hashlib.sha256(token.encode()).hexdigest(), at=now)
        if found is None:
            return None
        token_used(found, on=clock.local_day(now))
        account = found.account
        address = client_address(request)
        return acting(request, actor_for(account, at=now, mouth=API, address=address))
