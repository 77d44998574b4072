"""What was put into the national system: kept as it stood, so that a later draft says what has changed since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from shouwang.cases.actions import set_dates
from shouwang.cases.models import Case
from shouwang.cases.outward.card import Card, card_of
from shouwang.cases.outward.models import SentCard
from shouwang.core import audit
from shouwang.core.errors import BadInput
from shouwang.core.scope import Actor

# Of the act of filling in, not of the case: they differ each time.
OF_THE_ACT = frozenset({"kind", "reporter", "filled"})
LONGEST = 60


@dataclass(frozen=True, slots=True)
class Change:
    """A field that is not as it was sent; "" is missing."""

    label: str
    before: str
    now: str


@transaction.atomic
def record_sent(case: Case, *, sent_at: datetime, reference: str = "", by: Actor, at: datetime) -> SentCard:
    """Somebody put the card into the national system at `sent_at`: what the draft says now is kept, and the first one
    is the case's report, which ends its clock. Needs case.manage (Forbidden).

    BadInput for a moment ahead, one before the detection, or a number that is too long.
    """
    card_of(by, case, at=at)  # asks the right
    reference = reference.strip()
    if len(reference) > LONGEST:
        raise BadInput(_("Use at most %(limit)s characters."), field="reference", code="too_long", limit=LONGEST)
    if sent_at > at:
        raise BadInput(_("This moment lies ahead. Enter when it was reported."), field="sent_at", code="date_future")
    if sent_at < case.detected_at:
        sentence = _("The case was detected later than this. Correct one of the two.")
        raise BadInput(sentence, field="sent_at", code="dates_out_of_order")
    row = SentCard.objects.create(
        case=case, sent_at=sent_at, reference=reference, entries=_said(by, case, at), at=at, by_id=by.account_id
    )
    audit.record("case.card_sent", "case", case.pk, by=by, at=at, subject=case.person_id, new={"reference": reference})
    if case.reported_at is None:
        set_dates(case, reported_at=sent_at, by=by, at=at)
    return row


def _said(by: Actor, case: Case, at: datetime) -> dict[str, str]:
    """The draft in Chinese: what is compared must not depend on the language of whoever reads."""
    with translation.override("zh-hans"):
        return {entry.key: str(entry.value) for entry in card_of(by, case, at=at).entries}


def sent_cards(case: Case) -> list[SentCard]:
    """Newest first. The caller has fetched the case within reach."""
    return list(case.sent_cards.select_related("by__person"))


def changes_since(by: Actor, card: Card, last: SentCard | None) -> list[Change]:
    """Fields of the draft that are not as they were last sent; none where nothing was."""
    if last is None:
        return []
    now = _said(by, card.case, card.at)
    labels: Mapping[str, str] = {entry.key: str(entry.label) for entry in card.entries}
    keys = [key for key in {**last.entries, **now} if key not in OF_THE_ACT]
    return [
        Change(labels.get(key, key), last.entries.get(key, ""), now.get(key, ""))
        for key in keys
        if last.entries.get(key, "") != now.get(key, "")
    ]
