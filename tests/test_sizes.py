"""Sizes: a file fails at 500 lines, a function at 60, a template at 200. The list of exceptions only shrinks."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PYTHON = sorted(
    path
    for folder in ("src", "tools", "tests", "bench")
    for path in (ROOT / folder).rglob("*.py")
    if "migrations" not in path.parts
)
TEMPLATES = sorted((ROOT / "src").rglob("templates/**/*.html"))
FILE_LINES, FUNCTION_LINES, TEMPLATE_LINES = 500, 60, 200
EXCEPTIONS: set[str] = set()


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_there_is_something_to_measure() -> None:
    assert len(PYTHON) > 50
    assert len(TEMPLATES) > 10


@pytest.mark.parametrize("path", PYTHON, ids=name)
def test_python_file(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    too_long = [
        f"{node.name} ({lines})"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and (lines := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES
        and f"{name(path)}:{node.name}" not in EXCEPTIONS
    ]
    assert not too_long, f"functions over {FUNCTION_LINES} lines: {too_long}"
    assert text.count("\n") <= FILE_LINES, f"{name(path)} is longer than {FILE_LINES} lines"


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_template(path: Path) -> None:
    assert path.read_text(encoding="utf-8").count("\n") <= TEMPLATE_LINES


RULES = [path for path in PYTHON if "tests" not in path.parts and ("rules" in path.parts or path.name == "rules.py")]


@pytest.mark.parametrize("path", RULES, ids=name)
def test_rules_ask_no_database_and_no_clock(path: Path) -> None:
    """Import-linter cannot name a part of Django, so this reads the imports itself."""
    text = path.read_text(encoding="utf-8")
    imported = {
        module
        for node in ast.walk(ast.parse(text))
        for module in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert not [module for module in imported if module.startswith(("django.db", "django.apps"))]
    assert "clock.now(" not in text and "datetime.now(" not in text and "timezone.now(" not in text


# How often a tool is told to overlook something in the product. The number only falls.
OVERLOOKED = 27
MARK = re.compile(r"# (?:type: ignore\[[\w-]+\]|noqa: [A-Z]+\d+(?:, [A-Z]+\d+)*)(?P<reason>.*)")
PRODUCT = [path for path in PYTHON if path.is_relative_to(ROOT / "src") and "tests" not in path.parts]


def test_what_tools_overlook_has_its_reason_and_only_shrinks() -> None:
    marks = [
        (f"{name(path)}:{number}", found["reason"].strip(" #-()"))
        for path in PRODUCT
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if "type: ignore" in line or "noqa" in line
        for found in [MARK.search(line) or {"reason": ""}]
    ]
    assert not [place for place, reason in marks if not reason], "without a reason beside it"
    assert len(marks) <= OVERLOOKED, "write a better type instead"
