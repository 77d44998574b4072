"""The home page as data: rooms contribute sections, in order of urgency; who sees one is decided by the right."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from shouwang.cases import home as cases
from shouwang.cases.laboratory import home as laboratory
from shouwang.checkins import home as checkins
from shouwang.command import home as command_home
from shouwang.core.scope import Actor
from shouwang.isolation import home as isolation
from shouwang.org import home as org
from shouwang.outreach import home as outreach
from shouwang.surveys import home as surveys
from shouwang.tracing import home as tracing_home

Loader = Callable[[Actor], Mapping[str, Any] | None]
WIDTHS = {"full": "col-12", "half": "col-12 col-lg-6", "third": "col-12 col-md-6 col-xl-4"}


@dataclass(frozen=True, slots=True)
class Section:
    """`loader(actor)` calls one query and returns the template's context, or None when there is nothing to say.

    `person` keeps the section from accounts that belong to no person.
    """

    template: str
    loader: Loader
    right: str | None = None
    width: str = "half"
    person: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    column: str
    html: SafeString


TEAMS = "command/_home/teams.html"
# In the order of the page.
SECTIONS: list[Section] = [
    Section("isolation/_home/order.html", isolation.order_card, width="full", person=True),
    Section("surveys/_home/asked.html", surveys.asked_card, width="full", person=True),
    Section("checkins/_home/today.html", checkins.today_card, person=True),
    Section("outreach/_home/inbox.html", outreach.inbox_card, person=True),
    Section("command/_home/account.html", command_home.matter_card, width="full", person=True),
    Section("command/_home/work.html", command_home.work_card, person=True),
    Section(TEAMS, command_home.team_card, person=True),
    Section("checkins/_home/alerts.html", checkins.alerts_card, right="alert.handle"),
    Section("checkins/_home/unit.html", checkins.unit_place, right="checkin.status"),
    Section("tracing/_home/desk.html", tracing_home.desk_card, right="trace.work"),
    Section("tracing/_home/follow_ups.html", tracing_home.follow_up_card, right="followup.work"),
    Section("command/_home/picture.html", command_home.picture, right="report.view", width="full"),
    Section("command/_home/standing.html", command_home.standing, width="full"),
    Section("cases/_home/desk.html", cases.desk_card, right="case.view", width="full"),
    Section("cases/_home/tests.html", laboratory.tests_card, right="test.order", width="full"),
    Section("isolation/_home/desk.html", isolation.desk_card, right="isolation.manage", width="full"),
    Section("org/_home/gaps.html", org.gaps_card, right="org.manage", width="full"),
    Section("cases/_home/curve.html", cases.curve_card, right="report.view", width="full"),
]


def cards(request: HttpRequest, actor: Actor, *, empty: Collection[str] = ()) -> list[Card]:
    """The sections that `actor` may see, rendered; without those known to be empty, by template."""
    found = []
    for section in SECTIONS:
        if section.template in empty:
            continue
        if section.right is not None and not actor.holds(section.right):
            continue
        if section.person and actor.person_id is None:
            continue
        context = section.loader(actor)
        if context is not None:
            html = render_to_string(section.template, dict(context), request=request)
            found.append(Card(WIDTHS[section.width], html))
    return found
