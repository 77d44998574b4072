"""Lessons that are not held as the timetable says: the list, one by hand, a file."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from shouwang.core import clock
from shouwang.core.errors import BadInput
from shouwang.core.forms import cleaned, put_error
from shouwang.core.http import Request, signed_in
from shouwang.tracing import actions
from shouwang.tracing.forms import LessonChangeForm, LessonFileForm
from shouwang.tracing.queries import presence as queries
from shouwang.tracing.rules.timetable_changes import Asked
from shouwang.tracing.views.uploads import kept, tell

SHOWN = 200


@require_http_methods(["GET", "POST"])
@signed_in
def listing(request: Request) -> HttpResponse:
    """Changes, latest day first, and the form for one more."""
    request.actor.require(actions.IMPORT)
    form = LessonChangeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.lessons.change_lesson(Asked(**form.cleaned_data), by=request.actor, at=clock.now())
        except BadInput as error:
            put_error(form, error)
        else:
            messages.success(request, _("Entered. Days already built are built anew within minutes."))
            return redirect("tracing:lessons")
    return _page(request, form, LessonFileForm(), 422 if form.errors else 200)


@require_POST
@signed_in
def bring(request: Request) -> HttpResponse:
    """A table of changes."""
    request.actor.require(actions.IMPORT)
    form = LessonFileForm(request.POST, request.FILES)
    upload = cleaned(form)["file"]
    with kept(upload) as path:
        options = actions.ImportOptions(name=upload.name)
        result = actions.lessons.import_changes(path, options=options, by=request.actor, at=clock.now())
    tell(request, result)
    return redirect("tracing:lessons")


@require_POST
@signed_in
def restore(request: Request, pk: int) -> HttpResponse:
    actions.lessons.restore_lesson(pk, by=request.actor, at=clock.now())
    messages.success(request, _("The lesson is held as the timetable says."))
    return redirect("tracing:lessons")


def _page(request: Request, form: LessonChangeForm, file_form: LessonFileForm, status: int) -> HttpResponse:
    rows = queries.lesson_changes(request.actor)[:SHOWN]
    return render(request, "tracing/lessons.html", {"form": form, "file_form": file_form, "rows": rows}, status=status)
