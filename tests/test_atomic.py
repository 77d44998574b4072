"""What is written in the audit log stands there in the same transaction as the act: every public verb of a room that
records is atomic, or it (or its module) says that it is called inside the caller's transaction."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1] / "src" / "shouwang"
RECORDS = frozenset({"audit.record", "audit.record_many"})
SAYS = "caller's transaction"


def modules() -> list[Path]:
    """Where rooms write: `actions.py`, `actions/`, and whatever else records."""
    found = []
    for path in sorted(ROOT.rglob("*.py")):
        name = path.relative_to(ROOT)
        if "tests" in name.parts or name.parts[0] in ("cli", "core"):
            continue
        if any(call in path.read_text(encoding="utf-8") for call in RECORDS):
            found.append(path)
    return found


def is_atomic(function: ast.FunctionDef) -> bool:
    return any("atomic" in ast.unparse(decorator) for decorator in function.decorator_list)


def outside(node: ast.AST, within: bool, known: set[str]) -> Iterator[str]:
    """Names of records, and of functions of the module, that are called outside a `with transaction.atomic()`."""
    for child in ast.iter_child_nodes(node):
        opens = isinstance(child, ast.With) and any("atomic" in ast.unparse(one.context_expr) for one in child.items)
        if isinstance(child, ast.Call) and not within:
            name = ast.unparse(child.func)
            if name in RECORDS or name in known:
                yield name
        yield from outside(child, within or opens, known)


def bare(tree: ast.Module) -> list[str]:
    """Public functions that record outside a transaction, by themselves or through another of the module."""
    if SAYS in (ast.get_docstring(tree) or ""):
        return []
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    calls = {name: set(outside(node, False, set(functions))) for name, node in functions.items()}

    def records(name: str, met: frozenset[str] = frozenset()) -> bool:
        if name in RECORDS:
            return True
        if name in met or is_atomic(functions[name]):
            return False
        return any(records(call, met | {name}) for call in calls[name])

    return [
        name for name, node in functions.items()
        if not name.startswith("_") and records(name) and SAYS not in " ".join((ast.get_docstring(node) or "").split())
    ]  # fmt: skip


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_an_act_and_its_record_are_one_transaction(path: Path) -> None:
    assert bare(ast.parse(path.read_text(encoding="utf-8"))) == []


def test_the_walk_finds_what_it_looks_for() -> None:
    assert len(modules()) > 40
    alone = "def act():\n    audit.record('x')\n"
    assert bare(ast.parse(alone)) == ["act"]
    assert bare(ast.parse(f"@transaction.atomic\n{alone}")) == []
    through = "def act():\n    _note()\ndef _note():\n    audit.record('x')\n"
    assert bare(ast.parse(through)) == ["act"]
    assert (
        bare(ast.parse("def act():\n    with transaction.atomic():\n        _note()\n" + through.split("\n", 2)[2]))
        == []
    )
