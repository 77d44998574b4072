"""The only reads of check-ins. Permission is asked here: what an actor may not see is not fetched."""

from shouwang.checkins.queries.alerts import alert_for, alert_queue, handled_alerts, open_by_severity
from shouwang.checkins.queries.asking import asking_on, level_on, protocols_of
from shouwang.checkins.queries.credentials import bearer_of, ticket_for
from shouwang.checkins.queries.figures import Counts, day_figures, status_counts
from shouwang.checkins.queries.own import OwnDay, own_day, zone_of
from shouwang.checkins.queries.records import HISTORY_DAYS, bed_of, checks_of, history, own_checkin, receipt_for
from shouwang.checkins.queries.units import (
    Board,
    board,
    not_yet,
    person_to_enter,
    state_named,
    states_for,
    unit_rows,
    units_below,
)

__all__ = [
    "HISTORY_DAYS",
    "Board",
    "Counts",
    "OwnDay",
    "alert_for",
    "alert_queue",
    "asking_on",
    "bearer_of",
    "bed_of",
    "board",
    "checks_of",
    "day_figures",
    "handled_alerts",
    "history",
    "level_on",
    "not_yet",
    "open_by_severity",
    "own_checkin",
    "own_day",
    "person_to_enter",
    "protocols_of",
    "receipt_for",
    "state_named",
    "states_for",
    "status_counts",
    "ticket_for",
    "unit_rows",
    "units_below",
    "zone_of",
]
