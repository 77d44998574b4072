"""A check-in without signing in: the short link, its page, and taking all passes back."""

from __future__ import annotations

import segno
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shouwang.checkins import actions, queries
from shouwang.checkins.forms import AnswersForm, new_key
from shouwang.checkins.queries import OwnDay
from shouwang.checkins.rules import Question, credentials, is_asked
from shouwang.checkins.views.offline import has_intake
from shouwang.checkins.views.own import masked
from shouwang.core import clock
from shouwang.core.errors import BadInput, Conflict
from shouwang.core.http import Request, signed_in

TOPICS = ("well", "unwell")


@require_GET
@signed_in
def link(request: Request) -> HttpResponse:
    """One's own short link, for a phone where one does not sign in or a card on the wall."""
    at = clock.now()
    own = queries.own_day(request.actor, at=at)
    ticket = queries.ticket_for(request.actor, mouth=credentials.LINK, at=at)
    address = request.build_absolute_uri(reverse("pass:by_link", args=[ticket]))
    context = {
        "own": own,
        "address": address,
        "qr": segno.make(address, error="m").svg_inline(
            scale=4, border=2, omitsize=True, svgclass="qr", lineclass=None
        ),
        "ends": at + credentials.LIFETIME,
        "days": credentials.LIFETIME.days,
    }
    return render(request, "checkins/link.html", context)


@require_POST
@signed_in
def withdraw(request: Request) -> HttpResponse:
    """No pass or link given out before is good any more, from now."""
    at = clock.now()
    own = queries.own_day(request.actor, at=at)
    actions.revoke_tickets(own.person, by=request.actor, at=at)
    messages.success(request, _("All passes and links given out before have been withdrawn."))
    return redirect("checkins:link")


@require_http_methods(["GET", "POST"])
def by_link(request: HttpRequest, ticket: str) -> HttpResponse:
    """Check in with a ticket: the first character of the name, the one tap, "I feel unwell".

    No earlier answer is shown, and none is repeated: whoever holds the link need not be the person.
    """
    at = clock.now()
    _ticket, by, person = queries.bearer_of(ticket, at=at)
    own = queries.own_day(by, at=at)
    forms = {topic: _form(own, topic) for topic in TOPICS}
    failed = ""
    if request.method == "POST":
        failed = "unwell" if request.POST.get("topic") == "unwell" else "well"
        form = _form(own, failed, request)
        forms[failed] = form
        if form.is_valid() and form.cleaned_data["topic"] in TOPICS:
            values = form.cleaned_data
            try:
                row = actions.submit(
                    person=person, answers=form.answers(), client_key=values["client_key"], form=values["form"],
                    by=by, at=at,
                )  # fmt: skip
            except (BadInput, Conflict) as error:
                form.put(error)
            else:
                messages.success(request, _("Received. Your receipt is %(receipt)s.") % {"receipt": row.receipt})
                return redirect("pass:by_link", ticket=ticket)
    context = {
        "own": own,
        "masked": masked(person.name),
        "forms": forms,
        "failed": failed,
        "ticket": ticket,
        "intake": has_intake(request),
        "now_ms": int(at.timestamp() * 1000),
    }
    with timezone.override(own.zone):
        return render(request, "checkins/by_link.html", context, status=422 if failed else 200)


def _form(own: OwnDay, topic: str, request: HttpRequest | None = None) -> AnswersForm:
    questions = own.protocols.questions.values()
    groups: dict[str, list[Question]] = (
        {"highlight": [question for question in questions if is_asked(question, own.who)]}
        if topic == "well"
        else {"depend": [question for question in questions if question.symptoms_any]}
    )
    initial = {"client_key": new_key(), "topic": topic, "form": own.protocols.sha256, "exposure": ""}
    return AnswersForm(
        request.POST if request else None,
        protocols=own.protocols,
        auto_id=f"{topic}_%s",
        initial=initial,
        **groups,
    )
