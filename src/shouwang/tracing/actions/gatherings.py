"""Gatherings with their lists: presence of everybody on it, built into the days they touch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shouwang.core import audit, clock
from shouwang.core.errors import BadInput, Conflict
from shouwang.core.retention import keep_days
from shouwang.core.scope import Actor
from shouwang.tracing.actions import days as day_actions
from shouwang.tracing.actions.presence import ImportOptions, with_owner
from shouwang.tracing.models_gatherings import Gathering
from shouwang.tracing.presence.resolving import people_by_number, places_by_text
from shouwang.tracing.queries import presence as queries
from shouwang.tracing.rules.intake import AMBIGUOUS

LONGEST_TITLE, LONGEST_REASON = 120, 300
MOST_PARTICIPANTS = 5000
LONGEST = timedelta(hours=24)
"""Longer ones are entered day by day. Assumption of this room."""


def register(
    title: str,
    *,
    where: str,
    starts_at: datetime,
    ends_at: datetime,
    numbers: Sequence[str],
    by: Actor,
    at: datetime,
) -> Gathering:
    """Enter what was held and who took part; needs presence.import. The days it touches are built anew at once.

    BadInput names the field: an unknown place, an unknown number (all or none are kept), a time that has not passed.
    """
    by.require(day_actions.IMPORT)
    options = with_owner(ImportOptions(), by)
    place = places_by_text([where], options.places)[where] if where.strip() else None
    place = _check(title, place, starts_at, ends_at, at)
    wanted = list(dict.fromkeys(number.strip() for number in numbers if number.strip()))
    if not 1 <= len(wanted) <= MOST_PARTICIPANTS:
        raise BadInput(_("Enter 1 to %(most)s participants."), field="numbers", most=MOST_PARTICIPANTS)
    people = people_by_number(wanted)
    unknown = [number for number in wanted if number not in people]
    if unknown:
        raise BadInput(
            _("Nobody in the roster has these numbers: %(numbers)s."), field="numbers", numbers=", ".join(unknown[:10])
        )
    with transaction.atomic():
        row = Gathering.objects.create(
            title=title.strip(), place_id=place, starts_at=starts_at, ends_at=ends_at, owner=options.owner,
            entered_at=at, entered_by_id=by.account_id,
            purge_on=clock.local_day(at) + timedelta(days=keep_days("presence")),
        )  # fmt: skip
        row.participants.set(people.values())
        days = _days(row)
        day_actions.mark_stale(days, at=at)
        new = {"people": len(people), "from": starts_at.isoformat(), "until": ends_at.isoformat()}
        audit.record("gathering.entered", "gathering", row.pk, by=by, at=at, new=new)
    day_actions.build_each(days, by=by, at=at)
    return row


def withdraw(gathering: Gathering, *, reason: str, by: Actor, at: datetime) -> Gathering:
    """It was entered by mistake: nobody was there by it any more. Needs presence.import and a reason."""
    by.require(day_actions.IMPORT)
    if not reason.strip():
        raise BadInput(_("Give a reason."), field="reason")
    if len(reason.strip()) > LONGEST_REASON:
        raise BadInput(_("At most %(limit)s characters."), field="reason", limit=LONGEST_REASON)
    queries.gathering_for(by, gathering.pk)
    with transaction.atomic():
        row = Gathering.objects.select_for_update().get(pk=gathering.pk)
        if row.withdrawn_at is not None:
            raise Conflict(_("This gathering was withdrawn already."))
        row.withdrawn_at, row.reason = at, reason.strip()
        row.save(update_fields=["withdrawn_at", "reason"])
        days = _days(row)
        day_actions.mark_stale(days, at=at)
        audit.record("gathering.withdrawn", "gathering", row.pk, by=by, at=at, new={"reason": row.reason})
    day_actions.build_each(days, by=by, at=at)
    return row


def _check(title: str, place: int | None, starts_at: datetime, ends_at: datetime, at: datetime) -> int:
    if not title.strip() or len(title.strip()) > LONGEST_TITLE:
        raise BadInput(_("Name the gathering, in at most %(limit)s characters."), field="title", limit=LONGEST_TITLE)
    if place is None or place < 0:
        ambiguous = place == AMBIGUOUS
        raise BadInput(
            _("Several places have this name. Use the code of the place instead of its name.")
            if ambiguous
            else _("No place has this code or name."),
            field="where",
        )
    if ends_at <= starts_at:
        raise BadInput(_("The end must lie after the beginning."), field="ends_at")
    if ends_at > at:
        raise BadInput(_("Enter the list when the gathering is over."), field="ends_at")
    if ends_at - starts_at > LONGEST:
        hours = int(LONGEST.total_seconds() // 3600)
        raise BadInput(
            _("At most %(hours)s hours at one place. Enter longer stays day by day."), field="ends_at", hours=hours
        )
    return place


def _days(row: Gathering) -> list[date]:
    first, last = clock.local_day(row.starts_at), clock.local_day(row.ends_at - timedelta(microseconds=1))
    return [first + timedelta(days=k) for k in range((last - first).days + 1)]
