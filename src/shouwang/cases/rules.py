"""Pure decisions about a case: which dates fit together, which clocks run, what a classification brings with it.

Everything that differs between diseases comes from the sections [case], [[clocks]] and [infectious] of a pack.
Order of dates is judged to the minute: people write minutes, machines write microseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shouwang.core import clock
from shouwang.core.errors import BadInput, Conflict
from shouwang.core.packs import Pack, Text

# The dates of a case, in the order in which they usually come. Packs name the ends of their clocks by these words.
MOMENTS: Mapping[str, Promise] = {
    "onset": _("onset of symptoms"),
    "detected": _("detection"),
    "reported": _("report to the health authority"),
    "isolated": _("isolation"),
    "treated": _("first treatment"),
    "traced": _("tracing of contacts"),
    "recovered": _("recovery"),
}

# (earlier, later). Isolation is bound to nothing before it: a contact in quarantine may fall ill there. Treatment is
# bound to onset alone: a person may have been treated elsewhere before anybody here knew.
ORDER = (
    ("onset", "detected"),
    ("onset", "treated"),
    ("onset", "recovered"),
    ("detected", "reported"),
    ("detected", "traced"),
    ("detected", "recovered"),
    ("treated", "recovered"),
    ("isolated", "recovered"),
)
OLDEST = timedelta(days=3660)  # assumption: a date more than ten years back is a slip of the keyboard


class CaseSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[case]: the prefix of case numbers and the statutory class."""

    number_prefix: str
    statutory: Text
    source: str

    def __post_init__(self) -> None:
        if not (self.number_prefix.isascii() and self.number_prefix.isalnum() and len(self.number_prefix) <= 6):
            raise ValueError(f"number_prefix {self.number_prefix!r}: up to six letters and digits")


class ClockSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of [[clocks]]: `ends` is due `hours` after `begins`; `owner` is the role that answers for it."""

    code: str
    name: Text
    begins: str
    ends: str
    hours: float
    owner: str
    source: str

    def __post_init__(self) -> None:
        for moment in (self.begins, self.ends):
            if moment not in MOMENTS:
                raise ValueError(f"clock {self.code!r}: {moment!r} is not one of {', '.join(MOMENTS)}")
        if self.begins == self.ends or not 0 < self.hours <= 24 * 366 or not 0 < len(self.code) <= 20:
            raise ValueError(f"clock {self.code!r}: needs a code, two different dates and 0 < hours <= 8784")


class Infectious(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[infectious]: days before onset, and after it where the case was never isolated."""

    days_before_onset: float
    days_after_onset: float
    source: str

    def __post_init__(self) -> None:
        if not (0 <= self.days_before_onset <= 366 and 0 <= self.days_after_onset <= 366):
            raise ValueError("days_before_onset and days_after_onset: 0 to 366 days")


class Protocol(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What this room takes from a pack. Stored once a pack version, so that a case keeps the version that judged it."""

    disease: str
    name: Text
    edition: str
    case: CaseSpec
    clocks: tuple[ClockSpec, ...]
    infectious: Infectious


def protocol(pack: Pack) -> Protocol:
    """The sections of this room. PackError with the place in the file when one is missing or wrong."""
    specs = pack.section("clocks", tuple[ClockSpec, ...])
    codes = [spec.code for spec in specs]
    if len(set(codes)) != len(codes):
        raise BadInput(
            _("Pack %(pack)s gives two clocks the same code. Give each its own."), code="pack_invalid", pack=pack.code
        )
    return Protocol(
        disease=pack.head.disease,
        name=pack.head.name,
        edition=pack.head.edition,
        case=pack.section("case", CaseSpec),
        clocks=specs,
        infectious=pack.section("infectious", Infectious),
    )


# --- dates ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Dates:
    """The moments of a case, aware; None is unknown. With `onset_day_only`, onset is the local midnight of its day."""

    detected: datetime
    onset: datetime | None = None
    onset_day_only: bool = False
    reported: datetime | None = None
    isolated: datetime | None = None
    treated: datetime | None = None
    traced: datetime | None = None
    recovered: datetime | None = None

    def get(self, moment: str) -> datetime | None:
        value: datetime | None = getattr(self, moment)
        return value


def check_dates(dates: Dates, *, now: datetime, presymptomatic: bool = False) -> None:
    """BadInput naming both dates when one lies in the future, absurdly far back, or before what must precede it.

    `presymptomatic`: the case was found without symptoms, so that onset may come after detection.
    """
    for moment, name in MOMENTS.items():
        value = dates.get(moment)
        if value is None:
            continue
        if minute(value) > now:
            raise BadInput(
                _("%(name)s (%(value)s) lies in the future; now it is %(now)s. Enter what has happened."),
                code="date_future", field=f"{moment}_at", name=name, value=written(value), now=written(now),
            )  # fmt: skip
        if value < now - OLDEST:
            raise BadInput(
                _("%(name)s (%(value)s) lies more than ten years back. Check the year."),
                code="date_too_old", field=f"{moment}_at", name=name, value=written(value),
            )  # fmt: skip
    for earlier, later in ORDER:
        first, second = dates.get(earlier), dates.get(later)
        if first is None or second is None or minute(first) <= minute(second):
            continue
        if presymptomatic and (earlier, later) == ("onset", "detected"):
            continue
        raise BadInput(
            _("%(first_name)s (%(first)s) lies after %(second_name)s (%(second)s). Correct one of the two."),
            code="dates_out_of_order", field=f"{later}_at", first_name=MOMENTS[earlier], first=written(first),
            second_name=MOMENTS[later], second=written(second),
        )  # fmt: skip


def minute(value: datetime) -> datetime:
    return value.replace(second=0, microsecond=0)


def written(value: datetime) -> str:
    return f"{value.astimezone(clock.zone()):%Y-%m-%d %H:%M}"


# --- classification ------------------------------------------------------------------------------------------------

SUSPECTED, PROBABLE, CONFIRMED = "suspected", "probable", "confirmed"
ASYMPTOMATIC, DISCARDED = "asymptomatic", "discarded"

# From each class, where a person may take it. Nobody goes back to "suspected" except by reopening what was discarded.
TRANSITIONS: Mapping[str, frozenset[str]] = {
    "": frozenset({SUSPECTED, PROBABLE, CONFIRMED, ASYMPTOMATIC}),
    SUSPECTED: frozenset({PROBABLE, CONFIRMED, ASYMPTOMATIC, DISCARDED}),
    PROBABLE: frozenset({CONFIRMED, ASYMPTOMATIC, DISCARDED}),
    ASYMPTOMATIC: frozenset({CONFIRMED, DISCARDED}),
    CONFIRMED: frozenset({ASYMPTOMATIC, DISCARDED}),
    DISCARDED: frozenset({SUSPECTED, PROBABLE, CONFIRMED, ASYMPTOMATIC}),
}


@dataclass(frozen=True, slots=True)
class Effects:
    """What a classification brings with it: is it a case, is it open, do its clocks run, is the person isolated?"""

    counts: bool
    open: bool
    clocks_run: bool
    isolate: bool


EFFECTS: Mapping[str, Effects] = {
    SUSPECTED: Effects(counts=True, open=True, clocks_run=True, isolate=False),
    PROBABLE: Effects(counts=True, open=True, clocks_run=True, isolate=True),
    CONFIRMED: Effects(counts=True, open=True, clocks_run=True, isolate=True),
    ASYMPTOMATIC: Effects(counts=True, open=True, clocks_run=True, isolate=True),
    DISCARDED: Effects(counts=False, open=False, clocks_run=False, isolate=False),
}


def check_transition(old: str, new: str, *, closed: bool, onset_known: bool) -> Effects:
    """What the step brings with it. BadInput or Conflict when it is not one."""
    if new not in EFFECTS:
        raise BadInput(
            _("Unknown classification %(value)s. Choose one of the list."), field="classification", value=new
        )
    if old and closed and old != DISCARDED:
        raise Conflict(_("This case is closed. Reopen it first."), code="case_closed", field="classification")
    if new == old:
        raise Conflict(_("The case already has this classification."), code="same_class", field="classification")
    if new not in TRANSITIONS[old]:
        if not old:
            raise BadInput(
                _("A new case is suspected, probable, confirmed or asymptomatic. Close the alert if it is none."),
                code="transition_refused", field="classification", old=old, new=new,
            )  # fmt: skip
        raise BadInput(
            _("A case cannot go back to this classification. Discard it if it was none, and say why."),
            code="transition_refused", field="classification", old=old, new=new,
        )  # fmt: skip
    if new == ASYMPTOMATIC and onset_known:
        raise BadInput(
            _("A case with an onset of symptoms is not asymptomatic. Remove the onset first, or choose confirmed."),
            code="asymptomatic_with_onset",
            field="classification",
        )
    return EFFECTS[new]


def next_classes(old: str, *, closed: bool, onset_known: bool) -> list[str]:
    """The classifications a person may choose now, in the order of the list."""
    if closed and old != DISCARDED:
        return []
    return [new for new in EFFECTS if new in TRANSITIONS[old] and not (new == ASYMPTOMATIC and onset_known)]


def check_close(classification: str, *, closed: bool) -> None:
    """Conflict when it is closed already; BadInput while nobody has decided whether it is a case at all."""
    if closed:
        raise Conflict(_("This case is already closed."), code="case_closed")
    if classification == SUSPECTED:
        raise BadInput(
            _("Decide first: classify the suspected case as confirmed, probable, asymptomatic or discarded."),
            code="case_undecided",
        )


# --- clocks --------------------------------------------------------------------------------------------------------

RUNNING, OVERDUE, MET, LATE, VOID = "running", "overdue", "met", "late", "void"


@dataclass(frozen=True, slots=True)
class Deadline:
    """A clock whose beginning is known: due `hours` later, ended when its second date is known."""

    code: str
    name: Text
    starts: datetime
    due: datetime
    ended: datetime | None
    owner_role: str


def clocks_for(dates: Dates, specs: Iterable[ClockSpec]) -> list[Deadline]:
    """The clocks that exist for these dates. One whose beginning is unknown does not exist: unknown is not zero.

    An onset known to the day alone begins at its midnight, so the due time is never later than the true one.
    """
    found = []
    for spec in specs:
        starts = dates.get(spec.begins)
        if starts is not None:
            due = starts + timedelta(hours=spec.hours)
            found.append(Deadline(spec.code, spec.name, starts, due, dates.get(spec.ends), spec.owner))
    return found


def without_start(dates: Dates, specs: Iterable[ClockSpec]) -> list[ClockSpec]:
    """The clocks that do not exist yet, because the date they begin at is unknown."""
    return [spec for spec in specs if dates.get(spec.begins) is None]


def clock_state(
    due: datetime, ended: datetime | None, *, now: datetime, needed: bool = True, closed: datetime | None = None
) -> str:
    """running, overdue, met (in time), late (met late) or void. Due at exactly `now` is not yet overdue.

    `needed` False (the case was discarded): what had not ended asks nobody any more. `closed`: what was overdue when
    the case was closed stays so, as a fact; what still ran is void.
    """
    if ended is not None:
        return MET if ended <= due else LATE
    if not needed:
        return VOID
    if due < (now if closed is None else closed):
        return OVERDUE
    return RUNNING if closed is None else VOID


# --- infectious window ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Window:
    """When a case could infect others: [start, end]. Unpacks as ``start, end = window``.

    `basis` is the date it was counted from ("onset" or "detected"), `ended_by` what ends it ("isolated", "pack": the
    pack's last day, or "now").
    """

    start: datetime
    end: datetime
    basis: str
    ended_by: str
    days_before: float
    days_after: float

    def __iter__(self) -> Iterator[datetime]:
        return iter((self.start, self.end))

    @property
    def because(self) -> str:
        """The window in words, in the reader's language."""
        begin = BEGIN_WORDS[self.basis] % {"days": f"{self.days_before:g}"}
        return f"{begin} {END_WORDS[self.ended_by] % {'days': f'{self.days_after:g}'}}"


BEGIN_WORDS: Mapping[str, Promise] = {
    "onset": _("Begins %(days)s days before onset."),
    "detected": _("Onset is unknown: begins %(days)s days before detection instead."),
}
END_WORDS: Mapping[str, Promise] = {
    "isolated": _("Ends with isolation."),
    "pack": _("Not isolated: ends %(days)s days after that date."),
    "now": _("Not isolated yet: reaches to this moment."),
}


def infectious_window(dates: Dates, spec: Infectious, now: datetime) -> Window:
    """From `days_before_onset` before onset to isolation, else to the pack's last day, at most to `now`.

    Without onset it is counted from detection, and `basis` says so. A case isolated before it became infectious has
    an empty window (start == end).
    """
    anchor, basis = (dates.onset, "onset") if dates.onset is not None else (dates.detected, "detected")
    start = anchor - timedelta(days=spec.days_before_onset)
    last = anchor + timedelta(days=spec.days_after_onset)
    if dates.isolated is not None:
        end, ended_by = dates.isolated, "isolated"
    else:
        end, ended_by = (last, "pack") if last <= now else (now, "now")
    return Window(start, max(start, end), basis, ended_by, spec.days_before_onset, spec.days_after_onset)
