"""The audit log in words: for those who supervise, and for the person it is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shouwang.core import verbs
from shouwang.core.errors import NotFound
from shouwang.core.models import AuditEntry
from shouwang.core.paging import Page, keyset_page
from shouwang.core.scope import SYSTEM, Actor
from shouwang.core.tree import in_ranges
from shouwang.org.models import Account, Person
from shouwang.org.queries.people import covers_all
from shouwang.org.rules import HEALTH_RIGHTS

HEALTH_KINDS = frozenset(
    {
        *("alert", "care", "case", "checkin", "clock", "contact", "monitoring", "order", "sample", "test", "test_day"),
        *("outside_case", "test_review", "trace"),
    }
)  # that these entries exist, and about whom, says who is ill or was near whom
HEALTH_VERBS = frozenset({"absences.listed", "presence.read"})  # of a harmless kind, yet telling
CLOSED_KINDS = frozenset({"matter"})  # a matter of accountability is for its parties alone
PAGE = 50
PROGRAMS = {"operator": _("The operator of this system"), "system": _("The program"), "purge": _("The program")}


@dataclass(frozen=True, slots=True)
class Line:
    """One audit entry as it is read. Where it is `hidden`, `old` and `new` are None, and in the log of supervisors
    `about` is empty too: that somebody stands in an entry about a case is itself health data."""

    id: int
    at: datetime
    who: str
    unit: str
    mouth: str
    address: str
    words: str
    verb: str
    kind: str
    object: str
    is_read: bool
    about: str
    about_number: str
    old: dict[str, Any] | None
    new: dict[str, Any] | None
    hidden: bool


@dataclass(frozen=True, slots=True)
class AuditFilter:
    number: str = ""
    kind: str = ""
    account: str = ""
    reads: str = ""  # "", "reads" or "writes"


def audit_page(by: Actor, chosen: AuditFilter, *, cursor: str = "") -> tuple[Page[AuditEntry], list[Line]]:
    """One page of entries about people within reach of `audit.view`, newest first; entries about nobody only for who
    reaches all. Without health rights over the person concerned one reads who acted when, not about whom, and finds no
    health entry by a person's number. NotFound for a person or account that is not there."""
    by.require("audit.view")
    entries: QuerySet[AuditEntry] = AuditEntry.objects.all()
    inside = Person.objects.filter(in_ranges("home_path", by.ranges("audit.view")))
    everything = covers_all(by, "audit.view")
    if chosen.number:
        people = Person.objects.all() if everything else inside
        person = people.filter(number=chosen.number).first()
        if person is None:
            raise NotFound
        entries = entries.filter(subject=person.pk)
        if not _sees_health(by, person):
            entries = entries.exclude(_of_health())
        if not by.everything:
            entries = entries.exclude(kind__in=CLOSED_KINDS)
    elif not everything:
        entries = entries.filter(subject__in=inside.values("pk"))
    if chosen.account:
        account = Account.objects.filter(username=chosen.account).select_related("person").first()
        if account is None:
            raise NotFound
        entries = entries.filter(account=account.pk)
        if account.person is not None and not _sees_health(by, account.person):
            # What people did about themselves (read their order, objected) would tell what they have.
            entries = entries.exclude(_of_health(), subject=account.person_id)
        if account.person is not None and not by.everything:
            entries = entries.exclude(kind__in=CLOSED_KINDS, subject=account.person_id)
    if chosen.kind:
        entries = entries.filter(kind=chosen.kind)
    if chosen.reads:
        entries = entries.filter(is_read=chosen.reads == "reads")
    page = keyset_page(entries, ("-id",), cursor, size=PAGE)
    return page, _lines(page.rows, supervisor=by)


def _of_health() -> Q:
    return Q(kind__in=HEALTH_KINDS) | Q(verb__in=HEALTH_VERBS)


def _sees_health(by: Actor, person: Person) -> bool:
    return by.everything or all(by.holds(right, person.home_path) for right in HEALTH_RIGHTS)


def audit_kinds() -> list[str]:
    return list(AuditEntry.objects.order_by("kind").values_list("kind", flat=True).distinct())


def seen_page(by: Actor, *, cursor: str = "") -> tuple[Page[AuditEntry], list[Line]]:
    """Who read or changed data about the asker. Values of health entries are left out even here: an entry about a
    contact may name the person they met."""
    if by.person_id is None:
        raise NotFound
    page = keyset_page(AuditEntry.objects.filter(subject=by.person_id), ("-id",), cursor, size=PAGE)
    return page, _lines(page.rows)


def _lines(entries: Sequence[AuditEntry], supervisor: Actor | None = None) -> list[Line]:
    """Entries in words, with the names of who acted and whom it concerns: two queries whatever their number.

    Without `supervisor` the reader is the person concerned.
    """
    accounts = Account.objects.filter(pk__in={entry.account for entry in entries if entry.account})
    actors = {account.pk: account for account in accounts.select_related("person", "person__home")}
    people = Person.objects.in_bulk({entry.subject for entry in entries if entry.subject})
    return [_line(entry, actors, people, supervisor) for entry in entries]


def _line(entry: AuditEntry, actors: dict[int, Account], people: dict[int, Person], supervisor: Actor | None) -> Line:
    account = actors.get(entry.account or 0)
    person = account.person if account is not None else None
    about = people.get(entry.subject or 0)
    health = entry.kind in HEALTH_KINDS or entry.verb in HEALTH_VERBS
    sees = supervisor is not None and (_sees_health(supervisor, about) if about is not None else supervisor.everything)
    closed = entry.kind in CLOSED_KINDS and supervisor is not None and not supervisor.everything
    veiled = closed or (health and not sees)
    line = Line(
        id=entry.pk,
        at=entry.at,
        who=person.name if person is not None else str(PROGRAMS.get(entry.label, entry.label)),
        unit=person.home.title if person is not None and person.home is not None else "",
        mouth=entry.mouth if entry.mouth != SYSTEM else "",
        address=entry.address,
        words=verbs.say(entry.verb),
        verb=entry.verb,
        kind=entry.kind,
        object=entry.object,
        is_read=entry.is_read,
        about=about.name if about is not None else "",
        about_number=about.number if about is not None else "",
        old=None if veiled else entry.old,
        new=None if veiled else entry.new,
        hidden=veiled and bool(entry.old or entry.new or supervisor),
    )
    if supervisor is None or not veiled:
        return line
    line = replace(line, about="", about_number="", object="")
    if person is not None and person.pk == entry.subject:
        return replace(line, who=gettext("The person concerned"), unit="", address="")
    return line
