"""The list of campaigns, one campaign with its live numbers, and what is done to it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from shouwang.core import clock
from shouwang.core.errors import NotFound, ShouwangError
from shouwang.core.http import Request, partial, signed_in
from shouwang.org.models import Organisation, Place
from shouwang.org.queries import path_of
from shouwang.surveys import actions, queries
from shouwang.surveys.forms import ExtendForm
from shouwang.surveys.models import Campaign
from shouwang.surveys.queries.results import may_count

NAMES = 20  # a page of who has not answered


@require_GET
@signed_in
def campaigns(request: Request) -> HttpResponse:
    """Campaigns within reach, newest first, each with n of N."""
    by = request.actor
    state = request.GET.get("state", "")
    state = state if state in Campaign.State.values else ""
    page, counts = queries.campaigns_page(by, state=state, cursor=request.GET.get("page", ""))
    context = {
        "page": page,
        "rows": [(row, counts.get(row.pk)) for row in page.rows],
        "state": state,
        "states": Campaign.State.choices,
        "may_make": by.holds("survey.manage"),
        "at": clock.now(),
    }
    return render(request, "surveys/list.html", context)


@require_GET
@signed_in
def campaign(request: Request, campaign_id: int) -> HttpResponse:
    """Completeness by unit, one level down at a time, and who has not answered. No answer is shown here."""
    by, at = request.actor, clock.now()
    row = queries.campaign_for(by, campaign_id)
    unit = queries.unit_named(by, row, request.GET.get("unit", ""))
    manages = by.holds("survey.manage", row.organisation.path)
    context = {
        "campaign": row,
        "board": queries.board(by, row, unit, at=at),
        "unit": unit,
        "trail": _trail(row, unit),
        "page": queries.not_yet_page(by, row, unit, cursor=request.GET.get("page", ""), size=NAMES),
        "may_manage": manages,
        "may_enter": by.holds("survey.proxy") and row.state == Campaign.State.OPEN,
        "may_read": by.holds("survey.view"),
        "may_count": may_count(by, row),
        "extend": ExtendForm(initial={"deadline": timezone.localtime(row.deadline)}),
        "aimed": queries.aimed_people(row).count() if manages and row.state == Campaign.State.DRAFT else None,
        "at": at,
        "late": row.deadline < at,
    }
    template = "surveys/_fragments/board.html" if partial(request) else "surveys/campaign.html"
    return render(request, template, context)


def _trail(row: Campaign, unit: Organisation | None) -> list[Organisation | Place]:
    """The units from the campaign's own down to the one shown."""
    if unit is None:
        return []
    return [node for node in path_of(unit) if len(node.path) >= len(row.organisation.path)]


@require_POST
@signed_in
def act(request: Request, campaign_id: int, verb: str) -> HttpResponse:
    """Open, close, extend, or bring the list up to date."""
    by, at = request.actor, clock.now()
    row = queries.managed_campaign(by, campaign_id)
    try:
        if verb == "open":
            synced = actions.open_campaign(row, by=by, at=at)
            messages.success(request, _("Open: %(count)s people are asked.") % {"count": synced.asked})
        elif verb == "close":
            actions.close_campaign(row, by=by, at=at)
            messages.success(request, _("Closed. No further answers are taken."))
        elif verb == "sync":
            synced = actions.sync_targets(row, by=by, at=at)
            told = {"joined": synced.joined, "left": synced.left}
            messages.success(request, _("The list is up to date: %(joined)s joined, %(left)s left.") % told)
        elif verb == "extend":
            form = ExtendForm(request.POST)
            if form.is_valid():
                actions.extend_campaign(row, deadline=form.cleaned_data["deadline"], by=by, at=at)
                messages.success(request, _("The deadline has been changed."))
            else:
                messages.error(request, _("Write a day and a time like 2026-03-02 08:30."))
        else:
            raise NotFound
    except NotFound:
        raise
    except ShouwangError as error:
        messages.error(request, error.sentence)
    return redirect("surveys:campaign", row.pk)
