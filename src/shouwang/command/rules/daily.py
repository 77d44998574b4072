"""Daily reports of units: who owes one, when it is zero, when it may be taken in, what many say together."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta

from django.utils.translation import gettext_lazy as _

from shouwang.command.rules.figures import FIGURES, hidden
from shouwang.core.errors import BadInput
from shouwang.core.tree import STEP, ancestors

MOST_DAYS = 92  # assumption: as a response level, no longer than a quarter without being decided anew
BACK_DAYS = 7  # assumption: a week's holiday; what is older is history and not handed in any more
WORDS, WHY = 1000, 500  # characters
NAMED = 5  # of what is missing, in a sentence
TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")

# Whoever answers for a unit without the right to its numbers (a class monitor) sees who was heard from, and nothing of
# health.
SAID_TO_ALL = ("roster", "checked_in", "self", "proxy", "clinic", "unknown")
COLUMNS = ("roster", "checked_in", "symptomatic", "cases_open", "quarantined", "isolated")
# Each of these above 0 is something to report.
WATCHED = ("symptomatic", "alerts_open", "cases_open", "contacts_waiting", "quarantined", "isolated")
# Free beds are the institution's: the same ones for each of its units, so that a sum would count them many times.
KEYS = tuple(figure.key for figure in FIGURES if figure.key != "beds_free")
LABELS = {figure.key: figure.label for figure in FIGURES}


def check_plan(
    deadlines: Mapping[str, str], *, kinds: Collection[str], starts: date, until: date, reason: str
) -> tuple[dict[str, str], str]:
    """(kind → "HH:MM", reason). BadInput for no kind, an unknown kind, no time, a day that is past or too far."""
    found: dict[str, str] = {}
    for kind, text in deadlines.items():
        if kind not in kinds:
            raise BadInput(_("There is no such kind of unit: %(kind)s."), field="deadlines", kind=kind)
        if not TIME.fullmatch(text.strip()):
            sentence = _("“%(text)s” is no time of day; write it as 16:00.")
            raise BadInput(sentence, field=f"due_{kind}", code="no_time", text=text[:20])
        found[kind] = text.strip()
    if not found:
        raise BadInput(_("Say for at least one kind of unit until when it reports."), field="deadlines")
    if not starts <= until <= starts + timedelta(days=MOST_DAYS):
        sentence = _("The last day lies between %(first)s, when it begins, and %(days)s days later.")
        raise BadInput(sentence, field="until", first=str(starts), days=MOST_DAYS)
    return found, check_reason(reason)


def check_reason(text: str, *, sentence: object = None) -> str:
    """The reason without blanks around it. BadInput for none, or for one that is too long."""
    text = text.strip()
    if not text:
        raise BadInput(str(sentence or _("Give a reason.")), field="reason", code="reason_missing")
    return _short(text, WHY, "reason")


def _short(text: str, most: int, field: str) -> str:
    if len(text) > most:
        raise BadInput(_("Use at most %(limit)s characters."), field=field, code="too_long", limit=most)
    return text


def time_of(text: str) -> time:
    """ "16:00" as a time of day."""
    return time.fromisoformat(text)


def check_day(day: date, today: date) -> None:
    """BadInput for a day ahead, or one too far back to hand in a report for."""
    if day > today:
        raise BadInput(_("This day has not begun yet."), field="day", code="day_ahead")
    if not open_for(day, today):
        sentence = _("Reports are handed in and corrected for up to %(days)s days back.")
        raise BadInput(sentence, field="day", code="day_too_old", days=BACK_DAYS)


def open_for(day: date, today: date) -> bool:
    """Whether a report of `day` can still be handed in or corrected."""
    return today - timedelta(days=BACK_DAYS) <= day <= today


@dataclass(frozen=True, slots=True)
class Words:
    """The free part of a report."""

    problems: str = ""
    needs: str = ""
    done: str = ""


def check_words(words: Words) -> Words:
    """Without blanks around them. BadInput names the one that is too long."""
    return Words(
        *(_short(text.strip(), WORDS, field)
          for field, text in (("problems", words.problems), ("needs", words.needs), ("done", words.done)))
    )  # fmt: skip


def check_zero(values: Mapping[str, int | None], words: Words) -> None:
    """BadInput (`not_zero`) where something is to be reported: a watched number above 0, a problem or a need.

    A number that is not known does not contradict: it stays unknown in the report, and is not made 0 by it.
    """
    against = [str(LABELS[key]) for key in WATCHED if (values.get(key) or 0) > 0]
    if against:
        sentence = _("This is not a zero report: %(figures)s is above 0. Hand it in as a report.")
        raise BadInput(sentence, field="zero", code="not_zero", figures="、".join(against))
    if words.problems or words.needs:
        sentence = _("A zero report says that there is nothing: hand in problems and needs as a report.")
        raise BadInput(sentence, field="zero", code="not_zero")


def receivers(expected: Mapping[str, int], plan_of: Mapping[str, tuple[str, int]]) -> dict[int, int]:
    """Unit → unit that takes its report in: the nearest reporting unit above under the same plan, else the
    organisation of the plan.

    `expected`: path → reporting unit. `plan_of`: path of each unit that is asked about → (path, id) of the organisation
    whose plan asks it.

    >>> receivers({"00010001": 2, "000100010001": 3}, {"00010001": ("0001", 1), "000100010001": ("0001", 1)})
    {2: 1, 3: 2}
    """
    found = {}
    for path, (top, organisation) in plan_of.items():
        above = (step for step in reversed(ancestors(path)[:-1]) if len(step) > len(top))
        found[expected[path]] = next((expected[step] for step in above if step in expected), organisation)
    return found


def below(root: int, parents: Mapping[int, int]) -> set[int]:
    """All units whose chain of `parents` leads to `root`, each once; a chain that turns in a circle leads nowhere."""
    children: dict[int, list[int]] = {}
    for unit, parent in parents.items():
        children.setdefault(parent, []).append(unit)
    found: set[int] = set()
    left = list(children.get(root, ()))
    while left:
        unit = left.pop()
        if unit not in found and unit != root:
            found.add(unit)
            left += children.get(unit, ())
    return found


def stamp(rows: Iterable[tuple[int, int, str]], reviews: int) -> str:
    """What a reviewer saw, as a short word: (unit, version of its report, state) of each, and how often it was taken
    in. Another reviewer, or a report that came or was corrected since, makes another word."""
    text = repr((sorted(rows), reviews))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def check_review(missing: Sequence[str], reason: str) -> str:
    """The reason. BadInput (`reports_missing`) names what has not come where none is given for not waiting."""
    if missing and not reason.strip():
        names = "、".join(missing[:NAMED]) + ("…" if len(missing) > NAMED else "")
        sentence = _("%(n)s reports have not come: %(names)s. Wait for them, or say why not.")
        raise BadInput(sentence, field="reason", code="reports_missing", n=len(missing), names=names)
    return _short(reason.strip(), WHY, "reason")


@dataclass(frozen=True, slots=True)
class Total:
    """The sum over the units that know the number, and how many those are."""

    value: int | None
    known: int


def shown(rows: Mapping[int, Mapping[str, int | None]]) -> dict[int, dict[str, int | str | None]]:
    """Unit → figure → what may be shown of it beside the others: numbers about the health of fewer than five people,
    and those that would give them away, are left out (`rules.hidden`). An unknown number stays unknown."""
    found: dict[int, dict[str, int | str | None]] = {unit: dict(values) for unit, values in rows.items()}
    groups = {unit: roster for unit, values in rows.items() if (roster := values.get("roster")) is not None}
    for key in KEYS:
        if key in SAID_TO_ALL:
            continue
        # A small group's own number is not in its report at all: it takes part here as a number that is left out.
        numbers = {unit: rows[unit].get(key) or 0 for unit in groups}
        for unit, value in hidden(numbers, groups).items():
            if isinstance(value, str):
                found[unit][key] = value
        for unit in rows.keys() - groups.keys():
            found[unit][key] = None
    return found


def totals(rows: Iterable[Mapping[str, int | str | None]]) -> dict[str, Total]:
    """Figure → sum over the rows that show a number. None, and not 0, where none does."""
    sums: dict[str, int] = {}
    known: dict[str, int] = dict.fromkeys(KEYS, 0)
    for values in rows:
        for key in KEYS:
            value = values.get(key)
            if isinstance(value, int):
                sums[key] = sums.get(key, 0) + value
                known[key] += 1
    return {key: Total(sums.get(key), known[key]) for key in KEYS}


def parent_path(path: str) -> str:
    """The path of the node above; "" above the topmost."""
    return path[:-STEP]
