"""Files for research: nobody stands out, nothing joins, what is left out is said."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from itertools import product
from typing import Any

import numpy as np
import openpyxl
import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from shouwang.cases import actions
from shouwang.cases.outward import queries
from shouwang.cases.outward.research import export_research
from shouwang.cases.rules.anonymity import recode
from shouwang.core.errors import BadInput, Forbidden
from shouwang.core.models import AuditEntry
from shouwang.core.packs import get_pack
from shouwang.org.tests.cast import NOON, Cast

SignIn = Callable[[str], Client]
PURPOSE = "校内聚集性疫情的时间特征研究"
PAGE = "/cases/lines/research/"


@given(
    st.lists(st.tuples(st.integers(0, 7), st.integers(0, 1), st.integers(0, 5)), max_size=40),
    st.integers(2, 6),
    st.sampled_from([0.0, 0.1, 0.5]),
)
def test_no_group_is_small_and_no_finer_choice_would_do(rows: list[tuple[int, int, int]], k: int, share: float) -> None:
    levels: dict[str, list[Callable[[tuple[int, int, int]], int]]] = {
        "age": [lambda r: r[0], lambda r: r[0] // 2, lambda r: 0],
        "sex": [lambda r: r[1], lambda r: 0],
        "unit": [lambda r: r[2], lambda r: r[2] // 3, lambda r: 0],
    }
    columns = {name: [np.array([f(row) for row in rows], np.int64) for f in fs] for name, fs in levels.items()}
    found = recode(columns, k=k, most_suppressed=share)

    def left_out(chosen: tuple[int, ...]) -> int:
        keys = [tuple(fs[level](row) for fs, level in zip(levels.values(), chosen, strict=True)) for row in rows]
        sizes = Counter(keys)
        return sum(sizes[key] < k for key in keys)

    def loss(chosen: tuple[int, ...]) -> float:
        return sum(level / (len(fs) - 1) for fs, level in zip(levels.values(), chosen, strict=True))

    chosen = tuple(found.levels.values())
    assert found.suppressed == left_out(chosen)
    assert found.smallest >= k or found.smallest == 0
    fitting = [c for c in product(range(3), range(2), range(3)) if left_out(c) <= share * len(rows)]
    if fitting:
        assert loss(chosen) == min(loss(c) for c in fitting)
        assert chosen in fitting
    else:
        assert chosen == (2, 1, 2)


def test_bad_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="k is at least 2"):
        recode({"a": [np.zeros(1, np.int64)]}, k=1, most_suppressed=0)


def ill(cast: Cast, who: str) -> None:
    """A confirmed case with onset this morning."""
    actions.open_case(
        person=cast.person[who], pack=get_pack("covid19-2020-6"), classification="confirmed",
        onset_at=NOON - timedelta(hours=6), reason="核酸阳性", by=cast.by("he"), at=NOON,
    )  # fmt: skip


@pytest.fixture
def cases(cast: Cast) -> Cast:
    for who in ("lin", "wang", "meng", "zhao", "fang"):
        ill(cast, who)
    return cast


def written(cast: Cast, form: str = "csv", k: int = 3) -> bytes:
    target = io.BytesIO()
    export_research(target, queries.LineFilter(), form=form, k=k, purpose=PURPOSE, by=cast.by("he"), at=NOON)
    return target.getvalue()


def test_nothing_that_names_anybody_is_in_it(cases: Cast) -> None:
    text = written(cases).decode("utf-8-sig")
    for person in cases.person.values():
        assert person.name not in text
        assert person.number not in text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 5
    groups = Counter((row["年龄"], row["性别"], row["单位"], row["发病"]) for row in rows)
    assert min(groups.values()) >= 3
    again = list(csv.DictReader(io.StringIO(written(cases).decode("utf-8-sig"))))
    assert {row["化名"] for row in rows}.isdisjoint({row["化名"] for row in again})
    entry = AuditEntry.objects.filter(verb="case.researched").first()
    assert entry is not None and entry.new is not None
    assert (entry.new["purpose"], entry.new["rows"], entry.new["suppressed"]) == (PURPOSE, 5, 0)
    assert AuditEntry.objects.filter(verb="case.in_research").count() == 10


def test_too_few_are_left_out_and_the_file_says_so(cast: Cast) -> None:
    ill(cast, "lin")
    book = openpyxl.load_workbook(io.BytesIO(written(cast, "xlsx", 5)))
    classes = [row[7].value for row in book.worksheets[0].iter_rows(min_row=2)]
    assert set(classes) <= {None}
    about = {row[0].value: row[1].value for row in book.worksheets[1].iter_rows()}
    assert about["因同类过少而略去的病例"] == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"k": 2}, "k"), ({"k": 101}, "k"), ({"purpose": "short"}, "purpose"), ({"form": "pdf"}, "form")],
)
def test_what_is_refused(cases: Cast, wrong: dict[str, Any], field: str) -> None:
    given: dict[str, Any] = {"form": "csv", "k": 5, "purpose": PURPOSE} | wrong
    with pytest.raises(BadInput) as caught:
        export_research(io.BytesIO(), queries.LineFilter(), by=cases.by("he"), at=NOON, **given)
    assert caught.value.as_dict()["field"] == field
    with pytest.raises(Forbidden):
        export_research(
            io.BytesIO(), queries.LineFilter(), form="csv", k=5, purpose=PURPOSE, by=cases.by("qiu"), at=NOON
        )
    assert not AuditEntry.objects.filter(verb="case.researched").exists()


def test_page_and_api(cases: Cast, sign_in: SignIn) -> None:
    he = sign_in("he")
    assert he.get(PAGE).status_code == 200
    assert he.post(PAGE, {"purpose": "x", "k": 5, "form": "csv"}).status_code == 422
    done = he.post(PAGE, {"purpose": PURPOSE, "k": 3, "form": "xlsx"})
    assert (done["X-Row-Count"], done["X-Suppressed-Count"]) == ("5", "0")
    assert sign_in("qiu").get(PAGE).status_code == 403
    answer = he.get("/api/v1/cases/lines/research", {"purpose": PURPOSE, "k": "3"})
    assert answer["X-Row-Count"] == "5"
