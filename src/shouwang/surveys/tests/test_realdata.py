"""Real XLSForms: read, filled in, and what the one that cannot work says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from shouwang.surveys import rules
from shouwang.surveys.tests.forms import NOW

pytestmark = pytest.mark.realdata
Find = Callable[[str], Path]


def load(path: Path) -> tuple[rules.Workbook, rules.Form]:
    with path.open("rb") as stream:
        book = rules.read_workbook(stream, path.name)
    return book, rules.build(book, title=path.stem)


@pytest.mark.parametrize(
    ("name", "questions", "groups"),
    [
        ("contact_tracing.xlsx", 137, 12),
        ("choice_filter_test.xlsx", 3, 0),
        ("cascading_select_test_equivalent.xls", 9, 0),
        ("group.xlsx", 3, 1),
    ],
)
def test_read(real_data: Find, name: str, questions: int, groups: int) -> None:
    book, form = load(real_data(f"xlsforms/{name}"))
    assert (len(form.questions), len(form.groups)) == (questions, groups)
    assert f'id="{form.form_id}"' in rules.to_xform(book, form, version="1")


def test_contact_tracing_filled_in(real_data: Find) -> None:
    _book, form = load(real_data("xlsforms/contact_tracing.xlsx"))
    empty = rules.evaluate(form, {}, now=NOW, language="en")
    gender = form.questions["Gender"]
    assert [form.say(c.label, "en") for c in gender.choices][:2] == ["Male", "Female"]
    male = rules.evaluate(form, {"Gender": "male"}, now=NOW, language="en")
    female = rules.evaluate(form, {"Gender": "female"}, now=NOW, language="en")
    assert {key for key, _turn in female.asked} - {key for key, _turn in male.asked} == {"Pregnancy"}
    assert len(empty.asked) < len(form.questions)
    doses = rules.evaluate(form, {"Vaccine_available": "yes", "Vaccine_status": "yes", "Number_of_doses": "2"}, now=NOW,
                           language="en")  # fmt: skip
    assert 2 in {len(turns) for turns in doses.turns.values()}


def test_a_cascade(real_data: Find) -> None:
    _book, form = load(real_data("xlsforms/choice_filter_test.xlsx"))
    state, county = (form.questions[key] for key in ("state", "county"))
    first = state.choices[0].name
    filled = rules.evaluate(form, {"state": first}, now=NOW, language="en")
    offered = filled.offered(county)
    assert 0 < len(offered) < len(county.choices)
    assert all(choice.columns["cf"] == first for choice in offered)


def test_a_filter_that_can_never_hold_is_named(real_data: Find) -> None:
    """pyxform takes `pastel=yes`; ODK then offers nothing. Here it is found before anybody is asked."""
    with pytest.raises(rules.BrokenForm) as caught:
        load(real_data("xlsforms/or_other.xlsx"))
    assert [p.as_dict()["code"] for p in caught.value.problems] == ["formula_bare_name"]
    assert (caught.value.problems[0].place.row, caught.value.problems[0].place.column) == (3, "D")
