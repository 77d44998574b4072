"""Both languages are complete: the catalogues, and what each role reads on its first pages."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import polib
import pytest

from tests import walk
from tests.story import Story
from tests.walk import MEMBERS

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.files
def test_every_catalogue_is_complete() -> None:
    command = [sys.executable, "tools/translations.py", "check"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr


SPOKEN = {"aria-label", "title", "placeholder", "alt"}


class Visible(HTMLParser):
    """The words a reader meets: text outside scripts and styles, and the attributes that are read aloud or shown."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hidden += tag in {"script", "style"}
        self.words += [
            value for name, value in attrs if value and name in {"aria-label", "title", "placeholder", "alt"}
        ]

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in {"script", "style"}

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.words.append(" ".join(data.split()))


def english() -> set[str]:
    """Every message of more than one word that the catalogues translate into something else."""
    found = set()
    for path in (ROOT / "src").glob("shouwang/*/locale/zh_Hans/LC_MESSAGES/django.po"):
        for entry in polib.pofile(str(path)):
            plain = "%" not in entry.msgid and "{" not in entry.msgid and " " in entry.msgid
            if plain and not entry.obsolete and entry.msgstr and entry.msgstr != entry.msgid:
                found.add(" ".join(entry.msgid.split()))
    return found


def sentences(html: str) -> list[str]:
    reader = Visible()
    reader.feed(html)
    return [word for word in reader.words if word]


@pytest.mark.django_db
@pytest.mark.slow
def test_chinese_pages_are_chinese(story: Story) -> None:
    messages, wrong = english(), []
    assert len(messages) > 200
    for name in MEMBERS:
        client = walk.enter(story, name, language="zh-hans")
        for path in ("/", "/checkins/", "/isolation/mine/"):
            with walk.undone():
                said = sentences(client.get(path).content.decode())
            wrong += [f"{name} {path}: {text}" for text in said if text in messages]
            # Four words of Latin letters in a row are no name, number or unit.
            wrong += [f"{name} {path}: {text}" for text in said if re.search(r"(?:\b[A-Za-z]{2,}\b[ ,]+){3}", text)]
    assert not wrong, "\n".join(sorted(set(wrong)))


@pytest.mark.django_db
@pytest.mark.slow
def test_english_pages_are_english(story: Story) -> None:
    """Names of people and units are data; sentences are ours."""
    wrong = []
    for name in ("lin", "he", "qiu", "tang"):
        client = walk.enter(story, name, language="en")
        with walk.undone():
            said = sentences(client.get("/").content.decode())
        wrong += [f"{name}: {text}" for text in said if re.search(r"[一-鿿]{2,}[，。；：？！]", text)]
    assert not wrong, "\n".join(wrong)
