"""Writing and reviewing directives. Two may edit one at once: what only one of them changed is kept from both; what
both changed differently is refused and shown to the second."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from shouwang.command import queries
from shouwang.command.models import Directive, Measure, Revision
from shouwang.command.models.directives import LINE, TITLE
from shouwang.command.queries import directives as reads
from shouwang.command.reading import read_notice
from shouwang.command.rules import directives as rules
from shouwang.command.rules.notices import vocabulary
from shouwang.core import audit, clock
from shouwang.core.dates import DateError, parse_date
from shouwang.core.errors import BadInput, Conflict, Forbidden
from shouwang.core.retention import keep_days
from shouwang.core.scope import Actor
from shouwang.core.tree import in_ranges, subtree
from shouwang.org.models import Organisation

MANAGE, SIGN = queries.MANAGE, queries.SIGN
MOST_ATTACHMENTS, MOST_TEXT = 50, 500_000
KINDS = frozenset(Organisation.Kind.values)


def locked(directive: Directive) -> Directive:
    """The row as it stands, for the rest of the transaction."""
    return Directive.objects.select_for_update(of=("self",)).select_related("organisation").get(pk=directive.pk)


@transaction.atomic
def write_directive(*, organisation: Organisation, values: Mapping[str, Any], by: Actor, at: datetime) -> Directive:
    """A new draft of an organisation. Needs directive.manage there."""
    by.require(MANAGE, organisation.path)
    row = _blank(organisation, by, at)
    for name, value in _checked(row, values).items():
        _set(row, name, value)
    if not row.title:
        raise BadInput(_("It has no title."), field="title")
    row.save()
    audit.record("directive.written", "directive", row.pk, by=by, at=at, new={"title": row.title})
    return row


def _blank(organisation: Organisation, by: Actor, at: datetime) -> Directive:
    return Directive(
        organisation=organisation, created_at=at, created_by_id=by.account_id,
        purge_on=clock.local_day(at) + timedelta(days=keep_days("directive")),
    )  # fmt: skip


@transaction.atomic
def import_notice(raw: bytes | str, *, name: str, organisation: Organisation, by: Actor, at: datetime) -> Directive:
    """Keep a notice as it arrived: text, the hash of its file, what was read, and every proposal with its quotation.

    Needs directive.manage. Conflict when the very same file is kept here already. UnreadableFile when it has no text.
    """
    by.require(MANAGE, organisation.path)
    read = read_notice(raw)
    sha256 = hashlib.sha256(raw if isinstance(raw, bytes) else raw.encode("utf-8", "surrogatepass")).hexdigest()
    Organisation.objects.select_for_update().get(pk=organisation.pk)
    again = Directive.objects.filter(organisation=organisation, source_sha256=sha256).exclude(state="withdrawn").first()
    if again is not None:
        sentence = _("This very notice is kept already as “%(title)s”.")
        raise Conflict(sentence, code="notice_kept_already", title=again.title, directive=again.pk)
    found = read.found
    row = _blank(organisation, by, at)
    row.title = (found["title"] or name or _first_line(read.text))[:TITLE]
    row.addressees = "、".join(found["addressees"])[:LINE]
    row.copies = "、".join(found["copies"])[:LINE]
    row.urgency, row.number = (found["urgency"] or "")[:20], (found["number"] or "")[:80]
    row.signed_as = (found["issuer"] or "")[:120]
    row.attachments = [{"title": title, "text": ""} for title in found["attachments"]][:MOST_ATTACHMENTS]
    row.body = body_of(found)[:MOST_TEXT]
    row.source_name, row.source_sha256, row.source_text, row.found = name[:255], sha256, read.text, found
    row.save()
    _propose(row, found["measures"])
    new = {"title": row.title, "sha256": sha256, "measures": len(found["measures"])}
    audit.record("directive.imported", "directive", row.pk, by=by, at=at, new=new)
    return row


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def _propose(row: Directive, found: Sequence[Mapping[str, Any]]) -> None:
    """Each order that was found becomes a proposal. Whom and until when it names are taken over where they are a unit
    of the institution and a day; in any case they stay with the proposal in their own words."""
    hints = {measure["owner_hint"] for measure in found if measure["owner_hint"]}
    inside = Organisation.objects.filter(in_ranges("path", (subtree(row.organisation.path),)), name__in=hints)
    units: dict[str, list[int]] = {}
    for name, pk in inside.values_list("name", "pk"):
        units.setdefault(name, []).append(pk)
    Measure.objects.bulk_create(
        Measure(
            directive=row, position=position, text=measure["quote"][:LINE], capability=measure["capability"],
            section="/".join(part for part in (measure["section"], measure["subsection"]) if part)[:40],
            quote=measure["quote"], found=dict(measure), due_at=_moment(measure["deadline"]),
            owner_unit_id=next(iter(units.get(measure["owner_hint"] or "", [])), None)
            if len(units.get(measure["owner_hint"] or "", [])) == 1 else None,
        )
        for position, measure in enumerate(found, start=1)
    )  # fmt: skip


def _moment(deadline: str | None) -> datetime | None:
    """A day lasts until its last minute. Words such as "at once" are no moment."""
    if not deadline or not deadline[:4].isdigit():
        return None
    if "T" in deadline:
        return clock.aware(datetime.fromisoformat(deadline))
    try:
        day = parse_date(deadline, today=clock.today())
    except DateError:
        return None
    return datetime.combine(day, time(23, 59), tzinfo=clock.zone())


def body_of(found: Mapping[str, Any]) -> str:
    """The text of a notice from its sections, numbered as the official layout numbers them."""
    lines = [found["preamble"]] if found["preamble"] else []
    for section in found["sections"]:
        _write_section(section, 1, lines)
    return "\n".join(lines)


def _write_section(section: Mapping[str, Any], level: int, lines: list[str]) -> None:
    number = section["number"]
    chinese = not number.isdigit()
    label = number if number.startswith("第") else f"{number}、" if level == 1 and chinese else (
        f"（{number}）" if chinese else f"{number}." if level < 4 else f"（{number}）"
    )  # fmt: skip
    parts = section["sections"]
    text = "" if parts else section["text"]
    if section["heading"]:
        lines.append(f"{label}{section['heading']}")
        lines += [text] if text else []
    else:
        lines.append(f"{label}{text}")
    for part in parts:
        _write_section(part, level + 1, lines)


# --- editing -------------------------------------------------------------------------------------------------------


@transaction.atomic
def edit_directive(
    directive: Directive, *, version: int, values: Mapping[str, Any], by: Actor, at: datetime
) -> Directive:
    """Change fields, from a page made of `version`. Needs directive.manage; a signature given before is void then.

    Conflict `edited_meanwhile` names the fields that somebody else changed differently; nothing is written then.
    """
    by.require(MANAGE, directive.organisation.path)
    row = locked(directive)
    rules.check_step(row.state, "edit")
    names = [name for name in reads.FIELDS if name in values]
    if _apply(row, None, names, _checked(row, values), version, by, at):
        _unsign(row)
        row.save()
    return row


@transaction.atomic
def edit_measure(measure: Measure, *, version: int, values: Mapping[str, Any], by: Actor, at: datetime) -> Measure:
    """Accept, change or drop a proposal: its state, words, kind, owner unit, deadline, evidence. As above."""
    by.require(MANAGE, measure.directive.organisation.path)
    directive = locked(measure.directive)
    rules.check_step(directive.state, "edit")
    row = Measure.objects.select_for_update().get(pk=measure.pk)
    row.directive = directive
    names = [name for name in reads.MEASURE_FIELDS if name in values]
    if _apply(directive, row, names, _checked_measure(directive, values), version, by, at):
        _unsign(directive)
        directive.save()
        row.save()
    return row


def _apply(
    directive: Directive, measure: Measure | None, names: Sequence[str], values: Mapping[str, Any], version: int,
    by: Actor, at: datetime,
) -> bool:  # fmt: skip
    """Merge `values` into the row they are of, write what changed as revisions; whether anything did."""
    row = measure or directive
    theirs = reads.plain(row, names)
    unseen = reads.changes_since(directive, measure, version)
    base = rules.base_of(theirs, [(change.field, change.old) for change in unseen])
    mine = {name: _plain(name, values[name]) for name in names}
    changed, clashes = rules.merge(base, mine, theirs)
    if clashes:
        raise Conflict(
            _("Somebody else changed the same meanwhile. Yours is kept on this page, theirs stands beside it."),
            code="edited_meanwhile", version=row.version,
            clashes=[{"field": one.field, "theirs": one.theirs, "mine": one.mine} for one in clashes],
        )  # fmt: skip
    if not changed:
        return False
    row.version += 1
    Revision.objects.bulk_create(
        Revision(
            directive=directive, measure=measure, version=row.version, field=name, old=theirs[name], new=value, at=at,
            by_id=by.account_id,
        )
        for name, value in changed.items()
    )  # fmt: skip
    for name in changed:
        _set(row, name, values[name])
    kind = "measure" if measure else "directive"
    old = {name: theirs[name] for name in changed if name != "body"}
    new = {name: mine[name] for name in changed if name != "body"} | ({"body": "…"} if "body" in changed else {})
    audit.record(f"{kind}.edited", "directive", directive.pk, by=by, at=at, old=old, new=new | _which(measure))
    return True


def _which(measure: Measure | None) -> dict[str, Any]:
    return {"measure": measure.pk} if measure else {}


def _plain(name: str, value: Any) -> Any:
    if name in ("owner_unit", "replaces"):
        return value.pk if value is not None else None
    return reads.as_plain(value)


def _set(row: Directive | Measure, name: str, value: Any) -> None:
    setattr(row, name, value)


def _unsign(row: Directive) -> None:
    row.signed_at = row.signed_by = None


def _checked(row: Directive, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as they are stored. BadInput for what is too long, or aims that leave the organisation."""
    found: dict[str, Any] = {n: v.strip() if isinstance(v, str) else v for n, v in values.items()}
    for name, value in found.items():
        if name not in reads.FIELDS:
            raise BadInput(_("There is no such field."), field=name)
        longest = {"body": MOST_TEXT}.get(name) or getattr(Directive._meta.get_field(name), "max_length", None)
        if isinstance(value, str) and longest and len(value) > longest:
            raise BadInput(_("%(limit)s characters at most."), field=name, limit=longest)
    if "body" in found:
        found["body"] = found["body"].replace("\r\n", "\n")
    if "attachments" in found:
        found["attachments"] = _attachments(found["attachments"])
    if "aims" in found:
        found["aims"] = rules.check_aims(found["aims"], KINDS)
        _require_inside(row.organisation, [aim["unit"] for aim in found["aims"]], "aims")
    other = found.get("replaces")
    if other is not None and (other.organisation_id != row.organisation_id or other.pk == row.pk):
        raise BadInput(_("A directive replaces another one of the same issuer."), field="replaces")
    return found


def _attachments(given: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    if len(given) > MOST_ATTACHMENTS:
        raise BadInput(_("%(limit)s attachments at most."), field="attachments", limit=MOST_ATTACHMENTS)
    rows = [{"title": str(a.get("title", "")).strip(), "text": str(a.get("text", "")).strip()} for a in given]
    if any(not row["title"] or len(row["title"]) > TITLE or len(row["text"]) > MOST_TEXT for row in rows):
        raise BadInput(_("Each attachment has a title, and its text."), field="attachments")
    return rows


def _require_inside(organisation: Organisation, ids: Sequence[int], field: str) -> None:
    inside = in_ranges("path", (subtree(organisation.path),))
    if Organisation.objects.filter(inside, pk__in=ids).count() != len(set(ids)):
        raise BadInput(_("This unit does not belong to the issuer."), field=field, code="unit_outside")


def _checked_measure(directive: Directive, values: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {n: v.strip() if isinstance(v, str) else v for n, v in values.items()}
    if unknown := set(found) - set(reads.MEASURE_FIELDS):
        raise BadInput(_("There is no such field."), field=min(unknown))
    if "text" in found and not 2 <= len(found["text"]) <= LINE:
        raise BadInput(_("Say what is to be done, in 2 to %(limit)s characters."), field="text", limit=LINE)
    if "state" in found and found["state"] not in Measure.State.values:
        raise BadInput(_("A proposal is accepted or dropped."), field="state")
    if found.get("capability") and found["capability"] not in vocabulary().names():
        raise BadInput(_("There is no such kind of task."), field="capability")
    if found.get("owner_unit") is not None:
        _require_inside(directive.organisation, [found["owner_unit"].pk], "owner_unit")
    return found


@transaction.atomic
def add_measure(directive: Directive, *, values: Mapping[str, Any], by: Actor, at: datetime) -> Measure:
    """One that nobody read in the text: it is accepted, as whoever adds it means it. Needs directive.manage."""
    by.require(MANAGE, directive.organisation.path)
    row = locked(directive)
    rules.check_step(row.state, "edit")
    given = _checked_measure(row, {"text": "", **values, "state": Measure.State.ACCEPTED})
    position = (row.measures.aggregate(last=Max("position"))["last"] or 0) + 1
    measure = Measure.objects.create(directive=row, position=position, **given)
    _unsign(row)
    row.save()
    new = {"measure": measure.pk, "text": measure.text}
    audit.record("measure.added", "directive", row.pk, by=by, at=at, new=new)
    return measure


@transaction.atomic
def accept_undecided(directive: Directive, *, by: Actor, at: datetime) -> int:
    """Accept every proposal that nobody has decided yet; how many. Needs directive.manage."""
    by.require(MANAGE, directive.organisation.path)
    row = locked(directive)
    rules.check_step(row.state, "edit")
    undecided = list(row.measures.filter(state=Measure.State.PROPOSED))
    for measure in undecided:
        measure.state, measure.version = Measure.State.ACCEPTED, measure.version + 1
    Measure.objects.bulk_update(undecided, ["state", "version"], batch_size=500)
    Revision.objects.bulk_create(
        Revision(
            directive=row, measure=measure, version=measure.version, field="state", old="proposed", new="accepted",
            at=at, by_id=by.account_id,
        )
        for measure in undecided
    )  # fmt: skip
    if undecided:
        _unsign(row)
        row.save()
        new = {"accepted": len(undecided)}
        audit.record("measure.accepted", "directive", row.pk, by=by, at=at, new=new)
    return len(undecided)


# --- review --------------------------------------------------------------------------------------------------------


@transaction.atomic
def submit(directive: Directive, *, by: Actor, at: datetime) -> Directive:
    """Into review. Needs directive.manage; BadInput names what is missing."""
    by.require(MANAGE, directive.organisation.path)
    row = locked(directive)
    rules.check_step(row.state, "submit")
    rules.check_complete(reads.draft_of(row, now=at), now=at)
    row.state, row.submitted_at, row.submitted_by_id = Directive.State.REVIEW, at, by.account_id
    row.save()
    audit.record("directive.submitted", "directive", row.pk, by=by, at=at)
    return row


@transaction.atomic
def send_back(directive: Directive, *, reason: str, by: Actor, at: datetime) -> Directive:
    """Out of review, back to its authors, with a reason. Needs directive.sign."""
    by.require(SIGN, directive.organisation.path)
    row = locked(directive)
    rules.check_step(row.state, "send_back")
    reason = rules.check_reason(reason)
    row.state = Directive.State.DRAFT
    _unsign(row)
    row.save()
    audit.record("directive.sent_back", "directive", row.pk, by=by, at=at, new={"reason": reason})
    return row


@transaction.atomic
def sign(directive: Directive, *, version: int | None = None, by: Actor, at: datetime) -> Directive:
    """Sign off what somebody else wrote and submitted. Needs directive.sign.

    Forbidden for whoever submitted it or changed anything in it: four eyes. Conflict when it changed since `version`.
    """
    by.require(SIGN, directive.organisation.path)
    row = locked(directive)
    rules.check_step(row.state, "sign")
    if version is not None and version != row.version:
        raise Conflict(_("It was changed since you read it. Read it again."), code="edited_meanwhile")
    wrote = {row.created_by_id, row.submitted_by_id, *row.revisions.values_list("by", flat=True)}
    if by.account_id in wrote:
        raise Forbidden(_("Somebody else must sign off what you have written or submitted."), code="own_work")
    rules.check_complete(reads.draft_of(row, now=at), now=at)
    row.signed_at, row.signed_by_id = at, by.account_id
    row.save()
    audit.record("directive.signed", "directive", row.pk, by=by, at=at, new={"version": row.version})
    return row
