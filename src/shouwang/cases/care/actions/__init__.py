"""The only writes of care."""

from shouwang.cases.care.actions.leaving import set_leave, set_medical
from shouwang.cases.care.actions.objecting import answer_care_objection, object_to_care
from shouwang.cases.care.actions.referring import (
    LINK_HOURS,
    add_step,
    answer_link,
    correct_step,
    linked,
    make_link,
    refer,
)
from shouwang.cases.care.actions.returning import clear, revoke
from shouwang.cases.care.actions.treating import (
    correct_discharge,
    correct_treatment,
    discharge,
    record_visit,
    reopen_by_alert,
    report_complication,
    treat,
)

__all__ = [
    "LINK_HOURS",
    "add_step",
    "answer_care_objection",
    "answer_link",
    "clear",
    "correct_discharge",
    "correct_step",
    "correct_treatment",
    "discharge",
    "linked",
    "make_link",
    "object_to_care",
    "record_visit",
    "refer",
    "reopen_by_alert",
    "report_complication",
    "revoke",
    "set_leave",
    "set_medical",
    "treat",
]
