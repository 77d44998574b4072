"""The pages: what each person sees and does there, who is turned away, bad input, and what a page costs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from shouwang.checkins import actions
from shouwang.checkins.models import CheckIn, SymptomAlert
from shouwang.checkins.rules import Answers
from shouwang.checkins.tests.builders import fever, say, watch, well
from shouwang.core.models import AuditEntry
from shouwang.org.tests.cast import NOON, Cast

SignIn = Callable[[str], Client]
TODAY_URL, UNIT_URL, ALERTS_URL = reverse("checkins:today"), reverse("checkins:unit"), reverse("checkins:alerts")
YESTERDAY = NOON - timedelta(days=1)


def send(client: Client, **values: Any) -> Any:
    return client.post(TODAY_URL, {"client_key": "page-1", **values})


# --- the person's page -----------------------------------------------------------------------------------------


def test_one_tap_after_a_healthy_yesterday(cast: Cast, sign_in: SignIn, django_assert_max_num_queries: Any) -> None:
    say(cast, "lin", well(), at=YESTERDAY)
    lin = sign_in("lin")
    with django_assert_max_num_queries(16):
        page = lin.get(TODAY_URL).content.decode()
    assert 'value="unchanged"' in page
    assert "与昨天相同" in page or "Nothing changed since yesterday" in page
    response = send(lin, topic="unchanged")
    assert (response.status_code, response["Location"]) == (302, TODAY_URL)
    row = CheckIn.objects.get(day=NOON.date())
    assert (row.unchanged, row.client_key, row.source) == (True, "page-1", "self")
    assert row.receipt in lin.get(TODAY_URL).content.decode()
    # the same form sent twice is one check-in
    assert send(lin, topic="unchanged").status_code == 302
    assert CheckIn.objects.filter(day=NOON.date()).count() == 1


def test_the_first_time_one_says_that_one_is_well(cast: Cast, sign_in: SignIn) -> None:
    lin = sign_in("lin")
    assert 'value="well"' in lin.get(TODAY_URL).content.decode()
    assert send(lin, topic="unchanged").status_code == 422
    assert not CheckIn.objects.exists()
    send(lin, topic="well")
    assert CheckIn.objects.get().exposure is False


def test_unwell_in_two_taps(cast: Cast, sign_in: SignIn) -> None:
    lin = sign_in("lin")
    assert send(lin, topic="unwell").status_code == 302
    row = CheckIn.objects.get()
    assert (row.symptoms, row.severity) == (["unwell"], "medium")
    page = lin.get(TODAY_URL).content.decode()
    assert "120" in page, "the advice is shown"
    assert SymptomAlert.objects.get().disease == "unspecified"


def test_the_advice_of_the_pack_is_shown(cast: Cast, sign_in: SignIn) -> None:
    lin = sign_in("lin")
    send(lin, topic="unwell", symptoms=["fever", "cough"], temperature_c="38.4", exposure="yes")
    row = CheckIn.objects.get()
    assert (row.severity, row.rule) == ("urgent", "covid19-2020-6:fever_exposed")
    page = lin.get(TODAY_URL, headers={"accept-language": "en"}).content.decode()
    assert "Wear a mask, stay away from classrooms" in page
    assert "fever together with a known exposure" in page
    assert 'value="unchanged"' not in page, "who reported ill is asked, not copied"


def test_a_change_of_place_keeps_this_mornings_fever(cast: Cast, sign_in: SignIn) -> None:
    lin = sign_in("lin")
    send(lin, topic="unwell", symptoms=["fever"], temperature_c="38.4")
    form = lin.get(TODAY_URL).context["forms"]["place"]
    carried: dict[str, Any] = {name: form.initial[name] for name in ("symptoms", "exposure", "temperature_c")}
    assert carried == {"symptoms": ["fever"], "exposure": "", "temperature_c": Decimal("38.4")}
    response = lin.post(TODAY_URL, {"client_key": "page-2", "topic": "place", "situation": "off_campus", **carried})
    assert response.status_code == 302
    assert cast.person["lin"].latest_checkin.severity == "high"
    cast.person["lin"].refresh_from_db()
    assert cast.person["lin"].situation == "off_campus"


def test_exposure_in_two_taps(cast: Cast, sign_in: SignIn) -> None:
    send(sign_in("lin"), topic="exposed", note="sat beside a case in the library")
    assert CheckIn.objects.get().exposure is True
    assert SymptomAlert.objects.get().rule == "exposed"


def test_who_is_monitored_sees_the_temperature_first(cast: Cast, sign_in: SignIn) -> None:
    say(cast, "lin", well(), at=YESTERDAY)
    watch(cast, "lin")
    lin = sign_in("lin")
    assert 'name="temperature_c"' in lin.get(TODAY_URL).content.decode()
    refused = send(lin, topic="unchanged")
    assert refused.status_code == 422
    assert refused.context["forms"]["main"].errors["temperature_c"]
    assert send(lin, topic="unchanged", temperature_c="36.6").status_code == 302
    assert lin.get(TODAY_URL).context["own"].checks == (1, 2)
    assert not lin.get(TODAY_URL).context["own"].settled


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"topic": "unwell", "temperature_c": "99"}, "temperature_c"),
        ({"topic": "unwell", "temperature_c": "NaN"}, "temperature_c"),
        ({"topic": "unwell", "symptoms": ["plague"]}, "symptoms"),
        ({"topic": "dance"}, "topic"),
        ({"topic": "well", "client_key": ""}, "client_key"),
        ({"topic": "well", "client_key": "x" * 65}, "client_key"),
        ({"topic": "unwell", "note": "x" * 501}, "note"),
        ({"topic": "unwell", "note": "a\x1bb"}, "note"),
        ({"topic": "place", "situation": "the moon"}, "situation"),
    ],
)
def test_bad_input_stays_on_the_page(cast: Cast, sign_in: SignIn, values: dict[str, Any], field: str) -> None:
    response = send(sign_in("lin"), **values)
    assert response.status_code == 422
    failed = response.context["failed"]
    assert field in response.context["forms"][failed].errors
    assert not CheckIn.objects.exists()


def test_the_same_key_with_other_answers_is_said(cast: Cast, sign_in: SignIn) -> None:
    lin = sign_in("lin")
    send(lin, topic="well")
    response = send(lin, topic="unwell", symptoms=["fever"])
    assert response.status_code == 422
    assert not CheckIn.objects.filter(symptomatic=True).exists()


def test_history_shows_every_day_and_every_receipt(
    cast: Cast, sign_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    row = say(cast, "lin", fever(), at=YESTERDAY)
    other = say(cast, "wang", well())
    lin = sign_in("lin")
    with django_assert_max_num_queries(12):
        page = lin.get(reverse("checkins:history"))
    assert len(page.context["days"]) == 14
    assert row.receipt in page.content.decode() and other.receipt not in page.content.decode()


# --- the unit's live list --------------------------------------------------------------------------------------


def names(response: Any) -> list[str]:
    return [person.name for person, *_told in response.context["people"]]


def test_the_monitor_sees_names_and_no_answers(cast: Cast, sign_in: SignIn, django_assert_max_num_queries: Any) -> None:
    say(cast, "lin", fever("38.8", "cough"))
    say(cast, "wang", well(), at=YESTERDAY)
    meng = sign_in("meng")
    with django_assert_max_num_queries(22):
        response = meng.get(UNIT_URL)
    assert names(response) == ["王蕾"]
    counts = response.context["board"].counts
    assert (counts.roster, counts.by_self, counts.unknown) == (3, 1, 2)
    assert names(meng.get(UNIT_URL, {"tab": "silent"})) == ["孟欣"]
    inside = meng.get(UNIT_URL, {"tab": "in"})
    assert names(inside) == ["林晓"]
    text = inside.content.decode()
    assert "38.8" not in text and "咳嗽" not in text and "Cough" not in text
    assert meng.get(UNIT_URL, {"tab": "symptomatic"}).status_code == 400
    assert not AuditEntry.objects.filter(is_read=True).exists()


def test_the_counsellor_sees_who_needs_attention_first_and_is_recorded(cast: Cast, sign_in: SignIn) -> None:
    say(cast, "zhao", Answers(symptoms=("fatigue",)))
    say(cast, "lin", fever("39.1", "short_breath"))
    say(cast, "ou", fever())
    fang = sign_in("fang")
    response = fang.get(UNIT_URL)
    assert response.context["state"] == "symptomatic"
    assert names(response) == ["林晓", "赵宁"]
    assert "39.1" in response.content.decode()
    seen = AuditEntry.objects.filter(is_read=True, verb="checkin.read")
    assert {entry.subject for entry in seen} == {cast.person["lin"].pk, cast.person["zhao"].pk}
    # the list refreshes itself every five seconds: that is one look, not seven hundred an hour
    fragment = fang.get(UNIT_URL, headers={"hx-request": "true"})
    assert fragment.status_code == 200 and "<html" not in fragment.content.decode()
    assert seen.count() == 2


def test_tabs_count_what_they_show(cast: Cast, sign_in: SignIn) -> None:
    say(cast, "lin", fever())
    say(cast, "wang", well())
    say(cast, "zhao", well(), at=YESTERDAY)
    for name in ("meng", "fang", "xu", "he", "su"):
        client = sign_in(name)
        board = client.get(UNIT_URL).context["board"]
        assert sum(board.states.values()) == board.counts.roster
        shown = {
            state.value: len(names(client.get(UNIT_URL, {"tab": state.value})))
            for state in board.states
            if state.value in {entry[0] for entry in client.get(UNIT_URL).context["lists"]}
        }
        assert shown == {state.value: n for state, n in board.states.items() if state.value in shown}
        assert sum(shown.values()) == board.counts.roster


def test_the_list_of_one_class(cast: Cast, sign_in: SignIn) -> None:
    fang = sign_in("fang")
    below = fang.get(UNIT_URL).context["units"]
    assert [unit.code for unit in below] == ["IE"]
    found = fang.get(UNIT_URL, {"unit": str(cast.org["CS2302"].pk), "tab": "silent"})
    assert names(found) == ["赵宁"]
    assert fang.get(UNIT_URL, {"unit": cast.org["EN2301"].pk}).status_code == 404
    for bad in ("x", "9" * 30, "-1", "²"):
        assert fang.get(UNIT_URL, {"unit": bad}).status_code == 404
    assert fang.get(UNIT_URL, {"tab": "everyone"}).status_code == 400
    assert fang.get(UNIT_URL, {"page": "%%%"}).status_code == 400


@pytest.mark.parametrize("name", ["lin", "qiu", "tang", "deng", "gu", "admin"])
def test_who_watches_nobody_finds_no_list(cast: Cast, sign_in: SignIn, name: str) -> None:
    assert sign_in(name).get(UNIT_URL).status_code == 404


# --- for somebody else -----------------------------------------------------------------------------------------


def test_the_monitor_enters_for_a_classmate_with_a_reason(
    cast: Cast, sign_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    meng, url = sign_in("meng"), reverse("checkins:proxy", args=[cast.person["wang"].pk])
    with django_assert_max_num_queries(14):
        assert meng.get(url).status_code == 200
    refused = meng.post(url, {"client_key": "p", "topic": "well"})
    assert refused.status_code == 422 and refused.context["form"].errors["proxy_reason"]
    refused = meng.post(url, {"client_key": "p", "topic": "well", "symptoms": ["cough"], "proxy_reason": "asked"})
    assert refused.status_code == 422 and refused.context["form"].errors["topic"]
    values = {"client_key": "p", "topic": "unwell", "exposure": "yes", "proxy_reason": "asked in person"}
    assert meng.post(url, values).status_code == 302
    row = CheckIn.objects.get()
    assert (row.source, row.symptoms, row.exposure) == ("proxy", [], True)


def test_a_proxy_learns_nothing_of_monitoring(cast: Cast, sign_in: SignIn) -> None:
    watch(cast, "wang")
    url = reverse("checkins:proxy", args=[cast.person["wang"].pk])
    values = {"client_key": "p", "topic": "well", "proxy_reason": "asked in person"}
    assert sign_in("meng").post(url, values).status_code == 302


@pytest.mark.parametrize(("name", "whom"), [("meng", "zhao"), ("meng", "ou"), ("lin", "wang"), ("su", "lin")])
def test_nobody_enters_beyond_their_reach(cast: Cast, sign_in: SignIn, name: str, whom: str) -> None:
    url = reverse("checkins:proxy", args=[cast.person[whom].pk])
    client = sign_in(name)
    assert client.get(url).status_code == 404
    assert client.post(url, {"client_key": "p", "topic": "well", "proxy_reason": "x"}).status_code == 404
    assert not CheckIn.objects.exists()


def test_a_persons_answers_for_those_who_may(cast: Cast, sign_in: SignIn, django_assert_max_num_queries: Any) -> None:
    say(cast, "lin", fever("38.8"))
    url = reverse("checkins:person", args=[cast.person["lin"].pk])
    for name in ("fang", "he"):
        client = sign_in(name)
        with django_assert_max_num_queries(14):
            assert "38.8" in client.get(url).content.decode()
    for name in ("meng", "xu", "qiu", "su", "tang", "admin", "wang"):
        assert sign_in(name).get(url).status_code == 404
    readers = AuditEntry.objects.filter(is_read=True, subject=cast.person["lin"].pk).values_list("label", flat=True)
    assert sorted(readers) == ["fang", "he"]


# --- the clinic ------------------------------------------------------------------------------------------------


def test_the_queue_and_its_answer(cast: Cast, sign_in: SignIn, django_assert_max_num_queries: Any) -> None:
    say(cast, "lin", Answers(symptoms=("cough",)))
    say(cast, "ou", fever("39.5", "short_breath"))
    he = sign_in("he")
    with django_assert_max_num_queries(18):
        response = he.get(ALERTS_URL)
    assert [alert.person.name for alert, *_ in response.context["alerts"]] == ["欧阳静", "林晓"]
    assert "39.5" in response.content.decode()
    assert he.get(ALERTS_URL, headers={"hx-request": "true"}).status_code == 200
    assert AuditEntry.objects.filter(is_read=True, kind="alert").count() == 2
    alert = SymptomAlert.objects.get(person=cast.person["lin"])
    url = reverse("checkins:alert", args=[alert.pk])
    with django_assert_max_num_queries(20):
        assert he.get(url).status_code == 200
    close = reverse("checkins:close_alert", args=[alert.pk])
    refused = he.post(close, {"reason": " "})
    assert refused.status_code == 422 and refused.context["form"].errors["reason"]
    assert he.post(close, {"reason": "smoker's cough, known"}).status_code == 302
    assert he.post(close, {"reason": "again"}).status_code == 409
    assert [a.pk for a, *_ in he.get(ALERTS_URL, {"tab": "handled"}).context["alerts"]] == [alert.pk]
    assert "smoker" in sign_in("lin").get(TODAY_URL).content.decode(), "the person reads the reason"


def test_an_alert_no_pack_explains_offers_a_case_all_the_same(cast: Cast, sign_in: SignIn) -> None:
    say(cast, "lin", Answers(symptoms=("unwell",), note="toothache"))
    alert = SymptomAlert.objects.get()
    page = sign_in("he").get(reverse("checkins:alert", args=[alert.pk])).content.decode()
    assert reverse("cases:open_from_alert", args=[alert.pk]) in page


@pytest.mark.parametrize("name", ["lin", "meng", "fang", "qiu", "su", "tang", "admin"])
def test_the_queue_is_the_clinics_alone(cast: Cast, sign_in: SignIn, name: str) -> None:
    say(cast, "lin", fever())
    alert = SymptomAlert.objects.get()
    client = sign_in(name)
    assert client.get(ALERTS_URL).status_code == 404
    assert client.get(reverse("checkins:alert", args=[alert.pk])).status_code == 404
    assert client.post(reverse("checkins:close_alert", args=[alert.pk]), {"reason": "x"}).status_code == 404
    alert.refresh_from_db()
    assert alert.state == "open"


def test_purged_answers_leave_the_alert_readable(cast: Cast, sign_in: SignIn) -> None:
    say(cast, "lin", fever())
    CheckIn.objects.all().delete()
    he = sign_in("he")
    assert he.get(ALERTS_URL).status_code == 200
    assert he.get(reverse("checkins:alert", args=[SymptomAlert.objects.get().pk])).status_code == 200


# --- everywhere ------------------------------------------------------------------------------------------------


def test_strangers_are_sent_to_the_door(cast: Cast) -> None:
    for url in (TODAY_URL, UNIT_URL, ALERTS_URL, reverse("checkins:history")):
        assert Client().get(url).status_code == 302
        assert Client().get(url)["Location"].startswith(reverse("web:login"))


def test_home_has_the_cards(cast: Cast, sign_in: SignIn, django_assert_max_num_queries: Any) -> None:
    say(cast, "lin", well(), at=YESTERDAY)
    say(cast, "wang", fever())
    assert 'value="unchanged"' in sign_in("lin").get(reverse("web:home")).content.decode()
    assert UNIT_URL in sign_in("meng").get(reverse("web:home")).content.decode()
    assert ALERTS_URL in sign_in("he").get(reverse("web:home")).content.decode()
    watch(cast, "lin")
    assert 'value="unchanged"' not in sign_in("lin").get(reverse("web:home")).content.decode()


def test_who_entered_and_why_is_shown_to_the_person(cast: Cast, sign_in: SignIn) -> None:
    actions.submit(
        person=cast.person["lin"], answers=well(), client_key="p", source="proxy", proxy_reason="no signal in the lab",
        by=cast.by("meng"), at=NOON,
    )  # fmt: skip
    lin = sign_in("lin")
    assert "no signal in the lab" in lin.get(TODAY_URL).content.decode()
    assert "no signal in the lab" in lin.get(reverse("checkins:history")).content.decode()
