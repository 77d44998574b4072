"""Sizes of the lists and who is behind the words, from the tallies: equal to a recount at the moment shown.

The tallies hold what the sweeper has caught up; what came since is added here without writing, as long as it is
little. Read together with a list in `core.snapshot.one_moment`, a count is the number of that list's rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection
from django.db.models import Count, Sum

from shouwang.checkins import rules
from shouwang.checkins.models import CheckIn, Counted, LatestCheckIn, Stirred, Tallied, Tally, TallyState
from shouwang.checkins.queries.figures import Counts
from shouwang.checkins.queries.lists import Scope, _parts
from shouwang.checkins.rules import State
from shouwang.core.tree import Range, Regions, covers, in_ranges, nodes_of, overlap, subtree
from shouwang.org.models import Person

OUTSTANDING = 2000  # people counted anew by a reader; more are left to the sweeper, seconds away
OVERLAP = 5000  # as in actions.tallies: ids that PostgreSQL may have given out before the watermark and shown after
WORD = ("day", "note", "source", "excused_until", "part")
Word = tuple[date, int | None, str, date | None, int]


@dataclass(frozen=True, slots=True)
class Board:
    """Numbers of a unit: `states` add up to `counts.roster`; the exceptions only of people whose answers one may see.
    In `counts`, heard is who was heard in the slot that is being asked. `counts.as_of` is the moment for which both
    hold."""

    counts: Counts
    states: Mapping[State, int]


def board_of(scope: Scope, on: rules.Todays, *, at: datetime) -> Board:
    """The board of a scope at `at`. At most ten queries, whatever the number of people, where all are asked alike;
    a few more for each institution that asks in its own way."""
    outstanding, as_of = _outstanding(at)
    words = _Words(outstanding)
    # What remains when one subtree is cut out of another is none itself; the difference of their words is.
    seen = words.by_region(scope.seen, on.regions)
    unseen = words.by_region(scope.everywhere, on.regions)
    for node in unseen:
        unseen[node].subtract(seen[node])
    for part in _parts(scope.singles):
        for pk, path, *word in LatestCheckIn.objects.filter(pk__in=part).values_list("pk", "home_path", *WORD):
            node = on.regions.node_of(path)
            if covers(scope.unseen, path):
                unseen[node][tuple(word)] -= 1
            (seen if scope.singles[pk] else unseen)[node][tuple(word)] += 1
    return _board(seen, unseen, on, as_of)


def _board(
    seen: Mapping[str, Counter[Word]], unseen: Mapping[str, Counter[Word]], on: rules.Todays, as_of: datetime
) -> Board:
    states = dict.fromkeys(State, 0)
    heard: Counter[str] = Counter()
    roster = ill = 0
    for regions, sees in ((seen, True), (unseen, False)):
        for node, words in regions.items():
            today = on.regions.nodes[node]
            for (day, note, source, until, part), n in words.items():
                known = rules.Known(day, note, until, part)
                states[rules.state_of(known, on=today, sees_answers=sees)] += n
                roster += n
                ill += n * (day >= today.day and rules.feels_ill(note))
                if rules.heard_now(known, today):
                    heard[source] += n
    who = CheckIn.Source
    counts = Counts(
        day=on.day,
        as_of=as_of,
        roster=roster,
        by_self=heard[who.SELF],
        by_proxy=heard[who.PROXY],
        by_clinic=heard[who.CLINIC],
        unknown=roster - heard.total(),
        symptomatic=ill,
    )
    return Board(counts, states)


@dataclass(frozen=True, slots=True)
class Outstanding:
    """People whose tallies are behind: (home_path, word) as counted, and as they stand."""

    counted: Mapping[int, tuple[str, Word]]
    standing: Mapping[int, tuple[str, Word]]


def _outstanding(at: datetime) -> tuple[Outstanding, datetime]:
    """What came after the tallies, and the moment for which a count then holds: `at`, or that of the last catch-up
    where too much is outstanding."""
    state = TallyState.objects.filter(pk=1).first()
    watermark = state.watermark if state else 0
    behind = OVERLAP if connection.vendor == "postgresql" else 0
    newer = CheckIn.objects.filter(pk__gt=watermark).order_by("pk").values_list("person_id", flat=True)
    ids = set(newer[: OUTSTANDING + 1])
    ids.update(Stirred.objects.order_by("pk").values_list("person", flat=True)[: OUTSTANDING + 1])
    if len(ids) > OUTSTANDING:
        return Outstanding({}, {}), (state.as_of if state and state.as_of else at)
    if behind and ids:
        late = CheckIn.objects.filter(pk__gt=watermark - behind, pk__lte=watermark).order_by("-pk")
        ids.update(late.values_list("person_id", flat=True)[:OUTSTANDING])
    counted = {
        row[0]: (row[1], row[2:]) for row in Counted.objects.filter(pk__in=ids).values_list("pk", "home_path", *WORD)
    }
    standing = {
        row[0]: (row[1], row[2:])
        for row in LatestCheckIn.objects.filter(pk__in=ids).values_list("pk", "home_path", *WORD)
    }
    return Outstanding(counted, standing), at


class _Words:
    """Counters of words by region; what is asked twice is counted once."""

    def __init__(self, outstanding: Outstanding) -> None:
        self.outstanding = outstanding
        self.known: dict[tuple[Range, ...], Counter[Word]] = {}

    def by_region(self, ranges: tuple[Range, ...], regions: Regions[rules.Today]) -> dict[str, Counter[Word]]:
        """Node of each region -> words of the people of `ranges` there."""
        whole = {node: self._of(overlap(ranges, [subtree(node)])) for node in regions.nodes}
        found = {}
        for node, words in whole.items():
            found[node] = Counter(words)
            for below in regions.below(node):
                found[node].subtract(whole[below])
        return found

    def _of(self, ranges: tuple[Range, ...]) -> Counter[Word]:
        if ranges not in self.known:
            self.known[ranges] = _words(ranges, self.outstanding) if ranges else Counter()
        return self.known[ranges]


def _words(ranges: tuple[Range, ...], outstanding: Outstanding) -> Counter[Word]:
    """People at home in `ranges` by their newest word. Large subtrees from their tallies, small ones one by one."""
    words: Counter[Word] = Counter()
    nodes = nodes_of(ranges)
    tallied = set(Tallied.objects.filter(path__in=nodes).values_list("path", flat=True)) if nodes else set()
    if tallied:
        rows = Tally.objects.filter(path__in=tallied).order_by().values_list(*WORD).annotate(n=Sum("people"))
        words.update({row[:-1]: row[-1] for row in rows})
    large = tuple(subtree(node) for node in tallied)
    for side, sign in ((outstanding.counted, -1), (outstanding.standing, 1)):
        for path, word in side.values():
            if covers(large, path):
                words[word] += sign
    small = tuple(subtree(node) for node in nodes if node not in tallied)
    if small:
        people = Person.objects.filter(in_ranges("home_path", small)).order_by().values("pk")
        counted = LatestCheckIn.objects.filter(pk__in=people).order_by().values_list(*WORD).annotate(n=Count("pk"))
        words.update({row[:-1]: row[-1] for row in counted})
    return words
