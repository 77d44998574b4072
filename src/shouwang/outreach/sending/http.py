"""One POST of JSON whose outcome is known as exactly as it can be: not reached, refused, sent, or unknown."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from shouwang.outreach.rules import Outcome

CONNECT_SECONDS, ANSWER_SECONDS = 5.0, 20.0  # together under the lease of a delivery


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` is the JSON object that came back; `note` a few words for the log, without any address or key."""

    outcome: Outcome
    note: str
    body: dict[str, Any]


def post(url: str, payload: dict[str, Any]) -> Answer:
    """Send `payload` as UTF-8 JSON. Never raises for what the network does; the address stays out of every word.

    Before the request has begun, failure means "not reached". From then on silence means "unknown": the bot may have
    spoken already. An answer from 200 to 299 is for the caller to read; 400 to 499 is a refusal.
    """
    parts = urlsplit(url)
    made = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    data = json.dumps(payload, ensure_ascii=False).encode()
    try:
        connection = made(parts.hostname or "", parts.port, timeout=CONNECT_SECONDS)
        connection.connect()
    except (OSError, ValueError) as error:
        return Answer(Outcome.UNREACHED, type(error).__name__, {})
    try:
        if connection.sock is not None:
            connection.sock.settimeout(ANSWER_SECONDS)
        connection.request("POST", path, body=data, headers={"Content-Type": "application/json; charset=utf-8"})
        response = connection.getresponse()
        status, content = response.status, response.read(65536)
    except (OSError, HTTPException) as error:
        return Answer(Outcome.UNKNOWN, type(error).__name__, {})
    finally:
        connection.close()
    body = _object(content)
    if status == 429:
        return Answer(Outcome.TOO_FAST, "HTTP 429", body)
    if 400 <= status < 500:
        return Answer(Outcome.REFUSED, f"HTTP {status}", body)
    return Answer(Outcome.SENT if 200 <= status < 300 else Outcome.UNKNOWN, f"HTTP {status}", body)


def _object(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
