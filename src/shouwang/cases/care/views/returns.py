"""Certificates of return: the paper, taking it back, checking one; and one's own care."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_POST

from shouwang.cases.care import actions, forms, papers, queries
from shouwang.cases.care.models import Clearance
from shouwang.cases.care.views.referrals import qr_of, word
from shouwang.core import audit, clock
from shouwang.core.errors import BadInput
from shouwang.core.forms import put_error
from shouwang.core.http import Request, signed_in


@require_GET
@signed_in
def certificate(request: Request, clearance_id: int) -> HttpResponse:
    """The certificate, to be printed by the clinic or the person themselves."""
    return _page(request, queries.clearance_for(request.actor, clearance_id))


def _page(request: Request, row: Clearance, form: forms.RevokeForm | None = None) -> HttpResponse:
    by, at = request.actor, clock.now()
    audit.saw("care.certificate_seen", "care", [row.care.case.person_id], by=by, at=at, object_id=row.care_id)
    mine = by.person_id == row.care.case.person_id
    code = queries.code_of(row)
    address = request.build_absolute_uri(reverse("cases:check_code", args=[code]))
    context = {
        "row": row,
        "lines": papers.certificate_lines(row),
        "code": code,
        "qr": qr_of(address),
        "check": request.build_absolute_uri(reverse("cases:check")),
        "reviewed": None if mine else queries.reviewed_lines(row),
        "form": None if mine or not row.valid else form or forms.RevokeForm(),
        "mine": mine,
    }
    return render(request, "cases/care/certificate.html", context, status=422 if form is not None else 200)


@require_GET
@signed_in
def certificate_file(request: Request, clearance_id: int) -> HttpResponse:
    row, at = queries.clearance_for(request.actor, clearance_id), clock.now()
    person = row.care.case.person_id
    audit.saw("care.certificate_seen", "care", [person], by=request.actor, at=at, object_id=row.care_id)
    address = request.build_absolute_uri(reverse("cases:check"))
    institution = settings.INSTITUTION or _("Shouwang")
    content = papers.certificate_docx(row, address=address, institution=str(institution), at=at)
    return word(content, f"{pgettext('paper', 'Certificate of return')}-{row.number}.docx")


@require_POST
@signed_in
def revoke(request: Request, clearance_id: int) -> HttpResponse:
    row = queries.managed_clearance(request.actor, clearance_id)
    form = forms.RevokeForm(request.POST)
    if form.is_valid():
        try:
            actions.revoke(row, by=request.actor, at=clock.now(), **form.cleaned_data)
        except BadInput as error:
            put_error(form, error)
        else:
            messages.success(request, _("The certificate is withdrawn; whoever checks it learns so at once."))
            return redirect("cases:care", row.care.case_id)
    return _page(request, row, form)


@require_GET
def check(request: HttpRequest, code: str = "") -> HttpResponse:
    """Is this certificate good? Without signing in: a teacher or guard scans or types its code. No diagnosis."""
    asked = code or request.GET.get("code", "")
    verdict = queries.verify(asked, at=clock.now()) if asked.strip() else None
    return render(request, "cases/care/check.html", {"verdict": verdict, "asked": asked[:60]})


# --- one's own -------------------------------------------------------------------------------------------------------


@require_GET
@signed_in
def mine(request: Request) -> HttpResponse:
    """One's own care: until when, what was done, the certificate, whom to call, and how to object."""
    return _mine(request)


def _mine(request: Request, failed: tuple[int, forms.ObjectForm] | None = None) -> HttpResponse:
    own = queries.mine(request.actor, at=clock.now())
    rows = [
        (item, failed[1] if failed and failed[0] == item.care.pk else forms.ObjectForm(auto_id=f"own{item.care.pk}_%s"))
        for item in own
    ]
    return render(request, "cases/care/mine.html", {"rows": rows}, status=422 if failed else 200)


@require_POST
@signed_in
def object_to(request: Request, care_id: int) -> HttpResponse:
    """Say what is wrong with one's own care."""
    care = queries.own_one(request.actor, care_id)
    form = forms.ObjectForm(request.POST)
    if not form.is_valid():
        return _mine(request, (care_id, form))
    actions.object_to_care(care, text=form.cleaned_data["text"], by=request.actor, at=clock.now())
    messages.success(request, _("Sent. Somebody of the clinic answers you here."))
    return redirect("cases:my_care")
