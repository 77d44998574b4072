"""The check-in on a phone: without a network, with two words that differ, with a pass that was withdrawn.

A real server, since what is sent later goes to the hot path in front of Django.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, expect
from tests.e2e.conftest import PATIENCE_MS
from tests.serving import Installation

pytestmark = [pytest.mark.slow, pytest.mark.e2e]

PASSWORD = "watch-and-help-9"
PEOPLE = """
from shouwang.org.tests.cast import assemble
cast = assemble()
print(json.dumps({name: person.pk for name, person in cast.person.items()}))
"""
ROWS = """
from shouwang.checkins.models import CheckIn
rows = CheckIn.objects.order_by("at", "pk")
print(json.dumps([[r.person.number, r.symptoms, str(r.temperature_c), r.source, r.receipt, r.mouth] for r in rows]))
"""


WITHDRAW = """
from shouwang.checkins import actions
from shouwang.core import clock
from shouwang.core.scope import system_actor
from shouwang.org.models import Person
actions.revoke_tickets(Person.objects.get(number="2023010101"), by=system_actor(), at=clock.now())
print(0)
"""
# What the phone still holds: entries, people, who is current, kept pages.
LEFT = """async () => {
  const done = (request) => new Promise((ready) => { request.onsuccess = () => ready(request.result); });
  const database = await done(indexedDB.open("shouwang-checkins", 1));
  const count = (store) => done(database.transaction(store).objectStore(store).count());
  return [await count("entries"), await count("people"), await count("meta"), (await caches.keys()).length];
}"""
# The page without a person is kept, and the worker answers for this one, before the network goes.
KEPT = """async () => {
  const page = () => caches.match("/checkins/shell/", {ignoreVary: true});
  while (!navigator.serviceWorker.controller || !(await page())) await new Promise((later) => setTimeout(later, 50));
}"""


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    made = Installation(tmp_path_factory.mktemp("phone") / "home")
    try:
        made.run("init")
        made.python(PEOPLE)
        made.start("--workers", "1")
        yield made
    finally:
        made.close()


@pytest.fixture
def phone(chromium: Browser, school: Installation) -> Iterator[BrowserContext]:
    school.python("from shouwang.checkins.models import CheckIn; CheckIn.objects.all().delete(); print(0)")
    context = chromium.new_context(viewport={"width": 390, "height": 844}, locale="en-US", has_touch=True)
    context.set_default_timeout(PATIENCE_MS)
    context.add_cookies([{"name": "django_language", "value": "en", "url": _url(school)}])
    yield context
    context.close()


def _url(school: Installation, path: str = "") -> str:
    return f"http://127.0.0.1:{school.port}{path}"


def enter(phone: BrowserContext, school: Installation, name: str = "lin") -> Page:
    page = phone.new_page()
    page.goto(_url(school, "/login/?next=/checkins/"))
    page.fill("input[name=username]", name)
    page.fill("input[name=password]", PASSWORD)
    page.locator("form:has(input[name=password]) button").first.click()
    page.wait_for_url(_url(school, "/checkins/"))
    page.evaluate(KEPT)
    return page


def unwell(page: Page, temperature: str) -> None:
    page.click("#unwell > summary")
    page.fill("#unwell input[name=temperature_c]", temperature)
    page.click("#unwell button.tap-button")


def items(page: Page, state: str) -> Any:
    return page.locator(f"#checkin-outbox [data-state={state}]")


def rows(school: Installation) -> list[list[Any]]:
    found: list[list[Any]] = school.python(ROWS)
    return found


def test_what_is_said_without_a_network_is_sent_once_and_in_order(phone: BrowserContext, school: Installation) -> None:
    page = enter(phone, school)
    phone.set_offline(True)
    page.goto(_url(school, "/checkins/"))
    expect(page.locator("[data-shell-label]")).to_have_text("林**")
    unwell(page, "38.6")
    expect(items(page, "waiting")).to_have_count(1)
    page.click("form[data-checkin=main] button.tap-button")
    expect(items(page, "waiting")).to_have_count(2)
    expect(items(page, "waiting").first).to_contain_text("38.6")
    page.goto(_url(school, "/checkins/"))  # as after the phone was switched off: it opens, and nothing is lost
    expect(items(page, "waiting")).to_have_count(2)
    assert rows(school) == []

    phone.set_offline(False)
    expect(items(page, "sent")).to_have_count(2)
    found = rows(school)
    assert [(row[1], row[2], row[3], row[5]) for row in found] == [
        (["unwell"], "38.6", "self", "web"),
        ([], "None", "self", "web"),
    ]
    shown = items(page, "sent").locator(".receipt-number").all_text_contents()
    assert shown == [row[4] for row in found]
    page.goto(_url(school, "/checkins/"))
    expect(page.locator("#receipt")).to_have_text(found[1][4])
    page.wait_for_timeout(300)
    assert len(rows(school)) == 2


def test_a_word_that_differs_is_shown_and_not_written_over(phone: BrowserContext, school: Installation) -> None:
    page = enter(phone, school)
    phone.set_offline(True)
    page.goto(_url(school, "/checkins/"))
    page.click("form[data-checkin=main] button.tap-button")
    expect(items(page, "waiting")).to_have_count(1)
    page.wait_for_timeout(50)
    school.python("""
from decimal import Decimal
from shouwang.checkins import actions, rules
from shouwang.core import clock
from shouwang.core.scope import system_actor
from shouwang.org.models import Person
actions.submit(person=Person.objects.get(number="2023010101"), answers=rules.Answers(temperature_c=Decimal("38.9")),
               client_key="clinic-1", source="clinic", by=system_actor(), at=clock.now())
print(0)
""")
    phone.set_offline(False)
    expect(items(page, "conflict")).to_have_count(1)
    expect(items(page, "conflict")).to_contain_text("the clinic entered something else")
    assert sorted(row[3] for row in rows(school)) == ["clinic", "self"]
    page.goto(_url(school, "/checkins/"))
    expect(items(page, "conflict")).to_have_count(1)  # until it is put away by hand
    expect(page.locator("#state-title")).to_contain_text("not well")
    items(page, "conflict").get_by_role("button").first.click()
    expect(items(page, "conflict")).to_have_count(0)


def test_a_withdrawn_pass_keeps_what_waits(phone: BrowserContext, school: Installation) -> None:
    page = enter(phone, school)
    phone.set_offline(True)
    unwell(page, "39.1")
    expect(items(page, "waiting")).to_have_count(1)
    school.python(WITHDRAW)
    phone.set_offline(False)
    expect(items(page, "waiting").get_by_role("link")).to_contain_text("Sign in again")
    assert rows(school) == []
    page.goto(_url(school, "/checkins/"))  # still signed in: the page brings a fresh pass
    expect(items(page, "sent")).to_have_count(1)
    assert [row[2] for row in rows(school)] == ["39.1"]


def test_one_phone_two_people(phone: BrowserContext, school: Installation) -> None:
    page = enter(phone, school)
    phone.set_offline(True)
    unwell(page, "38.2")
    expect(items(page, "waiting")).to_have_count(1)
    school.python(WITHDRAW)
    phone.clear_cookies(name="sessionid")  # the session ran out; nobody signed out
    page.close()
    phone.set_offline(False)
    other = enter(phone, school, "wang")
    expect(items(other, "waiting")).to_have_count(0)
    other.click("form[data-checkin=main] button.tap-button")
    expect(items(other, "sent")).to_have_count(1)
    assert [row[0] for row in rows(school)] == ["2023010102"]
    asked: list[str] = []

    def heard(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.accept()

    other.on("dialog", heard)
    other.evaluate("document.querySelector('form[data-leave]').requestSubmit()")
    other.wait_for_url("**/login/**")
    assert asked == []  # nothing of hers waits; what waits is another's and stays
    assert other.evaluate("caches.keys()") == []
    again = enter(phone, school)
    expect(items(again, "sent")).to_have_count(1)
    assert sorted(row[0] for row in rows(school)) == ["2023010101", "2023010102"]


def test_signing_out_asks_about_what_is_unsent(phone: BrowserContext, school: Installation) -> None:
    page = enter(phone, school)
    phone.set_offline(True)
    unwell(page, "38.4")
    expect(items(page, "waiting")).to_have_count(1)
    school.python(WITHDRAW)
    phone.set_offline(False)
    expect(items(page, "waiting").get_by_role("link")).to_be_visible()
    answers = [False, True]
    page.on("dialog", lambda dialog: dialog.accept() if answers.pop() is False else dialog.dismiss())
    page.evaluate("document.querySelector('form[data-leave]').requestSubmit()")
    page.wait_for_timeout(200)
    expect(items(page, "waiting")).to_have_count(1)
    page.evaluate("document.querySelector('form[data-leave]').requestSubmit()")
    page.wait_for_url("**/login/**")
    assert page.evaluate(LEFT) == [0, 0, 0, 0]


def test_a_refusal_is_said_and_the_form_keeps_what_was_typed(phone: BrowserContext, school: Installation) -> None:
    page = enter(phone, school)
    phone.set_offline(True)
    page.goto(_url(school, "/checkins/"))
    page.click("#unwell > summary")
    page.evaluate("document.querySelector('#unwell form').noValidate = true")
    page.fill("#unwell input[name=temperature_c]", "99")
    page.fill("#unwell textarea[name=note]", "since noon")
    page.click("#unwell button.tap-button")
    phone.set_offline(False)
    expect(items(page, "refused")).to_contain_text("is not a body temperature")
    page.goto(_url(school, "/checkins/"))
    items(page, "refused").get_by_role("button").first.click()
    expect(page.locator("#unwell textarea[name=note]")).to_have_value("since noon")
    page.fill("#unwell input[name=temperature_c]", "37.9")
    page.click("#unwell button.tap-button")
    expect(items(page, "refused")).to_have_count(0)
    expect(items(page, "sent")).to_have_count(1)
    assert [row[2] for row in rows(school)] == ["37.9"]
