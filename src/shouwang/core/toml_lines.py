"""Where the keys of a TOML text stand: key path -> line, counted from 1.

`tomllib` tells values and no places. This walks a text that `tomllib` has already accepted, so it need only know where
one thing ends and the next begins, never whether it is allowed.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right

Key = tuple[str | int, ...]

BARE = re.compile(r"[A-Za-z0-9_-]+")
SCALAR_END = re.compile(r"[,\]}\n#]|\Z")
BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
SPACES = re.compile(r"[ \t]*")


def key_lines(text: str) -> dict[Key, int]:
    """The line of every key, table and list item of a valid TOML text. Items of lists are numbered from 0."""
    return _Walk(text).walk()


def line_of(lines: dict[Key, int], path: Key) -> int | None:
    """The line of `path`, else of the nearest thing around it that the text names; None for an empty text."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


class _Walk:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.ends = [match.start() for match in re.finditer("\n", text)]
        self.found: dict[Key, int] = {}
        self.tables: dict[Key, int] = {}  # arrays of tables -> tables so far

    def walk(self) -> dict[Key, int]:
        base: Key = ()
        while self._blank() < len(self.text):
            if self.text[self.at] == "[":
                base = self._header()
            else:
                self._pair(base)
        return self.found

    def _line(self) -> int:
        return bisect_right(self.ends, self.at - 1) + 1

    def _note(self, path: Key, line: int) -> None:
        self.found.setdefault(path, line)

    def _blank(self) -> int:
        match = BLANK.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return self.at

    def _spaces(self) -> None:
        match = SPACES.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def _header(self) -> Key:
        """`[a.b]` or `[[a.b]]`: the path under which the following keys stand."""
        line, several = self._line(), self.text.startswith("[[", self.at)
        self.at += 2 if several else 1
        *outer, last = self._keys()
        self.at += 2 if several else 1
        path: Key = ()
        for part in outer:
            path = self._into((*path, part), line)
        path = (*path, last)
        if not several:
            self.found[path] = line  # the table's own header, where dotted names spoke of it before
            return path
        number = self.tables.get(path, 0)
        self.tables[path] = number + 1
        self._note(path, line)
        self._note((*path, number), line)
        return (*path, number)

    def _into(self, path: Key, line: int) -> Key:
        """A table on the way to another; of an array of tables the one begun last."""
        self._note(path, line)
        return (*path, self.tables[path] - 1) if path in self.tables else path

    def _keys(self) -> list[str]:
        parts = []
        while True:
            self._spaces()
            parts.append(self._key())
            self._spaces()
            if not self.text.startswith(".", self.at):
                return parts
            self.at += 1

    def _key(self) -> str:
        start = self.at
        if self.text[start] in "\"'":
            self._string()
            word: str = tomllib.loads(f"x = {self.text[start : self.at]}")["x"]
            return word
        match = BARE.match(self.text, start)
        self.at = match.end() if match else start + 1
        return self.text[start : self.at]

    def _pair(self, base: Key) -> None:
        line, path = self._line(), base
        for part in self._keys():
            path = (*path, part)
            self._note(path, line)
        self.at += 1  # the equals sign
        self._spaces()
        self._value(path)

    def _value(self, path: Key) -> None:
        sign = self.text[self.at]
        if sign in "\"'":
            self._string()
        elif sign == "[":
            self._list(path)
        elif sign == "{":
            self._inline(path)
        else:
            match = SCALAR_END.search(self.text, self.at)
            self.at = match.start() if match else len(self.text)

    def _string(self) -> None:
        quote = self.text[self.at]
        several = self.text.startswith(quote * 3, self.at)
        end = quote * 3 if several else quote
        self.at += len(end)
        while not self.text.startswith(end, self.at):
            self.at += 2 if quote == '"' and self.text[self.at] == "\\" else 1
        self.at += len(end)
        # Up to two quotes may stand before the closing three.
        while several and self.text.startswith(quote, self.at):
            self.at += 1

    def _list(self, path: Key) -> None:
        self.at += 1
        number = 0
        while self.text[self._blank()] != "]":
            if self.text[self.at] == ",":
                self.at += 1
                continue
            self._note((*path, number), self._line())
            self._value((*path, number))
            number += 1
        self.at += 1

    def _inline(self, path: Key) -> None:
        self.at += 1
        while self.text[self._blank()] != "}":
            if self.text[self.at] == ",":
                self.at += 1
            else:
                self._pair(path)
        self.at += 1
