"""Decisions of the check-in: values in, decision out with its reason. No ORM, no clock."""

from shouwang.checkins.rules.answers import (
    BACKDATE_DAYS,
    COPY_DAYS,
    Answers,
    Previous,
    check_moment,
    copied,
    reads_same,
    shown,
    text,
    validated,
)
from shouwang.checkins.rules.episodes import AlertStep, Standing, step
from shouwang.checkins.rules.protocols import RANK, Protocol, Protocols, Symptom
from shouwang.checkins.rules.receipts import decode_receipt, receipt
from shouwang.checkins.rules.standing import SILENT_DAYS, State, checks_due, silent_since, state_of
from shouwang.checkins.rules.triage import Decision, Finding, triage

__all__ = [
    "BACKDATE_DAYS",
    "COPY_DAYS",
    "RANK",
    "SILENT_DAYS",
    "AlertStep",
    "Answers",
    "Decision",
    "Finding",
    "Previous",
    "Protocol",
    "Protocols",
    "Standing",
    "State",
    "Symptom",
    "check_moment",
    "checks_due",
    "copied",
    "decode_receipt",
    "reads_same",
    "receipt",
    "shown",
    "silent_since",
    "state_of",
    "step",
    "text",
    "triage",
    "validated",
]
