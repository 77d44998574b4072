"""Directives as their authors, their signers and their recipients see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from shouwang.command.models import Directive, Measure, Receipt, Revision, Task
from shouwang.command.queries.answering import (
    MANAGE,
    SIGN,
    WORK,
    Answered,
    Owner,
    answered_by,
    recipient_units,
    who_answers,
    works_for,
)
from shouwang.command.rules import directives as rules
from shouwang.core import clock
from shouwang.core.errors import NotFound
from shouwang.core.paging import Page, keyset_page
from shouwang.core.scope import Actor
from shouwang.core.tree import in_ranges, subtree
from shouwang.org.models import Organisation
from shouwang.org.queries import current

ORDER = ("-created_at", "-id")
OUT = (Directive.State.ISSUED, Directive.State.SUPERSEDED, Directive.State.WITHDRAWN)
FIELDS = (
    "title", "addressees", "body", "attachments", "urgency", "copies", "signed_as", "prefix", "aims", "acknowledge_by",
    "due_at", "replaces",
)  # fmt: skip
MEASURE_FIELDS = ("state", "text", "capability", "owner_unit", "due_at", "evidence")


def plain(row: Directive | Measure, fields: Sequence[str]) -> dict[str, Any]:
    """The values of fields as JSON holds them, so that what stood before can be compared with what stands now."""
    found: dict[str, Any] = {}
    for name in fields:
        value = getattr(row, f"{name}_id") if name in ("owner_unit", "replaces") else getattr(row, name)
        found[name] = as_plain(value)
    return found


def as_plain(value: Any) -> Any:
    return value.astimezone(clock.zone()).isoformat() if isinstance(value, datetime) else value


def visible_directives(by: Actor, *, on: date) -> QuerySet[Directive]:
    """Those of organisations one writes or signs for, and issued ones that a unit of one's own has received."""
    mine = in_ranges("organisation__path", by.ranges(MANAGE)) | in_ranges("organisation__path", by.ranges(SIGN))
    here = recipient_units(by, answered_by(by, on=on), "unit__")
    got = Exists(Receipt.objects.filter(here, directive=OuterRef("pk")))
    return Directive.objects.filter(mine | (Q(state__in=OUT, issued_at__isnull=False) & Q(got))).select_related(
        "organisation"
    )


def directive_for(by: Actor, directive_id: int, *, on: date) -> Directive:
    """One directive. NotFound for whoever neither writes nor signs it and has not received it."""
    names = ("created_by", "submitted_by", "signed_by", "issued_by", "ended_by", "replaces")
    row = visible_directives(by, on=on).select_related("organisation", *names).filter(pk=directive_id).first()
    if row is None:
        raise NotFound
    return row


def managed_directive(by: Actor, directive_id: int) -> Directive:
    """One directive of an organisation one writes for. NotFound otherwise."""
    rows = Directive.objects.filter(in_ranges("organisation__path", by.ranges(MANAGE)))
    row = rows.select_related("organisation").filter(pk=directive_id).first()
    if row is None:
        raise NotFound
    return row


def issuer_for(by: Actor, code: str | None = None) -> Organisation:
    """The organisation of that code for which one may write; without a code the topmost one. NotFound otherwise."""
    by.require(MANAGE)
    rows = Organisation.objects.filter(in_ranges("path", by.ranges(MANAGE)), ends__isnull=True)
    row = (rows.filter(code=code) if code else rows).order_by("path").first()
    if row is None:
        raise NotFound
    return row


def directives_page(by: Actor, *, state: str, cursor: str | None, on: date) -> Page[Directive]:
    """One page, newest first, each with its receipts counted. Four queries."""
    rows = visible_directives(by, on=on)
    if state:
        rows = rows.filter(state=state)
    return keyset_page(rows, ORDER, cursor)


def receipt_counts(rows: Sequence[Directive]) -> dict[int, tuple[int, int]]:
    """Directive id → (acknowledged, recipients). One query."""
    counted = (
        Receipt.objects.filter(directive__in=rows)
        .order_by()
        .values_list("directive")
        .annotate(n=Count("pk"), yes=Count("acknowledged_at"))
    )
    return {pk: (yes, n) for pk, n, yes in counted}


def aimed(aims: Sequence[Mapping[str, Any]], *, on: date) -> QuerySet[Organisation]:
    """The standing units that aims speak of. One query beside the returned one."""
    paths = dict(Organisation.objects.filter(pk__in=[aim["unit"] for aim in aims]).values_list("pk", "path"))
    condition = Q(pk__in=())
    for aim in aims:
        path = paths.get(aim["unit"])
        if path is None:
            continue
        kind = aim["kind"]
        if not kind:
            condition |= Q(path=path)
        elif kind == "*":
            condition |= in_ranges("path", (subtree(path),))
        else:
            condition |= in_ranges("path", (subtree(path),)) & Q(kind=kind)
    return Organisation.objects.filter(condition, current(on))


def draft_of(row: Directive, *, now: datetime) -> rules.Draft:
    """What `rules.check_complete` looks at. Three queries."""
    counts = row.measures.aggregate(
        undecided=Count("pk", filter=Q(state="proposed")),
        accepted=Count("pk", filter=Q(state="accepted")),
        undated=Count("pk", filter=Q(state="accepted", due_at__isnull=True)),
        past=Count("pk", filter=Q(state="accepted", due_at__lte=now)),
    )
    owners = row.measures.filter(state="accepted", owner_unit__isnull=False).exists()
    units = int(owners) or (aimed(row.aims, on=clock.local_day(now)).count() if row.aims else 0)
    return rules.Draft(
        title=row.title, body=row.body, **counts, aims=units, due_at=row.due_at, acknowledge_by=row.acknowledge_by,
        prefix=row.prefix, number=row.number,
    )  # fmt: skip


def changes_since(row: Directive, measure: Measure | None, version: int) -> list[Revision]:
    """Every change of it that whoever saw `version` has not seen, oldest first."""
    rows = Revision.objects.filter(directive=row, measure=measure, version__gt=version)
    return list(rows.select_related("by").order_by("id"))


@dataclass(frozen=True, slots=True)
class ReceiptNumbers:
    """How many of `recipients` have opened and acknowledged it; `late`: neither by the deadline, or only after it."""

    recipients: int
    read: int
    acknowledged: int
    late: int
    silent: int


def receipt_numbers(row: Directive, *, at: datetime) -> ReceiptNumbers:
    """One query. `silent` have not acknowledged it and the deadline has passed."""
    by = row.acknowledge_by
    passed = by is not None and at > by
    late = Q(acknowledged_at__gt=by) if by else Q(pk__in=())
    silent = Q(acknowledged_at__isnull=True) if passed else Q(pk__in=())
    counts: dict[str, int] = row.receipts.aggregate(
        recipients=Count("pk"), read=Count("read_at"), acknowledged=Count("acknowledged_at"),
        late=Count("pk", filter=late), silent=Count("pk", filter=silent),
    )  # fmt: skip
    return ReceiptNumbers(**counts)


RECEIPTS = ("waiting", "acknowledged", "all")


def receipts_page(by: Actor, row: Directive, *, show: str, cursor: str | None, on: date) -> Page[Receipt]:
    """Receipts of a directive fetched before: all for whoever writes or signs it, else those of units in reach."""
    rows = row.receipts.select_related("unit", "acknowledged_by")
    if not sees_whole(by, row):
        rows = rows.filter(recipient_units(by, answered_by(by, on=on), "unit__"))
    if show == "waiting":
        rows = rows.filter(acknowledged_at__isnull=True)
    elif show == "acknowledged":
        rows = rows.filter(acknowledged_at__isnull=False)
    return keyset_page(rows, ("unit__path", "id"), cursor)


def sees_whole(by: Actor, row: Directive) -> bool:
    """Whether one writes or signs it, and so sees how every unit stands."""
    return by.holds(MANAGE, row.organisation.path) or by.holds(SIGN, row.organisation.path)


def receipt_owners(rows: Sequence[Receipt], *, on: date) -> dict[int, Owner]:
    return who_answers([row.unit for row in rows], on=on)


MOST_OWN = 20  # units asked to acknowledge on one page; the others are in the list of receipts


def own_receipts(by: Actor, row: Directive, answered: Answered) -> list[Receipt]:
    """Waiting receipts of units one may acknowledge for, the first few: those one answers for, then those in reach."""
    units = Q(unit__in=[*answered.first, *answered.deputy]) | in_ranges("unit__path", by.ranges(WORK))
    if row.state != Directive.State.ISSUED:
        return []
    rows = row.receipts.filter(units, acknowledged_at__isnull=True).select_related("unit")
    return list(rows.order_by("unit__path")[:MOST_OWN])


def receipt_of(by: Actor, directive_id: int, unit_id: int, *, on: date) -> Receipt:
    """The receipt of a unit one acts for. NotFound otherwise."""
    rows = Receipt.objects.filter(directive=directive_id, unit=unit_id).select_related("unit", "directive")
    row = rows.first()
    if row is None or not works_for(by, answered_by(by, on=on), row.unit):
        raise NotFound
    return row


def task_counts(row: Directive) -> dict[int, dict[str, int]]:
    """Measure id → state → tasks given directly to its recipients. One query."""
    found: dict[int, dict[str, int]] = {}
    rows = Task.objects.filter(directive=row, parent__isnull=True).order_by().values_list("measure", "state")
    for measure, state, n in rows.annotate(n=Count("pk")):
        found.setdefault(measure, {})[state] = n
    return found


def as_json(row: Directive, measures: Sequence[Measure] = ()) -> dict[str, Any]:
    """What API and terminal say of a directive."""
    return {
        "id": row.pk, "organisation": row.organisation.code, "state": row.state, "number": row.number,
        "issuer": row.issuer, "version": row.version, **plain(row, FIELDS), "source_sha256": row.source_sha256,
        "created_at": row.created_at, "signed_at": row.signed_at, "issued_at": row.issued_at, "ended_at": row.ended_at,
        "end_reason": row.end_reason, "measures": [measure_json(measure) for measure in measures],
    }  # fmt: skip


def measure_json(row: Measure) -> dict[str, Any]:
    return {
        "id": row.pk, "position": row.position, "section": row.section, "quote": row.quote, "version": row.version,
        "found": row.found, **plain(row, MEASURE_FIELDS),
    }  # fmt: skip
