"""Room on the case page for the rooms above: tracing and isolation append theirs in `web/wiring.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from shouwang.cases.models import Case
from shouwang.core.scope import Actor

Loader = Callable[[Actor, Case], Mapping[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Panel:
    """`loader(actor, case)` calls one query and returns the template's context (`case` is added), or None when there
    is nothing to show. `right` keeps the panel from actors who hold it nowhere. `template` is a whole card."""

    template: str
    loader: Loader
    right: str | None = None


# In the order of the page.
PANELS: list[Panel] = []


def show_on_case(panel: Panel) -> None:
    """Add a panel to the case page. Adding the same one again changes nothing."""
    if panel not in PANELS:
        PANELS.append(panel)


def rendered(request: HttpRequest, actor: Actor, case: Case) -> list[SafeString]:
    """The panels that `actor` may see for this case."""
    found = []
    for panel in PANELS:
        if panel.right is not None and not actor.holds(panel.right):
            continue
        context = panel.loader(actor, case)
        if context is not None:
            found.append(render_to_string(panel.template, {"case": case, **context}, request=request))
    return found
