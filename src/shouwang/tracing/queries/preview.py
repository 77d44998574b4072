"""What another edition of the rule would change for a case, person by person, before anything is written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from shouwang.cases.models import Case
from shouwang.core import clock
from shouwang.core.errors import BadInput
from shouwang.core.packs import Text
from shouwang.core.scope import Actor
from shouwang.org.models import Person
from shouwang.tracing.models import Contact, Trace
from shouwang.tracing.queries import catalogue, rulebook
from shouwang.tracing.queries.assessing import Assessment, assess
from shouwang.tracing.queries.contacts import case_to_trace
from shouwang.tracing.queries.rulebook import Ruling
from shouwang.tracing.rules.certainty import UNSURE, UNSURE_NAME

LONGEST_NEGATIVE = timedelta(days=60)
"""Before detection; an older test bounds nothing (assumption)."""
ADDED, DROPPED, CHANGED, SAME = "added", "dropped", "changed", "same"
KINDS = {
    ADDED: _("would be added"),
    DROPPED: _("would be dropped"),
    CHANGED: _("grade would change"),
    SAME: _("stays as it is"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """One person under the rule held now and under the one proposed. Grades are codes, "" for no contact; reasons in
    both languages. `decided` is the state a tracer decided, "" for none: that decision stays whatever the rule says,
    and so does a grade given by a person (`overridden`). `by_records`: the present rule, run again, would say the same;
    not the rule makes the change but records or dates that came in since the last trace."""

    person: Person
    kind: str
    before: str
    after: str
    reason: Text
    decided: str
    overridden: bool
    by_records: bool

    @property
    def kept(self) -> bool:
        """Stays on the list by a person's word although the proposed rule does not find it."""
        return self.kind == DROPPED and bool(self.decided or self.overridden)


@dataclass(frozen=True, slots=True)
class Preview:
    """`changes` without those that stay the same; `same` counts these. `traced` false: the case was never traced, so
    that everybody found would be new."""

    now: Ruling
    proposed: Ruling
    found: Assessment
    changes: list[Change]
    same: int
    traced: bool

    def count(self, kind: str) -> int:
        return sum(change.kind == kind for change in self.changes)

    def grade_name(self, code: str) -> str:
        """As the proposed rule calls it, else the present one."""
        for names in (self.proposed.grade_names, self.now.grade_names):
            if code in names:
                return str(names[code])
        return str(UNSURE_NAME) if code == UNSURE else code


def preview(by: Actor, case: Case, code: str, *, at: datetime, last_negative: datetime | None = None) -> Preview:
    """Compare the contacts on record with what the edition `code` would find now.

    Writes nothing. Needs an open case in reach of trace.work: NotFound otherwise, and for an edition that is not at
    hand. BadInput for an edition of another disease.
    """
    case = case_to_trace(by, case.pk)
    found = assess(case, proposed(case, code, at=at, last_negative=last_negative), at)
    rows = Contact.objects.filter(case=case).select_related("person", "person__home", "trace").defer("evidence", "days")
    held = {row.person_id: row for row in rows}
    new = {row.person_id: row for row in found.contacts}
    people = {row.person_id: row.person for row in held.values()}
    fresh = Person.objects.filter(pk__in=new.keys() - people.keys()).select_related("home")
    people |= {person.pk: person for person in fresh}
    now = rulebook.ruling(case, at)
    again = {row.person_id: row.grade for row in assess(case, now, at).contacts}
    changes = [
        _change(people[pk], held.get(pk), new.get(pk), again.get(pk, ""), found.ruling)
        for pk in held.keys() | new.keys()
    ]
    moved = [change for change in changes if change.kind != SAME]
    order = list(KINDS)
    moved.sort(key=lambda c: (order.index(c.kind), found.ruling.rank(c.after), c.person.number))
    traced = Trace.objects.filter(case=case).exists()
    return Preview(now, found.ruling, found, moved, len(changes) - len(moved), traced)


def proposed(case: Case, code: str, *, at: datetime, last_negative: datetime | None) -> Ruling:
    """The edition as it would judge this case. BadInput for one of another disease, or a test in the future."""
    edition = catalogue.get_edition(code)
    if edition.head.disease != case.disease:
        raise BadInput(
            _("The rule %(edition)s is for another disease (%(disease)s) than the case."),
            code="rule_of_another_disease",
            field="edition",
            edition=code,
            disease=edition.head.disease,
        )
    if last_negative is not None:
        last_negative = clock.aware(last_negative)
        if last_negative > at:
            raise BadInput(_("The last negative test cannot lie in the future."), field="last_negative")
        if last_negative < case.detected_at - LONGEST_NEGATIVE:
            sentence = _("The last negative test lies more than %(days)s days before the case was detected.")
            raise BadInput(sentence, field="last_negative", days=LONGEST_NEGATIVE.days)
    return rulebook.under(case, edition, at, last_negative=last_negative)


def _change(person: Person, held: Contact | None, new: Contact | None, again: str, ruling: Ruling) -> Change:
    before = held.grade if held is not None else ""
    after = new.grade if new is not None else ""
    if held is not None and held.override:
        after = held.override if new is not None else ""
    decided = held.state if held is not None and held.state != Contact.State.CANDIDATE else ""
    if held is None:
        kind = ADDED
    elif new is None:
        kind = DROPPED
    else:
        kind = CHANGED if before != after else SAME
    reason = Text(zh=new.why_zh, en=new.why_en) if new is not None else _why_not(held, ruling)
    by_records = kind != SAME and again == after
    return Change(person, kind, before, after, reason, decided, bool(held and held.override), by_records)


def _why_not(held: Contact | None, ruling: Ruling) -> Text:
    if ruling.rule is None:
        return Text(zh="该版规则不再判定密切接触者", en="this edition does not determine contacts")
    window = ruling.window
    if held is not None and (held.last_at <= window.start or held.first_at >= window.end):
        return Text(zh="接触发生在该版规则的追溯时段之外", en="the encounters lie outside the window of this edition")
    if held is not None and held.link_id is not None:
        return Text(zh="该版规则不判定此人为次密接", en="this edition does not make the person a contact of a contact")
    return Text(zh="不符合该版规则的任何判定条件", en="no condition of this edition holds")
