"""Pages: what each shows, who may not, bad input at the field, how many queries."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from shouwang.cases import actions, panels
from shouwang.cases.models import Case
from shouwang.cases.tests.builders import DAY, HOUR, alerted, opened
from shouwang.checkins.models import SymptomAlert
from shouwang.core.models import AuditEntry
from shouwang.org.tests.cast import NOON, Cast
from shouwang.web import home

SignIn = Callable[[str], Client]
STRANGERS = ("lin", "meng", "fang", "su", "tang", "deng", "gu", "admin")


@pytest.fixture(autouse=True)
def english(settings: object) -> None:
    settings.LANGUAGE_CODE = "en"  # type: ignore[attr-defined]
    translation.activate("en")


def url(name: str, *args: object) -> str:
    return reverse(f"cases:{name}", args=args)


def text(response: object) -> str:
    return response.content.decode()  # type: ignore[attr-defined, no-any-return]


def reads(verb: str) -> set[int | None]:
    return set(AuditEntry.objects.filter(verb=verb, is_read=True).values_list("subject", flat=True))


def test_the_desk_lists_and_filters_and_records_the_reading(
    cast: Cast, sign_in: SignIn, django_assert_max_num_queries: object
) -> None:
    opened(cast, "lin", onset_at=NOON - HOUR)
    closed = opened(cast, "wang", classification="confirmed")
    actions.close_case(closed, reason="治愈", by=cast.by("he"), at=NOON)
    clinic = sign_in("he")
    with django_assert_max_num_queries(18):  # type: ignore[operator]
        page = text(clinic.get(url("list")))
    assert "COV-2026-0001" in page and "COV-2026-0002" not in page
    assert "Early reporting by 03-02 14:00" in page
    assert reads("case.listed") == {cast.person["lin"].pk}
    found = {
        "?state=all": {"0001", "0002"},
        "?state=closed": {"0002"},
        "?state=all&classification=confirmed": {"0002"},
        "?q=2023010101": {"0001"},
        "?q=林": {"0001"},
        "?q=cov-2026-0001": {"0001"},
        "?disease=influenza": set(),
    }
    for query, numbers in found.items():
        page = text(clinic.get(url("list") + query))
        assert {number for number in ("0001", "0002") if f"COV-2026-{number}" in page} == numbers, query


def test_desk_queries_do_not_grow_with_the_list(
    cast: Cast, sign_in: SignIn, django_assert_max_num_queries: object
) -> None:
    for who in ("lin", "wang", "zhao", "ou", "meng", "fang"):
        opened(cast, who, onset_at=NOON - HOUR)
    clinic = sign_in("qiu")
    with django_assert_max_num_queries(18):  # type: ignore[operator]
        clinic.get(url("list"))
    with django_assert_max_num_queries(10):  # type: ignore[operator]
        rows = clinic.get(url("list"), headers={"HX-Request": "true"})
    assert "<html" not in text(rows) and text(rows).count("COV-2026-") == 6


@pytest.mark.parametrize("query", ["?state=gone", "?classification=ill", "?page=x"])
def test_filters_that_are_none(cast: Cast, sign_in: SignIn, query: str) -> None:
    assert sign_in("he").get(url("list") + query).status_code == 400


@pytest.mark.parametrize("who", STRANGERS)
def test_strangers_find_nothing(cast: Cast, sign_in: SignIn, who: str) -> None:
    case, alert = opened(cast), alerted(cast, "wang")
    browser = sign_in(who)
    assert {browser.get(url(name)).status_code for name in ("list", "clocks", "open")} == {403}
    assert browser.get(url("case", case.pk)).status_code == 404
    assert browser.get(url("dates", case.pk)).status_code == 404
    assert browser.get(url("open_from_alert", alert.pk)).status_code == 404
    for name in ("classify", "close", "reopen"):
        assert browser.post(url(name, case.pk), {"reason": "x", "version": 1}).status_code == 404
    assert browser.post(url("mark", case.pk, "reported_at"), {"version": 1}).status_code == 404
    case.refresh_from_db()
    assert case.version == 1
    assert not reads("case.viewed")


def test_who_is_not_signed_in_is_sent_to_the_door(cast: Cast) -> None:
    case = opened(cast)
    for name in ("list", "open", "clocks", "curve"):
        assert Client().get(url(name)).status_code == 302
    assert Client().get(url("case", case.pk)).status_code == 302


def test_one_case_shows_clocks_dates_trail_and_alert(
    cast: Cast, sign_in: SignIn, django_assert_max_num_queries: object
) -> None:
    case = opened(cast, alert=alerted(cast), onset_at=NOON - 3 * DAY, onset_day_only=True)
    actions.set_dates(case, onset_at=NOON - 2 * DAY, reason="记错了", by=cast.by("he"), at=NOON)
    clinic = sign_in("he")
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        response = clinic.get(url("case", case.pk))
    page = text(response)
    assert response.status_code == 200
    for word in ("Early reporting", "2 h 00 min left", "met late", "方老师", "记错了", "Contacts traced", "38.6"):
        assert word in page, word
    assert "corrected from" in page and "Begins 2 days before onset." in page
    assert reads("case.viewed") == {case.person_id}


def test_a_tracer_sees_and_may_only_note_the_trace(cast: Cast, sign_in: SignIn) -> None:
    case = opened(cast)
    actions.set_dates(case, reported_at=NOON, by=cast.by("he"), at=NOON)
    tracer = sign_in("qiu")
    page = text(tracer.get(url("case", case.pk)))
    assert url("mark", case.pk, "traced_at") in page and url("mark", case.pk, "treated_at") not in page
    assert url("classify", case.pk) not in page
    assert tracer.get(url("dates", case.pk)).status_code == 403
    assert tracer.post(url("mark", case.pk, "traced_at"), {"version": 2}).status_code == 302
    assert tracer.post(url("mark", case.pk, "treated_at"), {"version": 3}).status_code == 403
    case.refresh_from_db()
    assert (case.traced_at, case.treated_at) == (NOON, None)


def test_unknown_onset_is_said_and_not_zero(cast: Cast, sign_in: SignIn) -> None:
    page = text(sign_in("he").get(url("case", opened(cast).pk)))
    assert "Onset unknown: this clock cannot be read." in page
    assert "Onset is unknown: begins 2 days before detection instead." in page


def test_classifying_on_the_page(cast: Cast, sign_in: SignIn) -> None:
    case, clinic = opened(cast), sign_in("he")
    good = {"classification": "confirmed", "reason": "核酸阳性", "version": 1}
    refused = clinic.post(url("classify", case.pk), good | {"reason": ""})
    assert refused.status_code == 422 and "is-invalid" in text(refused)
    assert clinic.post(url("classify", case.pk), good | {"classification": "suspected"}).status_code == 422
    assert clinic.post(url("classify", case.pk), good).status_code == 302
    case.refresh_from_db()
    assert case.classification == "confirmed"
    stale = clinic.post(url("classify", case.pk), good | {"classification": "discarded"})
    assert stale.status_code == 409 and "何医生" in text(stale)
    assert clinic.get(url("classify", case.pk)).status_code == 405


def dates_of_form(clinic: Client, case: Case) -> dict[str, str]:
    """What a browser would send back unchanged."""
    form = clinic.get(url("dates", case.pk)).context["form"]
    return {name: str(form[name].value() or "") if name == "version" else shown(form[name]) for name in form.fields}


def shown(bound: object) -> str:
    widget = bound.field.widget  # type: ignore[attr-defined]
    value = bound.value()  # type: ignore[attr-defined]
    return widget.format_value(value) or "" if value is not None else ""


def test_correcting_dates_on_the_page(cast: Cast, sign_in: SignIn) -> None:
    case, clinic = opened(cast, alert=alerted(cast, at=NOON - HOUR)), sign_in("he")
    Case.objects.filter(pk=case.pk).update(detected_at=NOON - HOUR + HOUR / 100)
    sent = dates_of_form(clinic, case)
    assert sent["detected_at"] == "2026-03-02T11:00"
    before = Case.objects.get(pk=case.pk)
    assert clinic.post(url("dates", case.pk), sent).status_code == 302
    assert Case.objects.get(pk=case.pk).version == before.version, "an untouched form changes nothing, seconds included"
    sent |= {"onset_day": "2026-03-01", "reported_at": "2026-03-02T11:30"}
    assert clinic.post(url("dates", case.pk), sent).status_code == 302
    case.refresh_from_db()
    assert (case.onset_day_only, case.reported_at) == (True, NOON - HOUR / 2)
    assert case.detected_at == before.detected_at


def test_wrong_dates_are_told_at_their_field(cast: Cast, sign_in: SignIn) -> None:
    case, clinic = opened(cast), sign_in("he")
    sent = dates_of_form(clinic, case)
    wrong = {
        "reported_at": ("2026-03-01T09:00", "Correct one of the two"),
        "treated_at": ("2026-03-03T09:00", "lies in the future"),
        "onset_day": ("2026-03-05", "lies in the future"),
        "onset_time": ("08:00", "An hour needs its day"),
        "detected_at": ("", "Every case was detected"),
        "isolated_at": ("yesterday", "is-invalid"),
        "recovered_at": ("0001-01-01T00:00", "is-invalid"),
    }
    for name, (value, sentence) in wrong.items():
        response = clinic.post(url("dates", case.pk), sent | {name: value}, headers={"HX-Request": "true"})
        assert response.status_code == 422, name
        assert sentence in text(response), name
        assert "<html" not in text(response)
    case.refresh_from_db()
    assert case.version == 1
    done = clinic.post(url("dates", case.pk), sent | {"treated_at": "2026-03-02T12:00"}, headers={"HX-Request": "true"})
    assert (done.status_code, done.headers["HX-Redirect"]) == (204, url("case", case.pk))


def test_one_tap_on_a_clock(cast: Cast, sign_in: SignIn) -> None:
    case, clinic = opened(cast), sign_in("he")
    assert clinic.post(url("mark", case.pk, "reported_at"), {"version": 1}).status_code == 302
    case.refresh_from_db()
    assert case.reported_at == NOON
    assert clinic.post(url("mark", case.pk, "isolated_at"), {"version": 1}).status_code == 409
    assert clinic.post(url("mark", case.pk, "isolated_at"), {}).status_code == 400
    assert clinic.post(url("mark", case.pk, "onset_at"), {"version": 2}).status_code == 404
    assert clinic.post(url("mark", case.pk, "number"), {"version": 2}).status_code == 404


def test_closing_and_reopening_on_the_page(cast: Cast, sign_in: SignIn) -> None:
    case, clinic = opened(cast, classification="confirmed"), sign_in("he")
    assert clinic.post(url("close", case.pk), {"version": 1}).status_code == 400
    assert clinic.post(url("close", case.pk), {"version": 1, "reason": "治愈"}).status_code == 302
    page = text(clinic.get(url("case", case.pk)))
    assert "治愈" in page and url("reopen", case.pk) in page
    assert clinic.post(url("reopen", case.pk), {"version": 2, "reason": "复阳"}).status_code == 302
    case.refresh_from_db()
    assert case.is_open


def test_opening_from_an_alert(cast: Cast, sign_in: SignIn, django_assert_max_num_queries: object) -> None:
    alert, clinic = alerted(cast, at=NOON - HOUR), sign_in("he")
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        page = text(clinic.get(url("open_from_alert", alert.pk)))
    assert "林晓" in page and "38.6" in page
    assert reads("alert.viewed") == {alert.person_id}
    sent = {
        "classification": "suspected",
        "onset_day": "2026-03-01",
        "detected_at": "2026-03-02T11:00",
        "reason": "发热",
    }
    assert clinic.post(url("open_from_alert", alert.pk), sent | {"reason": ""}).status_code == 422
    wrong = clinic.post(url("open_from_alert", alert.pk), sent | {"onset_day": "2026-03-03"})
    assert wrong.status_code == 422 and "lies in the future" in text(wrong)
    assert SymptomAlert.objects.get(pk=alert.pk).state == "open"
    done = clinic.post(url("open_from_alert", alert.pk), sent)
    case = Case.objects.get()
    assert done.headers["Location"] == url("case", case.pk)
    assert (case.alert, case.detected_at, case.onset_day_only) == (alert, NOON - HOUR, True)
    again = clinic.post(url("open_from_alert", alert.pk), sent)
    assert again.status_code == 409 and case.number in text(again)


def test_opening_by_number(cast: Cast, sign_in: SignIn) -> None:
    clinic = sign_in("he")
    sent = {"number": "2023010101", "pack": "covid19-2020-6", "classification": "confirmed", "reason": "外院确诊"}
    unknown = clinic.post(url("open"), sent | {"number": "9"})
    assert unknown.status_code == 422 and "No person of this number" in text(unknown)
    assert clinic.post(url("open"), sent | {"pack": "plague"}).status_code == 422
    assert clinic.post(url("open"), sent | {"classification": "discarded"}).status_code == 422
    assert clinic.post(url("open"), sent).status_code == 302
    case = Case.objects.get()
    assert (case.person, case.detected_at) == (cast.person["lin"], NOON)
    second = clinic.post(url("open"), sent, follow=True)
    assert second.redirect_chain == [(url("case", case.pk), 302)]
    assert "is open for this person" in text(second)


def test_a_tracer_opens_no_case(cast: Cast, sign_in: SignIn) -> None:
    assert sign_in("qiu").get(url("open")).status_code == 403
    assert sign_in("qiu").get(url("open_from_alert", alerted(cast).pk)).status_code == 404


def test_late_and_coming_clocks_with_their_owners(
    cast: Cast, sign_in: SignIn, noon: object, django_assert_max_num_queries: object
) -> None:
    for who in ("lin", "wang", "zhao"):
        opened(cast, who, at=NOON - 3 * HOUR)
    clinic = sign_in("he")
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        late = text(clinic.get(url("clocks")))
    soon = text(clinic.get(url("clocks") + "?show=soon"))
    assert late.count("Early reporting") == 3 and late.count("Early isolation") == 3 and "Early treatment" not in late
    assert soon.count("Early treatment") == 3 and "campus clinic" in soon and "Early reporting" not in soon
    assert len(reads("clock.listed")) == 3
    assert clinic.get(url("clocks") + "?show=never").status_code == 400


def test_no_clock_is_late(cast: Cast, sign_in: SignIn) -> None:
    assert "No clock is late" in text(sign_in("he").get(url("clocks")))
    assert "Nothing is due soon" in text(sign_in("he").get(url("clocks") + "?show=soon"))


def test_the_curve_is_numbers_without_names(cast: Cast, sign_in: SignIn, django_assert_max_num_queries: object) -> None:
    opened(cast, "lin", classification="confirmed", onset_at=NOON - DAY)
    opened(cast, "wang")
    leader = sign_in("tang")
    with django_assert_max_num_queries(10):  # type: ignore[operator]
        page = text(leader.get(url("curve")))
    assert "林晓" not in page and "COV-2026" not in page
    assert "1 more case of unknown onset" in page
    assert sign_in("lin").get(url("curve")).status_code == 403
    assert leader.get(url("curve") + "?first=x&last=2026-03-02").status_code == 422
    assert leader.get(url("curve") + "?first=2026-03-02&last=2026-03-01").status_code == 400
    assert leader.get(url("curve") + "?first=2026-03-01&last=2026-03-02&disease=covid19").status_code == 200


def test_home_shows_the_clinic_its_desk_and_the_leader_the_curve(
    cast: Cast, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = [section for section in home.SECTIONS if section.template.startswith("cases/")]
    assert len(ours) == 3
    monkeypatch.setattr(home, "SECTIONS", ours)
    opened(cast, at=NOON - 3 * HOUR)
    clinic, leader, student = (text(sign_in(who).get(reverse("web:home"))) for who in ("he", "tang", "lin"))
    assert "COV-2026-0001" in clinic and "Cases and clocks" in clinic
    assert "Epidemic curve, 30 days" in leader and "COV-2026-0001" not in leader
    assert "COV-2026" not in student and "Epidemic curve" not in student


def test_a_panel_of_an_upper_room_stands_on_the_page(cast: Cast, sign_in: SignIn) -> None:
    case = opened(cast)
    panels.PANELS.append(panels.Panel("cases/_fragments/person.html", lambda actor, case: {"protocol": "of a panel"}))
    panels.PANELS.append(panels.Panel("missing.html", lambda actor, case: None))
    panels.PANELS.append(panels.Panel("missing.html", lambda actor, case: {}, right="level.declare"))
    page = sign_in("he").get(url("case", case.pk))
    assert page.status_code == 200
    assert len(page.context["panels"]) == 1
