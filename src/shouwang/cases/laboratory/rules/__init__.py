"""Pure decisions of the laboratory: values in, decision out. No database, no clock."""

from shouwang.cases.laboratory.rules.judging import (
    BAD_ROWS,
    NEW,
    REFUSED,
    REPEATED,
    REVIEW,
    SAME,
    Known,
    Line,
    SampleFact,
    Verdict,
    fingerprint,
    judge,
    tidy_barcode,
)
from shouwang.cases.laboratory.rules.negatives import Finding, Negatives, counted_negatives, negatives_met
from shouwang.cases.laboratory.rules.steps import (
    Moments,
    check_moments,
    check_outcome,
    due,
    minute,
    of_member,
    suggestion,
)
from shouwang.cases.laboratory.rules.turnaround import LEGS, Leg, legs

__all__ = [
    "BAD_ROWS",
    "LEGS",
    "NEW",
    "REFUSED",
    "REPEATED",
    "REVIEW",
    "SAME",
    "Finding",
    "Known",
    "Leg",
    "Line",
    "Moments",
    "Negatives",
    "SampleFact",
    "Verdict",
    "check_moments",
    "check_outcome",
    "counted_negatives",
    "due",
    "fingerprint",
    "judge",
    "legs",
    "minute",
    "negatives_met",
    "of_member",
    "suggestion",
    "tidy_barcode",
]
