"""Pages of surveys: making campaigns, their numbers, filling in, and the doors of ODK Collect."""

from shouwang.surveys.views.answers import answer_file, answers, cross, export, filled_template, results, verify
from shouwang.surveys.views.campaigns import act, campaign, campaigns
from shouwang.surveys.views.filling import fill, mine, proxy
from shouwang.surveys.views.making import aim, form_file, new

__all__ = [
    "act",
    "aim",
    "answer_file",
    "answers",
    "campaign",
    "campaigns",
    "cross",
    "export",
    "fill",
    "filled_template",
    "form_file",
    "mine",
    "new",
    "proxy",
    "results",
    "verify",
]
