"""/api/v1/surveys/: forms, campaigns, completeness, answering for oneself or another, answers, files."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.http import HttpResponse
from django.utils.translation import get_language
from ninja import Field, File, Query, Router, Schema, Status, UploadedFile

from shouwang.api.http import ApiRequest
from shouwang.core import clock
from shouwang.org.models import Organisation
from shouwang.org.queries import organisation_for, person_by_number
from shouwang.surveys import actions, files, queries, ready
from shouwang.surveys.models import Campaign, FormVersion, Submission
from shouwang.surveys.queries import Counts

router = Router(tags=["surveys"])
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BIG = 2**63 - 1


class SurveyVersionOut(Schema):
    id: int
    form: str = Field(description="The form's id; uploading a changed form under it makes the next version")
    version: int
    title: str
    questions: int
    languages: list[str]
    sha256: str


class SurveyReadyOut(Schema):
    code: str
    title: str
    why: str
    questions: int


class SurveyCountsOut(Schema):
    """People asked, by who answered; verified + by_self + by_proxy + unknown = asked."""

    asked: int
    verified: int
    by_self: int
    by_proxy: int
    unknown: int
    left: int = Field(description="No longer asked; not in `asked`")


class SurveyCampaignOut(Schema):
    id: int
    title: str
    why: str
    state: Literal["draft", "open", "closed"]
    organisation: int
    version: int
    deadline: datetime
    remind_hours: int
    counts: SurveyCountsOut | None = Field(None, description="Of the people within your reach")


class SurveyCampaignsOut(Schema):
    items: list[SurveyCampaignOut]
    next: str | None
    previous: str | None


class SurveyCampaignIn(Schema):
    version: int = Field(ge=1, le=BIG)
    organisation: int = Field(ge=1, le=BIG)
    title: str = ""
    why: str = ""
    deadline: datetime
    remind_hours: int = 24
    organisations: list[int] = Field([], description="Only these units inside the organisation", max_length=500)
    kinds: list[str] = []
    situations: list[str] = []
    places: list[int] = Field([], description="Only who lives in these places", max_length=500)


class SurveyDeadlineIn(Schema):
    deadline: datetime


class SurveySyncedOut(Schema):
    joined: int
    left: int
    asked: int


class SurveyUnitOut(Schema):
    id: int
    name: str
    counts: SurveyCountsOut


class SurveyOwingOut(Schema):
    number: str
    name: str
    unit: str | None


class SurveyBoardOut(Schema):
    as_of: datetime
    counts: SurveyCountsOut
    units: list[SurveyUnitOut] = Field(description="One level down")
    not_yet: list[SurveyOwingOut]
    next: str | None
    previous: str | None


class SurveyBoardQuery(Schema):
    unit: int | None = Field(None, ge=1, le=BIG)
    cursor: str = ""


class SurveyUnitQuery(Schema):
    unit: int | None = Field(None, ge=1, le=BIG, description="Only this unit; without it all within reach")


class SurveyCrossQuery(SurveyUnitQuery):
    question: str


class SurveyFileQuery(SurveyUnitQuery):
    full: bool = Field(False, description="Telephone, dormitory and birthday in full; otherwise masked")


class SurveyAnswerIn(Schema):
    client_key: str = Field(description="Chosen once by the sender; a retry with it returns the same submission")
    answers: dict[str, Any] = Field(description="Question -> text; a repeat -> list of such objects")
    person: str | None = Field(None, description="Student or staff number, when it is for somebody else")
    reason: str = Field("", description="Why somebody else enters it; the person can read it")


class SurveySubmissionOut(Schema):
    id: int
    campaign: int
    person: str
    at: datetime
    source: Literal["self", "proxy", "verified"]
    verified_at: datetime | None
    current: bool


class SurveyFileOut(Schema):
    id: int
    name: str = Field(description="As the answers call it")
    kind: str = Field(description="Media type, told by its first bytes")
    size: int = Field(description="Bytes")
    cleaned: bool = Field(description="What tells where it was taken was looked for and taken out")


class SurveyAnswersOut(SurveySubmissionOut):
    answers: dict[str, Any]
    proxy_reason: str
    files: list[SurveyFileOut] = Field(description="Files that came with the answers; those named in them may be late")


class SurveyResultsOut(Schema):
    items: list[SurveyAnswersOut]
    next: str | None
    previous: str | None


class SurveyCrossRow(Schema):
    unit: int | None
    name: str
    counts: list[int | None] = Field(description="Null: fewer than five answered, and you may not read answers")
    answered: int
    asked: int


class SurveyCrossOut(Schema):
    question: str
    choices: list[str]
    rows: list[SurveyCrossRow]
    total: SurveyCrossRow


class SurveyMineOut(Schema):
    id: int
    title: str
    deadline: datetime
    answered_at: datetime | None
    source: str


def version_out(row: FormVersion) -> dict[str, Any]:
    return {
        "id": row.pk, "form": row.form.code, "version": row.number, "title": row.title, "questions": row.questions,
        "languages": row.languages, "sha256": row.sha256,
    }  # fmt: skip


def campaign_out(row: Campaign, counts: Counts | None = None) -> dict[str, Any]:
    plain = {name: getattr(row, name) for name in ("title", "why", "state", "deadline", "remind_hours")}
    return {
        **plain, "id": row.pk, "organisation": row.organisation_id, "version": row.version_id, "counts": counts,
    }  # fmt: skip


def submission_out(row: Submission) -> dict[str, Any]:
    return {
        "id": row.pk, "campaign": row.campaign_id, "person": row.person.number, "at": row.at, "source": row.source,
        "verified_at": row.verified_at, "current": row.current, "answers": row.answers,
        "proxy_reason": row.proxy_reason,
    }  # fmt: skip


def unit_of(request: ApiRequest, campaign: Campaign, unit: int | None) -> Organisation | None:
    return queries.unit_named(request.actor, campaign, str(unit or ""))


@router.get("/forms", response=list[SurveyVersionOut], summary="Forms, newest first")
def forms(request: ApiRequest) -> list[dict[str, Any]]:
    return [version_out(row) for row in queries.visible_versions(request.actor)[:200]]


@router.post(
    "/forms", response={201: SurveyVersionOut}, summary="Take in an XLSForm; errors name sheet, row and column"
)
def bring_form(request: ApiRequest, file: File[UploadedFile]) -> Any:
    made = actions.import_form(file.read(), file_name=file.name or "form.xlsx", by=request.actor, at=clock.now())
    return Status(201, version_out(made))


@router.get("/ready", response=list[SurveyReadyOut], summary="Ready-made forms")
def ready_made(request: ApiRequest) -> Any:
    queries.visible_versions(request.actor)
    return ready.offered()


@router.post("/ready/{code}", response={201: SurveyVersionOut}, summary="Take in a ready-made form")
def take_ready(request: ApiRequest, code: str) -> Any:
    return Status(201, version_out(actions.import_ready(code, by=request.actor, at=clock.now())))


@router.get("/mine", response=list[SurveyMineOut], summary="What is asked of me")
def mine(request: ApiRequest) -> list[dict[str, Any]]:
    person = queries.own_person(request.actor)
    return [
        {"id": t.campaign_id, "title": t.campaign.title, "deadline": t.campaign.deadline, "answered_at": t.answered_at,
         "source": t.source}
        for t in queries.open_targets(person.pk)
    ]  # fmt: skip


@router.get("/", response=SurveyCampaignsOut, summary="Campaigns within reach, newest first")
def campaigns(request: ApiRequest, state: Literal["", "draft", "open", "closed"] = "", cursor: str = "") -> Any:
    page, counts = queries.campaigns_page(request.actor, state=state, cursor=cursor)
    items = [campaign_out(row, counts.get(row.pk)) for row in page.rows]
    return {"items": items, "next": page.next, "previous": page.previous}


@router.post("/", response={201: SurveyCampaignOut}, summary="Make a draft; it asks nobody yet")
def make(request: ApiRequest, body: SurveyCampaignIn) -> Any:
    by, at = request.actor, clock.now()
    row = actions.new_campaign(
        version=queries.version_for(by, body.version),
        organisation=organisation_for(by, body.organisation, right="survey.manage"),
        aim=queries.Aim(tuple(body.organisations), tuple(body.kinds), tuple(body.situations), tuple(body.places)),
        title=body.title,
        why=body.why,
        deadline=clock.aware(body.deadline),
        remind_hours=body.remind_hours,
        by=by,
        at=at,
    )
    return Status(201, campaign_out(row))


@router.post("/{int:campaign_id}/open", response=SurveySyncedOut, summary="Ask everybody it aims at")
def open_it(request: ApiRequest, campaign_id: int) -> Any:
    row = queries.managed_campaign(request.actor, campaign_id)
    return actions.open_campaign(row, by=request.actor, at=clock.now())


@router.post("/{int:campaign_id}/sync", response=SurveySyncedOut, summary="Bring its list of people up to date")
def sync(request: ApiRequest, campaign_id: int) -> Any:
    row = queries.managed_campaign(request.actor, campaign_id)
    return actions.sync_targets(row, by=request.actor, at=clock.now())


@router.post("/{int:campaign_id}/extend", response=SurveyCampaignOut, summary="Another deadline")
def extend(request: ApiRequest, campaign_id: int, body: SurveyDeadlineIn) -> Any:
    row = queries.managed_campaign(request.actor, campaign_id)
    deadline = clock.aware(body.deadline)
    return campaign_out(actions.extend_campaign(row, deadline=deadline, by=request.actor, at=clock.now()))


@router.post("/{int:campaign_id}/close", response=SurveyCampaignOut, summary="No further answers")
def close(request: ApiRequest, campaign_id: int) -> Any:
    row = queries.managed_campaign(request.actor, campaign_id)
    return campaign_out(actions.close_campaign(row, by=request.actor, at=clock.now()))


@router.get("/{int:campaign_id}", response=SurveyBoardOut, summary="Completeness by unit, and who has not answered")
def board(request: ApiRequest, campaign_id: int, query: Query[SurveyBoardQuery]) -> Any:
    by, at = request.actor, clock.now()
    row = queries.campaign_for(by, campaign_id)
    unit = unit_of(request, row, query.unit)
    found = queries.board(by, row, unit, at=at)
    page = queries.not_yet_page(by, row, unit, cursor=query.cursor)
    people = [target.person for target in page.rows]
    return {
        "as_of": at,
        "counts": found.counts,
        "units": [{"id": line.unit.pk, "name": line.unit.title, "counts": line.counts} for line in found.lines],
        "not_yet": [{"number": p.number, "name": p.name, "unit": p.home.title if p.home else None} for p in people],
        "next": page.next,
        "previous": page.previous,
    }


@router.post(
    "/{int:campaign_id}/answers", response={201: SurveySubmissionOut}, summary="Answer, for oneself or another"
)
def answer(request: ApiRequest, campaign_id: int, body: SurveyAnswerIn) -> Any:
    by, at = request.actor, clock.now()
    person = person_by_number(by, body.person, right="survey.proxy") if body.person else queries.own_person(by)
    sheet = queries.sheet_for(by, campaign_id, person.pk, on=clock.local_day(at))
    row = actions.submit(
        sheet.campaign, person=sheet.person, answers=body.answers, client_key=body.client_key, proxy_reason=body.reason,
        by=by, at=at,
    )  # fmt: skip
    return Status(201, submission_out(row))


@router.get(
    "/{int:campaign_id}/answers", response=SurveyResultsOut, summary="Answers within reach; the look is recorded"
)
def results(request: ApiRequest, campaign_id: int, query: Query[SurveyBoardQuery]) -> Any:
    by, at = request.actor, clock.now()
    row = queries.campaign_for(by, campaign_id)
    page = queries.results_page(by, row, unit_of(request, row, query.unit), cursor=query.cursor)
    actions.note_reading(row, [found.person_id for found in page.rows], by=by, at=at)
    came = queries.files_of(page.rows)
    items = [{**submission_out(found), "files": list(came[found.pk].values())} for found in page.rows]
    return {"items": items, "next": page.next, "previous": page.previous}


@router.get("/files/{int:file_id}", response=None, summary="A file that came with answers; the look is recorded")
def answer_file(request: ApiRequest, file_id: int) -> HttpResponse:
    """Needs survey.view over the person, or to be them."""
    row, content = files.attachment(request.actor, file_id, at=clock.now())
    return HttpResponse(content, content_type=row.kind, headers={"Cache-Control": "private, no-store"})


@router.post("/answers/{int:submission_id}/verify", response=SurveySubmissionOut, summary="These answers were checked")
def verify(request: ApiRequest, submission_id: int) -> Any:
    row = queries.submission_for(request.actor, submission_id)
    return submission_out(actions.verify(row, by=request.actor, at=clock.now()))


@router.get("/{int:campaign_id}/cross", response=SurveyCrossOut, summary="One question counted by unit")
def cross(request: ApiRequest, campaign_id: int, query: Query[SurveyCrossQuery]) -> Any:
    row = queries.campaign_for(request.actor, campaign_id)
    form = queries.form_of(row.version)
    table = queries.cross_tab(request.actor, row, form, query.question, unit_of(request, row, query.unit))

    def line(found: Any) -> dict[str, Any]:
        return {
            "unit": found.unit.pk if found.unit else None, "name": found.unit.title if found.unit else "",
            "counts": list(found.counts), "answered": found.answered, "asked": found.asked,
        }  # fmt: skip

    return {
        "question": query.question, "choices": [choice.name for choice in table.choices],
        "rows": [line(found) for found in table.lines], "total": line(table.total),
    }  # fmt: skip


@router.get("/{int:campaign_id}/export", response=None, summary="Answers as .xlsx, masked unless full; recorded")
def export(request: ApiRequest, campaign_id: int, query: Query[SurveyFileQuery]) -> HttpResponse:
    row = queries.campaign_for(request.actor, campaign_id)
    found = unit_of(request, row, query.unit)
    book = files.answers_book(
        request.actor, row, found, full=query.full, language=get_language() or "zh-hans",
        base=request.build_absolute_uri("/")[:-1], at=clock.now(),
    )  # fmt: skip
    return HttpResponse(book.content, content_type=XLSX)


@router.post("/{int:campaign_id}/template", response=None, summary="A table with marks, filled in; recorded")
def template(
    request: ApiRequest, campaign_id: int, query: Query[SurveyFileQuery], file: File[UploadedFile]
) -> HttpResponse:
    row = queries.campaign_for(request.actor, campaign_id)
    filled = files.filled_template(
        request.actor, row, unit_of(request, row, query.unit), file.read(), name=file.name or "", full=query.full,
        language=get_language() or "zh-hans", at=clock.now(),
    )  # fmt: skip
    return HttpResponse(filled.content, content_type=XLSX)
