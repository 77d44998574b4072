"""What no pack lists becomes a case of the pack the clinic chooses, from the alert itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from shouwang.cases.models import Case
from shouwang.checkins.models import SymptomAlert
from shouwang.org.tests.cast import NOON

if TYPE_CHECKING:
    from django.test import Client

    from shouwang.org.tests.cast import Cast

Enter = Callable[[str], "Client"]


@pytest.fixture
def alert(cast: Cast) -> SymptomAlert:
    return SymptomAlert.objects.create(
        person=cast.person["lin"], disease="unspecified", pack="unspecified", rule="unwell", severity="medium", rank=2,
        because_zh="不适", because_en="unwell", raised_at=NOON - timedelta(hours=1),
        purge_on=NOON.date() + timedelta(days=90),
    )  # fmt: skip


def test_the_clinic_chooses_the_pack(cast: Cast, sign_in: Enter, alert: SymptomAlert) -> None:
    clinic, address = sign_in("he"), reverse("cases:open_from_alert", args=[alert.pk])
    assert address in clinic.get(f"/checkins/alerts/{alert.pk}/").content.decode()
    assert "covid19-2020-6" in clinic.get(address).content.decode()
    values = {"classification": "suspected", "reason": "头晕、皮疹", "pack": ""}
    assert clinic.post(address, values).status_code == 422 and not Case.objects.exists()
    assert clinic.post(address, values | {"pack": "no-such"}).status_code == 422
    assert clinic.post(address, values | {"pack": "covid19-2020-6"}).status_code == 302
    case = Case.objects.get()
    assert (case.disease, case.alert) == ("covid19", alert)
    alert.refresh_from_db()
    assert alert.state == "case"


def test_the_api_asks_for_the_pack_too(cast: Cast, sign_in: Enter, alert: SymptomAlert) -> None:
    body = {"alert": alert.pk, "classification": "suspected", "reason": "皮疹"}
    clinic = sign_in("he")
    refused = clinic.post("/api/v1/cases/", body, content_type="application/json")
    assert (refused.status_code, refused.json()["field"]) == (400, "pack")
    made = clinic.post("/api/v1/cases/", body | {"pack": "covid19-2020-6"}, content_type="application/json")
    assert made.status_code == 201 and Case.objects.get().alert == alert
