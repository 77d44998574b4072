"""What a phone keeps so that the check-in opens without a network: a service worker, and a page without a person."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from shouwang.checkins import queries, rules
from shouwang.checkins.forms import AnswersForm, new_key
from shouwang.checkins.intake import MARK
from shouwang.core import clock
from shouwang.core.http import Request, signed_in
from shouwang.org.models import Person

WORKER, QUEUE = "checkins/worker.js", "checkins/queue.js"
# What the page without a person is made of; its mark changes with any of them.
MADE_OF = (WORKER, QUEUE, "checkins/page.js", "checkins/checkins.css", "web/css/components.css", "web/css/shell.css")


def has_intake(request: HttpRequest) -> bool:
    """Whether the hot path stands in front of this server; without it pages post their forms."""
    return bool(getattr(request, "scope", {}).get(MARK))


@lru_cache(maxsize=32)
def _content(name: str) -> bytes:
    found = finders.find(name)
    if not isinstance(found, str):
        raise ValueError(f"no static file {name!r}")
    return Path(found).read_bytes()


def shell_mark(protocols: rules.Protocols) -> str:
    """A mark of all that the page without a person shows in this language: another mark, another page to keep."""
    parts = (settings.VERSION, settings.INSTITUTION, get_language() or "", protocols.sha256)
    return hashlib.sha256("\n".join(parts).encode() + b"".join(map(_content, MADE_OF))).hexdigest()[:16]


@require_GET
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker, from the root so that it may answer for every address of ours."""
    body = b"\n".join((_content(QUEUE), _content(WORKER)))
    return HttpResponse(
        body,
        content_type="text/javascript; charset=utf-8",
        headers={"Service-Worker-Allowed": "/", "Cache-Control": "no-cache"},
    )


@require_GET
@signed_in
def shell(request: Request) -> HttpResponse:
    """The check-in page with nobody's name and nobody's answers: what a phone keeps and shows without a network.

    All further questions of one's institution stand in it; the script hides those that are asked of others.
    """
    at = clock.now()
    protocols = queries.protocols_of(clock.local_day(at), queries.home_of(request.actor))
    always = [question for question in protocols.questions.values() if not question.symptoms_any]
    depend = [question for question in protocols.questions.values() if question.symptoms_any]
    made = {
        "main": {"highlight": always},
        "unwell": {"depend": depend},
        "exposed": {},
        "place": {"fold": always},
    }
    topics = {"main": "well", "unwell": "unwell", "exposed": "exposed", "place": "place"}
    forms = {
        name: AnswersForm(
            protocols=protocols,
            auto_id=f"{name}_%s",
            initial={"client_key": new_key(at), "topic": topics[name], "form": protocols.sha256, "exposure": ""},
            **groups,
        )
        for name, groups in made.items()
    }
    context = {"forms": forms, "situations": Person.Situation.choices, "protocols": protocols}
    response = render(request, "checkins/shell.html", context)
    response.headers["X-Shell"] = shell_mark(protocols)
    return response
