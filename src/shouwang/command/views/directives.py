"""Directives: the list, writing, review of what was read, issue, receipts, the paper itself."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shouwang.command import actions, queries
from shouwang.command.forms import (
    AimsForm,
    DirectiveForm,
    MeasureForm,
    ReasonForm,
    attachments_text,
    units_inside,
)
from shouwang.command.models import Directive, Measure
from shouwang.command.papers import directive_document, directive_file_name, official_of
from shouwang.command.queries import directives as reads
from shouwang.command.reading import capability_name
from shouwang.core import clock
from shouwang.core.errors import BadInput, Conflict, NotFound, ShouwangError
from shouwang.core.forms import put_error
from shouwang.core.http import Request, signed_in
from shouwang.org.models import Organisation

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
TONES = {"draft": "neutral", "review": "notice", "issued": "good", "superseded": "special", "withdrawn": "warn"}
MEASURE_TONES = {"proposed": "notice", "accepted": "good", "dropped": "neutral"}


@require_GET
@signed_in
def listing(request: Request) -> HttpResponse:
    """Directives one writes, signs or has received, newest first."""
    by, now = request.actor, clock.now()
    state = request.GET.get("state", "")
    if state and state not in Directive.State.values:
        raise BadInput(_("This filter is not known."), field="state")
    page = queries.directives_page(by, state=state, cursor=request.GET.get("page"), on=clock.local_day(now))
    counts = reads.receipt_counts(list(page.rows))
    context = {
        "page": page,
        "rows": [(row, TONES[row.state], *counts.get(row.pk, (0, 0))) for row in page.rows],
        "state": state,
        "states": Directive.State.choices,
        "may_write": by.holds(queries.MANAGE),
        "as_of": now,
    }
    return render(request, "command/directives.html", context)


def issuer_of(request: Request) -> Organisation:
    """For whom the asker writes: the topmost organisation in reach, or the one that the address names."""
    return reads.issuer_for(request.actor, request.GET.get("organisation"))


@require_http_methods(["GET", "POST"])
@signed_in
def write(request: Request) -> HttpResponse:
    """A new draft."""
    organisation = issuer_of(request)
    form = DirectiveForm(request.POST or None, organisation=organisation)
    if form.is_valid():
        try:
            row = actions.write_directive(
                organisation=organisation, values=_values(form), by=request.actor, at=clock.now()
            )
        except BadInput as error:
            put_error(form, error)
        else:
            messages.success(request, _("Kept as a draft."))
            return redirect("command:directive", row.pk)
    context = {"form": form, "organisation": organisation}
    return render(request, "command/directive_edit.html", context, status=422 if form.errors else 200)


def _values(form: DirectiveForm) -> dict[str, Any]:
    """What the form gives, by the names of the columns."""
    given = {name: value for name, value in form.cleaned_data.items() if name not in ("version", "number_prefix")}
    return given | {"prefix": form.cleaned_data["number_prefix"]}


@require_http_methods(["GET", "POST"])
@signed_in
def edit(request: Request, pk: int) -> HttpResponse:
    """Change a draft. What somebody else changed meanwhile stands beside one's own."""
    row = queries.managed_directive(request.actor, pk)
    shown = {name: getattr(row, name) for name in reads.FIELDS}
    shown |= {"version": row.version, "attachments": attachments_text(row.attachments), "number_prefix": row.prefix}
    form = DirectiveForm(request.POST or None, initial=shown, organisation=row.organisation)
    clashes: list[dict[str, Any]] = []
    status = 200
    if form.is_valid():
        version = form.cleaned_data["version"] or row.version
        try:
            actions.edit_directive(row, version=version, values=_values(form), by=request.actor, at=clock.now())
        except (BadInput, Conflict) as error:
            put_error(form, error)
            clashes, status = _clashes(form, error), error.status
        else:
            messages.success(request, _("Kept."))
            return redirect("command:directive", row.pk)
    elif form.is_bound:
        status = 422
    context = {"form": form, "directive": row, "organisation": row.organisation, "clashes": clashes}
    return render(request, "command/directive_edit.html", context, status=status)


def _clashes(form: Any, error: ShouwangError) -> list[dict[str, Any]]:
    """What both changed; the form goes on from the version that now stands, so that sending again decides."""
    found = []
    for clash in error.data.get("clashes", []):
        theirs = clash["theirs"]
        if clash["field"] == "attachments":
            theirs = attachments_text(theirs)
        name = "number_prefix" if clash["field"] == "prefix" else clash["field"]
        found.append({"label": form.fields[name].label if name in form.fields else name, "theirs": theirs})
    if found:
        form.data = form.data.copy()
        form.data["version"] = error.data["version"]
    return found


@require_GET
@signed_in
def directive(request: Request, pk: int) -> HttpResponse:
    """One directive: the text, what it orders, where it stands; for its recipients, to acknowledge."""
    by, now = request.actor, clock.now()
    on = clock.local_day(now)
    row = queries.directive_for(by, pk, on=on)
    actions.mark_read(row, by=by, at=now)
    manages = by.holds(queries.MANAGE, row.organisation.path)
    measures = list(row.measures.select_related("owner_unit"))
    whole = reads.sees_whole(by, row)
    counts = reads.task_counts(row) if row.issued_at else {}
    context = {
        "directive": row, "tone": TONES[row.state], "paper": official_of(row), "manages": manages, "whole": whole,
        "measures": [_shown(measure, counts) for measure in measures if whole or measure.state == "accepted"],
        "undecided": sum(measure.state == "proposed" for measure in measures),
        "may_sign": by.holds(queries.SIGN, row.organisation.path),
        "own": reads.own_receipts(by, row, queries.answered_by(by, on=on)),
        "receipts": reads.receipt_numbers(row, at=now) if row.issued_at else None,
        "aims": _aims(row), "reason_form": ReasonForm(), "as_of": now,
        "unread": [one for one in row.found.get("unread", []) if one["text"]],
    }  # fmt: skip
    return render(request, "command/directive.html", context)


def _shown(measure: Measure, counts: dict[int, dict[str, int]]) -> dict[str, Any]:
    found = counts.get(measure.pk, {})
    name = capability_name(measure.capability) if measure.capability else ""
    return {
        "row": measure, "name": name, "tone": MEASURE_TONES[measure.state], "total": sum(found.values()),
        "verified": found.get("verified", 0), "hint": measure.found.get("owner_hint"),
        "deadline": measure.found.get("deadline_words"),
    }  # fmt: skip


def _aims(row: Directive) -> list[dict[str, str]]:
    units = {unit.pk: unit for unit in Organisation.objects.filter(pk__in=[aim["unit"] for aim in row.aims])}
    words = {"": _("the unit itself"), "*": _("the unit and all below it")}
    kinds = dict(Organisation.Kind.choices)
    return [
        {
            "unit": units[aim["unit"]].title,
            "which": words.get(aim["kind"]) or str(kinds[aim["kind"]]),
            "key": f"{aim['unit']}:{aim['kind']}",
        }
        for aim in row.aims
        if aim["unit"] in units
    ]


@require_http_methods(["GET", "POST"])
@signed_in
def recipients(request: Request, pk: int) -> HttpResponse:
    """To whom it goes and until when; one recipient is added or taken away at a time."""
    row = queries.managed_directive(request.actor, pk)
    initial = {"version": row.version, "acknowledge_by": row.acknowledge_by, "due_at": row.due_at,
               "unit": row.organisation_id, "kind": "college"}  # fmt: skip
    form = AimsForm(request.POST or None, initial=initial, organisation=row.organisation)
    if form.is_valid():
        try:
            _set_recipients(request, row, form.cleaned_data)
        except (BadInput, Conflict) as error:
            put_error(form, error)
        else:
            messages.success(request, _("Kept."))
            return redirect("command:recipients", row.pk)
    context = {"form": form, "directive": row, "aims": _aims(row)}
    if row.aims:
        context["units"] = reads.aimed(row.aims, on=clock.today()).count()
    return render(request, "command/directive_aims.html", context, status=422 if form.errors else 200)


def _set_recipients(request: Request, row: Directive, given: dict[str, Any]) -> None:
    values: dict[str, Any] = {"acknowledge_by": given["acknowledge_by"], "due_at": given["due_at"]}
    gone = request.POST.get("remove", "")
    if gone:
        values["aims"] = [aim for aim in row.aims if f"{aim['unit']}:{aim['kind']}" != gone]
    elif "add" in request.POST and given["unit"] is not None:
        values["aims"] = [*row.aims, {"unit": given["unit"].pk, "kind": given["kind"]}]
    version = given["version"] or row.version
    actions.edit_directive(row, version=version, values=values, by=request.actor, at=clock.now())


@require_http_methods(["GET", "POST"])
@signed_in
def measure(request: Request, pk: int, measure_id: int | None = None) -> HttpResponse:
    """Change a proposal, or add a measure that nobody read in the text."""
    row = queries.managed_directive(request.actor, pk)
    one = row.measures.filter(pk=measure_id).first() if measure_id else None
    if measure_id and one is None:
        raise NotFound
    shown = {name: getattr(one, name) for name in reads.MEASURE_FIELDS} | {"version": one.version} if one else {}
    form = MeasureForm(request.POST or None, initial=shown, units=units_inside(row.organisation))
    clashes: list[dict[str, Any]] = []
    if form.is_valid():
        values = {name: form.cleaned_data[name] for name in form.fields if name != "version"}
        try:
            if one is None:
                actions.add_measure(row, values=values, by=request.actor, at=clock.now())
            else:
                values["state"] = Measure.State.ACCEPTED
                version = form.cleaned_data["version"] or one.version
                actions.edit_measure(one, version=version, values=values, by=request.actor, at=clock.now())
        except (BadInput, Conflict) as error:
            put_error(form, error)
            clashes = _clashes(form, error)
        else:
            messages.success(request, _("Accepted."))
            return redirect("command:directive", row.pk)
    context = {"form": form, "directive": row, "measure": one, "clashes": clashes}
    return render(request, "command/measure.html", context, status=422 if form.errors else 200)


@require_POST
@signed_in
def decide(request: Request, pk: int, measure_id: int) -> HttpResponse:
    """Accept or drop one proposal as it stands."""
    row = queries.managed_directive(request.actor, pk)
    one = row.measures.filter(pk=measure_id).first()
    if one is None:
        raise NotFound
    version = request.POST.get("version", "")
    actions.edit_measure(
        one, version=int(version) if version.isdecimal() and len(version) < 9 else one.version,
        values={"state": request.POST.get("state", "")}, by=request.actor, at=clock.now(),
    )  # fmt: skip
    response = redirect("command:directive", row.pk)
    response["Location"] += f"#measure-{one.pk}"
    return response


@require_POST
@signed_in
def accept_all(request: Request, pk: int) -> HttpResponse:
    """Accept every proposal that nobody has decided."""
    row = queries.managed_directive(request.actor, pk)
    n = actions.accept_undecided(row, by=request.actor, at=clock.now())
    messages.success(request, ngettext("%(n)s proposal accepted.", "%(n)s proposals accepted.", n) % {"n": n})
    return redirect("command:directive", row.pk)


SAID = {
    "submit": gettext_lazy("In review: somebody else signs it off."),
    "sign": gettext_lazy("Signed off. It can be issued."),
    "send_back": gettext_lazy("Sent back to its authors."),
    "withdraw": gettext_lazy("Withdrawn; its open tasks are closed."),
}


@require_POST
@signed_in
def step(request: Request, pk: int, act: str) -> HttpResponse:
    """Submit, sign off, send back, issue, withdraw."""
    by, now = request.actor, clock.now()
    row = queries.directive_for(by, pk, on=clock.local_day(now))
    reason = request.POST.get("reason", "")
    if act == "submit":
        actions.submit(row, by=by, at=now)
    elif act == "sign":
        version = request.POST.get("version", "")
        seen = int(version) if version.isdecimal() and len(version) < 9 else None
        actions.sign(row, version=seen, by=by, at=now)
    elif act == "send_back":
        actions.send_back(row, reason=reason, by=by, at=now)
    elif act == "withdraw":
        actions.withdraw(row, reason=reason, by=by, at=now)
    elif act == "issue":
        row = actions.issue(row, by=by, at=now)
        said = _("Issued as %(number)s to %(n)s units.") % {"number": row.number, "n": row.receipts.count()}
        messages.success(request, said)
        return redirect("command:directive", row.pk)
    else:
        raise NotFound
    messages.success(request, SAID[act])
    return redirect("command:directive", row.pk)


@require_POST
@signed_in
def acknowledge(request: Request, pk: int, unit_id: int) -> HttpResponse:
    """A unit has received and understood it."""
    now = clock.now()
    receipt = reads.receipt_of(request.actor, pk, unit_id, on=clock.local_day(now))
    actions.acknowledge(receipt.directive, receipt.unit, by=request.actor, at=now)
    messages.success(request, _("Acknowledged for %(unit)s.") % {"unit": receipt.unit.title})
    return redirect("command:directive", pk)


@require_GET
@signed_in
def receipts(request: Request, pk: int) -> HttpResponse:
    """Who has acknowledged, who has not, and whom to ask."""
    by, now = request.actor, clock.now()
    on = clock.local_day(now)
    row = queries.directive_for(by, pk, on=on)
    if not row.issued_at:
        raise NotFound
    show = request.GET.get("show", "waiting")
    if show not in reads.RECEIPTS:
        raise BadInput(_("This filter is not known."), field="show")
    page = reads.receipts_page(by, row, show=show, cursor=request.GET.get("page"), on=on)
    owners = reads.receipt_owners(list(page.rows), on=on)
    context = {
        "directive": row, "page": page, "show": show, "as_of": now,
        "rows": [(receipt, owners.get(receipt.unit_id)) for receipt in page.rows],
        "numbers": reads.receipt_numbers(row, at=now),
        "late": row.acknowledge_by is not None and now > row.acknowledge_by,
    }  # fmt: skip
    return render(request, "command/receipts.html", context)


@require_GET
@signed_in
def paper(request: Request, pk: int) -> HttpResponse:
    """The document as it is printed."""
    row = queries.directive_for(request.actor, pk, on=clock.today())
    return render(request, "command/paper.html", {"directive": row, "paper": official_of(row)})


@require_GET
@signed_in
def paper_docx(request: Request, pk: int) -> HttpResponse:
    """The document as a Word file."""
    row = queries.directive_for(request.actor, pk, on=clock.today())
    body = directive_document(row, author=row.issuer, at=row.issued_at or row.created_at)
    name = quote(directive_file_name(row))
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    return HttpResponse(body, content_type=DOCX, headers=headers)
