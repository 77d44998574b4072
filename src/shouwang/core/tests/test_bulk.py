"""Many rows at once hold what was given: by parameters on SQLite, by arrays of text on PostgreSQL."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shouwang.core.bulk import among, create_many, insert_many, listed, one_row, save_many
from shouwang.core.models import AuditEntry

TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=30) | st.sampled_from(
    ["", "NULL", "null", '"', "\\", '\\"', "{}", "{a,b}", "a,b", " ", "\n", "%s", "'", "é", "守望"]
)
VALUE = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT
JSON: st.SearchStrategy[dict[str, Any] | None] = st.none() | st.dictionaries(TEXT, VALUE, max_size=4)
FIRST = datetime(1970, 1, 1, tzinfo=UTC)
MOMENT = st.timedeltas(timedelta(0), timedelta(days=80_000)).map(lambda since: FIRST + since)
DAY = st.dates(date(1900, 1, 1), date(2200, 1, 1))
ROW = st.tuples(MOMENT, st.none() | st.integers(0, 2**62), TEXT, TEXT, JSON, JSON, st.booleans(), DAY)
COLUMNS = ("at", "account", "label", "object", "old", "new", "is_read", "purge_on")


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROW, min_size=1, max_size=6))
def test_what_is_inserted_is_read_again(db: None, rows: list[tuple[Any, ...]]) -> None:
    AuditEntry.objects.all().delete()
    insert_many(AuditEntry, (*COLUMNS, "verb", "kind", "mouth"), [(*row, "a.b", "c", "web") for row in rows])
    assert list(AuditEntry.objects.order_by("pk").values_list(*COLUMNS)) == rows
    entries = list(AuditEntry.objects.order_by("pk"))
    for entry, row in zip(entries, reversed(rows), strict=True):
        for name, value in zip(COLUMNS, row, strict=True):
            setattr(entry, name, value)
    save_many(entries, COLUMNS)
    assert list(AuditEntry.objects.order_by("pk").values_list(*COLUMNS)) == rows[::-1]


@pytest.mark.django_db
def test_what_is_created_knows_its_key(db: None) -> None:
    rows = [
        AuditEntry(at=datetime(2026, 3, 2, tzinfo=UTC), verb=f"v.{k}", kind="k", purge_on=date(2030, 1, 1))
        for k in range(700)
    ]
    create_many(rows)
    assert dict(AuditEntry.objects.values_list("pk", "verb")) == {row.pk: row.verb for row in rows}
    create_many([])


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(TEXT, max_size=6, unique=True), asked=st.lists(TEXT, max_size=6))
def test_a_list_of_texts_names_those_and_no_others(db: None, texts: list[str], asked: list[str]) -> None:
    AuditEntry.objects.all().delete()
    columns = ("at", "label", "verb", "kind", "purge_on")
    at, day = datetime(2026, 3, 2, tzinfo=UTC), date(2030, 1, 1)
    insert_many(AuditEntry, columns, [(at, text, "v", "k", day) for text in texts])
    sql = f"SELECT count(*) FROM core_auditentry WHERE {among('label')}"
    assert one_row(sql, [listed(asked)]) == (len(set(texts) & set(asked)),)
