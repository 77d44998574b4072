"""What changed since yesterday, in sentences. Only what changed, largest consequence first."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from shouwang.command.rules.figures import Figures

# In the order in which a leader wants to hear of them; `worse` says whether more is worse.
WATCHED = (
    ("cases_open", True),
    ("clocks_late", True),
    ("symptomatic", True),
    ("alerts_open", True),
    ("contacts_found", True),
    ("quarantined", True),
    ("monitored_missed", True),
    ("beds_free", False),
    ("unknown", True),
)


@dataclass(frozen=True, slots=True)
class Change:
    key: str
    difference: int
    worse: bool
    sentence: str


def changes(figures: Figures) -> list[Change]:
    """One `Change` for each watched figure that is known on both days and differs."""
    found = []
    labels = {row["key"]: str(row["figure"].label) for row in figures.rows()}
    for key, more_is_worse in WATCHED:
        difference = figures.change(key)
        if not difference:
            continue
        words = {"label": labels[key], "count": abs(difference), "now": figures.values[key]}
        if difference > 0:
            sentence = _("%(label)s: %(count)s more than yesterday, now %(now)s.") % words
        else:
            sentence = _("%(label)s: %(count)s fewer than yesterday, now %(now)s.") % words
        sentence = sentence[:1].upper() + sentence[1:]
        found.append(Change(key, difference, (difference > 0) == more_is_worse, sentence))
    return found
