"""The only reads of command."""

from shouwang.command.queries.figures import figures, report_dict, roots_for
from shouwang.command.queries.gaps import open_gaps
from shouwang.command.queries.levels import current_level, level_history, level_of
from shouwang.command.queries.places import PlaceRow, place_rows
from shouwang.command.queries.reports import report_version, report_versions

__all__ = [
    "PlaceRow",
    "current_level",
    "figures",
    "level_history",
    "level_of",
    "open_gaps",
    "place_rows",
    "report_dict",
    "report_version",
    "report_versions",
    "roots_for",
]
