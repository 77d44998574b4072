"""Keeping the files that come with answers, in one post or in several."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shouwang.core import audit
from shouwang.core.errors import Conflict
from shouwang.core.scope import Actor
from shouwang.org.models import Person
from shouwang.surveys import kept
from shouwang.surveys.actions.answering import submit
from shouwang.surveys.models import Attachment, Campaign, Submission
from shouwang.surveys.queries.forms import form_of
from shouwang.surveys.rules import attachments as rules


def submit_with_files(
    campaign: Campaign,
    *,
    person: Person,
    answers: Mapping[str, Any],
    files: Mapping[str, bytes],
    client_key: str,
    proxy_reason: str,
    mouth: str,
    by: Actor,
    at: datetime,
) -> tuple[Submission, int]:
    """`submit`, and the files that the answers name; (row, files that are new). The same submission again with more
    of its files adds them. Files that the answers do not name are left out.

    BadAttachment names a file that cannot be kept, Conflict one that was sent before with other content; then nothing
    of this post is written.
    """
    form = form_of(campaign.version)
    made: list[str] = []
    try:
        with transaction.atomic():
            row = submit(
                campaign, person=person, answers=answers, client_key=client_key, proxy_reason=proxy_reason,
                mouth=mouth, by=by, at=at,
            )  # fmt: skip
            named = rules.named_files(form, row.answers)
            wanted = {name: files[name] for name in files if name in named}
            keep_place = rules.asks_place(form)
            found = [rules.checked(name, raw, named[name], keep_place=keep_place) for name, raw in wanted.items()]
            new = _attach(row, found, made, by=by, at=at)
    except BaseException:
        kept.remove(made)
        raise
    return row, new


def _attach(row: Submission, found: list[rules.Kept], made: list[str], *, by: Actor, at: datetime) -> int:
    Submission.objects.select_for_update().get(pk=row.pk)  # two posts of one submission wait for each other
    there = {one.name: one.sha256 for one in Attachment.objects.filter(submission=row)}
    new = []
    for file in found:
        digest = hashlib.sha256(file.content).hexdigest()
        if there.get(file.name, digest) != digest:
            sentence = _("The file “%(name)s” was sent already, with other content. Send the form anew.")
            raise Conflict(sentence, code="attachment_differs", field=file.name, name=file.name)
        if file.name not in there:
            made.append(kept.put(file.content))
            new.append(
                Attachment(
                    submission=row,
                    name=file.name,
                    kind=file.kind,
                    size=len(file.content),
                    sha256=digest,
                    stored_as=made[-1],
                    cleaned=file.cleaned,
                    at=at,
                )
            )
    if len(there) + len(new) > rules.MOST_FILES:
        raise rules.too_many()
    Attachment.objects.bulk_create(new)
    if new:
        told = {"files": len(new)}
        audit.record("survey.attached", "survey", row.campaign_id, by=by, at=at, subject=row.person_id, new=told)
    return len(new)
