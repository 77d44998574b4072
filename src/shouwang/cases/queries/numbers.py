"""Numbers about cases, for people who may see numbers but no names: the epi curve and the day's figures.

They take path ranges, not an actor: `report.view` reaches over them, `case.view` does not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Case as Choice
from django.db.models import CharField, Count, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Cast, TruncDate
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shouwang.cases import rules
from shouwang.cases.models import Case, ClassificationChange, Clock
from shouwang.cases.queries.naming import place_written, unit_written
from shouwang.core import clock
from shouwang.core.counting import SMALL_GROUP, is_small
from shouwang.core.errors import BadInput, Forbidden
from shouwang.core.scope import Actor
from shouwang.core.tree import Range, in_ranges, overlap, subtree
from shouwang.org.models import Person, Residence
from shouwang.org.queries import current

# Bottom of the stack first. Discarded ones were no cases.
CURVE_CLASSES = (rules.CONFIRMED, rules.PROBABLE, rules.SUSPECTED, rules.ASYMPTOMATIC)
LONGEST = 1100  # days of one curve: three years, as long as cases are kept


# Which date a case is counted on -> its column. Confirmation is the last step of the classification, where it was one.
CURVE_DATES = {"onset": "onset_at", "reported": "reported_at", "confirmed": "classified_at"}


CURVE_WORDS: Mapping[str, str | Promise] = {
    "onset": _("day of onset"),
    "reported": _("day of report"),
    "confirmed": _("day of confirmation"),
}


@dataclass(frozen=True, slots=True)
class CurveOf:
    """Which cases a curve counts, and on which date. `unit` and `place` (where people live today) are paths."""

    kind: str = "onset"
    disease: str = ""
    classification: str = ""
    unit: str | None = None
    place: str | None = None

    def check(self) -> None:
        """BadInput for a date or class that no curve has."""
        if self.kind not in CURVE_DATES:
            raise _not_offered("kind", self.kind)
        if self.classification and self.classification not in CURVE_CLASSES:
            raise _not_offered("classification", self.classification)

    def cases(self) -> QuerySet[Case]:
        classes = (self.classification,) if self.classification else CURVE_CLASSES
        rows = Case.objects.filter(classification__in=classes).order_by()
        if self.kind == "confirmed":
            rows = rows.filter(classification=rules.CONFIRMED)
        if self.disease:
            rows = rows.filter(disease=self.disease)
        return rows.filter(living_in("person", self.place)) if self.place else rows


def curve_of(
    by: Actor, *, kind: str = "", disease: str = "", classification: str = "", unit: str = "", place: str = ""
) -> CurveOf:
    """What to count as people write it: `unit` (within report.view) and `place` by code or name. BadInput naming the
    field."""
    where, home = unit_written(by, unit, "report.view"), place_written(by, place)
    found = CurveOf(
        kind or "onset", disease, classification, where.path if where else None, home.path if home else None
    )
    found.check()
    return found


def _not_offered(field: str, value: str) -> BadInput:
    sentence = _("The curve cannot be drawn by %(value)s. Choose one of the offered words.")
    return BadInput(sentence, code="curve_invalid", field=field, value=value)


def living_in(person: str, path: str) -> Q:
    """The condition "lives today in the place with this path or below it"; `person` is the name of the column of the
    person, "pk" for Person itself."""
    beds = Residence.objects.filter(in_ranges("place__path", [subtree(path)]), current(clock.today()))
    return Q(Exists(beds.filter(person=OuterRef(person))))


@dataclass(frozen=True, slots=True)
class EpiCurve:
    """Cases by local day of a date (`kind`: onset, reported or confirmed) and present classification.

    `series[class][k]` belongs to `days[k]`: a count, 0 is a true zero. `unknown[class]` are the cases detected in
    the same days whose date nobody knows; of onset, `asymptomatic` ones have none to know. `total` is all of them
    together.
    """

    days: tuple[date, ...]
    series: Mapping[str, tuple[int, ...]]
    unknown: Mapping[str, int]
    total: int
    kind: str = "onset"

    @property
    def missing(self) -> int:
        """Cases whose date should be known and is not."""
        return sum(self.unknown.values()) - self.without_symptoms

    @property
    def without_symptoms(self) -> int:
        return self.unknown.get(rules.ASYMPTOMATIC, 0) if self.kind == "onset" else 0


def epi_curve(ranges: Sequence[Range], first: date, last: date, of: CurveOf | None = None) -> EpiCurve:
    """The curve from `first` to `last`, both included. One query. BadInput for days in the wrong order, or for a date
    or class that no curve has."""
    if last < first or (last - first).days > LONGEST:
        raise BadInput(
            _("Choose a first day before the last, at most three years apart."), code="days_invalid", field="first"
        )
    wanted = of or CurveOf()
    wanted.check()
    column = CURVE_DATES[wanted.kind]
    start, end = clock.day_start(first), clock.day_start(last + timedelta(days=1))
    cases = wanted.cases().filter(in_ranges("person__home_path", ranges))
    dated = cases.filter(**{f"{column}__gte": start, f"{column}__lt": end})
    # One whose date is unknown counts where it was detected in these days; its day is NULL.
    undated = cases.filter(detected_at__gte=start, detected_at__lt=end, **{f"{column}__isnull": True})
    both = [
        rows.annotate(day=TruncDate(column, tzinfo=clock.zone()))
        .values_list("day", "classification")
        .annotate(n=Count("pk"))
        for rows in (dated, undated)
    ]
    counts: dict[tuple[date, str], int] = {}
    unknown: dict[str, int] = {}
    for day, name, n in both[0].union(both[1], all=True):
        if day is None:
            unknown[name] = n
        else:
            counts[day, name] = n
    days = tuple(first + timedelta(days=k) for k in range((last - first).days + 1))
    series = {name: tuple(counts.get((day, name), 0) for day in days) for name in CURVE_CLASSES}
    return EpiCurve(days, series, unknown, sum(counts.values()) + sum(unknown.values()), wanted.kind)


def curve_for(by: Actor, first: date, last: date, of: CurveOf | None = None) -> EpiCurve:
    """The curve of the people over whom `by` may see numbers (report.view), of `of.unit` and `of.place` alone where
    they are named. Forbidden for who may see none, and (`group_small`) for who sees no cases and asks about fewer than
    five people: each case would point at one of them."""
    wanted = of or CurveOf()
    return epi_curve(numbers_reach_in(by, wanted.unit, wanted.place), first, last, wanted)


def numbers_reach_in(by: Actor, unit: str | None = None, place: str | None = None) -> tuple[Range, ...]:
    """As `numbers_reach`, of the unit with this path and the people of this place alone."""
    ranges = numbers_reach(by)
    if unit:
        ranges = overlap(ranges, [subtree(unit)])
    if (unit or place) and not by.holds("case.view") and _few(ranges, place):
        raise _small()
    return ranges


def numbers_reach(by: Actor) -> tuple[Range, ...]:
    """The part of the tree over which `by` may be shown numbers about cases. As `curve_for`: Forbidden for who may see
    none, and for who sees no cases and reaches fewer than five people."""
    by.require("report.view")
    ranges = by.ranges("report.view")
    if not by.holds("case.view") and _few(ranges):
        raise _small()
    return ranges


def _small() -> Forbidden:
    return Forbidden(
        _("Fewer than five people: a curve of their cases would point at one of them."), code="group_small"
    )


def _few(ranges: Sequence[Range], place: str | None = None) -> bool:
    people = Person.objects.filter(in_ranges("home_path", ranges), left_on__isnull=True).order_by()
    if place:
        people = people.filter(living_in("pk", place))
    return is_small(people[:SMALL_GROUP].count())


FIGURES = (
    "cases_open", *(f"cases_{name}" for name in CURVE_CLASSES), "cases_new", "cases_confirmed_new",
    "cases_discarded_new", "cases_closed_new", "cases_onset_unknown", "clocks_running", "clocks_late",
)  # fmt: skip


def day_figures(ranges: tuple[Range, ...], day: date, at: datetime) -> Mapping[str, int | None]:
    """The day's numbers of the people whose home lies in `ranges`, as they stood at `at` or, later, at the day's end.

    `cases_open` and one `cases_<class>` for each class (open ones, by the class they had then); `cases_new`,
    `cases_confirmed_new`, `cases_discarded_new`, `cases_closed_new` of that day; `cases_onset_unknown` among the
    open ones with symptoms; unmet clocks `clocks_running` and `clocks_late`. All None for a day that has not begun.
    A case that was closed and reopened counts as open throughout.
    """
    start, end = clock.day_bounds(day)
    if start > at:
        return dict.fromkeys(FIGURES)
    moment = min(at, end - timedelta(microseconds=1))
    people = in_ranges("person__home_path", ranges)
    cases = Case.objects.filter(people, opened_at__lte=moment).order_by()
    classes: Counter[str] = Counter()
    new = closed = without_onset = 0
    for name, still_open, unknown, begun, ended in _by_class(cases, start, moment):
        classes[name] += still_open
        new, closed = new + begun, closed + ended
        without_onset += 0 if name == rules.ASYMPTOMATIC else unknown
    today = Q(at__gte=start, at__lte=moment)
    steps = ClassificationChange.objects.filter(in_ranges("case__person__home_path", ranges), today).order_by()
    late = When(due_at__lt=moment, then=Value("late"))
    unmet = _unmet_at(ranges, moment).annotate(what=Choice(late, default=Value("running"))).values("what")
    # One statement for both: the labels cannot meet, for no class is called running or late.
    counts = Counter(
        dict(
            steps.annotate(what=Cast("new", CharField()))
            .values("what")
            .annotate(n=Count("case", distinct=True))
            .values_list("what", "n")
            .union(unmet.annotate(n=Count("pk")).values_list("what", "n"), all=True)
        )
    )
    return {
        "cases_open": sum(classes.values()),
        **{f"cases_{name}": classes[name] for name in CURVE_CLASSES},
        "cases_new": new,
        "cases_confirmed_new": counts[rules.CONFIRMED],
        "cases_discarded_new": counts[rules.DISCARDED],
        "cases_closed_new": closed,
        "cases_onset_unknown": without_onset,
        "clocks_running": counts["running"],
        "clocks_late": counts["late"],
    }


def _by_class(cases: QuerySet[Case], start: datetime, moment: datetime) -> QuerySet[Any]:
    """A row for each class the cases had at `moment`: (class, open then, of them without onset, opened since `start`,
    closed since `start` as a case)."""
    steps = ClassificationChange.objects.filter(case=OuterRef("pk"), at__lte=moment).order_by("-at", "-id")
    still_open = Q(closed_at__isnull=True) | Q(closed_at__gt=moment)
    ended = Q(closed_at__gte=start, closed_at__lte=moment) & ~Q(classification=rules.DISCARDED)
    return (
        cases.annotate(then=Subquery(steps.values("new")[:1]))
        .values_list("then")
        .annotate(
            open_then=Count("pk", filter=still_open),
            without_onset=Count("pk", filter=still_open & Q(onset_at__isnull=True)),
            begun=Count("pk", filter=Q(opened_at__gte=start)),
            ended=Count("pk", filter=ended),
        )
    )


def _unmet_at(ranges: Sequence[Range], moment: datetime) -> QuerySet[Clock]:
    """Clocks of cases open at a moment that had begun and not ended then."""
    return Clock.objects.filter(
        in_ranges("case__person__home_path", ranges),
        Q(ended_at__isnull=True) | Q(ended_at__gt=moment),
        Q(case__closed_at__isnull=True) | Q(case__closed_at__gt=moment),
        case__opened_at__lte=moment,
        starts_at__lte=moment,
    ).order_by()
