"""Possible duplicates as one types and for one person; merging two records; undoing it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from shouwang.core import audit, clock
from shouwang.core.forms import cleaned
from shouwang.core.http import Request, signed_in
from shouwang.org import forms, queries
from shouwang.org.merging import actions
from shouwang.org.merging import queries as merging
from shouwang.org.merging.rules import Facts

MANAGE = "people.manage"


@require_GET
@signed_in
def who_is_it(request: Request) -> HttpResponse:
    """Fragment: people within reach who may be whom somebody is typing, each with the reason."""
    by = request.actor
    by.require("people.view")
    given = cleaned(forms.WhoForm(request.GET))
    facts = Facts(given["name"], tuple(filter(None, [given["number"].strip()])), given["phone"], given["born"])
    found = merging.duplicates(by, facts, right="people.view")
    audit.saw("person.matched", "person", [one.person.pk for one in found], by=by, at=clock.now())
    asked = any((given["name"], given["number"], given["phone"], given["born"]))
    return render(request, "org/_fragments/who.html", {"found": found, "asked": asked, "fill": given["fill"]})


@require_GET
@signed_in
def duplicates(request: Request, person_id: int) -> HttpResponse:
    """Records that may be the same human being, and merges this one was part of."""
    by = request.actor
    person = queries.person_for(by, person_id, MANAGE)
    by.require(MANAGE, person.home_path)
    found = merging.duplicates_of(by, person)
    audit.saw("person.matched", "person", [person.pk, *(one.person.pk for one in found)], by=by, at=clock.now())
    merges = list(merging.merges_of(by, person)[:50])
    return render(request, "org/duplicates.html", {"person": person, "found": found, "merges": merges})


@require_http_methods(["GET", "POST"])
@signed_in
def merge(request: Request, person_id: int) -> HttpResponse:
    """Two records side by side and what merging would move; the post merges."""
    by = request.actor
    kept = queries.person_for(by, person_id, MANAGE)
    by.require(MANAGE, kept.home_path)
    if request.method == "GET" and "other" not in request.GET:
        return redirect("org:duplicates", kept.pk)
    other = cleaned(forms.OtherForm(request.POST or request.GET))["other"]
    merged = merging.managed(by, other)
    if request.method == "POST":
        given = cleaned(forms.MergeForm(request.POST))
        done = actions.merge(kept, merged, reason=given["reason"], leave=given["leave"], by=by, at=clock.now())
        messages.success(request, _("Merged. It can be undone here at any time."))
        return redirect("org:person_merge", done.pk)
    plan = merging.shown(by, kept, merged, actions.rehearse(kept, merged, by=by))
    audit.saw("person.seen", "person", [kept.pk, merged.pk], by=by, at=clock.now())
    return render(request, "org/merge.html", {"kept": kept, "merged": merged, "plan": plan})


@require_http_methods(["GET", "POST"])
@signed_in
def person_merge(request: Request, merge_id: int) -> HttpResponse:
    """A merge with what it moved, what changed since, and the way back."""
    by = request.actor
    row = merging.merge_for(by, merge_id)
    if request.method == "POST":
        given = cleaned(forms.UndoMergeForm(request.POST))
        give = request.POST.getlist("give")
        merging.check_give(by, row, give)
        actions.undo(row, reason=given["reason"], give=give, by=by, at=clock.now())
        messages.success(request, _("Undone: both records stand as before."))
        return redirect("org:person_merge", row.pk)
    audit.saw("person.seen", "person", [row.kept_id, row.merged_id], by=by, at=clock.now())
    context: dict[str, Any] = {"merge": row, "plan": merging.shown(by, row.kept, row.merged, merging.done(row))}
    if row.state == row.State.DONE:
        context["changes"] = merging.shown_changes(by, row, actions.changes_since(row))
    return render(request, "org/person_merge.html", context)
