"""Form list, form, submission."""

from __future__ import annotations

import hashlib
import re
from xml.sax.saxutils import quoteattr

from django.db.models import Q
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from shouwang.core import clock
from shouwang.core.errors import BadInput, NotFound, ShouwangError
from shouwang.core.http import Request
from shouwang.core.scope import Actor
from shouwang.org.models import Person
from shouwang.org.queries import person_by_number, reachable
from shouwang.surveys import actions, queries, rules
from shouwang.surveys.models import Campaign, Target
from shouwang.surveys.openrosa.answers import ACCEPTED, form_list, message
from shouwang.surveys.openrosa.auth import MOUTH, authorised
from shouwang.surveys.rules.attachments import MOST_BYTES, MOST_FILES, too_many
from shouwang.surveys.rules.prefill import source_of
from shouwang.surveys.rules.xform import head_of, peek

PART = "xml_submission_file"
MARK = re.compile(r"(.*)__s(\d{1,18})", re.DOTALL)


class TooLarge(ShouwangError):
    code, status = "too_large", 413


def form_id(campaign: Campaign) -> str:
    """The form's id as Collect knows it: a form asked in two campaigns is two forms there."""
    return f"{campaign.version.form.code}__s{campaign.pk}"


def open_to(by: Actor) -> list[Campaign]:
    """Open campaigns that ask this person, or people for whom they may answer."""
    asked = Target.objects.filter(
        Q(person=by.person_id or 0) | reachable(by, "survey.proxy", "person__"), left_at__isnull=True
    )
    rows = Campaign.objects.filter(state=Campaign.State.OPEN, pk__in=asked.values("campaign"))
    return list(rows.select_related("version__form", "organisation").defer("version__original", "version__rows"))


def xform_of(campaign: Campaign) -> str:
    """The XForm under the id of this campaign."""
    old, new = f"id={quoteattr(campaign.version.form.code)}", f"id={quoteattr(form_id(campaign))}"
    return campaign.version.xform.replace(old, new, 1)


@require_safe
@authorised
def forms(request: Request) -> HttpResponse:
    """GET /openrosa/formList"""
    rows = [
        {
            "formID": form_id(row),
            "name": row.title,
            "version": str(row.version.number),
            "hash": "md5:" + hashlib.md5(xform_of(row).encode(), usedforsecurity=False).hexdigest(),
            "downloadUrl": request.build_absolute_uri(reverse("openrosa:form", args=[row.pk])),
        }
        for row in open_to(request.actor)
    ]
    return form_list(rows)


@require_safe
@authorised
def form(request: Request, campaign_id: int) -> HttpResponse:
    """GET /openrosa/forms/<id>"""
    row = next((row for row in open_to(request.actor) if row.pk == campaign_id), None)
    if row is None:
        raise NotFound
    return HttpResponse(xform_of(row).encode(), content_type="text/xml; charset=utf-8")


@require_http_methods(["HEAD", "POST"])
@authorised
def submission(request: Request) -> HttpResponse:
    """HEAD asks whether it may send; POST sends. The same instanceID again is answered as the first time."""
    if request.method == "HEAD":
        answer = HttpResponse(status=204)
        answer["Location"] = request.build_absolute_uri(reverse("openrosa:submission"))
        return answer
    if _length(request) > ACCEPTED:
        raise TooLarge(_("At most %(most)s MB in one post; Collect sends the rest in the next."), most=ACCEPTED >> 20)
    part = request.FILES.get(PART)
    if part is None or part.size is None or part.size > rules.MAX_XML:
        raise BadInput(_("The part “%(part)s” is missing or too large."), code="part_missing", part=PART)
    root = peek(part.read())
    code, _version, instance = head_of(root)
    hit = MARK.fullmatch(code)
    by, at = request.actor, clock.now()
    found = next((row for row in open_to(by) if hit and row.pk == int(hit[2])), None) or _known(by, hit)
    form = queries.form_of(found.version)
    answers = rules.answers_from_xml(form, root)
    person, reason = _about(by, form, answers)
    if not instance:
        raise BadInput(_("The submission carries no instanceID."), code="instance_missing")
    sent = _files(request)
    row, new = actions.submit_with_files(
        found, person=person, answers=answers, files=sent, client_key=instance, proxy_reason=reason, mouth=MOUTH,
        by=by, at=at,
    )  # fmt: skip
    if not sent:
        return message(_("Received. Thank you."), 201)
    said = _("Received, with %(new)s new files; %(missing)s that the answers name are still missing. Thank you.")
    return message(said % {"new": new, "missing": len(queries.missing_files(row))}, 201)


def _length(request: Request) -> int:
    given = request.META.get("CONTENT_LENGTH") or "0"
    return int(given) if given.isdecimal() else 0


def _files(request: Request) -> dict[str, bytes]:
    """Every other part by its name, which is that of the file (OpenRosa form submission, "multipart"). Not more of a
    part is read than may be kept, and one byte."""
    parts = [(name, part) for name, listed in request.FILES.lists() if name != PART for part in listed]
    if len(parts) > MOST_FILES:
        raise too_many()
    return {name: part.read(MOST_BYTES + 1) for name, part in parts}


def _known(by: Actor, hit: re.Match[str] | None) -> Campaign:
    """A campaign closed meanwhile answers for itself (Conflict, or the first answer again); else NotFound."""
    rows = Campaign.objects.filter(pk=int(hit[2]) if hit else 0).exclude(state=Campaign.State.DRAFT)
    asked = Q(targets__person=by.person_id or 0) | reachable(by, "survey.proxy", "targets__person__")
    row = rows.filter(asked).select_related("version__form").distinct().first()
    if row is None:
        raise NotFound(_("This survey is not known here. Fetch the form again."))
    return row


def _about(by: Actor, form: rules.Form, answers: dict[str, str]) -> tuple[Person, str]:
    """Whom the answers are about: the number in them, where the form asks for it, else the sender.

    Somebody who goes from door to door with Collect enters for others; each of them can read that.
    """
    asks = next((q.key for q in form.questions.values() if source_of(q) == "number"), None)
    number = (answers.get(asks) or "").strip() if asks else ""
    own = Person.objects.filter(pk=by.person_id or 0).first()
    if number and (own is None or number != own.number):
        return person_by_number(by, number, right="survey.proxy"), _("entered in ODK Collect")
    if own is None:
        raise BadInput(_("Say whom this is about: their number is missing."), code="number_missing", field=asks)
    return own, ""
