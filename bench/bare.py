"""The least a durable check-in can cost: an ASGI handler that does nothing but the same group commit.

No ticket, no validation, no triage, no look at what stands: the body is ignored, and a ready-made row for the next
person goes into the same tables through the same committer. Served by the same server as the product.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shouwang.web.settings")

import django

django.setup()  # models can be imported only afterwards

from django.db import transaction  # noqa: E402

from shouwang.checkins.actions.storing import CHECKIN_COLUMNS, LATEST_COLUMNS  # noqa: E402
from shouwang.checkins.committer import Committer, ready  # noqa: E402
from shouwang.checkins.models import CheckIn, LatestCheckIn  # noqa: E402
from shouwang.core import clock  # noqa: E402
from shouwang.core.bulk import insert_many, next_ids, upsert_many  # noqa: E402
from shouwang.org.models import Person  # noqa: E402

HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"12")]


class Bare:
    """Hands out people in turn."""

    def __init__(self) -> None:
        self.people: list[tuple[int, str, str]] = []
        self.next = 0
        self.committer = Committer(commit=self.commit, copies_log=True)

    def commit(self, asks: Sequence[Any]) -> list[Any]:
        ready()
        if not self.people:
            self.people = list(Person.objects.order_by("pk").values_list("pk", "home_path", "number"))
        at, day = clock.now(), clock.today()
        chosen = {}
        for _ask in asks:
            person = self.people[self.next % len(self.people)]
            chosen[person[0]] = person
            self.next += 1
        with transaction.atomic():
            numbers = dict(zip(chosen, next_ids(CheckIn, len(chosen)), strict=True))
            rows: list[dict[str, Any]] = [
                {
                    "id": numbers[pk], "person": pk, "day": day, "at": at, "source": "self", "account": None,
                    "mouth": "web", "device": "0123456789ab", "proxy_reason": "",
                    "client_key": f"{int(at.timestamp() * 1000):013x}{secrets.token_hex(10)}", "unchanged": False,
                    "temperature_c": None, "symptoms": [], "exposure": False, "place_changed": False, "place_note": "",
                    "note": "", "extra": {}, "corrects": None, "symptomatic": False, "severity": "none", "rule": "",
                    "pack_sha256": "0" * 64, "purge_on": day + timedelta(days=30), "checkin": numbers[pk], "rank": 0,
                    "words": 1, "conflicting": False, "part": 0, "home_path": path, "number": number,
                }
                for pk, path, number in chosen.values()
            ]  # fmt: skip
            insert_many(CheckIn, CHECKIN_COLUMNS, [[row[name] for name in CHECKIN_COLUMNS] for row in rows])
            latest = [
                [row[name] for name in LATEST_COLUMNS] for row in sorted(rows, key=lambda row: int(row["person"]))
            ]
            upsert_many(LatestCheckIn, LATEST_COLUMNS, latest, key=("person",), update=LatestCheckIn.HEARD)
        return [True for _ask in asks]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await self.committer.take(None)  # type: ignore[arg-type]
        await send({"type": "http.response.start", "status": 201, "headers": HEADERS})
        await send({"type": "http.response.body", "body": b'{"ok": true}'})


application = Bare()
