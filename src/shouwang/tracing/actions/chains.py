"""Who infected whom: the rule proposes, a tracer accepts, rejects, adds, or takes a decision back, with a reason."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from shouwang.cases.models import Case
from shouwang.core import audit
from shouwang.core.errors import BadInput, Conflict
from shouwang.core.scope import Actor
from shouwang.org.queries import reachable
from shouwang.tracing.actions.contacts import LONGEST_REASON
from shouwang.tracing.models import LinkStep, TransmissionLink
from shouwang.tracing.queries import pairing
from shouwang.tracing.queries import sources as queries

State = TransmissionLink.State
Origin = TransmissionLink.Origin
BATCH = 300  # cases looked at in one statement; SQLite bears 32,766 values in one
RENEWED = ("certainty", "distance_sd", "checks", "pack", "pack_sha256", "judged_at")


# --- what the rule proposes ----------------------------------------------------------------------------------------


def propose_all(*, disease: str = "", by: Actor, at: datetime) -> int:
    """Judge all links of the cases within reach of trace.work anew; how many changed. Interrupted, it is run again."""
    by.require(queries.WORK)
    rows = Case.objects.filter(reachable(by, queries.WORK, "person__"), classification__in=pairing.COUNTED)
    if disease:
        rows = rows.filter(disease=disease)
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    return sum(propose(ids[start : start + BATCH], by=by, at=at) for start in range(0, len(ids), BATCH))


@transaction.atomic
def propose(case_ids: Collection[int], *, by: Actor, at: datetime) -> int:
    """Propose and judge links to and from these cases; how many were added, renewed or taken away.

    What a person decided stays as it was decided. A proposal whose record has gone is taken away, unless somebody
    has ever decided about it: then it is judged without a record.
    """
    found = pairing.pairs_of(case_ids)
    ids = list(case_ids)
    touching = Q(case__in=ids) | Q(infector__in=ids)
    held = {
        (row.case_id, row.infector_id): row
        for row in TransmissionLink.objects.filter(touching, origin=Origin.CASE).select_related("case", "infector")
    }
    added = [
        _judge(TransmissionLink(case_id=case, infector_id=infector, by_rule=True), found, at)
        for case, infector in sorted(found.exposures.keys() - held.keys())
    ]
    TransmissionLink.objects.bulk_create(added, batch_size=500, ignore_conflicts=True)
    undecided = {pair: row for pair, row in held.items() if row.state == State.PROPOSED}
    gone = _forget([row for pair, row in undecided.items() if pair not in found.exposures and row.by_rule])
    renewed = []
    for row in undecided.values():
        before = (row.certainty, row.checks)
        if row.pk not in gone and (_judge(row, found, at).certainty, row.checks) != before:
            row.version += 1
            renewed.append(row)
    TransmissionLink.objects.bulk_update(renewed, [*RENEWED, "version"], batch_size=500)
    _record([*added, *renewed, *(row for row in undecided.values() if row.pk in gone)], found, by=by, at=at)
    return len(added) + len(renewed) + len(gone)


def _judge(row: TransmissionLink, found: pairing.Pairs, at: datetime) -> TransmissionLink:
    """Put the rule's word on a link."""
    infector_id = row.infector_id
    if infector_id is None:
        raise ValueError("only a link to a case is judged")
    case, infector = (
        found.cases[pk] if pk in found.cases else Case.objects.get(pk=pk) for pk in (row.case_id, infector_id)
    )
    said = pairing.judged(case, infector, found.exposures.get((row.case_id, infector_id)), at)
    row.certainty, row.distance_sd = said.certainty, said.distance_sd
    row.checks = [check.as_json() for check in said.checks]
    row.pack, row.pack_sha256, row.judged_at = case.pack, case.pack_sha256, at
    return row


def _forget(rows: Iterable[TransmissionLink]) -> set[int]:
    """Delete those about which nobody has ever decided; their ids."""
    ids = {row.pk for row in rows}
    ids -= set(LinkStep.objects.filter(link__in=ids).values_list("link", flat=True))
    TransmissionLink.objects.filter(pk__in=ids).delete()
    return ids


def _record(rows: Iterable[TransmissionLink], found: pairing.Pairs, *, by: Actor, at: datetime) -> None:
    """One line of the audit log for each case whose links moved; never who the other one is."""
    counts: dict[int, int] = {}
    people: dict[int, int] = {}
    for row in rows:
        counts[row.case_id] = counts.get(row.case_id, 0) + 1
        people[row.case_id] = found.cases[row.case_id].person_id if row.case_id in found.cases else row.case.person_id
    lines = [(case, people[case], {"links": count}) for case, count in sorted(counts.items())]
    if lines:
        audit.record_many("chain.proposed", "case", lines, by=by, at=at)


# --- what a tracer decides -----------------------------------------------------------------------------------------


@transaction.atomic
def accept_link(
    link: TransmissionLink, *, reason: str, by: Actor, at: datetime, version: int | None = None
) -> TransmissionLink:
    """This is where the case was infected. Needs trace.work over its person and sight of the other case.

    Conflict when another source is accepted (take that back first), when it would close a circle, or when a
    colleague has decided since `version`.
    """
    return _decide(link, State.ACCEPTED, reason, by=by, at=at, version=version)


@transaction.atomic
def reject_link(
    link: TransmissionLink, *, reason: str, by: Actor, at: datetime, version: int | None = None
) -> TransmissionLink:
    """The case was not infected there. As `accept_link`."""
    return _decide(link, State.REJECTED, reason, by=by, at=at, version=version)


@transaction.atomic
def reopen_link(
    link: TransmissionLink, *, reason: str, by: Actor, at: datetime, version: int | None = None
) -> TransmissionLink:
    """Take a decision back: the link is a proposal again, judged as the records are now. As `accept_link`."""
    row = _decide(link, State.PROPOSED, reason, by=by, at=at, version=version)
    if row.infector_id is not None:
        propose([row.case_id], by=by, at=at)
        row.refresh_from_db()
    return row


@transaction.atomic
def add_link(
    case: Case, *, origin: str = Origin.CASE, infector: Case | None = None, reason: str, by: Actor, at: datetime
) -> TransmissionLink:
    """A source that a tracer knows of, accepted at once: another case, "imported", or "unknown" (searched, not found).

    One that is proposed or rejected already is accepted. Needs trace.work over the case's person and sight of
    the other case: NotFound otherwise. BadInput for another disease or for the case itself.
    """
    case = queries.case_to_link(by, case.pk)
    if origin not in Origin.values or (origin == Origin.CASE) != (infector is not None):
        raise BadInput(_("Name the other case, or say that it was imported or not found."), field="origin")
    if infector is not None:
        infector = queries.visible_case(by, infector.pk)
        if infector.pk == case.pk:
            raise BadInput(_("A case does not infect itself. Name another one."), field="infector")
        if infector.disease != case.disease:
            raise BadInput(_("The two cases are of different diseases."), field="infector")
    row = TransmissionLink.objects.filter(case=case, origin=origin, infector=infector).first()
    if row is None:
        row = TransmissionLink(case=case, origin=origin, infector=infector, judged_at=at)
        if infector is not None:
            _judge(row, pairing.pairs_of([case.pk]), at)
        row.save(force_insert=True)
    return _decide(row, State.ACCEPTED, reason, by=by, at=at, version=None)


def _decide(
    link: TransmissionLink, state: State, reason: str, *, by: Actor, at: datetime, version: int | None
) -> TransmissionLink:
    text = reason.strip()
    if not text:
        raise BadInput(_("Say why."), field="reason")
    if len(text) > LONGEST_REASON:
        raise BadInput(_("At most %(limit)s characters."), field="reason", limit=LONGEST_REASON)
    link = queries.link_for(by, link.pk)
    if state == State.ACCEPTED:
        _lock_chain(link)
    row = TransmissionLink.objects.select_for_update(of=("self",)).select_related("case").get(pk=link.pk)
    if version is not None and row.version != version:
        raise Conflict(_("A colleague has changed this link meanwhile. Look again before you decide."))
    if row.state == state and row.steps.exists():
        return row
    if state == State.ACCEPTED:
        _check_free(row)
    old = row.state if row.by_rule or row.steps.exists() else ""
    row.state, row.version = state, F("version") + 1
    row.save(update_fields=["state", "version"])
    row.refresh_from_db(fields=["version"])
    LinkStep.objects.create(
        link=row, old=old, new=state, certainty=row.certainty, reason=text, at=at, by_id=by.account_id
    )
    verb = "chain.reopened" if state == State.PROPOSED else f"chain.{state}"
    new = {"state": state, "link": row.pk}
    audit.record(verb, "case", row.case_id, by=by, at=at, subject=row.case.person_id, old={"state": old}, new=new)
    return row


def _lock_chain(link: TransmissionLink) -> None:
    """Lock the case and everything above the one it would hang below, in order of their ids.

    Two tracers who would close a circle together, each with one link, have a case in common here: the second waits
    for the first, and sees its link. Conflict when the chain grew meanwhile.
    """
    if link.infector_id is None:
        return
    above = queries.ancestors(link.infector_id)
    list(Case.objects.select_for_update().filter(pk__in=[link.case_id, *above]).order_by("pk").values_list("pk"))
    if queries.ancestors(link.infector_id) != above:
        raise Conflict(_("A colleague has changed this link meanwhile. Look again before you decide."))


def _check_free(row: TransmissionLink) -> None:
    other = TransmissionLink.objects.filter(case=row.case_id, state=State.ACCEPTED).exclude(pk=row.pk).first()
    if other is not None:
        raise Conflict(_("Another source of this case is accepted. Take that back first."), code="source_accepted")
    if row.infector_id is not None and row.case_id in queries.ancestors(row.infector_id):
        raise Conflict(
            _("The other case was itself infected down this chain. Correct that link first."), code="chain_circle"
        )
