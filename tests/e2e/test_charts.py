"""Charts in a real browser under the real content security policy: all kinds are drawn, nothing is blocked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.template import RequestContext, Template
from django.urls import path
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer
from tests.e2e.conftest import PATIENCE_MS

from shouwang.web import urls

DAYS = ["2020-02-01", "2020-02-02", "2020-02-03"]
DATA: dict[str, Any] = {
    "epicurve": {
        "days": DAYS,
        "series": [
            {"name": "confirmed", "label": "Confirmed", "values": [0, 2, None]},
            {"name": "suspected", "label": "Suspected", "values": [1, 1, 4]},
        ],
        "marks": [{"day": "2020-02-02", "label": "Level I"}],
    },
    "line": {
        "x": DAYS,
        "series": [{"name": "r", "label": "R", "values": [1.4, 1, None], "low": [1, 1, 0.6], "high": [2, 1.5, 1.2]}],
    },
    "bar": {"labels": ["A", "B"], "horizontal": True, "series": [{"name": "b", "label": "B", "values": [3, None]}]},
    "network": {
        "categories": [{"name": "case", "label": "Case"}, {"name": "close", "label": "Close contact"}],
        "nodes": [{"id": k, "label": f"P{k}", "category": "close" if k else "case", "value": k} for k in range(2000)],
        "links": [{"source": 0, "target": k, "value": k, "label": f"{k} min"} for k in range(1, 2000)],
    },
    "timeline": {
        "items": [
            {"lane": "Room 101", "label": "night", "start": "2020-02-01T22:00+08:00", "end": "2020-02-02T07:00+08:00"},
            {"lane": "North gate", "label": "out", "start": "2020-02-02T08:00:00+08:00", "end": None},
        ],
        "now": "2020-02-02T09:00:00+08:00",
    },
}  # fmt: skip
PAGE = """{% extends "web/base.html" %}{% block title %}Charts{% endblock %}{% block content %}
{% for kind, data in charts %}{{ data|json_script:kind }}{% chart kind kind title=kind %}{% endfor %}
<button id="more" hx-get="/fragment/" hx-target="#place">more</button><div id="place"></div>{% endblock %}"""
FRAGMENT = '{{ data|json_script:"late" }}{% chart "bar" "late" title="late" %}'


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(Template(PAGE).render(RequestContext(request, {"charts": list(DATA.items())})))


def fragment(request: HttpRequest) -> HttpResponse:
    return HttpResponse(Template(FRAGMENT).render(RequestContext(request, {"data": DATA["bar"]})))


urlpatterns = [*urls.urlpatterns, path("charts/", page), path("fragment/", fragment)]
pytestmark = [pytest.mark.e2e, pytest.mark.urls(__name__)]


@pytest.fixture
def browser_page(chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page(viewport={"width": 1000, "height": 900}, locale="en-US")
    page.set_default_timeout(PATIENCE_MS)
    yield page
    page.close()


def wait_for_ink(page: Page, name: str) -> None:
    """Until the canvas of a chart holds pixels of more than three colours."""
    script = """name => {
      const canvas = document.querySelector(`[data-chart-source="${name}"] canvas`);
      if (!canvas) return false;
      const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
      const seen = new Set();
      for (let i = 0; i < pixels.length; i += 16) seen.add(`${pixels[i]},${pixels[i+1]},${pixels[i+2]},${pixels[i+3]}`);
      return seen.size > 3;
    }"""
    page.wait_for_function(script, arg=name)


def test_every_kind_is_drawn_and_nothing_is_blocked(live_server: LiveServer, browser_page: Page) -> None:
    complaints: list[str] = []
    browser_page.on("console", lambda m: complaints.append(m.text) if m.type in {"error", "warning"} else None)
    browser_page.on("pageerror", lambda error: complaints.append(str(error)))
    browser_page.goto(f"{live_server.url}/charts/")
    browser_page.locator("[data-chart] canvas").nth(len(DATA) - 1).wait_for()
    for kind in DATA:
        wait_for_ink(browser_page, kind)
    for kind in DATA:  # a tooltip must not need a style attribute
        browser_page.locator(f'[data-chart-source="{kind}"] .chart-canvas').hover()
    browser_page.get_by_role("button", name="Light or dark").click()
    browser_page.locator("#more").click()
    browser_page.locator("#place canvas").wait_for()
    assert complaints == []


def test_the_table_behind_a_chart_says_unknown(live_server: LiveServer, browser_page: Page) -> None:
    browser_page.goto(f"{live_server.url}/charts/")
    figure = browser_page.locator('[data-chart-source="epicurve"]')
    figure.get_by_text("As a table").click()
    assert figure.locator("thead").inner_text().split() == ["Day", "Confirmed", "Suspected", "Total"]
    rows = [row.split() for row in figure.locator("tbody tr").all_inner_texts()]
    assert rows == [
        ["2020-02-01", "0", "1", "1"], ["2020-02-02", "2", "1", "3"], ["2020-02-03", "unknown", "4", "unknown"],
    ]  # fmt: skip


def test_chosen_theme_is_kept_and_the_big_screen_is_dark(live_server: LiveServer, browser_page: Page) -> None:
    theme = "document.documentElement.getAttribute('data-bs-theme')"
    browser_page.emulate_media(color_scheme="light")
    browser_page.goto(f"{live_server.url}/charts/")
    assert browser_page.evaluate(theme) == "light"
    browser_page.get_by_role("button", name="Light or dark").click()
    browser_page.reload()
    assert browser_page.evaluate(theme) == "dark"
    browser_page.get_by_role("button", name="Light or dark").click()
    browser_page.goto(f"{live_server.url}/charts/?screen=1")
    assert browser_page.evaluate(theme) == "dark"
