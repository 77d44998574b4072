"""Asking tracers to decide contacts: sharing a case out by load, and taking back from whoever is absent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shouwang.cases.models import Case
from shouwang.core import audit, clock
from shouwang.core.errors import BadInput
from shouwang.core.scope import Actor
from shouwang.org.models import Person
from shouwang.tracing.actions.contacts import LONGEST_REASON
from shouwang.tracing.models import Contact
from shouwang.tracing.queries import sharing as queries
from shouwang.tracing.queries.contacts import case_to_trace

BATCH = 500  # ids named in one statement


@transaction.atomic
def share_contacts(case: Case, among: Collection[int] | None = None, *, by: Actor, at: datetime) -> queries.Shared:
    """Ask tracers (`among`, ids of people; None: all who may) to decide the contacts of a case that nobody has.

    Needs trace.work and an open case. What somebody has stays with them, so that it may be run at any time. Computed
    anew under the lock of the case: what a colleague shared out meanwhile is not shared twice. BadInput when none of
    `among` may decide here.
    """
    case_to_trace(by, case.pk)
    Case.objects.select_for_update(of=("self",)).get(pk=case.pk)
    shared = queries.proposal(by, case, among, on=clock.local_day(at))
    if shared.proposal.left or (among is not None and not shared.proposal.portions):
        raise BadInput(_("Choose at least one tracer who may decide contacts of this case."), field="among")
    for portion in shared.proposal.portions:
        _hand(case, portion.given, portion.tracer)
    if shared.moving:
        new = {"case": case.pk, "contacts": shared.moving, "tracers": [p.tracer for p in shared.proposal.portions]}
        audit.record("contact.shared", "case", case.pk, by=by, at=at, subject=case.person_id, new=new)
    return shared


def _hand(case: Case, contacts: Collection[int], tracer: int) -> None:
    """Those that were decided meanwhile are left alone."""
    ids = list(contacts)
    for start in range(0, len(ids), BATCH):
        rows = Contact.objects.filter(case=case, pk__in=ids[start : start + BATCH], state=Contact.State.CANDIDATE)
        rows.update(tracer=tracer)


@transaction.atomic
def take_back(tracer: Person, *, reason: str, by: Actor, at: datetime) -> int:
    """Nobody is asked any more to decide what this tracer had not decided, in cases within reach of trace.work; how
    many. Sharing the cases out gives them to others. A reason is required; again changes nothing."""
    said = reason.strip()
    if not said:
        raise BadInput(_("Say why they are taken back."), field="reason")
    if len(said) > LONGEST_REASON:
        raise BadInput(_("At most %(limit)s characters."), field="reason", limit=LONGEST_REASON)
    by.require("trace.work")
    of_case: dict[int, list[int]] = defaultdict(list)
    people: dict[int, int] = {}
    for pk, case_id, person_id in queries.queue_of(by, tracer.pk).values_list("pk", "case", "case__person"):
        of_case[case_id].append(pk)
        people[case_id] = person_id
    for case_id, ids in of_case.items():
        for start in range(0, len(ids), BATCH):
            rows = Contact.objects.filter(pk__in=ids[start : start + BATCH], tracer=tracer)
            rows.filter(state=Contact.State.CANDIDATE).update(tracer=None)
        new = {"case": case_id, "contacts": len(ids), "tracer": tracer.pk, "reason": said}
        audit.record("contact.taken_back", "case", case_id, by=by, at=at, subject=people[case_id], new=new)
    return sum(len(ids) for ids in of_case.values())
