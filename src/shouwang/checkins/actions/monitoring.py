"""Spells in which a person is asked more often. Upper rooms begin and end them; the check-in obeys."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shouwang.checkins.actions.alerts import require
from shouwang.checkins.models import Monitoring
from shouwang.core import audit
from shouwang.core.errors import BadInput, Conflict
from shouwang.core.scope import Actor
from shouwang.org.models import Person

# Whoever orders a quarantine, confirms a contact or manages a case may thereby begin or end the watch over the person.
RIGHTS = ("isolation.manage", "trace.work", "case.manage")
MOST_CHECKS = 24


@transaction.atomic
def start_monitoring(
    *,
    person: Person,
    starts: date,
    ends: date,
    checks_per_day: int,
    temperature_required: bool,
    reason: str,
    reference: str,
    by: Actor,
    at: datetime,
) -> Monitoring:
    """Ask `person` `checks_per_day` times a day from `starts` to `ends`, both included.

    `reference` names the order it belongs to; calling again with it changes that spell (extends, shortens), so that
    repeating the call changes nothing. BadInput for dates or counts out of order, Conflict when the reference
    belongs to another person.
    """
    require(by, RIGHTS, person)
    if ends < starts:
        sentence = _("Monitoring cannot end on %(ends)s, before it begins on %(starts)s.")
        raise BadInput(sentence, code="ends_before_start", field="ends", starts=str(starts), ends=str(ends))
    if not 1 <= checks_per_day <= MOST_CHECKS:
        raise BadInput(
            _("Checks a day: 1 to %(most)s."), code="checks_per_day", field="checks_per_day", most=MOST_CHECKS
        )
    wanted = {
        "starts": starts,
        "ends": ends,
        "checks_per_day": checks_per_day,
        "temperature_required": temperature_required,
        "reason": reason,
    }
    spell, made = Monitoring.objects.select_for_update().get_or_create(
        reference=reference, defaults={"person": person, **wanted}
    )
    if spell.person_id != person.pk:
        raise Conflict(_("The reference %(value)s belongs to another person."), field="reference", value=reference)
    old = {name: getattr(spell, name) for name in wanted}
    if not made and old == wanted:
        return spell
    for name, value in wanted.items():
        setattr(spell, name, value)
    spell.save()
    verb = "monitoring.started" if made else "monitoring.changed"
    _record(verb, spell, by=by, at=at, old=None if made else {"ends": str(old["ends"])})
    return spell


@transaction.atomic
def end_monitoring(reference: str, *, on: date, by: Actor, at: datetime) -> Monitoring | None:
    """The last day of the spell is `on` at the latest. None when the reference has no spell (then nothing changes).

    A spell that would end before it began never took effect: it ends on the day before it starts by being removed.
    """
    spell = Monitoring.objects.select_for_update().select_related("person").filter(reference=reference).first()
    if spell is None:
        return None
    require(by, RIGHTS, spell.person)
    if spell.ends <= on:
        return spell
    old = {"ends": str(spell.ends)}
    if on < spell.starts:
        _record("monitoring.withdrawn", spell, by=by, at=at, old=old)
        spell.delete()
        spell.ends = spell.starts - timedelta(days=1)
        return spell
    spell.ends = on
    spell.save(update_fields=["ends"])
    _record("monitoring.ended", spell, by=by, at=at, old=old)
    return spell


def _record(verb: str, spell: Monitoring, *, by: Actor, at: datetime, old: dict[str, Any] | None) -> None:
    new = {"reference": spell.reference, "starts": str(spell.starts), "ends": str(spell.ends)}
    audit.record(verb, "monitoring", spell.pk, by=by, at=at, subject=spell.person_id, old=old, new=new)
