"""One case over 14 days against DuckDB and PostgreSQL, on the same visits of an invented campus, answers compared.

What is timed, warm, end to end: ours is the whole call of `trace` (encounters, union seconds, first and last) on
mapped segment files; the peers' is the query that returns each contact's union seconds, fetched by their quickest
client path. Not timed: loading, indexing, preparing, and starting any program.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from bench.common import finish, measure, quantile, say, summary
from bench.peers import DuckDB, postgresql
from bench.synthetic import Campus, campus
from shouwang.epi.contacts import Segment, TraceResult, trace, warm_up
from shouwang.epi.segments import build_pair_segment, build_visit_segment, read_segment, split_by_day, write_segment


def store(town: Campus, folder: Path) -> list[Segment]:
    """Write one segment a day and map them again."""
    none: list[int] = []
    no_pairs = build_pair_segment(none, none, none, none, none)
    days = split_by_day(town.start, town.end, town.place, town.person, town.source, boundaries=town.boundaries)
    paths = []
    for number, (start, end, place, person, source) in enumerate(days):
        paths.append(folder / f"day-{number:02d}.arrow")
        write_segment(paths[-1], build_visit_segment(place, start, end, person, source), no_pairs)
    return [read_segment(path) for path in paths]


def cases_of(town: Campus, number: int) -> list[int]:
    """`number` people drawn without looking at their visits, and last the dining-hall worker."""
    drawn = np.random.default_rng(9).choice(town.people, number, replace=False)
    return [int(person) for person in drawn if person != town.keeper] + [town.keeper]


class Times:
    """Times of one contender, ordinary cases apart from the hardest."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.ordinary: list[float] = []
        self.hardest: list[float] = []

    def take(self, ask: Callable[[], object], repeat: int, hardest: bool) -> None:
        """Ask once unmeasured, then `repeat` times."""
        ask()
        (self.hardest if hardest else self.ordinary).extend(measure(ask, repeat))

    def report(self) -> dict[str, float]:
        """The summary; one line of the table."""
        found = {**summary(self.ordinary), "hardest_p50_ms": round(quantile(self.hardest, 0.5), 4)}
        say(f"{self.label:<28}{found['p50_ms']:>12.3f}{found['p95_ms']:>12.3f}{found['hardest_p50_ms']:>16.3f}")
        return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the comparison; exit 1 if any answer differs."""
    parser = argparse.ArgumentParser(prog="bench.trace", description=__doc__)
    parser.add_argument("--visits", type=int, default=7_000_000, help="least number of visits (default 7,000,000)")
    parser.add_argument("--cases", type=int, default=9, help="ordinary cases (default 9)")
    parser.add_argument("--repeat", type=int, default=30, help="our calls a case (default 30; the peers get a sixth)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bench-trace-") as name:
        compare(Path(name), options.visits, options.cases, options.repeat)


def compare(folder: Path, visits: int, number: int, repeat: int) -> None:
    """Load the three stores, ask each every case, compare every answer, print and exit.

    Case by case the three are asked one after another, so that a machine that is slower for a while is so for all.
    """
    town = campus(visits)
    low, high = int(town.boundaries[0]), int(town.boundaries[-1])
    cases = cases_of(town, number)
    say(f"{len(town.start):,} visits of {town.people:,} people at {town.places:,} places over {town.days} days")
    begin = time.perf_counter()
    segments = store(town, folder)
    stored = time.perf_counter() - begin
    warm_up()
    say(f"segments written and mapped in {stored:.1f} s; {len(cases) - 1} ordinary cases and one dining-hall worker\n")
    duck, equal, calls = DuckDB(town), True, max(3, repeat // 6)
    with postgresql(folder / "postgresql", town) as post:
        times = [Times("shouwang"), Times("  with every encounter")]
        times += [Times(f"DuckDB {duck.version}"), Times(f"PostgreSQL {post.version}")]
        for person in cases:
            hardest = person == town.keeper
            times[0].take(lambda who=person: trace(segments, who, low, high), repeat, hardest)  # type: ignore[misc]
            times[1].take(lambda who=person: trace(segments, who, low, high).encounters, calls, hardest)  # type: ignore[misc]
            times[2].take(lambda who=person: duck.ask(who, low, high), calls, hardest)  # type: ignore[misc]
            times[3].take(lambda who=person: post.ask(who, low, high), calls, hardest)  # type: ignore[misc]
            found = trace(segments, person, low, high).contacts
            ours = dict(zip(found.person.tolist(), found.seconds.tolist(), strict=True))
            equal = equal and ours == duck.answer(person, low, high) == post.answer(person, low, high)
    duck.connection.close()
    say(f"{'':<28}{'p50 ms':>12}{'p95 ms':>12}{'worker p50 ms':>16}")
    mine, full, *others = [one.report() for one in times]
    peers = dict(zip(("duckdb", "postgresql"), others, strict=True))
    ratio = {peer: round(its["p50_ms"] / mine["p50_ms"], 1) for peer, its in peers.items()}
    ratio_hardest = {peer: round(its["hardest_p50_ms"] / mine["hardest_p50_ms"], 1) for peer, its in peers.items()}
    say(f"\nanswers equal: {equal}; ours is faster by {ratio} (worker: {ratio_hardest})")
    results = [trace(segments, person, low, high) for person in cases]
    finish(
        "trace", {**mine, "with_encounters_p50_ms": full["p50_ms"]}, peers, ratio, equal,
        ratio_hardest=ratio_hardest, **_sizes(town, results), store_s=round(stored, 2),
    )  # fmt: skip


def _sizes(town: Campus, results: Sequence[TraceResult]) -> dict[str, int]:
    """How much was searched, read and found; the last result is the worker's."""
    ordinary = results[:-1]
    return {
        "visits": len(town.start), "people": town.people, "places": town.places, "cases": len(results),
        "visits_searched": ordinary[0].visits_searched,
        "examined_p50": int(np.median([found.visits_examined for found in ordinary])),
        "encounters_p50": int(np.median([len(found.encounters) for found in ordinary])),
        "contacts_p50": int(np.median([len(found.contacts) for found in ordinary])),
        "hardest_encounters": len(results[-1].encounters),
    }  # fmt: skip


if __name__ == "__main__":
    main()
