"""Why somebody stands in their list, and why they are reminded or not: in sentences, for whoever may see the list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from shouwang.checkins import rules
from shouwang.checkins.models import BulkJob, BulkRow, Excuse, LatestCheckIn
from shouwang.checkins.queries.asking import today_of
from shouwang.checkins.queries.lists import Scope, scope_of
from shouwang.checkins.rules import State
from shouwang.core import clock
from shouwang.core.errors import NotFound
from shouwang.core.scope import Actor
from shouwang.core.tree import covers
from shouwang.org.models import Person

Line = str | Promise
Teller = Callable[[Person, datetime], Sequence[Line]]
_tellers: list[Teller] = []


def tell_reminders(teller: Teller) -> None:
    """An upper room adds what it knows of a person's reminders (sent when, held back why). Called by the wiring."""
    if teller not in _tellers:
        _tellers.append(teller)


@dataclass(frozen=True, slots=True)
class Why:
    """`because`: sentences that lead from what is stored to `state`; `reminders`: whether one is due, and what was
    asked of the program. `excuses`: those not over, longest first; their reason only for whoever `sees_answers`."""

    person: Person
    state: State
    because: tuple[Line, ...]
    reminders: tuple[Line, ...]
    excuses: tuple[Excuse, ...]
    sees_answers: bool


def explain(by: Actor, person_id: int, *, at: datetime) -> Why:
    """Why this person stands where they stand at `at`. NotFound for people outside the reach of checkin.status."""
    scope, day = scope_of(by, None), clock.local_day(at)
    row = LatestCheckIn.objects.filter(pk=person_id).select_related("person__home").first()
    if row is None or not (row.pk in scope.singles or covers(scope.everywhere, row.home_path)):
        raise NotFound
    sees = sees_answers(scope, row)
    on = today_of(at)
    state = stands(row, on, sees=sees)
    excuses = tuple(Excuse.objects.filter(person=row.person, ends__gte=day).order_by("-ends", "-pk"))
    return Why(
        row.person, state, tuple(_because(row, state, on, sees)), tuple(_reminders(row, state, on, at)), excuses, sees
    )


def sees_answers(scope: Scope, row: LatestCheckIn) -> bool:
    """Whether the scope's owner may know what this person of it said."""
    return scope.singles.get(row.pk, covers(scope.seen, row.home_path))


def stands(row: LatestCheckIn, on: rules.Todays, *, sees: bool) -> State:
    """The list of a row."""
    return rules.state_of(row.known, on=on.of(row.home_path), sees_answers=sees)


def why_here(row: LatestCheckIn, on: rules.Todays, *, sees: bool) -> Line:
    """One sentence for one line of a list."""
    return _because(row, stands(row, on, sees=sees), on, sees)[-1]


def _because(row: LatestCheckIn, state: State, on: rules.Todays, sees: bool) -> list[Line]:
    lines: list[Line] = [_last_word(row)]
    match state:
        case State.SYMPTOMATIC:
            what = _("a symptom or fever") if rules.feels_ill(row.note) else _("an exposure, no symptom")
            lines.append(_("The newest word of the day tells of %(what)s.") % {"what": what})
        case State.CONFLICTING:
            lines.append(_("Two sources of the same day disagree: one told of a symptom, the newest does not."))
        case State.IN if sees:
            lines.append(_("The newest word of the day tells of nothing remarkable."))
        case State.IN:
            lines.append(_("Somebody was heard today; what they said is not shown here."))
        case State.EXCUSED if not on.of(row.home_path).asked:
            lines.append(_("Nobody is asked on %(day)s; who is not heard is not missing.") % {"day": on.day})
        case State.EXCUSED:
            lines.append(_excused(row, sees))
        case State.SILENT:
            words = _("Not heard on the last two days on which everybody was asked, %(day)s being one of them.")
            lines.append(words % {"day": on.day})
        case State.NOT_YET if row.day >= on.day:
            words = _("Heard in an earlier part of %(day)s; asked again since %(time)s and not heard since.")
            lines.append(words % {"day": on.day, "time": f"{on.of(row.home_path).since:%H:%M}"})
        case State.NOT_YET:
            lines.append(_("Asked on %(day)s and not heard yet; not excused.") % {"day": on.day})
    return lines


def _last_word(row: LatestCheckIn) -> Line:
    if row.checkin_id is None or row.at is None:
        return _("No word is on record.")
    moment = row.at.astimezone(clock.zone()).strftime("%Y-%m-%d %H:%M")
    return _("Last heard on %(moment)s, %(source)s.") % {"moment": moment, "source": row.get_source_display()}


def _excused(row: LatestCheckIn, sees: bool) -> Line:
    """The reason may tell of health ("in hospital"): only for whoever may see answers."""
    reason = dict(Excuse.Code.choices).get(row.excused_code)
    if sees and reason:
        return _("Excused until %(day)s: %(reason)s.") % {"day": row.excused_until, "reason": reason}
    return _("Excused until %(day)s.") % {"day": row.excused_until}


def _reminders(row: LatestCheckIn, state: State, on: rules.Todays, at: datetime) -> list[Line]:
    lines: list[Line] = []
    if state is State.NOT_YET and row.day >= on.day:
        words = _(
            "A reminder is due: everybody is asked again since %(time)s, and this person has not been heard since."
        )
        lines.append(words % {"time": f"{on.of(row.home_path).since:%H:%M}"})
    elif state in (State.NOT_YET, State.SILENT):
        lines.append(_("A reminder is due: everybody is asked today, and this person has not been heard."))
    elif state is State.EXCUSED:
        lines.append(_("No reminder: excused people, and days on which nobody is asked, get none."))
    else:
        lines.append(_("No reminder: already in today."))
    asked = BulkRow.objects.filter(person=row.person, job__kind=BulkJob.Kind.REMIND).exclude(code="")
    newest = asked.select_related("job").order_by("-pk").first()
    if newest is not None and newest.job.beat_at is not None:
        moment = newest.job.beat_at.astimezone(clock.zone()).strftime("%Y-%m-%d %H:%M")
        if newest.code == "ok":
            lines.append(_("Somebody asked for a reminder on %(moment)s.") % {"moment": moment})
        else:
            words = _("A reminder asked for on %(moment)s was not sent: %(why)s.")
            lines.append(words % {"moment": moment, "why": newest.detail})
    for teller in _tellers:
        lines += teller(row.person, at)
    return lines
