"""Setting and correcting the dates of a case; due times move with them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shouwang.cases import queries, rules
from shouwang.cases.actions import clocks
from shouwang.cases.actions.checks import (
    MANAGE,
    aware,
    lock,
    note_dates,
    onset_moment,
    reason_text,
    require,
    save,
    within,
)
from shouwang.cases.actions.conflicts import check_version
from shouwang.cases.models import Case
from shouwang.core import audit
from shouwang.core.errors import BadInput
from shouwang.core.events import publish
from shouwang.core.scope import Actor
from shouwang.org.models import Person

# Rooms above set these two dates when their own work is done; their right is then enough.
DATE_RIGHTS: Mapping[str, str] = {"isolated_at": "isolation.manage", "traced_at": "trace.work"}
DATE_FIELDS = tuple(f"{moment}_at" for moment in rules.MOMENTS)


@transaction.atomic
def set_dates(
    case: Case, *, by: Actor, at: datetime, version: int | None = None, reason: str = "", **dates: Any
) -> Case:
    """Set or correct dates: any of `DATE_FIELDS`, and `onset_day_only`. None makes a date unknown again.

    Due times move with the dates they are counted from. A date given as it already stands changes nothing. Needs
    case.manage; `isolated_at` and `traced_at` also by who may isolate or trace. Publishes case.dated with
    `changed`: field -> (old, new).
    """
    lock(case)
    _require_dates(by, case.person, dates)
    check_version(case, version)
    old_day_only = case.onset_day_only
    wanted = _wanted(case, dates)
    changed = {name: (getattr(case, name), value) for name, value in wanted.items() if getattr(case, name) != value}
    if not changed:
        return case
    text = reason_text(reason, required=False)
    _check_wanted(case, wanted, now=at)
    for name, (_old, value) in changed.items():
        setattr(case, name, value)
    save(case, *changed)
    # Day and hour of onset are one date: a change of precision alone is a change of onset.
    if changed.pop("onset_day_only", None) is not None and "onset_at" not in changed:
        changed["onset_at"] = (case.onset_at, case.onset_at)
    note_dates(case, changed, reason=text, by=by, at=at, old_day_only=old_day_only)
    clocks.sync(case, queries.protocol_of(case).clocks, at=at)
    new = {"version": case.version, "fields": sorted(changed)}
    audit.record("case.dated", "case", case.pk, by=by, at=at, subject=case.person_id, new=new)
    publish("case.dated", case=case, changed=changed, by=by, at=at)
    return case


def markable(by: Actor, case: Case) -> tuple[str, ...]:
    """The dates that `by` may say have just happened. Nobody falls ill by a tap: onset is entered."""
    fields = [field for field in DATE_FIELDS if field not in ("onset_at", "detected_at")]
    if within(by, case.person, MANAGE):
        return tuple(fields)
    return tuple(field for field in fields if field in DATE_RIGHTS and within(by, case.person, DATE_RIGHTS[field]))


def _require_dates(by: Actor, person: Person, dates: Mapping[str, Any]) -> None:
    if not dates.keys() or any(not within(by, person, DATE_RIGHTS.get(name, MANAGE)) for name in dates):
        require(by, person, MANAGE)


def _wanted(case: Case, dates: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that `dates` asks for, aware, an onset of a day at its midnight."""
    if unknown := dates.keys() - {*DATE_FIELDS, "onset_day_only"}:
        names = ", ".join(sorted(unknown))
        raise BadInput(_("A case has no date %(names)s."), code="date_unknown", field=sorted(unknown)[0], names=names)
    wanted: dict[str, Any] = {name: aware(value, name) for name, value in dates.items() if name != "onset_day_only"}
    if "onset_at" in dates or "onset_day_only" in dates:
        onset = wanted.get("onset_at", case.onset_at)
        day_only = bool(dates.get("onset_day_only", False)) and onset is not None
        wanted |= {"onset_at": onset_moment(onset, day_only), "onset_day_only": day_only}
    if "detected_at" in wanted and wanted["detected_at"] is None:
        raise BadInput(
            _("Every case was detected at some time. Enter when."), code="detected_missing", field="detected_at"
        )
    return wanted


def _check_wanted(case: Case, wanted: Mapping[str, Any], *, now: datetime) -> None:
    if wanted.get("onset_at") is not None and case.classification == rules.ASYMPTOMATIC:
        raise BadInput(
            _("An asymptomatic case has no onset of symptoms. Classify it as confirmed first."),
            code="asymptomatic_with_onset",
            field="onset_at",
        )
    dates = queries.dates_of(case, **wanted)
    later = dates.onset is not None and dates.onset > dates.detected
    found_without = later and case.history.filter(new=rules.ASYMPTOMATIC).exists()
    rules.check_dates(dates, now=now, presymptomatic=found_without)
