"""What each entry of a group makes of itself, decided in order: later entries see earlier ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from django.utils.translation import gettext_lazy as _

from shouwang.checkins import rules
from shouwang.checkins.actions import facts, zoning
from shouwang.checkins.models import CheckIn, SymptomAlert
from shouwang.checkins.queries.asking import OnDay, protocols_on
from shouwang.core import clock
from shouwang.core.errors import BadInput, Conflict, Forbidden, NotFound, Unauthorized
from shouwang.core.retention import keep_days
from shouwang.core.scope import Actor
from shouwang.org import actions as org
from shouwang.org.models import Person

KEY_LIMIT = 64
SELF, PROXY, CLINIC = CheckIn.Source.SELF.value, CheckIn.Source.PROXY.value, CheckIn.Source.CLINIC.value


@dataclass(slots=True)
class Ask:
    """One check-in to take in, whoever brings it.

    `serial` is that of the ticket it came with, None where the asker was known by a session or token. `by` speaks;
    `may` says whether they may for this person and source (asked once for a whole group). `corrects` is the receipt of
    the entry it puts right. `form` is the hash of what the sender was shown, "" where it does not say; `device` as on
    `CheckIn`.
    """

    person_id: int
    answers: rules.Answers
    client_key: str
    by: Actor
    source: str = SELF
    proxy_reason: str = ""
    said_at: datetime | None = None
    serial: int | None = None
    may: bool = True
    corrects: str = ""
    form: str = ""
    device: str = ""


@dataclass(slots=True)
class Taken:
    """An entry that was accepted. `repeated`: it is the stored row of an earlier sending. `newest`: it is now the last
    word about the person; if not, `later` is what stands above it. `part`: the slot of `day` in which it was said.
    `id` is known once it is written."""

    person: facts.Known
    ask: Ask
    answers: rules.Answers
    day: date
    at: datetime
    symptomatic: bool
    severity: str
    rule: str
    pack_sha256: str
    purge_on: date
    repeated: bool = False
    newest: bool = True
    id: int = 0
    corrects_id: int | None = None
    decision: rules.Decision | None = None
    severity_before: str = "none"
    later: facts.Said | None = None
    part: int = 0
    alerts: list[SymptomAlert] = field(default_factory=list)

    @property
    def receipt(self) -> str:
        return rules.receipt(self.day, self.id)

    def as_model(self) -> CheckIn:
        """The row, for pages and the API."""
        ask, answers = self.ask, self.answers
        return CheckIn(
            id=self.id, person_id=self.person.id, day=self.day, at=self.at, source=ask.source,
            account_id=ask.by.account_id, mouth=ask.by.mouth, device=ask.device,
            proxy_reason=ask.proxy_reason, client_key=ask.client_key,
            unchanged=answers.unchanged, temperature_c=answers.temperature_c, symptoms=list(answers.symptoms),
            exposure=answers.exposure, place_changed=answers.place_changed, place_note=answers.place_note,
            note=answers.note, extra=answers.extra, corrects_id=self.corrects_id, symptomatic=self.symptomatic,
            severity=self.severity, rule=self.rule, pack_sha256=self.pack_sha256, purge_on=self.purge_on,
        )  # fmt: skip


class Group:
    """State of the people concerned. `plan` decides one entry after the other.

    To be written afterwards: `made`, in order; and the words of `contradicted` people, whose newest entry stays.
    """

    def __init__(self, asks: Sequence[Ask], *, at: datetime) -> None:
        self.at = at
        ids = sorted({ask.person_id for ask in asks})
        facts.lock_people(ids)
        tickets = sorted({ask.by.account_id for ask in asks if ask.serial is not None and ask.by.account_id})
        found = facts.look(ids, (ask.client_key for ask in asks), tickets)
        self.people, self.stored, self.active = found.people, found.stored, found.active
        self.keep = timedelta(days=keep_days("checkin"))
        self.days: dict[date, OnDay] = {}
        self.parts: dict[str, int] = {}
        self.today = clock.local_day(at)
        self.made: list[Taken] = []
        self.by_key: dict[str, Taken] = {}
        self.contradicted: set[int] = set()

    def asked(self, day: date) -> OnDay:
        """What is asked on a day, everywhere: read once a group."""
        if day not in self.days:
            self.days[day] = protocols_on(day)
        return self.days[day]

    def plan(self, ask: Ask) -> Taken:
        """Decide one entry. Raises the typed error that refuses it; then nothing of it is written."""
        person = self._speaks(ask)
        if before := self._repeated(ask, person):
            return before
        said_at = self.at
        if ask.said_at is not None:
            rules.check_moment(ask.said_at, now=self.at)
            said_at = ask.said_at
        moved = zoning.moved(ask.answers, person, at=said_at)
        day = self._day_of(person, said_at, moved)
        asked = self.asked(day)
        protocols = asked.of(person.home_path)
        _of_here(ask, asked, protocols, person.home_path)
        monitored = any(first <= day <= last for first, last in person.monitored)
        answers = self._answers(ask, person, protocols, day, monitored)
        decision = rules.triage(answers, protocols, person.age_on(day) if person.born else None)
        said = person.said
        if ask.source == PROXY and not decision.findings:
            _not_over_own_word(said, day)
        # A live entry is always the last word, even where the server's clock has stepped back since the one before.
        newest = said is None or ask.said_at is None or said_at >= said.at
        taken = Taken(
            person, ask, answers, day, said_at, decision.symptomatic, decision.severity, decision.rule,
            decision.pack_sha256, day + self.keep, newest=newest, corrects_id=self._corrected(ask, person),
            decision=decision, severity_before=said.severity if said else "none", later=None if newest else said,
            part=self._part(protocols, person, said_at),
        )  # fmt: skip
        if answers.situation and answers.situation != person.situation:
            # Rare, and refused like any other answer: it writes at once, under a savepoint of its own.
            row = Person.objects.get(pk=person.id)
            org.set_situation(row, situation=answers.situation, on=day, by=ask.by, at=self.at)
            person.situation = answers.situation
        if moved:
            zoning.store(person, moved)
        self.made.append(taken)
        self.by_key[ask.client_key] = taken
        words = person.words if person.words_day == day else 0
        if newest:
            person.words = rules.said(words, ask.source, symptomatic=taken.symptomatic)
            person.words_day = day
            person.said = facts.Said(0, day, said_at, ask.source, taken.severity, taken.symptomatic, answers)
        elif person.words_day == day and not rules.has_said(words, ask.source):
            # Told late, but of the same day and by somebody not yet heard: it may contradict the newest word.
            person.words = rules.said(words, ask.source, symptomatic=taken.symptomatic)
            self.contradicted.add(person.id)
        return taken

    def _day_of(self, person: facts.Known, said_at: datetime, moved: zoning.Moved | None) -> date:
        """The person's own calendar day of a moment."""
        if moved:
            return moved.day_of(said_at)
        return self.today if said_at is self.at and person.zone is None else person.day_of(said_at)

    def _part(self, protocols: rules.Protocols, person: facts.Known, said_at: datetime) -> int:
        """The slot of the day in which something was said; 0 where the day has none."""
        slots = protocols.form.slots
        if said_at is not self.at or person.zone is not None:
            return rules.slot_of(slots, said_at.astimezone(person.zone or clock.zone()).time())
        known = self.parts.get(protocols.sha256)
        if known is None:
            known = self.parts[protocols.sha256] = rules.slot_of(slots, said_at.astimezone(clock.zone()).time())
        return known

    def _answers(
        self, ask: Ask, person: facts.Known, protocols: rules.Protocols, day: date, monitored: bool
    ) -> rules.Answers:
        who = rules.Asked(person.kind, person.situation, monitored) if protocols.questions else None
        answers = rules.validated(
            ask.answers,
            protocols,
            source=ask.source,
            proxy_reason=ask.proxy_reason,
            # Asked of nobody but the person: the refusal would tell another that they are being monitored.
            needs_temperature=monitored and ask.source == SELF,
            who=who,
        )
        if (answers.situation or answers.zone) and not answers.place_changed:
            answers = replace(answers, place_changed=True)
        if answers.unchanged:
            previous = person.said.as_previous if person.said else None
            answers = rules.copied(answers, previous, day=day, questions=protocols.questions, who=who)
        if ask.form and ask.form != protocols.sha256 and not rules.reports_change(answers):
            raise Conflict(
                _("What is asked has changed since you opened the page. Open it again; only what is new is marked."),
                code="form_changed",
                field="form",
            )
        if ask.source == SELF:
            answers = rules.completed(answers, protocols, who=who)
        return answers

    def _speaks(self, ask: Ask) -> facts.Known:
        person = self.people.get(ask.person_id)
        if ask.serial is not None:
            account = ask.by.account_id
            if person is None or ask.serial != person.serial or (account and account not in self.active):
                raise Unauthorized(
                    _("This pass has been withdrawn. Sign in and open the page again."), code="credential_revoked"
                )
        if person is None:
            raise NotFound
        if not ask.may:
            if ask.source == SELF:
                raise Forbidden(_("You can only check in for yourself here."))
            raise Forbidden
        if person.left_on is not None and person.left_on <= self.today:
            raise Conflict(
                _("%(name)s left on %(day)s and is no longer asked."),
                code="person_left",
                field="person",
                name=person.name,
                day=str(person.left_on),
            )
        key = ask.client_key
        if not 1 <= len(key) <= KEY_LIMIT or not key.isascii() or not key.isprintable():
            sentence = _("A client key is 1 to %(limit)s plain characters, chosen once for each entry.")
            raise BadInput(sentence, code="client_key_invalid", field="client_key", limit=KEY_LIMIT)
        return person

    def _repeated(self, ask: Ask, person: facts.Known) -> Taken | None:
        """The entry this key was used for. Never a silent yes to different answers: an illness could be lost in it."""
        earlier = self.by_key.get(ask.client_key)
        if earlier is None and (row := self.stored.get(ask.client_key)):
            first = Ask(
                row.person_id, row.answers, ask.client_key, ask.by, source=row.source, proxy_reason=row.proxy_reason
            )
            earlier = Taken(
                person, first, row.answers, row.day, row.at, row.symptomatic, row.severity, row.rule, row.pack_sha256,
                row.purge_on, repeated=True, id=row.id,
            )  # fmt: skip
        if earlier is None:
            return None
        if earlier.ask.person_id != ask.person_id or earlier.ask.source != ask.source:
            raise Conflict(
                _("This key was already used for another entry. Open the page again."),
                code="client_key_used",
                field="client_key",
            )
        if not rules.reads_same(ask.answers, earlier.answers):
            raise Conflict(
                _("This form was already sent with other answers. Open the page again and send what changed."),
                code="sent_differently",
                field="client_key",
            )
        return earlier

    def _corrected(self, ask: Ask, person: facts.Known) -> int | None:
        """The id of the entry that is put right: one's own, and of the last days only."""
        if not ask.corrects:
            return None
        day, row = rules.decode_receipt(ask.corrects)
        rules.check_correctable(day, today=person.day_of(self.at))
        if not CheckIn.objects.filter(pk=row, day=day, person_id=person.id).exists():
            raise NotFound
        return row


def _of_here(ask: Ask, asked: OnDay, protocols: rules.Protocols, path: str) -> None:
    """Conflict for a form that is asked elsewhere today. Who reports something is heard whatever form they hold."""
    if not ask.form or ask.form == protocols.sha256 or rules.reports_change(ask.answers):
        return
    if asked.elsewhere(ask.form, path):
        raise Conflict(
            _("This form belongs to another institution. Open the page again: it shows what yours asks."),
            code="form_elsewhere",
            field="form",
        )


def _not_over_own_word(said: facts.Said | None, day: date) -> None:
    """Somebody else's "well" never stands over what the person or the clinic said on the same day."""
    if said is not None and said.day == day and said.source != PROXY:
        raise Conflict(
            _("Already in at %(time)s by their own word. Enter for somebody else only what makes them ill."),
            code="already_in",
            field="person",
            time=f"{said.at.astimezone(clock.zone()):%H:%M}",
        )
