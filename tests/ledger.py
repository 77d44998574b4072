"""The ledger of queries, tests/query_counts.json: what each page costs each restricted role in the story.

A number that changes fails; when the change is wanted: `python tools/query_counts.py write`.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

LEDGER = Path(__file__).with_name("query_counts.json")
MOST = 30  # queries a page, whatever the role


def read() -> dict[str, dict[str, int]]:
    """`{page: {role: queries}}` of every page and API answer that is shown by GET."""
    found: dict[str, dict[str, int]] = json.loads(LEDGER.read_text(encoding="utf-8"))
    return found


def check(name: str, asked: dict[str, int]) -> None:
    """Compare what `name` cost, page by page, with the ledger; or write it there, when asked to."""
    if os.environ.get("SHOUWANG_WRITE_QUERY_COUNTS"):
        _write(name, asked)
    before = {page: by_role[name] for page, by_role in read().items() if name in by_role}
    changed = [
        f"{page} for {name}: {before.get(page)} -> {asked.get(page)}"
        for page in sorted(before.keys() | asked.keys())
        if before.get(page) != asked.get(page)
    ]
    assert not changed, "\n".join([*changed, "If this is meant: python tools/query_counts.py write"])
    heavy = [f"{page} for {name}: {count}" for page, count in asked.items() if count > MOST]
    assert not heavy, f"more than {MOST} queries:\n" + "\n".join(heavy)


def _write(name: str, asked: dict[str, int]) -> None:
    ledger = {page: {role: n for role, n in by.items() if role != name} for page, by in read().items()}
    for page, count in asked.items():
        ledger.setdefault(page, {})[name] = count
    kept = {page: by for page, by in ledger.items() if by}
    LEDGER.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")
