"""Whatever is recorded can be read: every verb that stands in the code has a sentence."""

from __future__ import annotations

import ast
from pathlib import Path

from shouwang.core import verbs

SOURCE = Path(__file__).resolve().parents[2]
RECORDERS = {"record", "record_many", "saw"}


def recorded_verbs() -> set[str]:
    """First arguments of the audit functions, where they are plain texts."""
    found: set[str] = set()
    for file in SOURCE.rglob("*.py"):
        if "tests" in file.parts:
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in RECORDERS:
                first = node.args[0] if node.args else None
                if isinstance(first, ast.Constant) and isinstance(first.value, str) and "." in first.value:
                    found.add(first.value)
    return found


def test_every_recorded_verb_has_words() -> None:
    found = recorded_verbs()
    assert len(found) > 40
    assert found - verbs.known() == set()
