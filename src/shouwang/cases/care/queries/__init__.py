"""The only reads of care. What an actor may not see is not fetched."""

from shouwang.cases.care.queries.absent import hospital_nights, leave_days, leaves_on
from shouwang.cases.care.queries.care import (
    MANAGE,
    CareSheet,
    ReferralFace,
    care_of,
    discharge_for,
    managed_case,
    next_of,
    referral_for,
    review_of,
    sheet_of,
    step_for,
    treatment_for,
    visible_care,
    visit_for,
)
from shouwang.cases.care.queries.desk import MOST_VISITS, SHOWS, DeskNumbers, desk, desk_numbers, desk_page, visits_due
from shouwang.cases.care.queries.handing import HandOver, hand_over
from shouwang.cases.care.queries.returns import Verdict, clearance_for, code_of, own_care, own_one, verify

__all__ = [
    "MANAGE",
    "MOST_VISITS",
    "SHOWS",
    "CareSheet",
    "DeskNumbers",
    "HandOver",
    "ReferralFace",
    "Verdict",
    "care_of",
    "clearance_for",
    "code_of",
    "desk",
    "desk_numbers",
    "desk_page",
    "discharge_for",
    "hand_over",
    "hospital_nights",
    "leave_days",
    "leaves_on",
    "managed_case",
    "next_of",
    "own_care",
    "own_one",
    "referral_for",
    "review_of",
    "sheet_of",
    "step_for",
    "treatment_for",
    "verify",
    "visible_care",
    "visit_for",
    "visits_due",
]
