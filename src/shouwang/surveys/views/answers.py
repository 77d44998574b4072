"""Answers: read, counted, taken out. Every look and every file is recorded."""

from __future__ import annotations

from urllib.parse import quote

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shouwang.core import clock
from shouwang.core.errors import BadInput, Conflict, NotFound
from shouwang.core.forms import put_error
from shouwang.core.http import Request, signed_in
from shouwang.surveys import actions, files, queries, sheet
from shouwang.surveys.forms import TemplateForm
from shouwang.surveys.rules.prefill import source_of

SHOWN = 6  # questions the table shows; all of them are on the page of one person and in the file
MARKS = (
    ("{{unit}} {{title}} {{date}}", gettext_lazy("unit, title of the survey, today")),
    ("{{asked}} {{answered}} {{unknown}}", gettext_lazy("people asked, answered, not heard of")),
    ("{{count went=yes}}", gettext_lazy("how many gave this answer; several conditions with “and”, != for not")),
    ("{{percent went=yes}}", gettext_lazy("the same as percentage of those who answered")),
    ("{{sum days}}", gettext_lazy("the sum of a number")),
    ("{{row n}} {{row number}} {{row name}} {{row class}}", gettext_lazy("a row that is written once for each person")),
    ("{{row city}}", gettext_lazy("in such a row: the person's answer to this question")),
)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_GET
@signed_in
def results(request: Request, campaign_id: int) -> HttpResponse:
    """The answers as a table."""
    by, at = request.actor, clock.now()
    row = queries.campaign_for(by, campaign_id)
    unit = queries.unit_named(by, row, request.GET.get("unit", ""))
    page = queries.results_page(by, row, unit, cursor=request.GET.get("page", ""))
    actions.note_reading(row, [found.person_id for found in page.rows], by=by, at=at)
    form, language = queries.form_of(row.version), get_language() or "zh-hans"
    asked = [q for q in form.asked() if not source_of(q)][:SHOWN]
    came = queries.files_of(page.rows)
    lines = [
        (
            found,
            [sheet.in_words(form, q, str(found.answers.get(q.key) or ""), language) for q in asked],
            len(came[found.pk]),
        )
        for found in page.rows
    ]
    context = {
        "campaign": row,
        "unit": unit,
        "page": page,
        "lines": lines,
        "heads": [form.say(q.label, language) or q.name for q in asked],
        "more": len(form.asked()) > len(asked),
        "form": TemplateForm(),
    }
    return render(request, "surveys/results.html", context)


@require_GET
@signed_in
def cross(request: Request, campaign_id: int) -> HttpResponse:
    """One question counted by unit. Numbers, no names."""
    by, at = request.actor, clock.now()
    row = queries.campaign_for(by, campaign_id)
    form, language = queries.form_of(row.version), get_language() or "zh-hans"
    unit = queries.unit_named(by, row, request.GET.get("unit", ""))
    selects = [q for q in form.questions.values() if q.is_select and not q.repeats]
    wanted = request.GET.get("question", "") or (selects[0].key if selects else "")
    table = queries.cross_tab(by, row, form, wanted, unit) if wanted else None
    if table is None and not queries.may_count(by, row):
        raise NotFound
    context = {
        "campaign": row,
        "unit": unit,
        "table": table,
        "wanted": wanted,
        "heads": [form.say(choice.label, language) for choice in table.choices] if table else [],
        "selects": [(q.key, form.say(q.label, language) or q.name) for q in selects],
        "form": TemplateForm(),
        "at": at,
    }
    return render(request, "surveys/cross.html", context)


@require_GET
@signed_in
def export(request: Request, campaign_id: int) -> HttpResponse:
    """The answers as an Excel file, masked unless `?full=1`."""
    row = queries.campaign_for(request.actor, campaign_id)
    unit = queries.unit_named(request.actor, row, request.GET.get("unit", ""))
    book = files.answers_book(
        request.actor,
        row,
        unit,
        full=request.GET.get("full") == "1",
        language=get_language() or "zh-hans",
        base=request.build_absolute_uri("/")[:-1],
        at=clock.now(),
    )
    return _download(book.content, f"{row.title}.xlsx")


@require_http_methods(["GET", "POST"])
@signed_in
def filled_template(request: Request, campaign_id: int) -> HttpResponse:
    """The superior's own table: upload it with marks, get it back filled in."""
    by = request.actor
    row = queries.campaign_for(by, campaign_id)
    if not queries.may_count(by, row):
        raise NotFound
    unit = queries.unit_named(by, row, request.GET.get("unit", ""))
    form = TemplateForm(request.POST or None, request.FILES or None)
    problems: list[str] = []
    if form.is_bound and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            filled = files.filled_template(
                by, row, unit, upload.read(), name=upload.name, full="full" in request.POST,
                language=get_language() or "zh-hans", at=clock.now(),
            )  # fmt: skip
            return _download(filled.content, upload.name)
        except BadInput as error:
            problems = list(error.data.get("problems", []))
            put_error(form, error)
    questions = [(q.key, q) for q in queries.form_of(row.version).asked()]
    said, language = queries.form_of(row.version).say, get_language() or "zh-hans"
    context = {
        "campaign": row,
        "unit": unit,
        "form": form,
        "marks": MARKS,
        "problems": problems,
        "may_read": by.holds("survey.view"),
        "questions": [
            (key, said(q.label, language) or q.name, [c.name for c in q.choices][:8]) for key, q in questions
        ],
    }
    return render(request, "surveys/template.html", context, status=422 if request.method == "POST" else 200)


def _download(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name[:120])}"
    return response


@require_GET
@signed_in
def answers(request: Request, submission_id: int) -> HttpResponse:
    """One set of answers: for the person, and for who may read them."""
    by, at = request.actor, clock.now()
    row = queries.submission_for(by, submission_id)
    actions.note_reading(row.campaign, [row.person_id], by=by, at=at)
    form, language = queries.form_of(row.version), get_language() or "zh-hans"
    own = row.person_id == by.person_id
    context = {
        "row": row,
        "told": sheet.told(form, row.answers, language, queries.files_of([row])[row.pk]),
        "own": own,
        "may_verify": not own
        and row.current
        and row.verified_at is None
        and by.holds("survey.view", row.person.home_path),
    }
    return render(request, "surveys/answers.html", context)


@require_GET
@signed_in
def answer_file(request: Request, file_id: int) -> HttpResponse:
    """A file that came with answers: a picture to be shown, anything else to be kept. The look is recorded."""
    by, at = request.actor, clock.now()
    row, content = files.attachment(by, file_id, at=at)
    response = HttpResponse(content, content_type=row.kind)
    how = "inline" if row.kind.startswith("image/") else "attachment"
    response["Content-Disposition"] = content_disposition_header(how == "attachment", row.name) or how
    # What strangers sent is never run as a page of ours, and stays in nobody's cache.
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


@require_POST
@signed_in
def verify(request: Request, submission_id: int) -> HttpResponse:
    """Say that these answers were checked."""
    row = queries.submission_for(request.actor, submission_id)
    try:
        actions.verify(row, by=request.actor, at=clock.now())
        messages.success(request, _("Kept as verified."))
    except Conflict as error:
        messages.error(request, error.sentence)
    return redirect("surveys:answers", row.pk)
