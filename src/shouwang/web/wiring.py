"""Every "when X happens, do Y" that crosses rooms, one line each. Nothing else subscribes to events."""

from __future__ import annotations


def connect() -> None:
    """Called once when the program starts."""
