"""Contacts of open cases by the contact's home path; see `tracing.queries.day_figures` for the words."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime

from django.db.models import Count, Q

from shouwang.tracing.models import Contact
from shouwang.tracing.queries.numbers import CLOSE

ByHome = dict[str, Counter[str]]


def standing_by_home(at: datetime) -> ByHome:
    """Home path -> `contacts_found`, of them `contacts_close`, of these `contacts_waiting` for a decision. People, not
    pairs."""
    found: ByHome = defaultdict(Counter)
    rows = Contact.objects.filter(case__closed_at__isnull=True, found_at__lte=at).exclude(state=Contact.State.DISMISSED)
    counted = (
        rows.order_by()
        .values("person__home_path")
        .annotate(
            n=Count("person", distinct=True),
            close=Count("person", filter=Q(grade=CLOSE), distinct=True),
            waiting=Count("person", filter=Q(grade=CLOSE, decided_at__isnull=True), distinct=True),
        )
    )
    for home, number, close, waiting in counted.values_list("person__home_path", "n", "close", "waiting"):
        found[home].update(contacts_found=number, contacts_close=close, contacts_waiting=waiting)
    return found
