"""Which page of the system does what a task names: the link beside the task."""

from __future__ import annotations

from collections.abc import Mapping

from django.urls import reverse

# Capability of `rules/notices/vocabulary.toml` → the page that does it. What has no page yet is not here.
PAGES: Mapping[str, str] = {
    "level": "command:level",
    "directives": "command:directives",
    "responsibility": "org:responsibility",
    "checkin": "checkins:unit",
    "screening": "surveys:list",
    "detection": "checkins:alerts",
    "reporting": "command:report",
    "isolation": "isolation:list",
    "treatment": "cases:list",
    "tracing": "tracing:desk",
    "gaps": "command:report",
}


def page_of(capability: str) -> str | None:
    """Its address; None where the system has no page for it."""
    name = PAGES.get(capability)
    return reverse(name) if name else None
