"""Campaigns within reach, and how far each is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Substr

from shouwang.core import clock
from shouwang.core.errors import NotFound
from shouwang.core.paging import Page, keyset_page
from shouwang.core.scope import Actor
from shouwang.core.tree import EVERYTHING, STEP, ancestors, in_ranges, subtree
from shouwang.org.models import Organisation, Person
from shouwang.org.queries import covers_all, reachable
from shouwang.surveys.models import Campaign, Source, Submission, Target
from shouwang.surveys.queries.forms import light
from shouwang.surveys.queries.own import may_read

ORDER = ("-created_at", "-pk")
NOT_YET_ORDER = ("home_path", "pk")
HEAVY = ("version__original", "version__xform")


@dataclass(frozen=True, slots=True)
class Counts:
    """People asked, by who answered for them; the four add up to `asked`. `left`: no longer asked, not in `asked`."""

    asked: int
    verified: int
    by_self: int
    by_proxy: int
    left: int

    @property
    def answered(self) -> int:
        return self.verified + self.by_self + self.by_proxy

    @property
    def unknown(self) -> int:
        return self.asked - self.answered


NOBODY = Counts(0, 0, 0, 0, 0)
IN = Q(left_at__isnull=True)
NUMBERS = {
    "asked": Count("pk", filter=IN),
    "verified": Count("pk", filter=IN & Q(source=Source.VERIFIED)),
    "by_self": Count("pk", filter=IN & Q(source=Source.SELF)),
    "by_proxy": Count("pk", filter=IN & Q(source=Source.PROXY)),
    "left": Count("pk", filter=~IN),
}


def _touching(by: Actor, right: str) -> Q:
    """Campaigns whose unit lies within reach of `right`, or above it: a college sees the university's survey."""
    ranges = by.ranges(right)
    if EVERYTHING in ranges:
        return Q()
    above = {path for low, _high in ranges for path in ancestors(low)}
    return in_ranges("organisation__path", ranges) | Q(organisation__path__in=above)


def visible_campaigns(by: Actor) -> QuerySet[Campaign]:
    """What `by` manages, and opened ones that touch their people. NotFound for whoever has nothing to do with any."""
    if not (by.holds("survey.manage") or by.holds("survey.status") or by.holds("survey.view")):
        raise NotFound
    managed = in_ranges("organisation__path", by.ranges("survey.manage"))
    seen = (_touching(by, "survey.status") | _touching(by, "survey.view")) & ~Q(state=Campaign.State.DRAFT)
    return Campaign.objects.filter(managed | seen).select_related("version__form", "organisation").defer(
        *HEAVY, "version__rows"
    )  # fmt: skip


def campaign_for(by: Actor, campaign_id: int) -> Campaign:
    """One campaign within reach. NotFound otherwise."""
    row = visible_campaigns(by).filter(pk=campaign_id).first()
    if row is None:
        raise NotFound
    return row


def managed_campaign(by: Actor, campaign_id: int) -> Campaign:
    """One campaign that `by` may open, change and close. NotFound otherwise."""
    row = campaign_for(by, campaign_id)
    if not by.holds("survey.manage", row.organisation.path):
        raise NotFound
    return row


def targets_of(by: Actor, campaign: Campaign, right: str = "survey.status") -> QuerySet[Target]:
    """Whom the campaign asks, within reach of `right`; who manages it counts everybody."""
    rows = Target.objects.filter(campaign=campaign)
    if right == "survey.status" and by.holds("survey.manage", campaign.organisation.path):
        return rows
    if covers_all(by, right):
        return rows
    return rows.filter(reachable(by, right, "person__"))


def campaigns_page(by: Actor, *, state: str = "", cursor: str = "") -> tuple[Page[Campaign], Mapping[int, Counts]]:
    """One page of campaigns, newest first, with the numbers of those asked within reach. Four queries."""
    rows = visible_campaigns(by)
    if state:
        rows = rows.filter(state=state)
    page = keyset_page(rows, ORDER, cursor)
    managed = [row.pk for row in page.rows if by.holds("survey.manage", row.organisation.path)]
    targets = Target.objects.filter(campaign__in=[row.pk for row in page.rows])
    if not covers_all(by, "survey.status"):
        targets = targets.filter(Q(campaign__in=managed) | reachable(by, "survey.status", "person__"))
    lines = targets.order_by().values("campaign").annotate(**NUMBERS).values_list("campaign", *NUMBERS)
    found = {pk: Counts(*numbers) for pk, *numbers in lines}
    return page, found


@dataclass(frozen=True, slots=True)
class UnitLine:
    unit: Organisation
    counts: Counts


@dataclass(frozen=True, slots=True)
class Board:
    """Numbers of a campaign in a unit (None: all within reach) and one level down, as of `at`."""

    at: datetime
    unit: Organisation | None
    counts: Counts
    lines: Sequence[UnitLine]


def board(by: Actor, campaign: Campaign, unit: Organisation | None, *, at: datetime) -> Board:
    """Three queries. `unit` has been fetched within reach."""
    rows = targets_of(by, campaign)
    if unit is not None:
        rows = rows.filter(in_ranges("home_path", [subtree(unit.path)]))
    total = Counts(**rows.aggregate(**NUMBERS))
    base = unit or campaign.organisation
    below = _by_unit(rows, len(base.path) + STEP)
    units = Organisation.objects.filter(path__in=below, parent=base).order_by("path")
    return Board(at, unit, total, [UnitLine(row, below[row.path]) for row in units])


def _by_unit(rows: QuerySet[Target], length: int) -> dict[str, Counts]:
    tops = rows.order_by().annotate(top=Substr("home_path", 1, length)).values("top").annotate(**NUMBERS)
    return {top: Counts(*numbers) for top, *numbers in tops.values_list("top", *NUMBERS)}


def unit_named(by: Actor, campaign: Campaign, wanted: str) -> Organisation | None:
    """A unit inside the campaign's by its id, where `by` counts anybody; None when none is named."""
    if not wanted:
        return None
    if not (wanted.isascii() and wanted.isdecimal() and len(wanted) < 19):
        raise NotFound
    span = in_ranges("path", [subtree(campaign.organisation.path)])
    unit = Organisation.objects.filter(span, pk=int(wanted)).first()
    if unit is None:
        raise NotFound
    inside = by.holds("survey.manage", campaign.organisation.path)
    reach = by.holds("survey.status", unit.path) or any(
        low.startswith(unit.path) for low, _high in by.ranges("survey.status")
    )
    if not inside and not reach:
        raise NotFound
    return unit


def not_yet_page(
    by: Actor, campaign: Campaign, unit: Organisation | None, *, cursor: str = "", size: int = 50
) -> Page[Target]:  # fmt: skip
    """Whoever is asked and has not answered, by unit. Names only within reach of survey.status itself."""
    rows = Target.objects.filter(campaign=campaign, left_at__isnull=True, source="")
    rows = rows.filter(reachable(by, "survey.status", "person__"))
    if unit is not None:
        rows = rows.filter(in_ranges("home_path", [subtree(unit.path)]))
    return keyset_page(rows.select_related("person__home"), NOT_YET_ORDER, cursor, size=size)


def who_owes(campaign: Campaign) -> QuerySet[Person]:
    """People who are asked and have not answered: for reminders, which upper rooms send. Empty unless it is open."""
    if campaign.state != Campaign.State.OPEN:
        return Person.objects.none()
    owing = Target.objects.filter(campaign=campaign, left_at__isnull=True, source="")
    return Person.objects.filter(pk__in=owing.values("person"), left_on__isnull=True)


def to_remind_on(day: date) -> list[Campaign]:
    """Open campaigns whose deadline is ahead on a local day and whose hour of reminder comes by its end. Zero hours:
    nobody is reminded."""
    low, high = clock.day_bounds(day)
    rows = Campaign.objects.filter(state=Campaign.State.OPEN, deadline__gte=low, remind_hours__gt=0).defer("aim")
    return [row for row in rows.order_by("pk") if row.deadline - timedelta(hours=row.remind_hours) < high]


def owing_by_id(campaign_id: int) -> QuerySet[Person]:
    """`who_owes` as one condition, whatever became of the campaign."""
    owing = Target.objects.filter(
        campaign=campaign_id, campaign__state=Campaign.State.OPEN, left_at__isnull=True, source=""
    )
    return Person.objects.filter(pk__in=owing.values("person"), left_on__isnull=True)


def asked_and_answered(campaign_id: int, person: Person, *, until: datetime) -> tuple[bool, bool]:
    """Whether the campaign asks this person, and whether an answer had come by `until`."""
    asked = Target.objects.filter(campaign=campaign_id, person=person, left_at__isnull=True).exists()
    return asked, Submission.objects.filter(campaign=campaign_id, person=person, at__lte=until).exists()


def submission_for(by: Actor, submission_id: int) -> Submission:
    """One set of answers, within reach of survey.view or one's own. NotFound otherwise."""
    rows = Submission.objects.select_related(
        "campaign__organisation", "campaign__version__form", "person__home", "version"
    )
    row = rows.filter(may_read(by), pk=submission_id).first()
    if row is None:
        raise NotFound
    return row


__all__ = [
    "Board",
    "Counts",
    "UnitLine",
    "asked_and_answered",
    "board",
    "campaign_for",
    "campaigns_page",
    "light",
    "managed_campaign",
    "not_yet_page",
    "owing_by_id",
    "submission_for",
    "targets_of",
    "to_remind_on",
    "unit_named",
    "visible_campaigns",
    "who_owes",
]  # fmt: skip
