"""The only writes of surveys."""

from shouwang.surveys.actions.answering import BadAnswers, submit, verify
from shouwang.surveys.actions.attaching import submit_with_files
from shouwang.surveys.actions.campaigns import (
    close_campaign,
    extend_campaign,
    new_campaign,
    open_campaign,
    sync_open,
    sync_targets,
)
from shouwang.surveys.actions.forms import import_form, import_ready
from shouwang.surveys.actions.reading import note_export, note_reading

__all__ = [
    "BadAnswers",
    "close_campaign",
    "extend_campaign",
    "import_form",
    "import_ready",
    "new_campaign",
    "note_export",
    "note_reading",
    "open_campaign",
    "submit",
    "submit_with_files",
    "sync_open",
    "sync_targets",
    "verify",
]
