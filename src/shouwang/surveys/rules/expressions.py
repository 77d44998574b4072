"""The formulas of a form. elementpath reads the grammar of XPath 1.0; what was read becomes a function of the answers.

`${name}` is a variable. Paths are understood where they end at a question (`../age`, `/data/group/age`), and `.` is
the answer itself. Dates compare by day, an empty answer is the empty text, and a text that is no number is NaN, as
ODK has it. Everything wrong with a formula is found when the form is read, never while somebody fills it in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from elementpath import ElementPathError, XPath1Parser

from shouwang.core.errors import BadInput
from shouwang.surveys.rules.functions import FUNCTIONS, NEEDS_ENV
from shouwang.surveys.rules.values import Env, Value, as_bool, as_number, compare, equal

MAX_LENGTH = 4000  # characters of one formula; the longest of the forms in the tests has 190
MAX_DEPTH = 60  # brackets within brackets: the reader of the grammar calls itself for each
MAX_OPERATORS = 200  # and for each operator
Run = Callable[[Env], Value]

TOKEN = re.compile(
    r"""(?P<string>'[^']*'|"[^"]*")
      | \$\{\s*(?P<last>last-saved\#)?(?P<ref>[^}]*?)\s*\}
      | (?P<path>(?:current\(\)/)?(?:\.\./)+[\w.-]+(?:/[\w.-]+)*(?![\w(])|/[A-Za-z_][\w.-]*(?:/[\w.-]+)+)
      | (?P<here>position\(\s*\.\.\s*\)|current\(\)/\.(?![\w./]))
      | (?P<number>\d+(?:\.\d*)?|\.\d+)
      | (?P<dot>\.(?![\w.]))
      | (?P<word>[^\W\d][\w.-]*(?::[\w-]+)?)(?P<call>\s*\()?
      | (?P<open>\()
      | (?P<close>\))
      | (?P<operator><=|>=|!=|[-+*=<>,])
      | (?P<space>\s+)
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
OPERATORS = frozenset({"and", "or", "div", "mod"})


class BadFormula(BadInput):
    """A formula that cannot be used. `code`: formula_unknown_function, formula_unknown_name, formula_syntax, …"""

    code = "formula_syntax"


@dataclass(frozen=True, slots=True)
class Expression:
    """A formula that was read: `refs` are the keys of the questions it looks at; `run(env)` computes it."""

    text: str
    refs: tuple[str, ...]
    run: Run


class Parser(XPath1Parser):
    """The grammar of XPath 1.0 with ODK's functions, under names without a prefix."""

    def parse(self, source: str) -> Any:
        """The tree of a formula. Unlike its parent it evaluates nothing: our functions are no elementpath functions."""
        return super(XPath1Parser, self).parse(source)


def _register() -> None:
    for name, (fewest, most, _run) in FUNCTIONS.items():
        Parser.symbol_table.pop(name, None)  # else the arguments of XPath's own function of that name would stay
        Parser.function(name, nargs=fewest if fewest == most else (fewest, most))


_register()
PARSER = Parser()


def read(text: str, resolve: Callable[[str], str], *, columns: Iterable[str] = ()) -> Expression:
    """Read one formula. `resolve(name)` gives the key of a question or raises BadFormula.

    `columns` are the columns of a list that a choice filter may name without `${}`.
    """
    if len(text) > MAX_LENGTH:
        raise BadFormula(
            _("This formula is longer than %(limit)s characters. Split it."), code="formula_too_long", limit=MAX_LENGTH
        )
    reading = _Reading(resolve, frozenset(columns))
    plain = reading.rewrite(text)
    if not plain.strip():
        raise _syntax(_("it is empty"))
    try:
        tree = PARSER.parse(plain)
    except ElementPathError as error:
        raise _syntax(str(error).rsplit("] ", 1)[-1]) from error
    run = _compile(tree, reading)
    return Expression(text, tuple(dict.fromkeys(reading.refs)), run)


def _syntax(why: object) -> BadFormula:
    return BadFormula(_("This formula cannot be read: %(why)s."), why=str(why))


class _Reading:
    """Rewrites a formula for the parser and remembers what it looks at."""

    def __init__(self, resolve: Callable[[str], str], columns: frozenset[str]) -> None:
        self.resolve, self.columns = resolve, columns
        self.refs: list[str] = []
        self.names: dict[str, str] = {}  # variable -> key or column

    def rewrite(self, text: str) -> str:
        depth, operators, out = 0, 0, []
        for hit in TOKEN.finditer(text):
            operators += hit["operator"] not in (None, ",") or hit["word"] in OPERATORS
            depth += (hit["open"] is not None) + (hit["call"] is not None) - (hit["close"] is not None)
            if depth > MAX_DEPTH or operators > MAX_OPERATORS:
                raise BadFormula(
                    _("This formula has more than %(limit)s brackets within brackets, or %(operators)s operators."),
                    code="formula_too_deep",
                    limit=MAX_DEPTH,
                    operators=MAX_OPERATORS,
                )
            out.append(self._piece(hit))
        return "".join(out)

    def _piece(self, hit: re.Match[str]) -> str:
        match hit.lastgroup:
            case "ref":
                if hit["last"]:
                    raise BadFormula(_("“last-saved” is not known here."), code="formula_last_saved")
                return self._variable(hit["ref"])
            case "path":
                return self._variable(hit["path"].rsplit("/", 1)[-1])
            case "here":
                return "position()" if hit["here"].startswith("position") else "$self"
            case "string" if named := re.fullmatch(r"\$\{\s*([^}]+?)\s*\}", hit[0][1:-1]):
                return self._variable(named[1])  # the second argument of jr:choice-name
            case "dot":
                return "$self"
            case "word" | "call":
                return self._word(hit["word"], hit["call"] is not None)
            case "other":
                raise _syntax(_("“%(sign)s” has no meaning here") % {"sign": hit["other"]})
        return hit[0]

    def _variable(self, name: str) -> str:
        key = self.resolve(name)
        self.refs.append(key)
        variable = f"v{len(self.names)}"
        self.names[variable] = key
        return f" ${variable} "

    def _word(self, word: str, call: bool) -> str:
        if call:
            name = word.replace(":", "-")
            if name not in FUNCTIONS:
                raise BadFormula(_("The function “%(name)s” is not known."), code="formula_unknown_function", name=word)
            return f"{name}("
        if word in OPERATORS:
            return word
        if word in self.columns:
            variable = f"c{len(self.names)}"
            self.names[variable] = word
            return f" ${variable} "
        raise BadFormula(
            _("“%(name)s” is neither a function nor an operator. Write ${%(name)s} for the answer to a question."),
            code="formula_bare_name",
            name=word,
        )


ARITHMETIC: Mapping[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "div": lambda a, b: a / b if b else (float("nan") if a == 0 or a != a else float("inf") * (1 if a > 0 else -1)),
    "mod": lambda a, b: a - b * int(a / b) if b and abs(a) != float("inf") and a == a and b == b else float("nan"),
}


def _compile(token: Any, reading: _Reading) -> Run:
    symbol = token.symbol
    if symbol in {"(string)", "(integer)", "(decimal)", "(float)"}:
        constant: Value = token.value if symbol == "(string)" else float(token.value)
        return lambda env: constant
    if symbol == "$":
        return _variable(token[0].value, reading)
    if symbol == "(" and len(token) == 1:
        return _compile(token[0], reading)
    parts = [_compile(item, reading) for item in token]
    if symbol in FUNCTIONS and getattr(token, "label", "") == "function":
        return _call(symbol, token, parts, reading)
    if len(parts) == 1 and symbol in "+-":
        sign = -1.0 if symbol == "-" else 1.0
        return lambda env: sign * as_number(parts[0](env))
    if len(parts) == 2 and (run := _operator(symbol, parts[0], parts[1])) is not None:
        return run
    raise _syntax(_("“%(sign)s” has no meaning here") % {"sign": symbol})


def _operator(symbol: str, left: Run, right: Run) -> Run | None:
    if symbol == "and":
        return lambda env: as_bool(left(env)) and as_bool(right(env))
    if symbol == "or":
        return lambda env: as_bool(left(env)) or as_bool(right(env))
    if symbol == "=":
        return lambda env: equal(left(env), right(env))
    if symbol == "!=":
        return lambda env: equal(left(env), right(env), other=True)
    if symbol in {"<", "<=", ">", ">="}:
        return lambda env: compare(symbol, left(env), right(env))
    if symbol in ARITHMETIC:
        reckon = ARITHMETIC[symbol]
        return lambda env: reckon(as_number(left(env)), as_number(right(env)))
    return None


def _variable(name: str, reading: _Reading) -> Run:
    if name == "self":
        return lambda env: env.own
    key = reading.names[name]
    if name.startswith("c"):
        return lambda env: env.columns.get(key, "")
    return lambda env: env.value(key)


def _call(symbol: str, token: Any, parts: Sequence[Run], reading: _Reading) -> Run:
    """A function with its arguments. Some need to know which question an argument names, not only its value."""
    function = FUNCTIONS[symbol][2]
    keys = [reading.names.get(item[0].value, "") if item.symbol == "$" else "" for item in token]
    if symbol == "if":
        condition, yes, no = parts
        return lambda env: yes(env) if as_bool(condition(env)) else no(env)
    if symbol == "indexed-repeat" and not keys[0]:
        raise _syntax(_("the first argument of indexed-repeat must be a question"))
    if symbol == "regex" and (token[1].symbol != "(string)" or dangerous(token[1].value)):
        raise BadFormula(_("The pattern of this regex is not allowed: write a plain one in quotes, without a repeated "
                           "group inside a repetition."), code="formula_regex")  # fmt: skip
    if symbol in NEEDS_ENV:
        return lambda env: function(env, keys, *[part(env) for part in parts])
    return lambda env: function(*[part(env) for part in parts])


def dangerous(pattern: str) -> bool:
    """Whether a pattern is broken, or may take a time that grows exponentially with the answer: a repetition that
    contains another, or more than four open repetitions in a row."""
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        return True
    bare = re.sub(r"\\.", "x", pattern)
    bare = re.sub(r"\[[^\]]*\]", "x", bare)
    nested = re.search(r"\([^()]*[*+}][^()]*\)\s*[*+{]", bare) or re.search(r"\)[*+][^()]*\)[*+{]", bare)
    alternatives = re.search(r"\([^()]*\|[^()]*\)[*+]", bare)
    return len(pattern) > 300 or bool(nested) or bool(alternatives) or len(re.findall(r"[*+]", bare)) > 8
