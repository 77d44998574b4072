"""What every verb of this room does first and last: ask the right, lock the row, demand a reason, count the version."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from shouwang.cases.models import Case
from shouwang.core import clock
from shouwang.core.errors import BadInput, Conflict, Forbidden
from shouwang.core.retention import keep_days
from shouwang.core.scope import Actor
from shouwang.org.models import Person
from shouwang.org.queries import reachable

MANAGE = "case.manage"
REASON_LENGTH = 300


def aware(value: datetime | None) -> datetime | None:
    """A moment without zone is the institution's local time."""
    return value.replace(tzinfo=clock.zone()) if value is not None and value.tzinfo is None else value


def onset_moment(value: datetime | None, day_only: bool) -> datetime | None:
    found = aware(value)
    return clock.day_start(clock.local_day(found)) if found is not None and day_only else found


def iso(value: object) -> Any:
    return value.isoformat() if isinstance(value, datetime | date) else value


def reason_text(reason: str) -> str:
    text = reason.strip()
    if not text:
        raise BadInput(_("Say why, in a few words."), code="reason_missing", field="reason")
    if len(text) > REASON_LENGTH:
        raise BadInput(
            _("The reason is longer than %(limit)s characters. Shorten it."), field="reason", limit=REASON_LENGTH
        )
    return text


def within(by: Actor, person: Person, right: str) -> bool:
    return by.holds(right, person.home_path) or (
        by.holds(right) and Person.objects.filter(reachable(by, right), pk=person.pk).exists()
    )


def require(by: Actor, person: Person, right: str) -> None:
    if not within(by, person, right):
        raise Forbidden(data_right=right)


def lock(case: Case) -> None:
    """Refresh `case` in place and hold its row until the transaction ends."""
    rows = Case.objects.select_for_update(of=("self",)).select_related("person")
    case.refresh_from_db(from_queryset=rows)


def save(case: Case, *fields: str) -> None:
    case.version += 1
    case.save(update_fields=[*fields, "version"])


def purge_on(at: datetime) -> date:
    return clock.local_day(at) + timedelta(days=keep_days("case"))


def check_none_open(person_id: int, disease: str) -> None:
    present = Case.objects.filter(person_id=person_id, disease=disease, closed_at__isnull=True).first()
    if present is not None:
        raise Conflict(
            _("Case %(number)s of the same disease is open for this person. Continue there."),
            code="case_exists", number=present.number, case=present.pk,
        )  # fmt: skip
