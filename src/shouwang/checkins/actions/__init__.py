"""The only writes of check-ins: intake, alerts, monitoring, and the note that somebody read answers."""

from shouwang.checkins.actions.alerts import close_alert, mark_case_opened
from shouwang.checkins.actions.credentials import end_tickets, hand_out_ticket, revoke_tickets
from shouwang.checkins.actions.forms import publish_form, set_level, withdraw_form
from shouwang.checkins.actions.intake import BulkResult, Entry, RowResult, submit, submit_many, take
from shouwang.checkins.actions.monitoring import end_monitoring, start_monitoring
from shouwang.checkins.actions.planning import Ask, Taken
from shouwang.checkins.actions.reading import note_reading

__all__ = [
    "Ask",
    "BulkResult",
    "Entry",
    "RowResult",
    "Taken",
    "close_alert",
    "end_monitoring",
    "end_tickets",
    "hand_out_ticket",
    "mark_case_opened",
    "note_reading",
    "publish_form",
    "revoke_tickets",
    "set_level",
    "start_monitoring",
    "submit",
    "submit_many",
    "take",
    "withdraw_form",
]
