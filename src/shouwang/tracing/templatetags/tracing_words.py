"""Words of tracing for its templates."""

from __future__ import annotations

from django import template
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

register = template.Library()

# Codes that presence data is counted by. One that has no words yet is shown as it is, never hidden.
WORDS = {
    "residence": _("dormitory residence"),
    "timetable": _("timetable"),
    "gate": _("door or gate"),
    "visit": _("visit record"),
    "proximity": _("proximity sensor"),
    "read": _("read"),
    "accepted": _("accepted"),
    "updated": _("there already"),
    "denied": _("refused by the door"),
    "card_unknown": _("unknown card"),
    "card_shared": _("card of two people"),
    "person_unknown": _("unknown person"),
    "place_unknown": _("unknown place"),
    "duplicate": _("double swipe"),
    "unpaired_in": _("entry without exit"),
    "unpaired_out": _("exit without entry"),
    "too_long": _("stay too long to be one"),
    "zero_length": _("in and out at once"),
    "no_direction": _("no direction"),
    "out_of_order": _("out of order"),
    "in_future": _("in the future"),
    "time_invalid": _("unreadable time"),
    "end_before_start": _("end before beginning"),
    "overlapping": _("overlapping records"),
    "two_places": _("in two places at once"),
    "two_places_at_once": _("in two places at once"),
    "paired": _("paired to stays"),
}


@register.filter
def presence_word(code: str) -> str:
    """The words for a counted code."""
    return str(WORDS.get(code, code.replace("_", " ")))


@register.filter
def minutes(seconds: int) -> str:
    """Seconds as minutes with one decimal.

    >>> minutes(90)
    '1.5'
    """
    return f"{seconds / 60:.1f}"


@register.filter
def is_count(value: object) -> bool:
    return isinstance(value, int)


@register.simple_tag
def language_text(zh: str, en: str) -> str:
    """A stored sentence in the reader's language."""
    return zh if (get_language() or "zh").startswith("zh") else en
