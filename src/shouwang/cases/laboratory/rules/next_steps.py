"""What comes next with a test. No state is without a next step and its owner, but an end."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from shouwang.cases.laboratory.rules.steps import INCONCLUSIVE, INVALID, POSITIVE, RETEST
from shouwang.core.nexts import Next

ORDERED, TAKEN, RECEIVED, CANCELLED = "ordered", "taken", "received", "cancelled"


def next_of_test(state: str, outcome: str, *, has_case: bool, settled: bool) -> Next:
    """Of a test. `has_case`: the person has a case of the disease; `settled`: somebody said why none is needed."""
    if state == ORDERED:
        return Next("take", "clinic", _("Take the sample."))
    if state == TAKEN:
        return Next("hand_over", "clinic", _("Hand the sample over to the laboratory."))
    if state == RECEIVED:
        return Next("result", "clinic", _("Get the result and enter it."))
    if state == RETEST:
        return Next("single", "clinic", _("The single test that was ordered decides: take its sample."))
    if state != CANCELLED and outcome == POSITIVE and not (has_case or settled):
        return Next("open_case", "clinic", _("Open a case, or say why none is needed."))
    if state != CANCELLED and outcome in (INCONCLUSIVE, INVALID):
        return Next("again", "clinic", _("Order another test unless one has followed."))
    return Next("over", "clinic", _("Nothing: the test is over."), final=True)
