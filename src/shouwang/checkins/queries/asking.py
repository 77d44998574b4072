"""What is asked today, and of whom."""

from __future__ import annotations

from datetime import date, time

from shouwang.checkins.rules.asking import Asking, Cadence

DUE = time(10)  # assumption: before the second lesson, so that a morning is left to look after who is silent


def asking_on(day: date) -> Asking:
    """The cadence in force on `day`."""
    return Asking(Cadence.DAILY, DUE)
