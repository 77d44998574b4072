"""A phone at the door of the intake, without a network: the handler is driven by hand, in the test's transaction."""

from __future__ import annotations

import json
from collections.abc import Coroutine, MutableMapping
from datetime import datetime
from typing import Any

from django.conf import settings

from shouwang.checkins.actions import Ask, Taken
from shouwang.checkins.committer import Committer, commit_group
from shouwang.checkins.intake import PATH, Intake
from shouwang.checkins.rules import credentials
from shouwang.core.errors import ShouwangError
from shouwang.org.tests.cast import NOON, Cast


class AtOnce(Committer):
    """Commits each ask by itself, on the spot."""

    async def take(self, ask: Ask) -> Taken:
        (result,) = commit_group([ask])
        if isinstance(result, ShouwangError):
            raise result
        return result


async def nobody(*_whatever: Any) -> None:
    raise AssertionError("this request is the intake's own")


def intake() -> Intake:
    return Intake(nobody, AtOnce())


def ticket(cast: Cast, name: str, *, serial: int = 0, at: datetime = NOON, mouth: int = credentials.PAGE) -> str:
    """A good ticket of `name`."""
    key = credentials.derived_key(settings.SECRET_KEY)
    account = cast.account[name]
    return credentials.issue(key, person=cast.person[name].pk, account=account.pk, serial=serial, mouth=mouth, at=at)


def send(
    handler: Intake, body: Any, token: str, *, method: str = "POST", path: str = PATH, **headers: str
) -> tuple[int, Any, dict[str, str]]:
    """(status, JSON, headers) of one request. `body` is sent as it is when it is bytes, else as JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {"content-type": "application/json", "content-length": str(len(raw)), "user-agent": "test"}
    if token:
        given["authorization"] = f"Bearer {token}"
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    pairs = [(name.encode(), value.encode("latin-1", "replace")) for name, value in given.items()]
    scope = {"type": "http", "method": method, "path": path, "headers": pairs, "client": ("127.0.0.1", 1)}
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": raw, "more_body": False}

    async def answer(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    _drive(handler(scope, receive, answer))
    start, end = sent
    return start["status"], json.loads(end["body"]), {k.decode(): v.decode() for k, v in start["headers"]}


def _drive(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run to the end; nothing in it really waits."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise AssertionError("the handler waited for something")
