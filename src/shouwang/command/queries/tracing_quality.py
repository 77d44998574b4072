"""How well cases are traced, for whoever may see numbers (report.view). Never a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, Min, OuterRef, Q, Subquery
from django.utils.translation import gettext_lazy as _

from shouwang.cases import rules as case_rules
from shouwang.cases.models import Case, ClassificationChange
from shouwang.cases.queries import numbers_reach
from shouwang.command.rules import tracing_quality as rules
from shouwang.core import clock
from shouwang.core.errors import BadInput
from shouwang.core.retention import keep_days
from shouwang.core.scope import Actor
from shouwang.core.tree import in_ranges
from shouwang.isolation.models import Ground, Order
from shouwang.tracing.models import Contact
from shouwang.tracing.queries.pairing import COUNTED

LONGEST = 53


@dataclass(frozen=True, slots=True)
class Quality:
    """`weeks` oldest first and all of them `together`; `not_reported` are cases detected meanwhile whose report is
    not dated, which stand in no week."""

    at: datetime
    disease: str
    together: rules.Week
    weeks: tuple[rules.Week, ...]
    not_reported: int


def tracing_quality(by: Actor, *, weeks: int, at: datetime, disease: str = "") -> Quality:
    """Of the last `weeks` weeks up to `at`. Needs report.view; refused as the epidemic curve is. Four queries."""
    if not 1 <= weeks <= LONGEST:
        raise BadInput(_("Choose between 1 and %(most)s weeks."), code="weeks_invalid", field="weeks", most=LONGEST)
    reach = in_ranges("person__home_path", numbers_reach(by))
    this_week = _monday(clock.local_day(at))
    mondays = [this_week - timedelta(weeks=back) for back in range(weeks - 1, -1, -1)]
    start = clock.day_start(mondays[0])
    rows = Case.objects.filter(reach, classification__in=COUNTED)
    if disease:
        rows = rows.filter(disease=disease)
    found = _traced(rows.filter(reported_at__gte=start, reported_at__lte=at), at)
    week_of = {k: _monday(clock.local_day(case.reported)) for k, case in enumerate(found)}
    together, by_week = rules.measured(found, mondays, week_of=week_of, now=at, this_week=this_week)
    missing = rows.filter(reported_at__isnull=True, detected_at__gte=start, detected_at__lte=at).count()
    return Quality(at, disease, together, tuple(by_week), missing)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _traced(rows: Any, at: datetime) -> list[rules.Traced]:
    """The moments of these cases. Two queries."""
    known = Contact.objects.filter(
        ~Q(case=OuterRef("pk")), ~Q(state=Contact.State.DISMISSED), person=OuterRef("person"),
        case__disease=OuterRef("disease"), case__classification__in=COUNTED, found_at__lte=OuterRef("reported_at"),
    )  # fmt: skip
    confirmed = (
        ClassificationChange.objects.filter(case=OuterRef("pk"), new=case_rules.CONFIRMED)
        .order_by()
        .values("case")
        .annotate(first=Min("at"))
    )
    quarantine = Ground.objects.filter(order__kind=Order.Kind.QUARANTINE)
    ordered = quarantine.filter(case=OuterRef("pk")).order_by().values("case").annotate(first=Min("added_at"))
    contacts: dict[int, list[rules.Told]] = {}
    told = quarantine.filter(case__in=rows.values("pk"), contact__state=Contact.State.CONFIRMED).order_by("pk")
    for case, at_, served, read in told.values_list(
        "case", "contact__found_at", "order__served_at", "order__acknowledged_at"
    ):
        contacts.setdefault(case, []).append(rules.Told(at_, served, read))
    # Contacts are deleted after a while: of a case reported before that, nobody can say who was known.
    kept_since = at - timedelta(days=keep_days("contact"))
    columns = (
        "pk",
        "reported_at",
        "detected_at",
        "closed_at",
        "onset_at",
        "traced_at",
        "known",
        "confirmed",
        "ordered",
    )
    found = []
    for row in (
        rows.annotate(
            known=Exists(known),
            confirmed=Subquery(confirmed.values("first")),
            ordered=Subquery(ordered.values("first")),
        )
        .order_by("pk")
        .values(*columns)
    ):
        found.append(
            rules.Traced(
                reported=row["reported_at"],
                detected=row["detected_at"],
                open=row["closed_at"] is None,
                onset=row["onset_at"],
                confirmed=row["confirmed"],
                traced=row["traced_at"],
                ordered=row["ordered"],
                known=row["known"] if row["reported_at"] >= kept_since else None,
                contacts=tuple(contacts.get(row["pk"], ())),
            )
        )
    return found


def quality_json(found: Quality) -> dict[str, Any]:
    """The answer of API and terminal."""
    return {
        "at": found.at,
        "disease": found.disease or None,
        "not_reported": found.not_reported,
        "together": _week_json(found.together),
        "weeks": [_week_json(week) for week in found.weeks],
    }


def _week_json(week: rules.Week) -> dict[str, Any]:
    return {
        "week": week.monday,
        "cases": week.cases,
        "incomplete": week.incomplete,
        "shares": {
            key: {
                "part": item.part if isinstance(item.part, int) else None,
                "whole": item.whole,
                "share": item.share,
                "left_out": item.part if isinstance(item.part, str) else None,
                "waiting": item.waiting,
                "missing": item.missing,
            }
            for key, item in week.shares.items()
        },
        "delays": {
            key: {
                "cases": item.cases,
                "median_hours": item.median_hours,
                "p90_hours": item.p90_hours,
                "left_out": item.small,
                "waiting": item.waiting,
                "missing": item.missing,
            }
            for key, item in week.delays.items()
        },
    }
