"""Spark on this machine against the embedded engine: the same visits, the same questions, every answer compared.

On one machine Spark must lose: it starts a Java, reads Parquet, and moves rows between processes. What is measured is
what that costs, how many bytes a visit takes in the lake, and how much lies in the busiest place; the figures stand in
docs/beyond-one-machine.md. Ours is the embedded engine; the peer is `local[*]`, warm. `answers_equal`: every contact of
every case with its seconds, and every pair of the network.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from pyarrow import parquet

from bench.common import finish, say
from bench.synthetic import Campus, campus
from bench.trace import cases_of, store
from shouwang.epi import spark
from shouwang.epi.contacts import Segment, TraceResult, trace, warm_up
from shouwang.epi.lake import segment_of, write_day
from shouwang.epi.network import Network, contact_network, people_on_record
from shouwang.epi.segments import build_visit_segment

FIRST = date(2026, 3, 2)
COUNTRY = 300_000_000
AGAIN = 8
"""How often the lake is scanned for somebody who is not in it, to measure reading rather than starting."""


def seconds_of(ask: Callable[[], Any]) -> tuple[float, Any]:
    """Wall-clock seconds of one call, and its answer."""
    begin = time.perf_counter()
    answer = ask()
    return time.perf_counter() - begin, answer


def same(ours: Sequence[TraceResult], theirs: Sequence[TraceResult]) -> bool:
    return all(
        np.array_equal(one.contacts.person, other.contacts.person)
        and np.array_equal(one.contacts.seconds, other.contacts.seconds)
        and one.visits_searched == other.visits_searched
        for one, other in zip(ours, theirs, strict=True)
    )


def same_pairs(ours: Network, theirs: Network) -> bool:
    columns = ((ours.a, theirs.a), (ours.b, theirs.b), (ours.seconds, theirs.seconds))
    return all(np.array_equal(one, other) for one, other in columns)


def busiest(town: Campus) -> dict[str, Any]:
    """The busiest place of the first Monday, and its share of the day's visits."""
    day = town.place[(town.start >= town.boundaries[0]) & (town.start < town.boundaries[1])]
    visits = np.bincount(day)
    return {
        "visits_a_day": len(day),
        "busiest_place": int(visits.max()),
        "share": round(float(visits.max() / len(day)), 4),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the comparison; exit 1 if any answer differs."""
    parser = argparse.ArgumentParser(prog="bench.spark", description=__doc__)
    parser.add_argument("--visits", type=int, default=7_000_000, help="for traces (default 7,000,000)")
    parser.add_argument("--network-visits", type=int, default=400_000, help="for the network (default 400,000)")
    parser.add_argument("--min-seconds", type=int, default=4 * 3600, help="of a pair (default 4 hours)")
    options = parser.parse_args(arguments)
    warm_up()
    started, session = seconds_of(partial(spark.session, "local[*]", {"spark.driver.memory": "4g"}))
    ours: dict[str, Any] = {}
    peer: dict[str, Any] = {"start_s": round(started, 1)}
    with tempfile.TemporaryDirectory(prefix="bench-spark-") as name:
        equal, sizes = traces(session, campus(options.visits), Path(name) / "t", ours, peer)
        town = campus(options.network_visits)
        equal = networks(session, town, Path(name) / "n", options.min_seconds, ours, peer) and equal
    session.stop()
    ratio = {
        "spark": round(peer["trace_s"] / ours["trace_s"], 1),
        "spark_network": round(peer["network_s"] / ours["network_s"], 1),
    }
    say(f"answers equal: {equal}; Spark on one machine takes {ratio} times as long")
    finish("spark", ours, {"spark": peer}, ratio, equal, **sizes, network_people=town.people, pairs=ours["pairs"])


def lake_of(town: Campus, folder: Path) -> tuple[Any, list[Path], float]:
    """Segments of the town, its lake below `folder`, and the seconds that writing the lake took."""
    folder.mkdir()
    segments, edges = store(town, folder), town.boundaries.tolist()
    begin = time.perf_counter()
    files = [
        write_day(folder / "lake", FIRST + timedelta(days=number), [day], (edges[number], edges[number + 1]))
        for number, day in enumerate(segments)
    ]
    return segments, files, time.perf_counter() - begin


def traces(
    session: Any, town: Campus, folder: Path, ours: dict[str, Any], peer: dict[str, Any]
) -> tuple[bool, dict[str, Any]]:
    """Nine ordinary cases and a dining-hall worker, one after another and all at once."""
    low, high = int(town.boundaries[0]), int(town.boundaries[-1])
    segments, files, wrote = lake_of(town, folder)
    root, cases = folder / "lake", cases_of(town, 9)
    bytes_ = sum(file.stat().st_size for file in files) / len(town.start)
    wide = spread(segments[0], folder).stat().st_size / len(segments[0][0])
    opened = sum(file.stat().st_size for file in folder.glob("*.arrow")) / len(town.start)
    say(f"{len(town.start):,} visits of {town.people:,} people; lake {bytes_:.2f} bytes a visit, {wide:.2f} with ids "
        f"of a country, segments {opened:.1f}; written at {len(town.start) / wrote:,.0f} visits a second")  # fmt: skip
    whole = parquet.read_table(files[0], partitioning=None)
    took, _ = seconds_of(partial(segment_of, whole))
    spark.trace_many(session, root, files, cases[:1], low, high)  # loads the kernel in Spark's Pythons
    for person in cases:
        _with_evidence(segments, person, low, high)
    alone = [seconds_of(partial(_with_evidence, segments, person, low, high))[0] for person in cases]
    one = [seconds_of(partial(spark.trace_many, session, root, files, [who], low, high))[0] for who in cases]
    together, found = seconds_of(partial(spark.trace_many, session, root, files, cases, low, high))
    scanned, _ = seconds_of(partial(spark.trace_many, session, root, files * AGAIN, [town.people + 1], low, high))
    ours |= {"trace_s": round(float(np.median(alone)), 5), "indexed_per_s": round(len(whole) / took)}
    peer |= {
        "trace_s": round(float(np.median(one)), 2),
        "worker_s": round(one[-1], 2),
        "ten_cases_s": round(together, 2),
    }
    peer |= {"scanned_per_s": round(AGAIN * len(town.start) / scanned)}
    say(f"trace with evidence: embedded {ours['trace_s'] * 1000:.2f} ms, Spark {peer['trace_s']} s; ten at once "
        f"{together:.2f} s; scanned {peer['scanned_per_s']:,} visits a second")  # fmt: skip
    sizes = {
        "visits": len(town.start), "people": town.people, "lake_bytes_a_visit": round(bytes_, 2),
        "lake_bytes_wide_ids": round(wide, 2), "segment_bytes_a_visit": round(opened, 1),
        "written_per_s": round(len(town.start) / wrote), **busiest(town),
    }  # fmt: skip
    return same([trace(segments, person, low, high) for person in cases], found), sizes


def _with_evidence(segments: Sequence[Segment], person: int, low: int, high: int) -> object:
    return trace(segments, person, low, high).encounters


def spread(day: Segment, folder: Path) -> Path:
    """The day under ids drawn from those of a country, which take more bits."""
    visits, pairs = day
    rng = np.random.default_rng(4)
    person = rng.choice(COUNTRY, int(visits.person.max()) + 1, replace=False).astype(np.int32)
    place = np.sort(rng.choice(COUNTRY, int(visits.place.max()) + 1, replace=False)).astype(np.int32)
    renamed = build_visit_segment(place[visits.place], visits.start, visits.end, person[visits.person], visits.source)
    edges = int(visits.start.min()), int(visits.end.max())
    return write_day(folder / "wide", FIRST, [(renamed, pairs)], edges)


def networks(session: Any, town: Campus, folder: Path, least: int, ours: dict[str, Any], peer: dict[str, Any]) -> bool:
    """Every pair of a smaller campus."""
    low, high = int(town.boundaries[0]), int(town.boundaries[-1])
    segments, files, _wrote = lake_of(town, folder)
    people = people_on_record(segments)
    took, embedded = seconds_of(partial(contact_network, segments, people, low, high, min_seconds=least))
    ours |= {"network_s": round(took, 2), "pairs": len(embedded)}
    took, asked = seconds_of(
        partial(spark.contact_network, session, folder / "lake", files, low, high, min_seconds=least)
    )
    peer |= {"network_s": round(took, 2)}
    say(f"network of {len(people):,}: {len(embedded):,} pairs; embedded {ours['network_s']} s, Spark {took:.1f} s")
    return same_pairs(embedded, asked)


if __name__ == "__main__":
    main()
