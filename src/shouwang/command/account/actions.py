"""Each step of a matter: proposing, serving, replying, deciding, appealing; and what time alone brings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shouwang.command.account import queries, rules
from shouwang.command.account.facts import Quote, quote
from shouwang.command.account.models import Matter, MatterEvent, MatterFact
from shouwang.command.queries.answering import MANAGE, who_answers
from shouwang.core import audit, clock
from shouwang.core.errors import BadInput, Conflict, Forbidden, NotFound
from shouwang.core.retention import keep_days
from shouwang.core.scope import Actor, system_actor
from shouwang.org.models import Organisation, Person

TIME = system_actor("time")
AT_ONCE = 200
WORDS = ("asked", "urgent", "reply", "talk", "reasons", "appeal", "appeal_reasons", "decided_level")
HANDS = ("proposed_by", "served_by", "talked_by", "replied_by", "decided_by", "appealed_by", "appeal_decided_by")


@transaction.atomic
def propose(
    unit: Organisation, *, step: str, asked: str, facts: Sequence[str] = (), told: Sequence[Quote] = (),
    person: Person | None = None, previous: Matter | None = None, urgent: str = "", by: Actor, at: datetime,
) -> Matter:  # fmt: skip
    """A matter of a unit, or a person who answers for it, with facts `kind:id` and facts in own words; not served yet.

    `previous`: the step before, whose facts are carried over but for those struck. Needs directive.manage over the
    unit. Forbidden for the program itself (`person_needed`) and in one's own matter (`own_matter`); BadInput for what
    is missing.
    """
    by.require(MANAGE, unit.path)
    _require_person(by)
    on = clock.local_day(at)
    about = Matter.About.PERSON if person else Matter.About.UNIT
    if person is not None and person.pk not in {one.pk for one in queries.people_of(unit, on=on)}:
        raise BadInput(
            _("A matter is about the unit, or a member of staff who answers for it today; never about a student."),
            code="not_answering", field="person",
        )  # fmt: skip
    if queries.stands_for(by, unit, person.pk if person else None, about, on=on):
        raise Forbidden(_("Nobody proposes or decides in their own matter."), code="own_matter")
    rules.check_step(
        step, previous=previous.step if previous else None, previous_state=_state_of(previous, unit, person),
        urgent=urgent,
    )  # fmt: skip
    asked = rules.check_words(asked, "asked")
    urgent = rules.check_words(urgent, "urgent") if urgent.strip() else ""
    quotes = _quotes(unit, facts, told, previous, by, at)
    numbers = queries.numbers()
    row = Matter.objects.create(
        organisation=unit, about=about, person=person, step=step, asked=asked, urgent=urgent, previous=previous,
        proposed_at=at, proposed_by_id=by.account_id, due_at=rules.due_after(rules.PROPOSED, numbers, step, at=at),
        purge_on=on + timedelta(days=keep_days("matter")),
    )  # fmt: skip
    MatterFact.objects.bulk_create(
        MatterFact(matter=row, kind=one.kind, ref=one.ref, words=one.words, source=one.source, as_of=at)
        for one in quotes
    )
    _note(row, "propose", "", "", by=by, at=at)
    return row


def _require_person(by: Actor) -> None:
    if by.account_id is None:
        raise Forbidden(_("A person does this, never the program: say on whose behalf."), code="person_needed")


def _state_of(previous: Matter | None, unit: Organisation, person: Person | None) -> str | None:
    """The state of the step before, where it was about the same."""
    if previous is None:
        return None
    same = (previous.organisation_id, previous.person_id) == (unit.pk, person.pk if person else None)
    return previous.state if same else None


def _quotes(
    unit: Organisation, facts: Sequence[str], told: Sequence[Quote], previous: Matter | None, by: Actor, at: datetime
) -> list[Quote]:
    """Facts carried over, quoted anew, and told, each once. BadInput for none and for more than twenty."""
    found: dict[object, Quote] = {}
    for fact in previous.facts.filter(struck=False) if previous else ():
        found[fact.words if fact.ref is None else (fact.kind, fact.ref)] = Quote(
            fact.kind, fact.ref, fact.words, fact.source
        )  # fmt: skip
    if len(facts) + len(told) > rules.MOST_FACTS:
        raise _too_many()
    for key in facts:
        one = quote(by, unit, key, at=at)
        found[one.kind, one.ref] = one
    found |= {one.words: one for one in told}
    if not found:
        raise BadInput(_("A matter stands on facts: quote at least one."), code="facts_missing", field="facts")
    if len(found) > rules.MOST_FACTS:
        raise _too_many()
    return list(found.values())


def _too_many() -> BadInput:
    return BadInput(_("Quote at most %(n)s facts."), code="facts_many", field="facts", n=rules.MOST_FACTS)


def _note(row: Matter, act: str, before: str, text: str, *, by: Actor, at: datetime) -> None:
    """The step and its audit entry, which carries no words: those go when the matter is over."""
    MatterEvent.objects.create(
        matter=row, at=at, act=act, before=before, after=row.state, text=text, by_id=by.account_id
    )
    _record(row, act, before, by=by, at=at)


def _record(row: Matter, act: str, before: str, *, by: Actor, at: datetime) -> None:
    """Under the name of whom it concerns once it is served: before, they are not told by "who saw my data" either."""
    subject = row.person_id if row.served_at else None
    old, new = {"state": before}, {"state": row.state}
    audit.record(f"matter.{act}", "matter", row.pk, by=by, at=at, subject=subject, old=old, new=new)


def _locked(row: Matter) -> Matter:
    return Matter.objects.select_for_update(of=("self",)).select_related(*queries.RELATED).get(pk=row.pk)


def _begin(row: Matter, name: str, text: str, by: Actor, at: datetime) -> Matter:
    """The locked row, where the asker may do `name` now. What time has brought is counted first, sweeper or not."""
    _require_person(by)
    row = _locked(row)
    while (state := rules.in_time(row.state, due_at=row.due_at, now=at)) is not None:
        if state in rules.FINAL:
            raise Conflict(_("Its time is over."), code="matter_state")
        _go_on(row, state, at)
    rules.check_act(name, row.state, sides=queries.sides(by, row, on=clock.local_day(at)), text=text)
    return row


def _enter(row: Matter, state: str, at: datetime) -> None:
    """`state` from `at` on, with its time. What stands lasts until it expires."""
    row.state = state
    row.due_at = row.expires_at if state == rules.STANDS else rules.due_after(state, queries.numbers(), row.step, at=at)


@transaction.atomic
def serve(row: Matter, *, by: Actor, at: datetime) -> Matter:
    """Put it before whom it concerns, with its facts. Conflict (`nobody_answers`) where nobody answers for the unit."""
    row = _begin(row, "serve", "", by, at)
    if row.person is None and not who_answers([row.organisation], on=clock.local_day(at)):
        raise Conflict(_("Nobody answers for this unit: name somebody first."), code="nobody_answers")
    return _step(row, "serve", rules.SENT, "", by, at, served_at=at, served_by_id=by.account_id)


def _step(row: Matter, name: str, state: str | None, text: str, by: Actor, at: datetime, **fields: object) -> Matter:
    before = row.state
    for field, value in fields.items():
        setattr(row, field, value)
    if state is not None and state != before:
        _enter(row, state, at)
    if name == "serve":
        row.reply_due = row.due_at
    row.save()
    _note(row, name, before, text, by=by, at=at)
    return row


@transaction.atomic
def note_talk(row: Matter, *, text: str, by: Actor, at: datetime) -> Matter:
    """What was said in the talk; whom it concerns reads it and may add to it in the reply."""
    row = _begin(row, "talk", text, by, at)
    if row.step != rules.TALK:
        raise Conflict(_("This step is not a talk."), code="matter_state")
    return _step(row, "talk", None, "", by, at, talk=text.strip(), talked_at=at, talked_by_id=by.account_id)


@transaction.atomic
def reply(row: Matter, *, text: str, by: Actor, at: datetime) -> Matter:
    """The words of whom it concerns; a later reply replaces them until it is decided, the earlier one stays below."""
    row = _begin(row, "reply", text, by, at)
    earlier = row.reply
    return _step(
        row, "reply", rules.REPLIED, earlier, by, at, reply=text.strip(), replied_at=at, replied_by_id=by.account_id
    )  # fmt: skip


@transaction.atomic
def contest(row: Matter, fact_id: int, *, text: str, by: Actor, at: datetime) -> MatterFact:
    """“This fact is wrong”, and what is right: the decider has to say something to it. NotFound for another's fact."""
    row = _begin(row, "contest", text, by, at)
    fact = row.facts.filter(pk=fact_id).first()
    if fact is None:
        raise NotFound
    fact.contested, fact.contested_at, fact.contested_by_id = text.strip(), at, by.account_id
    fact.save()
    _step(row, "contest", None, "", by, at)
    return fact


@transaction.atomic
def decide(
    row: Matter, *, verdict: str, text: str, answers: Mapping[int, str] | None = None,
    struck: Sequence[int] = (), by: Actor, at: datetime,
) -> Matter:  # fmt: skip
    """`verdict` upheld or withdrawn, with reasons, an answer to each contested fact, and which facts do not count.

    By one who neither proposed it nor is concerned. Withdrawn, its words are gone. Of two at once the second reads
    Conflict (`matter_state`).
    """
    row = _begin(row, "decide", text, by, at)
    facts = list(row.facts.all())
    given = answers or {}
    for fact in facts:
        fact.answer = given.get(fact.pk, "").strip()[: rules.LONGEST] if fact.contested else ""
        fact.struck = fact.pk in struck
    standing = [rules.FactStanding(one.pk, bool(one.contested), one.answer, one.struck) for one in facts]
    rules.check_decision(verdict, text, standing, step=row.step, talked=row.talked_at is not None)
    if verdict == rules.WITHDRAWN:
        return _over(row, "decide", Matter.Ending.DECISION, by=by, at=at)
    MatterFact.objects.bulk_update(facts, ["answer", "struck"])
    numbers = queries.numbers()
    row.expires_at = rules.due_after(rules.STANDS, numbers, row.step, at=at)
    row.appeal_due = rules.due_after(rules.DECIDED, numbers, row.step, at=at)
    level = queries.level_of(by, row.organisation.path) or ""
    return _step(
        row, "decide", rules.DECIDED, "", by, at, decided_at=at, decided_by_id=by.account_id, decided_level=level,
        reasons=text.strip(),
    )  # fmt: skip


@transaction.atomic
def appeal(row: Matter, *, text: str, by: Actor, at: datetime) -> Matter:
    row = _begin(row, "appeal", text, by, at)
    return _step(
        row, "appeal", rules.APPEALED, "", by, at, appeal=text.strip(), appealed_at=at, appealed_by_id=by.account_id
    )  # fmt: skip


@transaction.atomic
def decide_appeal(row: Matter, *, verdict: str, text: str, by: Actor, at: datetime) -> Matter:
    """By a third hand, from above where somebody is there. Withdrawn, nothing remains but that there was a matter."""
    row = _begin(row, "decide_appeal", text, by, at)
    if verdict not in rules.VERDICTS:
        raise BadInput(
            _("There is no such decision: %(value)s."), code="verdict_unknown", field="verdict", value=verdict
        )  # fmt: skip
    if verdict == rules.WITHDRAWN:
        return _over(row, "decide_appeal", Matter.Ending.APPEAL, by=by, at=at)
    return _step(
        row, "decide_appeal", rules.STANDS, "", by, at, appeal_decided_at=at, appeal_decided_by_id=by.account_id,
        appeal_reasons=text.strip(),
    )  # fmt: skip


@transaction.atomic
def take_back(row: Matter, *, text: str, by: Actor, at: datetime) -> Matter:
    """By the office, with a reason, but not while an appeal is decided. The reason goes with the other words."""
    row = _begin(row, "take_back", text, by, at)
    return _over(row, "take_back", Matter.Ending.TAKEN_BACK, by=by, at=at)


def _over(row: Matter, act: str, ending: str, *, by: Actor, at: datetime) -> Matter:
    """End it, without words, facts and hands. A person who was served reads for some days that it was withdrawn."""
    before = row.state
    state = rules.EXPIRED if ending == Matter.Ending.TIME else rules.WITHDRAWN
    _enter(row, state, at)
    row.ended_at, row.ending = at, ending
    _record(row, act, before, by=by, at=at)
    if row.state == rules.EXPIRED or row.served_at is None:
        row.person, row.due_at = None, None
    for name in WORDS:
        setattr(row, name, "")
    for name in HANDS:
        setattr(row, name, None)
    row.previous = None
    row.save()
    row.facts.all().delete()
    row.events.all().delete()
    return row


# --- time ------------------------------------------------------------------------------------------------------------


def sweep_matters(*, at: datetime) -> int:
    """What time alone brings: replies overdue, appeals not made, no decision in time, steps that expire. How many."""
    done = 0
    while True:
        with transaction.atomic():
            rows = Matter.objects.select_for_update(of=("self",)).filter(due_at__lte=at).order_by("due_at", "pk")
            found = list(rows[:AT_ONCE])
            for row in found:
                _tick(row, at)
        done += len(found)
        if len(found) < AT_ONCE:
            return done


def _tick(row: Matter, at: datetime) -> None:
    state = rules.in_time(row.state, due_at=row.due_at, now=at)
    if state is None:  # over: its time to be read is up
        row.person, row.due_at = None, None
        row.save()
    elif state in rules.FINAL:
        ending = Matter.Ending.TIME if state == rules.EXPIRED else Matter.Ending.SILENCE
        _over(row, "ended", ending, by=TIME, at=at)
    else:
        _go_on(row, state, at)


def _go_on(row: Matter, state: str, at: datetime) -> None:
    """What time has brought since `due_at`, from when the next time runs."""
    before = row.state
    _enter(row, state, row.due_at or at)
    row.save()
    _note(row, "time", before, "", by=TIME, at=at)


def act(
    row: Matter, name: str, *, text: str = "", fact: int | None = None, verdict: str = "",
    answers: Mapping[int, str] | None = None, struck: Sequence[int] = (), by: Actor, at: datetime,
) -> Matter:  # fmt: skip
    """The step `name` of `rules.ACTS`, for mouths that are given it as a word."""
    if name == "serve":
        return serve(row, by=by, at=at)
    if name == "contest":
        contest(row, fact or 0, text=text, by=by, at=at)
        return row
    if name == "decide":
        return decide(row, verdict=verdict, text=text, answers=answers, struck=struck, by=by, at=at)
    if name == "decide_appeal":
        return decide_appeal(row, verdict=verdict, text=text, by=by, at=at)
    worded = {"talk": note_talk, "take_back": take_back, "reply": reply, "appeal": appeal}
    if name not in worded:
        raise BadInput(_("A matter knows no “%(name)s”."), code="act_unknown", field="act", name=name)
    return worded[name](row, text=text, by=by, at=at)
