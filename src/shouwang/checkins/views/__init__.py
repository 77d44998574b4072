"""Pages of check-ins: parse, ask the scope, call one action or query, render."""

from shouwang.checkins.views.alerts import alert, alerts, close
from shouwang.checkins.views.forms import forms, withdraw_form
from shouwang.checkins.views.link import by_link, link, withdraw
from shouwang.checkins.views.lists import bulk, bulk_job, export, numbers, take_up_job, unit, why
from shouwang.checkins.views.offline import shell, worker
from shouwang.checkins.views.own import history, today
from shouwang.checkins.views.people import person, proxy
from shouwang.checkins.views.quality import answer_quality, quality

__all__ = [
    "alert",
    "alerts",
    "answer_quality",
    "bulk",
    "bulk_job",
    "by_link",
    "close",
    "export",
    "forms",
    "history",
    "link",
    "numbers",
    "person",
    "proxy",
    "quality",
    "shell",
    "take_up_job",
    "today",
    "unit",
    "why",
    "withdraw",
    "withdraw_form",
    "worker",
]
