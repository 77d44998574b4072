"""The check-in's hot path: an ASGI handler in front of Django.

``POST /intake/checkins`` with ``Authorization: Bearer <ticket>`` and a JSON body:

    {"key": "…", "answers": {…}, "at": "2026-03-02T08:01:00+08:00", "form": "<sha256>", "corrects": "<receipt>"}

`key` and `answers` are required; `at` is when it was said (for what waited offline), `form` the hash of what was
shown, `corrects` the receipt of the entry this one puts right. 201 is sent after the row is on disk: receipt, day,
what triage found and why, and `later` if something newer about the person stands above it. A retry under the same key
gets the same receipt and 200. Refusals are {"code", "field", "message", "data"} with 4xx, 503 says when to try again.

The ticket is a bearer credential that no browser sends by itself, so another site's page cannot use it.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from shouwang.checkins import rules
from shouwang.checkins.actions import Ask, Taken
from shouwang.checkins.committer import Committer
from shouwang.checkins.rules import credentials
from shouwang.core.errors import BadInput, Later, ShouwangError, TooMany, Unauthorized
from shouwang.core.scope import Actor

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

PATH, MARK = "/intake/checkins", "shouwang.intake"
LARGEST_BODY = 16 * 1024
RATE_WINDOW_S, RATE_LIMIT = 600, 30  # a person's check-ins in ten minutes (assumption): more is a program gone wrong
MOST_COUNTED = 200_000


class Given(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """`rules.Answers` as they arrive: a dataclass would overlook a field nobody knows."""

    unchanged: bool = False
    temperature_c: Decimal | None = None
    symptoms: tuple[str, ...] = ()
    exposure: bool | None = None
    place_changed: bool = False
    place_note: str = ""
    note: str = ""
    situation: str = ""
    zone: str = ""
    extra: dict[str, bool | int | float | str] = {}

    def plain(self) -> rules.Answers:
        return rules.Answers(
            self.unchanged, self.temperature_c, self.symptoms, self.exposure, self.place_changed, self.place_note,
            self.note, self.situation, self.zone, self.extra,
        )  # fmt: skip


class Body(msgspec.Struct, forbid_unknown_fields=True):
    key: str
    answers: Given
    at: datetime | None = None
    form: str = ""
    corrects: str = ""


decoder = msgspec.json.Decoder(Body, strict=True)
encode = msgspec.json.Encoder().encode


class NotAllowed(ShouwangError):
    code, status = "method_not_allowed", 405


class TooLarge(ShouwangError):
    code, status = "too_large", 413


class NotJson(ShouwangError):
    code, status = "not_json", 415


class Intake:
    """The handler, with the application behind it that gets every other request."""

    def __init__(self, behind: Application, committer: Committer | None = None) -> None:
        self.behind = behind
        self.committer = committer or Committer()
        self.key = credentials.derived_key(settings.SECRET_KEY)
        self._counts: dict[int, int] = {}
        self._window = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != PATH:
            scope[MARK] = True  # a page learns from it that this path is there to be sent to
            await self.behind(scope, receive, send)
            return
        headers = dict(scope["headers"])
        try:
            taken = await self._take(scope, headers, receive)
        except ShouwangError as error:
            await _refuse(send, error, headers)
            return
        await _send(send, 200 if taken.repeated else 201, encode(answer(taken)))

    async def _take(self, scope: Scope, headers: dict[bytes, bytes], receive: Receive) -> Taken:
        if scope["method"] != "POST":
            raise NotAllowed(_("Send a check-in with POST."))
        scheme, _space, token = headers.get(b"authorization", b"").partition(b" ")
        if scheme.lower() != b"bearer":
            raise Unauthorized(code="credential_missing")
        now = time.time()
        ticket = credentials.verify(self.key, token.decode("latin-1").strip(), now=now)
        self._count(ticket.person, int(now))
        if headers.get(b"content-type", b"").partition(b";")[0].strip().lower() != b"application/json":
            raise NotJson(_("A check-in is sent as application/json."))
        body = read(await _body(receive, headers))
        mouth = credentials.MOUTHS[ticket.mouth]
        address = (scope.get("client") or ("",))[0] or ""
        return await self.committer.take(
            Ask(
                ticket.person,
                body.answers.plain(),
                body.key,
                Actor(ticket.account or None, ticket.person, "", mouth=mouth, address=address),
                said_at=body.at,
                serial=ticket.serial,
                corrects=body.corrects,
                form=body.form,
                device=device_of(address, headers.get(b"user-agent", b""), int(now // 86_400), self.key),
            )
        )

    def _count(self, person: int, now: int) -> None:
        """TooMany beyond the rate limit; counted by this process alone and forgotten with it."""
        window = now // RATE_WINDOW_S
        if window != self._window or len(self._counts) > MOST_COUNTED:
            self._window = window
            self._counts.clear()
        count = self._counts[person] = self._counts.get(person, 0) + 1
        if count > RATE_LIMIT:
            wait = (window + 1) * RATE_WINDOW_S - now
            sentence = _("More than %(limit)s check-ins in ten minutes. Try again in %(retry_after)s s.")
            raise TooMany(sentence, limit=RATE_LIMIT, retry_after=wait)


def device_of(address: str, agent: bytes, day: int, key: bytes) -> str:
    """Twelve hex digits that tell the devices of one day apart; without the key and after the day they say nothing."""
    return hashlib.blake2b(
        agent, digest_size=6, key=key, salt=day.to_bytes(8, "big"), person=address.encode()[-16:]
    ).hexdigest()


def read(raw: bytes) -> Body:
    """BadInput (`malformed`) for anything that is not a check-in."""
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError as error:
        reason, _at, where = str(error).partition(" - at ")
        field = where.strip("`$.[]").replace("answers.", "").partition("[")[0] or "body"
        raise BadInput(
            _("This check-in cannot be read: %(reason)s."), code="malformed", field=field, reason=reason
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, ArithmeticError, RecursionError) as error:
        reason = str(error)[:200] if isinstance(error, msgspec.DecodeError) else type(error).__name__
        raise BadInput(
            _("This check-in cannot be read: %(reason)s."), code="malformed", field="body", reason=reason
        ) from error


def answer(taken: Taken) -> dict[str, Any]:
    """What the sender is told: their own entry, and whether something newer stands above it."""
    found: dict[str, Any] = {
        "receipt": taken.receipt,
        "day": taken.day,
        "at": taken.at,
        "severity": taken.severity,
        "repeated": taken.repeated,
    }
    if taken.decision is not None and taken.decision.findings:
        first = taken.decision.findings[0]
        found["because"] = first.because
        found["advice"] = first.advice
    if taken.later is not None:
        found["later"] = {
            "day": taken.later.day,
            "at": taken.later.at,
            "source": taken.later.source,
            "differs": (taken.later.severity == "none") != (taken.severity == "none"),
        }
    return found


async def _body(receive: Receive, headers: dict[bytes, bytes]) -> bytes:
    declared = headers.get(b"content-length", b"0")
    if not declared.isdigit() or len(declared) > 9 or int(declared) > LARGEST_BODY:
        raise _too_large()
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body") and len(body) <= LARGEST_BODY:
        message = await receive()
        body += message.get("body", b"")
    if len(body) > LARGEST_BODY:
        raise _too_large()
    return body


def _too_large() -> TooLarge:
    return TooLarge(_("A check-in has at most %(limit)s bytes."), limit=LARGEST_BODY)


async def _refuse(send: Send, error: ShouwangError, headers: dict[bytes, bytes]) -> None:
    with translation.override(_language(headers)):
        body = encode({**error.as_dict(), "data": {name: str(value) for name, value in error.data.items()}})
    extra = [(b"retry-after", str(error.retry_after).encode())] if isinstance(error, Later) else []
    if error.status == 401:
        extra.append((b"www-authenticate", b"Bearer"))
    await _send(send, error.status, body, extra)


def _language(headers: dict[bytes, bytes]) -> str:
    """English when it is asked for before Chinese; by cookie first, as the pages do."""
    cookie = headers.get(b"cookie", b"")
    if b"django_language=en" in cookie:
        return "en"
    wanted = headers.get(b"accept-language", b"").lower()
    return "en" if wanted.startswith(b"en") and b"django_language=zh" not in cookie else "zh-hans"


async def _send(send: Send, status: int, body: bytes, extra: Iterable[tuple[bytes, bytes]] = ()) -> None:
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        *extra,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
