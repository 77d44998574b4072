"""`/api/v1/command/directives`, `/tasks`, `/mine`: notices, what they order, who does it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from ninja import File, Router, Schema, UploadedFile

from shouwang.api.http import ApiRequest
from shouwang.command import actions, queries
from shouwang.command.models import Directive, Measure
from shouwang.command.papers import directive_document
from shouwang.command.queries import directives as reads
from shouwang.command.queries import tasks as task_reads
from shouwang.core import clock
from shouwang.core.errors import BadInput, NotFound
from shouwang.org.models import Organisation
from shouwang.org.queries import organisation_for

router = Router(tags=["directives"])
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


class AimIn(Schema):
    """A recipient: the unit itself (`kind` empty), its whole subtree (`*`), or the units of a kind in it."""

    unit: str
    kind: str = ""


class AttachmentIn(Schema):
    title: str
    text: str = ""


class DirectiveIn(Schema):
    """The parts of a directive; what is left out stays as it is. Units and organisations by code, others by id."""

    title: str | None = None
    addressees: str | None = None
    body: str | None = None
    attachments: list[AttachmentIn] | None = None
    urgency: str | None = None
    copies: str | None = None
    signed_as: str | None = None
    prefix: str | None = None
    aims: list[AimIn] | None = None
    acknowledge_by: datetime | None = None
    due_at: datetime | None = None
    replaces: int | None = None


class NewDirectiveIn(DirectiveIn):
    organisation: str | None = None


class ChangeIn(DirectiveIn):
    """`version`: the one that the change was made from."""

    version: int


class ImportIn(Schema):
    text: str
    organisation: str | None = None


class MeasureIn(Schema):
    """One measure; what is left out stays. `owner_unit` by code, empty for every recipient."""

    text: str | None = None
    state: str | None = None
    capability: str | None = None
    owner_unit: str | None = None
    due_at: datetime | None = None
    evidence: bool | None = None


class MeasureChangeIn(MeasureIn):
    version: int


class StepIn(Schema):
    """`reason` for sending back and withdrawing; `version` for signing off what one has read."""

    reason: str = ""
    version: int | None = None


class ActIn(Schema):
    text: str = ""
    reason: str = ""


class SplitIn(Schema):
    units: list[str]
    text: str = ""
    due_at: datetime | None = None


def _row(request: ApiRequest, pk: int) -> Directive:
    return queries.directive_for(request.actor, pk, on=clock.today())


def _unit(request: ApiRequest, code: str, right: str) -> Organisation:
    row = Organisation.objects.filter(code=code).values_list("pk", flat=True).first()
    if row is None:
        raise NotFound
    return organisation_for(request.actor, row, right)


def _values(request: ApiRequest, body: DirectiveIn) -> dict[str, Any]:
    given = body.model_dump(exclude_unset=True, exclude={"version", "organisation"})
    if given.get("aims") is not None:
        given["aims"] = [
            {"unit": _unit(request, aim["unit"], queries.MANAGE).pk, "kind": aim["kind"]} for aim in given["aims"]
        ]
    if given.get("replaces") is not None:
        given["replaces"] = queries.managed_directive(request.actor, given["replaces"])
    optional = ("acknowledge_by", "due_at", "replaces")
    for name in ("acknowledge_by", "due_at"):
        if given.get(name) is not None:
            given[name] = clock.aware(given[name])
    return {name: value for name, value in given.items() if value is not None or name in optional}


def _measure_values(request: ApiRequest, body: MeasureIn) -> dict[str, Any]:
    given = body.model_dump(exclude_unset=True, exclude={"version"})
    if "owner_unit" in given:
        code = given["owner_unit"]
        given["owner_unit"] = _unit(request, code, queries.MANAGE) if code else None
    if given.get("due_at") is not None:
        given["due_at"] = clock.aware(given["due_at"])
    return {name: value for name, value in given.items() if value is not None or name in ("owner_unit", "due_at")}


def _whole(row: Directive) -> dict[str, Any]:
    return reads.as_json(row, list(row.measures.all()))


@router.get("/directives", response=dict[str, Any], operation_id="directives")
def listing(request: ApiRequest, state: str = "", page: str = "") -> dict[str, Any]:
    """Directives one writes, signs or has received, newest first."""
    if state and state not in Directive.State.values:
        raise BadInput(_("This filter is not known."), field="state")
    found = queries.directives_page(request.actor, state=state, cursor=page or None, on=clock.today())
    return {"directives": [reads.as_json(row) for row in found.rows], "next": found.next}


@router.post("/directives", response=dict[str, Any], operation_id="write_directive")
def write(request: ApiRequest, body: NewDirectiveIn) -> dict[str, Any]:
    """A new draft. Needs directive.manage."""
    organisation = reads.issuer_for(request.actor, body.organisation)
    row = actions.write_directive(
        organisation=organisation, values=_values(request, body), by=request.actor, at=clock.now()
    )
    return _whole(row)


@router.post("/directives/import", response=dict[str, Any], operation_id="import_directive")
def import_text(request: ApiRequest, body: ImportIn) -> dict[str, Any]:
    """Keep a notice as a draft with every proposal. Needs directive.manage."""
    organisation = reads.issuer_for(request.actor, body.organisation)
    row = actions.import_notice(body.text, name="", organisation=organisation, by=request.actor, at=clock.now())
    return _whole(row)


@router.post("/directives/import/file", response=dict[str, Any], operation_id="import_directive_file")
def import_file(request: ApiRequest, file: File[UploadedFile]) -> dict[str, Any]:
    """As above, from .docx, .pdf or .txt."""
    organisation = reads.issuer_for(request.actor)
    row = actions.import_notice(
        file.read(), name=file.name or "", organisation=organisation, by=request.actor, at=clock.now()
    )
    return _whole(row)


@router.get("/directives/{directive_id}", response=dict[str, Any], operation_id="directive")
def one(request: ApiRequest, directive_id: int) -> dict[str, Any]:
    """One directive with its measures; of one that was received, those accepted."""
    row = _row(request, directive_id)
    whole = reads.sees_whole(request.actor, row)
    measures = row.measures.all() if whole else row.measures.filter(state=Measure.State.ACCEPTED)
    return reads.as_json(row, list(measures))


@router.patch("/directives/{directive_id}", response=dict[str, Any], operation_id="edit_directive")
def edit(request: ApiRequest, directive_id: int, body: ChangeIn) -> dict[str, Any]:
    """Change a draft. 409 names the fields that somebody else changed differently since `version`."""
    row = queries.managed_directive(request.actor, directive_id)
    values = _values(request, body)
    return _whole(actions.edit_directive(row, version=body.version, values=values, by=request.actor, at=clock.now()))


@router.post("/directives/{directive_id}/measures", response=dict[str, Any], operation_id="add_measure")
def add_measure(request: ApiRequest, directive_id: int, body: MeasureIn) -> dict[str, Any]:
    """One that nobody read in the text."""
    row = queries.managed_directive(request.actor, directive_id)
    values = _measure_values(request, body)
    return reads.measure_json(actions.add_measure(row, values=values, by=request.actor, at=clock.now()))


@router.patch("/directives/{directive_id}/measures/{measure_id}", response=dict[str, Any], operation_id="edit_measure")
def edit_measure(request: ApiRequest, directive_id: int, measure_id: int, body: MeasureChangeIn) -> dict[str, Any]:
    """Accept, change or drop a proposal."""
    row = queries.managed_directive(request.actor, directive_id)
    measure = row.measures.filter(pk=measure_id).first()
    if measure is None:
        raise NotFound
    values = _measure_values(request, body)
    done = actions.edit_measure(measure, version=body.version, values=values, by=request.actor, at=clock.now())
    return reads.measure_json(done)


@router.post("/directives/{directive_id}/accept", response=dict[str, Any], operation_id="accept_measures")
def accept(request: ApiRequest, directive_id: int) -> dict[str, Any]:
    """Accept every proposal that nobody has decided."""
    row = queries.managed_directive(request.actor, directive_id)
    return {"accepted": actions.accept_undecided(row, by=request.actor, at=clock.now())}


@router.post("/directives/{directive_id}/step/{act}", response=dict[str, Any], operation_id="step_directive")
def step(request: ApiRequest, directive_id: int, act: str, body: StepIn) -> dict[str, Any]:
    """`submit`, `sign`, `send_back`, `issue`, `withdraw`."""
    by, now, row = request.actor, clock.now(), _row(request, directive_id)
    if act == "sign":
        return _whole(actions.sign(row, version=body.version, by=by, at=now))
    if act == "send_back":
        return _whole(actions.send_back(row, reason=body.reason, by=by, at=now))
    if act == "withdraw":
        return _whole(actions.withdraw(row, reason=body.reason, by=by, at=now))
    if act == "submit":
        return _whole(actions.submit(row, by=by, at=now))
    if act == "issue":
        return _whole(actions.issue(row, by=by, at=now))
    raise NotFound


@router.post("/directives/{directive_id}/acknowledge/{unit}", response=dict[str, Any], operation_id="acknowledge")
def acknowledge(request: ApiRequest, directive_id: int, unit: str) -> dict[str, Any]:
    """A unit, by code, has received and understood it."""
    now = clock.now()
    found = Organisation.objects.filter(code=unit).values_list("pk", flat=True).first()
    receipt = reads.receipt_of(request.actor, directive_id, found or 0, on=clock.local_day(now))
    done = actions.acknowledge(receipt.directive, receipt.unit, by=request.actor, at=now)
    return {"unit": done.unit.code, "acknowledged_at": done.acknowledged_at}


@router.get("/directives/{directive_id}/receipts", response=dict[str, Any], operation_id="receipts")
def receipts(request: ApiRequest, directive_id: int, show: str = "waiting", page: str = "") -> dict[str, Any]:
    """Who has (not) acknowledged, with numbers and their denominator."""
    now = clock.now()
    if show not in reads.RECEIPTS:
        raise BadInput(_("This filter is not known."), field="show")
    row, on = _row(request, directive_id), clock.local_day(now)
    found = reads.receipts_page(request.actor, row, show=show, cursor=page or None, on=on)
    owners = reads.receipt_owners(list(found.rows), on=on)
    numbers = reads.receipt_numbers(row, at=now)
    return {
        "recipients": numbers.recipients, "acknowledged": numbers.acknowledged, "read": numbers.read,
        "late": numbers.late, "silent": numbers.silent, "as_of": now, "next": found.next,
        "receipts": [
            {"unit": one.unit.code, "name": one.unit.name, "read_at": one.read_at,
             "acknowledged_at": one.acknowledged_at,
             "answers": owners[one.unit_id].person.number if one.unit_id in owners else None}
            for one in found.rows
        ],
    }  # fmt: skip


@router.get("/directives/{directive_id}/docx", operation_id="directive_docx")
def docx(request: ApiRequest, directive_id: int) -> HttpResponse:
    """The Word file in the official layout."""
    row = _row(request, directive_id)
    body = directive_document(row, author=row.issuer, at=row.issued_at or row.created_at)
    return HttpResponse(body, content_type=DOCX)


@router.get("/tasks", response=dict[str, Any], operation_id="tasks")
def tasks(request: ApiRequest, show: str = "open", directive: int | None = None, page: str = "") -> dict[str, Any]:
    """Tasks within reach, the most urgent first, and how many each list has."""
    now = clock.now()
    if show not in task_reads.SHOWS:
        raise BadInput(_("This filter is not known."), field="show")
    wanted = queries.TaskFilter(show, directive)
    found = queries.tasks_page(request.actor, wanted, page or None, at=now)
    return {
        "tasks": [task_reads.as_json(row, at=now) for row in found.rows], "next": found.next, "as_of": now,
        "counts": queries.task_numbers(request.actor, wanted, at=now),
    }  # fmt: skip


@router.get("/tasks/{task_id}", response=dict[str, Any], operation_id="task")
def task(request: ApiRequest, task_id: int) -> dict[str, Any]:
    """One task with what one may do, its parts and its history."""
    now = clock.now()
    on = clock.local_day(now)
    row = queries.task_for(request.actor, task_id, on=on)
    sheet = task_reads.sheet(request.actor, row, on=on)
    owner = sheet.owners.get(row.unit_id)
    return {
        **task_reads.as_json(row, at=now), "owner": owner.person.number if owner else None,
        "acts": [act.name for act in sheet.acts],
        "parts": [{"id": part.pk, "unit": part.unit.code, "state": part.state} for part in sheet.parts],
        "events": [
            {"at": event.at, "act": event.act, "before": event.before, "after": event.after, "text": event.text,
             "by": event.by.username if event.by else None}
            for event in sheet.events
        ],
    }  # fmt: skip


@router.post("/tasks/{task_id}/act/{act}", response=dict[str, Any], operation_id="act_on_task")
def act(request: ApiRequest, task_id: int, act: str, body: ActIn) -> dict[str, Any]:
    """`acknowledge`, `note`, `ask_help`, `hand_back`, `done`; for the issuer `help`, `give_again`, `verify`,
    `send_back`, `close`."""
    now = clock.now()
    row = queries.task_for(request.actor, task_id, on=clock.local_day(now))
    done = actions.act_on_task(row, act, text=body.text, reason=body.reason, by=request.actor, at=now)
    return task_reads.as_json(done, at=now)


@router.post("/tasks/{task_id}/split", response=dict[str, Any], operation_id="split_task")
def split(request: ApiRequest, task_id: int, body: SplitIn) -> dict[str, Any]:
    """Give it on to units below, by code."""
    now = clock.now()
    on = clock.local_day(now)
    row = queries.task_for(request.actor, task_id, on=on)
    ids = list(Organisation.objects.filter(code__in=body.units).values_list("pk", flat=True))
    if len(ids) != len(set(body.units)):
        raise NotFound
    units = task_reads.units_below(row, ids, on=on)
    due_at = clock.aware(body.due_at) if body.due_at else None
    parts = actions.split_task(row, units, text=body.text, due_at=due_at, by=request.actor, at=now)
    return {"parts": [{"id": part.pk, "unit": part.unit.code, "state": part.state} for part in parts]}


class DeadlineIn(Schema):
    due_at: datetime
    text: str


@router.post("/tasks/{task_id}/deadline", response=dict[str, Any], operation_id="task_deadline")
def deadline(request: ApiRequest, task_id: int, body: DeadlineIn) -> dict[str, Any]:
    """Another deadline, with a reason, by the side that ordered the task. Parts due later come forward with it."""
    now = clock.now()
    row = queries.task_for(request.actor, task_id, on=clock.local_day(now))
    done = actions.set_deadline(row, clock.aware(body.due_at), text=body.text, by=request.actor, at=now)
    return task_reads.as_json(done, at=now)


@router.get("/mine", response=dict[str, Any], operation_id="my_work")
def work(request: ApiRequest) -> dict[str, Any]:
    """Whatever waits for the asker in any room, the most urgent first."""
    found = queries.work_of(request.actor, at=clock.now())
    return {"as_of": found.at, "total": found.total, "late": found.late, "counts": found.counts, "items": [
        {"kind": item.kind, "id": item.id, "title": item.title, "what": item.what, "unit": item.unit,
         "due_at": item.due_at, "href": item.href, "late": item.late}
        for item in found.items
    ]}  # fmt: skip
