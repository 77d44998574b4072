"""ODK's functions: name -> (fewest arguments, most, what it does). A name that is not here is refused at import.

Left out on purpose: random and uuid (the same answers must give the same result), pulldata and instance lookups (they
need files that travel beside the form), geo functions (location is coarse here).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from shouwang.surveys.rules.values import (
    Env,
    Value,
    as_bool,
    as_day,
    as_moment,
    as_number,
    as_text,
    days_of,
)

ANY = 64  # arguments of functions that take any number
ANSWER_READ = 1000  # characters of an answer that a regex reads


def _numbers(values: Iterable[Value]) -> list[float]:
    flat: list[float] = []
    for value in values:
        items: Iterable[Value] = value if isinstance(value, list) else [value]
        flat += [number for item in items if not math.isnan(number := as_number(item))]
    return flat


def _texts(values: Iterable[Value]) -> list[str]:
    return [text for value in values for text in (value if isinstance(value, list) else [as_text(value)])]


def _round(value: Value, places: Value = 0.0) -> float:
    number, digits = as_number(value), as_number(places)
    if math.isnan(number) or math.isinf(number) or math.isnan(digits):
        return math.nan
    scale = Decimal(10) ** max(-15, min(15, int(digits)))
    return float(math.floor(Decimal(repr(number)) * scale + Decimal("0.5")) / scale)


def _whole(value: Value) -> float:
    number = as_number(value)
    return float(math.trunc(number)) if math.isfinite(number) else math.nan


def _safe(function: Callable[..., float]) -> Callable[..., float]:
    def run(*values: Value) -> float:
        try:
            return float(function(*[as_number(value) for value in values]))
        except (ValueError, OverflowError, ZeroDivisionError, TypeError):
            return math.nan

    return run


def _substr(text: Value, start: Value, end: Value | None = None) -> str:
    whole, first = as_text(text), as_number(start)
    last = float(len(whole)) if end is None else as_number(end)
    if math.isnan(first) or math.isnan(last):
        return ""
    return whole[int(max(-1e6, min(1e6, first))) : int(max(-1e6, min(1e6, last)))]


def _substring(text: Value, start: Value, length: Value | None = None) -> str:
    first = _round(start)
    last = math.inf if length is None else first + _round(length)
    return "".join(c for k, c in enumerate(as_text(text), 1) if first <= k < last)


def _translate(text: Value, old: Value, new: Value) -> str:
    fresh = as_text(new)
    table = {ord(c): (fresh[k] if k < len(fresh) else None) for k, c in reversed(list(enumerate(as_text(old))))}
    return as_text(text).translate(table)


def _selected(answer: Value, name: Value) -> bool:
    return as_text(name).strip() in as_text(answer).split()


def _selected_at(answer: Value, index: Value) -> str:
    chosen, at = as_text(answer).split(), as_number(index)
    return chosen[int(at)] if not math.isnan(at) and 0 <= at < len(chosen) else ""


def _before(text: Value, mark: Value) -> str:
    head, found, _tail = as_text(text).partition(as_text(mark) or "\0")
    return head if found else ""


def _after(text: Value, mark: Value) -> str:
    return as_text(text).partition(as_text(mark))[2] if as_text(mark) else as_text(text)


def _regex(text: Value, pattern: Value) -> bool:
    return re.fullmatch(as_text(pattern), as_text(text)[:ANSWER_READ]) is not None


def _pick(*values: Value) -> Value:
    return next((value for value in values if as_text(value) != ""), "")


def _checklist(least: Value, most: Value, *answers: Value) -> bool:
    yes = sum(1 for answer in answers if as_bool(answer) and as_text(answer) not in ("no", "false", "0"))
    low, high = as_number(least), as_number(most)
    return (low < 0 or yes >= low) and (high < 0 or yes <= high)


FORMAT = {
    "Y": "%04d", "y": "%02d", "m": "%02d", "n": "%d", "d": "%02d", "e": "%d", "H": "%02d", "h": "%d", "M": "%02d",
    "S": "%02d",
}  # fmt: skip


def _format(env: Env, _keys: list[str], value: Value, form: Value) -> str:
    """format-date and format-date-time: %Y %y %m %n %d %e %H %h %M %S %3 %a %b."""
    at = as_moment(value, env.now) if not isinstance(value, date) or isinstance(value, datetime) else None
    day = as_day(value)
    if at is None:
        if day is None:
            return ""
        at = datetime(day.year, day.month, day.day, tzinfo=env.now.tzinfo)
    parts = {"Y": at.year, "y": at.year % 100, "m": at.month, "n": at.month, "d": at.day, "e": at.day, "H": at.hour,
             "h": at.hour, "M": at.minute, "S": at.second}  # fmt: skip

    def put(hit: re.Match[str]) -> str:
        sign = hit[1]
        if sign in parts:
            return FORMAT[sign] % parts[sign]
        if sign == "3":
            return f"{at.microsecond // 1000:03d}"
        return at.strftime("%a") if sign == "a" else at.strftime("%b") if sign == "b" else sign

    return re.sub(r"%([A-Za-z3%])", put, as_text(form))


def _today(env: Env, _keys: list[str]) -> date:
    return env.now.date()


def _now(env: Env, _keys: list[str]) -> datetime:
    return env.now


def _date(value: Value) -> Value:
    return as_day(value) or ""


def _moment(env: Env, _keys: list[str], value: Value) -> Value:
    return as_moment(value, env.now) or ""


def _decimal(env: Env, _keys: list[str], value: Value) -> float:
    if isinstance(value, date) and not isinstance(value, datetime):
        return as_number(value)
    found = as_moment(value, env.now)
    return days_of(found) if found else as_number(value)


def _decimal_time(value: Value) -> float:
    hit = re.match(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", as_text(value).partition("T")[2] or as_text(value))
    return (int(hit[1]) * 3600 + int(hit[2]) * 60 + int(hit[3] or 0)) / 86400 if hit else math.nan


def _count(env: Env, keys: list[str], value: Value) -> float:
    return float(len(value)) if isinstance(value, list) else 1.0


def _once(env: Env, _keys: list[str], value: Value) -> Value:
    return env.own if as_text(env.own) else value


def _position(env: Env, _keys: list[str], *_values: Value) -> float:
    return float(env.turn())


def _label(env: Env, keys: list[str], value: Value, named: Value) -> str:
    """jr:choice-name(value, '${question}'): the label in the reader's language."""
    return " ".join(env.choice_label(keys[1] or as_text(named), name) for name in as_text(value).split())


def _indexed(env: Env, keys: list[str], _value: Value, _repeat: Value, index: Value, *_deeper: Value) -> str:
    every, at = env.every(keys[0]), as_number(index)
    return every[int(at) - 1] if not math.isnan(at) and 1 <= at <= len(every) else ""


Function = tuple[int, int, Callable[..., Any]]
FUNCTIONS: Mapping[str, Function] = {
    "true": (0, 0, lambda: True),
    "false": (0, 0, lambda: False),
    "not": (1, 1, lambda v: not as_bool(v)),
    "boolean": (1, 1, as_bool),
    "boolean-from-string": (1, 1, lambda v: as_text(v) in ("1", "true")),
    "number": (1, 1, as_number),
    "int": (1, 1, _whole),
    "string": (1, 1, as_text),
    "if": (3, 3, lambda *_v: ""),
    "coalesce": (2, 2, _pick),
    "once": (1, 1, _once),
    "concat": (1, ANY, lambda *v: "".join(_texts(v))),
    "join": (2, ANY, lambda mark, *v: as_text(mark).join(_texts(v))),
    "string-length": (1, 1, lambda v: float(len(as_text(v)))),
    "normalize-space": (1, 1, lambda v: " ".join(as_text(v).split())),
    "substr": (2, 3, _substr),
    "substring": (2, 3, _substring),
    "substring-before": (2, 2, _before),
    "substring-after": (2, 2, _after),
    "contains": (2, 2, lambda a, b: as_text(b) in as_text(a)),
    "starts-with": (2, 2, lambda a, b: as_text(a).startswith(as_text(b))),
    "ends-with": (2, 2, lambda a, b: as_text(a).endswith(as_text(b))),
    "translate": (3, 3, _translate),
    "regex": (2, 2, _regex),
    "selected": (2, 2, _selected),
    "selected-at": (2, 2, _selected_at),
    "count-selected": (1, 1, lambda v: float(len(as_text(v).split()))),
    "count": (1, 1, _count),
    "count-non-empty": (1, 1, lambda v: float(sum(1 for text in _texts([v]) if text))),
    "sum": (1, ANY, lambda *v: math.fsum(_numbers(v))),
    "max": (1, ANY, lambda *v: max(_numbers(v), default=math.nan)),
    "min": (1, ANY, lambda *v: min(_numbers(v), default=math.nan)),
    "round": (1, 2, _round),
    "floor": (1, 1, _safe(math.floor)),
    "ceiling": (1, 1, _safe(math.ceil)),
    "abs": (1, 1, _safe(abs)),
    "pow": (2, 2, _safe(math.pow)),
    "sqrt": (1, 1, _safe(math.sqrt)),
    "exp": (1, 1, _safe(math.exp)),
    "exp10": (1, 1, _safe(lambda v: math.pow(10, v))),
    "log": (1, 1, _safe(math.log)),
    "log10": (1, 1, _safe(math.log10)),
    "pi": (0, 0, lambda: math.pi),
    "today": (0, 0, _today),
    "now": (0, 0, _now),
    "date": (1, 1, _date),
    "date-time": (1, 1, _moment),
    "decimal-date-time": (1, 1, _decimal),
    "decimal-time": (1, 1, _decimal_time),
    "format-date": (2, 2, _format),
    "format-date-time": (2, 2, _format),
    "position": (0, 1, _position),
    "indexed-repeat": (3, 7, _indexed),
    "jr-choice-name": (2, 2, _label),
    "checklist": (2, ANY, _checklist),
}
NEEDS_ENV = frozenset(
    {
        "count", "date-time", "decimal-date-time", "format-date", "format-date-time", "indexed-repeat",
        "jr-choice-name", "now", "once", "position", "today",
    }
)  # fmt: skip
