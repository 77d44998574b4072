"""A real server on the campus of the cast, and browsers: a phone for those who walk, a desktop for those who sit."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer
from tests.story import COVID, TODAY, VISITS

from shouwang.checkins import actions as checkins
from shouwang.checkins.rules import Answers
from shouwang.command import actions as command
from shouwang.core import packs
from shouwang.core.models import ActivePack
from shouwang.core.scope import CLI, system_actor
from shouwang.org.tests.cast import NOON, PASSWORD, SINCE, Cast, assemble
from shouwang.tracing import actions as tracing

PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
# A machine busy with other tests is several times slower; what never comes is still found.
PATIENCE_MS = 90_000
SHOTS = Path(__file__).resolve().parents[2] / "shots"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    binary = os.environ.get("SHOUWANG_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if binary is None:
        if os.environ.get("SHOUWANG_NO_SKIPS"):
            pytest.fail("no Chromium on this machine and skips are forbidden")
        pytest.skip("no Chromium on this machine (SHOUWANG_CHROMIUM names one)")
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright runs an event loop in this thread; Django would take our fixtures' queries for asynchronous ones.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = playwright.chromium.launch(executable_path=binary, args=["--no-sandbox", "--disable-gpu"])
        expect.set_options(timeout=PATIENCE_MS)
        yield browser
        browser.close()


@pytest.fixture
def campus(transactional_db: None, own_home: Path) -> Iterator[Cast]:
    """Noon of 2 March 2026, from where the clock runs on: level I, three days of presence, some have checked in."""
    with time_machine.travel(NOON, tick=True):
        pack = packs.get_pack(COVID)
        ActivePack.objects.create(code=pack.code, sha256=pack.sha256, active_from=SINCE)
        cast, at = assemble(), NOON - timedelta(hours=5)
        operator = system_actor("operator", mouth=CLI)
        command.declare_level(
            organisation=cast.org["WCU"], level=1, basis="省一级响应公告", review_on=TODAY + timedelta(days=14),
            by=cast.by("su", at), at=at,
        )  # fmt: skip
        path = own_home / "visits.csv"
        path.write_text(VISITS, encoding="utf-8")
        tracing.import_presence(path, source_format="visits", by=operator, at=at)
        tracing.build_days(TODAY - timedelta(days=3), TODAY, by=operator, at=at)
        for name in ("wang", "ou", "fang", "zhao"):
            checkins.submit(
                person=cast.person[name], answers=Answers(exposure=False), client_key=f"e2e-{name}",
                by=cast.by(name, at), at=at,
            )  # fmt: skip
        yield cast


@dataclass
class Screen:
    """One signed-in browser window. `complaints` are console errors, refused resources and script errors."""

    page: Page
    url: str
    name: str
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> Page:
        self.page.goto(self.url + path)
        return self.page

    def shot(self, label: str) -> None:
        """Keep what is on the screen when SHOUWANG_SHOTS is set."""
        if os.environ.get("SHOUWANG_SHOTS"):
            SHOTS.mkdir(exist_ok=True)
            self.page.wait_for_timeout(400)
            self.page.screenshot(path=SHOTS / f"{label}.png", full_page=True)


Enter = Callable[..., Screen]


@pytest.fixture
def enter(chromium: Browser, campus: Cast, live_server: LiveServer) -> Iterator[Enter]:
    """`enter("lin", phone=True, language="en")` signs in through the login page."""
    opened = []

    def sign_in(name: str, *, phone: bool = False, language: str = "zh-hans") -> Screen:
        locale = "en-US" if language == "en" else "zh-CN"
        context = chromium.new_context(viewport=PHONE if phone else DESKTOP, locale=locale, has_touch=phone)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE_MS)
        opened.append(context)
        context.add_cookies([{"name": "django_language", "value": language, "url": live_server.url}])
        screen = Screen(context.new_page(), live_server.url, name)

        def heard(message: ConsoleMessage) -> None:
            if message.type in {"error", "warning"}:
                screen.complaints.append(message.text)

        screen.page.on("console", heard)
        screen.page.on("pageerror", lambda error: screen.complaints.append(str(error)))
        page = screen.go("/login/")
        page.fill("input[name=username]", name)
        page.fill("input[name=password]", PASSWORD)
        page.locator("form:has(input[name=password]) button").first.click()
        page.wait_for_url(f"{live_server.url}/")
        return screen

    yield sign_in
    for context in opened:
        context.close()
