"""The line list: which cases, in which order, and what stands in each line.

Ids come from the covering index `case_lines` alone, the values of one page by key: a page costs the same however few of
the cases are in reach.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shouwang.cases import rules
from shouwang.cases.models import Case, CaseProtocol, Classification
from shouwang.cases.queries import VIEW, disease_names, living_in, place_written, unit_written
from shouwang.checkins.words import masked
from shouwang.core import clock
from shouwang.core.errors import BadInput
from shouwang.core.files.sheets import CellValue
from shouwang.core.paging import Page, keyset_page
from shouwang.core.scope import Actor
from shouwang.core.tree import Range, covers, in_ranges
from shouwang.org.models import Organisation, Person, Place, Residence
from shouwang.org.models.trees import Node
from shouwang.org.queries import current, reach_of

NAMES = "people.view"
ORDER = ("-opened_at", "-id")
ROWS_A_READ = 2000
# Which date narrows the list -> its column. Confirmation is the last step of the classification, where it was one.
MOMENTS: Mapping[str, str] = {
    "opened": "opened_at",
    "onset": "onset_at",
    "detected": "detected_at",
    "reported": "reported_at",
    "confirmed": "classified_at",
}
MOMENT_WORDS: Mapping[str, str | Promise] = {
    "opened": _("Opened"),
    "onset": _("Onset"),
    "detected": _("Detected"),
    "reported": _("Reported"),
    "confirmed": _("Confirmed"),
}
HEADER: tuple[str | Promise, ...] = (
    _("Case"), _("Person number"), _("Name"), _("Sex"), _("Age"), _("Unit"), _("Residence"), _("Disease"), _("Pack"),
    _("Classification"), _("Onset"), _("Detected"), _("Reported"), _("Confirmed"), _("Isolated"), _("First treated"),
    _("Recovered"), _("Closed"),
)  # fmt: skip
FIELDS = (
    "number", "person_number", "name", "sex", "age", "unit", "residence", "disease", "pack", "classification",
    "onset", "detected", "reported", "confirmed", "isolated", "treated", "recovered", "closed",
)  # fmt: skip
COLUMNS = (
    "pk", "person_id", "number", "home_path", "person__number", "person__name", "person__sex", "person__born",
    "person__home__name", "person__home__name_en", "disease", "pack", "classification", "classified_at", "onset_at",
    "onset_day_only", "detected_at", "reported_at", "isolated_at", "treated_at", "recovered_at", "closed_at",
)  # fmt: skip

MOMENTS_READ = frozenset(name for name in COLUMNS if name.endswith("_at"))
COLUMNS_UNREAD = {
    "sqlite": tuple(f"_{name}" if name in MOMENTS_READ else name for name in COLUMNS),
    "postgresql": COLUMNS,
}


@dataclass(frozen=True, slots=True)
class LineFilter:
    """Which cases. `first` and `last` are local days, both included, of the date `moment`; with `missing` instead the
    cases whose date nobody knows. `place`: where people live today, that place and what lies in it."""

    disease: str = ""
    pack: str = ""
    classification: str = ""
    unit: Organisation | None = None
    place: Place | None = None
    moment: str = "onset"
    first: date | None = None
    last: date | None = None
    missing: bool = False

    def named(self) -> list[str]:
        """Which filters are set, without their values: for the log, which is also read without health rights."""
        found = [name for name in ("disease", "pack", "classification", "unit", "place") if getattr(self, name)]
        return [*found, *([self.moment] if self.first or self.last or self.missing else [])]


@dataclass(frozen=True, slots=True)
class Line:
    """One case as plain values in the order of `FIELDS`; None is unknown."""

    pk: int
    person_id: int
    values: tuple[CellValue, ...]

    def texts(self) -> list[str]:
        """As the page shows them: moments in local time to the minute, what is unknown empty."""
        return [_text(value) for value in self.values]

    def as_dict(self) -> dict[str, CellValue]:
        return dict(zip(FIELDS, self.values, strict=True))


def _text(value: CellValue) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(clock.zone()):%Y-%m-%d %H:%M}"
    return "" if value is None else str(value)


def line_filter(
    by: Actor, *, unit: str = "", place: str = "", moment: str = "", classification: str = "", **more: Any
) -> LineFilter:
    """The filter as people write it: `unit` and `place` by code or name. BadInput naming the field."""
    moment = moment or "onset"
    if moment not in MOMENTS:
        raise _unknown("moment", moment, MOMENTS)
    if classification and classification not in rules.EFFECTS:
        raise _unknown("classification", classification, rules.EFFECTS)
    found = LineFilter(
        moment=moment, classification=classification, **more,
        unit=unit_written(by, unit, VIEW), place=place_written(by, place),
    )  # fmt: skip
    if found.first and found.last and found.last < found.first:
        raise BadInput(_("Choose a first day before the last."), code="days_invalid", field="last")
    if found.missing and (found.first or found.last):
        raise BadInput(
            _("A date that is unknown lies in no days. Leave the days empty."), code="days_invalid", field="missing"
        )
    return found


def _unknown(field: str, value: str, known: Mapping[str, object]) -> BadInput:
    return BadInput(
        _("%(value)s is not one of: %(known)s."), code="filter_invalid", field=field, value=value,
        known=", ".join(known),
    )  # fmt: skip


def lines_of(by: Actor, wanted: LineFilter) -> QuerySet[Case]:
    """The cases of the list, unordered. The same ones as `cases.queries.visible_cases`, by the index."""
    reach = reach_of(by, VIEW, wanted.unit.path if wanted.unit else None)
    near = in_ranges("home_path", reach.ranges)
    if reach.guests:
        near |= Q(person_id__in=reach.guests)
    rows = Case.objects.filter(near).order_by()
    for name in ("disease", "pack", "classification"):
        if value := getattr(wanted, name):
            rows = rows.filter(**{name: value})
    if wanted.place is not None:
        rows = rows.filter(living_in("person", wanted.place.path))
    return rows.filter(_dated(wanted))


def _dated(wanted: LineFilter) -> Q:
    column, bounds = MOMENTS[wanted.moment], Q()
    confirmed = Q(classification=rules.CONFIRMED) if wanted.moment == "confirmed" else Q()
    if wanted.missing:
        return ~confirmed if confirmed else Q(**{f"{column}__isnull": True})
    if wanted.first:
        bounds &= Q(**{f"{column}__gte": clock.day_start(wanted.first)})
    if wanted.last:
        bounds &= Q(**{f"{column}__lt": clock.day_start(wanted.last + timedelta(days=1))})
    return bounds & confirmed if bounds else bounds


def lines(
    by: Actor, wanted: LineFilter, *, full: bool = False, cursor: str = "", size: int = 50, on: date
) -> Page[Line]:
    """One page, the newest opened first. `full` names the people over whom `by` holds people.view; everybody else
    is masked. Forbidden without case.view, and for `full` where nobody may be named. Age is that at onset,
    else at detection; residence that of the day `on`."""
    by.require(VIEW)
    if full:
        by.require(NAMES)
    return _page(lines_of(by, wanted), _Words(by.ranges(NAMES) if full else ()), cursor=cursor, size=size, on=on)


def every_line(by: Actor, wanted: LineFilter, *, full: bool, on: date) -> Iterator[Line]:
    """All lines in the order of the pages by one statement, whose rows are fetched in slices: memory does not grow
    with their number."""
    by.require(VIEW)
    if full:
        by.require(NAMES)
    words = _Words(by.ranges(NAMES) if full else ())
    rows = _unread(lines_of(by, wanted)).order_by(*ORDER).values_list(*COLUMNS_UNREAD[connection.vendor])
    found = rows.iterator(chunk_size=ROWS_A_READ)
    while part := list(islice(found, ROWS_A_READ)):
        beds = _beds([row[1] for row in part], on)
        yield from (words.line(row, beds) for row in part)


def _unread(rows: QuerySet[Case]) -> QuerySet[Case]:
    """On SQLite with moments as the text in which they are stored: reading eight of them as the ORM does is a fifth of
    the time of a line."""
    if connection.vendor != "sqlite":
        return rows
    return rows.annotate(**{f"_{name}": Cast(name, TextField()) for name in MOMENTS_READ})


def _moment(value: str | datetime | None) -> datetime | None:
    """A moment as the database gave it."""
    return datetime.fromisoformat(value).replace(tzinfo=UTC) if isinstance(value, str) else value


def _page(rows: QuerySet[Case], words: _Words, *, cursor: str, size: int, on: date) -> Page[Line]:
    page = keyset_page(rows.only("pk", "opened_at"), ORDER, cursor or None, size=size)
    ids = [case.pk for case in page.rows]
    found = {row[0]: row for row in Case.objects.filter(pk__in=ids).order_by().values_list(*COLUMNS)}
    beds = _beds([row[1] for row in found.values()], on)
    return Page([words.line(found[pk], beds) for pk in ids if pk in found], page.next, page.previous)


def _beds(people: Sequence[int], on: date) -> dict[int, str]:
    """Person -> title of the place where they live on that day, with its parent's."""
    rows = Residence.objects.filter(current(on), person_id__in=people).order_by("starts", "pk")
    found = rows.select_related("place__parent").only(
        "person_id", "place__name", "place__name_en", "place__parent__name", "place__parent__name_en"
    )
    return {row.person_id: " ".join(filter(None, (_title(row.place.parent), row.place.title))) for row in found}


def _title(place: Node | None) -> str:
    return place.title if place is not None else ""


class _Words:
    """The words of one reading, in the reader's language, looked up once: `line` runs for every row of an export."""

    def __init__(self, named: Sequence[Range]) -> None:
        self.named = named
        self.classes = {code: str(word) for code, word in Classification.choices}
        self.sexes = {code: str(word) for code, word in Person.Sex.choices if code}
        self.diseases = disease_names()
        self.zone = clock.zone()
        sample = Organisation(name="zh", name_en="en")
        self.english = sample.title == "en"

    def line(self, row: tuple[Any, ...], beds: Mapping[int, str]) -> Line:
        (pk, person_id, number, path, person_number, name, sex, born, unit, unit_en, disease, pack, classification,
         classified_at, onset_at, day_only, detected_at, *rest) = row  # fmt: skip
        onset_at = _moment(onset_at)
        detected: Any = _moment(detected_at)  # never NULL
        if not covers(self.named, path):
            person_number, name = masked(person_number), masked(name)
        onset: CellValue = onset_at
        if onset_at is not None and day_only:
            onset = onset_at.astimezone(self.zone).date()
        known = (onset_at or detected).astimezone(self.zone).date()
        confirmed = _moment(classified_at) if classification == rules.CONFIRMED else None
        reported, isolated, treated, recovered, closed = map(_moment, rest)
        return Line(
            pk,
            person_id,
            (
                number, person_number, name, self.sexes.get(sex), age_on(born, known),
                (unit_en if self.english and unit_en else unit), beds.get(person_id),
                self.diseases.get(disease, disease), pack, self.classes[classification],
                onset, detected, reported, confirmed, isolated, treated, recovered, closed,
            ),
        )  # fmt: skip


def age_on(born: date | None, day: date) -> int | None:
    """Completed years on a day; None where the birthday is unknown or lies later."""
    if born is None or born > day:
        return None
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def pack_codes() -> list[str]:
    """Codes of the packs that ever judged a case here."""
    return sorted(set(CaseProtocol.objects.values_list("pack", flat=True)))


def may_name(by: Actor) -> bool:
    return by.holds(NAMES)
