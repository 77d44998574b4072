"""What every verb of this room does first and last: ask the right, lock the row, demand a reason, count the version."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from django.utils.translation import gettext_lazy as _

from shouwang.cases.models import Case, DateChange
from shouwang.core import clock
from shouwang.core.errors import BadInput, Conflict, Forbidden
from shouwang.core.retention import keep_days
from shouwang.core.scope import Actor
from shouwang.org.models import Person
from shouwang.org.queries import reachable

MANAGE = "case.manage"
REASON_LENGTH = 300


def aware(value: datetime | None, field: str) -> datetime | None:
    """A moment without zone is the institution's local time. BadInput for a year that no calendar arithmetic bears."""
    if value is None:
        return None
    if not 1900 <= value.year <= 2200:
        raise BadInput(_("The year %(year)s cannot be right. Check the date."), field=field, year=value.year)
    return clock.aware(value)


def onset_moment(value: datetime | None, day_only: bool) -> datetime | None:
    found = aware(value, "onset_at")
    return clock.day_start(clock.local_day(found)) if found is not None and day_only else found


def reason_text(reason: str, *, required: bool = True) -> str:
    """The reason as it is kept. BadInput when it is missing (unless not `required`) or too long."""
    text = reason.strip()
    if required and not text:
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


def may_manage(by: Actor, person: Person) -> bool:
    """Whether `by` may open, classify and date cases of this person."""
    return within(by, person, MANAGE)


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


Change = tuple[datetime | None, datetime | None]


def note_dates(
    case: Case, changed: Mapping[str, Change], *, reason: str, by: Actor, at: datetime, old_day_only: bool = False
) -> None:
    """Write the trail of dates: column -> (old, new), under the version just saved. `old_day_only`: of onset."""
    rows = [
        DateChange(
            case=case,
            field=field,
            old=old,
            new=new,
            old_day_only=field == "onset_at" and old_day_only,
            day_only=field == "onset_at" and case.onset_day_only,
            at=at,
            by_id=by.account_id,
            reason=reason,
            version=case.version,
        )
        for field, (old, new) in changed.items()
    ]
    DateChange.objects.bulk_create(rows)


def purge_on(at: datetime) -> date:
    return clock.local_day(at) + timedelta(days=keep_days("case"))


def check_none_open(person_id: int, disease: str) -> None:
    present = Case.objects.filter(person_id=person_id, disease=disease, closed_at__isnull=True).first()
    if present is not None:
        raise Conflict(
            _("Case %(number)s of the same disease is open for this person. Continue there."),
            code="case_exists", number=present.number, case=present.pk,
        )  # fmt: skip
