"""Files that came with answers: whoever may read the answers may read them."""

from __future__ import annotations

from collections.abc import Iterable

from shouwang.core.errors import NotFound
from shouwang.core.scope import Actor
from shouwang.surveys.models import Attachment, Submission
from shouwang.surveys.queries.forms import form_of
from shouwang.surveys.queries.own import may_read
from shouwang.surveys.rules.attachments import named_files


def file_for(by: Actor, file_id: int) -> Attachment:
    """One file, within reach of survey.view or of one's own answers. NotFound otherwise."""
    rows = Attachment.objects.filter(may_read(by, "submission__person"), pk=file_id)
    row = rows.select_related("submission__campaign").first()
    if row is None:
        raise NotFound
    return row


def files_of(rows: Iterable[Submission]) -> dict[int, dict[str, Attachment]]:
    """Submission -> name -> file. One query for all of them."""
    found: dict[int, dict[str, Attachment]] = {row.pk: {} for row in rows}
    for one in Attachment.objects.filter(submission__in=list(found)):
        found[one.submission_id][one.name] = one
    return found


def missing_files(row: Submission) -> list[str]:
    """Names of files that the answers speak of and that have not come yet, in the order of the answers."""
    there = set(Attachment.objects.filter(submission=row).values_list("name", flat=True))
    return [name for name in named_files(form_of(row.version), row.answers) if name not in there]
