"""Whether a trace stays as quick when the city grows: one case and a thousand at once at 7, 30 and 100 million visits.

Campuses of one kind and growing size, 14 days, segments mapped, warm. A case is a person drawn without looking at their
visits. The peer is DuckDB on the same visits, at the sizes it is asked for (`--peer-up-to`); `answers_equal`: of five
cases a size the same people and seconds; and a thousand at once are the same as one by one.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from bench.common import finish, measure, quantile, say, summary
from bench.peers import DuckDB
from bench.synthetic import campus
from bench.trace import store
from shouwang.epi.contacts import trace, warm_up
from shouwang.epi.rings import trace_many

SINGLE, REPEAT, TOGETHER, COMPARED = 40, 5, 1000, 5


def one_size(visits: int, *, with_peer: bool) -> tuple[dict[str, Any], dict[str, Any], bool]:
    """Figures of ours and of the peer at one size, and whether the answers are equal."""
    town = campus(visits)
    low, high = int(town.boundaries[0]), int(town.boundaries[-1])
    drawn = np.random.default_rng(9).choice(town.people, TOGETHER, replace=False).tolist()
    with tempfile.TemporaryDirectory(prefix="bench-scale-") as name:
        begin = time.perf_counter()
        segments = store(town, Path(name))
        stored = time.perf_counter() - begin
        for person in drawn[:SINGLE]:
            trace(segments, person, low, high)
        times: list[float] = []
        for person in drawn[:SINGLE]:
            times += measure(partial(trace, segments, person, low, high), REPEAT)
        begin = time.perf_counter()
        together = trace_many(segments, drawn, [low] * TOGETHER, [high] * TOGETHER)
        thousand = time.perf_counter() - begin
        equal = True
        for person, result in list(zip(drawn, together, strict=True))[:COMPARED]:
            alone = trace(segments, person, low, high).contacts
            equal = equal and alone.seconds.tolist() == result.contacts.seconds.tolist()
        ours = {**summary(times), "thousand_s": round(thousand, 2), "built_per_s": round(len(town.start) / stored)}
        say(f"{len(town.start):>12,}{town.people:>10,}{ours['p50_ms']:>10.2f}{ours['p95_ms']:>10.2f}"
            f"{thousand:>14.2f}{ours['built_per_s']:>14,}")  # fmt: skip
        peer: dict[str, Any] = {}
        if with_peer:
            duck = DuckDB(town)
            asked: list[float] = []
            for person, result in list(zip(drawn, together, strict=True))[:COMPARED]:
                asked += measure(partial(duck.ask, person, low, high), 3)
                found = result.contacts
                mine = dict(zip(found.person.tolist(), found.seconds.tolist(), strict=True))
                equal = equal and mine == duck.answer(person, low, high)
            duck.connection.close()
            peer = {"p50_ms": round(quantile(asked, 0.5), 2), "calls": len(asked)}
            say(f"{'DuckDB':>12}{'':>10}{peer['p50_ms']:>10.2f}")
    return {**ours, "visits": len(town.start), "people": town.people}, peer, equal


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure each size; exit 1 if any answer differs."""
    parser = argparse.ArgumentParser(prog="bench.scale", description=__doc__)
    parser.add_argument("--millions", type=int, nargs="+", default=[7, 30, 100])
    parser.add_argument("--peer-up-to", type=int, default=30, help="millions of visits (default 30)")
    options = parser.parse_args(arguments)
    warm_up()
    say(f"{'visits':>12}{'people':>10}{'p50 ms':>10}{'p95 ms':>10}{'1,000 cases s':>14}{'built a s':>14}")
    ours, peers, ratio, equal = {}, {}, {}, True
    for millions in options.millions:
        size = f"{millions}M"
        ours[size], peer, same = one_size(millions * 1_000_000, with_peer=millions <= options.peer_up_to)
        equal = equal and same
        if peer:
            peers[f"duckdb {size}"] = peer
            ratio[f"duckdb {size}"] = round(peer["p50_ms"] / ours[size]["p50_ms"], 1)
    goals = {"p95_ms_at_100M": 5, "thousand_s_at_30M": 2, "ratio": 100, "built_per_s": 2_000_000}
    finish("scale", ours, peers, ratio, equal, goals=goals)


if __name__ == "__main__":
    main()
