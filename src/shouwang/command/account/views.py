"""Pages of matters: for parties alone."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shouwang.cases.queries.naming import unit_written
from shouwang.command.account import actions, facts, forms, queries, rules, statistics
from shouwang.command.account.models import Matter, MatterFact
from shouwang.command.queries.answering import MANAGE, SIGN
from shouwang.core import audit, clock
from shouwang.core.errors import BadInput, Conflict, Forbidden, NotFound
from shouwang.core.forms import cleaned, put_error
from shouwang.core.http import Request, signed_in
from shouwang.org.models import Organisation

TONES = {
    "proposed": "neutral", "sent": "notice", "replied": "special", "overdue": "warn", "decided": "warn",
    "appealed": "special", "stands": "warn", "withdrawn": "good", "expired": "neutral",
}  # fmt: skip
LISTS = {
    "open": pgettext_lazy("matters", "Under way"),
    "mine": pgettext_lazy("matters", "About me or my unit"),
    "decide": pgettext_lazy("matters", "To decide"),
    "over": pgettext_lazy("matters", "Over"),
}
HAPPENED = {
    "propose": pgettext_lazy("matter event", "proposed it"),
    "serve": pgettext_lazy("matter event", "served it"),
    "talk": pgettext_lazy("matter event", "noted the talk"),
    "reply": pgettext_lazy("matter event", "replied"),
    "contest": pgettext_lazy("matter event", "contested a fact"),
    "decide": pgettext_lazy("matter event", "upheld it"),
    "appeal": pgettext_lazy("matter event", "appealed"),
    "decide_appeal": pgettext_lazy("matter event", "upheld it on appeal"),
    "time": pgettext_lazy("matter event", "its time was over"),
}
PAGES = {
    "task": "command:task", "gap": "command:gap", "correction": "command:correction",
}  # fmt: skip


@require_GET
@signed_in
def matters(request: Request) -> HttpResponse:
    by, at = request.actor, clock.now()
    show = request.GET.get("show", "")
    show = show if show in LISTS else "open"
    page = queries.matters_page(by, show, request.GET.get("page"), at=at)
    rows = [(row, TONES[row.state], rules.STANDING.get(row.state), _late(row, at)) for row in page.rows]
    context = {"page": page, "rows": rows, "show": show, "shows": LISTS.items(), "at": at, **_may(request)}
    return render(request, "command/account_matters.html", context)


def _may(request: Request) -> dict[str, bool]:
    by = request.actor
    return {"may_propose": by.holds(MANAGE), "may_count": by.holds(MANAGE) or by.holds(SIGN)}


def _late(row: Matter, at: Any) -> bool:
    return row.state in rules.STANDING and row.due_at is not None and row.due_at < at


@require_GET
@signed_in
def matter(request: Request, pk: int) -> HttpResponse:
    """One matter: facts, reply, decision, appeal, whose turn it is, what happened."""
    by, at = request.actor, clock.now()
    row = queries.matter_for(by, pk, on=clock.local_day(at))
    return _page(request, row, None)


def _page(request: Request, row: Matter, error: BadInput | Conflict | Forbidden | None) -> HttpResponse:
    by, at = request.actor, clock.now()
    found = queries.sheet(by, row, at=at)
    if row.person_id is not None and row.served_at and rules.SUBJECT not in found.sides:
        audit.saw("matter.seen", "matter", [row.person_id], by=by, at=at, object_id=row.pk)
    acts = {act.name: act for act in found.acts}
    number = queries.numbers()
    context = {
        "row": row, "tone": TONES[row.state], "late": _late(row, at), "at": at, "found": found,
        "standing": rules.STANDING.get(row.state), "acts": acts, "facts": _facts(found.facts),
        "plain": [act for act in found.acts if act.name in ("reply", "talk", "appeal", "take_back")],
        "events": [(event, HAPPENED[event.act]) for event in reversed(found.events)],
        "may_follow": rules.OFFICE in found.sides and row.state == rules.STANDS and row.step != rules.NOTICE,
        "judges": queries.judges_left(row, on=clock.local_day(at)) if "serve" in acts else None,
        "may_print": _printable(row), "error": error, "given": request.POST,
        "source": number.source_of(number.of(row.step).source), "process": number.source_of(number.process.source),
    }  # fmt: skip
    status = 200 if error is None else error.status if error.status != 400 else 422
    return render(request, "command/account_matter.html", context, status=status)


def _facts(rows: list[MatterFact]) -> list[tuple[MatterFact, str]]:
    """Each with where the row it was taken from stands today, if it has a page."""
    return [(row, reverse(PAGES[row.kind], args=[row.ref]) if row.kind in PAGES and row.ref else "") for row in rows]


def _printable(row: Matter) -> bool:
    return row.step == rules.NOTICE and row.state in (rules.DECIDED, rules.APPEALED, rules.STANDS)


@require_POST
@signed_in
def step(request: Request, pk: int, name: str) -> HttpResponse:
    by, at = request.actor, clock.now()
    row = queries.matter_for(by, pk, on=clock.local_day(at))
    if name not in rules.ACTS:
        raise NotFound
    given = cleaned(forms.StepForm(request.POST))
    answers = {
        int(key[7:]): str(value) for key, value in request.POST.items() if key.startswith("answer-") and _id(key[7:])
    }
    struck = [int(value) for value in request.POST.getlist("struck") if _id(value)]
    try:
        actions.act(
            row, name, text=given["text"], fact=given["fact"], verdict=given["verdict"], answers=answers,
            struck=struck, by=by, at=at,
        )  # fmt: skip
    except BadInput as error:
        return _page(request, row, error)
    messages.success(request, _("Noted. The matter is now: %(state)s.") % {"state": _state(pk)})
    if not queries.visible_matters(by, on=clock.local_day(at)).filter(pk=pk).exists():
        return redirect("command:matters")  # decided and over: no longer a party
    return redirect("command:matter", pk)


def _id(text: str) -> bool:
    return text.isdecimal() and len(text) < 19


def _state(pk: int) -> str:
    return str(Matter.objects.get(pk=pk).get_state_display())


@require_GET
@signed_in
def offers(request: Request) -> HttpResponse:
    """Units that the facts point to, with the facts and the rule. Nothing follows by itself."""
    by, at = request.actor, clock.now()
    if not by.holds(MANAGE):
        raise NotFound
    number = queries.numbers()
    rows = [(offer, number.source_of(offer.rule.source), _link(offer)) for offer in facts.offers(by, number, at=at)]
    context = {"rows": rows, "at": at, "numbers": number, **_may(request)}
    return render(request, "command/account_offers.html", context)


def _link(offer: facts.Offer) -> str:
    query = "&".join(f"fact={quote.key}" for quote in offer.facts)
    return f"{reverse('command:matter_new')}?unit={offer.unit.code}&{query}"


@require_http_methods(["GET", "POST"])
@signed_in
def propose(request: Request) -> HttpResponse:
    """From a unit, from facts of a task, report, gap or correction, or as the step after one that stands."""
    by, at = request.actor, clock.now()
    if not by.holds(MANAGE):
        raise NotFound
    previous, unit = _start(request)
    if unit is None:
        asking = forms.UnitForm(request.GET or None)
        return render(request, "command/account_unit.html", {"form": asking, **_may(request)})
    people = queries.people_of(unit, on=clock.local_day(at))
    initial = _initial(previous)
    form = forms.ProposeForm(request.POST or None, people=people, initial=initial)
    ticked = request.POST.getlist("fact") if request.method == "POST" else request.GET.getlist("fact")
    if request.method == "POST" and form.is_valid():
        try:
            made = _propose(unit, form.cleaned_data, ticked, previous, request)
        except BadInput as error:
            put_error(form, error)
        else:
            messages.success(request, _("Proposed. Nobody is told before you serve it."))
            return redirect("command:matter", made.pk)
    latest = facts.quotable(by, unit, at=at)
    named = {one.key for one in latest}
    chosen = [facts.quote(by, unit, key, at=at) for key in ticked[: rules.MOST_FACTS] if key not in named]
    context = {
        "form": form, "unit": unit, "previous": previous, "ticked": ticked, "quotes": [*chosen, *latest],
        "carried": list(previous.facts.filter(struck=False)) if previous else [],
    }  # fmt: skip
    return render(request, "command/account_propose.html", context, status=422 if form.errors else 200)


def _initial(previous: Matter | None) -> dict[str, Any]:
    if previous is None or previous.step == rules.NOTICE:
        return {}
    order = list(Matter.Step.values)
    after = order[order.index(previous.step) + 1]
    return {"step": after, "about": str(previous.person_id or ""), "asked": previous.asked}


def _start(request: Request) -> tuple[Matter | None, Organisation | None]:
    """The step before, and the unit: as written, of the step before, or of the first fact. NotFound otherwise."""
    by, at = request.actor, clock.now()
    written, before = request.GET.get("unit", ""), request.GET.get("previous", "")
    ticked = request.GET.getlist("fact")
    if before:
        previous = queries.matter_for(by, int(before) if _id(before) else 0, on=clock.local_day(at))
        return previous, previous.organisation
    if written:
        return None, unit_written(by, written, MANAGE)
    return None, facts.unit_of(by, ticked[0], at=at) if ticked else None


def _propose(
    unit: Organisation, given: dict[str, Any], ticked: list[str], previous: Matter | None, request: Request
) -> Matter:
    by, at = request.actor, clock.now()
    told = [facts.told(given["told"], given["source"])] if given["told"].strip() else []
    people = {str(one.pk): one for one in queries.people_of(unit, on=clock.local_day(at))}
    return actions.propose(
        unit, step=given["step"], asked=given["asked"], facts=ticked, told=told, person=people.get(given["about"]),
        previous=previous, urgent=given["urgent"], by=by, at=at,
    )  # fmt: skip


@require_GET
@signed_in
def paper(request: Request, pk: int) -> HttpResponse:
    """A formal notice as it is printed, once it is upheld."""
    by, at = request.actor, clock.now()
    row = queries.matter_for(by, pk, on=clock.local_day(at))
    if not _printable(row):
        raise NotFound
    if row.person_id is not None:
        audit.saw("matter.seen", "matter", [row.person_id], by=by, at=at, object_id=row.pk)
    context = {"row": row, "facts": list(row.facts.filter(struck=False)), "at": at}
    return render(request, "command/account_paper.html", context)


@require_GET
@signed_in
def counted(request: Request) -> HttpResponse:
    """How many matters there were, by unit. There is no file of it."""
    found = statistics.counts(request.actor, at=clock.now())
    number = queries.numbers()
    context = {
        "found": found, "source": number.source_of(number.statistics.source), "days": number.statistics.days,
        "steps": Matter.Step.labels, **_may(request),
    }  # fmt: skip
    return render(request, "command/account_statistics.html", context)
