"""Colours that people must be able to read: WCAG 2.2 contrast of every pair the style sheets use, light and dark."""

from __future__ import annotations

import re

import pytest

from shouwang.web.templatetags.shell import TONES
from shouwang.web.vendor import STATIC

pytestmark = pytest.mark.files
Theme = dict[str, str]
HEX = re.compile(r"(--[a-z-]+):\s*(#[0-9a-f]{3,6})\b")


def themes() -> dict[str, Theme]:
    text = (STATIC / "web/css/tokens.css").read_text(encoding="utf-8")
    light, dark = text.split('[data-bs-theme="dark"] {', 1)
    bright = dict(HEX.findall(light))
    return {"light": bright, "dark": bright | dict(HEX.findall(dark.split("}", 1)[0]))}


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2 definition."""
    digits = colour.removeprefix("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    channels = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


SURFACES = ("--tblr-body-bg", "--tblr-bg-surface", "--tblr-bg-surface-secondary")
TEXTS = ("--tblr-body-color", "--tblr-secondary", "--tblr-link-color")
READ = [
    *((text, surface) for text in TEXTS for surface in SURFACES),
    *((f"--{tone}-text", f"--{tone}-bg") for tone in sorted(TONES)),
    *((f"--{tone}-text", surface) for tone in sorted(TONES) for surface in SURFACES[:2]),
    ("--tblr-primary-fg", "--tblr-primary"),
    ("--tblr-primary-fg", "--tblr-primary-darken"),
    ("--tblr-link-color", "--tblr-primary-lt"),
]
SEEN = [
    *((edge, surface) for edge in ("--edge-strong", "--focus") for surface in SURFACES[:2]),
    *((f"--{tone}", "--tblr-bg-surface") for tone in ("danger", "warn", "good", "info", "special", "neutral")),
]


def test_the_measure_itself() -> None:
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#fff") == pytest.approx(4.54, abs=0.01)  # the well-known lightest grey for text


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("text", "surface"), READ)
def test_text_can_be_read(theme: str, text: str, surface: str) -> None:
    colours = themes()[theme]
    assert contrast(colours[text], colours[surface]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("mark", "surface"), SEEN)
def test_edges_and_marks_can_be_seen(theme: str, mark: str, surface: str) -> None:
    colours = themes()[theme]
    assert contrast(colours[mark], colours[surface]) >= 3
