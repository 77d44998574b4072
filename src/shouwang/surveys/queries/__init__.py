"""The only reads of surveys, a noun a file. What an actor may not see is not fetched."""

from shouwang.surveys.queries.aiming import Aim, aimed_people, check_aim, people_of
from shouwang.surveys.queries.campaigns import (
    Board,
    Counts,
    board,
    campaign_for,
    campaigns_page,
    due_for_reminder,
    managed_campaign,
    not_yet_page,
    submission_for,
    targets_of,
    unit_named,
    visible_campaigns,
    who_owes,
)
from shouwang.surveys.queries.forms import form_of, version_for, visible_versions
from shouwang.surveys.queries.own import Sheet, known_of, open_targets, own_person, own_submissions, sheet_for
from shouwang.surveys.queries.results import Cross, cross_tab, result_rows, results_page

__all__ = [
    "Aim",
    "Board",
    "Counts",
    "Cross",
    "Sheet",
    "aimed_people",
    "board",
    "campaign_for",
    "campaigns_page",
    "check_aim",
    "cross_tab",
    "due_for_reminder",
    "form_of",
    "known_of",
    "managed_campaign",
    "not_yet_page",
    "open_targets",
    "own_person",
    "own_submissions",
    "people_of",
    "result_rows",
    "results_page",
    "sheet_for",
    "submission_for",
    "targets_of",
    "unit_named",
    "version_for",
    "visible_campaigns",
    "visible_versions",
    "who_owes",
]
