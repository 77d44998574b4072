"""Pages of command."""

from shouwang.command.views.notices import notice
from shouwang.command.views.packs import pack, pack_activate, pack_deactivate, packs
from shouwang.command.views.report import (
    issue,
    level,
    level_end,
    picture,
    places,
    report,
    report_docx,
    report_json,
    version,
)
from shouwang.command.views.tracing import tracing_quality

__all__ = [
    "issue",
    "level",
    "level_end",
    "notice",
    "pack",
    "pack_activate",
    "pack_deactivate",
    "packs",
    "picture",
    "places",
    "report",
    "report_docx",
    "report_json",
    "tracing_quality",
    "version",
]
