"""Words of tracing for its templates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localtime
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext_lazy as _

from shouwang.cases.models import Case
from shouwang.core import clock
from shouwang.tracing.models import Contact
from shouwang.tracing.queries import rulebook

register = template.Library()

# Codes that presence data is counted by. One that has no words yet is shown as it is, never hidden.
WORDS = {
    "residence": _("dormitory residence"),
    "timetable": _("timetable"),
    "gate": _("door or gate"),
    "visit": _("visit record"),
    "proximity": _("proximity sensor"),
    "interview": _("interview: sure"),
    "wifi": _("Wi-Fi association"),
    "scan": _("place code scanned"),
    "scan_estimated": _("place code scanned, leaving estimated"),
    "scans": _("Scans of place codes"),
    "visitor": _("visitor registered"),
    "visitor_estimated": _("visitor registered, leaving estimated"),
    "entry": _("arrivals"),
    "exit": _("departures"),
    "estimated": _("leaving estimated"),
    "far_apart": _("another building too soon"),
    "removed": _("struck out by the person"),
    "gathering": _("list of a gathering"),
    "interview_about": _("interview: about"),
    "interview_heard": _("interview: heard from others"),
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
    "two_places_minutes": _("minutes in two places"),
    "clock_corrected": _("times corrected for a wrong clock"),
    "lesson_elsewhere": _("elsewhere during a lesson"),
    "lesson_elsewhere_minutes": _("minutes elsewhere during lessons"),
    "paired": _("paired to stays"),
    "paired_in": _("entry with exit"),
    "paired_out": _("exit with entry"),
    "passage": _("passages"),
    "stays": _("stays"),
    "swipes": _("Swipes"),
    "refused": _("Refused"),
    "remarks": _("Remarks"),
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
def hours(seconds: int) -> str:
    """Seconds as hours with two decimals.

    >>> hours(6000)
    '1.67'
    """
    return f"{seconds / 3600:.2f}"


@register.filter
def milliseconds(microseconds: int) -> str:
    """Microseconds as milliseconds with one decimal.

    >>> milliseconds(12_340)
    '12.3'
    """
    return f"{microseconds / 1000:.1f}"


def _long(seconds: int) -> str:
    minutes, rest = divmod(abs(seconds), 60)
    words = _("%(minutes)s min %(seconds)s s") if minutes and rest else _("%(minutes)s min")
    return (words if minutes else _("%(seconds)s s")) % {"minutes": minutes, "seconds": rest}


@register.simple_tag
def clock_off(seconds: int) -> str:
    """By how much a clock ran wrong, in words: "5 min 20 s ahead"."""
    return (_("%(time)s ahead") if seconds > 0 else _("%(time)s behind")) % {"time": _long(seconds)}


@register.simple_tag
def clock_evidence(day: Mapping[str, object]) -> str:
    """What one day of a proposal rests on."""
    sentence = _(
        "%(day)s: %(pairs)s times of people at this and another reader agree with its other days at %(stated)s as they"
        " were written, and at %(corrected)s when %(time)s are taken off (1 is full agreement)."
    )
    behind = _(
        "%(day)s: %(pairs)s times of people at this and another reader agree with its other days at %(stated)s as they"
        " were written, and at %(corrected)s when %(time)s are added (1 is full agreement)."
    )
    seconds = int(str(day["seconds"]))
    given = {**day, "time": _long(seconds)}
    return (sentence if seconds > 0 else behind) % given


@register.simple_tag
def apart(left: int, arrived: int) -> str:
    """How far two people were apart when they left and when they arrived."""
    words = {"left": abs(left), "arrived": abs(arrived)}
    return _("%(left)s s apart when leaving, %(arrived)s s when arriving") % words


@register.filter
def clock_tone(state: str) -> str:
    """The tone of a decided clock."""
    return {"accepted": "good", "rejected": "neutral", "withdrawn": "neutral"}.get(state, "warn")


@register.filter
def state_tone(state: str) -> str:
    """The tone of a contact's decision."""
    return {"confirmed": "good", "candidate": "warn"}.get(state, "neutral")


@register.simple_tag
def span(start: datetime | None, end: datetime | None) -> str:
    """From–to in local time, the day said once when both are on it; "–" when unknown."""
    if start is None or end is None:
        return "–"
    low, high = localtime(start), localtime(end)
    same_day = low.date() == high.date()
    return f"{low:%m-%d %H:%M} – {high:%H:%M}" if same_day else f"{low:%m-%d %H:%M} – {high:%m-%d %H:%M}"


@register.simple_tag
def closeness(contact: Contact) -> str:
    """Class of distance and separate encounters of a contact, ready to stand before other words; "" when neither was
    counted."""
    name = rulebook.distances().name(contact.distance)
    said = [str(name)] if name else []
    if contact.meetings:
        said.append(ngettext("met %(n)s time", "met %(n)s times", contact.meetings) % {"n": contact.meetings})
    return "".join(f"{text} · " for text in said)


@register.inclusion_tag("tracing/_fragments/case_rule.html")
def case_rule(case: Case) -> dict[str, object]:
    """The rule that judges this case and why it is this one; said only where it is not the disease pack's own."""
    found = rulebook.ruling(case, clock.now())
    return {"case": case, "ruling": found, "by_date": rulebook.edition_by_date(case)}


@register.simple_tag
def counts(counted: Mapping[str, object]) -> SafeString:
    """Counted codes in words, one line each group: `{"read": 5, "refused": {"denied": 3}}`; "–" when there are none."""
    plain = [(code, n) for code, n in counted.items() if isinstance(n, int)]
    groups = [(code, list(inner.items())) for code, inner in counted.items() if isinstance(inner, Mapping) and inner]
    lines = [("", plain)] if plain else []
    lines += [(presence_word(code), inner) for code, inner in groups]
    if not lines:
        return mark_safe("–")
    return format_html_join(
        mark_safe("<br>"), "{}{}", ((f"{title}: " if title else "", " · ".join(_said(inner))) for title, inner in lines)
    )


def _said(counted: Iterable[tuple[str, object]]) -> list[str]:
    return [f"{presence_word(code)} {n:,}" for code, n in counted if isinstance(n, int)]


@register.simple_tag
def language_text(zh: str, en: str) -> str:
    """A stored sentence in the reader's language."""
    return zh if (get_language() or "zh").startswith("zh") else en
