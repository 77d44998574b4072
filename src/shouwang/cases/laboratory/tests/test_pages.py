"""Pages and API: what each shows, at which field a refusal stands, what a person reads of themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import translation

from shouwang.cases import actions as case_actions
from shouwang.cases import panels
from shouwang.cases.laboratory import actions, home, queries
from shouwang.cases.laboratory.models import ReviewItem, Sample, Test
from shouwang.cases.laboratory.tests.scenes import HOUR, ordered, resulted, taken
from shouwang.cases.tests.builders import opened
from shouwang.core.models import AuditEntry, ImportRun
from shouwang.org import tasks
from shouwang.org.tests.cast import NOON, Cast

SignIn = Callable[[str], Client]


@pytest.fixture(autouse=True)
def english(settings: Any, cast: Cast, noon: Any) -> None:
    settings.LANGUAGE_CODE = "en"
    translation.activate("en")
    noon.move_to(NOON + 8 * HOUR)


def url(name: str, *args: object) -> str:
    return reverse(f"cases:{name}", args=args)


def text(response: Any) -> str:
    found: str = response.content.decode()
    return found


def reads(verb: str) -> set[int | None]:
    return set(AuditEntry.objects.filter(verb=verb, is_read=True).values_list("subject", flat=True))


def test_the_clinic_walks_a_test_to_its_result(cast: Cast, sign_in: SignIn) -> None:
    he = sign_in("he")
    form = {"number": "2023010101", "method": "pcr", "disease": "covid19", "purpose": "contact"}
    answer = he.post(url("test_order"), form, follow=True)
    test = Test.objects.get()
    assert "The test is ordered" in text(answer) and reads("test.viewed") == {cast.person["lin"].pk}
    refused = he.post(url("test_take", test.pk), {"barcode": "==="})
    assert refused.status_code == 422 and "is no barcode" in text(refused)
    he.post(url("test_take", test.pk), {"barcode": "t1", "where": "clinic"})
    sample = Sample.objects.get()
    he.post(url("sample_hand_over", sample.pk), {"giver": "He", "taker": "driver"})
    he.post(url("sample_hand_over", sample.pk), {"giver": "driver", "taker": "Li", "laboratory": "CDC"})
    early = {"outcome": "negative", "version": 0, "resulted_at": "2026-03-02T11:00"}
    refused = he.post(url("sample_result", sample.pk), early)
    assert refused.status_code == 422 and "cannot lie before" in text(refused)
    he.post(url("sample_result", sample.pk), {"outcome": "negative", "version": 0})
    page = text(he.get(url("sample", sample.pk)))
    for words in ("He → driver", "driver → Li", "CDC", "negative", "Correct the result"):
        assert words in page
    again = he.post(url("sample_result", sample.pk), {"outcome": "positive", "version": 1})
    assert again.status_code == 422
    test.refresh_from_db()
    assert (test.state, test.outcome) == ("resulted", "negative")


def test_the_desk_filters_and_records_the_reading(cast: Cast, sign_in: SignIn) -> None:
    taken(cast, "lin", barcode="T1")
    resulted(cast, taken(cast, "wang", barcode="T2"), "positive")
    he = sign_in("he")
    shown = {
        "": {"林晓"}, "?show=overdue": {"林晓"}, "?show=positive": {"王蕾"}, "?show=all&q=t2": {"王蕾"},
        "?show=all&q=2023010101": {"林晓"}, "?show=all&method=antigen": set(), "?show=retest": set(),
    }  # fmt: skip
    for query, names in shown.items():
        page = text(he.get(url("tests") + query))
        assert {name for name in ("林晓", "王蕾") if name in page} == names, query
    assert reads("test.listed") == {cast.person["lin"].pk, cast.person["wang"].pk}
    assert he.get(url("tests") + "?show=horoscope").status_code == 400


def test_a_positive_without_a_case_stands_in_the_list_until_somebody_acts(cast: Cast, sign_in: SignIn) -> None:
    for name, barcode in (("lin", "T1"), ("wang", "T2"), ("zhao", "T3")):
        resulted(cast, taken(cast, name, barcode=barcode), "positive")
    he = sign_in("he")
    page = text(he.get(url("tests_unmatched")))
    assert all(name in page for name in ("林晓", "王蕾", "赵宁"))
    case = opened(cast, "lin", at=NOON + 2 * HOUR, classification="confirmed")
    zhao = Test.objects.get(person=cast.person["zhao"])
    he.post(url("test_settle", zhao.pk), {"reason": "既往感染，复阳"})
    assert [t.person.name for t in queries.unmatched(cast.by("he"))] == ["王蕾"]
    case_actions.close_case(case, reason="治愈", by=cast.by("he"), at=NOON + 3 * HOUR)
    assert [t.person.name for t in queries.unmatched(cast.by("he"))] == ["王蕾"]
    card = home.tests_card(cast.by("he"))
    assert card is not None and card["numbers"]["unmatched"] == 1
    assert zhao.settled_at is None and Test.objects.get(pk=zhao.pk).settled_reason == "既往感染，复阳"


def test_the_case_page_shows_tests_and_suggests_and_decides_nothing(
    cast: Cast, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(panels, "PANELS", [panels.Panel("cases/lab/_case.html", home.case_panel)])
    case = opened(cast, onset_at=NOON - HOUR)
    resulted(cast, taken(cast, "lin", barcode="T1"), "positive")
    for who, may_order in (("he", True), ("qiu", False)):
        page = text(sign_in(who).get(reverse("cases:case", args=[case.pk])))
        assert "Think of “confirmed”" in page and "PCR" in page
        assert (url("test_order") in page) is may_order
    case.refresh_from_db()
    assert case.classification == "suspected"
    case_actions.classify(case, new="confirmed", reason="核酸阳性", by=cast.by("he"), at=NOON + HOUR)
    assert "speaks against" not in text(sign_in("he").get(reverse("cases:case", args=[case.pk])))


def test_one_reads_ones_own_results_and_nobody_elses(cast: Cast, sign_in: SignIn) -> None:
    resulted(cast, taken(cast, "lin", "wang", barcode="T1", capacity=5), "negative")
    resulted(cast, taken(cast, "zhao", "ou", barcode="T2", capacity=5), "positive")
    page = text(sign_in("lin").get(url("my_tests")))
    assert "negative" in page and "from a pool of 2" in page and "王蕾" not in page
    page = text(sign_in("zhao").get(url("my_tests")))
    assert "says nothing about you" in page and "positive" not in page.split("<main")[1]
    assert "No test of you" in text(sign_in("meng").get(url("my_tests")))
    assert not AuditEntry.objects.filter(is_read=True).exists()
    mine = sign_in("lin").get("/api/v1/tests/mine").json()
    assert [(row["outcome"], row["pool_of"]) for row in mine] == [("negative", 2)]


def test_a_file_from_upload_to_the_review_queue(cast: Cast, sign_in: SignIn) -> None:
    taken(cast, "lin", barcode="T1")
    he = sign_in("he")
    content = "条码,结果\nT1,阴性\nX9,阳性\nT1,不知道\n".encode("gbk")
    he.post(url("lab_file_new"), {"file": SimpleUploadedFile("r.csv", content)})
    run = ImportRun.objects.get(kind="laboratory")
    tasks.perform_import.func(run.pk)
    page = text(he.get(url("lab_file", run.pk)))
    assert "Import now" in page and "This is no result we know" in page and "no sample has this barcode" in page
    he.post(url("lab_file_commit", run.pk))
    tasks.perform_import.func(run.pk)
    assert "Importing the same file again changes nothing" in text(he.get(url("lab_file", run.pk)))
    assert he.get(url("lab_file_problems", run.pk)).status_code == 200
    item = ReviewItem.objects.get()
    refused = he.post(url("test_review_item", item.pk), {"barcode": "T99", "reason": "核对"})
    assert refused.status_code == 422 and "T99" in text(refused)
    he.post(url("test_review_item", item.pk), {"barcode": "", "reason": "外校送检"})
    assert "外校送检" in text(he.get(url("test_review") + "?show=settled"))
    assert sign_in("admin").get(url("lab_file", run.pk)).status_code in (403, 404)
    assert sign_in("admin").get(reverse("org:import_run", args=[run.pk])).status_code == 404


def test_a_testing_day_on_its_page(cast: Cast, sign_in: SignIn) -> None:
    he = sign_in("he")
    form = {"organisation": "IE", "day": "2026-03-02", "method": "pcr", "disease": "covid19", "capacity": 5}
    page = text(he.post(url("test_day_new"), form, follow=True))
    assert "The list is made from the roster" in page
    day = queries.visible_days(cast.by("he")).get()
    he.post(url("test_day_take", day.pk), {"numbers": "2023010101\n2023010102", "barcode": "M1"})
    refused = he.post(url("test_day_take", day.pk), {"numbers": "2023010101", "barcode": "M2"})
    assert refused.status_code == 422 and "taken already" in text(refused)
    member = day.members.get(person=cast.person["meng"])
    fang = sign_in("fang")
    fang.post(url("test_day_member", day.pk, member.pk), {"why": "other", "note": "请假"})
    assert "请假" in text(fang.get(url("test_day", day.pk)))
    monitor = text(sign_in("meng").get(url("test_day", day.pk)))
    assert "孟欣" in monitor and "请假" not in monitor and "赵宁" not in monitor
    missing = sign_in("meng").get(f"/api/v1/tests/days/{day.pk}/missing").json()["items"]
    assert [(row["name"], row["why"]) for row in missing] == [("孟欣", None)]
    he.post(url("test_day_close", day.pk))
    assert "Absent" in text(he.get(url("test_day", day.pk)))


def test_turnaround_shows_unknown_and_denominators(cast: Cast, sign_in: SignIn) -> None:
    ordered(cast)
    page = text(sign_in("he").get(url("tests_turnaround")))
    assert "unknown" in page and "0 / 1" in page
    assert sign_in("he").get(url("tests_turnaround") + "?first=2026-03-02&last=2020-03-02").status_code == 422


def test_the_api_does_the_same(cast: Cast, sign_in: SignIn) -> None:
    he = sign_in("he")

    def post(path: str, body: dict[str, Any]) -> Any:
        return he.post(f"/api/v1/tests{path}", body, content_type="application/json")

    made = post("/", {"person": "2023010101", "method": "pcr", "disease": "covid19"})
    assert made.status_code == 201
    sample = post("/samples", {"tests": [made.json()["id"]], "barcode": "T1"}).json()
    given = post(f"/samples/{sample['id']}/hand-over", {"giver": "He", "taker": "Li", "laboratory": "CDC"}).json()
    assert given["handovers"][0]["at_laboratory"] and given["received_at"]
    done = post(f"/samples/{sample['id']}/result", {"outcome": "positive"}).json()
    assert (done["outcome"], done["version"], done["tests"][0]["outcome"]) == ("positive", 1, "positive")
    refused = post(f"/samples/{sample['id']}/result", {"outcome": "negative"})
    assert (refused.status_code, refused.json()["code"]) == (400, "reason_missing")
    found = he.get("/api/v1/tests/turnaround?first=2026-03-01&last=2026-03-03").json()
    assert {leg["name"]: (leg["known"], leg["total"]) for leg in found["legs"]}["take"] == (1, 1)
    assert len(he.get("/api/v1/tests/unmatched").json()["items"]) == 1


def test_queries_do_not_grow_with_the_list(cast: Cast, sign_in: SignIn, django_assert_max_num_queries: Any) -> None:
    for number, who in enumerate(("lin", "wang", "meng", "zhao", "ou")):
        taken(cast, who, barcode=f"T{number}")
    he = sign_in("he")
    with django_assert_max_num_queries(14):
        he.get(url("tests"))
    with django_assert_max_num_queries(8):
        he.get(url("tests"), headers={"HX-Request": "true"})
    assert actions.ORDER == queries.VIEW
