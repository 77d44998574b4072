"""The person's own pages: today, a correction, and the last fourteen days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from shouwang.checkins import actions, queries, rules, words
from shouwang.checkins.forms import AnswersForm, new_key
from shouwang.checkins.models import CheckIn
from shouwang.checkins.queries import HISTORY_DAYS, OwnDay
from shouwang.checkins.questions import initial_of
from shouwang.checkins.rules import credentials
from shouwang.checkins.views.offline import has_intake, shell_mark
from shouwang.core import clock
from shouwang.core.errors import BadInput, Conflict
from shouwang.core.http import Request, partial, signed_in
from shouwang.core.retention import keep_days
from shouwang.org.models import Person

# The forms of the page: each has its own key, so that sending one twice is recognised and sending two is two entries.
MAIN, CHANGES, CORRECT = "main", ("unwell", "exposed", "place"), "correct"


@require_http_methods(["GET", "POST"])
@signed_in
def today(request: Request) -> HttpResponse:
    """State of the day, the one tap, and the three things that can be said at any hour.

    `?correct=<receipt>` shows that entry as a form instead; an HTMX request gets what changes without the frame.
    """
    by, at = request.actor, clock.now()
    own = queries.own_day(by, at=at)
    if request.method == "GET":
        wanted = request.GET.get("correct", "")
        row = queries.own_checkin(by, wanted, at=at) if wanted else None
        return show(request, own, page(own, row=row))
    form = AnswersForm(request.POST, protocols=own.protocols, auto_id="sent_%s")
    wrong: CheckIn | None = None
    if form.is_valid():
        values = form.cleaned_data
        try:
            if values["topic"] == CORRECT:
                wrong = queries.own_checkin(by, values["corrects"], at=at)
            row = actions.submit(
                person=own.person,
                answers=form.answers(),
                client_key=values["client_key"],
                corrects=wrong.receipt if wrong else "",
                said_at=wrong.at if wrong else None,
                form=values["form"],
                by=by,
                at=at,
            )
        except (BadInput, Conflict) as error:
            form.put(error)
        else:
            messages.success(request, _("Received. Your receipt is %(receipt)s.") % {"receipt": row.receipt})
            return redirect("checkins:history" if wrong else "checkins:today")
    return show(request, own, page(own, sent=form, row=wrong), status=422)


def show(request: Request, own: OwnDay, context: Mapping[str, Any], status: int = 200) -> HttpResponse:
    """The page, its times by the person's own clock."""
    name = "checkins/_fragments/stack.html" if partial(request) else "checkins/today.html"
    now = clock.now()
    phone = {
        "ticket": queries.ticket_for(request.actor, mouth=credentials.PAGE, at=now),
        "masked": masked(own.person.name),
        "now_ms": int(now.timestamp() * 1000),
        "shell": shell_mark(own.protocols),
        "intake": has_intake(request),
    }
    with timezone.override(own.zone):
        return render(request, name, {**context, "phone": phone}, status=status)


def masked(name: str) -> str:
    """As much of a name as tells two people with one phone apart."""
    return f"{name[:1]}**"


def page(own: OwnDay, sent: AnswersForm | None = None, row: CheckIn | None = None) -> Mapping[str, Any]:
    """Context of the page and of the home card. `sent` is a form that was refused; it keeps what was typed. `row` is an
    entry to be corrected."""
    forms = {
        name: AnswersForm(initial=initial, protocols=own.protocols, auto_id=f"{name}_%s", **groups(own, name))
        for name, initial in carry(own, row).items()
    }
    failed = ""
    if sent is not None:
        topic = sent.data.get("topic", "")
        failed = topic if topic in forms else MAIN
        sent.group(**groups(own, failed))
        forms[failed] = sent
    forms[MAIN].fields["temperature_c"].required = own.needs_temperature  # shown as such; the rule asks for it
    advice = own.protocols.advice(own.today.rule) if own.today and own.today.rule else None
    return {
        "own": own,
        "forms": forms,
        "failed": failed,
        "corrected": row,
        "said": words.told(own.today, own.protocols) if own.today else None,
        "copied": words.lines(own.copies, own.protocols) if own.copies else None,
        "copy_day": words.copy_day(own.last, day_of_page=own.day),
        "reported": words.told(own.last, own.protocols) if own.last and own.last.severity != "none" else None,
        "advice": advice,
        "watch": own.spells[0] if own.spells else None,
        "open_alert": next((alert for alert in own.alerts if alert.state == "open"), None),
        "answered_alert": next((alert for alert in own.alerts if alert.state != "open"), None),
        "keep_days": keep_days("checkin"),
        "situations": Person.Situation.choices,
    }


def groups(own: OwnDay, name: str) -> dict[str, list[rules.Question]]:
    """Which further questions a form shows at once, folded, and once a symptom is ticked."""
    questions = own.protocols.questions.values()
    asked = [question for question in questions if rules.is_asked(question, own.who)]
    depend = [
        question
        for question in questions
        if question.symptoms_any and rules.is_asked(question, replace(own.who, symptoms=question.symptoms_any))
    ]
    if name in (CORRECT, "unwell"):
        return {"highlight": [], "fold": asked, "depend": depend}
    new = own.new if name == MAIN else ()
    return {
        "highlight": [question for question in asked if question in new],
        "fold": [question for question in asked if question not in new],
        "depend": [],
    }


def carry(own: OwnDay, row: CheckIn | None = None) -> dict[str, dict[str, Any]]:
    """Initial values of each form. What was said earlier today stands until the person says otherwise: reporting a
    change of place must not make this morning's fever disappear."""
    said = own.today.answers if own.today else None
    extra = said.extra if said else own.copies.extra if own.copies else {}
    kept = initial_of(rules.carried_over(extra, own.protocols.questions, own.who), own.protocols)
    standing = {
        **kept,
        "symptoms": list(said.symptoms) if said else [],
        "exposure": exposure_word(said),
        "temperature_c": said.temperature_c if said else None,
    }
    shown = {"form": own.protocols.sha256}
    old = initial_of(own.copies.extra, own.protocols) if own.copies else {}
    main = old | shown | {"client_key": new_key(), "topic": "unchanged" if own.copies else "well"}
    unwell = standing | shown | {"temperature_c": None, "client_key": new_key(), "topic": "unwell"}
    others = {name: standing | shown | {"client_key": new_key(), "topic": name} for name in ("exposed", "place")}
    found = {MAIN: main, "unwell": unwell, **others}
    if row is not None:
        answers = row.answers
        found[CORRECT] = initial_of(answers.extra, own.protocols) | {
            "client_key": new_key(),
            "topic": CORRECT,
            "corrects": row.receipt,
            "symptoms": list(answers.symptoms),
            "exposure": exposure_word(answers),
            "temperature_c": answers.temperature_c,
            "place_note": answers.place_note,
            "note": answers.note,
        }
    return found


def exposure_word(answers: rules.Answers | None) -> str:
    """The value of the radio button."""
    if answers is None or answers.exposure is None:
        return ""
    return "yes" if answers.exposure else "no"


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry of the history. `corrected_by`, `corrects`: receipts of the later and the earlier one, or ""."""

    told: words.Told
    corrected_by: str
    corrects: str
    may_correct: bool


@require_GET
@signed_in
def history(request: Request) -> HttpResponse:
    """One's own check-ins of the last fourteen days, with their receipts."""
    by = request.actor
    own = queries.own_day(by, at=clock.now())
    rows = queries.history(by, own.person.pk, today=own.day)
    context = {"days": days(rows, own), "own": own, "alerts": own.alerts, "correct_days": rules.CORRECT_DAYS}
    with timezone.override(own.zone):
        return render(request, "checkins/history.html", context)


def days(rows: Iterable[CheckIn], own: OwnDay) -> list[tuple[date, list[Shown]]]:
    """Every day of the history, newest first; a day without a check-in is there too, and empty."""
    listed = list(rows)
    receipts = {row.pk: row.receipt for row in listed}
    later = {row.corrects_id: row.receipt for row in reversed(listed) if row.corrects_id}
    found: dict[date, list[Shown]] = {own.day - timedelta(days=back): [] for back in range(HISTORY_DAYS)}
    for row in listed:
        recent = (own.day - row.day).days <= rules.CORRECT_DAYS
        shown = Shown(
            words.told(row, own.protocols),
            later.get(row.pk, ""),
            receipts.get(row.corrects_id or 0, ""),
            recent and row.source == CheckIn.Source.SELF and row.pk not in later,
        )
        found.setdefault(row.day, []).append(shown)
    return sorted(found.items(), reverse=True)
