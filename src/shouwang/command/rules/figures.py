"""The figures of a situation report as data: key, words, denominator, and whether more of it is worse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shouwang.core.counting import SMALL_GROUP, is_small

Label = str | Promise
Key = TypeVar("Key")
# What may be said of a group of fewer than five: how many they are, who is not heard from, and what is no one's health.
SAID_OF_SMALL = frozenset({"roster", "checked_in", "unknown", "beds", "beds_free"})


@dataclass(frozen=True, slots=True)
class Figure:
    """`of` is the key of the denominator; `tone` the colour when the value is not zero; `main` is one of the six."""

    key: str
    label: Label
    group: str
    of: str | None = None
    tone: str = "neutral"
    note: Label = ""
    main: bool = False


GROUPS: Mapping[str, Label] = {
    "checkins": _("Daily check-in"),
    "cases": _("Cases"),
    "tracing": _("Contacts"),
    "isolation": _("Quarantine and isolation"),
    "clocks": _("The four earlies"),
}

FIGURES: Sequence[Figure] = (
    Figure("roster", _("People on the roster"), "checkins"),
    Figure("checked_in", _("Checked in"), "checkins", of="roster", tone="good", main=True),
    Figure("self", _("by themselves"), "checkins", of="roster"),
    Figure("proxy", _("entered by another"), "checkins", of="roster"),
    Figure("clinic", _("measured at the clinic"), "checkins", of="roster"),
    Figure("unknown", _("no word yet"), "checkins", of="roster", tone="neutral"),
    Figure("symptomatic", _("With symptoms"), "checkins", of="checked_in", tone="warn", main=True),
    Figure("alerts_open", _("Symptom alerts open"), "checkins", tone="warn"),
    Figure("cases_open", _("Open cases"), "cases", of="roster", tone="danger", main=True),
    Figure("cases_new", _("Cases opened today"), "cases", of="cases_open", tone="danger"),
    Figure("cases_confirmed", _("confirmed"), "cases", of="cases_open", tone="danger"),
    Figure("cases_probable", _("probable"), "cases", of="cases_open", tone="danger"),
    Figure("cases_suspected", _("suspected"), "cases", of="cases_open", tone="warn"),
    Figure("cases_asymptomatic", _("asymptomatic"), "cases", of="cases_open", tone="warn"),
    Figure("contacts_found", _("Contacts found"), "tracing"),
    Figure("contacts_close", _("of them close contacts"), "tracing", of="contacts_found", tone="notice", main=True),
    Figure("contacts_waiting", _("close contacts waiting for a tracer"), "tracing", of="contacts_close", tone="warn"),
    Figure("quarantined", _("In quarantine"), "isolation", of="roster", tone="notice", main=True),
    Figure("isolated", _("In isolation"), "isolation", of="roster", tone="danger"),
    Figure("unplaced", _("Orders without a place"), "isolation", tone="warn"),
    Figure("beds_free", _("Free beds"), "isolation", of="beds", tone="good"),
    Figure("monitored_missed", _("Monitoring checks missed"), "isolation", of="monitored", tone="warn"),
    Figure("clocks_late", _("Late clocks"), "clocks", of="clocks_running_or_late", tone="danger", main=True),
)


@dataclass(frozen=True, slots=True)
class Figures:
    """The numbers of one day for one organisation, as they stood at `as_of`. None is unknown, never 0.

    `before` are those of the day before, counted at the same hour. `units` holds a row for each child organisation:
    {"id", "title", and some figure keys}.
    """

    organisation_id: int
    organisation: str
    day: date
    as_of: datetime
    values: Mapping[str, int | None]
    before: Mapping[str, int | None]
    units: Sequence[Mapping[str, Any]] = field(default_factory=tuple)

    @property
    def small(self) -> bool:
        """Fewer than five people: numbers about their health are left out (None), as each could point at one."""
        return is_small(self.values.get("roster"))

    def change(self, key: str) -> int | None:
        """Today's value less yesterday's; None when either is unknown."""
        now, then = self.values.get(key), self.before.get(key)
        return None if now is None or then is None else now - then

    def rows(self) -> list[dict[str, Any]]:
        """Every figure with value, denominator, share and change, in order."""
        return [
            {
                "key": figure.key,
                "figure": figure,
                "value": self.values.get(figure.key),
                "of": self.values.get(figure.of) if figure.of else None,
                "share": share(self.values.get(figure.key), self.values.get(figure.of) if figure.of else None),
                "change": self.change(figure.key),
            }
            for figure in FIGURES
        ]


def share(part: int | None, whole: int | None) -> float | None:
    """part / whole; None when either is unknown or the whole is 0."""
    return None if part is None or not whole else part / whole


def completed(values: Mapping[str, int | None]) -> dict[str, int | None]:
    """`values` with the figures that follow from others: who is in at all, and all clocks that are not met.

    Of fewer than five people nothing about health is kept (`SAID_OF_SMALL`).
    """
    done = dict(values)
    done["checked_in"] = _sum(values, "self", "proxy", "clinic")
    done["clocks_running_or_late"] = _sum(values, "clocks_running", "clocks_late")
    if is_small(values.get("roster")):
        return {key: value if key in SAID_OF_SMALL else None for key, value in done.items()}
    return done


def _sum(values: Mapping[str, int | None], *keys: str) -> int | None:
    parts = [values.get(key) for key in keys]
    return None if any(part is None for part in parts) else sum(part for part in parts if part is not None)


SMALL = f"<{SMALL_GROUP}"
BESIDE_SMALL = "*"  # left out although large enough: with it, a small group beside it could be computed from the sum


def hidden(values: Mapping[Key, int], groups: Mapping[Key, int]) -> dict[Key, int | str]:
    """Numbers about groups that stand beside each other under a known sum; a group is `groups[key]` people.

    A number about one to four people shows as `SMALL`, also when it is 0: shown only where somebody is ill, the sign
    itself would tell. While those left out are fewer than five people together, or one group alone, the sum less the
    numbers shown would give them away; then the smallest of the others is left out too (`BESIDE_SMALL`).

    >>> hidden({"a": 1, "b": 0, "c": 7}, {"a": 3, "b": 40, "c": 90})
    {'a': '<5', 'b': '*', 'c': 7}
    """
    shown: dict[Key, int | str] = dict(values)
    left_out = [key for key in values if is_small(groups[key])]
    for key in left_out:
        shown[key] = SMALL
    others = sorted((key for key in values if groups[key] >= SMALL_GROUP), key=lambda key: groups[key])
    for key in others:
        if not left_out or (len(left_out) > 1 and sum(groups[out] for out in left_out) >= SMALL_GROUP):
            break
        shown[key] = BESIDE_SMALL
        left_out.append(key)
    return shown
