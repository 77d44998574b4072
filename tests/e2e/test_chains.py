"""Transmission chains of 5,000 cases in a real browser: drawn at a bounded cost a frame, used by keyboard alone."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from shouwang.cases import actions as case_actions
from shouwang.cases.models import Case
from shouwang.core.packs import get_pack
from shouwang.org.models import Person
from shouwang.org.tests.cast import NOON, Cast
from shouwang.tracing.models import TransmissionLink

if TYPE_CHECKING:
    from tests.e2e.conftest import Screen

CASES = 5_000
# What a frame may cost, counted and not timed: a time says more about the machine than about the page. A link is a move
# and three lines, a case a path, its shape, its fill, perhaps edge and number; looking at all twice would not fit.
STROKES_A_CASE = 9
WATCH = """window.strokes = 0;
window.frames = [];
const pen = CanvasRenderingContext2D.prototype;
const acts = "moveTo lineTo rect arc beginPath closePath fill stroke fillText fillRect";
for (const name of acts.split(" ")) {
  const real = pen[name];
  pen[name] = function (...given) { window.strokes += 1; return real.apply(this, given); };
}
window.nextFrame = window.requestAnimationFrame.bind(window);
window.requestAnimationFrame = (draw) => window.nextFrame((at) => {
  const before = window.strokes;
  draw(at);
  if (window.strokes > before) window.frames.push(window.strokes - before);
});"""
IDLE = "(async () => { for (let k = 0; k < 3; k += 1) await new Promise((done) => window.nextFrame(done)); })()"
KEYS = [*("-" * 20), "ArrowDown", "ArrowRight", "+", "+", "0", "n", "n", "p"]
COLOURS = ["dorm", "week", "generation", "class"]


def outbreak(cast: Cast) -> None:
    """5,000 cases over eight weeks; most hang on one some days earlier, some only by a proposal."""
    rng = random.Random(5)
    seed = case_actions.open_case(
        person=cast.person["lin"], pack=get_pack("covid19-2020-6"), classification="confirmed", reason="核酸阳性",
        onset_at=NOON - timedelta(days=56), detected_at=NOON - timedelta(days=55), by=cast.by("he"), at=NOON,
    )  # fmt: skip
    homes = [cast.org[code] for code in ("CS2301", "CS2302", "EN2301")]
    Person.objects.bulk_create(
        Person(number=f"8{k:08d}", name=f"同学{k}", kind="student", home=homes[k % 3], home_path=homes[k % 3].path)
        for k in range(CASES - 1)
    )
    people = list(Person.objects.filter(number__startswith="8").order_by("pk"))
    days = sorted(rng.randrange(1, 56) for _ in people)
    Case.objects.bulk_create(
        Case(
            number=f"COV-2026-{k + 2:04d}", person=person, disease="covid19", pack=seed.pack,
            pack_sha256=seed.pack_sha256, classification="confirmed", classified_at=NOON,
            onset_at=NOON - timedelta(days=56 - days[k]), detected_at=NOON - timedelta(days=55 - days[k]),
            opened_at=NOON, purge_on=date(2030, 1, 1),
        )
        for k, person in enumerate(people)
    )  # fmt: skip
    cases = list(Case.objects.order_by("onset_at", "pk"))
    TransmissionLink.objects.bulk_create(
        TransmissionLink(
            case=case, infector=cases[rng.randrange(max(0, k - 400), k)], certainty="probable", by_rule=True,
            state="accepted" if rng.random() < 0.7 else "proposed", judged_at=NOON,
        )
        for k, case in enumerate(cases)
        if k and rng.random() < 0.9
    )  # fmt: skip


@pytest.mark.e2e
def test_five_thousand_cases_do_not_freeze_the_page(campus: Cast, enter: Callable[..., Screen]) -> None:
    outbreak(campus)
    qiu = enter("qiu")
    qiu.page.add_init_script(WATCH)
    page = qiu.go("/tracing/chains/")
    page.wait_for_selector(f'[data-chains][data-drawn="{CASES}"]')
    canvas = page.locator(".chain-canvas")
    canvas.scroll_into_view_if_needed()
    canvas.focus()
    for key in KEYS:
        page.keyboard.press(key)
    page.wait_for_function("document.querySelector('[data-chain-said]').textContent.includes('COV-2026-')")
    for by in COLOURS:
        page.select_option("[data-chain-colour]", by)
    page.evaluate(IDLE)
    frames = page.evaluate("window.frames")
    whole = max(frames)
    assert CASES < whole <= STROKES_A_CASE * CASES
    page.evaluate(IDLE)
    assert page.evaluate("window.frames.length") == len(frames), "something moves by itself"
    for _ in range(12):
        page.keyboard.press("+")
    page.evaluate(IDLE)
    near = page.evaluate("window.frames.at(-1)")
    assert near < whole / 10, "what is out of view is drawn"
    qiu.shot("chains-5000")
    assert not qiu.complaints
    canvas.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/tracing/chains/cases/**")


@pytest.mark.e2e
def test_on_a_phone_nothing_scrolls_sideways(campus: Cast, enter: Callable[..., Screen]) -> None:
    outbreak(campus)
    qiu = enter("qiu", phone=True, language="en")
    page = qiu.go("/tracing/chains/?disease=covid19&first=2026-01-01&last=2026-03-02&links=accepted&arrange=generation")
    page.wait_for_selector(f'[data-chains][data-drawn="{CASES}"]')
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    qiu.shot("chains-phone")
    assert not qiu.complaints
