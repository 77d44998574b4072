"""From fever to the way back to class, for two diseases: nothing differs but the pack in force."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client
from tests.e2e.conftest import Enter, Screen
from tests.e2e.test_story import clinic_confirms, falls_ill
from tests.story import COVID, TODAY

from shouwang.cases.care.models import Care, Clearance
from shouwang.cases.care.queries import code_of
from shouwang.cases.care.tests.builders import write_hospitals
from shouwang.cases.models import Case, Clock
from shouwang.core import packs
from shouwang.core.models import ActivePack
from shouwang.isolation.models import Order
from shouwang.org.tests.cast import SINCE

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("code", ["influenza-seasonal", COVID])
def test_from_fever_back_to_class(enter: Enter, own_home: Path, client: Client, code: str) -> None:
    write_hospitals(own_home)
    pack = packs.get_pack(code)
    ActivePack.objects.all().delete()
    ActivePack.objects.create(code=pack.code, sha256=pack.sha256, active_from=SINCE)
    lin = falls_ill(enter, ("fever", "cough"))
    case = Case.objects.get(pk=int(clinic_confirms(enter).rstrip("/").rsplit("/", 1)[-1]))
    assert (case.pack, case.classification) == (pack.code, "confirmed")
    traced(enter, case)
    he = treated(enter, case)
    case.refresh_from_db()
    assert case.treated_at is not None
    assert not Clock.objects.filter(case=case, code="treat", ended_at__isnull=True).exists()
    absent(enter, "林晓", there=True)
    to_hospital_and_back(he, case)
    released(he)
    back_to_class(he, case)
    absent(enter, "林晓", there=False)
    paper = lin.go("/cases/care/mine/")
    lin.shot(f"loop-{code}-mine-phone")
    row = Clearance.objects.get()
    paper.locator(f"main a[href='/cases/care/returns/{row.pk}/']").first.click()
    assert code_of(row) in paper.locator("main").inner_text()
    assert "有效" in client.get(f"/cases/care/check/{code_of(row)}/").content.decode()
    assert Care.objects.get().state == "returned"
    assert lin.complaints == he.complaints == []


def traced(enter: Enter, case: Case) -> None:
    """The tracer finds who was with Lin, by the rule of the pack."""
    qiu = enter("qiu")
    page = qiu.go(f"/tracing/cases/{case.pk}/")
    page.locator("form[action$='/trace/'] button").click()
    page.locator("[data-contact]").first.wait_for()
    assert qiu.complaints == []


def filled(screen: Screen, case: Case, act: str, **values: str) -> None:
    """One act on the page of care."""
    page = screen.go(f"/cases/{case.pk}/care/")
    form = page.locator(f"form[action$='/care/{act}/']")
    page.locator(f"details:has(form[action$='/care/{act}/']) > summary").click()
    for name, value in values.items():
        box = form.locator(f"[name={name}]")
        if box.evaluate("box => box.tagName") == "SELECT":
            box.select_option(value)
        else:
            box.fill(value)
    form.locator("button").last.click()
    page.wait_for_url(re.compile(rf"/cases/{case.pk}/care/$"))


def treated(enter: Enter, case: Case) -> Screen:
    he = enter("he")
    filled(he, case, "treat", kind="symptoms", place="clinic", text="对乙酰氨基酚 0.5 g")
    filled(he, case, "leave", absent_from=f"{TODAY}", absent_until="2026-03-09")
    he.shot("loop-care")
    return he


def absent(enter: Enter, name: str, *, there: bool) -> None:
    """What the counsellor sees: the days, and no word of illness."""
    fang = enter("fang")
    text = fang.go("/isolation/absent/").locator("main").inner_text()
    assert (name in text) == there
    assert not any(word in text for word in ("流感", "新型冠状", "发热", "医院"))


def to_hospital_and_back(he: Screen, case: Case) -> None:
    filled(he, case, "refer", hospital="lung", reason="高热不退", absent_until="2026-03-09")
    page = he.page
    for what in ("called", "received", "recovered"):
        page.goto(f"{he.url}/cases/{case.pk}/care/")
        page.locator("main a[href*='/care/referrals/']").first.click()
        page.locator("form[action$='/step/'] [name=what]").select_option(what)
        page.locator("form[action$='/step/'] button").last.click()
        page.locator("main").get_by_text("市传染病医院").first.wait_for()
    filled(he, case, "discharge", outcome="recovered", instructions="多休息，三天内不剧烈运动")


def released(he: Screen) -> None:
    """The order is reviewed and ended early, with a reason; a person decides."""
    order = Order.objects.get(person__name="林晓", ended_at__isnull=True)
    page = he.go(f"/isolation/orders/{order.pk}/")
    form = page.locator("form[action$='/end/']")
    form.locator("details > summary").click()
    form.locator("[name=reason]").fill("住院期间已满足解除条件，由医院出具证明")
    for box in form.locator("input[type=checkbox]").all():
        box.check()
    form.locator("button").last.click()
    page.wait_for_load_state()
    order.refresh_from_db()
    assert order.ended_at is not None


def back_to_class(he: Screen, case: Case) -> None:
    page = he.go(f"/cases/{case.pk}/care/return/")
    he.shot("loop-return")
    page.fill("[name=back_on]", f"{TODAY}")
    page.fill("[name=reason]", "复诊无异常，观察期由医院完成")
    page.locator("main form button").last.click()
    page.wait_for_url(re.compile(r"/cases/care/returns/\d+/$"))
    he.shot("loop-certificate")
