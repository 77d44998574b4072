"""Pages of check-ins: parse, ask the scope, call one action or query, render."""

from shouwang.checkins.views.alerts import alert, alerts, close
from shouwang.checkins.views.own import history, today
from shouwang.checkins.views.people import person, proxy, unit

__all__ = ["alert", "alerts", "close", "history", "person", "proxy", "today", "unit"]
