"""What the board says of a unit or a building: how much it needs somebody, in words. No score, no rank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from shouwang.command.rules.figures import FIGURES
from shouwang.core.counting import is_small

MAIN = tuple(figure.key for figure in FIGURES if figure.main)
# Columns of a cell from which the main numbers of an hour follow.
TREND = ("roster", "by_self", "by_proxy", "by_clinic", *(key for key in MAIN if key != "checked_in"))
NOW, WATCH, QUIET = "now", "watch", "quiet"
BANDS: Mapping[str, str | Promise] = {
    NOW: _("Needs somebody now"),
    WATCH: _("To be watched"),
    QUIET: _("Quiet"),
}
TONES = {NOW: "danger", WATCH: "warn", QUIET: "neutral"}


@dataclass(frozen=True, slots=True)
class Sign:
    """One reason: the number it speaks of, its band, and its words with %(count)s."""

    key: str
    band: str
    words: str | Promise


# Gravest first.
SIGNS: Sequence[Sign] = (
    Sign("clocks_late", NOW, ngettext_lazy("%(count)s late clock", "%(count)s late clocks", "count")),
    Sign("alerts_waiting", NOW, ngettext_lazy("%(count)s alert waits", "%(count)s alerts wait", "count")),
    Sign(
        "monitored_missed", NOW,
        ngettext_lazy("%(count)s check under observation missed", "%(count)s checks under observation missed", "count"),
    ),
    Sign(
        "contacts_waiting", NOW,
        ngettext_lazy("%(count)s close contact undecided", "%(count)s close contacts undecided", "count"),
    ),
    Sign(
        "unplaced", NOW,
        ngettext_lazy("%(count)s order without a place", "%(count)s orders without a place", "count"),
    ),
    Sign("cases_new", WATCH, ngettext_lazy("%(count)s new case today", "%(count)s new cases today", "count")),
    Sign("cases_open", WATCH, ngettext_lazy("%(count)s open case", "%(count)s open cases", "count")),
    Sign("alerts_open", WATCH, ngettext_lazy("%(count)s symptom alert", "%(count)s symptom alerts", "count")),
    Sign("apart", WATCH, ngettext_lazy("%(count)s person stays apart", "%(count)s people stay apart", "count")),
    Sign(
        "silent", WATCH,
        ngettext_lazy("%(count)s group without any word today", "%(count)s groups without any word today", "count"),
    ),
)  # fmt: skip
OF_NO_HEALTH = frozenset({"silent"})


@dataclass(frozen=True, slots=True)
class Attention:
    """The band, and the reasons of that band and the next, gravest first, in the reader's language."""

    band: str
    words: tuple[str, ...]

    @property
    def tone(self) -> str:
        return TONES[self.band]


def attention(numbers: Mapping[str, int], *, roster: int, most: int = 3) -> Attention:
    """What stands out in a unit of `roster` people. Of one to four people nothing is said about health."""
    said = [
        (sign.band, str(sign.words % {"count": numbers[sign.key]}))
        for sign in SIGNS
        if numbers.get(sign.key) and not (is_small(roster) and sign.key not in OF_NO_HEALTH)
    ]
    return Attention(said[0][0] if said else QUIET, tuple(words for _band, words in said[:most]))


# --- trend -----------------------------------------------------------------------------------------------------------

WIDTH, HEIGHT = 100.0, 24.0  # units of the drawing, not pixels


def polyline(values: Sequence[int | None]) -> list[str]:
    """The points of a line over equal steps, lowest value at the bottom, one list for each unbroken stretch. A value
    that is unknown breaks the line; it is never drawn as 0.

    >>> polyline([0, 2, None, 1])
    ['0.0,23.0 33.3,1.0', '100.0,12.0']
    """
    known = [value for value in values if value is not None]
    if not known:
        return []
    low, high = min(known), max(known)
    step = WIDTH / max(1, len(values) - 1)
    stretches: list[list[str]] = [[]]
    for k, value in enumerate(values):
        if value is None:
            stretches.append([])
            continue
        share = (value - low) / (high - low) if high > low else 0.5
        stretches[-1].append(f"{k * step:.1f},{HEIGHT - 1 - share * (HEIGHT - 2):.1f}")
    return [" ".join(points) for points in stretches if points]
