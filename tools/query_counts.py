"""The ledger of queries, tests/query_counts.json: `python tools/query_counts.py show|write`.

show   prints the pages that ask most
write  counts anew and writes the ledger; look at the difference before you commit it
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LEDGER = ROOT / "tests" / "query_counts.json"


def write() -> int:
    command = [sys.executable, "-m", "pytest", "tests/test_matrix.py", "-k", "what_it_costs"]
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, "SHOUWANG_WRITE_QUERY_COUNTS": "1"}, check=False
    ).returncode


def show(most: int = 20) -> int:
    ledger: dict[str, dict[str, int]] = json.loads(LEDGER.read_text(encoding="utf-8"))
    rows = sorted(((count, page, name) for page, by in ledger.items() for name, count in by.items()), reverse=True)
    for count, page, name in rows[:most]:
        print(f"{count:4} {page} ({name})")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verb", choices=["show", "write"])
    return write() if parser.parse_args().verb == "write" else show()


if __name__ == "__main__":
    raise SystemExit(main())
