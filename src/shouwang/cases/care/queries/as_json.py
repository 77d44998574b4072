"""The care of a case as plain values, for the API and the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shouwang.cases.care import rules
from shouwang.cases.care.models import Clearance
from shouwang.cases.care.queries.care import CareSheet, ReferralFace
from shouwang.cases.care.queries.handing import HandOver
from shouwang.cases.care.queries.returns import Verdict, code_of
from shouwang.cases.models import Case


def sheet_json(case: Case, sheet: CareSheet | None) -> dict[str, Any]:
    """`version` 0 and nothing else where nothing is kept yet."""
    head: dict[str, Any] = {"case": case.number, "person": case.person.number, "version": 0, "state": None}
    if sheet is None:
        return head
    care = sheet.care
    return head | {
        "version": care.version, "state": care.state, "absent_from": care.absent_from,
        "absent_until": care.absent_until, "back_on": care.back_on, "allergies": care.allergies or None,
        "chronic": care.chronic or None, "first_treatment": case.treated_at, "discharged_at": care.discharged_at,
        "reopened_at": care.reopened_at, "next": sheet.next.as_json(),
        "referrals": [referral_json(face) for face in sheet.referrals],
        "treatments": [
            {
                "id": row.pk, "kind": row.kind, "place": row.place, "text": row.text, "at": row.happened_at,
                "corrects": row.corrects_id,
            } for row in sheet.treatments
        ],
        "discharges": [
            {"id": row.pk, "outcome": row.outcome, "instructions": row.instructions, "at": row.happened_at}
            for row in sheet.discharges
        ],
        "visits": [
            {
                "id": row.pk, "due_on": row.due_on, "text": row.text, "finding": row.finding or None,
                "done_at": row.done_at, "tries": row.tries, "source": row.source, "assumed": row.assumed,
            } for row in sheet.visits
        ],
        "complications": [
            {"symptoms": row.symptoms, "source": row.source, "at": row.happened_at} for row in sheet.complications
        ],
        "certificates": [certificate_json(row) for row in sheet.clearances],
        "objection": sheet.open_objection.text if sheet.open_objection else None,
    }  # fmt: skip


def referral_json(face: ReferralFace) -> dict[str, Any]:
    row = face.referral
    return {
        "id": row.pk, "hospital": row.hospital_name, "phone": row.hospital_phone, "reason": row.reason,
        "accompanied_by": row.accompanied_by or None, "decided_at": row.decided_at, "open": face.open,
        "last": face.last.what if face.last else None,
        "steps": [
            {"id": step.pk, "what": step.what, "at": step.happened_at, "source": step.source,
             "told_by": step.told_by or None, "corrects": step.corrects_id} for step in face.steps
        ],
    }  # fmt: skip


def certificate_json(row: Clearance) -> dict[str, Any]:
    return {
        "id": row.pk, "number": row.number, "code": code_of(row), "back_on": row.back_on, "valid": row.valid,
        "revoked_at": row.revoked_at,
    }  # fmt: skip


def review_json(found: rules.Review) -> dict[str, Any]:
    return {
        "met": found.met, "barred": found.barred, "earliest": found.earliest,
        "lines": [
            {"code": line.code, "met": line.met, "hard": line.hard, "text": line.text} for line in found.lines
        ],
    }  # fmt: skip


def verdict_json(found: Verdict) -> dict[str, Any]:
    return {
        "state": found.state, "number": found.number or None, "name": found.name or None,
        "absent_from": found.absent_from, "back_on": found.back_on, "issued_on": found.issued_on,
        "revoked_on": found.revoked_on,
    }  # fmt: skip


def note_json(found: HandOver) -> Mapping[str, Any]:
    """The hand-over note; null is unknown or not recorded."""
    person, contacts = found.case.person, found.contacts
    return {
        "case": found.case.number, "name": person.name, "number": person.number, "sex": person.sex or None,
        "age": found.age, "phone": person.phone or None, "disease": found.disease,
        "classification": found.case.classification, "onset": found.onset or None,
        "allergies": found.referral.care.allergies or None, "chronic": found.referral.care.chronic or None,
        "symptoms": [{"name": item.name, "first": item.first, "last": item.last} for item in found.symptoms],
        "temperatures": [{"at": item.at, "celsius": float(item.celsius)} for item in found.temperatures],
        "checks": found.checks,
        "tests": [
            {"method": test.method_name, "taken_at": test.taken_at, "outcome": test.outcome or None}
            for test in found.tests
        ],
        "treatments": [{"at": row.happened_at, "kind": row.kind, "text": row.text} for row in found.treatments],
        "contacts": None if contacts is None else {
            "confirmed": contacts.confirmed, "open": contacts.open, "dismissed": contacts.dismissed,
        },
        "referral": referral_json(found.face), "at": found.at,
    }  # fmt: skip
