"""Pure decisions of care: values in, decision out. No database, no clock."""

from shouwang.cases.care.rules.clearing import HARD, ClearFacts, Line, Released, Review, review
from shouwang.cases.care.rules.codes import (
    LinkTicket,
    certificate_code,
    certificate_number,
    issue_link,
    masked,
    read_link,
    same_code,
    spent,
)
from shouwang.cases.care.rules.log import (
    AMBULANCE,
    DIED,
    ENDS,
    RECEIVED,
    RECOVERED,
    STATUSES,
    TONES,
    TRANSFERRED,
    WORDS,
    Step,
    check_moment,
    check_step,
    is_open,
    last_status,
)
from shouwang.cases.care.rules.next_steps import WORDS as NEXT_WORDS
from shouwang.cases.care.rules.next_steps import Standing, next_of_care
from shouwang.cases.care.rules.pack import CareSpec, Visit, care_spec
from shouwang.cases.rules.dates import minute, written

__all__ = [
    "AMBULANCE",
    "DIED",
    "ENDS",
    "HARD",
    "NEXT_WORDS",
    "RECEIVED",
    "RECOVERED",
    "STATUSES",
    "TONES",
    "TRANSFERRED",
    "WORDS",
    "CareSpec",
    "ClearFacts",
    "Line",
    "LinkTicket",
    "Released",
    "Review",
    "Standing",
    "Step",
    "Visit",
    "care_spec",
    "certificate_code",
    "certificate_number",
    "check_moment",
    "check_step",
    "is_open",
    "issue_link",
    "last_status",
    "masked",
    "minute",
    "next_of_care",
    "read_link",
    "review",
    "same_code",
    "spent",
    "written",
]
