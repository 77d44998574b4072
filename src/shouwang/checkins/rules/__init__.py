"""Decisions of the check-in: values in, decision out with its reason. No ORM, no clock."""

from shouwang.checkins.rules.answers import (
    BACKDATE_DAYS,
    COPY_DAYS,
    CORRECT_DAYS,
    Answers,
    Previous,
    check_correctable,
    check_moment,
    completed,
    copied,
    reads_same,
    reports_change,
    shown,
    text,
    validated,
)
from shouwang.checkins.rules.episodes import AlertStep, Standing, step
from shouwang.checkins.rules.forms import LEVELS, Form, read_form
from shouwang.checkins.rules.protocols import RANK, Protocol, Protocols, Symptom, built_in_form
from shouwang.checkins.rules.questions import Asked, Question, carried_over, is_asked, new_to
from shouwang.checkins.rules.receipts import decode_receipt, receipt
from shouwang.checkins.rules.standing import SILENT_DAYS, State, checks_due, silent_since, state_of
from shouwang.checkins.rules.triage import Decision, Finding, triage

__all__ = [
    "BACKDATE_DAYS",
    "COPY_DAYS",
    "CORRECT_DAYS",
    "LEVELS",
    "RANK",
    "SILENT_DAYS",
    "AlertStep",
    "Answers",
    "Asked",
    "Decision",
    "Finding",
    "Form",
    "Previous",
    "Protocol",
    "Protocols",
    "Question",
    "Standing",
    "State",
    "Symptom",
    "built_in_form",
    "carried_over",
    "check_correctable",
    "check_moment",
    "checks_due",
    "completed",
    "copied",
    "decode_receipt",
    "is_asked",
    "new_to",
    "read_form",
    "reads_same",
    "receipt",
    "reports_change",
    "shown",
    "silent_since",
    "state_of",
    "step",
    "text",
    "triage",
    "validated",
]
