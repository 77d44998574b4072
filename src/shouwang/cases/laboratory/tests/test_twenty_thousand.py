"""A file of 20,000 rows: how long checking and writing take. Measured and printed, never asserted."""

from __future__ import annotations

import io
import time
from datetime import date, timedelta
from typing import Any

import pytest

from shouwang.cases.laboratory import actions
from shouwang.cases.laboratory.models import ReviewItem, Sample, SampleResult, Test
from shouwang.core import imports
from shouwang.core.bulk import insert_many, next_ids
from shouwang.core.files.sheets import SheetSpec, write_xlsx
from shouwang.org.models import Person
from shouwang.org.tests.cast import NOON, Cast

pytestmark = pytest.mark.bench
ROWS, UNKNOWN = 20_000, 200
LATER = NOON + timedelta(hours=8)


def sampled(cast: Cast, number: int) -> None:
    """So many people with a tube of their own each, at the laboratory."""
    from django.db import transaction

    home, purge = cast.org["CS2301"], date(2027, 1, 1)
    with transaction.atomic():
        people = list(next_ids(Person, number))
        columns = ("number", "name", "kind", "home", "home_path")
        insert_many(Person, columns, ((f"B{k:06d}", f"人{k}", "student", home.pk, home.path) for k in range(number)))
        tubes = list(next_ids(Sample, number))
        columns = ("barcode", "method", "disease", "taken_at", "purge_on")
        insert_many(Sample, columns, ((f"T{k:07d}", "pcr", "covid19", NOON, purge) for k in range(number)))
        fields = ("person", "sample", "purpose", "method", "disease", "state", "ordered_at", "taken_at", "purge_on")
        rows = zip(people, tubes, strict=True)
        insert_many(Test, fields, ((p, s, "mass", "pcr", "covid19", "taken", NOON, NOON, purge) for p, s in rows))


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_how_long_twenty_thousand_rows_take(cast: Cast, noon: Any, kind: str, capsys: Any) -> None:
    noon.move_to(LATER)
    sampled(cast, ROWS - UNKNOWN)
    header = ("条码", "学号", "检测结果", "CT值", "检测机构", "检测时间")
    rows = [
        (f"T{k:07d}", f"B{k:06d}", "阳性" if k % 500 == 0 else "阴性", "", "市疾控", "2026-03-02 18:00")
        for k in range(ROWS)
    ]
    if kind == "csv":
        content = "\n".join(",".join(row) for row in (header, *rows)).encode("gbk")
    else:
        out = io.BytesIO()
        write_xlsx(out, [SheetSpec("results", header, rows)])
        content = out.getvalue()
    he = cast.by("he")
    run = actions.upload_results(f"r.{kind}", [content], by=he, at=LATER)
    spans = []
    for _ in range(3):  # check, commit, and the same file again as far as the check
        start, busy = time.perf_counter(), time.process_time()
        imports.perform(run.pk, by=he, now=lambda: LATER)
        spans.append((time.perf_counter() - start, time.process_time() - busy))
        run.refresh_from_db()
        if run.state == "checked":
            imports.ask_commit(run, by=he, at=LATER)
    assert (run.state, run.counts["new"], run.counts["review"]) == ("done", ROWS - UNKNOWN, UNKNOWN)
    assert SampleResult.objects.count() == ROWS - UNKNOWN and ReviewItem.objects.count() == UNKNOWN
    with capsys.disabled():
        for word, (wall, processor) in zip(("checked", "written"), spans, strict=False):
            print(f"\n{kind}: {ROWS} rows {word} in {wall:.1f} s ({processor:.1f} s of processor time)", end="")
