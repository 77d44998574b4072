"""Tasks and one person's queue."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_GET, require_POST

from shouwang.command import actions, queries
from shouwang.command.account.facts import may_quote
from shouwang.command.capabilities import page_of
from shouwang.command.forms import ActForm, DeadlineForm, SplitForm, TaskFilterForm
from shouwang.command.models import Task
from shouwang.command.queries import tasks as reads
from shouwang.command.reading import capability_name
from shouwang.command.rules import tasks as rules
from shouwang.core import clock
from shouwang.core.errors import NotFound
from shouwang.core.forms import cleaned
from shouwang.core.http import Request, signed_in
from shouwang.org.models import Organisation

TONES = {
    "open": "notice", "working": "info", "split": "info", "blocked": "danger", "returned": "warn", "done": "special",
    "verified": "good", "closed": "neutral",
}  # fmt: skip
LISTS = {
    "open": pgettext_lazy("tasks", "Open"),
    "late": pgettext_lazy("tasks", "Late"),
    "issuer": pgettext_lazy("tasks", "Waiting for the issuer"),
    "over": pgettext_lazy("tasks", "Over"),
    "all": pgettext_lazy("tasks", "All"),
}
HAPPENED = {
    "acknowledge": pgettext_lazy("task event", "acknowledged"),
    "note": pgettext_lazy("task event", "noted"),
    "split": pgettext_lazy("task event", "split among"),
    "ask_help": pgettext_lazy("task event", "asked for help"),
    "hand_back": pgettext_lazy("task event", "handed back"),
    "done": pgettext_lazy("task event", "said that it is done"),
    "help": pgettext_lazy("task event", "answered"),
    "give_again": pgettext_lazy("task event", "gave it again"),
    "postpone": pgettext_lazy("task event", "changed the deadline"),
    "verify": pgettext_lazy("task event", "verified"),
    "send_back": pgettext_lazy("task event", "sent back"),
    "close": pgettext_lazy("task event", "closed"),
    "escalated_1": pgettext_lazy("task event", "late: the deputy was asked"),
    "escalated_2": pgettext_lazy("task event", "late: the unit above was asked"),
}
KINDS = {
    "acknowledge": ("file-check", "notice", pgettext_lazy("work", "Directive")),
    "task": ("checklist", "info", pgettext_lazy("work", "Task")),
    "verify": ("eye-check", "special", pgettext_lazy("work", "For the issuer")),
    "sign": ("writing", "special", pgettext_lazy("work", "Sign off")),
    "issue": ("send", "good", pgettext_lazy("work", "Issue")),
    "clock": ("clock-exclamation", "warn", pgettext_lazy("work", "Clock")),
    "follow_up": ("user-heart", "info", pgettext_lazy("work", "Follow-up")),
    "report": ("report", "info", pgettext_lazy("work", "Daily report")),
    "mend": ("tool", "warn", pgettext_lazy("work", "Correction")),
    "check": ("eye-check", "special", pgettext_lazy("work", "Correction to verify")),
    "decide": ("scale", "special", pgettext_lazy("work", "Matter to decide")),
    "matter": ("scale", "warn", pgettext_lazy("work", "Matter about my unit")),
    "second": ("user-plus", "info", pgettext_lazy("work", "Secondment")),
    "team": ("users-group", "info", pgettext_lazy("work", "Team")),
    "objection": ("message-report", "warn", pgettext_lazy("work", "Objection")),
    "review": ("eye-check", "special", pgettext_lazy("work", "To take in")),
}


@require_GET
@signed_in
def work(request: Request) -> HttpResponse:
    """Whatever waits for oneself, the most urgent first."""
    found = queries.work_of(request.actor, at=clock.now())
    rows = [(item, *KINDS[item.kind]) for item in found.items]
    return render(request, "command/work.html", {"work": found, "rows": rows})


@require_GET
@signed_in
def listing(request: Request) -> HttpResponse:
    """Tasks within reach, the most urgent first."""
    by, now = request.actor, clock.now()
    asked = cleaned(TaskFilterForm(request.GET), _("This filter is not known."))
    wanted = queries.TaskFilter(asked["show"] or "open", asked["directive"], asked["unit"])
    on = clock.local_day(now)
    page = queries.tasks_page(by, wanted, asked["page"] or None, at=now)
    counts = queries.task_numbers(by, wanted, at=now)
    owners = queries.who_answers([task.unit for task in page.rows], on=on)
    context = {
        "page": page, "wanted": wanted, "as_of": now, "counts": counts,
        "rows": [(task, TONES[task.state], owners.get(task.unit_id), _late(task, now)) for task in page.rows],
        "shows": [(name, word, counts[name]) for name, word in LISTS.items()],
        "directive": queries.directive_for(by, wanted.directive, on=on) if wanted.directive else None,
    }  # fmt: skip
    return render(request, "command/tasks.html", context)


def _late(task: Task, now: Any) -> bool:
    return task.state not in rules.FINAL and task.due_at < now


@require_GET
@signed_in
def task(request: Request, pk: int) -> HttpResponse:
    """One task: what is asked, whose turn it is, what one may do, what happened."""
    now = clock.now()
    on = clock.local_day(now)
    row = queries.task_for(request.actor, pk, on=on)
    sheet = reads.sheet(request.actor, row, on=on)
    standing = rules.STANDING.get(row.state)
    owner = sheet.owners.get(row.unit_id)
    context = {
        "task": row, "sheet": sheet, "tone": TONES[row.state], "standing": standing, "late": _late(row, now),
        "owner": owner, "issuer": sheet.owners.get(row.parent.unit_id) if row.parent else None,
        "acts": [act for act in sheet.acts if act.button],
        "parts": [(part, TONES[part.state], sheet.owners.get(part.unit_id)) for part in sheet.parts],
        "open_parts": sum(part.state not in rules.FINAL for part in sheet.parts),
        "events": [(event, HAPPENED[event.act]) for event in reversed(sheet.events)],
        "kind": capability_name(row.capability) if row.capability else "", "page": page_of(row.capability),
        "split_form": SplitForm(units=Organisation.objects.none(), initial={"due_at": row.due_at}),
        "deadline_form": DeadlineForm(initial={"due_at": row.due_at}),
        "may_postpone": any(act.name == "postpone" for act in sheet.acts),
        "as_of": now, "may_quote": may_quote(request.actor, row.unit, f"task:{row.pk}", at=now),
        "team": reads.team_of(row),
    }  # fmt: skip
    return render(request, "command/task.html", context)


@require_POST
@signed_in
def act(request: Request, pk: int, name: str) -> HttpResponse:
    """One act on a task."""
    now = clock.now()
    row = queries.task_for(request.actor, pk, on=clock.local_day(now))
    if name not in rules.ACTS:
        raise NotFound
    given = cleaned(ActForm(request.POST))
    done = actions.act_on_task(row, name, text=given["text"], reason=given["reason"], by=request.actor, at=now)
    messages.success(request, _("Noted. The task is now: %(state)s.") % {"state": done.get_state_display()})
    return redirect("command:task", pk)


@require_POST
@signed_in
def split(request: Request, pk: int) -> HttpResponse:
    """Give it on to units below."""
    now = clock.now()
    on = clock.local_day(now)
    row = queries.task_for(request.actor, pk, on=on)
    ids = [int(text) for text in request.POST.getlist("units") if text.isdecimal() and len(text) < 18]
    units = reads.units_below(row, ids, on=on)
    given = cleaned(SplitForm({**request.POST.dict(), "units": ids}, units=Organisation.objects.filter(pk__in=ids)))
    parts = actions.split_task(row, units, text=given["text"], due_at=given["due_at"], by=request.actor, at=now)
    messages.success(request, _("Split; it has %(n)s parts now.") % {"n": len(parts)})
    return redirect("command:task", pk)


@require_POST
@signed_in
def deadline(request: Request, pk: int) -> HttpResponse:
    """Another deadline, with a reason."""
    now = clock.now()
    row = queries.task_for(request.actor, pk, on=clock.local_day(now))
    given = cleaned(DeadlineForm(request.POST), _("Enter the new deadline, and say why."))
    actions.set_deadline(row, given["due_at"], text=given["text"], by=request.actor, at=now)
    messages.success(request, _("The deadline is changed; who owes the task reads why."))
    return redirect("command:task", pk)
