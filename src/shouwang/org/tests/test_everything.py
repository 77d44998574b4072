"""Whoever may see everything sees it, whatever else a list also shows."""

from __future__ import annotations

from django.db.models import Q

from shouwang.core.scope import system_actor
from shouwang.core.tree import EVERYTHING, in_ranges
from shouwang.org.models import Organisation
from shouwang.org.tests.cast import Cast


def test_everything_or_something_is_everything(cast: Cast) -> None:
    every = Organisation.objects.count()
    whole = in_ranges("path", (EVERYTHING,))
    for condition in (whole, whole | Q(code="IE"), Q(code="IE") | whole, whole | in_ranges("path", ())):
        assert Organisation.objects.filter(condition).count() == every
    assert not Organisation.objects.filter(~whole).exists()
    assert "WHERE" not in str(Organisation.objects.filter(whole).order_by().query)
    assert in_ranges("path", system_actor("operator").ranges("people.view")) == whole
