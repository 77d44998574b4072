"""Pages of check-ins: parse, ask the scope, call one action or query, render."""

from shouwang.checkins.views.alerts import alert, alerts, close
from shouwang.checkins.views.link import by_link, link, withdraw
from shouwang.checkins.views.offline import shell, worker
from shouwang.checkins.views.own import history, today
from shouwang.checkins.views.people import person, proxy, unit

__all__ = [
    "alert",
    "alerts",
    "by_link",
    "close",
    "history",
    "link",
    "person",
    "proxy",
    "shell",
    "today",
    "unit",
    "withdraw",
    "worker",
]
