"""Contacts of a case, for a tracer. Access needs trace.work over the case's person and an open case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from shouwang.cases.models import Case
from shouwang.core.errors import NotFound
from shouwang.core.nexts import Next
from shouwang.core.paging import Page, keyset_page
from shouwang.core.scope import Actor
from shouwang.org.queries import reachable
from shouwang.tracing.models import Contact, FollowUp, Trace
from shouwang.tracing.models_told import UnknownContact
from shouwang.tracing.rules.next_steps import next_of_contact

WORK = "trace.work"
ORDER = ("grade_rank", "-seconds", "pk")


def cases_to_trace(by: Actor) -> QuerySet[Case]:
    """Open cases whose person lies within reach of trace.work, newest first."""
    return (
        Case.objects.filter(reachable(by, WORK, "person__"), closed_at__isnull=True)
        .select_related("person", "person__home")
        .order_by("-opened_at", "-pk")
    )


def case_to_trace(by: Actor, case_id: int) -> Case:
    """One open case. NotFound for a closed one and for what lies outside reach."""
    case = cases_to_trace(by).filter(pk=case_id).first()
    if case is None:
        raise NotFound
    return case


@dataclass(frozen=True, slots=True)
class ContactFilter:
    """Which contacts: by state and grade ("" is all), and a text in name, number or unit."""

    state: str = ""
    grade: str = ""
    text: str = ""

    def condition(self) -> Q:
        found = Q()
        if self.state:
            found &= Q(state=self.state)
        if self.grade:
            found &= Q(grade=self.grade)
        if self.text:
            found &= (
                Q(person__name__icontains=self.text)
                | Q(person__number__startswith=self.text)
                | Q(person__home__name__icontains=self.text)
            )
        return found


def contacts_of(by: Actor, case: Case, wanted: ContactFilter | None = None) -> QuerySet[Contact]:
    """Contacts of an open case, close before general, longest first."""
    case_to_trace(by, case.pk)
    rows = Contact.objects.filter((wanted or ContactFilter()).condition(), case=case)
    return rows.select_related("person", "person__home", "decided_by", "tracer").order_by(*ORDER)


def contact_page(by: Actor, case: Case, wanted: ContactFilter, cursor: str | None) -> Page[Contact]:
    """One page of `contacts_of`."""
    return keyset_page(contacts_of(by, case, wanted), ORDER, cursor)


def contact_for(by: Actor, contact_id: int) -> Contact:
    """One contact of an open case. NotFound otherwise."""
    contact = (
        Contact.objects.filter(reachable(by, WORK, "case__person__"), pk=contact_id, case__closed_at__isnull=True)
        .select_related("case", "case__person", "person", "person__home", "decided_by", "trace", "tracer")
        .first()
    )
    if contact is None:
        raise NotFound
    return contact


def next_of(contact: Contact) -> Next:
    """The next step of a contact and whose it is. One query."""
    running = FollowUp.objects.filter(
        person=contact.person_id, disease=contact.case.disease, state=FollowUp.State.RUNNING
    )
    return next_of_contact(contact.state, case_open=contact.case.is_open, followed=running.exists())


def counts(case: Case) -> Mapping[tuple[str, str], int]:
    """(grade, state) -> contacts of the case. One query."""
    rows = Contact.objects.filter(case=case).order_by().values_list("grade", "state").annotate(n=Count("pk"))
    return {(grade, state): n for grade, state, n in rows}


@dataclass(frozen=True, slots=True)
class DeskCase:
    """A line of the tracer's desk."""

    case: Case
    last_trace: Trace | None
    close: int
    waiting: int
    total: int
    unknown: int = 0


def desk(by: Actor) -> list[DeskCase]:
    """Open cases with what is still to do, untraced first. Four queries."""
    cases = list(cases_to_trace(by).annotate(was_traced=Exists(Trace.objects.filter(case=OuterRef("pk"))))[:200])
    ids = [case.pk for case in cases]
    latest: dict[int, Trace] = {}
    for trace in Trace.objects.filter(case__in=ids).order_by("at", "pk"):
        latest[trace.case_id] = trace
    numbers: dict[int, Mapping[str, Any]] = {
        row["case"]: row
        for row in Contact.objects.filter(case__in=ids)
        .order_by()
        .values("case")
        .annotate(
            total=Count("pk", filter=~Q(state=Contact.State.DISMISSED)),
            close=Count("pk", filter=Q(grade="close") & ~Q(state=Contact.State.DISMISSED)),
            waiting=Count("pk", filter=Q(state=Contact.State.CANDIDATE, grade="close")),
        )
    }
    unknown: Mapping[int, int] = dict(
        UnknownContact.objects.filter(case__in=ids, state=UnknownContact.State.UNKNOWN)
        .order_by()
        .values_list("case")
        .annotate(n=Count("pk"))
    )
    nothing = {"total": 0, "close": 0, "waiting": 0}
    rows = [
        DeskCase(
            case,
            latest.get(case.pk),
            **{key: numbers.get(case.pk, nothing)[key] for key in nothing},
            unknown=unknown.get(case.pk, 0),
        )
        for case in cases
    ]
    return sorted(rows, key=lambda row: (row.last_trace is not None, -row.waiting))
