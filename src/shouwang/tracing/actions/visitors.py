"""Visitors at the gate: registered, gone, registered by mistake. Built days go stale and hold the visit when built."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from shouwang.core import audit, clock
from shouwang.core.dates import DateError, parse_datetime
from shouwang.core.errors import BadInput, Conflict, ShouwangError
from shouwang.core.files.columns import Column, map_columns
from shouwang.core.files.problems import RowProblem
from shouwang.core.files.tables import read_table
from shouwang.core.retention import keep_days
from shouwang.core.scope import Actor
from shouwang.core.tree import nodes_of
from shouwang.org.merging.keys import refresh
from shouwang.org.models import Organisation, Person, Place
from shouwang.org.queries import person_by_number
from shouwang.tracing.actions import days as day_actions
from shouwang.tracing.models_visitors import Visit
from shouwang.tracing.presence.defaults import assumptions
from shouwang.tracing.queries import visitors as queries

REGISTER = queries.REGISTER
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PREFIX = "V-"
LONGEST_NAME, LONGEST_PHONE, LONGEST_KEY, LONGEST_REASON = 60, 40, 64, 300
MOST_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Coming:
    """What is registered: `where` is the code or name of a place, `host` a student or staff number or ""."""

    name: str
    phone: str
    where: str
    starts_at: datetime
    until: datetime
    host: str = ""


def register(coming: Coming, *, key: str, by: Actor, at: datetime, left_at: datetime | None = None) -> Visit:
    """Somebody came to visit; needs visitor.register over the place. The same `key` again is the same visit.

    Whoever has come before under this name and telephone is the same person, so that their visits stand together.
    BadInput names the field; NotFound for a host or place out of reach.
    """
    by.require(REGISTER)
    if not key or len(key) > LONGEST_KEY:
        raise BadInput(_("A key of 1 to %(most)s characters names the visit."), field="key", most=LONGEST_KEY)
    standing = queries.visits(by).filter(client_key=key).first()
    if standing is not None:
        return standing
    place = _place(coming.where, by)
    name, phone = _text(coming.name, "name", LONGEST_NAME), _text(coming.phone, "phone", LONGEST_PHONE)
    if sum(letter.isdigit() for letter in phone) < 5:
        raise BadInput(_("Enter a telephone number; a contact of a case has to be called."), field="phone")
    _check_times(coming.starts_at, coming.until, left_at, at)
    host = _host(coming.host, by)
    day = clock.local_day(coming.starts_at)
    try:
        with transaction.atomic():
            person = _person(name, phone, _home(place, by), day, by=by, at=at)
            row = Visit.objects.create(
                person=person, place=place, host=host, starts_at=coming.starts_at, expected_until=coming.until,
                left_at=left_at, client_key=key, received_at=at, registered_by_id=by.account_id,
                purge_on=max(day, clock.local_day(at)) + timedelta(days=keep_days("presence")),
            )  # fmt: skip
            day_actions.mark_stale(_touched(row), at=at)
            audit.record("visitor.registered", "visit", row.pk, by=by, at=at, subject=person.pk)
    except IntegrityError:
        row = queries.visits(by).filter(client_key=key).first() or _used()
    return row


def leave(visit_id: int, *, by: Actor, at: datetime, left_at: datetime | None = None) -> Visit:
    """The visitor has left, now or at `left_at`; a second word about it replaces the first."""
    with transaction.atomic():
        row = _locked(visit_id, by)
        moment = left_at or at
        _check_times(row.starts_at, row.expected_until, moment, at)
        row.left_at = moment
        row.save(update_fields=["left_at"])
        day_actions.mark_stale(_touched(row), at=at)
        audit.record("visitor.left", "visit", row.pk, by=by, at=at, subject=row.person_id)
    return row


def withdraw(visit_id: int, *, reason: str, by: Actor, at: datetime) -> Visit:
    """Registered by mistake: nobody was there by it. The row keeps when and why until its date."""
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON:
        raise BadInput(
            _("Give a reason of at most %(limit)s characters."), code="reason_required", field="reason",
            limit=LONGEST_REASON,
        )  # fmt: skip
    with transaction.atomic():
        row = _locked(visit_id, by)
        row.withdrawn_at, row.reason = at, reason
        row.save(update_fields=["withdrawn_at", "reason"])
        day_actions.mark_stale(_touched(row), at=at)
        audit.record("visitor.withdrawn", "visit", row.pk, by=by, at=at, subject=row.person_id)
    return row


def _locked(visit_id: int, by: Actor) -> Visit:
    row = queries.visit_for(by, visit_id, lock=True)
    if row.withdrawn_at is not None:
        raise Conflict(_("This visit was withdrawn."), code="visit_withdrawn")
    return row


def _used() -> Visit:
    raise Conflict(_("This key was already used for another entry. Open the page again."), field="key")


def _text(value: str, field_name: str, limit: int) -> str:
    plain = " ".join(value.split())
    if not plain or len(plain) > limit or not plain.isprintable():
        raise BadInput(_("Enter 1 to %(limit)s characters that can be shown."), field=field_name, limit=limit)
    return plain


def _place(written: str, by: Actor) -> Place:
    found = queries.places_named(by, written)
    if len(found) != 1:
        raise BadInput(
            _("No place of yours has this code or name, or several have this name."), code="place_unknown",
            field="where",
        )  # fmt: skip
    return found[0]


def _host(number: str, by: Actor) -> Person | None:
    if not number.strip():
        return None
    try:
        return person_by_number(by, number.strip(), REGISTER)
    except ShouwangError as error:
        raise BadInput(
            _("Nobody within your reach has this number; leave it empty when you do not know it."),
            code="person_unknown", field="host",
        ) from error  # fmt: skip


def _check_times(starts_at: datetime, until: datetime, left_at: datetime | None, at: datetime) -> None:
    rules = assumptions()
    ahead = timedelta(seconds=rules.intake.clock_skew_seconds)
    longest = timedelta(hours=rules.visitors.longest_hours)
    if starts_at > at + ahead:
        raise BadInput(_("The visit has not begun. Register visitors when they come."), field="starts_at")
    if at - starts_at > timedelta(days=keep_days("presence")):
        raise BadInput(_("The visit lies further back than presence is kept."), field="starts_at")
    if not starts_at < until <= starts_at + longest:
        raise BadInput(
            _("A visit ends after it begins, and within %(hours)s hours. Register a longer one day by day."),
            field="until", hours=f"{rules.visitors.longest_hours:g}",
        )  # fmt: skip
    if left_at is not None and not starts_at <= left_at <= min(at + ahead, starts_at + longest):
        raise BadInput(_("They left after they came, not in the future, and within a day."), field="left_at")


def _home(place: Place, by: Actor) -> Organisation | None:
    """The institution that answers for the visitor: the owner of the place, on shared ground that of who registers."""
    if place.owner is not None and by.holds(REGISTER, place.owner.path):
        return place.owner
    (node, *_more) = nodes_of(by.ranges(REGISTER))
    rows = Organisation.objects.filter(path=node) if node else Organisation.objects.filter(parent=None)
    return rows.order_by("path").first()


def _person(name: str, phone: str, home: Organisation | None, day: date, *, by: Actor, at: datetime) -> Person:
    same = Person.objects.select_for_update().filter(
        kind=Person.Kind.VISITOR, number__startswith=PREFIX, name=name, phone=phone, home=home
    )
    found = same.order_by("pk").first()
    if found is not None:
        if found.left_on is None or found.left_on < day:
            found.left_on = day
            found.save(update_fields=["left_on"])
        return found
    # On no roster from the day they come: nobody expects a check-in of them, and no denominator counts them.
    person = Person.objects.create(
        number=PREFIX + "".join(secrets.choice(ALPHABET) for _k in range(8)), name=name, phone=phone,
        kind=Person.Kind.VISITOR, situation=Person.Situation.OFF_CAMPUS, home=home,
        home_path=home.path if home else "", left_on=day,
    )  # fmt: skip
    refresh([person.pk])
    audit.record("person.added", "person", person.pk, by=by, at=at, subject=person.pk, new={"number": person.number})
    return person


def _touched(row: Visit) -> list[date]:
    last = max(filter(None, (row.expected_until, row.left_at)))
    first = clock.local_day(row.starts_at)
    return [first + timedelta(days=k) for k in range((clock.local_day(last) - first).days + 1)]


# --- tables --------------------------------------------------------------------------------------------------------

COLUMNS = (
    Column("name", ("姓名", "访客姓名", "name", "visitor"), required=True),
    Column("phone", ("电话", "手机", "手机号", "联系电话", "phone", "telephone"), required=True),
    Column("where", ("地点", "到访地点", "去往", "场所", "place", "where"), required=True),
    Column("starts_at", ("到访时间", "进入时间", "入校时间", "开始", "from", "start", "came"), required=True),
    Column("until", ("预计离开", "预计离校", "until", "expected"), required=False),
    Column("left_at", ("离开时间", "离校时间", "出校时间", "left", "end"), required=False),
    Column("host", ("被访人工号", "接待人工号", "被访人", "host"), required=False),
)


@dataclass(slots=True)
class Brought:
    """What became of a table: `accepted` new visits, `updated` there already, and the rows that were refused."""

    read: int = 0
    accepted: int = 0
    updated: int = 0
    problems: list[RowProblem] = field(default_factory=list)

    def as_dict(self) -> dict[str, object]:
        return {
            "read": self.read, "accepted": self.accepted, "updated": self.updated, "refused": len(self.problems),
            "problems": [problem.as_dict() for problem in self.problems],
        }  # fmt: skip


def import_visits(path: Path, *, name: str, by: Actor, at: datetime) -> Brought:
    """A table of visits; needs visitor.register. Each row stands alone: one that is refused names row, column and
    remedy. The same row again is the same visit."""
    by.require(REGISTER)
    result = Brought()
    with read_table(path, name=name, max_rows=MOST_ROWS) as table:
        found = map_columns(table.header, COLUMNS)
        for row in table.rows:
            result.read += 1
            cells = {key: text.strip() for key, text in found.values(row).items()}
            try:
                if row.problems:
                    result.problems += row.problems
                    continue
                before = Visit.objects.count()
                register(_coming(cells), key=_key(cells), by=by, at=at, left_at=_moment(cells, "left_at"))
                new = Visit.objects.count() - before
                result.accepted, result.updated = result.accepted + new, result.updated + 1 - new
            except ShouwangError as error:
                field_name = str(error.as_dict().get("field") or "")
                column = found.label(field_name) if field_name in found else field_name
                problem = RowProblem.from_error(error, row=row.number, column=column, value=cells.get(field_name, ""))
                result.problems.append(problem)
    return result


def _coming(cells: dict[str, str]) -> Coming:
    starts = _moment(cells, "starts_at")
    if starts is None:
        raise BadInput(_("The time cannot be read. Write it like 2020-02-01 08:30."), field="starts_at")
    until = _moment(cells, "until") or _moment(cells, "left_at")
    until = until or starts + timedelta(hours=assumptions().visitors.assumed_hours)
    if until == starts:
        until += timedelta(minutes=1)
    return Coming(cells["name"], cells["phone"], cells["where"], starts, until, cells.get("host", ""))


def _moment(cells: dict[str, str], key: str) -> datetime | None:
    written = cells.get(key, "")
    if not written:
        return None
    try:
        return parse_datetime(written, clock.zone())
    except DateError as error:
        raise BadInput(_("The time cannot be read. Write it like 2020-02-01 08:30."), field=key) from error


def _key(cells: dict[str, str]) -> str:
    said = "\0".join(cells.get(key, "") for key in ("name", "phone", "where", "starts_at"))
    return hashlib.sha256(said.encode()).hexdigest()
