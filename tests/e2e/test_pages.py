"""Every role's pages in a browser: nothing blocked, nothing wider than a phone, and what a screen reader needs."""

from __future__ import annotations

import re

import pytest
from tests.e2e.conftest import Enter, Screen

pytestmark = pytest.mark.e2e

# What one sees and has seen of it: one main heading, a language, a name for every control, an alternative for images.
CHECK = """() => {
  const found = [];
  const shown = e => e.getClientRects().length > 0;
  if (document.querySelectorAll("h1").length !== 1) found.push("h1: " + document.querySelectorAll("h1").length);
  if (!document.documentElement.lang) found.push("no lang");
  if (!document.querySelector("main")) found.push("no main");
  for (const e of document.querySelectorAll("input:not([type=hidden]), select, textarea")) {
    const named = (e.labels && e.labels.length) || e.getAttribute("aria-label") || e.getAttribute("aria-labelledby");
    if (!named) found.push("no label: " + e.outerHTML.slice(0, 120));
  }
  for (const e of document.querySelectorAll("button, a[href]")) {
    const named = e.textContent.trim() || e.getAttribute("aria-label") || e.getAttribute("title");
    if (!named && shown(e)) found.push("no name: " + e.outerHTML.slice(0, 120));
  }
  for (const e of document.querySelectorAll("img:not([alt])")) found.push("no alt: " + e.outerHTML.slice(0, 120));
  const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
  const twice = ids.filter((id, k) => ids.indexOf(id) !== k);
  if (twice.length) found.push("ids twice: " + [...new Set(twice)].join(" "));
  const width = document.documentElement.scrollWidth;
  if (width > window.innerWidth + 1) found.push("scrolls sideways: " + width + " > " + window.innerWidth);
  return found;
}"""

LINKS = """() => [...document.querySelectorAll('nav a[href^="/"], .dropdown-menu a[href^="/"]')]
  .map(link => link.getAttribute("href"))"""


def walk_menu(screen: Screen) -> list[str]:
    """Open every page of the menu that this person is offered; say what is wrong with each."""
    page, wrong = screen.page, []
    paths = list(dict.fromkeys(["/", *page.evaluate(LINKS)]))
    assert len(paths) > 3
    for path in paths:
        screen.go(path)
        wrong += [f"{screen.name} {path}: {found}" for found in page.evaluate(CHECK)]
        wrong += [f"{screen.name} {path}: {said}" for said in screen.complaints]
        screen.complaints.clear()
    return wrong


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_of_every_role(enter: Enter, language: str) -> None:
    wrong: list[str] = []
    for name in ("lin", "meng", "fang", "he", "qiu", "su", "tang", "deng", "admin"):
        screen = enter(name, phone=True, language=language)
        screen.shot(f"home-{name}-{language}")
        wrong += walk_menu(screen)
        screen.page.context.close()
    assert not wrong, "\n".join(wrong)


INNER = """() => [...document.querySelectorAll('main a[href^="/"], main a[href^="?"]')]
  .map(link => link.pathname + link.search)"""


def kind_of(path: str) -> str:
    """Pages that differ in numbers, names and search alone are of one kind."""
    address, _mark, search = path.partition("?")
    words = "&".join(part.partition("=")[0] for part in search.split("&"))
    return re.sub(r"\d+", "#", address) + "?" + words


@pytest.mark.parametrize("name", ["su", "he", "qiu"])
def test_pages_behind_the_menu(enter: Enter, name: str) -> None:
    """One page of every kind that a page links to, two steps deep: cases, contacts, rules, orders, reports."""
    screen = enter(name, phone=True, language="en")
    page, wrong = screen.page, []
    first = list(dict.fromkeys(["/", *page.evaluate(LINKS)]))
    seen = {kind_of(path) for path in first}
    waiting = [(path, 0) for path in first]
    while waiting:
        path, depth = waiting.pop(0)
        screen.go(path)
        wrong += [f"{name} {path}: {found}" for found in page.evaluate(CHECK)]
        wrong += [f"{name} {path}: {said}" for said in screen.complaints]
        screen.complaints.clear()
        for following in page.evaluate(INNER) if depth < 2 else []:
            if kind_of(following) not in seen and not re.search(
                r"\.(docx|json|xlsx|csv|pdf)|/export|/template|/file/", following
            ):
                seen.add(kind_of(following))
                waiting.append((following, depth + 1))
    page.context.close()
    assert len(seen) > len(first) + 3, "the walk must reach pages behind the menu"
    assert not wrong, "\n".join(wrong)
