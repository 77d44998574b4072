"""Spells in which a person is asked more often. Upper rooms begin and end them; the check-in obeys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shouwang.checkins.actions.alerts import require
from shouwang.checkins.models import Monitoring
from shouwang.core import audit
from shouwang.core.bulk import create_many, save_many
from shouwang.core.errors import BadInput, Conflict, Forbidden
from shouwang.core.scope import Actor
from shouwang.org.models import Person
from shouwang.org.queries import reached_by_any

# Whoever orders a quarantine, confirms a contact or manages a case may thereby begin or end the watch over the person.
RIGHTS = ("isolation.manage", "trace.work", "case.manage")
MOST_CHECKS = 24
KIND = "monitoring"
ASKED = ("starts", "ends", "checks_per_day", "temperature_required", "reason")


@dataclass(frozen=True, slots=True)
class Spell:
    """What `start_monitoring` asks of a person: `checks_per_day` times a day from `starts` to `ends`, both included.
    `reference` names the order or follow-up it belongs to."""

    person: Person
    starts: date
    ends: date
    checks_per_day: int
    temperature_required: bool
    reason: str
    reference: str


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
    spell = Spell(person, starts, ends, checks_per_day, temperature_required, reason, reference)
    (row,) = start_monitoring_many([spell], by=by, at=at)
    return row


@transaction.atomic
def start_monitoring_many(spells: Sequence[Spell], *, by: Actor, at: datetime) -> list[Monitoring]:
    """`start_monitoring` for each, all or none, in a fixed number of statements. References differ among themselves."""
    able = reached_by_any(by, RIGHTS, (spell.person for spell in spells))
    if any(spell.person.pk not in able for spell in spells):
        raise Forbidden
    for spell in spells:
        _check(spell)
    references = [spell.reference for spell in spells]
    standing = {row.reference: row for row in Monitoring.objects.select_for_update().filter(reference__in=references)}
    new, changed, lines, rows = [], [], [], []
    for spell in spells:
        row = standing.get(spell.reference)
        if row is None:
            row = Monitoring(person=spell.person, reference=spell.reference)
            new.append(row)
        elif row.person_id != spell.person.pk:
            raise Conflict(
                _("The reference %(value)s belongs to another person."), field="reference", value=spell.reference
            )
        elif any(getattr(row, name) != getattr(spell, name) for name in ASKED):
            changed.append(row)
            lines.append({"ends": str(row.ends)})
        for name in ASKED:
            setattr(row, name, getattr(spell, name))
        rows.append(row)
    create_many(new)
    save_many(changed, ASKED)
    audit.record_many("monitoring.started", KIND, ((row.pk, row.person_id, _said(row)) for row in new), by=by, at=at)
    told = zip(changed, lines, strict=True)
    moved = ((row.pk, row.person_id, old, _said(row)) for row, old in told)
    audit.record_changes("monitoring.changed", KIND, moved, by=by, at=at)
    return rows


def _check(spell: Spell) -> None:
    if spell.ends < spell.starts:
        sentence = _("Monitoring cannot end on %(ends)s, before it begins on %(starts)s.")
        raise BadInput(sentence, code="ends_before_start", field="ends", starts=str(spell.starts), ends=str(spell.ends))
    if not 1 <= spell.checks_per_day <= MOST_CHECKS:
        raise BadInput(
            _("Checks a day: 1 to %(most)s."), code="checks_per_day", field="checks_per_day", most=MOST_CHECKS
        )


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
    audit.record(verb, KIND, spell.pk, by=by, at=at, subject=spell.person_id, old=old, new=_said(spell))


def _said(spell: Monitoring) -> dict[str, Any]:
    return {"reference": spell.reference, "starts": str(spell.starts), "ends": str(spell.ends)}
