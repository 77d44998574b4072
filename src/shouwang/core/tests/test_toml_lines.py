"""Every key of a TOML text has its line, however the text is written."""

from __future__ import annotations

import tomllib
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.core.toml_lines import Key, key_lines, line_of

TEXT = '''# a remark with [brackets] and = signs
top = 1
"quoted.key" = 2
a.b.c = "x # no remark"

[pack]
name = { zh = "名", en = "n", deep = { x = 1 } }  # remark
list = [
  1, # one
  [2, 3],
  { k = """
several ] lines }
""", l = '\\' },
]
[[row]]
code = "a"
[[row]]
code = "b"
[row.inner]
x = 1
[[row.sub]]
y = 2020-01-01 07:30:00
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 2), (("quoted.key",), 3), (("a",), 4), (("a", "b", "c"), 4), (("pack",), 6), (("pack", "name"), 7),
        (("pack", "name", "deep", "x"), 7), (("pack", "list", 0), 9), (("pack", "list", 1, 1), 10),
        (("pack", "list", 2, "k"), 11), (("pack", "list", 2, "l"), 13), (("row", 0), 15), (("row", 1, "code"), 18),
        (("row", 1, "inner", "x"), 20), (("row", 1, "sub", 0, "y"), 22),
    ],
)  # fmt: skip
def test_lines_of_a_text_written_by_hand(path: Key, line: int) -> None:
    tomllib.loads(TEXT)
    assert key_lines(TEXT)[path] == line


def test_what_the_text_does_not_name_stands_where_its_surroundings_do() -> None:
    lines = key_lines(TEXT)
    assert line_of(lines, ("row", 1, "missing", "deeper")) == 17
    assert line_of(lines, ("nowhere",)) is None
    assert line_of({}, ("a",)) is None


def paths(value: Any, path: Key = ()) -> set[Key]:
    """Every key path of a document."""
    if isinstance(value, dict):
        return {one for key, inner in value.items() for one in ((*path, key), *paths(inner, (*path, key)))}
    if isinstance(value, list):
        return {one for n, inner in enumerate(value) for one in ((*path, n), *paths(inner, (*path, n)))}
    return set()


words = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=12)
keys = st.one_of(st.text("abcXYZ019_-", min_size=1, max_size=6), words)
scalars = st.one_of(st.booleans(), st.integers(-999, 999), st.floats(-9, 9), st.dates(date(1900, 1, 1)), words)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3)),
    max_leaves=12,
)
documents = st.dictionaries(
    keys, st.one_of(values, st.lists(st.dictionaries(keys, values, min_size=1, max_size=3), max_size=3)), max_size=5
)


def quoted(text: str) -> str:
    inside = "".join(f"\\u{ord(c):04x}" if c in '"\\' else c for c in text)
    return f'"{inside}"'


class Writer:
    """Writes a document as TOML in ways drawn at random, and notes the line of everything as it goes."""

    def __init__(self, data: st.DataObject) -> None:
        self.data = data
        self.text = ""
        self.lines: dict[Key, int] = {}

    def some(self, *choices: str) -> str:
        return self.data.draw(st.sampled_from(choices))

    def here(self, path: Key) -> None:
        self.lines.setdefault(path, self.text.count("\n") + 1)

    def key(self, word: str) -> str:
        bare = word.isascii() and word != "" and all(c.isalnum() or c in "_-" for c in word)
        return word if bare and self.data.draw(st.booleans()) else quoted(word)

    def value(self, value: Any, path: Key) -> None:
        if isinstance(value, dict):
            self.text += "{" + self.some("", " ")
            for number, (key, inner) in enumerate(value.items()):
                self.text += ", " if number else ""
                self.here((*path, key))
                self.text += f"{self.key(key)} = "
                self.value(inner, (*path, key))
            self.text += self.some("", " ") + "}"
        elif isinstance(value, list):
            self.text += "["
            for number, inner in enumerate(value):
                self.text += "," if number else ""
                self.text += self.some("", "\n", " # ] remark\n  ", "\n\n")
                self.here((*path, number))
                self.value(inner, (*path, number))
            self.text += self.some("", ",\n" if value else "\n") + "]"
        elif isinstance(value, bool):
            self.text += str(value).lower()
        elif isinstance(value, str):
            plain = "'" not in value and self.data.draw(st.booleans())
            several = self.data.draw(st.booleans())
            text = (
                f"'{value}'"
                if plain
                else f'"""{self.some("", chr(10))}{quoted(value)[1:-1]}"""'
                if several
                else quoted(value)
            )
            self.text += text
        else:
            self.text += (
                value.isoformat()
                if isinstance(value, date)
                else repr(float(value))
                if isinstance(value, float)
                else str(value)
            )

    def document(self, tables: dict[str, Any]) -> str:
        rows = {
            k: v for k, v in tables.items() if isinstance(v, list) and v and all(isinstance(x, dict) and x for x in v)
        }
        for key, value in tables.items():
            if key not in rows:
                self.text += self.some("", "\n", "# [x]\n")
                self.here((key,))
                self.text += f"{self.key(key)} = "
                self.value(value, (key,))
                self.text += self.some("\n", " # = [\n")
        for key, value in rows.items():
            for number, row in enumerate(value):
                self.here((key,))
                self.here((key, number))
                self.text += f"[[{self.some('', ' ')}{self.key(key)}]]\n"
                for inner, one in row.items():
                    self.here((key, number, inner))
                    self.text += f"  {self.key(inner)}={self.some('', ' ')}"
                    self.value(one, (key, number, inner))
                    self.text += "\n"
        return self.text


@given(documents, st.data())
def test_every_key_of_any_document_has_its_line(tables: dict[str, Any], data: st.DataObject) -> None:
    writer = Writer(data)
    text = writer.document(tables)
    read = tomllib.loads(text)
    found = key_lines(text)
    assert set(found) == paths(read)
    assert found == writer.lines
