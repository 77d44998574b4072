"""Many rows at once without a model instance for each: what `bulk_create` and `bulk_update` do, ten times faster.

For set-based actions only, inside their transaction. Constraints hold as ever (IntegrityError); `save` methods and
signals, which this project does not use, are not called.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from itertools import islice
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import AutoField, Field, ForeignKey, Model

T = TypeVar("T")
# Python values of these columns are what both databases take as they are.
PLAIN = frozenset(
    {
        "AutoField",
        "BigAutoField",
        "BigIntegerField",
        "BooleanField",
        "CharField",
        "ForeignKey",
        "IntegerField",
        "OneToOneField",
        "PositiveIntegerField",
        "PositiveSmallIntegerField",
        "SmallIntegerField",
        "TextField",
    }
)

NUMBERS = frozenset(
    {
        "AutoField",
        "BigAutoField",
        "BigIntegerField",
        "IntegerField",
        "PositiveBigIntegerField",
        "PositiveIntegerField",
        "PositiveSmallIntegerField",
        "SmallIntegerField",
    }
)
REPEATED = frozenset({"DateField", "DateTimeField", "DecimalField"})
ROWS_A_STATEMENT = 5000  # rows sent as arrays at once: a few megabytes
ROWS_A_BATCH = 1000
MOST_ROWS = 128  # of one INSERT on SQLite


def insert_many(model: type[Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """INSERT rows whose values stand in the order of `columns` (field names; of a foreign key, the key).

    Columns that are not named get the model's default. ValueError for a column that has none and may not be empty.
    """
    _write(_insertion(model, tuple(columns), (), (), connections[DEFAULT_DB_ALIAS]), rows)


def upsert_many(
    model: type[Model],
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    key: Sequence[str],
    update: Sequence[str],
) -> None:
    """As `insert_many`; where a row with the same `key` columns stands already, its `update` columns are overwritten.

    Rows must differ in `key` among themselves.
    """
    _write(_insertion(model, tuple(columns), tuple(key), tuple(update), connections[DEFAULT_DB_ALIAS]), rows)


def batches(rows: Sequence[T], size: int = ROWS_A_BATCH) -> Iterator[Sequence[T]]:
    """Parts of `rows` that one statement can name by key on both databases."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def create_many(rows: Sequence[Model]) -> None:
    """INSERT unsaved instances of one model and give each its key, in a number of statements that does not depend on
    how many there are: `bulk_create` on SQLite takes one for every thousand values. As `next_ids` otherwise."""
    if not rows:
        return
    model = type(rows[0])
    for row, number in zip(rows, next_ids(model, len(rows)), strict=True):
        row.pk = number
    fields = [field for field in model._meta.concrete_fields if not field.generated]
    insert_many(model, [f.name for f in fields], ([getattr(row, f.attname) for f in fields] for row in rows))
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


def save_many(rows: Sequence[Model], columns: Sequence[str]) -> None:
    """UPDATE these columns (field names) of stored instances of one model."""
    if rows:
        names = [_field(type(rows[0]), name).attname for name in columns]
        update_many(type(rows[0]), columns, [(*(getattr(row, name) for name in names), row.pk) for row in rows])


def next_ids(model: type[Model], number: int) -> range | list[int]:
    """`number` primary keys that nobody else gets, for rows whose key must be known before they are written.

    Inside a transaction that is already writing: SQLite then has no other writer, and the highest key ever given is
    kept in `sqlite_sequence`, so that a purged row's key never comes back.
    """
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
            row = cursor.fetchone()
            first = (row[0] if row else 0) + 1
            return range(first, first + number)
    given = one_row(
        "SELECT string_agg(nextval(%s::regclass)::text, ',') FROM generate_series(1, %s::int)",
        [_sequence(table, connection.alias), str(number)],
    )
    return [int(one) for one in str(given[0]).split(",")] if number else []


@cache
def _sequence(table: str, alias: str) -> str:
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [table])
        return str(cursor.fetchone()[0])


def one_row(sql: str, parameters: Sequence[str] = ()) -> tuple[Any, ...]:
    """The one row of a statement whose parameters are texts. On PostgreSQL it stays prepared where the connection
    allows it (`committer.ready`), and nothing is written into its text: the driver would take longer for that than the
    server for the statement. Empty where it returns nothing."""
    database = connections[DEFAULT_DB_ALIAS]  # the connection itself: the proxy looks it up for each word
    if database.vendor != "postgresql":
        with database.cursor() as cursor:
            cursor.execute(sql, parameters)
            return tuple(cursor.fetchone() or ())
    from psycopg import Cursor

    database.ensure_connection()
    database.validate_no_broken_transaction()
    with database.wrap_database_errors, Cursor(database.connection) as cursor:
        cursor.execute(sql.encode(), parameters, prepare=True)
        return tuple(cursor.fetchone() or ()) if cursor.description else ()


def rows_as_json(columns: str, question: str) -> str:
    """SQL of a scalar: all rows of ``columns`` as one JSON array of arrays, NULL or an empty one where there are none.

    Drivers make an object of every value by a call of its own, and SQLite's gives up the interpreter's lock at every
    row. Columns that hold JSON come as text from SQLite: name them with a cast to text for PostgreSQL.
    """
    if connection.vendor == "sqlite":
        return f"(SELECT json_group_array(json_array({columns})){question})"
    return f"(SELECT json_agg(json_build_array({columns}))::text{question})"


def among(column: str) -> str:
    """SQL of "column is one of the parameter", whose text does not depend on how many there are; see `listed`."""
    if connection.vendor == "sqlite":
        return f"{column} IN (SELECT value FROM json_each(%s))"  # noqa: S608 (own names)
    return f"{column} = ANY(%s)"


def listed(values: Sequence[int] | Sequence[str]) -> str:
    """The parameter of `among`."""
    if connection.vendor == "sqlite":
        return json.dumps(list(values))
    return array_text([quoted(value) if isinstance(value, str) else str(value) for value in values])


def array_text(elements: Sequence[str]) -> str:
    """A PostgreSQL array as text."""
    return f"{{{','.join(elements)}}}"


def quoted(text: str) -> str:
    """A text as an element of `array_text`."""
    if "\\" in text or '"' in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


@dataclass(frozen=True, slots=True, eq=False)
class _Insertion:
    """One prepared way to write rows: `by_column` sends one array a column (PostgreSQL), else many rows of `width`
    values stand in one statement."""

    head: str
    values: str
    foot: str
    prepare: Callable[[Sequence[Any]], Sequence[Any]]
    tail: tuple[Any, ...]
    width: int
    by_column: bool

    @property
    def sql(self) -> str:
        return f"{self.head} {self.values}{self.foot}"


@lru_cache(maxsize=128)
def _insertion(
    model: type[Model], columns: tuple[str, ...], key: tuple[str, ...], update: tuple[str, ...], database: Any
) -> _Insertion:
    fields = [_field(model, name) for name in columns]
    named = {field.name for field in fields}
    rest = [
        field
        for field in model._meta.concrete_fields
        if field.name not in named and not isinstance(field, AutoField) and not field.generated
    ]
    if lacking := [f.name for f in rest if not f.has_default() and not f.null and not f.empty_strings_allowed]:
        raise ValueError(f"{model.__name__}: no value for {', '.join(lacking)}")
    by_column = database.vendor == "postgresql"
    writer = _element if by_column else _writer
    tail = tuple(writer(field)(field.get_default()) for field in rest)
    names = ", ".join(_column(field) for field in (*fields, *rest))
    if by_column:
        # Without their lengths: an explicit cast to varchar(n) cuts off what is too long instead of refusing it.
        types = [re.sub(r"\(.*\)", "", field.rel_db_type(database) or "") for field in (*fields, *rest)]
        arrays = ", ".join(f"%s::{kind}[]" for kind in types)
        values = f"SELECT * FROM unnest({arrays})"  # noqa: S608 (own names)
    else:
        values = f"({', '.join(['?'] * (len(fields) + len(rest)))})"
    head = f"INSERT INTO {connection.ops.quote_name(model._meta.db_table)} ({names})"
    foot = ""
    if key:
        sets = ", ".join(f"{_column(f)} = excluded.{_column(f)}" for f in (_field(model, name) for name in update))
        foot = f" ON CONFLICT ({', '.join(_column(_field(model, name)) for name in key)}) DO UPDATE SET {sets}"
    prepare = _element_writer(fields) if by_column else _row_writer(fields)
    return _Insertion(head, values, foot, prepare, tail, len(fields) + len(rest), by_column)


def _write(way: _Insertion, rows: Iterable[Sequence[Any]]) -> None:
    coming = iter(rows)
    # Slice by slice: a city's rows do not stand in memory at once.
    while values := [(*way.prepare(row), *way.tail) for row in islice(coming, ROWS_A_STATEMENT)]:
        if way.by_column:
            one_row(way.sql, [array_text(column) for column in zip(*values, strict=True)])
        else:
            _write_rows(way, values)


def _write_rows(way: _Insertion, values: Sequence[Sequence[Any]]) -> None:
    """Many rows a statement: SQLite's driver gives up the interpreter's lock at every step of a statement and waits to
    have it back, which costs more than the row while another thread is busy. Sizes are powers of two, so that few
    texts have to be prepared and the driver keeps them."""
    django = connections[DEFAULT_DB_ALIAS]
    django.ensure_connection()
    django.validate_no_broken_transaction()
    database = django.connection
    most = min(MOST_ROWS, database.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER) // way.width)
    start = 0
    with django.wrap_database_errors:
        while left := len(values) - start:
            size = 1 << (min(left, most).bit_length() - 1)
            database.execute(_statement(way, size), [v for row in values[start : start + size] for v in row])
            start += size


@lru_cache(maxsize=512)
def _statement(way: _Insertion, rows: int) -> str:
    return f"{way.head} VALUES {', '.join([way.values] * rows)}{way.foot}"


def update_many(model: type[Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """UPDATE rows by primary key; each of `rows` is the values of `columns` and then the key."""
    fields = [_field(model, name) for name in columns]
    quote = connection.ops.quote_name
    sets = ", ".join(f"{_column(field)} = %s" for field in fields)
    key = _column(model._meta.pk)
    prepare = _row_writer(fields)
    values = [(*prepare(row[:-1]), row[-1]) for row in rows]
    if values:
        sql = f"UPDATE {quote(model._meta.db_table)} SET {sets} WHERE {key} = %s"  # noqa: S608 (own names)
        with connection.cursor() as cursor:
            cursor.executemany(sql, values)


def _field(model: type[Model], name: str) -> Field[Any, Any]:
    field = model._meta.get_field(name)
    if not isinstance(field, Field):
        raise ValueError(f"{model.__name__}.{name} is no column")
    return field


def _column(field: Field[Any, Any]) -> str:
    if not field.column:
        raise ValueError(f"{field.name} is no column")
    return connection.ops.quote_name(field.column)


def _writer(field: Field[Any, Any]) -> Callable[[Any], Any]:
    kind = field.get_internal_type()
    if kind in PLAIN:
        return lambda value: value
    database = connections[DEFAULT_DB_ALIAS]  # the connection itself: the proxy costs a look-up for each value

    def write(value: Any) -> Any:
        return field.get_db_prep_save(value, database)

    if kind == "JSONField" and database.vendor == "sqlite":
        nothing, none = write([]), write({})
        return lambda value: (
            write(value) if value else nothing if value == [] else none if value == {} else write(value)
        )
    # The same day or moment stands in every row of a set-based action.
    return lru_cache(maxsize=4096)(write) if kind in REPEATED else write


def _element(field: Field[Any, Any]) -> Callable[[Any], str]:
    """A function from a Python value of this column to an element of `array_text`."""
    kind = field.get_internal_type()
    if isinstance(field, ForeignKey):
        kind = field.target_field.get_internal_type()
    if kind in NUMBERS:
        return lambda value: "NULL" if value is None else str(int(value))
    if kind == "BooleanField":
        return lambda value: "NULL" if value is None else "t" if value else "f"
    if kind in ("CharField", "TextField"):
        return lambda value: "NULL" if value is None else quoted(str(value))
    if kind == "JSONField":
        encoder = getattr(field, "encoder", None)
        plain = {"[]": '"[]"', "{}": '"{}"'}

        def of_json(value: Any) -> str:
            if value is None:
                return "NULL"
            text = json.dumps(value, cls=encoder) if value else repr(value)
            return plain.get(text) or quoted(json.dumps(value, cls=encoder))

        return of_json
    if kind == "BinaryField":
        raise ValueError(f"{field.name}: bytes are not written many at once")
    database = connections[DEFAULT_DB_ALIAS]

    def write(value: Any) -> str:
        value = field.get_db_prep_save(value, database)
        return "NULL" if value is None else quoted(value.isoformat() if isinstance(value, date) else str(value))

    return lru_cache(maxsize=4096)(write) if kind in REPEATED else write


def _element_writer(fields: Sequence[Field[Any, Any]]) -> Callable[[Sequence[Any]], Sequence[Any]]:
    writers = [_element(field) for field in fields]
    return lambda row: [write(value) for write, value in zip(writers, row, strict=True)]


def _row_writer(fields: Sequence[Field[Any, Any]]) -> Callable[[Sequence[Any]], Sequence[Any]]:
    """A function from Python values to what the database driver takes; only columns that need it are converted."""
    special = [(k, _writer(field)) for k, field in enumerate(fields) if field.get_internal_type() not in PLAIN]

    def prepare(row: Sequence[Any]) -> Sequence[Any]:
        out = list(row)
        for k, write in special:
            out[k] = write(out[k])
        return out

    return prepare
