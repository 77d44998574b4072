"""The only reads of check-ins. Permission is asked here: what an actor may not see is not fetched."""

from shouwang.checkins.queries.alerts import (
    UNSPECIFIED,
    alert_for,
    alert_queue,
    beside,
    call_queue,
    handled_alerts,
    open_by_severity,
)
from shouwang.checkins.queries.asking import (
    asking_on,
    form_on,
    form_owner,
    level_on,
    protocols_of,
    protocols_on,
    today_of,
)
from shouwang.checkins.queries.counts import Board, board_of
from shouwang.checkins.queries.credentials import bearer_of, ticket_for
from shouwang.checkins.queries.figures import Counts, day_figures, status_counts, unit_counts
from shouwang.checkins.queries.forms import form_unit, form_version_for, form_versions
from shouwang.checkins.queries.jobs import job_for, job_rows
from shouwang.checkins.queries.lists import Scope, everybody, inside, list_page, scope_of
from shouwang.checkins.queries.own import OwnDay, home_of, own_day, zone_of
from shouwang.checkins.queries.quality import quality_note_for, quality_notes
from shouwang.checkins.queries.records import HISTORY_DAYS, bed_of, checks_of, history, own_checkin, receipt_for
from shouwang.checkins.queries.search import ids_of, search_page
from shouwang.checkins.queries.units import (
    board,
    not_yet,
    person_to_enter,
    state_named,
    states_for,
    unit_rows,
    units_below,
)
from shouwang.checkins.queries.why import Why, explain, sees_answers, stands, tell_reminders, why_here

__all__ = [
    "HISTORY_DAYS",
    "UNSPECIFIED",
    "Board",
    "Counts",
    "OwnDay",
    "Scope",
    "Why",
    "alert_for",
    "alert_queue",
    "asking_on",
    "bearer_of",
    "bed_of",
    "beside",
    "board",
    "board_of",
    "call_queue",
    "checks_of",
    "day_figures",
    "everybody",
    "explain",
    "form_on",
    "form_owner",
    "form_unit",
    "form_version_for",
    "form_versions",
    "handled_alerts",
    "history",
    "home_of",
    "ids_of",
    "inside",
    "job_for",
    "job_rows",
    "level_on",
    "list_page",
    "not_yet",
    "open_by_severity",
    "own_checkin",
    "own_day",
    "person_to_enter",
    "protocols_of",
    "protocols_on",
    "quality_note_for",
    "quality_notes",
    "receipt_for",
    "scope_of",
    "search_page",
    "sees_answers",
    "stands",
    "state_named",
    "states_for",
    "status_counts",
    "tell_reminders",
    "ticket_for",
    "today_of",
    "unit_counts",
    "unit_rows",
    "units_below",
    "why_here",
    "zone_of",
]
