"""The story in real browsers: fever, clinic, tracer, contact, leader."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.e2e.conftest import Enter, Screen

from shouwang.isolation.models import Order

pytestmark = pytest.mark.e2e


def numbers(screen: Screen) -> dict[str, Any]:
    """The leader's figures as the page's own JSON says them."""
    response = screen.page.request.get(f"{screen.url}/command/report.json")
    assert response.ok
    return {key: figure["value"] for key, figure in response.json()["figures"].items()}


def test_from_fever_to_report(enter: Enter) -> None:
    leader = enter("tang")
    leader.go("/command/report/")
    leader.shot("1-leader-before")
    before = numbers(leader)
    lin = falls_ill(enter)
    case = clinic_confirms(enter)
    tracer_confirms(enter, case)
    contact_reads(enter)
    leader.go("/command/report/")
    leader.shot("6-leader-after")
    after = numbers(leader)
    assert (before["symptomatic"], after["symptomatic"]) == (0, 1)
    assert (before["cases_confirmed"], after["cases_confirmed"]) == (0, 1)
    assert (before["quarantined"], after["quarantined"]) == (0, 1)
    assert before["contacts_found"] == 0 and after["contacts_found"] >= 2
    assert after["roster"] == before["roster"]
    home = lin.go("/")
    lin.shot("7-patient-home-phone")
    assert home.locator("h1").count() == 1
    assert lin.complaints == leader.complaints == []


def falls_ill(enter: Enter, symptoms: tuple[str, ...] = ("fever",)) -> Screen:
    """Two taps, what one feels, and a receipt."""
    lin = enter("lin", phone=True)
    lin.shot("2-student-home-phone")
    page = lin.go("/checkins/")
    form = page.locator("form:has(input[name=topic][value=unwell])")
    page.locator("details:has(input[name=topic][value=unwell]) summary").first.click()
    for symptom in symptoms:
        form.locator(f"input[name=symptoms][value={symptom}]").check()
    form.locator("input[name=temperature_c]").fill("38.6")
    lin.shot("2-student-unwell-phone")
    form.locator("button.tap-button").click()
    receipt = page.locator("#receipt")
    receipt.wait_for()
    assert len(receipt.inner_text().strip()) >= 8
    lin.shot("2-student-receipt-phone")
    return lin


def clinic_confirms(enter: Enter) -> str:
    """From the queue to a confirmed case; answers the case's address."""
    he = enter("he")
    page = he.go("/checkins/alerts/")
    he.shot("3-clinic-queue")
    page.locator("main a[href^='/checkins/alerts/']").filter(has_text="林晓").first.click()
    he.shot("3-clinic-alert")
    page.locator("a[href^='/cases/open/alert/']").first.click()
    page.fill("[name=reason]", "发热 38.6 ℃，同寝室有接触")
    he.shot("3-clinic-open")
    page.locator("main form:has([name=reason]) button").last.click()
    page.wait_for_url(re.compile(r"/cases/\d+/$"))
    he.shot("3-clinic-case-suspected")
    form = page.locator("form[action$='/classify/']")
    form.locator("[name=classification][value=confirmed]").check()
    form.locator("[name=reason]").fill("核酸检测阳性")
    form.locator("button").last.click()
    page.locator("main").get_by_text("核酸检测阳性").first.wait_for()
    he.shot("3-clinic-case")
    assert he.complaints == []
    return page.url


def tracer_confirms(enter: Enter, case: str) -> None:
    """Traces, walks to the first row by keyboard and confirms it by keyboard."""
    qiu = enter("qiu")
    page = qiu.go("/tracing/")
    qiu.shot("4-tracer-desk")
    page.goto(f"{qiu.url}/tracing/cases/{case.rstrip('/').rsplit('/', 1)[-1]}/")
    page.locator("form[action$='/trace/'] button").click()
    row = page.locator("[data-contact]").filter(has_text="王蕾")
    row.wait_for()
    qiu.shot("4-tracer-contacts")
    page.keyboard.press("j")
    for _ in range(page.locator("[data-contact]").count()):
        if row.evaluate("row => row === document.activeElement"):
            break
        page.keyboard.press("j")
    page.keyboard.press("y")
    row.locator("form[action$='/reconsider/']").wait_for(state="attached")
    qiu.shot("4-tracer-confirmed")
    assert Order.objects.filter(person__name="王蕾", kind="quarantine").exists()
    assert qiu.complaints == []


def contact_reads(enter: Enter) -> None:
    """The person sees until when and why, and says that it was read."""
    wang = enter("wang", phone=True)
    order = Order.objects.get(person__name="王蕾")
    wang.shot("5-contact-home-phone")
    page = wang.go("/isolation/mine/")
    text = page.locator("main").inner_text()
    until = order.ends_on
    assert any(form in text for form in (f"{until:%Y-%m-%d}", f"{until.month}月{until.day}日", f"{until:%m-%d}"))
    assert order.because_zh in text
    wang.shot("5-contact-order-phone")
    page.locator("form[action$='/acknowledge/'] button").click()
    page.wait_for_load_state()
    order.refresh_from_db()
    assert order.acknowledged_at is not None
    assert wang.complaints == []
