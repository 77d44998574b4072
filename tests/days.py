"""The day of the story, and the pack that judges it."""

from __future__ import annotations

from datetime import date

TODAY = date(2026, 3, 2)
COVID = "covid19-2020-6"
