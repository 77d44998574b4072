"""Looking after contacts day by day: the list, one person's sheet, a call, handing over, the end."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext_lazy
from django.views.decorators.http import require_GET, require_POST

from shouwang.checkins import queries as checkins
from shouwang.checkins import words
from shouwang.checkins.forms import new_key
from shouwang.core import audit, clock
from shouwang.core.errors import BadInput, Conflict, NotFound
from shouwang.core.forms import cleaned, put_error
from shouwang.core.http import Request, partial, signed_in
from shouwang.org.models import Person
from shouwang.org.queries import holders
from shouwang.tracing import actions
from shouwang.tracing.forms import CallForm, EndFollowUpForm, FollowUpFilterForm, HandOverForm
from shouwang.tracing.models import FollowUp
from shouwang.tracing.queries import following as queries
from shouwang.tracing.rules.following import Closing, DayState

MOST_SHARED = 500  # at once from the page: a transaction of a few seconds
LISTS = {
    "due": pgettext_lazy("follow-ups", "Still to hear today"),
    "silent": pgettext_lazy("follow-ups", "Silent yesterday"),
    "unwell": pgettext_lazy("follow-ups", "Unwell"),
    "over": pgettext_lazy("follow-ups", "Last check missing"),
    "nobody": pgettext_lazy("follow-ups", "Nobody asked"),
    "running": pgettext_lazy("follow-ups", "All that run"),
    "ended": pgettext_lazy("follow-ups", "Ended"),
}
# State of a day: icon, tone, word.
DAYS: dict[DayState, tuple[str, str, Any]] = {
    DayState.DONE: ("check", "good", pgettext_lazy("follow-up day", "heard")),
    DayState.PARTLY: ("circle-dot", "notice", pgettext_lazy("follow-up day", "heard, fewer times than asked")),
    DayState.UNWELL: ("mood-sick", "danger", pgettext_lazy("follow-up day", "unwell")),
    DayState.MISSED: ("x", "warn", pgettext_lazy("follow-up day", "silent")),
    DayState.OPEN: ("clock", "info", pgettext_lazy("follow-up day", "still open")),
    DayState.BEGUN: ("flag", "neutral", pgettext_lazy("follow-up day", "began on this day")),
    DayState.AHEAD: ("calendar", "neutral", pgettext_lazy("follow-up day", "ahead")),
}
ENDS: dict[Closing, tuple[str, Any]] = {
    Closing.LAST_MISSING: (
        "warn",
        pgettext_lazy("follow-ups", "The last check is missing: it ends when they are heard, or by decision."),
    ),
    Closing.LAST_UNWELL: ("danger", pgettext_lazy("follow-ups", "Unwell at the last check: somebody decides.")),
    Closing.COMPLETE: (
        "good",
        pgettext_lazy("follow-ups", "The last check is in; it ends by itself within the minute."),
    ),
}


@require_GET
@signed_in
def listing(request: Request) -> HttpResponse:
    """Follow-ups within reach, those that end first first; one list at a time."""
    by, now = request.actor, clock.now()
    by.require(queries.WORK)
    today = clock.local_day(now)
    asked = cleaned(FollowUpFilterForm(request.GET), _("This filter is not known."))
    mine = asked["whose"] == "mine" if asked["whose"] else by.person_id is not None and not by.holds("trace.work")
    wanted = queries.FollowUpFilter(asked["show"] or "due", mine, asked["q"].strip())
    page = queries.follow_up_page(by, wanted, asked["page"] or None, today=today)
    audit.saw("followup.listed", "followup", (row.person_id for row in page.rows), by=by, at=now)
    lines = [
        (line, [(day, *DAYS[state]) for day, state in line.days], ENDS.get(line.closing))
        for line in queries.lines(list(page.rows), today=today)
    ]
    context = {"page": page, "lines": lines, "wanted": wanted, "as_of": now, "whose": "mine" if mine else "all"}
    if partial(request):
        return render(request, "tracing/_fragments/follow_ups.html", context)
    counts = queries.counts(by, mine=mine, today=today)
    able: list[Person] = []
    if wanted.show == "nobody" and page.rows:
        found = holders(queries.WORK, page.rows[0].person.home_path, on=today)
        able = list(found.order_by("name", "pk")[: queries.MOST_HOLDERS])
    shows = [(name, word, counts.get(name)) for name, word in LISTS.items()]
    return render(request, "tracing/follow_ups.html", context | {"shows": shows, "counts": counts, "able": able})


@require_POST
@signed_in
def share(request: Request) -> HttpResponse:
    """Share those nobody looks after among the people ticked."""
    by, now = request.actor, clock.now()
    by.require(queries.WORK)
    today = clock.local_day(now)
    try:
        ids = [int(value) for value in request.POST.getlist("among")[: queries.MOST_HOLDERS]]
    except ValueError as error:
        raise BadInput(_("Choose people from the list."), field="among") from error
    among = list(Person.objects.filter(pk__in=[pk for pk in ids if 0 < pk < 2**63]))
    if not among:
        raise BadInput(_("Choose among whom to share."), field="among", code="nobody_chosen")
    rows = queries.shared_out_of(by, today=today)[:MOST_SHARED]
    done = actions.share_out(list(rows), among, by=by, at=now)
    messages.success(
        request, ngettext("%(n)s follow-up shared out.", "%(n)s follow-ups shared out.", done) % {"n": done}
    )
    return redirect("tracing:follow_ups")


@require_GET
@signed_in
def mine(request: Request) -> HttpResponse:
    """What is on record of oneself: why, until when, who calls, and what was noted."""
    if request.actor.person_id is None:
        raise NotFound
    today = clock.today()
    rows = queries.own(request.actor)
    lines = [
        (line, [(day, *DAYS[state]) for day, state in line.days])
        for line in queries.lines(rows, today=today, days=None)
    ]
    return render(request, "tracing/my_follow_up.html", {"lines": lines})


@require_GET
@signed_in
def sheet(request: Request, pk: int) -> HttpResponse:
    """One person's follow-up: why, its days, calls, and what to do next."""
    row = queries.follow_up_for(request.actor, pk)
    return _sheet(request, row, _call_form(request, row))


def _sheet(request: Request, row: FollowUp, form: CallForm, status: int = 200) -> HttpResponse:
    now = clock.now()
    found = queries.sheet(row, at=now)
    audit.saw("followup.read", "followup", [row.person_id], by=request.actor, at=now, object_id=row.pk)
    protocols = checkins.protocols_of(clock.local_day(now), row.person.home_path)
    days = [
        (day, DAYS[state], [words.told(check, protocols) for check in found.checks.get(day, ())])
        for day, state in reversed(found.line.days)
    ]
    context = {
        "follow_up": row, "sheet": found, "days": days, "form": form, "end_form": EndFollowUpForm(), "as_of": now,
        "opens_case": row.state == FollowUp.State.RUNNING
        and request.actor.holds("case.manage", row.person.home_path),
        "end": ENDS.get(found.line.closing) if row.state == FollowUp.State.RUNNING else None,
    }  # fmt: skip
    return render(request, "tracing/follow_up.html", context, status=status)


def _call_form(request: Request, row: FollowUp) -> CallForm:
    protocols = checkins.protocols_of(clock.local_day(clock.now()), row.person.home_path)
    initial = {"client_key": new_key(), "how": "phone"}
    return CallForm(request.POST or None, protocols=protocols, initial=initial)


@require_POST
@signed_in
def call(request: Request, pk: int) -> HttpResponse:
    """Enter a call or a visit; whom one reached is entered as a check-in."""
    row = queries.follow_up_for(request.actor, pk)
    form = _call_form(request, row)
    if not form.is_valid():
        return _sheet(request, row, form, 422)
    given = form.cleaned_data
    try:
        done = actions.record_call(
            row, how=given["how"], outcome=given["outcome"], client_key=given["client_key"], note=given["remark"],
            answers=form.answers() if form.reached else None, by=request.actor, at=clock.now(),
        )  # fmt: skip
    except (BadInput, Conflict) as error:
        put_error(form, error)
        return _sheet(request, row, form, 422)
    said = _("Entered. Receipt %(receipt)s.") % {"receipt": done.receipt} if done.receipt else _("Entered.")
    messages.success(request, said)
    return redirect("tracing:follow_up", row.pk)


@require_POST
@signed_in
def hand_over(request: Request, pk: int) -> HttpResponse:
    row = queries.follow_up_for(request.actor, pk)
    given = cleaned(HandOverForm(request.POST), _("Choose somebody from the list."))
    to = None
    if given["to"]:
        able = holders(queries.WORK, row.person.home_path, on=clock.today())
        to = able.filter(pk=given["to"]).first()
        if to is None:
            raise BadInput(_("Choose somebody from the list."), field="to")
    actions.hand_over(row, to, by=request.actor, at=clock.now(), version=given["version"])
    messages.success(request, _("Handed over to %(name)s.") % {"name": to.name} if to else _("Nobody is asked now."))
    return redirect("tracing:follow_up", row.pk)


@require_POST
@signed_in
def end(request: Request, pk: int) -> HttpResponse:
    row = queries.follow_up_for(request.actor, pk)
    given = cleaned(EndFollowUpForm(request.POST))
    actions.end_follow_up(row, reason=given["reason"], by=request.actor, at=clock.now(), version=given["version"])
    messages.success(request, _("The follow-up has ended."))
    return redirect("tracing:follow_up", row.pk)
