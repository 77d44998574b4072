"""What intake must know about the people of a batch, read once, and what each entry makes of it, decided in order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from shouwang.checkins import rules
from shouwang.checkins.models import CheckIn, LatestCheckIn, Monitoring, SymptomAlert
from shouwang.core import clock
from shouwang.core.errors import BadInput, Conflict, Forbidden
from shouwang.core.packs import active_packs
from shouwang.core.retention import keep_days
from shouwang.core.scope import Actor
from shouwang.org import actions as org
from shouwang.org.models import Person
from shouwang.org.queries import reachable

if TYPE_CHECKING:
    from shouwang.checkins.actions.intake import Entry

IDS_A_QUERY = 5000  # below the parameter limits of both databases
RIGHT: dict[str, str] = {CheckIn.Source.PROXY: "checkin.proxy", CheckIn.Source.CLINIC: "alert.handle"}
KEY_LIMIT = 64


@dataclass(slots=True)
class Planned:
    """An entry that was accepted: its row, and the alerts it raised or worsened."""

    checkin: CheckIn
    repeated: bool = False
    alerts: list[SymptomAlert] = field(default_factory=list)


class Batch:
    """State of the people concerned. `plan` decides one entry after the other; later entries see earlier ones.

    Rows to write afterwards: `made`, `new_alerts`, `worsened` (once for each time it worsened), and `newest`
    (person id -> check-in) where it changed.
    """

    def __init__(self, entries: Sequence[Entry], *, by: Actor, at: datetime) -> None:
        self.by, self.at = by, at
        ids = sorted({entry.person.pk for entry in entries})
        for part in parts(ids):
            # Where the database has row locks, two check-ins of one person wait for each other here.
            list(Person.objects.select_for_update(no_key=True).filter(pk__in=part).order_by("pk").values_list("pk"))
        self.known = _known(entry.client_key for entry in entries)
        self.latest = _latest(ids)
        self.alerts = _alerts(ids)
        self.monitored = _monitored(ids)
        self.allowed = {right: _allowed(by, right, entries, source) for source, right in RIGHT.items()}
        self.keep_checkin = timedelta(days=keep_days("checkin"))
        self.keep_alert = timedelta(days=keep_days("alert"))
        self._protocols: dict[date, rules.Protocols] = {}
        self.made: list[Planned] = []
        self.new_alerts: list[SymptomAlert] = []
        self.worsened: list[SymptomAlert] = []
        self.newest: dict[int, CheckIn] = {}

    def protocols(self, day: date) -> rules.Protocols:
        if day not in self._protocols:
            self._protocols[day] = rules.Protocols.of(active_packs(day))
        return self._protocols[day]

    def plan(self, entry: Entry) -> Planned:
        """Decide one entry. Raises the typed error that refuses it; then nothing of it is written."""
        self._may_speak(entry)
        if before := self._repeated(entry):
            return before
        said_at = self.at if entry.said_at is None else entry.said_at
        rules.check_moment(said_at, now=self.at)
        day = clock.local_day(said_at)
        protocols = self.protocols(day)
        answers = rules.validated(
            entry.answers,
            protocols,
            source=entry.source,
            proxy_reason=entry.proxy_reason,
            # Asked of nobody but the person: the refusal would tell another that they are being monitored.
            needs_temperature=entry.source == CheckIn.Source.SELF
            and any(first <= day <= last for first, last in self.monitored.get(entry.person.pk, ())),
        )
        latest = self.latest.get(entry.person.pk)
        answers = rules.copied(answers, latest.as_previous if latest else None, day=day)
        decision = rules.triage(answers, protocols)
        if entry.source == CheckIn.Source.PROXY and not decision.findings:
            _not_over_own_word(latest, day)
        checkin = self._row(entry, answers, decision, day, said_at)
        if answers.situation and answers.situation != entry.person.situation:
            org.set_situation(entry.person, situation=answers.situation, on=day, by=self.by, at=self.at)
        planned = Planned(checkin, alerts=self._alert(checkin, decision))
        self.made.append(planned)
        self.known[entry.client_key] = checkin
        if latest is None or checkin.at >= latest.at:
            self.latest[entry.person.pk] = self.newest[entry.person.pk] = checkin
        return planned

    def _may_speak(self, entry: Entry) -> None:
        person = entry.person
        right = RIGHT.get(entry.source)
        if right is None:
            if not self.by.everything and self.by.person_id != person.pk:
                raise Forbidden(_("You can only check in for yourself here."))
        elif person.pk not in self.allowed[right]:
            raise Forbidden
        if person.left_on is not None and person.left_on <= clock.local_day(self.at):
            raise Conflict(
                _("%(name)s left on %(day)s and is no longer asked."),
                code="person_left",
                field="person",
                name=person.name,
                day=str(person.left_on),
            )
        key = entry.client_key
        if not 1 <= len(key) <= KEY_LIMIT or not key.isascii() or not key.isprintable():
            sentence = _("A client key is 1 to %(limit)s plain characters, chosen once for each entry.")
            raise BadInput(sentence, code="client_key_invalid", field="client_key", limit=KEY_LIMIT)

    def _repeated(self, entry: Entry) -> Planned | None:
        """The row this key was used for. Never a silent yes to different answers: an illness could be lost in it."""
        stored = self.known.get(entry.client_key)
        if stored is None:
            return None
        if stored.person_id != entry.person.pk or stored.source != entry.source:
            raise Conflict(
                _("This key was already used for another entry. Open the page again."),
                code="client_key_used",
                field="client_key",
            )
        if not rules.reads_same(entry.answers, stored.answers):
            raise Conflict(
                _("This form was already sent with other answers. Open the page again and send what changed."),
                code="sent_differently",
                field="client_key",
            )
        return Planned(stored, repeated=True)

    def _row(
        self, entry: Entry, answers: rules.Answers, decision: rules.Decision, day: date, said_at: datetime
    ) -> CheckIn:
        return CheckIn(
            person=entry.person,
            day=day,
            at=said_at,
            source=entry.source,
            account_id=self.by.account_id,
            proxy_reason=entry.proxy_reason.strip() if entry.source != CheckIn.Source.SELF else "",
            client_key=entry.client_key,
            unchanged=answers.unchanged,
            temperature_c=answers.temperature_c,
            symptoms=list(answers.symptoms),
            exposure=answers.exposure,
            place_changed=answers.place_changed or bool(answers.situation),
            place_note=answers.place_note,
            note=answers.note,
            symptomatic=decision.symptomatic,
            severity=decision.severity,
            rule=decision.rule,
            pack_sha256=decision.pack_sha256,
            purge_on=day + self.keep_checkin,
        )

    def _alert(self, checkin: CheckIn, decision: rules.Decision) -> list[SymptomAlert]:
        latest = self.latest.get(checkin.person_id)
        before = latest.severity if latest else "none"
        touched = []
        for finding in decision.findings:
            key = (checkin.person_id, finding.disease)
            alert = self.alerts.get(key)
            standing = rules.Standing(alert.state, alert.severity) if alert else None
            step = rules.step(severity=finding.severity, newest=standing, previous_severity=before)
            if step is rules.AlertStep.RAISE:
                alert = SymptomAlert(person=checkin.person, disease=finding.disease, raised_at=self.at)
                alert.purge_on = clock.local_day(self.at) + self.keep_alert
                self.alerts[key] = alert
                self.new_alerts.append(alert)
            elif step is rules.AlertStep.LEAVE or alert is None:
                continue
            else:
                self.worsened.append(alert)
            _put(alert, checkin, finding)
            touched.append(alert)
        return touched


def _put(alert: SymptomAlert, checkin: CheckIn, finding: rules.Finding) -> None:
    alert.checkin = checkin
    alert.pack, alert.rule = finding.pack, finding.rule
    alert.severity, alert.rank = finding.severity, finding.rank
    alert.because_zh, alert.because_en = finding.because.zh, finding.because.en


def _not_over_own_word(latest: CheckIn | None, day: date) -> None:
    """Somebody else's "well" never stands over what the person or the clinic said on the same day."""
    if latest is not None and latest.day == day and latest.source != CheckIn.Source.PROXY:
        raise Conflict(
            _("Already in at %(time)s by their own word. Enter for somebody else only what makes them ill."),
            code="already_in",
            field="person",
            time=f"{latest.at.astimezone(clock.zone()):%H:%M}",
        )


def parts(values: Sequence[int] | Sequence[str]) -> Iterator[Sequence[int] | Sequence[str]]:
    for start in range(0, len(values), IDS_A_QUERY):
        yield values[start : start + IDS_A_QUERY]


def _known(keys: Iterable[str]) -> dict[str, CheckIn]:
    found: dict[str, CheckIn] = {}
    # A key that the database cannot hold cannot be known either; `plan` refuses it.
    askable = sorted({key for key in keys if key.isascii() and key.isprintable()})
    for part in parts(askable):
        found |= {row.client_key: row for row in CheckIn.objects.filter(client_key__in=part)}
    return found


def _latest(ids: Sequence[int]) -> dict[int, CheckIn]:
    found: dict[int, CheckIn] = {}
    for part in parts(ids):
        rows = LatestCheckIn.objects.filter(person_id__in=part).select_related("checkin")
        found |= {row.person_id: row.checkin for row in rows}
    return found


def _alerts(ids: Sequence[int]) -> dict[tuple[int, str], SymptomAlert]:
    """The newest alert of each person and disease."""
    found: dict[tuple[int, str], SymptomAlert] = {}
    for part in parts(ids):
        rows = SymptomAlert.objects.filter(person_id__in=part).order_by("raised_at", "pk")
        found |= {(row.person_id, row.disease): row for row in rows}
    return found


def _monitored(ids: Sequence[int]) -> dict[int, list[tuple[date, date]]]:
    """(first, last) day of spells in which a temperature is required."""
    found: dict[int, list[tuple[date, date]]] = defaultdict(list)
    for part in parts(ids):
        for row in Monitoring.objects.filter(person_id__in=part, temperature_required=True):
            found[row.person_id].append((row.starts, row.ends))
    return found


def _allowed(by: Actor, right: str, entries: Sequence[Entry], source: str) -> set[int]:
    """Ids of the people in `entries` of this source over whom `by` holds `right`."""
    people = {entry.person.pk: entry.person for entry in entries if entry.source == source}
    allowed = {pk for pk, person in people.items() if by.holds(right, person.home_path)}
    if len(allowed) < len(people) and by.holds(right):
        for part in parts(sorted(people.keys() - allowed)):
            allowed |= set(Person.objects.filter(reachable(by, right), pk__in=part).values_list("pk", flat=True))
    return allowed
