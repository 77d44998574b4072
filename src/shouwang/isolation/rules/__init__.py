"""Pure decisions of isolation: who is asked to stay apart and until when, where there is a bed, who may be released."""

from shouwang.cases.laboratory.rules import Finding, Negatives, counted_negatives
from shouwang.isolation.rules.release import (
    CONFIRM,
    Check,
    Decision,
    OrderFacts,
    Reason,
    ReviewFacts,
    may_end,
)
from shouwang.isolation.rules.rooms import Guest, RoomFacts, allot, choose_room, conflicts, free_beds
from shouwang.isolation.rules.terms import (
    CaseDates,
    Confirm,
    Protocol,
    Release,
    Term,
    end_date,
    governing,
    isolation_term,
    protocol,
    quarantine_term,
)

__all__ = [
    "CONFIRM",
    "CaseDates",
    "Check",
    "Confirm",
    "Decision",
    "Finding",
    "Guest",
    "Negatives",
    "OrderFacts",
    "Protocol",
    "Reason",
    "Release",
    "ReviewFacts",
    "RoomFacts",
    "Term",
    "allot",
    "choose_room",
    "conflicts",
    "counted_negatives",
    "end_date",
    "free_beds",
    "governing",
    "isolation_term",
    "may_end",
    "protocol",
    "quarantine_term",
]
