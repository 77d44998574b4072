"""Looking for gaps, opening corrections, each step of one, and weak points that people tell."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db import transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from shouwang.command.actions.board import refresh_board
from shouwang.command.mending import queries, rules
from shouwang.command.mending.facts import Found, facts
from shouwang.command.mending.models import Correction, CorrectionEvent, GapFinding, GapSweep, WeakPoint
from shouwang.command.queries.answering import MANAGE
from shouwang.command.teams.actions import sweep_teams
from shouwang.core import audit, clock, events
from shouwang.core.errors import BadInput, Conflict
from shouwang.core.retention import keep_days
from shouwang.core.scope import Actor, system_actor
from shouwang.org.models import Organisation

SWEEP_EVERY = timedelta(minutes=5)
TRAIL = 50
RULE = system_actor("gap rules")
# Of this process alone, so that nobody can compute afterwards whose key one was.
SECRET = secrets.token_hex(32)
A_DAY = 5  # assumption: weak points one account tells in a day; more is a mistake or mischief
ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
CODE_LENGTH = 10


def sweep_gaps(*, at: datetime, every: timedelta = SWEEP_EVERY) -> int:
    """Judge all rules where five minutes have passed; how many findings began or ended.

    Proposals of teams, which are looked at too, are judged first. What is looked at is counted before the transaction
    that writes the findings. Of two at once one judges.
    """
    last = GapSweep.objects.get_or_create(pk=1)[0].at
    if last is not None and at - last < every:
        return 0
    refresh_board(at=at)
    sweep_teams(at=at)
    found = facts(at)
    with transaction.atomic():
        row = GapSweep.objects.select_for_update().get(pk=1)
        if row.at != last:
            return 0
        changed = _judge(found, at)
        row.at = at
        row.save()
    return changed


def _judge(found: Found, at: datetime) -> int:
    known = queries.rules_now()
    there = {(row.organisation_id, row.code): row for row in GapFinding.objects.filter(ended_at__isnull=True)}
    changed = 0
    standing: set[tuple[int, str]] = set()
    for rule in known.rules:
        for unit, evidence in found.get(rule.code, {}).items():
            if not rules.is_gap(rule, evidence):
                continue
            standing.add((unit, rule.code))
            row = there.get((unit, rule.code))
            if row is None:
                row = _begin(unit, rule, evidence, known.version, at)
                changed += 1
            else:
                _go_on(row, evidence, at)
            if rules.opens_by_itself(rule, since=row.first_seen, now=at):
                _open_once(row, rule, at)
    for key, row in there.items():
        if key not in standing:
            row.ended_at = at
            row.save(update_fields=["ended_at"])
            audit.record("gap.ended", "gap", row.pk, by=RULE, at=at)
            changed += 1
    return changed


def _begin(unit: int, rule: rules.Rule, evidence: rules.Evidence, version: str, at: datetime) -> GapFinding:
    """A finding; one whose like was mended and verified in this unit before is its recurrence."""
    verified = Correction.objects.filter(organisation=unit, finding__code=rule.code, state=rules.VERIFIED)
    last = verified.order_by("-closed_at").values_list("finding", flat=True).first()
    row = GapFinding.objects.create(
        organisation_id=unit, code=rule.code, severity=rule.severity, rules=version, count=evidence.count,
        of=evidence.of, most=evidence.count, first_seen=at, last_seen=at, recurrence_of_id=last,
        trail=[[at.isoformat(), evidence.count, evidence.of]],
        purge_on=clock.local_day(at) + timedelta(days=keep_days("gap")),
    )  # fmt: skip
    audit.record("gap.found", "gap", row.pk, by=RULE, at=at, new={"code": rule.code, "count": evidence.count})
    return row


def _go_on(row: GapFinding, evidence: rules.Evidence, at: datetime) -> None:
    if (row.count, row.of) != (evidence.count, evidence.of):
        row.trail = [*row.trail, [at.isoformat(), evidence.count, evidence.of]][-TRAIL:]
    row.count, row.of, row.most, row.last_seen = evidence.count, evidence.of, max(row.most, evidence.count), at
    row.save(update_fields=["count", "of", "most", "last_seen", "trail"])


def _open_once(row: GapFinding, rule: rules.Rule, at: datetime) -> None:
    """By rule: only where none was ever opened for this finding, so that one that was dropped stays dropped."""
    if not row.corrections.exists():
        _open(row, rule, "", by=RULE, at=at)


def _open(row: GapFinding, rule: rules.Rule | None, text: str, *, by: Actor, at: datetime) -> Correction:
    hours = rule.hours if rule else 24
    made = Correction.objects.create(
        organisation_id=row.organisation_id, finding=row, text=text, due_at=at + timedelta(hours=hours), opened_at=at,
        opened_by_id=by.account_id, purge_on=clock.local_day(at) + timedelta(days=keep_days("gap")),
    )  # fmt: skip
    _note(made, "opened", "", by=by, at=at)
    audit.record("correction.opened", "correction", made.pk, by=by, at=at, new={"gap": row.pk})
    events.publish("correction.opened", correction=made, by=by, at=at)
    return made


def _note(row: Correction, act: str, text: str, *, by: Actor, at: datetime) -> None:
    CorrectionEvent.objects.create(correction=row, at=at, act=act, text=text, by_id=by.account_id)


@transaction.atomic
def open_correction(finding: GapFinding, *, text: str = "", by: Actor, at: datetime) -> Correction:
    """A person opens the correction of a finding; `text` empty: as the rule proposes. Needs directive.manage there.

    Conflict (`correction_open`) while one is under way, (`gap_over`) where the gap is not there any more.
    """
    by.require(MANAGE, finding.organisation.path)
    finding = GapFinding.objects.select_for_update().select_related("organisation").get(pk=finding.pk)
    if finding.ended_at is not None:
        raise Conflict(_("This gap is not there any more."), code="gap_over")
    if finding.corrections.exclude(state__in=rules.FINAL).exists():
        raise Conflict(_("A correction is under way already."), code="correction_open")
    rule = queries.rules_now().by_code.get(finding.code)
    return _open(finding, rule, _words(text) if text.strip() else "", by=by, at=at)


def _words(text: str, field: str = "text") -> str:
    text = text.strip()
    if not 4 <= len(text) <= rules.LONGEST:
        raise BadInput(
            _("Say it in 4 to %(limit)s characters."), code="text_missing", field=field, limit=rules.LONGEST
        )  # fmt: skip
    return text


@transaction.atomic
def act(
    row: Correction, name: str, *, text: str = "", due_at: datetime | None = None, by: Actor, at: datetime
) -> Correction:
    """One step of a correction (`rules.ACTS`). `due_at` for "extend": later than now, at most a quarter ahead."""
    row = Correction.objects.select_for_update().select_related("organisation").get(pk=row.pk)
    own = queries.own_work(by, row, at=at)
    found = rules.check_act(name, row.state, sides=queries.sides(by, row, at=at), own_work=own, text=text)
    old = {"state": row.state}
    if found.name == "done":
        row.done_at, row.done_by_id, row.done_by_person_id = at, by.account_id, by.person_id
        row.done_text = text.strip()
    if found.name == "send_back":
        row.done_at = None
    if found.name == "extend":
        if due_at is None or not at < due_at <= at + timedelta(days=92):
            raise BadInput(
                _("Give a time after now and within a quarter."), code="due_invalid", field="due_at"
            )  # fmt: skip
        row.due_at = due_at
    if found.after is not None:
        row.state = found.after
    if row.state in rules.FINAL:
        row.closed_at = at
        _tell_point(row, at)
    row.save()
    _note(row, name, text.strip(), by=by, at=at)
    audit.record(f"correction.{name}", "correction", row.pk, by=by, at=at, old=old, new={"state": row.state})
    return row


def _tell_point(row: Correction, at: datetime) -> None:
    """Whoever told of it reads how it ended."""
    if row.weak_point_id is None:
        return
    said = row.done_text if row.state == rules.VERIFIED else ""
    WeakPoint.objects.filter(pk=row.weak_point_id).update(
        state=WeakPoint.State.ANSWERED, answer=said or str(_("It was looked at and not taken further.")), answered_at=at
    )


# --- what people tell ------------------------------------------------------------------------------------------------


def tell(
    unit: Organisation, *, text: str, where: str = "", wish: str = "", anonymous: bool, by: Actor, at: datetime
) -> tuple[WeakPoint, str]:
    """What somebody saw; returns the row and the code by which its teller reads on, shown once.

    Anonymous: neither account nor moment is stored, only the day, and the row itself is the only record. Conflict
    (`told_often`) after `A_DAY` a day and process: counted under a key that only this process can make, and forgotten.
    """
    day = clock.local_day(at)
    _not_too_often(by, str(day))
    code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
    with transaction.atomic():
        row = WeakPoint.objects.create(
            organisation=unit, text=_words(text), where=where.strip()[:120], wish=wish.strip()[: rules.LONGEST],
            day=day, account_id=None if anonymous else by.account_id, code_hash=queries.hash_of(code),
            purge_on=day + timedelta(days=keep_days("gap")),
        )  # fmt: skip
        if not anonymous:
            # The numbers of entries follow each other: one of an anonymous telling would stand between two moments.
            audit.record("weak_point.told", "weak_point", row.pk, by=by, at=at)
    return row, code


def _not_too_often(by: Actor, day: str) -> None:
    told = f"{day}:{by.account_id}"
    digest = salted_hmac("shouwang.weak.often", told, secret=SECRET, algorithm="sha256").hexdigest()
    key = f"command:weak:{digest}"
    cache.add(key, 0, 86_400)
    if cache.incr(key) > A_DAY:
        raise Conflict(
            _("You have told of %(n)s weak points today. Tell of more tomorrow, or ring the office."),
            code="told_often", n=A_DAY,
        )  # fmt: skip


@transaction.atomic
def answer_point(point: WeakPoint, *, answer: str, by: Actor, at: datetime) -> WeakPoint:
    """Answer without a correction, with a reason. Needs directive.manage there. Conflict when it was dealt with."""
    row = _new_point(point, by)
    row.state, row.answer = WeakPoint.State.ANSWERED, _words(answer, "answer")
    row.answered_at, row.answered_by_id = at, by.account_id
    row.save()
    audit.record("weak_point.answered", "weak_point", row.pk, by=by, at=at)
    return row


@transaction.atomic
def take_point(
    point: WeakPoint, *, unit: Organisation, text: str, due_at: datetime, by: Actor, at: datetime
) -> Correction:
    """Make it a correction of a unit. Needs directive.manage over both."""
    row = _new_point(point, by)
    by.require(MANAGE, unit.path)
    if not at < due_at <= at + timedelta(days=92):
        raise BadInput(_("Give a time after now and within a quarter."), code="due_invalid", field="due_at")
    row.state = WeakPoint.State.TAKEN
    row.save(update_fields=["state"])
    made = Correction.objects.create(
        organisation=unit, weak_point=row, text=_words(text), due_at=due_at, opened_at=at, opened_by_id=by.account_id,
        purge_on=clock.local_day(at) + timedelta(days=keep_days("gap")),
    )  # fmt: skip
    _note(made, "opened", "", by=by, at=at)
    audit.record("correction.opened", "correction", made.pk, by=by, at=at, new={"weak_point": row.pk})
    events.publish("correction.opened", correction=made, by=by, at=at)
    return made


def _new_point(point: WeakPoint, by: Actor) -> WeakPoint:
    by.require(MANAGE, point.organisation.path)
    row = WeakPoint.objects.select_for_update().select_related("organisation").get(pk=point.pk)
    if row.state != WeakPoint.State.NEW:
        raise Conflict(_("Somebody has dealt with it already."), code="point_over")
    return row
