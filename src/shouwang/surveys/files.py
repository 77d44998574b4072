"""Files that leave the system, the same from page, API and command line: scoped, masked by default, recorded."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from shouwang.core import clock
from shouwang.core.errors import NotFound
from shouwang.core.scope import Actor
from shouwang.org.models import Organisation
from shouwang.surveys import actions, exporting, kept, queries, templating
from shouwang.surveys.models import Attachment, Campaign


def answers_book(
    by: Actor, campaign: Campaign, unit: Organisation | None, *, full: bool, language: str, base: str = "", at: datetime
) -> exporting.Book:  # fmt: skip
    """The answers within reach of survey.view as .xlsx. NotFound without it. Files stand in it by name and address;
    `base` is what comes before the path of the address."""
    form = queries.form_of(campaign.version)
    rows = queries.result_rows(by, campaign, unit)
    local = at.astimezone(clock.zone())
    book = exporting.workbook(
        form, rows, title=campaign.title, language=language, full=full, base=base, by=by.label, at=local
    )
    what = "full" if full else "masked"
    actions.note_export(campaign, book.people, rows=book.rows, what=what, by=by, at=at)
    return book


def attachment(by: Actor, file_id: int, *, at: datetime) -> tuple[Attachment, bytes]:
    """A file that came with answers, as it is kept; the look is recorded. NotFound also when it is gone from disk."""
    row = queries.file_for(by, file_id)
    content = kept.get(row.stored_as)
    if content is None:
        raise NotFound(_("This file is not on disk any more; restore it from the backup."), code="file_lost")
    actions.note_reading(row.submission.campaign, [row.submission.person_id], by=by, at=at)
    return row, content


def filled_template(
    by: Actor, campaign: Campaign, unit: Organisation | None, content: bytes, *, name: str, full: bool, language: str,
    at: datetime,
) -> templating.Filled:  # fmt: skip
    """The superior's table filled in. Counting: survey.view or who manages it; rows of people: survey.view."""
    facts, people = _facts(by, campaign, unit, full=full, language=language, at=at)
    filled = templating.fill_template(content, facts, name=name)
    shown = people if filled.rows else []
    actions.note_export(campaign, shown, rows=filled.rows, what="template", by=by, at=at)
    return filled


def _facts(
    by: Actor, campaign: Campaign, unit: Organisation | None, *, full: bool, language: str, at: datetime
) -> tuple[templating.Facts, list[int]]:  # fmt: skip
    form = queries.form_of(campaign.version)
    counted = list(queries.answers_within(by, campaign, unit).values_list("answers", flat=True))
    rows = list(queries.result_rows(by, campaign, unit)) if by.holds("survey.view") else None
    people = None
    if rows is not None:
        people = [
            templating.Person(
                row.person.number, row.person.name, row.person.home.title if row.person.home else "",
                str(row.get_source_display()), row.answers,
            )
            for row in rows
        ]  # fmt: skip
    asked = queries.asked_within(by, campaign, unit)
    title, place = campaign.title, (unit or campaign.organisation).title
    facts = templating.Facts(
        form, title, place, clock.local_day(at), asked, counted, people, language, full=full
    )  # fmt: skip
    return facts, [row.person_id for row in rows or ()]
