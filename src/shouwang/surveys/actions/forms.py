"""Taking a form in: the same file again is the same version, another one under the same id is the next."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO
from pathlib import PurePath

from django.db import transaction

from shouwang.core import audit
from shouwang.core.scope import Actor
from shouwang.surveys import ready, rules
from shouwang.surveys.models import FormVersion, SurveyForm


def import_form(content: bytes, *, file_name: str, by: Actor, at: datetime) -> FormVersion:
    """Read an XLSForm and keep it. Needs survey.manage.

    FileError when it is no workbook, BrokenForm with every finding when it is no form; then nothing is written.
    """
    by.require("survey.manage")
    name = PurePath(file_name.replace("\\", "/")).name[:255] or "form.xlsx"
    book = rules.read_workbook(BytesIO(content), name)
    form = rules.build(book, title=PurePath(name).stem)
    return _keep(book, form, content, name, by=by, at=at)


def import_ready(code: str, *, by: Actor, at: datetime) -> FormVersion:
    """One of the forms that come with the system (`ready.codes`). NotFound for another code."""
    by.require("survey.manage")
    return import_form(ready.xlsx(code), file_name=f"{code}.xlsx", by=by, at=at)


@transaction.atomic
def _keep(book: rules.Workbook, form: rules.Form, content: bytes, name: str, *, by: Actor, at: datetime) -> FormVersion:
    title = (form.title or form.form_id)[:200]
    parent, _new = SurveyForm.objects.get_or_create(code=form.form_id[:80], defaults={"title": title, "created_at": at})
    parent = SurveyForm.objects.select_for_update().get(pk=parent.pk)
    same = parent.versions.filter(sha256=form.sha256).first()
    if same is not None:
        return same
    last = parent.versions.order_by("-number").values_list("number", flat=True).first() or 0
    version = FormVersion.objects.create(
        form=parent,
        number=last + 1,
        title=title,
        sha256=form.sha256,
        file_name=name,
        original=content,
        rows=book.as_json(),
        xform=rules.to_xform(book, form, version=str(last + 1)),
        languages=list(form.languages),
        questions=len(form.questions),
        account_id=by.account_id,
        created_at=at,
    )
    new = {"form": parent.code, "number": version.number, "sha256": form.sha256}
    audit.record("survey.form_imported", "survey_form", version.pk, by=by, at=at, new=new)
    return version
