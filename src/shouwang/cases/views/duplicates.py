"""Two records of one episode: merging them, and undoing it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from shouwang.cases import actions, forms, queries
from shouwang.cases.models import Case
from shouwang.core import audit, clock
from shouwang.core.errors import BadInput, Conflict, Forbidden
from shouwang.core.forms import put_error
from shouwang.core.http import Request, signed_in
from shouwang.core.verbs import say


@require_http_methods(["GET", "POST"])
@signed_in
def merge(request: Request, case_id: int) -> HttpResponse:
    """The other records of the person's disease; first what a merge would move, then (`sure`) the merge."""
    by, at = request.actor, clock.now()
    found = queries.case_for(by, case_id)
    if not actions.may_manage(by, found.person):
        raise Forbidden
    apart = {one.case.number: one.case for one in queries.siblings(found) if one.apart}
    others = {number: f"{number} · {case.get_classification_display()}" for number, case in apart.items()}
    form = forms.MergeForm(request.POST or None, others=others)
    plan: Mapping[str, Any] | None = None
    if form.is_bound and form.is_valid():
        other, reason = apart[form.cleaned_data["other"]], form.cleaned_data["reason"]
        try:
            if request.POST.get("sure"):
                actions.merge_cases(found, other, reason=reason, by=by, at=at)
                messages.success(request, _("%(number)s is part of this case now.") % {"number": other.number})
                return redirect("cases:case", found.pk)
            plan = _in_words(actions.plan_of(found, other, by=by))
        except (BadInput, Conflict) as error:
            put_error(form, error)
    audit.saw("case.viewed", "case", [found.person_id], by=by, at=at, object_id=found.pk)
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "cases/merge.html", _context(found, form, others, plan), status=status)


def _context(
    found: Case, form: forms.MergeForm, others: Mapping[str, str], plan: Mapping[str, Any] | None
) -> dict[str, Any]:
    return {
        "case": found, "form": form, "others": others, "plan": plan, "merges": queries.merges_of(found),
        "undo_form": forms.UnmergeForm(),
    }  # fmt: skip


def _in_words(plan: Mapping[str, Mapping[str, int]]) -> dict[str, list[tuple[str, int]]]:
    return {side: [(say(f"table.{table}"), number) for table, number in rows.items()] for side, rows in plan.items()}


@require_POST
@signed_in
def unmerge(request: Request, merge_id: int) -> HttpResponse:
    by = request.actor
    row = queries.merge_for(by, merge_id)
    if not actions.may_manage(by, row.merged.person):
        raise Forbidden
    form = forms.UnmergeForm(request.POST)
    if form.is_valid():
        try:
            actions.unmerge_cases(row, reason=form.cleaned_data["reason"], by=by, at=clock.now())
        except (BadInput, Conflict) as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("They are two cases again."))
    else:
        messages.error(request, _("Say why, in a few words."))
    return redirect("cases:merge", row.kept_id)
