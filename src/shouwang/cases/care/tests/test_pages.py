"""Pages of care: each act, who sees what, papers, the public pages, one's own."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import docx
import pytest
from django.test import Client

from shouwang.cases.care import actions, queries
from shouwang.cases.care.models import Care, Clearance, Referral, ReferralStep, Treatment, Visit
from shouwang.cases.laboratory import actions as laboratory
from shouwang.cases.models import Case
from shouwang.checkins.tests.builders import fever, say
from shouwang.core.models import AuditEntry
from shouwang.org.tests.cast import NOON, Cast

SignIn = Callable[[str], Client]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TODAY = date(2026, 3, 2)
CODE = "R-2026-0001"


def post(client: Client, ill: Case, act: str, **values: Any) -> Any:
    found = Care.objects.filter(case=ill).first()
    given = {"version": found.version if found else 0, **values}
    return client.post(f"/cases/{ill.pk}/care/{act}/", given)


@pytest.fixture
def referral(cast: Cast, ill: Case) -> Referral:
    return actions.refer(
        ill, hospital="lung", reason="高热不退", absent_until=TODAY + 7 * DAY, by=cast.by("he"), at=NOON
    )


@pytest.fixture
def cleared(cast: Cast, ill: Case) -> Clearance:
    by = cast.by("he")
    actions.set_leave(ill, first=TODAY, until=TODAY + 3 * DAY, by=by, at=NOON)
    actions.discharge(ill, outcome="recovered", instructions="多喝水，休息三天", by=by, at=NOON)
    return actions.clear(ill, back_on=TODAY, by=by, at=NOON)


def test_the_whole_loop_by_the_pages(cast: Cast, ill: Case, sign_in: SignIn) -> None:
    he = sign_in("he")
    assert "没有" in he.get(f"/cases/{ill.pk}/care/").content.decode()
    assert post(he, ill, "treat", kind="antiviral", place="clinic", text="奥司他韦").status_code == 302
    assert post(he, ill, "medical", allergies="青霉素", chronic="").status_code == 302
    answer = post(he, ill, "refer", hospital="lung", reason="高热不退", absent_until="2026-03-09")
    assert answer.status_code == 302, answer.content.decode()
    referral = Referral.objects.get()
    page = f"/cases/care/referrals/{referral.pk}/"
    assert he.post(f"{page}step/", {"what": "called", "source": "seen"}).status_code == 302
    assert he.post(f"{page}step/", {"what": "recovered", "source": "message", "told_by": "赵护士"}).status_code == 302
    assert post(he, ill, "discharge", outcome="recovered", instructions="休息").status_code == 302
    assert "赵护士" in he.get(f"/cases/{ill.pk}/care/").content.decode()
    review = he.get(f"/cases/{ill.pk}/care/return/")
    assert review.status_code == 200
    version = Care.objects.get().version
    done = he.post(f"/cases/{ill.pk}/care/return/", {"version": version, "back_on": "2026-03-03"})
    row = Clearance.objects.get()
    assert done.headers["Location"] == f"/cases/care/returns/{row.pk}/"
    paper = he.get(done.headers["Location"]).content.decode()
    assert queries.code_of(row) in paper
    panel = he.get(f"/cases/{ill.pk}/").content.decode()
    assert f'href="/cases/{ill.pk}/care/"' in panel


@pytest.mark.parametrize(
    ("act", "values", "field"),
    [
        ("refer", {"hospital": "moon", "reason": "x"}, "hospital"),
        ("refer", {"hospital": "lung", "reason": "高热"}, "absent_until"),
        ("leave", {"absent_from": "2026-03-09", "absent_until": "2026-03-02"}, "absent_until"),
        ("treat", {"kind": "antiviral", "place": "clinic", "text": ""}, "text"),
        ("treat", {"kind": "x", "place": "clinic", "text": "药"}, "kind"),
        (
            "discharge",
            {"outcome": "recovered", "instructions": "休息", "happened_at": "2026-03-05T10:00"},
            "happened_at",
        ),
    ],
)
def test_a_refusal_stands_at_its_field(
    cast: Cast, ill: Case, sign_in: SignIn, act: str, values: dict[str, Any], field: str
) -> None:
    answer = post(sign_in("he"), ill, act, **values)
    assert answer.status_code == 422
    assert field in answer.context["forms"][act].errors
    assert answer.context["failed"] == act
    assert not Care.objects.exists()


def test_a_step_out_of_order_is_shown_at_its_time(sign_in: SignIn, referral: Referral) -> None:
    he, page = sign_in("he"), f"/cases/care/referrals/{referral.pk}/"
    he.post(f"{page}step/", {"what": "left", "source": "seen", "happened_at": "2026-03-02T09:00"})
    answer = he.post(f"{page}step/", {"what": "called", "source": "seen", "happened_at": "2026-03-02T10:00"})
    assert answer.status_code == 422
    assert "happened_at" in answer.context["form"].errors
    step = ReferralStep.objects.get()
    fixed = he.post(
        f"/cases/care/steps/{step.pk}/", {"what": "left", "happened_at": "2026-03-02T11:00", "reason": "抄错"}
    )
    assert fixed.status_code == 302
    shown = he.get(page).content.decode()
    assert "抄错" in shown
    assert "11:00" in shown


def test_the_note_says_what_the_doctor_needs_and_nothing_else(
    cast: Cast, ill: Case, sign_in: SignIn, referral: Referral
) -> None:
    say(cast, "lin", fever("38.6", "cough"), at=NOON)
    by = cast.by("he")
    actions.treat(ill, kind="symptoms", place="clinic", text="对乙酰氨基酚", by=by, at=NOON)
    laboratory.order_test(ill.person, method="antigen", case=ill, ordered_at=NOON, by=by, at=NOON)
    Case.objects.filter(pk=ill.pk).update(note="家里有矛盾")
    he, address = sign_in("he"), f"/cases/care/referrals/{referral.pk}/note/"
    page = he.get(address).content.decode()
    for there in ("林晓", "38.6", "对乙酰氨基酚", "市传染病医院", "高热不退", "未登记", "尚未追踪"):
        assert there in page, there
    assert "家里有矛盾" not in page
    assert "王蕾" not in page, "contacts are counted, never named"
    content = he.get(f"{address}file/").content
    document = docx.Document(io.BytesIO(content))
    text = "\n".join(cell.text for table in document.tables for row in table.rows for cell in row.cells)
    assert all(word in text for word in ("林晓", "38.6", "对乙酰氨基酚", "高热不退"))
    assert AuditEntry.objects.filter(verb="care.noted", subject=ill.person_id, is_read=True).count() == 2


def test_the_hospital_answers_without_an_account_and_sees_little(
    cast: Cast, ill: Case, sign_in: SignIn, referral: Referral
) -> None:
    page = sign_in("he").post(f"/cases/care/referrals/{referral.pk}/link/").content.decode()
    address = page.split("/cases/care/hospital/")[1].split("/")[0]
    ward = Client()
    shown = ward.get(f"/cases/care/hospital/{address}/").content.decode()
    assert "林**" in shown
    assert not any(word in shown for word in ("林晓", "2023010101", "流感", "流行性感冒", "高热"))
    wrong = ward.post(f"/cases/care/hospital/{address}/", {"what": "admitted", "told_by": ""})
    assert wrong.status_code == 422
    assert ward.post(f"/cases/care/hospital/{address}/", {"what": "admitted", "told_by": "赵"}).status_code == 200
    again = ward.post(f"/cases/care/hospital/{address}/", {"what": "died", "told_by": "赵"})
    assert again.status_code == 400
    assert ReferralStep.objects.get().what == "admitted"
    assert ward.get("/cases/care/hospital/9.9.9~x/").status_code == 400


def test_anybody_checks_a_certificate_and_learns_no_reason(ill: Case, cleared: Clearance) -> None:
    stranger, code = Client(), queries.code_of(cleared)
    for address in (f"/cases/care/check/{code}/", f"/cases/care/check/?code={code.lower()}"):
        page = stranger.get(address).content.decode()
        assert "林**" in page
        assert "2026-03-02" in page
        assert not any(word in page for word in ("林晓", "2023010101", "流行性感冒", "流感", ill.number))
    assert "林" not in stranger.get(f"/cases/care/check/?code={CODE}").content.decode()
    assert stranger.get("/cases/care/check/").status_code == 200
    assert stranger.get("/cases/care/check/?code=" + "A" * 5000).status_code == 200


def test_the_certificate_on_paper_names_no_diagnosis(ill: Case, sign_in: SignIn, cleared: Clearance) -> None:
    lin, address = sign_in("lin"), f"/cases/care/returns/{cleared.pk}/"
    page = lin.get(address).content.decode()
    assert "林晓" in page
    assert not any(word in page for word in ("流行性感冒", "流感", "撤回此证明"))
    document = docx.Document(io.BytesIO(lin.get(f"{address}file/").content))
    text = "\n".join(line.text for line in document.paragraphs)
    assert queries.code_of(cleared) in text
    assert "流" not in text
    assert lin.post(f"{address}revoke/", {"reason": "x"}).status_code == 404
    assert sign_in("wang").get(address).status_code == 404
    he = sign_in("he")
    assert he.post(f"{address}revoke/", {"reason": "误发"}).status_code == 422
    assert he.post(f"{address}revoke/", {"reason": "误发", "absent_until": "2026-03-05"}).status_code == 302
    assert "失效" in Client().get(f"/cases/care/check/{queries.code_of(cleared)}/").content.decode()


def test_ones_own_page(cast: Cast, ill: Case, sign_in: SignIn, cleared: Clearance) -> None:
    lin = sign_in("lin")
    page = lin.get("/cases/care/mine/").content.decode()
    assert "多喝水，休息三天" in page
    assert f"/cases/care/returns/{cleared.pk}/" in page
    care = Care.objects.get()
    assert lin.post(f"/cases/care/mine/{care.pk}/object/", {"text": ""}).status_code == 422
    assert lin.post(f"/cases/care/mine/{care.pk}/object/", {"text": "日期不对"}).status_code == 302
    assert sign_in("wang").post(f"/cases/care/mine/{care.pk}/object/", {"text": "x"}).status_code == 404
    he = sign_in("he")
    assert "日期不对" in he.get(f"/cases/{ill.pk}/care/").content.decode()
    assert post(he, ill, "answer", answer="已改", same_reason="只有我值班").status_code == 302
    assert "已改" in lin.get("/cases/care/mine/").content.decode()
    assert sign_in("wang").get("/cases/care/mine/").status_code == 200
    assert not AuditEntry.objects.filter(account=cast.account["lin"].pk, is_read=True, kind="care").exists()


def test_teachers_and_counsellors_see_the_absence_only(
    cast: Cast, ill: Case, sign_in: SignIn, referral: Referral
) -> None:
    fang = sign_in("fang")
    page = fang.get("/isolation/absent/").content.decode()
    assert "林晓" in page
    assert "2026-03-09" in page
    assert not any(word in page for word in ("医院", "流感", "高热"))
    rows = fang.get("/api/v1/isolation/absences").json()["items"]
    assert set(rows[0]) == {"person", "absent_since", "absent_until"}
    for who in ("fang", "meng", "qiu", "wang", "su"):
        client = sign_in(who)
        for address in (
            f"/cases/{ill.pk}/care/", f"/cases/{ill.pk}/care/return/", f"/cases/care/referrals/{referral.pk}/",
            f"/cases/care/referrals/{referral.pk}/note/", "/cases/care/",
        ):  # fmt: skip
            assert client.get(address).status_code in (403, 404), (who, address)
    tracer = sign_in("qiu").get(f"/cases/{ill.pk}/").content.decode()
    assert f"/cases/{ill.pk}/care/" not in tracer


def test_corrections_by_the_pages_keep_what_stood_there(cast: Cast, ill: Case, sign_in: SignIn) -> None:
    he = sign_in("he")
    post(he, ill, "treat", kind="antiviral", place="clinic", text="奥司他韦")
    row = Treatment.objects.get()
    address = f"/cases/care/treatments/{row.pk}/"
    assert "奥司他韦" in he.get(address).content.decode()
    given = {"text": "扎那米韦", "happened_at": "2026-03-02T11:30"}
    assert he.post(address, given).status_code == 422
    assert he.post(address, {**given, "reason": "药名写错"}).status_code == 302
    page = he.get(f"/cases/{ill.pk}/care/").content.decode()
    assert "扎那米韦" in page and "奥司他韦" in page
    post(he, ill, "discharge", outcome="recovered", instructions="休息")
    ended = Care.objects.get().discharges.get()
    fixed = {
        "outcome": "improved", "instructions": "居家服药", "happened_at": "2026-03-02T11:40", "reason": "还没好全",
    }  # fmt: skip
    assert he.post(f"/cases/care/discharges/{ended.pk}/", fixed).status_code == 302
    assert "居家服药" in he.get(f"/cases/{ill.pk}/care/").content.decode()


def test_the_desk_counts_and_calls(cast: Cast, ill: Case, sign_in: SignIn, django_assert_max_num_queries: Any) -> None:
    actions.discharge(ill, outcome="improved", instructions="休息", by=cast.by("he"), at=NOON - 5 * DAY)
    he = sign_in("he")
    with django_assert_max_num_queries(30):
        page = he.get("/cases/care/?show=all").content.decode()
    assert "林晓" in page
    visit = Visit.objects.get()
    assert visit.due_on == TODAY - 2 * DAY
    assert he.post(f"/cases/care/visits/{visit.pk}/", {"finding": "well", "note_text": "好"}).status_code == 302
    assert he.post(f"/cases/care/visits/{visit.pk}/", {"finding": "well"}).status_code == 409
    assert he.post(f"/cases/care/visits/{visit.pk}/", {"finding": "x"}).status_code == 400
    assert he.get("/cases/care/?show=x").status_code == 400
    assert he.get("/cases/care/", headers={"HX-Request": "true"}).status_code == 200
    assert AuditEntry.objects.filter(verb="care.listed", subject=ill.person_id).exists()


def test_unknown_acts_are_not_there(ill: Case, sign_in: SignIn) -> None:
    assert sign_in("he").post(f"/cases/{ill.pk}/care/burn/", {"version": 0}).status_code == 404
    assert sign_in("he").post(f"/cases/{ill.pk}/care/answer/", {"version": 0, "answer": "x"}).status_code == 404
