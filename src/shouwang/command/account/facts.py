"""Facts that may be quoted, in words as they stand today, and what the system offers to look at.

Nothing of a person's health can be quoted: no case, contact, alert, order or check-in is a kind of fact, and of gaps
and corrections only those that count work. What one quotes one must be able to see.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from shouwang.command.account.models import MatterFact
from shouwang.command.account.numbers import Numbers, OfferRule
from shouwang.command.account.rules import FINAL, LONGEST, MOST_FACTS, SHORTEST
from shouwang.command.mending import queries as mending
from shouwang.command.mending import rules as mending_rules
from shouwang.command.models import Correction, GapFinding, Receipt, ReportReview, Task, UnitReport
from shouwang.command.queries.answering import MANAGE, answered_by
from shouwang.command.queries.tasks import visible_tasks
from shouwang.command.rules import tasks as task_rules
from shouwang.core import clock
from shouwang.core.errors import BadInput, NotFound
from shouwang.core.scope import Actor
from shouwang.core.tree import ancestors, in_ranges, subtree
from shouwang.org.models import Organisation

# Rules of gaps.toml that count work; all others count people who are ill, near them, or silent.
WORK_GAPS = ("reports_missing", "directives_unread", "tasks_overdue", "uncovered_units", "level_review")
OF_EACH, MOST_OFFERS = 10, 50
# Numbers of cases ("CV-2026-0001") and of people or telephones.
NAMED = re.compile(r"[A-Za-z]{1,8}\d*-\d{4}-\d{3,}|\d{7,}")
VIEW = "report.view"
Kind = MatterFact.Kind


@dataclass(frozen=True, slots=True)
class Quote:
    """A fact in words. `ref` None and a `source` for one in own words."""

    kind: str
    ref: int | None
    words: str
    source: str = ""

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.ref}"

    @property
    def kind_name(self) -> str:
        return str(Kind(self.kind).label)


def told(words: str, source: str) -> Quote:
    """A fact in own words with its source. BadInput: too short (`fact_words`), no source (`fact_source`), or a number
    of a case or a person in it (`fact_names`)."""
    words, source = words.strip(), source.strip()
    if not SHORTEST <= len(words) <= LONGEST:
        raise BadInput(
            _("Say it in %(least)s to %(limit)s characters."), code="fact_words", field="words", least=SHORTEST,
            limit=LONGEST,
        )  # fmt: skip
    if not 2 <= len(source) <= 200:
        raise BadInput(_("Say where this fact comes from."), code="fact_source", field="source")
    if NAMED.search(words) or NAMED.search(source):
        raise BadInput(
            _("Leave out numbers of cases, people and telephones: nobody's health is a fact here."), code="fact_names",
            field="words",
        )  # fmt: skip
    return Quote(Kind.TOLD, None, words, source)


def quote(by: Actor, unit: Organisation, key: str, *, at: datetime) -> Quote:
    """The fact `kind:id` of a unit or one below it. BadInput (`fact_unknown`) for a kind that cannot be quoted and for
    what does not exist there or may not be seen."""
    kind, _colon, ref = key.partition(":")
    rows = ROWS.get(kind)
    if rows is not None and ref.isdecimal() and len(ref) < 19:
        row = rows(by, unit, at).filter(pk=int(ref)).first()
        if row is not None:
            return Quote(kind, row.pk, WORDS[kind](row, unit, at)[:LONGEST])
    raise BadInput(
        _("“%(key)s” cannot be quoted: tasks, daily reports, corrections, receipts and gaps of work of this unit can."),
        code="fact_unknown", field="facts", key=key[:40],
    )  # fmt: skip


def quotable(by: Actor, unit: Organisation, *, at: datetime) -> list[Quote]:
    """The latest facts of each kind that could be quoted. Seven queries."""
    found = []
    for kind, rows in ROWS.items():
        for row in rows(by, unit, at).order_by("-pk")[:OF_EACH]:
            found.append(Quote(kind, row.pk, WORDS[kind](row, unit, at)[:LONGEST]))
    return found


def unit_of(by: Actor, key: str, *, at: datetime) -> Organisation:
    """The unit of the fact `kind:id`, where the asker may see it and holds the right to propose. NotFound otherwise."""
    kind, _colon, ref = key.partition(":")
    model = MODELS.get(kind)
    row = model.objects.filter(pk=int(ref)).first() if model and ref.isdecimal() and len(ref) < 19 else None
    unit = getattr(row, "unit", None) or getattr(row, "organisation", None)
    if not isinstance(unit, Organisation) or not by.holds(MANAGE, unit.path):
        raise NotFound
    try:
        quote(by, unit, key, at=at)
    except BadInput as error:
        raise NotFound from error
    return unit


MODELS: Mapping[str, type[Task] | type[UnitReport] | type[GapFinding] | type[Correction] | type[Receipt]] = {
    "task": Task, "report": UnitReport, "gap": GapFinding, "correction": Correction, "receipt": Receipt,
}  # fmt: skip


def may_quote(by: Actor, unit: Organisation, key: str, *, at: datetime) -> bool:
    """Whether the asker may propose something to the unit with this fact: what its own page offers."""
    if not by.holds(MANAGE, unit.path) or unit.pk in answered_by(by, on=clock.local_day(at)):
        return False
    kind, _colon, ref = key.partition(":")
    return ROWS[kind](by, unit, at).filter(pk=int(ref)).exists()


# --- what can be quoted ----------------------------------------------------------------------------------------------


def _of(unit: Organisation, path: str) -> Q:
    return in_ranges(path, (subtree(unit.path),))


def _tasks(by: Actor, unit: Organisation, at: datetime) -> QuerySet[Task]:
    rows = visible_tasks(by, answered_by(by, on=clock.local_day(at))).filter(_of(unit, "unit__path"))
    late = Q(due_at__lt=at) & ~Q(state__in=task_rules.FINAL)
    return rows.filter(late | Q(escalation__gte=1) | Q(done_at__gt=F("due_at")))


def _reports(by: Actor, unit: Organisation, at: datetime) -> QuerySet[UnitReport]:
    rows = UnitReport.objects.filter(_of(unit, "unit__path"), in_ranges("unit__path", by.ranges(VIEW)))
    return rows.filter(Q(first_at__gt=F("due_at")) | Q(returned_at__isnull=False)).select_related("unit")


def _missing(by: Actor, unit: Organisation, at: datetime) -> QuerySet[ReportReview]:
    """Rounds in which this very unit was missing: of the reviews of its time, those that name it."""
    rows = ReportReview.objects.filter(
        in_ranges("unit__path", by.ranges(VIEW)), unit__path__in=ancestors(unit.path)[:-1]
    )
    named = [pk for pk, missing in rows.order_by("-pk").values_list("pk", "missing")[:500] if unit.pk in missing]
    return rows.filter(pk__in=named).select_related("unit")


def _gaps(by: Actor, unit: Organisation, at: datetime) -> QuerySet[GapFinding]:
    return mending.visible_findings(by).filter(_of(unit, "organisation__path"), code__in=WORK_GAPS)


def _corrections(by: Actor, unit: Organisation, at: datetime) -> QuerySet[Correction]:
    """Late ones, of gaps of work or of what somebody told."""
    rows = mending.visible_corrections(by, answered_by(by, on=clock.local_day(at)))
    rows = rows.filter(_of(unit, "organisation__path"), Q(finding__isnull=True) | Q(finding__code__in=WORK_GAPS))
    return rows.filter(Q(state=mending_rules.OPEN, due_at__lt=at) | Q(done_at__gt=F("due_at")))


def _receipts(by: Actor, unit: Organisation, at: datetime) -> QuerySet[Receipt]:
    rows = Receipt.objects.filter(
        _of(unit, "unit__path"), in_ranges("directive__organisation__path", by.ranges(MANAGE))
    )
    late = Q(acknowledged_at__isnull=True, directive__acknowledge_by__lt=at)
    late |= Q(acknowledged_at__gt=F("directive__acknowledge_by"))
    return rows.filter(late, directive__number__gt="").select_related("unit", "directive")


def _day(moment: datetime) -> str:
    return moment.astimezone(clock.zone()).strftime("%Y-%m-%d %H:%M")


def _task_words(row: Task, unit: Organisation, at: datetime) -> str:
    values = {"unit": row.unit.title, "text": row.text[:300], "due": _day(row.due_at), "state": row.get_state_display()}
    said = [_("%(unit)s: task “%(text)s”, due %(due)s, state: %(state)s.") % values]
    if row.done_at is not None:
        said.append(_("Said to be done %(at)s.") % {"at": _day(row.done_at)})
    if row.escalation:
        said.append(_("Taken further %(n)s times.") % {"n": row.escalation})
    return " ".join(said)


def _report_words(row: UnitReport, unit: Organisation, at: datetime) -> str:
    values = {"unit": row.unit.title, "day": row.day, "due": _day(row.due_at), "first": _day(row.first_at)}
    said = [_("%(unit)s: daily report of %(day)s, due %(due)s, handed in %(first)s.") % values]
    if row.returned_at is not None:
        said.append(_("Sent back %(at)s.") % {"at": _day(row.returned_at)})
    return " ".join(said)


def _missing_words(row: ReportReview, unit: Organisation, at: datetime) -> str:
    values = {"unit": unit.title, "day": row.day, "above": row.unit.title, "at": _day(row.at)}
    return _("%(unit)s: no daily report of %(day)s when %(above)s took them in (%(at)s).") % values


def _gap_words(row: GapFinding, unit: Organisation, at: datetime) -> str:
    [gap] = mending.gaps_of([row])
    values = {"unit": row.organisation.title, "gap": gap.sentence, "since": _day(row.first_seen)}
    said = [_("%(unit)s: %(gap)s, since %(since)s.") % values]
    if row.ended_at is not None:
        said.append(_("Gone since %(at)s.") % {"at": _day(row.ended_at)})
    return " ".join(said)


def _correction_words(row: Correction, unit: Organisation, at: datetime) -> str:
    values = {
        "unit": row.organisation.title, "text": row.title[:300], "due": _day(row.due_at),
        "state": row.get_state_display(),
    }  # fmt: skip
    return _("%(unit)s: correction “%(text)s”, due %(due)s, state: %(state)s.") % values


def _receipt_words(row: Receipt, unit: Organisation, at: datetime) -> str:
    due = row.directive.acknowledge_by
    values = {
        "unit": row.unit.title, "number": row.directive.number, "due": _day(due) if due else "—",
        "at": _day(row.acknowledged_at) if row.acknowledged_at else _("not yet"),
    }  # fmt: skip
    return _("%(unit)s: directive %(number)s, to be acknowledged by %(due)s, acknowledged: %(at)s.") % values


ROWS: Mapping[str, Callable[[Actor, Organisation, datetime], QuerySet[Any]]] = {
    "task": _tasks, "report": _reports, "missing": _missing, "gap": _gaps, "correction": _corrections,
    "receipt": _receipts,
}  # fmt: skip
WORDS: Mapping[str, Callable[[Any, Organisation, datetime], str]] = {
    "task": _task_words, "report": _report_words, "missing": _missing_words, "gap": _gap_words,
    "correction": _correction_words, "receipt": _receipt_words,
}  # fmt: skip


# --- what the system offers to look at -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Offer:
    """A unit to look at, and why. Nothing follows from it unless a person proposes something."""

    unit: Organisation
    rule: OfferRule
    count: int
    facts: list[Quote]

    @property
    def sentence(self) -> str:
        rule = self.rule
        return rule.sentence.said(count=self.count, days=rule.within_days, at_least=rule.at_least)


def offers(by: Actor, numbers: Numbers, *, at: datetime) -> list[Offer]:
    """Units within reach of the right to propose whose facts reach the number of a rule, in the order of the tree.
    Facts that stand in a matter under way are not counted again; units the asker answers for are left out."""
    found = [offer for rule in numbers.offers for offer in OFFERED[rule.code](by, rule, at)]
    own = answered_by(by, on=clock.local_day(at))
    return sorted((offer for offer in found if offer.unit.pk not in own), key=lambda offer: offer.unit.path)


def _taken(kind: str) -> list[int]:
    rows = MatterFact.objects.filter(kind=kind).exclude(matter__state__in=FINAL)
    return [ref for ref in rows.values_list("ref", flat=True) if ref is not None]


def _late_tasks(by: Actor, rule: OfferRule, at: datetime) -> list[Offer]:
    """How often overdue tasks of a unit that are still open were taken further."""
    rows = visible_tasks(by, answered_by(by, on=clock.local_day(at)))
    rows = rows.filter(
        in_ranges("unit__path", by.ranges(MANAGE)), escalation__gte=1, due_at__lt=at,
        due_at__gte=at - timedelta(days=rule.within_days),
    )  # fmt: skip
    rows = rows.exclude(state__in=(*task_rules.FINAL, task_rules.DONE)).exclude(pk__in=_taken("task"))
    sums = rows.order_by().values("unit").annotate(n=Sum("escalation")).filter(n__gte=rule.at_least)
    counted = dict(sums.order_by("-n", "unit").values_list("unit", "n")[:MOST_OFFERS])
    quotes: dict[int, list[Quote]] = {}
    units: dict[int, Organisation] = {}
    for row in rows.filter(unit__in=list(counted)).order_by("due_at", "pk"):
        units[row.unit_id] = row.unit
        quotes.setdefault(row.unit_id, []).append(Quote("task", row.pk, _task_words(row, row.unit, at)[:LONGEST]))
    return [Offer(units[pk], rule, counted[pk], facts[:MOST_FACTS]) for pk, facts in quotes.items()]


def _missing_reports(by: Actor, rule: OfferRule, at: datetime) -> list[Offer]:
    """On how many days a unit's daily report was missing when it was taken in."""
    since = clock.local_day(at) - timedelta(days=rule.within_days)
    rows = ReportReview.objects.filter(in_ranges("unit__path", by.ranges(VIEW)), day__gt=since).select_related("unit")
    taken = set(MatterFact.objects.filter(kind="missing").exclude(matter__state__in=FINAL).values_list(
        "ref", "matter__organisation"
    ))  # fmt: skip
    named: dict[int, dict[date, ReportReview]] = {}
    for row in rows.order_by("day", "number"):
        for pk in row.missing:
            if (row.pk, pk) not in taken:
                named.setdefault(pk, {})[row.day] = row
    often = {pk: days for pk, days in named.items() if len(days) >= rule.at_least}
    within = in_ranges("path", by.ranges(MANAGE))
    units = Organisation.objects.filter(within, pk__in=list(often)).order_by("path")[:MOST_OFFERS]
    found = []
    for unit in units:
        latest = list(often[unit.pk].values())[-MOST_FACTS:]
        facts = [Quote("missing", row.pk, _missing_words(row, unit, at)) for row in latest]
        found.append(Offer(unit, rule, len(often[unit.pk]), facts))
    return found


OFFERED: Mapping[str, Callable[[Actor, OfferRule, datetime], list[Offer]]] = {
    "tasks_escalated": _late_tasks,
    "reports_missing": _missing_reports,
}


def offer_json(offer: Offer) -> dict[str, Any]:
    return {
        "unit": offer.unit.code, "unit_name": offer.unit.title, "rule": offer.rule.code, "count": offer.count,
        "sentence": offer.sentence, "facts": [{"fact": one.key, "words": one.words} for one in offer.facts],
    }  # fmt: skip
