"""One act on many people of a list, as a job: made at once, done in slices by the worker, with a result for each row.

A slice is one transaction: the act on its people, their results, the job's progress. A worker that is killed leaves the
slice it was in as if never begun; whoever takes the job up again goes on with the first row without a result, so that
nobody is acted on twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import translation
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from shouwang.checkins import queries, rules
from shouwang.checkins.actions.excuses import EXCUSE, OK, OUT_OF_REACH, UNCHANGED, check_excuse, excuse
from shouwang.checkins.actions.intake import Entry, submit_many
from shouwang.checkins.models import BulkJob, BulkRow, CheckIn, LatestCheckIn
from shouwang.checkins.rules import State
from shouwang.checkins.rules.answers import check_source
from shouwang.core import audit, clock, events
from shouwang.core.bulk import insert_many, update_many
from shouwang.core.errors import BadInput, ShouwangError
from shouwang.core.retention import keep_days
from shouwang.core.scope import Actor
from shouwang.org.models import Organisation, Person

Kind = BulkJob.Kind
ROWS_A_SLICE = 1000
MOST_ROWS = 200_000
SILENT_SECONDS = 60  # a busy job without a sign of life for so long was killed
BULK_RIGHTS: Mapping[str, str] = {
    Kind.EXCUSE: EXCUSE,
    Kind.WELL: "checkin.proxy",
    Kind.UNWELL: "checkin.proxy",
    Kind.REMIND: "checkin.status",
}
UNWELL = "unwell"  # the symptom of the clinic's own list; what somebody says who says no more than that


@dataclass(frozen=True, slots=True)
class Chosen:
    """On whom to act: the people `ids`, or everybody who stands in the list `state` of `unit` now."""

    ids: tuple[int, ...] = ()
    state: State | None = None
    unit: Organisation | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What to do: `code`, `starts`, `ends`, `text` (a note) for an excuse; `text` (why another enters it) for a word by
    telephone; nothing for a reminder."""

    kind: str
    code: str = ""
    starts: date | None = None
    ends: date | None = None
    text: str = ""


@transaction.atomic
def start_bulk(asked: Asked, chosen: Chosen, *, by: Actor, at: datetime) -> BulkJob:
    """Make the job with a row for each person; the worker does it (`tasks.enqueue`). BadInput names what is missing;
    Forbidden without the right of the act anywhere. People out of reach of checkin.status are left out of it."""
    options = _options(asked, by=by, at=at)
    ids = _ids(chosen, by=by, at=at)
    if not ids:
        raise BadInput(_("Choose at least one person."), code="nobody_chosen", field="people")
    job = BulkJob.objects.create(
        kind=asked.kind,
        options={**options, "language": get_language()},
        account=by.account_id,
        mouth=by.mouth,
        created_at=at,
        beat_at=at,
        total=len(ids),
        purge_on=clock.local_day(at) + timedelta(days=keep_days("bulk")),
    )
    insert_many(BulkRow, ("job", "person"), ((job.pk, pk) for pk in ids))
    audit.record("bulk.started", "bulk", job.pk, by=by, at=at, new={"kind": job.kind, "people": len(ids)})
    return job


def _options(asked: Asked, *, by: Actor, at: datetime) -> dict[str, Any]:
    if asked.kind not in BULK_RIGHTS:
        raise BadInput(_("There is no such act on many people."), code="bulk_kind", field="kind")
    by.require(BULK_RIGHTS[asked.kind])
    today = clock.local_day(at)
    if asked.kind == Kind.EXCUSE:
        if asked.ends is None:
            raise BadInput(_("Say until when; an excuse always ends."), code="ends_required", field="ends")
        starts = asked.starts or today
        note = check_excuse(code=asked.code, note=asked.text, starts=starts, ends=asked.ends, today=today)
        return {"code": asked.code, "note": note, "starts": str(starts), "ends": str(asked.ends)}
    if asked.kind in (Kind.WELL, Kind.UNWELL):
        check_source(CheckIn.Source.PROXY, asked.text, rules.Answers())
        return {"reason": asked.text.strip()}
    return {}


def _ids(chosen: Chosen, *, by: Actor, at: datetime) -> list[int]:
    scope, on = queries.scope_of(by, chosen.unit), queries.today_of(at)
    if chosen.state is None:
        return queries.inside(scope, chosen.ids)
    ids = queries.everybody(scope, chosen.state, on, most=MOST_ROWS + 1)
    if len(ids) > MOST_ROWS:
        sentence = gettext_lazy("At most %(limit)s people at once; choose a unit.")
        raise BadInput(sentence, code="too_many", field="people", limit=MOST_ROWS)
    return ids


def perform_bulk(job_id: int, *, by: Actor, now: Callable[[], datetime]) -> BulkJob | None:
    """Do what is left of a job; nothing when it is done, failed or purged. A fault of the program ends the job as
    failed, keeps every slice that was done, and is raised again for the log."""
    job = BulkJob.objects.filter(pk=job_id).first()
    if job is None or not job.busy:
        return job
    with translation.override(job.options.get("language") or settings.LANGUAGE_CODE):
        try:
            while _slice(job_id, by=by, at=now()):
                continue
        except Exception:
            fault = _("The program failed while it worked on this. What is marked as done is done; tell the operator.")
            BulkJob.objects.filter(pk=job_id).update(state=BulkJob.State.FAILED, error=fault, finished_at=now())
            raise
    return BulkJob.objects.get(pk=job_id)


@transaction.atomic
def _slice(job_id: int, *, by: Actor, at: datetime) -> bool:
    """Act on the next people; False when the job is over."""
    job = BulkJob.objects.select_for_update().get(pk=job_id)
    if not job.busy:
        return False
    waiting = BulkRow.objects.filter(job=job, code="").order_by("pk").select_related("person__home")
    rows = list(waiting[:ROWS_A_SLICE])
    results = _act(job, [row.person for row in rows], by=by, at=at) if rows else {}
    update_many(BulkRow, ("code", "detail"), ((*results[row.person_id], row.pk) for row in rows))
    job.done += len(rows)
    job.refused += sum(results[row.person_id][0] not in (OK, UNCHANGED) for row in rows)
    job.beat_at = at
    job.state = BulkJob.State.RUNNING
    if len(rows) < ROWS_A_SLICE:
        job.state, job.finished_at = BulkJob.State.DONE, at
        new = {"kind": job.kind, "done": job.done, "refused": job.refused}
        audit.record("bulk.done", "bulk", job.pk, by=by, at=at, new=new)
    job.save(update_fields=["done", "refused", "beat_at", "state", "finished_at"])
    return job.busy


Result = tuple[str, str]


def _act(job: BulkJob, people: Sequence[Person], *, by: Actor, at: datetime) -> dict[int, Result]:
    if job.kind == Kind.EXCUSE:
        return _excuse(job, people, by=by, at=at)
    if job.kind == Kind.REMIND:
        return _remind(people, by=by, at=at)
    return _told(job, people, by=by, at=at)


def _excuse(job: BulkJob, people: Sequence[Person], *, by: Actor, at: datetime) -> dict[int, Result]:
    starts, ends = (date.fromisoformat(job.options[key]) for key in ("starts", "ends"))
    done = excuse(
        people, code=job.options["code"], note=job.options["note"], starts=starts, ends=ends, by=by, at=at
    )  # fmt: skip
    words = {OK: "", UNCHANGED: _("already excused so"), OUT_OF_REACH: _("You may not do this for this person.")}
    return {pk: (code, words[code]) for pk, code in done.items()}


def _told(job: BulkJob, people: Sequence[Person], *, by: Actor, at: datetime) -> dict[int, Result]:
    answers = rules.Answers(symptoms=(UNWELL,)) if job.kind == Kind.UNWELL else rules.Answers()
    entries = [
        Entry(person, answers, f"bulk-{job.pk}-{person.pk}", CheckIn.Source.PROXY, job.options["reason"])
        for person in people
    ]
    taken = submit_many(entries, by=by, at=at)
    return {
        person.pk: (row.error.error_code[:40], row.error.sentence[:200]) if row.error else (OK, "")
        for person, row in zip(people, taken.rows, strict=True)
    }


def _remind(people: Sequence[Person], *, by: Actor, at: datetime) -> dict[int, Result]:
    """Only who is missing is reminded: the reminder itself is sent by whoever listens to "checkin.remind"."""
    on = queries.today_of(at)
    rows = LatestCheckIn.objects.filter(pk__in=[person.pk for person in people])
    states = {row.pk: queries.stands(row, on, sees=False) for row in rows}
    missing = {State.NOT_YET, State.SILENT}
    due = [person.pk for person in people if states.get(person.pk) in missing]
    reminded = set(due)
    try:
        if due:
            with transaction.atomic():
                events.publish("checkin.remind", people=due, by=by, at=at)
    except ShouwangError as error:
        refused = (error.error_code[:40], error.sentence[:200])
        return {person.pk: refused if person.pk in reminded else ("not_due", "") for person in people}
    words = {State.IN: _("already in"), State.EXCUSED: _("excused, or nobody is asked today"), None: _("has left")}
    return {
        person.pk: (OK, "") if person.pk in reminded else ("not_due", words.get(states.get(person.pk), ""))
        for person in people
    }


def silent_jobs(at: datetime) -> list[BulkJob]:
    """Jobs whose worker has given no sign of life."""
    limit = at - timedelta(seconds=SILENT_SECONDS)
    busy = BulkJob.objects.filter(state__in=(BulkJob.State.WAITING, BulkJob.State.RUNNING))
    return list(busy.filter(Q(beat_at__isnull=True) | Q(beat_at__lt=limit)).order_by("pk"))


def beat(jobs: Iterable[BulkJob], *, at: datetime) -> None:
    """Somebody is about to work on them: they are not silent for the next minute."""
    BulkJob.objects.filter(pk__in=[job.pk for job in jobs]).update(beat_at=at)
