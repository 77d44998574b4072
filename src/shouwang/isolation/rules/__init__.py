"""Pure decisions of isolation: who is asked to stay apart and until when, where there is a bed, who may be released."""

from shouwang.isolation.rules.release import Check, Decision, OrderFacts, Reason, ReviewFacts, may_end
from shouwang.isolation.rules.rooms import Guest, RoomFacts, allot, choose_room, conflicts, free_beds
from shouwang.isolation.rules.terms import (
    CaseDates,
    Protocol,
    Term,
    end_date,
    governing,
    isolation_term,
    last_exposure,
    protocol,
    quarantine_term,
)

__all__ = [
    "CaseDates",
    "Check",
    "Decision",
    "Guest",
    "OrderFacts",
    "Protocol",
    "Reason",
    "ReviewFacts",
    "RoomFacts",
    "Term",
    "allot",
    "choose_room",
    "conflicts",
    "end_date",
    "free_beds",
    "governing",
    "isolation_term",
    "last_exposure",
    "may_end",
    "protocol",
    "quarantine_term",
]
