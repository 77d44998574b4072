"""Every template of every room keeps the rules: no inline script or style, a bounded size, icons that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template

from shouwang.web.templatetags.shell import icon_names

pytestmark = pytest.mark.files
ROOT = Path(settings.PACKAGE)
TEMPLATES = sorted(ROOT.glob("*/templates/**/*.html"))
FORBIDDEN = {
    "a <style> element": re.compile(r"<style\b", re.IGNORECASE),
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "an event attribute": re.compile(r"<[^>{%]*\son[a-z]+\s*=", re.IGNORECASE),
    "hx-on (evaluation is off)": re.compile(r"\bhx-on\b", re.IGNORECASE),
    "a javascript: address": re.compile(r"javascript:", re.IGNORECASE),
    "an address of another host": re.compile(r"""(?:src|href|action)\s*=\s*["'](?:https?:)?//""", re.IGNORECASE),
}
SCRIPT = re.compile(r"<script\b([^>]*)>", re.IGNORECASE)
ICON = re.compile(r"""\{%\s*icon\s+["']([^"']+)["']""")
SIZE = 200


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_template_keeps_the_content_security_policy(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    found = [rule for rule, pattern in FORBIDDEN.items() if pattern.search(text)]
    found += [
        f"an inline script: <script{tag}>"
        for tag in SCRIPT.findall(text)
        if "src=" not in tag and 'type="application/json"' not in tag
    ]
    assert not found, f"{name(path)} has {', '.join(found)}"


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_template_is_short_and_can_be_parsed(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= SIZE, f"{name(path)} has {lines} lines; split it into _fragments"
    get_template(path.relative_to(ROOT).as_posix().split("/templates/", 1)[1])


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_icons_are_in_the_sprite(path: Path) -> None:
    wanted = set(ICON.findall(path.read_text(encoding="utf-8")))
    assert not wanted - icon_names(), f"add to ICONS.toml and run tools/vendor.py: {sorted(wanted - icon_names())}"


def test_the_rules_find_what_they_forbid() -> None:
    wrong = '<p style="a">', '<a onclick="b()">', "<style>", '<a href="//cdn.example/x">', '<b hx-on:click="c()">'
    for text in wrong:
        assert any(pattern.search(text) for pattern in FORBIDDEN.values()), text
    for text in ('<a href="/x">', '<p class="style">', '<input name="on" value="1">', "<svg><use></use></svg>"):
        assert not any(pattern.search(text) for pattern in FORBIDDEN.values()), text
