"""The board of a unit, on a desk or on the big screen."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from shouwang.command import actions, queries
from shouwang.command.views.report import chosen
from shouwang.core import clock
from shouwang.core.http import Request, signed_in

POLL_SECONDS = 4  # with the second that keeping takes, the numbers on the screen are never older than five


@require_GET
@signed_in
def board(request: Request) -> HttpResponse:
    return render(request, "command/board.html", _context(request) | {"poll": POLL_SECONDS})


@require_GET
@signed_in
def board_live(request: Request) -> HttpResponse:
    """The numbers alone, asked for every few seconds by the page."""
    return render(request, "command/_fragments/board.html", _context(request))


def _context(request: Request) -> dict[str, Any]:
    organisation, _day = chosen(request)
    actions.keep_board(at=clock.now())
    found = queries.board(request.actor, organisation, clock.now())
    screen = request.GET.get("screen") == "1"
    parent = organisation.parent if organisation.parent_id else None
    above = parent if parent is not None and request.actor.holds("report.view", parent.path) else None
    return {"board": found, "organisation": organisation, "screen": screen, "above": above}
