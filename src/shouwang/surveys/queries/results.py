"""Answers as tables, within reach of survey.view; and one question counted by unit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from shouwang.core.errors import BadInput, NotFound
from shouwang.core.paging import Page, keyset_page
from shouwang.core.scope import Actor
from shouwang.core.tree import MAX_LENGTH, STEP, in_ranges, subtree
from shouwang.org.models import Organisation
from shouwang.org.queries import reachable
from shouwang.surveys import rules
from shouwang.surveys.models import Campaign, Submission, Target
from shouwang.surveys.rules import FEW

ORDER = ("person__home_path", "person__number")


def result_rows(by: Actor, campaign: Campaign, unit: Organisation | None = None) -> QuerySet[Submission]:
    """The answers that stand, by unit and number. NotFound without survey.view."""
    if not by.holds("survey.view"):
        raise NotFound
    rows = Submission.objects.filter(reachable(by, "survey.view", "person__"), campaign=campaign, current=True)
    if unit is not None:
        rows = rows.filter(in_ranges("person__home_path", [subtree(unit.path)]))
    return rows.select_related("person__home").order_by(*ORDER)


def results_page(by: Actor, campaign: Campaign, unit: Organisation | None, *, cursor: str = "") -> Page[Submission]:
    return keyset_page(result_rows(by, campaign, unit), ORDER, cursor)


@dataclass(frozen=True, slots=True)
class CrossLine:
    """One unit: how many gave each answer (a person may give several), how many answered the question, of how many.

    A count is None where fewer than `FEW` answered and the asker may not read answers.
    """

    unit: Organisation | None  # None: the whole
    counts: Sequence[int | None]
    answered: int
    asked: int


@dataclass(frozen=True, slots=True)
class Cross:
    question: rules.Question
    choices: Sequence[rules.Choice]
    lines: Sequence[CrossLine]
    total: CrossLine


def may_count(by: Actor, campaign: Campaign) -> bool:
    """Counting needs survey.view, or to manage the campaign: numbers without names."""
    return by.holds("survey.view") or by.holds("survey.manage", campaign.organisation.path)


def answers_in_reach(by: Actor, campaign: Campaign) -> QuerySet[Submission]:
    """For counting only: who manages a campaign counts every answer to it."""
    rows = Submission.objects.filter(campaign=campaign, current=True)
    if by.holds("survey.manage", campaign.organisation.path):
        return rows
    return rows.filter(reachable(by, "survey.view", "person__"))


def answers_within(by: Actor, campaign: Campaign, unit: Organisation | None) -> QuerySet[Submission]:
    """For counting, in a unit. NotFound for whoever may not count."""
    if not may_count(by, campaign):
        raise NotFound
    rows = answers_in_reach(by, campaign)
    return rows if unit is None else rows.filter(in_ranges("person__home_path", [subtree(unit.path)]))


def asked_within(by: Actor, campaign: Campaign, unit: Organisation | None) -> int:
    """How many people are asked, of those whose answers `answers_within` counts."""
    return _asked(by, campaign, unit or campaign.organisation, MAX_LENGTH).total()


def cross_tab(
    by: Actor, campaign: Campaign, form: rules.Form, key: str, unit: Organisation | None = None
) -> Cross:  # fmt: skip
    """One select question by the units one level down. Three queries; answers are counted in one pass."""
    if not may_count(by, campaign):
        raise NotFound
    question = form.questions.get(key)
    if question is None or not question.is_select or question.repeats:
        raise BadInput(_("Only a question with a list of answers can be counted."), field="question")
    base = unit or campaign.organisation
    length = len(base.path) + STEP
    rows = answers_within(by, campaign, base)
    given = rows.order_by().values_list("person__home_path", "answers")
    answers: dict[str, Counter[str]] = {}
    heard: Counter[str] = Counter()
    for path, value in _values(given, key):
        if value:
            heard[path[:length]] += 1
            answers.setdefault(path[:length], Counter()).update(
                value.split() if question.kind != "select_one" else [value]
            )
    asked = _asked(by, campaign, base, length)
    tops = Organisation.objects.filter(path__in=set(asked) | set(heard), parent=base).order_by("path")
    reads = by.holds("survey.view", base.path)
    lines = [
        _line(question, row, answers.get(row.path, Counter()), heard[row.path], asked[row.path], reads) for row in tops
    ]
    everything: Counter[str] = sum(answers.values(), Counter())
    total = _line(question, None, everything, heard.total(), asked.total(), reads)
    return Cross(question, question.choices, lines, total)


def _values(rows: QuerySet[Submission, tuple[str, object]], key: str) -> Iterator[tuple[str, str]]:
    for path, value in rows.iterator(chunk_size=5000):
        yield path, str(value.get(key) or "") if isinstance(value, dict) else ""


def _asked(by: Actor, campaign: Campaign, base: Organisation, length: int) -> Counter[str]:
    targets = Target.objects.filter(campaign=campaign, left_at__isnull=True)
    targets = targets.filter(in_ranges("home_path", [subtree(base.path)]))
    if not by.holds("survey.manage", campaign.organisation.path):
        targets = targets.filter(reachable(by, "survey.view", "person__"))
    return Counter(path[:length] for path in targets.order_by().values_list("home_path", flat=True).iterator())


def _line(
    question: rules.Question, unit: Organisation | None, counts: Counter[str], heard: int, asked: int, reads: bool
) -> CrossLine:
    hidden = 0 < heard < FEW and not reads
    told = [None if hidden else counts[choice.name] for choice in question.choices]
    return CrossLine(unit, told, heard, asked)
