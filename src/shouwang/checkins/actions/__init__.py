"""The only writes of check-ins: intake, lists, excuses, bulk acts, alerts, monitoring, the note of a reading."""

from shouwang.checkins.actions.alerts import close_alert, close_alerts, mark_case_opened
from shouwang.checkins.actions.bulk import BULK_RIGHTS, Asked, Chosen, beat, perform_bulk, silent_jobs, start_bulk
from shouwang.checkins.actions.credentials import end_tickets, hand_out_ticket, revoke_tickets
from shouwang.checkins.actions.excuses import end_excuse, excuse
from shouwang.checkins.actions.export import export_list
from shouwang.checkins.actions.forms import clear_level, publish_form, set_level, withdraw_form
from shouwang.checkins.actions.intake import BulkResult, Entry, RowResult, submit, submit_many, take
from shouwang.checkins.actions.monitoring import Spell, end_monitoring, start_monitoring, start_monitoring_many
from shouwang.checkins.actions.planning import Ask, Taken
from shouwang.checkins.actions.quality import answer_quality, note_quality
from shouwang.checkins.actions.reading import note_reading
from shouwang.checkins.actions.standings import latest_row, renew_excuses, sync_standings
from shouwang.checkins.actions.tallies import catch_up

__all__ = [
    "BULK_RIGHTS",
    "Ask",
    "Asked",
    "BulkResult",
    "Chosen",
    "Entry",
    "RowResult",
    "Spell",
    "Taken",
    "answer_quality",
    "beat",
    "catch_up",
    "clear_level",
    "close_alert",
    "close_alerts",
    "end_excuse",
    "end_monitoring",
    "end_tickets",
    "excuse",
    "export_list",
    "hand_out_ticket",
    "latest_row",
    "mark_case_opened",
    "note_quality",
    "note_reading",
    "perform_bulk",
    "publish_form",
    "renew_excuses",
    "revoke_tickets",
    "set_level",
    "silent_jobs",
    "start_bulk",
    "start_monitoring",
    "start_monitoring_many",
    "submit",
    "submit_many",
    "sync_standings",
    "take",
    "withdraw_form",
]
