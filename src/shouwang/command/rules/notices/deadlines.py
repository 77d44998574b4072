"""Times by which something is due, as a notice writes them."""

from __future__ import annotations

import re
from datetime import date, timedelta

from shouwang.command.rules.notices.head import day_of
from shouwang.command.rules.notices.vocabulary import vocabulary

AFTERNOON = ("下午", "晚上", "晚")
FAR = timedelta(days=200)  # a month and day so long before the notice is meant in the next year


def deadline_in(text: str, *, issued: date | None, urgent: bool) -> tuple[str, str] | None:
    """(the deadline, its words): an ISO day or moment where the words give one, else the words themselves.

    A day without a year is of the notice's year. Words like "at once" count only where `urgent`.
    """
    for kind in vocabulary().deadlines:
        if kind.urgent and not urgent:
            continue
        if hit := kind.words.search(text):
            words = hit.group(0).strip()
            if kind.each or kind.urgent:
                return words, words
            return _moment(hit, issued) or words, words
    return None


def _moment(hit: re.Match[str], issued: date | None) -> str | None:
    parts = {name: value for name, value in hit.groupdict().items() if value}
    year = parts.get("y") or parts.get("ey") or (str(issued.year) if issued else None)
    if year is None:
        return None
    if "em" in parts:
        day = day_of(f"{parts['ed']} {parts['em']} {year}")
    elif "m" in parts and "d" in parts:
        day = day_of(f"{year}-{parts['m']}-{parts['d']}")
    else:
        return None
    if day is None:
        return None
    if issued and not (parts.get("y") or parts.get("ey")) and day < issued - FAR:
        day = day.replace(year=day.year + 1)
    if "h" not in parts:
        return day.isoformat()
    hour = int(parts["h"]) + (12 if parts.get("word") in AFTERNOON and int(parts["h"]) < 12 else 0)
    minute = 30 if parts.get("min") == "半" else int(parts.get("min", "0"))
    return f"{day.isoformat()}T{hour:02}:{minute:02}" if hour < 24 and minute < 60 else day.isoformat()
