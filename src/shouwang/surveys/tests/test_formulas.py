"""Formulas mean what ODK means by them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.surveys.rules.expressions import BadFormula, dangerous, read
from shouwang.surveys.rules.functions import FUNCTIONS
from shouwang.surveys.tests.forms import formula


@pytest.mark.parametrize(
    ("text", "answers", "result"),
    [
        ("${a} + 1", {"a": "2"}, "3"),
        ("${a} + 1", {"a": ""}, ""),  # no number: NaN, which is no answer
        ("2 + 3 * 4 - 6 div 4", {"a": ""}, "12.5"),
        ("7 mod 3", {"a": ""}, "1"),
        ("-${a} * 2", {"a": "1.5"}, "-3"),
        ("if(${a} = 'x', 'yes', 'no')", {"a": "x"}, "yes"),
        ("if(${a} > 5 and not(${b} = 'q') or false(), 1, 0)", {"a": "6", "b": "z"}, "1"),
        ("if('' > 5, 1, 0)", {"a": ""}, "0"),
        ("coalesce(${a}, ${b})", {"a": "", "b": "second"}, "second"),
        ("selected(${a}, 'fever')", {"a": "cough fever"}, "true"),
        ("selected(${a}, 'feve')", {"a": "cough fever"}, "false"),
        ("count-selected(${a})", {"a": "cough fever"}, "2"),
        ("selected-at(${a}, 1)", {"a": "cough fever"}, "fever"),
        ("regex(${a}, '1[0-9]{10}')", {"a": "13800000000"}, "true"),
        ("regex(${a}, '1[0-9]{10}')", {"a": "x13800000000"}, "false"),
        ("substr(${a}, 0, 4)", {"a": "20230101"}, "2023"),
        ("string-length(${a})", {"a": "望川"}, "2"),
        ("concat(${a}, '-', 3)", {"a": "x"}, "x-3"),
        ("translate(${a}, 'abc', 'AB')", {"a": "aabbcc"}, "AABB"),
        ("round(2.345, 2)", {"a": ""}, "2.35"),
        ("round(-2.5)", {"a": ""}, "-2"),
        ("int(7.9)", {"a": ""}, "7"),
        ("today()", {"a": ""}, "2026-03-02"),
        ("format-date(today(), '%Y年%n月%e日')", {"a": ""}, "2026年3月2日"),
        ("decimal-date-time('2026-03-02T12:00:00') - decimal-date-time('2026-03-01')", {"a": ""}, "1.5"),
        ("today() - date(${a})", {"a": "2026-02-16"}, "14"),
        ("if(${a} >= date('2026-02-01') and ${a} <= today(), 'in', 'out')", {"a": "2026-02-20"}, "in"),
        ("date(${a})", {"a": "nonsense"}, ""),
        ("max(1, ${a}, 3)", {"a": "7"}, "7"),
        ("pow(2, 10)", {"a": ""}, "1024"),
        ("sqrt(-1)", {"a": ""}, ""),
        ("1 div 0", {"a": ""}, "Infinity"),
        ("checklist(2, -1, ${a} = 'x', ${a} = 'y', true())", {"a": "x"}, "true"),
        ("../a", {"a": "by path"}, "by path"),
        ("/data/a", {"a": "by path"}, "by path"),
        ("“bent” = 'bent'", {"a": ""}, "true"),
    ],
)
def test_result(text: str, answers: dict[str, str], result: str) -> None:
    assert formula(text, **answers) == result


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("pulldata('x', 'y')", "formula_unknown_function"),
        ("random()", "formula_unknown_function"),
        ("${nobody} = 1", "formula_unknown_name"),
        ("age > 5", "formula_bare_name"),
        ("1 +", "formula_syntax"),
        ("if(1, 2)", "formula_syntax"),
        ("selected()", "formula_syntax"),
        ("'open", "formula_syntax"),
        ("1 ; 2", "formula_syntax"),
        ("//x", "formula_syntax"),
        ("", "formula_syntax"),
        ("(" * 100 + "1" + ")" * 100, "formula_too_deep"),
        ("-" * 3000 + "1", "formula_too_deep"),
        ("1+" * 1900 + "1", "formula_too_deep"),
        ("1" * 5000, "formula_too_long"),
        ("regex(${a}, ${a})", "formula_regex"),
        ("regex(${a}, '(a+)+')", "formula_regex"),
        ("regex(${a}, '(a|aa)*')", "formula_regex"),
        ("regex(${a}, '[')", "formula_regex"),
    ],
)
def test_refused(text: str, code: str) -> None:
    with pytest.raises(BadFormula) as caught:
        read(text, resolve)
    assert caught.value.error_code == code
    assert caught.value.sentence


def resolve(name: str) -> str:
    if name != "a":
        raise BadFormula("%(name)s", code="formula_unknown_name", name=name)
    return name


PIECES = st.sampled_from(
    ["${a}", "1", "'x'", "(", ")", "+", "-", "*", "=", "<", " and ", " or ", " div ", ",", ".", "/", "today()",
     "if(", "selected(", "not(", "$", "[", "]", "|", "@", "::", "é", "\x00", "'", '"',
     *(f"{name}(" for name in FUNCTIONS)]
)  # fmt: skip


@given(st.lists(PIECES, max_size=14).map("".join))
def test_any_text_is_a_formula_or_a_refusal(text: str) -> None:
    """Nothing else comes out, and what is a formula can be computed for any answer."""
    try:
        expression = read(text, resolve)
    except BadFormula:
        return
    assert set(expression.refs) <= {"a"}
    for answer in ("", "7", "x y", "2026-03-02"):
        formula(text, a=answer)


@given(st.floats(-1e6, 1e6, allow_nan=False), st.floats(-1e6, 1e6, allow_nan=False))
def test_comparison_is_a_total_order_of_numbers(a: float, b: float) -> None:
    outcome = [formula(f"${{a}} {sign} ${{b}}", a=repr(a), b=repr(b)) for sign in ("<", "<=", ">", ">=")]
    assert outcome == [str(value).lower() for value in (a < b, a <= b, a > b, a >= b)]


@pytest.mark.parametrize("pattern", [r"^\d{17}[\dXx]$", "[A-Z]{2}[0-9]+", r"\+?[0-9 -]{5,20}", "(foo|bar)"])
def test_plain_patterns_are_allowed(pattern: str) -> None:
    assert not dangerous(pattern)
