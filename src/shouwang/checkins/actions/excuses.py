"""Excusing people from the daily check-in until a day, with a reason from a fixed list. It expires by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shouwang.checkins import rules
from shouwang.checkins.actions.standings import parts, renew_excuses
from shouwang.checkins.models import Excuse
from shouwang.core import audit, clock
from shouwang.core.bulk import insert_many
from shouwang.core.errors import BadInput, Forbidden
from shouwang.core.retention import keep_days
from shouwang.core.scope import Actor
from shouwang.org.models import Person
from shouwang.org.queries import reached

EXCUSE = "checkin.excuse"
LONGEST = 400  # days (assumption: an internship year; longer is no excuse but a change of situation)
NOTE_LIMIT = 200
OK, UNCHANGED, OUT_OF_REACH = "ok", "unchanged", "forbidden"


def check_excuse(*, code: str, note: str, starts: date, ends: date, today: date) -> str:
    """The note, tidied. BadInput names what is missing, out of order or too long."""
    if code not in Excuse.Code.values:
        raise BadInput(_("Unknown reason %(value)s."), code="excuse_code", field="code", value=rules.shown(code))
    tidy = rules.text(note, "note", NOTE_LIMIT)
    if code == Excuse.Code.OTHER and not tidy:
        raise BadInput(_("Say which other reason it is."), code="excuse_note_required", field="note")
    if ends < starts:
        sentence = _("An excuse cannot end on %(ends)s, before it begins on %(starts)s.")
        raise BadInput(sentence, code="ends_before_start", field="ends", starts=str(starts), ends=str(ends))
    if ends < today:
        raise BadInput(_("An excuse that is over excuses nobody."), code="excuse_over", field="ends")
    if (ends - starts).days >= LONGEST or (starts - today).days >= LONGEST:
        sentence = _("An excuse is at most %(limit)s days long and begins within as many days.")
        raise BadInput(sentence, code="excuse_too_long", field="ends", limit=LONGEST)
    return tidy


@transaction.atomic
def excuse(
    people: Sequence[Person],
    *,
    code: str,
    starts: date,
    ends: date,
    note: str = "",
    by: Actor,
    at: datetime,
) -> Mapping[int, str]:
    """Excuse `people` from `starts` to `ends`, both included. Returns for each id "ok", "unchanged" (already excused
    so) or "forbidden" (no checkin.excuse over them). Set-based. BadInput as `check_excuse`: then nothing is written."""
    day = clock.local_day(at)
    tidy = check_excuse(code=code, note=note, starts=starts, ends=ends, today=day)
    reachable = reached(by, EXCUSE, people)
    result = {person.pk: OK if person.pk in reachable else OUT_OF_REACH for person in people}
    for part in parts([pk for pk, outcome in result.items() if outcome == OK]):
        same = Excuse.objects.filter(person_id__in=part, code=code, starts__lte=starts, ends__gte=ends, note=tidy)
        result |= dict.fromkeys(same.values_list("person_id", flat=True), UNCHANGED)
    made = [pk for pk, outcome in result.items() if outcome == OK]
    columns = ("person", "code", "note", "starts", "ends", "account", "made_at", "purge_on")
    tail = (code, tidy, starts, ends, by.account_id, at, ends + timedelta(days=keep_days("excuse")))
    insert_many(Excuse, columns, ((pk, *tail) for pk in made))
    renew_excuses(made, on=day)
    new = {"starts": str(starts), "ends": str(ends)}
    audit.record_many("checkin.excused", "person", ((pk, pk, new) for pk in made), by=by, at=at)
    return result


@transaction.atomic
def end_excuse(row: Excuse, *, by: Actor, at: datetime) -> None:
    """From today the person is expected again. Forbidden without checkin.excuse over them; ending it twice changes
    nothing."""
    if row.person_id not in reached(by, EXCUSE, [row.person]):
        raise Forbidden
    day = clock.local_day(at)
    if row.ends < day:
        return
    yesterday = day - timedelta(days=1)
    if row.starts > yesterday:
        Excuse.objects.filter(pk=row.pk).delete()
    else:
        Excuse.objects.filter(pk=row.pk).update(ends=yesterday)
    renew_excuses([row.person_id], on=day)
    new = {"ends": str(yesterday)}
    audit.record("checkin.excuse_ended", "person", row.person_id, by=by, at=at, subject=row.person_id, new=new)
