"""When a declaration of a response level is sound."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext_lazy as _

from shouwang.core.errors import BadInput

MAX_REASON = 300
LONGEST_REVIEW_DAYS = 92  # assumption: a measure nobody looks at for a quarter has been forgotten


def check_declaration(*, level: int, basis: str, review_on: date, today: date) -> None:
    """BadInput unless level is I–IV, a legal basis is named, and a review lies ahead within a quarter."""
    if level not in (1, 2, 3, 4):
        raise BadInput(_("A response level is I, II, III or IV."), field="level")
    if len(basis.strip()) < 4:
        raise BadInput(_("Name the legal basis: which notice of whom, with its number or date."), field="basis")
    days = (review_on - today).days
    if not 0 < days <= LONGEST_REVIEW_DAYS:
        raise BadInput(
            _("Say when the level will be reviewed: after today, and within %(days)s days."),
            field="review_on",
            days=LONGEST_REVIEW_DAYS,
        )


def check_end(reason: str) -> str:
    """The reason, without blanks around it. BadInput when there is none to speak of."""
    reason = reason.strip()
    if not 4 <= len(reason) <= MAX_REASON:
        sentence = _("Say why the level ends, in 4 to %(limit)s characters: which notice of whom, or what has changed.")
        raise BadInput(sentence, code="reason_missing", field="reason", limit=MAX_REASON)
    return reason
