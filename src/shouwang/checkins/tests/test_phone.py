"""The person's page with what is new, the link without signing in, corrections, and what a phone may keep."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from shouwang.checkins import actions, queries
from shouwang.checkins.models import CheckIn
from shouwang.checkins.rules import Answers, credentials
from shouwang.checkins.tests.builders import fever, say, watch, well
from shouwang.core.scope import system_actor
from shouwang.org.tests.cast import NOON, Cast

SignIn = Callable[[str], Client]
TODAY_URL, HISTORY_URL = reverse("checkins:today"), reverse("checkins:history")
YESTERDAY = NOON - timedelta(days=1)
FORM = """
[form]
code = "daily"
version = {version}
title = {{ zh = "申报", en = "Check-in" }}
starts = {starts}
ends = 2026-12-31
[[sources]]
id = "here"
kind = "assumption"
text = "of this test"
[cadence]
by_level = {{ none = "daily", IV = "daily", III = "daily", II = "daily", I = "daily" }}
due = 10:00:00
source = "here"
[[questions]]
code = "vaccinated"
kind = "yes_no"
text = {{ zh = "接种过疫苗吗？", en = "Have you been vaccinated?" }}
source = "here"
required = true
[[questions]]
code = "breath_rate"
kind = "number"
text = {{ zh = "每分钟呼吸次数", en = "Breaths a minute" }}
source = "here"
low = 5
high = 60
symptoms_any = ["unwell"]
"""
TRAVEL = """
[[questions]]
code = "travelled"
kind = "choice"
text = {{ zh = "出行方式", en = "How do you travel?" }}
source = "here"
required = true
choices = [
  {{ code = "foot", name = {{ zh = "步行", en = "On foot" }} }},
  {{ code = "bus", name = {{ zh = "公交", en = "By bus" }} }},
]
"""


def publish(version: int, starts: str, text: str = FORM) -> None:
    document = text.format(version=version, starts=starts).encode()
    actions.publish_form(document, unit=None, by=system_actor(), at=YESTERDAY)


def send(client: Client, url: str = TODAY_URL, **values: Any) -> Any:
    return client.post(url, {"client_key": "page-1", **values})


# --- only what is new ------------------------------------------------------------------------------------------


def test_a_new_question_is_the_only_thing_between_the_person_and_the_one_tap(cast: Cast, sign_in: SignIn) -> None:
    publish(1, "2026-03-01")
    say(cast, "lin", Answers(exposure=False, extra={"vaccinated": True}), at=YESTERDAY)
    lin = sign_in("lin")
    page = lin.get(TODAY_URL).context["forms"]["main"]
    assert page.highlighted == [] and [bound.name for bound in page.folded] == ["q_vaccinated"]

    publish(2, "2026-03-02", FORM + TRAVEL)
    shown = lin.get(TODAY_URL)
    page = shown.context["forms"]["main"]
    assert [bound.name for bound in page.highlighted] == ["q_travelled"]
    assert page["q_vaccinated"].value() == "yes", "folded, with yesterday's answer"
    refused = send(lin, topic="unchanged")
    assert refused.status_code == 422
    assert "q_travelled" in refused.context["forms"]["main"].errors
    assert (
        send(lin, topic="unchanged", q_travelled="foot", form=shown.context["own"].protocols.sha256).status_code == 302
    )
    assert CheckIn.objects.get(day=NOON.date()).extra == {"vaccinated": True, "travelled": "foot"}
    page = lin.get(HISTORY_URL, headers={"accept-language": "en"}).content.decode()
    assert "How do you travel?: On foot" in page and "Have you been vaccinated?: Yes" in page


def test_a_page_that_shows_yesterdays_form_is_told(cast: Cast, sign_in: SignIn) -> None:
    lin = sign_in("lin")
    old = lin.get(TODAY_URL).context["own"].protocols.sha256
    publish(1, "2026-03-02")
    refused = send(lin, topic="well", q_vaccinated="yes", form=old)
    assert refused.status_code == 422 and refused.context["forms"]["main"].non_field_errors()
    assert refused.context["forms"]["main"]["q_vaccinated"].value() == "yes", "what was typed stays"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"topic": "unwell", "q_breath_rate": "400"}, "q_breath_rate"),
        ({"topic": "unwell", "q_breath_rate": "many"}, "q_breath_rate"),
        ({"topic": "well", "q_vaccinated": "perhaps"}, "q_vaccinated"),
        ({"topic": "well"}, "q_vaccinated"),
        ({"topic": "place", "situation": "abroad", "zone": "Mars/Olympus", "q_vaccinated": "no"}, "zone"),
    ],
)
def test_an_error_names_the_question(cast: Cast, sign_in: SignIn, values: dict[str, str], field: str) -> None:
    publish(1, "2026-03-02")
    response = send(sign_in("lin"), **values)
    assert response.status_code == 422
    assert field in response.context["forms"][response.context["failed"]].errors
    assert not CheckIn.objects.exists()


def test_what_depends_on_a_symptom_is_asked_of_the_unwell(cast: Cast, sign_in: SignIn) -> None:
    publish(1, "2026-03-02")
    lin = sign_in("lin")
    page = lin.get(TODAY_URL, headers={"accept-language": "en"})
    assert [bound.name for bound in page.context["forms"]["unwell"].dependent] == ["q_breath_rate"]
    assert 'data-symptoms="unwell"' in page.content.decode() and "Only if you have:" in page.content.decode()
    assert send(lin, topic="unwell", q_breath_rate="24").status_code == 302
    assert CheckIn.objects.get().extra == {"breath_rate": 24}


def test_no_question_stands_before_a_change_of_place(cast: Cast, sign_in: SignIn) -> None:
    publish(1, "2026-03-02")
    assert send(sign_in("lin"), topic="place", situation="off_campus", form="old").status_code == 302
    assert CheckIn.objects.get().place_changed


def test_abroad_by_the_form(cast: Cast, sign_in: SignIn) -> None:
    lin = sign_in("lin")
    assert send(lin, topic="place", situation="abroad", zone="America/New_York").status_code == 302
    page = lin.get(TODAY_URL)
    assert page.context["own"].zone.key == "America/New_York" and page.context["own"].day.isoformat() == "2026-03-01"
    assert "America/New_York" in page.content.decode()
    unit = sign_in("meng").get(reverse("checkins:unit"), {"tab": "not_yet"}).content.decode()
    assert "03-01 23:00" in unit, "the unit's list shows what time it is there"


# --- corrections -----------------------------------------------------------------------------------------------


def test_a_correction_keeps_both(cast: Cast, sign_in: SignIn) -> None:
    row = say(cast, "lin", well(), at=YESTERDAY)
    say(cast, "lin", well(), at=NOON - timedelta(hours=4))
    lin = sign_in("lin")
    assert f"?correct={row.receipt}" in lin.get(HISTORY_URL).content.decode()
    form = lin.get(TODAY_URL, {"correct": row.receipt}).context["forms"]["correct"]
    assert form.initial["exposure"] == "no"
    assert (
        send(lin, topic="correct", corrects=row.receipt, symptoms=["unwell"], exposure="no")["Location"] == HISTORY_URL
    )
    new = CheckIn.objects.get(corrects=row)
    assert (new.day, new.at) == (row.day, row.at)
    assert cast.person["lin"].latest_checkin.day == NOON.date(), "today's word stands above"
    shown = {one.told.row.pk: one for _day, rows in lin.get(HISTORY_URL).context["days"] for one in rows}
    assert (shown[row.pk].corrected_by, shown[row.pk].may_correct) == (new.receipt, False)
    assert (shown[new.pk].corrects, shown[new.pk].may_correct) == (row.receipt, True)


def test_nobody_corrects_anothers_word_or_an_old_one(cast: Cast, sign_in: SignIn) -> None:
    other = say(cast, "wang", well())
    old = say(cast, "lin", well(), at=NOON - timedelta(days=3))
    entered = actions.submit(
        person=cast.person["lin"], answers=well(), client_key="p", source="proxy", proxy_reason="asked",
        by=cast.by("meng"), at=NOON,
    )  # fmt: skip
    lin = sign_in("lin")
    for row, status in ((other, 404), (entered, 404), (old, 409)):
        assert lin.get(TODAY_URL, {"correct": row.receipt}).status_code == status
    assert send(lin, topic="correct", corrects=old.receipt).status_code == 422
    assert send(lin, topic="correct", corrects=other.receipt).status_code == 404
    assert send(lin, topic="correct", corrects="nonsense").status_code == 422
    assert not CheckIn.objects.filter(corrects__isnull=False).exists()


# --- the link --------------------------------------------------------------------------------------------------


def link_of(cast: Cast, name: str) -> str:
    ticket = queries.ticket_for(cast.by(name), mouth=credentials.LINK, at=NOON)
    return reverse("pass:by_link", args=[ticket])


def test_the_link_opens_one_tap_and_shows_nothing(cast: Cast) -> None:
    say(cast, "lin", fever("38.8", "unwell"), at=YESTERDAY)
    url, stranger = link_of(cast, "lin"), Client()
    page = stranger.get(url).content.decode()
    assert "林**" in page
    for secret in ("林晓", "2023010101", "38.8", "CS 2301", "计科2301班"):
        assert secret not in page
    assert send(stranger, url, topic="well").status_code == 302
    row = CheckIn.objects.get(day=NOON.date())
    assert (row.mouth, row.source, row.exposure) == ("link", "self", False)
    assert row.receipt in stranger.get(url).content.decode()
    assert stranger.get(TODAY_URL).status_code == 302, "it opens nothing else"
    for topic in ("unchanged", "place", "correct", "dance"):
        assert stranger.post(url, {"client_key": "page-2", "topic": topic}).status_code == 422


def test_a_link_asks_for_the_temperature_only_once_it_is_missing(cast: Cast) -> None:
    watch(cast, "lin")
    url, stranger = link_of(cast, "lin"), Client()
    main = stranger.get(url).content.decode().split("</form>")[0]
    assert "temperature_c" not in main
    refused = send(stranger, url, topic="well")
    assert refused.status_code == 422 and 'name="temperature_c"' in refused.content.decode().split("</form>")[0]
    assert send(stranger, url, topic="well", temperature_c="36.6").status_code == 302


def test_withdrawing_takes_effect_at_once(cast: Cast, sign_in: SignIn) -> None:
    url, lin = link_of(cast, "lin"), sign_in("lin")
    shown = lin.get(reverse("checkins:link")).context["address"]
    assert shown.startswith("http://testserver/c/sw1.")
    assert lin.post(reverse("checkins:withdraw")).status_code == 302
    for address in (url, shown, reverse("pass:by_link", args=["sw1.nonsense"])):
        assert Client().get(address).status_code == 401
        assert send(Client(), address, topic="well").status_code == 401
    assert not CheckIn.objects.exists()
    assert Client().get(lin.get(reverse("checkins:link")).context["address"]).status_code == 200


def test_who_manages_accounts_prints_a_pass_and_the_person_reads_it(cast: Cast) -> None:
    from shouwang.core.errors import Forbidden
    from shouwang.core.models import AuditEntry

    person = cast.person["lin"]
    ticket = actions.hand_out_ticket(person, mouth=credentials.LINK, by=cast.by("admin"), at=NOON)
    found, by, _person = queries.bearer_of(ticket, at=NOON)
    assert (found.account, by.person_id) == (0, person.pk)
    assert AuditEntry.objects.get(verb="ticket.issued").subject == person.pk
    with pytest.raises(Forbidden):
        actions.hand_out_ticket(person, mouth=credentials.LINK, by=cast.by("meng"), at=NOON)


# --- what a phone keeps ----------------------------------------------------------------------------------------


def test_the_kept_page_names_nobody_and_changes_with_what_is_asked(cast: Cast, sign_in: SignIn) -> None:
    say(cast, "lin", fever("38.8", "unwell"))
    lin = sign_in("lin")
    shell = lin.get(reverse("checkins:shell"))
    page = shell.content.decode()
    for secret in ("林", "2023010101", "38.8", "sw1."):
        assert secret not in page
    assert shell["X-Shell"] == lin.get(TODAY_URL).context["phone"]["shell"]
    assert sign_in("wang").get(reverse("checkins:shell"))["X-Shell"] == shell["X-Shell"]
    publish(1, "2026-03-02")
    assert lin.get(reverse("checkins:shell"))["X-Shell"] != shell["X-Shell"]
    assert Client().get(reverse("checkins:shell")).status_code == 302


def test_the_worker_answers_for_the_root_and_keeps_no_other_page() -> None:
    response = Client().get("/service-worker.js")
    assert (response.status_code, response["Service-Worker-Allowed"], response["Cache-Control"]) == (
        200,
        "/",
        "no-cache",
    )
    text = response.content.decode()
    assert response["Content-Type"].startswith("text/javascript")
    assert re.findall(r"const OPENS = new Set\((.*?)\);", text) == ['["/", "/checkins/"]']


def test_keys_grow_with_time() -> None:
    from shouwang.checkins.forms import new_key

    early, late = new_key(NOON), new_key(NOON + timedelta(milliseconds=1))
    assert early < late and re.fullmatch(r"[0-9a-f]{13}-[0-9a-f]{24}", early) and new_key(NOON) != early


def test_the_stack_alone_for_a_script(cast: Cast, sign_in: SignIn) -> None:
    say(cast, "lin", well())
    page = sign_in("lin").get(TODAY_URL, headers={"hx-request": "true"}).content.decode()
    assert "<html" not in page and 'id="receipt"' in page and "data-ticket" not in page
