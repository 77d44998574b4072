"""The care of one case, with everything that hangs on it. Permission is asked at the fetch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeVar

from django.db.models import Model, Prefetch, QuerySet

from shouwang.cases.care import rules, sources
from shouwang.cases.care.models import (
    Care,
    CareObjection,
    Clearance,
    Complication,
    Discharge,
    Referral,
    ReferralStep,
    Treatment,
    Visit,
)
from shouwang.cases.laboratory.queries import findings
from shouwang.cases.models import Case
from shouwang.cases.queries import pack_of
from shouwang.checkins.models import SymptomAlert
from shouwang.core import clock
from shouwang.core.errors import NotFound
from shouwang.core.nexts import Next
from shouwang.core.scope import Actor
from shouwang.org.queries import reachable

MANAGE = "case.manage"
WRITER = "by__person"


def managed_case(by: Actor, case_id: int) -> Case:
    """A case over whose person `by` holds case.manage. NotFound for any other: a tracer sees no care."""
    rows = Case.objects.filter(reachable(by, MANAGE, "person__")).select_related("person", "person__home")
    return fetched(rows, case_id)


def visible_care(by: Actor) -> QuerySet[Care]:
    return Care.objects.filter(reachable(by, MANAGE, "case__person__")).select_related(
        "case__person__home", "changed_by__person"
    )


def care_of(case: Case) -> Care | None:
    """None where nothing is kept yet. The caller has fetched the case within reach."""
    care = Care.objects.select_related("changed_by__person").filter(case=case).first()
    if care is not None:
        care.case = case
    return care


M = TypeVar("M", bound=Model)


def fetched(rows: QuerySet[M], pk: int) -> M:
    """One of the rows within reach. NotFound for any other."""
    row = rows.filter(pk=pk).first()
    if row is None:
        raise NotFound
    return row


def _within(by: Actor, kind: type[M], case: str) -> QuerySet[M]:
    """Rows of a case over whose person `by` holds case.manage; `case`: the way to it."""
    rows = kind._default_manager.filter(reachable(by, MANAGE, f"{case}__person__"))
    return rows.select_related(f"{case}__person")


def referral_for(by: Actor, referral_id: int) -> Referral:
    rows = _within(by, Referral, "care__case").select_related("care__case__person__home", "by__person")
    return fetched(rows, referral_id)


def step_for(by: Actor, step_id: int) -> ReferralStep:
    return fetched(_within(by, ReferralStep, "referral__care__case"), step_id)


def treatment_for(by: Actor, treatment_id: int) -> Treatment:
    return fetched(_within(by, Treatment, "care__case"), treatment_id)


def discharge_for(by: Actor, discharge_id: int) -> Discharge:
    return fetched(_within(by, Discharge, "care__case"), discharge_id)


def visit_for(by: Actor, visit_id: int) -> Visit:
    return fetched(_within(by, Visit, "care__case"), visit_id)


E = TypeVar("E", ReferralStep, Treatment, Discharge)


def parted(entries: Sequence[E]) -> tuple[list[E], list[E]]:
    """Of entries that were all fetched: those that count, and those corrected or taken back."""
    corrected = {row.corrects_id for row in entries}
    counting = [row for row in entries if not row.void and row.pk not in corrected]
    kept = {row.pk for row in counting}
    return counting, [row for row in entries if row.pk not in kept]


@dataclass(frozen=True, slots=True)
class ReferralFace:
    """`steps` that count, `past` those corrected or taken back; `last` the hospital's last word."""

    referral: Referral
    steps: list[ReferralStep]
    past: list[ReferralStep]
    open: bool
    last: rules.Step | None

    @property
    def last_word(self) -> str:
        return str(rules.WORDS[self.last.what]) if self.last else ""

    @property
    def tone(self) -> str:
        return rules.TONES.get(self.last.what, "info") if self.last else "warn"


def face_of(referral: Referral, steps: Sequence[ReferralStep]) -> ReferralFace:
    counting, past = parted(steps)
    facts = [rules.Step(row.what, row.happened_at) for row in counting]
    return ReferralFace(referral, counting, past, rules.is_open(facts), rules.last_status(facts))


def referral_face(referral: Referral) -> ReferralFace:
    """One query. The caller has fetched the referral within reach."""
    return face_of(referral, list(referral.steps.select_related(WRITER)))


def none_yet(case: Case, *, at: datetime) -> Care:
    """The care of a case of which nothing is kept: never saved."""
    return Care(case=case, began_at=at, changed_at=at)


@dataclass(frozen=True, slots=True)
class CareSheet:
    """Everything kept; lists newest first, entries that count apart from those corrected."""

    care: Care
    referrals: list[ReferralFace]
    treatments: list[Treatment]
    discharges: list[Discharge]
    corrected: list[Treatment | Discharge]
    visits: list[Visit]
    complications: list[Complication]
    clearances: list[Clearance]
    objections: list[CareObjection]
    next: Next
    spec: rules.CareSpec | None = field(default=None)

    @property
    def clearance(self) -> Clearance | None:
        return next((row for row in self.clearances if row.valid), None)

    @property
    def open_referral(self) -> ReferralFace | None:
        return next((face for face in self.referrals if face.open), None)

    @property
    def open_objection(self) -> CareObjection | None:
        return next((row for row in self.objections if row.answered_at is None), None)

    @property
    def discharge(self) -> Discharge | None:
        """The one that counts now; None while care is open."""
        if self.care.discharged_at is None or self.care.reopened_at is not None:
            return None
        return self.discharges[0] if self.discharges else None


def sheet_of(care: Care, *, at: datetime) -> CareSheet:
    """Nine queries, whatever is kept. The caller has fetched the care within reach."""
    steps = Prefetch("steps", ReferralStep.objects.select_related(WRITER))
    referrals = [
        face_of(row, list(row.steps.all())) for row in care.referrals.select_related(WRITER).prefetch_related(steps)
    ]
    treatments = list(care.treatments.select_related(WRITER))
    discharges = list(care.discharges.select_related(WRITER))
    given, old_given = parted(treatments)
    ended, old_ended = parted(discharges)
    past: list[Treatment | Discharge] = [*old_given, *old_ended]
    visits = list(care.visits.filter(void=False).select_related("owner__person", "done_by__person"))
    return CareSheet(
        care, referrals, given[::-1], ended[::-1], past, visits,
        list(care.complications.select_related(WRITER)),
        list(care.clearances.select_related(WRITER, "revoked_by__person")),
        list(care.objections.select_related("answered_by__person")),
        next_of(care, referrals, visits, treated=bool(given), today=clock.local_day(at)),
        rules.care_spec(pack_of(care.case)),
    )  # fmt: skip


def next_of(
    care: Care, referrals: Sequence[ReferralFace], visits: Sequence[Visit], *, treated: bool, today: date
) -> Next:
    going = next((face for face in referrals if face.open), None)
    latest = referrals[0].last if referrals else None
    due = [visit.due_on for visit in visits if visit.done_at is None and not visit.void]
    care_now = rules.Standing(
        died=care.state == Care.State.DIED,
        hospital=None if going is None else (going.last.what if going.last else ""),
        transferred=latest is not None and latest.what == rules.TRANSFERRED,
        treated=treated,
        discharged=care.discharged_at is not None and care.reopened_at is None,
        visit_on=min(due, default=None),
        back_on=care.back_on,
    )
    return rules.next_of_care(care_now, today=today)


def review_of(care: Care, *, back_on: date, at: datetime) -> rules.Review:
    """The conditions of a return on `back_on` as the records stand, in the reader's language."""
    case = care.case
    spec = rules.care_spec(pack_of(case))
    open_at = [row for row in Referral.objects.filter(care=care.pk) if rules.is_open(_steps(row))]
    over = care.discharged_at is not None and care.reopened_at is None
    tested = bool(spec and spec.tests) and over and care.discharged_at is not None
    facts = rules.ClearFacts(
        died=care.state == Care.State.DIED,
        released=sources.released(case.person_id),
        hospital=open_at[0].hospital_name if open_at else "",
        discharged_on=clock.local_day(care.discharged_at) if care.discharged_at and over else None,
        reopened_on=clock.local_day(care.reopened_at) if care.reopened_at else None,
        findings=findings(case.person_id, {case.disease}, since=care.discharged_at, until=at)
        if tested and care.discharged_at
        else (),
        alerts_open=SymptomAlert.objects.filter(person_id=case.person_id, state=SymptomAlert.State.OPEN).count(),
    )
    return rules.review(facts, spec, back_on=back_on, zone=clock.zone())


def _steps(referral: Referral) -> list[rules.Step]:
    rows = referral.steps.filter(void=False, corrected_by__isnull=True)
    return [rules.Step(what, when) for what, when in rows.values_list("what", "happened_at")]
