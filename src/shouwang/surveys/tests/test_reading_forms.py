"""What is wrong with a form is named with sheet, row and column; what is right becomes a form."""

from __future__ import annotations

import time
from io import BytesIO

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.core.files.errors import FileError
from shouwang.surveys import rules
from shouwang.surveys.tests.forms import NOW, book, form, problems, xlsx

ASK = {"type": "text", "name": "a", "label": "A"}


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([ASK | {"relevant": "${b} = 1"}], ("survey", 2, "relevant", "formula_unknown_name")),
        ([ASK, ASK], ("survey", 3, "name", "name_duplicate")),
        ([ASK | {"name": "1st"}], ("survey", 2, "name", "name_invalid")),
        ([{"type": "text", "label": "x", "name": ""}], ("survey", 2, "name", "name_missing")),
        ([{"type": "", "name": "x"}], ("survey", 2, "type", "type_missing")),
        ([ASK | {"type": "hologram"}], ("survey", 2, "type", "type_unknown")),
        ([ASK | {"type": "select_one nowhere"}], ("survey", 2, "type", "list_missing")),
        ([ASK | {"type": "select_one_from_file x.csv"}], ("survey", 2, "type", "type_unknown")),
        ([{"type": "begin group", "name": "g"}], ("survey", 2, "type", "group_open")),
        ([ASK, {"type": "end repeat", "name": ""}], ("survey", 3, "type", "group_not_begun")),
        ([{"type": "begin group", "name": "g"}, ASK, {"type": "end repeat"}], ("survey", 4, "type", "group_crossed")),
        ([ASK | {"constraint": "frobnicate(.)"}], ("survey", 2, "constraint", "formula_unknown_function")),
        ([ASK | {"calculation": "1 +"}], ("survey", 2, "calculation", "formula_syntax")),
        ([{"type": "calculate", "name": "c"}], ("survey", 2, "", "calculation_missing")),
        ([ASK | {"relevant": "${a} = 1"}], ("survey", 2, "relevant", "formula_circle")),
        ([ASK | {"prefill": "identity_card"}], ("survey", 2, "prefill", "prefill_unknown")),
        ([{"type": "begin group", "name": f"g{k}"} for k in range(30)], ("survey", 22, "type", "too_deep")),
    ],
)
def test_survey(rows: list[dict[str, str]], found: tuple[str, int, str, str]) -> None:
    assert found in problems(rows)


def test_a_circle_is_named_once_with_everybody_in_it() -> None:
    rows = [
        {"type": "calculate", "name": "x", "calculation": "${z} + 1"},
        {"type": "calculate", "name": "y", "calculation": "${x} + 1"},
        {"type": "text", "name": "z", "label": "Z", "relevant": "${y} > 1"},
        {"type": "text", "name": "after", "label": "waits for the circle", "relevant": "${z} = 'q'"},
    ]
    with pytest.raises(rules.BrokenForm) as caught:
        form(rows)
    (problem,) = caught.value.problems
    assert (problem.place.sheet, problem.place.row, problem.place.column) == ("survey", 2, "C")
    assert "x → z → y → x" in problem.sentence


def test_a_group_may_not_wait_for_what_is_in_it() -> None:
    rows = [{"type": "begin group", "name": "g", "relevant": "${a} = 'x'"}, ASK, {"type": "end group"}]
    assert problems(rows) == [("survey", 2, "relevant", "formula_circle")]


@pytest.mark.parametrize(
    ("choices", "found"),
    [
        ([{"list_name": "l", "name": "", "label": "x"}], ("choices", 2, "name", "choice_name_missing")),
        ([{"list_name": "", "name": "x", "label": "x"}], ("choices", 2, "list_name", "list_name_missing")),
        ([{"list_name": "l", "name": "a b", "label": "x"}], ("choices", 2, "name", "choice_name_invalid")),
        (
            [{"list_name": "l", "name": "a", "label": "x"}, {"list_name": "l", "name": "a", "label": "y"}],
            ("choices", 3, "name", "choice_duplicate"),
        ),
    ],
)
def test_choices(choices: list[dict[str, str]], found: tuple[str, int, str, str]) -> None:
    assert found in problems([ASK], choices)


def test_a_choice_filter_sees_columns_and_nothing_else() -> None:
    choices = [{"list_name": "l", "name": "a", "label": "x", "college": "IE"}]
    ask = {"type": "select_one l", "name": "q", "label": "Q"}
    assert problems([ASK, ask | {"choice_filter": "college = ${a}"}], choices) == []
    assert problems([ASK, ask | {"choice_filter": "colege = ${a}"}], choices) == [
        ("survey", 3, "choice_filter", "formula_bare_name")
    ]


def test_five_thousand_questions_take_seconds_and_not_their_square() -> None:
    """A chain: every question waits for the one before. Ten times the questions, about ten times the time."""

    def seconds(n: int) -> float:
        rows = [
            {"type": "integer", "name": f"q{k}", "label": f"Q{k}", "relevant": f"${{q{k - 1}}} > 3" if k else ""}
            for k in range(n)
        ]
        made = book(rows)
        begun = time.process_time()
        built = rules.build(made)
        assert len(built.order) == n
        return time.process_time() - begun

    # The best of several: a busy machine or a collection of memory in between is not the form's.
    small, large = min(seconds(500) for _ in range(3)), min(seconds(5000) for _ in range(2))
    assert large / max(small, 0.01) < 60, "its square would be a hundred times"


def test_twelve_thousand_rows_are_refused_with_their_number() -> None:
    rows = [{"type": "note", "name": f"n{k}", "label": "x"} for k in range(10_002)]
    with pytest.raises(rules.BrokenForm) as caught:
        rules.read_workbook(BytesIO(xlsx(rows)), "large.xlsx")
    assert caught.value.problems[0].code == "too_many_rows"


@pytest.mark.parametrize(
    "content", [b"", b"name,type\n", b"<?xml version='1.0'?>", b"PK\x03\x04 broken", b"\x00" * 100]
)
def test_what_is_no_workbook(content: bytes) -> None:
    with pytest.raises(FileError):
        rules.read_workbook(BytesIO(content), "form.xlsx")


def test_a_workbook_without_survey() -> None:
    other = openpyxl.Workbook()
    other.worksheets[0].append(["学号", "姓名"])
    content = BytesIO()
    other.save(content)
    with pytest.raises(rules.BrokenForm) as caught:
        rules.read_workbook(content, "roster.xlsx")
    assert caught.value.problems[0].code == "sheet_missing"


def test_through_a_file_and_back() -> None:
    rows = [
        {"type": "select_one yn", "name": "went", "label::中文 (zh)": "去过吗", "label::English (en)": "Did you go?",
         "required": "yes"},
        {"type": "", "name": "", "label::中文 (zh)": "", "label::English (en)": ""},
        {"type": "date", "name": "on", "label::中文 (zh)": "哪天", "label::English (en)": "When?",
         "relevant": "${went} = 'yes'", "constraint": ". <= today()"},
    ]  # fmt: skip
    read = rules.read_workbook(BytesIO(xlsx(rows, form_id="went", form_title="去过")), "went.xlsx")
    again = rules.Workbook.of_json(read.as_json())
    made = rules.build(again)
    assert made.title == "去过"
    assert made.questions["on"].place.row == 4
    assert [made.say(made.questions["went"].label, lang) for lang in ("zh-hans", "en")] == ["去过吗", "Did you go?"]
    assert rules.hash_of(read) == rules.hash_of(again) == made.sha256
    xform = rules.to_xform(again, made, version="3")
    assert 'id="went"' in xform
    assert 'version="3"' in xform


WORDS = st.sampled_from(
    ["", "text", "integer", "select_one yn", "begin group", "end group", "begin repeat", "end repeat", "calculate",
     "note", "nonsense", "a", "b", "${a}", "${b} = 1", "today()", "yes", "😷", "a b"]
)  # fmt: skip
COLUMNS = ("type", "name", "label", "relevant", "calculation", "required", "choice_filter", "repeat_count", "default")


@given(st.lists(st.dictionaries(st.sampled_from(COLUMNS), WORDS), max_size=12))
def test_any_rows_are_a_form_or_findings_with_their_place(rows: list[dict[str, str]]) -> None:
    try:
        made = form(rows)
    except rules.BrokenForm as error:
        assert all(p.place.sheet and p.place.row >= 1 and p.sentence for p in error.problems)
        return
    state = rules.evaluate(made, {}, now=NOW, language="en", fresh=True)
    again = rules.evaluate(made, state.answers(), now=NOW, language="en")
    assert again.answers() == rules.evaluate(made, again.answers(), now=NOW, language="en").answers()
