"""Writing a planned group: check-ins, the last word about each person, alerts, and the audit, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby

from shouwang.checkins import rules
from shouwang.checkins.actions import facts
from shouwang.checkins.actions.planning import SELF, Group, Taken
from shouwang.checkins.models import CheckIn, LatestCheckIn, SymptomAlert
from shouwang.core import audit, clock
from shouwang.core.bulk import create_many, insert_many, next_ids, update_many, upsert_many
from shouwang.core.retention import keep_days
from shouwang.core.scope import Actor

CHECKIN_COLUMNS = (
    "id", "person", "day", "at", "source", "account", "mouth", "device", "proxy_reason", "client_key", "unchanged",
    "temperature_c", "symptoms", "exposure", "place_changed", "place_note", "note", "extra", "corrects",
    "symptomatic", "severity", "rule", "pack_sha256", "purge_on",
)  # fmt: skip
# Place and excuse are not the check-in's to say: where a row stands already, only what was heard is overwritten.
LATEST_COLUMNS = ("person", "home_path", "number", *LatestCheckIn.HEARD)


def store(group: Group) -> None:
    """Write what `group` planned and give each entry its id, inside the caller's transaction."""
    if not group.made:
        return
    for taken, number in zip(group.made, next_ids(CheckIn, len(group.made)), strict=True):
        taken.id = number
    insert_many(CheckIn, CHECKIN_COLUMNS, [_checkin_row(taken) for taken in group.made])
    newest = {taken.person.id: taken for taken in group.made if taken.newest}
    latest = [_latest_row(taken) for _person, taken in sorted(newest.items())]
    upsert_many(LatestCheckIn, LATEST_COLUMNS, latest, key=("person",), update=LatestCheckIn.HEARD)
    late = sorted(group.contradicted - newest.keys())
    words = [group.people[person].words for person in late]
    rows = [(said, rules.conflicting(said), person) for said, person in zip(words, late, strict=True)]
    update_many(LatestCheckIn, ("words", "conflicting"), rows)
    alerts = _store_alerts([taken for taken in group.made if taken.decision and taken.decision.findings], group.at)
    _record(group.made, alerts, group.at)


def _checkin_row(taken: Taken) -> tuple[object, ...]:
    ask, answers = taken.ask, taken.answers
    return (
        taken.id, taken.person.id, taken.day, taken.at, ask.source, ask.by.account_id, ask.by.mouth, ask.device,
        ask.proxy_reason.strip() if ask.source != SELF else "", ask.client_key, answers.unchanged,
        answers.temperature_c, list(answers.symptoms), answers.exposure,
        answers.place_changed, answers.place_note, answers.note, answers.extra,
        taken.corrects_id, taken.symptomatic, taken.severity, taken.rule, taken.pack_sha256, taken.purge_on,
    )  # fmt: skip


def _latest_row(taken: Taken) -> tuple[object, ...]:
    person = taken.person
    return (
        person.id, person.home_path, person.number, taken.id, taken.day, taken.at, taken.ask.source, taken.symptomatic,
        taken.severity, rules.RANK[taken.severity], person.words, rules.conflicting(person.words), taken.part,
    )  # fmt: skip


def _store_alerts(found: Sequence[Taken], at: datetime) -> list[tuple[str, SymptomAlert, Actor]]:
    """Raise and worsen alerts; returns (verb, alert, who spoke), in order. Most groups have none, and ask nothing."""
    if not found:
        return []
    standing = _standing({taken.person.id for taken in found})
    touched: list[tuple[str, SymptomAlert, Actor]] = []
    for taken in found:
        assert taken.decision is not None
        for finding in taken.decision.findings:
            key = (taken.person.id, finding.disease)
            alert = standing.get(key)
            before = rules.Standing(alert.state, alert.severity) if alert else None
            step = rules.step(severity=finding.severity, newest=before, previous_severity=taken.severity_before)
            if step is rules.AlertStep.RAISE:
                purge_on = clock.local_day(at) + timedelta(days=keep_days("alert"))
                alert = SymptomAlert(person_id=taken.person.id, disease=finding.disease, raised_at=at)
                alert.purge_on, standing[key] = purge_on, alert
            elif step is rules.AlertStep.LEAVE or alert is None:
                continue
            _put(alert, taken, finding)
            taken.alerts.append(alert)
            verb = "alert.raised" if step is rules.AlertStep.RAISE else "alert.worsened"
            by = taken.ask.by
            touched.append((verb, alert, by if by.label else replace(by, label=taken.person.number)))
    new = list({id(alert): alert for verb, alert, _by in touched if verb == "alert.raised"}.values())
    create_many(new)
    made = {alert.pk for alert in new}
    for alert in {alert.pk: alert for _verb, alert, _by in touched if alert.pk not in made}.values():
        alert.save()
    return touched


def _standing(people: set[int]) -> dict[tuple[int, str], SymptomAlert]:
    """The newest alert of each person and disease. Nearly always there is none, which one prepared statement says."""
    if not facts.any_alert(people):
        return {}
    rows = SymptomAlert.objects.filter(person_id__in=people).order_by("raised_at", "pk")
    return {(row.person_id, row.disease): row for row in rows}


def _put(alert: SymptomAlert, taken: Taken, finding: rules.Finding) -> None:
    alert.checkin_id = taken.id
    alert.pack, alert.rule = finding.pack, finding.rule
    alert.severity, alert.rank = finding.severity, finding.rank
    alert.because_zh, alert.because_en = finding.because.zh, finding.because.en


def _record(made: Sequence[Taken], alerts: Sequence[tuple[str, SymptomAlert, Actor]], at: datetime) -> None:
    """Audit without a word of health: the log is read by people without health rights.

    What somebody says of themselves is recorded by its own row, which is never changed and names account and moment;
    an entry about somebody else is recorded here too, where the person looks for who acted on their data.
    """
    for by, rows in groupby((taken for taken in made if taken.ask.source != SELF), key=lambda taken: taken.ask.by):
        told = ((taken.id, taken.person.id, {"source": taken.ask.source}) for taken in rows)
        audit.record_many("checkin.submitted", "checkin", told, by=by, at=at)
    for (verb, by), touched in groupby(alerts, key=lambda one: (one[0], one[2])):
        audit.record_many(verb, "alert", ((alert.pk, alert.person_id, None) for _v, alert, _b in touched), by=by, at=at)
