"""The contact network of a whole campus over 14 days, against DuckDB, answers compared.

Ours: `contact_network` of everybody, warm, on mapped segments, with one thread a processor; its peak memory is that of
the whole process before DuckDB is loaded. The peer: one query that joins the visits of `--sample` people with all,
unites overlaps by pair, keeps those of at least `--min-seconds`; scaled from the sample to everybody, since the whole
query takes hours. `answers_equal`: every pair of the sample's people, with its seconds, is the same.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.common import finish, peak_mb, say
from bench.peers import DuckDB
from bench.synthetic import VISITS_PER_PERSON_DAY, campus
from bench.trace import store
from shouwang.epi.contacts import warm_up
from shouwang.epi.network import Network, contact_network, people_on_record

PAIRS = """
WITH own AS MATERIALIZED (
    SELECT person AS a, place, day, begun AS s, ended AS e FROM visits WHERE person IN (SELECT unnest($1))
), met AS (
    SELECT own.a, v.person AS b, greatest(v.begun, own.s) AS s, least(v.ended, own.e) AS e
    FROM own JOIN visits v ON v.place = own.place AND v.day = own.day AND v.begun < own.e AND v.ended > own.s
    WHERE v.person <> own.a
), marked AS (
    SELECT a, b, s, e, max(e) OVER (PARTITION BY a, b ORDER BY s, e
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reach FROM met
)
SELECT a, b, CAST(sum(greatest(0, e - greatest(s, coalesce(reach, s)))) AS bigint) AS seconds
FROM marked GROUP BY a, b HAVING seconds >= $2
"""


def pairs_of(network: Network, sample: set[int]) -> dict[tuple[int, int], int]:
    """(one of the sample, the other) → seconds."""
    wanted = np.isin(network.a, list(sample)) | np.isin(network.b, list(sample))
    found: dict[tuple[int, int], int] = {}
    rows = zip(network.a[wanted].tolist(), network.b[wanted].tolist(), network.seconds[wanted].tolist(), strict=True)
    for a, b, seconds in rows:
        found |= {(a, b): seconds} if a in sample else {}
        found |= {(b, a): seconds} if b in sample else {}
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the comparison; exit 1 if any answer differs."""
    parser = argparse.ArgumentParser(prog="bench.network", description=__doc__)
    parser.add_argument("--people", type=int, default=30_000)
    parser.add_argument("--min-seconds", type=int, default=4 * 3600, help="in 14 days (default 4 hours)")
    parser.add_argument("--sample", type=int, default=150, help="people DuckDB is asked for (default 150)")
    options = parser.parse_args(arguments)
    town = campus(int(options.people * 14 * VISITS_PER_PERSON_DAY / 1.03))
    low, high = int(town.boundaries[0]), int(town.boundaries[-1])
    with tempfile.TemporaryDirectory(prefix="bench-network-") as name:
        segments = store(town, Path(name))
        warm_up()
        people = people_on_record(segments)
        say(f"{len(town.start):,} visits of {len(people):,} people over {town.days} days")
        begin = time.perf_counter()
        network = contact_network(segments, people, low, high, min_seconds=options.min_seconds)
        seconds = time.perf_counter() - begin
        peak = peak_mb()
        say(f"shouwang: {len(network):,} pairs in {seconds:.1f} s, process at most {peak:,.0f} MB")
        sample = sorted(np.random.default_rng(9).choice(people, options.sample, replace=False).tolist())
        duck = DuckDB(town)
        begin = time.perf_counter()
        rows = duck.connection.execute(PAIRS, [sample, options.min_seconds]).fetchall()
        took = time.perf_counter() - begin
        scaled = took / len(sample) * len(people)
        say(f"DuckDB {duck.version}: {len(sample)} people in {took:.1f} s; everybody, scaled: {scaled:,.0f} s")
        equal = {(a, b): s for a, b, s in rows} == pairs_of(network, set(sample))
    ratio = {"duckdb": round(scaled / seconds, 1)}
    say(f"answers equal: {equal}; {ratio}")
    ours = {"seconds": round(seconds, 2), "pairs": len(network), "peak_mb": round(peak)}
    peer = {"seconds_scaled": round(scaled, 1), "seconds": round(took, 2), "people_measured": len(sample)}
    finish(
        "network", ours, {"duckdb": peer}, ratio, equal, people=len(people), visits=len(town.start),
        min_seconds=options.min_seconds, goal_ratio=10, goal_mb=4096,
    )  # fmt: skip


if __name__ == "__main__":
    main()
