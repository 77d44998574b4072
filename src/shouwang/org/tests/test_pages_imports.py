"""The import pages: upload, findings, error sheet, columns by hand, saying yes."""

from __future__ import annotations

from collections.abc import Callable

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from shouwang.core.models import ImportRun
from shouwang.org.models import Person
from shouwang.org.tests.cast import Cast
from shouwang.org.tests.worker import work

SignIn = Callable[[str], Client]
FLAWED = "学号,姓名,班级,性别\n1001,甲,计科2301班,男\n1002,乙,新班级,女\n1003,丙,计科2301班,雄\n".encode()
FOREIGN = "Matrikel,Gruppe\n1001,计科2301班\n".encode()


def upload(client: Client, content: bytes, **more: str) -> ImportRun:
    data = {"file": SimpleUploadedFile("名单.csv", content), "since": "2026-03-02", "kind": "student",
            "create_organisations": "on", "create_places": "on", **more}  # fmt: skip
    response = client.post(reverse("org:import_new"), data)
    assert response.status_code == 302, response.content.decode()
    return ImportRun.objects.latest("id")


def page(client: Client, run: ImportRun) -> str:
    return client.get(reverse("org:import_run", args=[run.pk])).content.decode()


def test_the_whole_way_from_upload_to_done(cast: Cast, sign_in: SignIn) -> None:
    admin = sign_in("admin")
    run = upload(admin, FLAWED)
    waiting = page(admin, run)
    assert 'hx-trigger="every 1s"' in waiting
    work()
    checked = page(admin, run)
    assert 'hx-trigger="every 1s"' not in checked
    assert "雄" in checked
    assert "新班级" in checked
    assert "sex_unknown" in checked
    assert not Person.objects.filter(number="1001").exists()
    sheet = admin.get(reverse("org:import_problems", args=[run.pk]))
    assert sheet.content[:2] == b"PK"
    assert "attachment" in sheet["Content-Disposition"]
    assert admin.post(reverse("org:commit_import", args=[run.pk])).status_code == 302
    work()
    assert Person.objects.filter(number__in=("1001", "1002", "1003")).count() == 2
    run.refresh_from_db()
    assert run.state == "done"
    assert admin.post(reverse("org:commit_import", args=[run.pk])).status_code == 409
    assert "名单.csv" in admin.get(reverse("org:imports")).content.decode()


def test_columns_are_chosen_by_hand_and_remembered(cast: Cast, sign_in: SignIn) -> None:
    admin = sign_in("admin")
    run = upload(admin, FOREIGN, map_name="exchange")
    work()
    failed = page(admin, run)
    assert "column_missing" in failed
    assert 'name="column-number"' in failed
    assert "<option>Matrikel</option>" in failed
    where = reverse("org:map_import", args=[run.pk])
    assert admin.post(where, {"column-number": "Matrikel", "column-name": "Matrikel"}).status_code == 400
    assert admin.post(where, {"column-number": "Matrikel", "column-class": "Gruppe"}).status_code == 302
    work()
    admin.post(reverse("org:commit_import", args=[run.pk]))
    work()
    assert Person.objects.get(number="1001").home == cast.org["CS2301"]
    again = upload(admin, FOREIGN, map_name="exchange")
    work()
    again.refresh_from_db()
    assert (again.state, again.counts["unchanged"]) == ("checked", 1)
    assert "exchange" in admin.get(reverse("org:import_new")).content.decode()


def test_uploads_refuse_wrong_roles_and_bad_input(cast: Cast, sign_in: SignIn) -> None:
    for name in ("fang", "su", "lin"):
        client = sign_in(name)
        assert client.get(reverse("org:imports")).status_code == 403
        assert client.get(reverse("org:import_new")).status_code == 403
        assert client.post(reverse("org:import_new"), {}).status_code == 403
    admin = sign_in("admin")
    assert admin.post(reverse("org:import_new"), {"since": "2026-03-02", "kind": "student"}).status_code == 422
    wrong = {"file": SimpleUploadedFile("a.csv", FLAWED), "since": "2026-03-02", "kind": "student", "organisation": "X"}
    assert admin.post(reverse("org:import_new"), wrong).status_code == 422
    assert admin.get(reverse("org:import_run", args=[999_999])).status_code == 404
    run = upload(admin, FLAWED)
    assert admin.post(reverse("org:commit_import", args=[run.pk])).status_code == 409
    assert admin.get(reverse("org:import_problems", args=[run.pk])).status_code == 404


def test_a_silent_run_can_be_taken_up(cast: Cast, sign_in: SignIn) -> None:
    from datetime import timedelta

    admin = sign_in("admin")
    run = upload(admin, FLAWED)
    work()
    ImportRun.objects.filter(pk=run.pk).update(state="checking", beat_at=run.created_at - timedelta(minutes=5))
    take_up = reverse("org:take_up_import", args=[run.pk])
    assert take_up in page(admin, run)
    assert admin.post(take_up).status_code == 302
    work()
    run.refresh_from_db()
    assert run.state == "checked"


def test_a_college_administrator_sees_only_own_runs(cast: Cast, sign_in: SignIn) -> None:
    from shouwang.core.scope import system_actor
    from shouwang.org import actions
    from shouwang.org.tests.cast import NOON, SINCE

    actions.grant_role(
        cast.account["fang"], role="administrator", organisation=cast.org["IE"], since=SINCE, by=system_actor(), at=NOON
    )
    run = upload(sign_in("admin"), FLAWED)
    fang = sign_in("fang")
    assert fang.get(reverse("org:import_run", args=[run.pk])).status_code == 404
    own = upload(fang, FLAWED, organisation="IE")
    work()
    own.refresh_from_db()
    assert (own.state, own.counts["new"]) == ("checked", 2)
