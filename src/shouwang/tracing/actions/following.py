"""Follow-ups: begun by a confirmed contact, kept in step with it, looked after by somebody, ended by rule or reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from shouwang.cases.models import Case
from shouwang.checkins.actions import Spell, end_monitoring, start_monitoring_many, submit
from shouwang.checkins.models import CheckIn
from shouwang.checkins.rules import Answers
from shouwang.core import audit, clock
from shouwang.core.bulk import create_many, save_many
from shouwang.core.errors import BadInput, Conflict, Forbidden
from shouwang.core.events import publish
from shouwang.core.retention import keep_days
from shouwang.core.scope import Actor, system_actor
from shouwang.org.models import Person
from shouwang.org.queries import holders
from shouwang.tracing.models import Contact, FollowUp, FollowUpCall
from shouwang.tracing.queries import following as queries
from shouwang.tracing.rules import following as rules

RULE = system_actor("follow-up")
LONGEST, KIND = 300, "followup"
CHANGED = (
    "starts_on", "ends_on", "checks_per_day", "temperature_required", "why_zh", "why_en", "contact", "pack", "purge_on",
    "version",
)  # fmt: skip
State, Outcome = FollowUp.State, FollowUpCall.Outcome


def sync_follow_up(person_id: int, disease: str, *, by: Actor, at: datetime) -> FollowUp | None:
    """Bring a person's follow-up for one disease into step with their confirmed contacts; the one that runs then.

    Begun, lengthened, shortened, ended because they became a case, or withdrawn when no contact stands. Doing it again
    changes nothing: who was asked to look after them stays asked. What was completed or ended by decision does not
    begin anew for the same days.
    """
    return sync_follow_ups([person_id], disease, by=by, at=at).get(person_id)


@transaction.atomic
def sync_follow_ups(people: Iterable[int], disease: str, *, by: Actor, at: datetime) -> dict[int, FollowUp]:
    """`sync_follow_up` for each of them, in a fixed number of statements; person -> the one that runs then."""
    ids = list(dict.fromkeys(people))
    persons = {row.pk: row for row in Person.objects.select_for_update().filter(pk__in=ids).order_by("pk")}
    running = queries.running(persons, disease)
    ill = queries.open_cases(persons, disease)
    wanted = queries.watches_of(persons.keys() - ill.keys(), disease)
    for pk in [pk for pk in running if pk not in wanted]:
        running[pk].became = ill.get(pk)
        _stop(running.pop(pk), State.BECAME_CASE if pk in ill else State.WITHDRAWN, by=by, at=at)
    _change({pk: (row, *wanted[pk]) for pk, row in running.items()}.values(), by=by, at=at)
    today = clock.local_day(at)
    asked = {pk: wanted[pk] for pk in ids if pk in wanted and pk not in running and wanted[pk][0].ends >= today}
    over = queries.followed_until(asked, disease) if asked else {}
    fresh = [(persons[pk], *found) for pk, found in asked.items() if pk not in over or over[pk] < found[0].ends]
    return running | {row.person_id: row for row in _begin(fresh, disease, by=by, at=at)}


def sync_case(case: Case, *, by: Actor, at: datetime) -> int:
    """`sync_follow_up` for the case's person and every confirmed contact of it; how many follow-ups run then."""
    contacts = Contact.objects.filter(case=case, state=Contact.State.CONFIRMED).values_list("person", flat=True)
    return len(sync_follow_ups([case.person_id, *contacts], case.disease, by=by, at=at))


def sync_all(*, by: Actor, at: datetime) -> int:
    """`sync_follow_up` for everybody who is a confirmed contact or is followed: after a pack or a rule was changed, or
    where contacts were confirmed before there were follow-ups. Each person is a transaction of their own."""
    pairs = set(FollowUp.objects.filter(state=State.RUNNING).values_list("person", "disease"))
    confirmed = Contact.objects.filter(state=Contact.State.CONFIRMED, case__closed_at__isnull=True)
    pairs |= set(confirmed.values_list("person", "case__disease"))
    return sum(sync_follow_up(pk, disease, by=by, at=at) is not None for pk, disease in sorted(pairs))


def _begin(
    fresh: Sequence[tuple[Person, rules.Watch, Contact]], disease: str, *, by: Actor, at: datetime
) -> list[FollowUp]:
    if not fresh:
        return []
    choice = _Choice([person for person, _watch, _contact in fresh], at=at)
    interrupted = queries.interrupted([person.pk for person, _watch, _contact in fresh], disease)
    rows = []
    for person, wanted, contact in fresh:
        row = FollowUp(
            person=person, disease=disease, pack=contact.case.pack, contact=contact, begun_at=at,
            starts_on=wanted.starts, ends_on=wanted.ends, checks_per_day=wanted.checks_per_day,
            temperature_required=wanted.temperature_required, why_zh=wanted.why.zh, why_en=wanted.why.en,
            purge_on=_purge_on(wanted.ends), resumes=interrupted.get(person.pk),
        )  # fmt: skip
        row.assigned_id = choice.take(row)
        row.assigned_at = at if row.assigned_id else None
        row.tried = [row.assigned_id] if row.assigned_id else []
        rows.append(row)
    create_many(rows)
    _ask(rows, at=at)
    told = ((row.pk, row.person_id, {"ends": str(row.ends_on), "assigned": row.assigned_id}) for row in rows)
    audit.record_many("followup.begun", KIND, told, by=by, at=at)
    return rows


def _change(found: Iterable[tuple[FollowUp, rules.Watch, Contact]], *, by: Actor, at: datetime) -> None:
    """The beginning stays: whoever has been watched since Monday has been, whatever contact is dropped on Friday."""
    changed: list[FollowUp] = []
    lines: list[audit.Change] = []
    for row, wanted, contact in found:
        starts = min(row.starts_on, wanted.starts)
        fresh = {
            "starts_on": starts, "ends_on": max(wanted.ends, starts), "checks_per_day": wanted.checks_per_day,
            "temperature_required": wanted.temperature_required, "why_zh": wanted.why.zh, "why_en": wanted.why.en,
            "contact_id": contact.pk, "pack": contact.case.pack,
        }  # fmt: skip
        if all(getattr(row, name) == value for name, value in fresh.items()):
            continue
        old = row.ends_on
        for name, value in fresh.items():
            setattr(row, name, value)
        row.purge_on, row.version = _purge_on(row.ends_on), row.version + 1
        changed.append(row)
        lines.append((row.pk, row.person_id, {"ends": str(old)}, {"ends": str(row.ends_on)}))
    save_many(changed, CHANGED)
    _ask(changed, at=at)
    audit.record_changes("followup.changed", KIND, lines, by=by, at=at)


def _stop(row: FollowUp, state: str, *, by: Actor, at: datetime, reason: str = "") -> None:
    """Take it out of force, and the spell in which the person is asked to check in."""
    row.state, row.ended_at, row.ended_by_id, row.end_reason = state, at, by.account_id, reason
    row.purge_on = _purge_on(max(row.ends_on, clock.local_day(at)))
    _save(row)
    end_monitoring(row.reference, on=clock.local_day(at), by=RULE, at=at)
    _note("followup.ended", row, by=by, at=at, old={"state": State.RUNNING}, new={"state": state, "reason": reason})
    publish("followup.ended", follow_up=row, by=by, at=at)


@transaction.atomic
def record_call(
    row: FollowUp,
    *,
    how: str,
    outcome: str,
    client_key: str,
    answers: Answers | None = None,
    note: str = "",
    by: Actor,
    at: datetime,
) -> FollowUpCall:
    """Enter a call or a visit. Whom one reached is entered as a check-in with `answers`, so that triage sees it.

    Needs followup.work over the person. The same `client_key` again returns the first. Conflict when the follow-up has
    ended; BadInput without answers of somebody who was reached, and with answers of somebody who was not.
    """
    _require(by, row.person)
    row = _locked(row)
    again = FollowUpCall.objects.filter(client_key=client_key, follow_up=row).first()
    if again is not None:
        return again
    _check_running(row)
    if (outcome == Outcome.REACHED) != (answers is not None):
        raise BadInput(_("Enter what they said if you reached them, and only then."), field="outcome")
    if how not in FollowUpCall.How.values or outcome not in Outcome.values:
        raise BadInput(_("Say how you tried, and what came of it."), field="outcome")
    said = _text(note, "note")
    receipt = ""
    if answers is not None:
        reason = _("Follow-up by telephone") if how == FollowUpCall.How.PHONE else _("Follow-up in person")
        entered = submit(
            person=row.person, answers=answers, client_key=client_key, source=CheckIn.Source.PROXY,
            proxy_reason=str(reason), by=_entering(by), at=at,
        )  # fmt: skip
        receipt = entered.receipt
    call = FollowUpCall.objects.create(
        follow_up=row, client_key=client_key, day=clock.local_day(at), at=at, by_id=by.account_id, how=how,
        outcome=outcome, note=said, receipt=receipt,
    )  # fmt: skip
    _note("followup.called", row, by=by, at=at, new={"how": how, "outcome": outcome})
    return call


def _entering(by: Actor) -> Actor:
    """Whoever follows a person may enter what that person told them; nothing else about checking in for others."""
    return by.lending("checkin.proxy", queries.WORK)


@transaction.atomic
def hand_over(row: FollowUp, to: Person | None, *, by: Actor, at: datetime, version: int | None = None) -> FollowUp:
    """Ask `to` to look after them from now on (None: nobody). Needs followup.work over the person, as `to` must have.

    BadInput when `to` may not; Conflict when it was changed since `version`.
    """
    _require(by, row.person)
    row = _locked(row)
    _check_running(row)
    _check_version(row, version)
    if to is not None and not holders(queries.WORK, row.person.home_path, on=clock.local_day(at)).filter(pk=to.pk):
        raise BadInput(_("%(name)s may not follow this person."), field="to", code="not_able", name=to.name)
    if row.assigned_id != (to.pk if to else None):
        _assign(row, to.pk if to else None, by=by, at=at, verb="followup.handed_over")
    return row


@transaction.atomic
def share_out(rows: Sequence[FollowUp], among: Sequence[Person], *, by: Actor, at: datetime) -> int:
    """Share running follow-ups among people, each to whoever has the fewest; returns how many changed hands.

    Needs followup.work over everybody in `rows`. Who may not follow a person is passed over for them; one for whom
    nobody is left stays as it is.
    """
    ids = [person.pk for person in among]
    loads, day = queries.loads(ids), clock.local_day(at)
    able: dict[str, frozenset[int]] = {}
    changed = 0
    for row in rows:
        _require(by, row.person)
        path = row.person.home_path
        if path not in able:
            able[path] = frozenset(holders(queries.WORK, path, on=day).filter(pk__in=ids).values_list("pk", flat=True))
        fresh = _locked(row)
        to = rules.share([fresh.pk], {pk: loads.get(pk, 0) for pk in able[path]}).get(fresh.pk)
        if to is None or fresh.state != State.RUNNING or fresh.assigned_id == to:
            continue
        if fresh.assigned_id in loads:
            loads[fresh.assigned_id] -= 1
        loads[to] = loads.get(to, 0) + 1
        _assign(fresh, to, by=by, at=at, verb="followup.handed_over")
        changed += 1
    return changed


@transaction.atomic
def end_follow_up(row: FollowUp, *, reason: str, by: Actor, at: datetime, version: int | None = None) -> FollowUp:
    """End it before, or without, a successful last check, for a reason that is kept and that the person can read.

    Needs followup.work over the person. Ending what has ended changes nothing.
    """
    _require(by, row.person)
    said = _text(reason, "reason")
    if not said:
        raise BadInput(_("Say why the follow-up ends."), field="reason")
    row = _locked(row)
    if row.state == State.RUNNING:
        _check_version(row, version)
        _stop(row, State.ENDED, reason=said, by=by, at=at)
    return row


def sweep_follow_ups(*, at: datetime) -> dict[str, int]:
    """Complete what may end by rule, and hand on what was silent yesterday, once for each silent day. Each follow-up is
    a transaction of its own; safe to call at any time and by two at once. Returns {"completed", "handed_on"}."""
    today = clock.local_day(at)
    done = {"completed": 0, "handed_on": 0}
    for pk in queries.to_look_at(today):
        with transaction.atomic():
            row = FollowUp.objects.select_for_update(of=("self",)).select_related("person").get(pk=pk)
            if row.state != State.RUNNING:
                continue
            heard = queries.heard_of([row], since=row.starts_on, until=today)[row.pk]
            if rules.closing(row.ends_on, today, heard) is rules.Closing.COMPLETE:
                _stop(row, State.COMPLETED, by=RULE, at=at)
                done["completed"] += 1
            elif _hand_on(row, heard, today - rules.DAY, at=at):
                done["handed_on"] += 1
    return done


def _hand_on(row: FollowUp, heard: Mapping[date, rules.Heard], yesterday: date, *, at: datetime) -> bool:
    """A silent day goes to the next who answers. Where nobody is left, the last stays asked and the list shows it."""
    if not rules.owes_step(starts=row.starts_on, yesterday=yesterday, heard=heard, stepped_on=row.stepped_on):
        return False
    row.stepped_on = yesterday
    to = _Choice([row.person], at=at).take(row)
    if to is None:
        _save(row)
    else:
        row.tried = [*row.tried, to]
        _assign(row, to, by=RULE, at=at, verb="followup.handed_on")
    publish("followup.silent", follow_up=row, day=yesterday, at=at)
    return to is not None


class _Choice:
    """Whom the rule asks for each of `people`: who answers for their unit, then who answers above it, last a tracer
    whom nobody named; of equals the least loaded, counting those just given. Four queries."""

    def __init__(self, people: Sequence[Person], *, at: datetime) -> None:
        self.chains = queries.chains_of({person.home_path for person in people}, on=clock.local_day(at))
        self.loads = queries.loads({one for chain in self.chains.values() for one, _tier in chain})

    def take(self, row: FollowUp) -> int | None:
        chain = [link for link in self.chains[row.person.home_path] if link[0] != row.person_id]
        candidates = [rules.Candidate(person, tier, self.loads.get(person, 0)) for person, tier in chain]
        to = rules.assignee(candidates, row.tried)
        if to is not None:
            self.loads[to] = self.loads.get(to, 0) + 1
        return to


def _assign(row: FollowUp, to: int | None, *, by: Actor, at: datetime, verb: str) -> None:
    old = row.assigned_id
    row.assigned_id, row.assigned_at, row.assigned_by_id = to, at, by.account_id
    _save(row)
    _note(verb, row, by=by, at=at, old={"assigned": old}, new={"assigned": to})


def _ask(rows: Sequence[FollowUp], *, at: datetime) -> None:
    """The people are asked to check in; the check-in obeys the spell."""
    spells = [
        Spell(row.person, row.starts_on, row.ends_on, row.checks_per_day, row.temperature_required, KIND, row.reference)
        for row in rows
    ]
    start_monitoring_many(spells, by=RULE, at=at)


def _locked(row: FollowUp) -> FollowUp:
    return FollowUp.objects.select_for_update(of=("self",)).select_related("person", "assigned").get(pk=row.pk)


def _save(row: FollowUp) -> None:
    row.version = F("version") + 1
    row.save()
    row.refresh_from_db(fields=["version"])


def _require(by: Actor, person: Person) -> None:
    if not queries.within(by, person):
        raise Forbidden(data_right=queries.WORK)


def _check_running(row: FollowUp) -> None:
    if row.state != State.RUNNING:
        raise Conflict(_("This follow-up has ended; nothing needs to be done."), code="follow_up_ended")


def _check_version(row: FollowUp, version: int | None) -> None:
    if version is not None and version != row.version:
        raise Conflict(_("It was changed since you opened it. Look again, then decide."), code="version_conflict")


def _text(value: str, field: str) -> str:
    text = value.strip()
    if len(text) > LONGEST:
        raise BadInput(_("At most %(limit)s characters."), field=field, limit=LONGEST)
    return text


def _purge_on(ends: date) -> date:
    return ends + timedelta(days=keep_days("contact"))


def _note(verb: str, row: FollowUp, *, by: Actor, at: datetime, old: Any = None, new: Any = None) -> None:
    audit.record(verb, KIND, row.pk, by=by, at=at, subject=row.person_id, old=old, new=new)
