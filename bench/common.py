"""Timing and the closing JSON line, shared by every benchmark."""

from __future__ import annotations

import json
import math
import os
import platform
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn


def measure(fn: Callable[[], object], repeat: int) -> list[float]:
    """Wall-clock milliseconds of each of `repeat` calls, in order; warm up before, if warm is what is meant."""
    if repeat < 1:
        raise ValueError("repeat: at least one call is needed")
    times = []
    for _ in range(repeat):
        begin = time.perf_counter_ns()
        fn()
        times.append((time.perf_counter_ns() - begin) / 1e6)
    return times


def quantile(times: list[float], share: float) -> float:
    """The smallest measured time that at least `share` of the times do not exceed (no interpolation)."""
    if not times or not 0 < share <= 1:
        raise ValueError("times and a share in (0, 1] are needed")
    return sorted(times)[math.ceil(share * len(times)) - 1]


def summary(times: list[float]) -> dict[str, float]:
    """Median and 95th percentile in milliseconds, with the number of calls behind them."""
    return {"p50_ms": round(quantile(times, 0.5), 4), "p95_ms": round(quantile(times, 0.95), 4), "calls": len(times)}


def peak_mb() -> float:
    """The most memory this program held. `ru_maxrss` would be that of whoever started it, where that held more."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("the kernel does not say how much memory was held")


def machine() -> dict[str, Any]:
    """What the numbers were measured on, and how busy it was (load of the last minute); well under one process a CPU
    is quiet, and on a busy machine contenders with several threads look slower than they are."""
    load = round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
    return {"cpus": os.cpu_count(), "load": load, "machine": platform.machine(), "python": platform.python_version()}


def say(text: str) -> None:
    """A line for people, at once."""
    print(text, flush=True)


def finish(
    name: str,
    ours: Mapping[str, Any],
    peers: Mapping[str, Any],
    ratio: Mapping[str, float],
    answers_equal: bool,
    **extra: Any,
) -> NoReturn:
    """Print the result as one JSON object on the last line; exit 1 if the answers differed."""
    line = {"name": name, "ours": ours, "peers": peers, "ratio": ratio, "answers_equal": answers_equal}
    print(json.dumps({**line, **extra, **machine()}, ensure_ascii=False), flush=True)
    sys.exit(0 if answers_equal else 1)
