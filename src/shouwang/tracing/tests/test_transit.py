"""Who walked with a case: found from records of doors and visits, in no grade, behind the wall of the case."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from click.testing import CliRunner
from django.test import Client

from shouwang.cases.models import Case
from shouwang.cli.desk import contact as command
from shouwang.core import clock
from shouwang.core.models import AuditEntry
from shouwang.core.scope import Actor
from shouwang.org.tests.cast import NOON, Cast
from shouwang.tracing import actions
from shouwang.tracing.models import Contact
from shouwang.tracing.queries.transit import companions
from shouwang.tracing.tests.conftest import Write
from shouwang.tracing.tests.desk_scene import ill

SignIn = Callable[[str], Client]
DAY = clock.local_day(NOON) - timedelta(days=1)


@pytest.fixture
def walked(cast: Cast, operator: Actor, write: Write) -> Case:
    """Lin and Wang leave the library for the canteen within half a minute of each other; Meng goes an hour later."""
    rows = ["学号,地点,开始,结束"]
    for number, minutes in (("2023010101", 0), ("2023010102", 0.5), ("2023010103", 60)):
        left = 600 + minutes
        times = [(left - 60, left, "图书馆"), (left + 6, left + 20, "第一食堂")]
        for start, end, where in times:
            a, b = (f"{DAY} {int(m // 60):02d}:{int(m % 60):02d}:{int(m * 60 % 60):02d}" for m in (start, end))
            rows.append(f"{number},{where},{a},{b}")
    path = write("visits.csv", "\n".join(rows) + "\n")
    actions.import_presence(
        path, source_format="visits", options=actions.ImportOptions(name="visits.csv"), by=operator, at=NOON
    )
    return ill(cast, "lin")


def test_who_walked_is_found_and_is_no_contact_by_it(cast: Cast, walked: Case) -> None:
    found = companions(walked, at=NOON)
    (only,) = found.people
    assert only.person == cast.person["wang"]
    (walk,) = only.walks
    assert (walk.origin, walk.target, walk.left_later, walk.arrived_later) == ("图书馆", "第一食堂", 30, 30)
    assert only.contact is None
    assert not Contact.objects.exists()
    assert companions(walked, at=NOON, number="2023010103").people == ()


def test_page_api_and_command(cast: Cast, walked: Case, sign_in: SignIn) -> None:
    qiu = sign_in("qiu")
    page = qiu.get(f"/tracing/cases/{walked.pk}/transit/").content.decode()
    assert cast.person["wang"].name in page
    assert cast.person["meng"].name not in page
    assert AuditEntry.objects.filter(verb="contact.transit", subject=cast.person["wang"].pk).count() == 1
    told = qiu.get(f"/api/v1/tracing/cases/{walked.pk}/transits").json()
    assert [(one["number"], one["minutes"], len(one["walks"])) for one in told["people"]] == [("2023010102", None, 1)]
    why = qiu.get(f"/api/v1/tracing/cases/{walked.pk}/why/2023010102").json()
    assert len(why["transits"]) == 1
    shown = qiu.get(f"/tracing/cases/{walked.pk}/why/?person=2023010102").content.decode()
    assert "→" in shown
    assert sign_in("fang").get(f"/tracing/cases/{walked.pk}/transit/").status_code in (403, 404)
    run = CliRunner().invoke(command, ["walked", walked.number, "--json"])
    assert run.exit_code == 0, run.output
    assert [one["number"] for one in json.loads(run.output)["people"]] == ["2023010102"]
