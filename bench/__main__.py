"""Run one benchmark, or all of them and write docs/performance.md.

    python -m bench            # all
    python -m bench trace      # one; the arguments after the name go to it

Each benchmark is a module with `main(arguments)`, prints a table for people and ends with one JSON line.
"""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "performance.md"
BENCHMARKS = (
    "trace", "scale", "network", "roster", "pages", "case", "checkins", "lists", "linelist", "clocks", "reminders",
    "beds", "board", "spark",
)  # fmt: skip
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def run(name: str, arguments: list[str]) -> tuple[int, dict[str, Any]]:
    """Run one benchmark in a process of its own; returns its exit code and its JSON line."""
    command = [sys.executable, "-m", f"bench.{name}", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    last = ""
    if process.stdout is not None:
        for line in process.stdout:
            sys.stdout.write(line)
            sys.stdout.flush()
            last = line if line.strip() else last
    code = process.wait()
    try:
        return code, json.loads(last)
    except json.JSONDecodeError:
        return code or 1, {"name": name, "error": "no JSON line"}


def write_page(results: list[dict[str, Any]]) -> None:
    """Replace the measured part of docs/performance.md; the method around it is written by hand."""
    text = PAGE.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    tail = rest.split(END)[1]
    lines = [f"Measured {datetime.now(UTC):%Y-%m-%d}, {results[0].get('cpus', '?')} processors, "
             f"{results[0].get('machine', '?')}, Python {results[0].get('python', '?')}.", ""]  # fmt: skip
    for result in results:
        lines += [f"### {result['name']}", "", "```json", json.dumps(result, indent=1, ensure_ascii=False), "```", ""]
    PAGE.write_text(f"{head}{BEGIN}\n" + "\n".join(lines) + f"{END}{tail}", encoding="utf-8")


def main(arguments: list[str]) -> int:
    if arguments:
        if arguments[0] not in BENCHMARKS:
            print(f"no benchmark {arguments[0]!r}; there are {', '.join(BENCHMARKS)}")
            return 2
        return run(arguments[0], arguments[1:])[0]
    results, worst = [], 0
    for name in BENCHMARKS:
        print(f"== {name}", flush=True)
        code, result = run(name, [])
        worst = max(worst, code)
        results.append(result)
    if not worst:
        write_page(results)
    return worst


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
