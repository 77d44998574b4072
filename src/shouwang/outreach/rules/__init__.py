"""Decisions of outreach: values in, decision out. No ORM, no clock."""

from shouwang.outreach.rules.limits import Limits, Timing, next_free, read_plan, shortened
from shouwang.outreach.rules.notes import Purpose, notes_due
from shouwang.outreach.rules.outcome import Outcome, Retry, after
from shouwang.outreach.rules.webhooks import Kind, Target, hint, parsed

__all__ = [
    "Kind",
    "Limits",
    "Outcome",
    "Purpose",
    "Retry",
    "Target",
    "Timing",
    "after",
    "hint",
    "next_free",
    "notes_due",
    "parsed",
    "read_plan",
    "shortened",
]
