"""Cases as a reader sees them: clocks in words, dates in order, the trail of what was decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shouwang.cases import rules
from shouwang.cases.models import Case, Classification, Clock
from shouwang.cases.queries.desk import DUE_SOON, disease_names, protocol_of
from shouwang.core import clock
from shouwang.core.packs import Text
from shouwang.org.models import Account, Grant, Person

UNSTARTED = "unstarted"
# State -> tone, icon, word. A state is never told by colour alone.
LOOKS: Mapping[str, tuple[str, str, str | Promise]] = {
    rules.RUNNING: ("info", "clock", _("running")),
    rules.OVERDUE: ("danger", "clock-exclamation", _("overdue")),
    rules.MET: ("good", "clock-check", _("met in time")),
    rules.LATE: ("warn", "clock-check", _("met late")),
    rules.VOID: ("neutral", "clock-pause", _("no longer needed")),
    UNSTARTED: ("neutral", "help-circle", _("not begun")),
}


CLASS_TONES: Mapping[str, str] = {
    rules.SUSPECTED: "notice",
    rules.PROBABLE: "warn",
    rules.CONFIRMED: "danger",
    rules.ASYMPTOMATIC: "special",
    rules.DISCARDED: "neutral",
}


@dataclass(frozen=True, slots=True)
class Face:
    """One clock at one moment. `moment` is the date that ends it, `field` its column; times are aware or None."""

    code: str
    name: Text
    state: str
    begins: str
    moment: str
    hours: float
    starts: datetime | None
    due: datetime | None
    ended: datetime | None
    owner_role: str
    owner: Person | None
    sentence: str

    @property
    def field(self) -> str:
        return f"{self.moment}_at"

    @property
    def tone(self) -> str:
        return LOOKS[self.state][0]

    @property
    def icon(self) -> str:
        return LOOKS[self.state][1]

    @property
    def word(self) -> str:
        return str(LOOKS[self.state][2])

    @property
    def open(self) -> bool:
        return self.state in (rules.RUNNING, rules.OVERDUE)

    @property
    def role(self) -> str:
        """The role that answers, in the reader's language."""
        return role_name(self.owner_role)


def role_name(code: str) -> str:
    return str(dict(Grant.Role.choices).get(code, code))


def span(length: timedelta) -> str:
    """A length of time in words, to the minute below two days and to the hour above: "2 d 3 h", "1 h 05 min"."""
    minutes = int(abs(length).total_seconds() // 60)
    days, hours = divmod(minutes // 60, 24)
    if days >= 2:
        return gettext("%(days)d d %(hours)d h") % {"days": days, "hours": hours}
    if minutes >= 60:
        return gettext("%(hours)d h %(minutes)02d min") % {"hours": minutes // 60, "minutes": minutes % 60}
    return gettext("%(minutes)d min") % {"minutes": minutes}


def clock_faces(case: Case, at: datetime) -> list[Face]:
    """Every clock of the case's protocol in its order, then that of its tests, as it stands at `at`: one query beside
    the case's own."""
    rows = {row.code: row for row in case.clocks.all()}
    found = [
        _face(case, rows.get(spec.code), at, (spec.code, spec.name, spec.begins, spec.ends, spec.hours, spec.owner))
        for spec in protocol_of(case).clocks
    ]
    if (row := rows.get(rules.TEST)) is not None:
        hours = (row.due_at - row.starts_at).total_seconds() / 3600
        found.append(_face(case, row, at, (row.code, rules.TEST_NAME, "ordered", "resulted", hours, row.owner_role)))
    return found


Spec = tuple[str, Text, str, str, float, str]  # code, name, begins, ends, hours, role


def _face(case: Case, row: Clock | None, at: datetime, spec: Spec) -> Face:
    code, name, begins, ends, hours, role = spec
    state = UNSTARTED
    if row is not None:
        needed = rules.EFFECTS[case.classification].clocks_run
        state = rules.clock_state(row.due_at, row.ended_at, now=at, needed=needed, closed=case.closed_at)
    return Face(
        code=code,
        name=name,
        state=state,
        begins=begins,
        moment=ends,
        hours=hours,
        starts=row.starts_at if row else None,
        due=row.due_at if row else None,
        ended=row.ended_at if row else None,
        owner_role=row.owner_role if row else role,
        owner=row.owner if row else None,
        sentence=_sentence(state, begins, row, at),
    )


@dataclass(frozen=True, slots=True)
class Next:
    """The next step of a case and who does it: `owner` by name where the grid knows one, else the role alone."""

    step: rules.NextStep
    owner: Person | None

    @property
    def role(self) -> str:
        return role_name(self.step.role)


def next_of(case: Case, faces: Sequence[Face]) -> Next:
    """What comes next in a case whose clocks are `faces`. No query."""
    awaited = {face.code: face for face in faces if face.open and face.due is not None and case.is_open}
    asked = [
        rules.Awaited(face.code, face.moment, face.due, face.owner_role)
        for face in awaited.values()
        if face.due is not None
    ]
    step = rules.next_step_of(
        case.classification, closed=not case.is_open, recovered=case.recovered_at is not None, awaited=asked
    )
    face = awaited.get(step.clock)
    return Next(step, face.owner if face else None)


def _sentence(state: str, begins: str, row: Clock | None, at: datetime) -> str:
    """How it stands, in words."""
    if row is None:
        if begins == "onset":
            return gettext("Onset unknown: this clock cannot be read.")
        return gettext("Begins with: %(moment)s") % {"moment": rules.MOMENTS[begins]}
    if state == rules.OVERDUE:
        return gettext("%(span)s overdue") % {"span": span(at - row.due_at)}
    if state == rules.RUNNING:
        return gettext("%(span)s left") % {"span": span(row.due_at - at)}
    if row.ended_at is not None and row.ended_at < row.starts_at:
        return gettext("Done before it was due to begin")
    if row.ended_at is not None:
        return gettext("Took %(span)s") % {"span": span(row.ended_at - row.starts_at)}
    return gettext("Ended without its date")


@dataclass(frozen=True, slots=True)
class DeskRow:
    """One case on the desk, with its late clocks and the one that is due next."""

    case: Case
    disease: str
    late: tuple[Clock, ...]
    next: Clock | None
    soon: bool

    @property
    def tone(self) -> str:
        return CLASS_TONES[self.case.classification]

    @property
    def onset_day(self) -> date | None:
        return clock.local_day(self.case.onset_at) if self.case.onset_at else None

    @property
    def next_text(self) -> str:
        """The clock due next, with its time: "Early reporting by 02-01 10:40"."""
        if self.next is None:
            return ""
        due = f"{self.next.due_at.astimezone(clock.zone()):%m-%d %H:%M}"
        return gettext("%(name)s by %(due)s") % {"name": self.next.title, "due": due}


def desk_rows(cases: Sequence[Case], at: datetime) -> list[DeskRow]:
    """The rows of a desk page: one query beside the page's own."""
    names = disease_names()
    found = []
    for case in cases:
        unmet = [row for row in case.clocks.all() if case.is_open and row.state in (rules.RUNNING, rules.OVERDUE)]
        late = tuple(row for row in unmet if row.due_at < at)
        following = next((row for row in unmet if row.due_at >= at), None)
        soon = following is not None and following.due_at < at + DUE_SOON
        found.append(DeskRow(case, names.get(case.disease, case.disease), late, following, soon))
    return found


@dataclass(frozen=True, slots=True)
class DateRow:
    """One date of a case; `value` None is unknown, `day_only` says that no hour is known."""

    field: str
    name: str | Promise
    value: datetime | None
    day_only: bool = False

    @property
    def day(self) -> date | None:
        return clock.local_day(self.value) if self.value else None


DATE_NAMES: Mapping[str, str | Promise] = {
    "onset": _("Onset"),
    "detected": _("Detected"),
    "reported": _("Reported"),
    "isolated": _("Isolated"),
    "treated": _("First treated"),
    "traced": _("Contacts traced"),
    "recovered": _("Recovered"),
    "closed": _("Closed"),
}


def date_rows(case: Case) -> list[DateRow]:
    """The dates of a case in their usual order."""
    return [
        DateRow(
            f"{moment}_at", DATE_NAMES[moment], getattr(case, f"{moment}_at"), moment == "onset" and case.onset_day_only
        )
        for moment in rules.MOMENTS
    ]


@dataclass(frozen=True, slots=True)
class TrailItem:
    """One step of a case: what it says, when, by whom, why."""

    at: datetime
    text: str
    by: str
    reason: str
    tone: str


def trail(case: Case) -> list[TrailItem]:
    """Classifications and dates as they were decided, newest first. No query when `case_for` fetched the case."""
    names = dict(Classification.choices)
    found = []
    for step in case.history.all():
        text = gettext("Opened as %(name)s") if not step.old else gettext("Classified as %(name)s")
        found.append(
            TrailItem(step.at, text % {"name": names[step.new]}, writer(step.by), step.reason, CLASS_TONES[step.new])
        )
    for change in case.date_changes.all():
        name = DATE_NAMES[change.field.removesuffix("_at")]
        if change.field == "closed_at":
            text = gettext("Closed") if change.new else gettext("Reopened")
        elif change.new is None:
            text = gettext("%(name)s: taken back, unknown") % {"name": name}
        elif change.old is None:
            text = gettext("%(name)s: %(new)s") % {"name": name, "new": shown_date(change.new, change.day_only)}
        else:
            values = {
                "name": name,
                "old": shown_date(change.old, change.old_day_only),
                "new": shown_date(change.new, change.day_only),
            }
            text = gettext("%(name)s: corrected from %(old)s to %(new)s") % values
        found.append(TrailItem(change.at, text, writer(change.by), change.reason, "info"))
    return sorted(found, key=lambda item: item.at, reverse=True)


def writer(by: Account | None) -> str:
    """Who wrote, by name; the program itself has no account."""
    if by is None:
        return gettext("The program")
    return by.person.name if by.person is not None else by.username


def shown_date(value: datetime, day_only: bool) -> str:
    text = rules.written(value)
    return text.split(" ")[0] if day_only else text
