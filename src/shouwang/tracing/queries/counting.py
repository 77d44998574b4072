"""How many contacts a case has, for the sheet that goes along to the hospital. Nobody is named."""

from __future__ import annotations

from collections import Counter

from shouwang.cases.care.sources import ContactCounts
from shouwang.cases.models import Case
from shouwang.tracing.models import Contact


def contact_counts(case: Case) -> ContactCounts | None:
    """One query; None where nobody has traced yet: that is not the same as no contacts."""
    states = Counter(Contact.objects.filter(case=case).order_by().values_list("state", flat=True))
    if not states and case.traced_at is None:
        return None
    return ContactCounts(
        states[Contact.State.CONFIRMED], states[Contact.State.CANDIDATE], states[Contact.State.DISMISSED]
    )
