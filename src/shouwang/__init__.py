"""Shouwang 守望: outbreak response for a campus, from a check-in to a traced, isolated case and the day's report."""

from __future__ import annotations

__version__ = "0.1.0"
