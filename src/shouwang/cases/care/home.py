"""What care shows elsewhere: the panel on a case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shouwang.cases.care import queries
from shouwang.cases.models import Case
from shouwang.core import clock
from shouwang.core.scope import Actor


def case_panel(actor: Actor, case: Case) -> Mapping[str, Any] | None:
    """The few lines that the clinic needs on the case itself; None for who may not manage this person's case."""
    if not actor.holds(queries.MANAGE, case.person.home_path):
        return None
    care = queries.care_of(case)
    return {"care": care, "sheet": queries.sheet_of(care, at=clock.now()) if care else None}
