"""Traces and networks on Apache Spark: our kernel on partitions of a lake (`lake`, `partitions`), the same answers.

Spark reads the Parquet files, throws away what cannot matter, groups by day and bucket of places, and hands each group
to `partitions` as Arrow columns; the places of one bucket are together, so that no overlap is cut. What comes back is
united (trace) or summed (network) as `partitions` says.

Needs the extra `shouwang[spark]` and Java; on a cluster every executor's Python needs shouwang too. Nothing of Spark is
imported before it is asked for.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import numpy as np

from shouwang.epi import partitions
from shouwang.epi.columns import sealed
from shouwang.epi.contacts import TraceResult
from shouwang.epi.lake import NOBODY
from shouwang.epi.network import MOST_PAIRS, Network

JAVA = 17
"""The oldest Java that Spark 4 runs on."""

HOUR = 3600
"""What is on record twice is compared in stretches of so many seconds, so that no machine needs a whole day of it."""

DAY = 86_400
ROWS = "place int, person int, other int, start long, end long, source short"


class SparkUnavailable(RuntimeError):
    """Spark cannot be started here: `lacks` is "pyspark" or "java". The sentence says what to do about it."""

    REMEDY = {
        "pyspark": "install the optional part: pip install 'shouwang[spark]'",
        "java": f"install Java {JAVA} or newer (Debian: apt-get install openjdk-17-jre-headless), or set JAVA_HOME",
    }

    def __init__(self, lacks: Literal["pyspark", "java"]) -> None:
        super().__init__(f"Spark needs {lacks}: {self.REMEDY[lacks]}")
        self.lacks = lacks


def java_version() -> int | None:
    """The major version of the Java that Spark would start, of JAVA_HOME or the path; None if there is none."""
    home = os.environ.get("JAVA_HOME")
    program = str(Path(home, "bin", "java")) if home else shutil.which("java")
    if program is None:
        return None
    try:
        said = subprocess.run([program, "-version"], capture_output=True, text=True, timeout=60, check=True).stderr
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r'version "(?:1\.)?(\d+)', said)
    return int(found[1]) if found else None


def session(master: str = "local[*]", settings: Mapping[str, str] | None = None) -> Any:
    """The Spark session of this process, started if there is none yet; SparkUnavailable where that cannot be.

    `master` is Spark's address of the cluster: `local[*]` is this machine, `local-cluster[2,1,1024]` separate processes
    on it, `spark://host:7077`, `yarn`, `k8s://...` the others. `settings` are Spark's own.
    """
    try:
        builder = import_module("pyspark.sql").SparkSession.builder
        import_module("pandas")  # Spark asks for it where Arrow columns go to Python
    except ImportError as error:
        raise SparkUnavailable("pyspark") from error
    version = java_version()
    if version is None or version < JAVA:
        raise SparkUnavailable("java")
    chosen = {"spark.app.name": "shouwang", "spark.ui.showConsoleProgress": "false", "spark.log.level": "ERROR"}
    chosen["spark.io.encryption.enabled"] = "true"  # what it spills to disk says who was where
    if master.startswith("local"):
        chosen |= {"spark.driver.host": "127.0.0.1", "spark.ui.enabled": "false"}
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # the one that has shouwang; Spark's own is python3
    builder = builder.master(master)
    for name, value in {**chosen, **(settings or {})}.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def trace_many(
    spark: Any, root: Path | str, files: Sequence[Path | str], people: Sequence[int], low: int, high: int,
    *, buckets: int = 32,
) -> list[TraceResult]:  # fmt: skip
    """`contacts.trace` of each of `people` (a few hundred at most) in [low, high), from files of the lake at `root`.

    Two jobs: one scan finds the places these people were at and counts what the window holds, one reads those places
    and traces. Overlaps are the same ones; those of one person and start come in the order of end, place and sources.
    Raises ValueError for a window that does not end after it starts.
    """
    if high <= low:
        raise ValueError(f"window: the end ({high}) is not after the start ({low})")
    if not files:
        nothing = partitions.ENCOUNTERS.empty_table()
        return [partitions.gather(nothing, person, low, high, 0) for person in people]
    f = import_module("pyspark.sql.functions")
    cases = [int(person) for person in people]
    rows = _rows(spark, root, files, low, high)
    own = f.col("person").isin(cases) | f.col("other").isin(cases)
    found = rows.agg(f.count("*").alias("searched"), f.collect_set(f.when(own, f.col("place"))).alias("places")).first()
    places = sorted(set(found["places"]) - {NOBODY})
    needed = rows.where(f.when(f.col("other") == NOBODY, f.col("place").isin(places)).otherwise(own))

    def work(table: Any) -> Any:
        return partitions.encounters_in(table, cases, low, high)

    groups = needed.groupBy("day", _bucket(f, buckets))
    met = groups.applyInArrow(work, _as_ddl(partitions.ENCOUNTERS)).toArrow().cast(partitions.ENCOUNTERS)
    return [partitions.gather(met, case, low, high, found["searched"]) for case in cases]


def network_frame(
    spark: Any, root: Path | str, files: Sequence[Path | str], low: int, high: int,
    *, min_seconds: int = 1, buckets: int = 32, stretch: int = DAY,
) -> Any:  # fmt: skip
    """The network as a Spark DataFrame (a, b, seconds), unsorted: what is too large for one machine stays out there.

    `stretch` cuts the time of every place into partitions of so many seconds: a shorter one makes the partition of a
    dining hall smaller, and changes no answer.
    """
    if high <= low:
        raise ValueError(f"window: the end ({high}) is not after the start ({low})")
    if min_seconds < 1:
        raise ValueError(f"min_seconds: {min_seconds} is less than the shortest overlap, one second")
    f = import_module("pyspark.sql.functions")
    rows = _rows(spark, root, files, low, high)
    visits = rows.where(f.col("other") == NOBODY).withColumn("bucket", _bucket(f, buckets))
    pairs = rows.where(f.col("other") != NOBODY).withColumn("bucket", f.lit(NOBODY))
    seen = visits.withColumn("who", f.col("person"))
    seen = seen.unionByName(pairs.withColumn("who", f.explode(f.array("person", "other"))))

    def double(table: Any) -> Any:
        return partitions.doubled_in(table)

    by_person = seen.groupBy("day", f.pmod(f.xxhash64("who"), f.lit(buckets)).alias("part"))
    twice = by_person.applyInArrow(double, _as_ddl(partitions.PIECES))
    # A piece knows no day any more, and needs none: the window is one span of seconds.
    terms = [
        _cut(f, visits, partitions.WHOLE, stretch).drop("day"),
        _cut(f, twice, partitions.LESS, stretch),
        _cut(f, twice.unionByName(pairs.drop("day")).withColumn("bucket", f.lit(NOBODY)), partitions.AGAIN, HOUR),
    ]
    tasks = terms[0].unionByName(terms[1]).unionByName(terms[2])

    def work(key: tuple[Any, ...], table: Any) -> Any:
        return partitions.pairs_in(table, key[0].as_py(), low, high)

    signed = tasks.groupBy("term", "bucket", "part").applyInArrow(work, _as_ddl(partitions.PAIRS))
    sums = signed.groupBy("a", "b").agg(f.sum("seconds").alias("seconds"))
    return sums.where(f.col("seconds") >= min_seconds)


def contact_network(
    spark: Any, root: Path | str, files: Sequence[Path | str], low: int, high: int,
    *, min_seconds: int = 1, most_pairs: int = MOST_PAIRS, buckets: int = 32, stretch: int = DAY,
) -> Network:  # fmt: skip
    """`network.contact_network` of everybody on record, brought to this machine. ValueError as there."""
    if not files:
        empty = np.empty(0, np.int32)
        return Network(empty, empty, empty, low, high, min_seconds)
    frame = network_frame(spark, root, files, low, high, min_seconds=min_seconds, buckets=buckets, stretch=stretch)
    kept = frame.persist()
    try:
        if kept.count() > most_pairs:
            raise ValueError(
                f"most_pairs: more than {most_pairs:,} pairs; take a longer min_seconds than {min_seconds}"
            )
        table = kept.toArrow()
    finally:
        kept.unpersist()
    a, b, seconds = (table[name].to_numpy().astype(np.int32) for name in ("a", "b", "seconds"))
    order = np.lexsort((b, a))
    return Network(sealed(a[order]), sealed(b[order]), sealed(seconds[order]), low, high, min_seconds)


def _rows(spark: Any, root: Path | str, files: Sequence[Path | str], low: int, high: int) -> Any:
    """The records of these files that overlap [low, high), with their day."""
    f = import_module("pyspark.sql.functions")
    reader = spark.read.schema(f"{ROWS}, day string").option("basePath", str(root))
    return reader.parquet(*map(str, files)).where((f.col("start") < high) & (f.col("end") > low))


def _bucket(f: Any, buckets: int) -> Any:
    """In which group the places of a record are; a pair record, which has no place, goes by its person."""
    of = f.when(f.col("other") == NOBODY, f.col("place")).otherwise(f.col("person"))
    return f.pmod(f.xxhash64(of), f.lit(buckets)).cast("int").alias("bucket")


def _cut(f: Any, rows: Any, term: int, stretch: int) -> Any:
    """The rows cut at every `stretch` seconds of unix time, with the number of the stretch as `part`."""
    first, last = f.floor(f.col("start") / stretch), f.floor((f.col("end") - 1) / stretch)
    cut = rows.withColumn("part", f.explode(f.sequence(first, last)))
    start = f.greatest(f.col("start"), f.col("part") * stretch)
    end = f.least(f.col("end"), (f.col("part") + 1) * stretch)
    return cut.withColumns({"start": start, "end": end, "term": f.lit(term)})


def _as_ddl(schema: Any) -> str:
    """Spark's words for an Arrow schema of integers."""
    words = {"int16": "short", "int32": "int", "int64": "long"}
    return ", ".join(f"{field.name} {words[str(field.type)]}" for field in schema)
