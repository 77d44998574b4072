"""Making a campaign: choose a form, or bring one; then say whom it asks, and see how many that is."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from shouwang.core import clock
from shouwang.core.errors import BadInput, Forbidden, NotFound, ShouwangError
from shouwang.core.forms import put_error
from shouwang.core.http import Request, partial, signed_in
from shouwang.org.models import Organisation
from shouwang.org.queries import organisation_named, place_named, top_organisations
from shouwang.surveys import actions, queries, ready, rules
from shouwang.surveys.forms import CampaignForm, UploadForm, in_two_days
from shouwang.surveys.models import FormVersion

RECENT = 20


@require_http_methods(["GET", "POST"])
@signed_in
def new(request: Request) -> HttpResponse:
    """Choose a ready-made form, one used before, or upload one; a broken one is shown with all its errors."""
    by, at = request.actor, clock.now()
    versions = queries.visible_versions(by)
    form, problems = UploadForm(), []
    if request.method == "POST":
        try:
            if code := request.POST.get("ready", ""):
                return redirect("surveys:aim", actions.import_ready(code, by=by, at=at).pk)
            form = UploadForm(request.POST, request.FILES)
            if form.is_valid():
                upload = form.cleaned_data["file"]
                made = actions.import_form(upload.read(), file_name=upload.name, by=by, at=at)
                messages.success(request, _("The form has %(count)s questions.") % {"count": made.questions})
                return redirect("surveys:aim", made.pk)
        except rules.BrokenForm as error:
            problems = list(error.problems)
        except BadInput as error:
            put_error(form, error)
    context = {
        "form": form,
        "problems": problems[:500],
        "problem_count": len(problems),
        "ready": ready.offered(),
        "versions": list(versions[:RECENT]),
    }
    return render(request, "surveys/new.html", context, status=422 if request.method == "POST" else 200)


@require_http_methods(["GET", "POST"])
@signed_in
def aim(request: Request, version_id: int) -> HttpResponse:
    """Whom to ask, until when. The number of people is shown before anything is made."""
    by, at = request.actor, clock.now()
    version = queries.version_for(by, version_id)
    counting = partial(request) or "count" in request.POST
    form = CampaignForm(request.POST or None, initial=_initial(request, version))
    people: int | None = None
    if form.is_bound and form.is_valid():
        try:
            unit, found = _aim(request, form.cleaned_data)
            people = queries.people_of(found, unit).count()
            if not counting:
                row = actions.new_campaign(
                    version=version,
                    organisation=unit,
                    aim=found,
                    title=form.cleaned_data["title"],
                    why=form.cleaned_data["why"],
                    deadline=form.cleaned_data["deadline"],
                    remind_hours=24 if (hours := form.cleaned_data["remind_hours"]) is None else hours,
                    by=by,
                    at=at,
                )
                return redirect("surveys:campaign", row.pk)
        except NotFound as error:
            put_error(form, BadInput(error.message, field=form_field(error), **error.data))
        except (BadInput, Forbidden) as error:
            put_error(form, error)
    context = {"form": form, "version": version, "people": people, "counted": form.is_bound}
    if partial(request):
        return render(request, "surveys/_fragments/people_count.html", context)
    return render(request, "surveys/aim.html", context, status=422 if form.is_bound and not counting else 200)


def form_field(error: ShouwangError) -> str:
    """The field of the page for a field of org."""
    return "unit" if error.field == "organisation" else error.field or "unit"


def _aim(request: Request, values: dict[str, Any]) -> tuple[Organisation, queries.Aim]:
    unit = organisation_named(request.actor, values["unit"], right="survey.manage")
    places = (place_named(request.actor, values["place"]).pk,) if values["place"] else ()
    found = queries.Aim((), tuple(values["kinds"]), tuple(values["situations"]), places)
    queries.check_aim(found, unit)
    return unit, found


def _initial(request: Request, version: FormVersion) -> dict[str, Any]:
    tops = top_organisations(request.actor, on=clock.today(), right="survey.manage")
    own = tops[0].node.code if len(tops) == 1 else ""
    form = queries.form_of(version)
    found = next((item for item in ready.offered() if item.code == form.form_id), None)
    return {
        "title": found.title if found else version.title,
        "why": found.why if found else "",
        "unit": own,
        "kinds": ["student"],
        "deadline": in_two_days(),
        "remind_hours": 24,
    }


@require_GET
@signed_in
def form_file(request: Request, version_id: int) -> HttpResponse:
    """The original file, as it was uploaded."""
    version = queries.version_for(request.actor, version_id)
    response = HttpResponse(bytes(version.original), content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="form-{version.pk}{_suffix(version.file_name)}"'
    return response


def _suffix(name: str) -> str:
    return next((ending for ending in (".xls", ".ods") if name.lower().endswith(ending)), ".xlsx")
